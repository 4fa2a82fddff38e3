"""Nobody overwrites unseen: every form that replaces something carries the mark of what it showed.

Made from the address map: a new address that takes a form either shows its mark or gets a line here that says why
it cannot overwrite anything.
"""

import pytest

from portal.web.door import Audience
from portal.web.forms.bring import BlockForm
from portal.web.forms.councils import DraftForm
from portal.web.forms.notices import ClauseForm, CommentForm, DetailsForm, SharedClauseForm
from tests.isolation.samples import address
from tests.isolation.world import build, enter

DOORS = {"school", "central"}
ADDS = "adds a row; what is there stays"
KEYED = "adds a row once, by a key made with the form"
ONCE = "happens once; afterwards there is nothing left to do, or it is refused"
STATES = "says yes, no or done to one thing that is named; it replaces no words"
OWN = "its author's own, known to nobody else"
HANDS_OUT = "hands out and changes nothing"
CANNOT_OVERWRITE = {
    "asking.question": KEYED,
    "bring.answer": STATES,
    "bring.bring_in": ADDS,
    "bring.templates": ADDS,
    "bring.undoing": ONCE,
    "case.arrival": ADDS,
    "case.bring_list": HANDS_OUT,
    "case.files": KEYED,
    "case.no_answer": STATES,
    "case.notes": KEYED,
    "case.posted_code": ADDS,
    "case.purging": ONCE,
    "case.record": KEYED,
    "case.reopening": STATES,
    "case.take_list": KEYED,
    "check.drafting": ADDS,
    "check.mending": "mends findings that still stand, named by what they say",
    "check.waiver": ADDS,
    "check.waiver_end": ONCE,
    "directory.approve": ONCE,
    "directory.codes": "adds a dated code; the earlier ones stay",
    "directory.confirm": STATES,
    "directory.decline": ONCE,
    "directory.end": ONCE,
    "directory.end_of_code": ONCE,
    "directory.new": ADDS,
    "directory.name": "adds a dated name; the earlier ones stay",
    "directory.propose": "adds a proposal, which somebody else approves",
    "directory.settle": ONCE,
    "holidays.holidays": ADDS,
    "holidays.removal": ONCE,
    "inbox.end": OWN,
    "inbox.feed": OWN,
    "inbox.forget": OWN,
    "inbox.joining": ONCE,
    "inbox.message": KEYED,
    "inbox.message_aside": STATES,
    "inbox.rest": ONCE,
    "inbox.setting_aside": ONCE,
    "inbox.views": OWN,
    "library.merges": STATES,
    "library.new_release": ADDS,
    "library.place": "moves one clause of a draft, which is read as a whole before it is published",
    "library.publication": ONCE,
    "library.retirement": ONCE,
    "library.update": STATES,
    "library.withdrawal": ONCE,
    "notice.absence": STATES,
    "notice.addition": ADDS,
    "notice.draft_removal": ONCE,
    "notice.question": ONCE,
    "notice.sharing": STATES,
    "onboarding.add": ONCE,
    "onboarding.invite": ADDS,
    "onboarding.publish": ONCE,
    "operations.retry_letter": STATES,
    "people.end": ONCE,
    "people.invitation": ADDS,
    "people.withdrawal": ONCE,
    "register.apply": ONCE,
    "register.closure": ONCE,
    "register.discard": ONCE,
    "register.register": ADDS,
    "school.export": HANDS_OUT,
    "schools.close": ONCE,
    "schools.export": HANDS_OUT,
    "schools.leave": ONCE,
    "schools.come_back": ONCE,
    "schools.new_school": ADDS,
    "schools.time": ADDS,
    "successions.approve": ONCE,
    "successions.new": ADDS,
    "successions.withdraw": ONCE,
    "trails.verification": STATES,
}
MARKED_BY_ANOTHER_NAME = {"notice.change": "offered", "people.review": "memberships"}
SHOWN_ON = {
    "case.assignment": "/school/alder-primary/cases/{reference}",
    "inbox.assignments": "/school/alder-primary/cases",
    "notice.preference": "/school/alder-primary/notice",
    "directory.contacts": "/central/councils/kent/contacts",
    "directory.details": "/central/councils/kent/details",
    "directory.districts": "/central/councils/kent/districts",
    "people.review": "/school/alder-primary/people",
}
NEEDS_A_LARGER_WORLD = {
    "bring.application": BlockForm,
    "bring.block": BlockForm,
    "bring.choices": BlockForm,
    "bring.removal": BlockForm,
    "library.addition": SharedClauseForm,
    "library.clause": SharedClauseForm,
    "library.details": DetailsForm,
    "successions.edit": DraftForm,
    "notice.change": None,
    "notice.clause": ClauseForm,
    "reviews.draft": CommentForm,
}
"""Pages of drafts, imports and reviews; their own tests send an old mark and are refused."""


@pytest.fixture
def browsers(app, database):
    """Clients of everybody whose forms are looked at, with the world they look at."""
    world, clients = build(database), []
    for name in ("asha", "devi", "adi", "dora", "cal"):
        client = app.test_client()
        client.set_cookie("portal", enter(database, world.people[name]))
        clients.append(client)
    return world, clients


def forms_of(app):
    policies = app.extensions["portal_policies"]
    for rule in app.url_map.iter_rules():
        policy = policies.get(rule.endpoint)
        if policy and policy.audience in {Audience.SCHOOL, Audience.CENTRAL} and "POST" in rule.methods:
            door, _underscore, name = rule.endpoint.partition("_")
            assert door in DOORS
            yield rule, name


def is_shown(world, clients, rule, name):
    reference = world.rows["alder-primary"]["case_file"]["reference"]
    if name in SHOWN_ON:
        paths = [SHOWN_ON[name].format(reference=reference)]
    else:
        paths = [address(rule, world, slug="alder-primary", target="alder-primary")] if "GET" in rule.methods else []
    mark = f'name="{MARKED_BY_ANOTHER_NAME.get(name, "seen")}"'
    return any(mark in client.get(path).text for path in paths for client in clients)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_form_that_replaces_something_carries_what_it_showed(app, browsers):
    world, clients = browsers
    asked = [pair for pair in forms_of(app) if pair[1] not in CANNOT_OVERWRITE and pair[1] not in NEEDS_A_LARGER_WORLD]
    marked = {name for rule, name in asked if is_shown(world, clients, rule, name)}
    assert {name for _rule, name in asked} - marked == set()
    assert len(marked) > 10


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_lists_name_nothing_that_is_gone(app):
    known = {name for _rule, name in forms_of(app)}
    assert set(CANNOT_OVERWRITE) | set(NEEDS_A_LARGER_WORLD) | set(SHOWN_ON) <= known
    assert not set(CANNOT_OVERWRITE) & set(NEEDS_A_LARGER_WORLD)


def test_forms_that_need_a_larger_world_have_a_mark():
    assert all(hasattr(form, "seen") for form in NEEDS_A_LARGER_WORLD.values() if form)
