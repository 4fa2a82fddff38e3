"""Every rule is tried on its own examples: those that must fail and those that must pass."""

import re
from datetime import date

import pytest

from portal.notices.importing.editions import AuthorityName, Edition, EditionClause
from portal.notices.lint.engine import CHECKS, lint
from portal.notices.lint.notice import Context, Translation, notice_of_text
from portal.notices.lint.rules import all_rules, rules_in_force

TODAY = date(2026, 11, 22)
RULES = all_rules()


def context(rule, example):
    situation = dict(example.situation or {})
    shared = tuple(
        EditionClause(key, "Title", key.split(".")[0], 1, text) for key, text in (example.shared or {}).items()
    )
    return Context(
        on=example.on or rule.effective or TODAY,
        facts=example.facts or {},
        editions=(Edition("shared", None, (), shared),) if shared else (),
        authorities=tuple(
            AuthorityName(key, code, tuple(names), situation.get("ended", {}).get(key))
            for key, code, *names in situation.get("authorities", ())
        ),
        listed=frozenset(situation.get("listed", ())),
        dead_links=frozenset(situation.get("dead_links", ())),
        translations=tuple(Translation(*row) for row in situation.get("translations", ())),
    )


def examples(kind):
    return [
        pytest.param(rule, example, id=f"{rule.id}-{number}")
        for rule in RULES
        for number, example in enumerate(getattr(rule, kind), start=1)
    ]


def findings(rule, example):
    around = context(rule, example)
    chosen = [rule] if rule.holds(around.on) else []
    return lint(notice_of_text(example.text), around, chosen)


@pytest.mark.parametrize(("rule", "example"), examples("fails"))
def test_a_failing_example_fails(rule, example):
    found = findings(rule, example)
    assert found
    assert example.expect in " ".join(finding.text for finding in found)
    assert {finding.severity for finding in found} == {rule.severity}


@pytest.mark.parametrize(("rule", "example"), examples("passes"))
def test_a_passing_example_passes(rule, example):
    assert findings(rule, example) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_has_both_kinds_of_example_a_source_and_a_check(rule):
    assert rule.fails
    assert rule.passes
    assert rule.source
    assert rule.check in CHECKS
    assert rule.message.endswith((".", "}"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_rule_names_are_dotted_words(rule):
    assert re.fullmatch(r"[a-z]+(?:-[a-z]+)*\.[a-z0-9]+(?:-[a-z0-9]+)*", rule.id)


def test_the_rules_of_a_day_are_those_in_force_then():
    before, after = ({rule.id for rule in rules_in_force(day)} for day in (date(2026, 2, 4), date(2026, 2, 5)))
    assert after - before == {"automated.before-2026", "cookies.before-2026"}
    assert "complaint.controller-route-missing" not in {rule.id for rule in rules_in_force(date(2026, 6, 18))}
    assert "complaint.controller-route-missing" in {rule.id for rule in rules_in_force(date(2026, 6, 19))}
