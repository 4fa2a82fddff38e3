"""What takes data out of the house, deletes it or changes who may see it asks for a proof of the last ten minutes."""

import pytest

from portal.identity.permissions import Action
from portal.web.door import Audience

WEIGHTY = {
    Action.EXPORT_CASES, Action.EXPORT_TENANT, Action.PURGE_CASE, Action.MANAGE_PEOPLE, Action.REVIEW_ACCESS,
}  # fmt: skip
RELEASES = {"case.closure", "case.files", "inbox.feed"}
"""What reaches somebody outside by a permission that covers ordinary work too: the answer, the files, the calendar."""
PAPERS = (".csv", ".zip", ".json", "/export")
TELLS_NOTHING_OF_ANYBODY = {"central_bring.table"}  # the state of each school's notice, which is public


@pytest.fixture
def behind_doors(app):
    policies = app.extensions["portal_policies"]
    return [
        (rule, policies[rule.endpoint])
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and policies[rule.endpoint].audience in {Audience.SCHOOL, Audience.CENTRAL}
    ]


def asks(rule, policy):
    """A page that only shows a form may wait until it is sent; one that hands something out by GET may not."""
    return policy.sudo or (policy.sudo_to_send and "POST" in rule.methods and not rule.rule.endswith(PAPERS))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_weighty_permissions_ask_again(behind_doors):
    weighty = [(rule, policy) for rule, policy in behind_doors if policy.may in WEIGHTY]
    assert len(weighty) > 10
    assert not [rule.rule for rule, policy in weighty if not asks(rule, policy)]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_releases_ask_again_at_both_doors(behind_doors):
    found = {rule.endpoint: asks(rule, policy) for rule, policy in behind_doors}
    assert all(found[f"{door}_{name}"] for door in ("school", "central") for name in RELEASES)
    assert found["central_onboarding.invite"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_paper_that_leaves_asks_again(behind_doors):
    papers = [(rule, policy) for rule, policy in behind_doors if rule.rule.endswith(PAPERS)]
    assert len(papers) > 5
    assert {rule.endpoint for rule, policy in papers if not asks(rule, policy)} == TELLS_NOTHING_OF_ANYBODY
