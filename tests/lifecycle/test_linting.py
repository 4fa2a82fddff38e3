"""The check on schools' notices: what it looks at, what somebody waived, what can be mended."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Forbidden, Invalid, NotFound
from portal.identity.permissions import SYSTEM
from portal.lifecycle import linting
from portal.lifecycle.linting import Checked, Inspector
from portal.lifecycle.mending import NewWaiver, can_mend, draft_mended_library, end_waiver, mend, open_waivers, waive
from portal.notices.actions import adopt_override
from portal.notices.lint.findings import Finding, Fix, Severity
from portal.notices.lint.rules import Rule
from portal.notices.models import OverrideMode, TextPart, Translation
from portal.notices.queries import notice_at
from portal.tenancy.queries import schools
from portal.tenancy.scope import every_tenant

NOW = clock.now()
TODAY = clock.london(NOW).date()
SPELLING = "wording.us-spelling"
TRANSLATED = "rights.access"


@pytest.fixture
def everywhere(session):
    with every_tenant(session, "tests"):
        yield session


@pytest.fixture
def faulty(everywhere, school):
    """Birch with a word of American spelling in a clause of its own."""
    tenant = school("birch-academy")
    adopt_override(
        everywhere, tenant, clause_key="sources.where", mode=OverrideMode.AFTER, title="Clubs", key="local.clubs",
        text="An organization runs our clubs.\nIt tells us who came.", now=NOW,
    )  # fmt: skip
    everywhere.flush()
    return tenant


def checked(session, tenant):
    return Inspector(session, now=clock.now()).school(tenant)


def spelling(found):
    return [one for one in found.standing if one.rule == SPELLING]


def new(finding, *, days=30, reason="It is a name."):
    return NewWaiver(finding.rule, finding.clause or "", finding.text, reason, TODAY + timedelta(days=days))


def test_a_finding_says_where_why_and_how_to_mend_it(everywhere, faulty):
    (finding,) = spelling(checked(everywhere, faulty))
    assert (finding.clause, finding.line, finding.severity) == ("local.clubs", 1, Severity.INFO)
    assert finding.source
    assert (finding.fix.old, finding.fix.new) == ("organization", "organisation")


def test_facts_are_filled_in_before_the_check(everywhere, school):
    assert not [one for one in checked(everywhere, school("alder-primary")).standing if "{{" in one.text]


def test_many_schools_at_once_get_the_findings_that_one_gets(everywhere, faulty):
    together = dict(Inspector(everywhere, now=clock.now()).schools(schools(everywhere)))
    for tenant, found in together.items():
        assert {one.rule for one in found.standing} == {one.rule for one in checked(everywhere, tenant).standing}


def test_the_shared_wording_itself_has_no_errors(everywhere):
    found = Inspector(everywhere, now=NOW).library().standing
    assert [one for one in found if one.severity is Severity.ERROR] == []


def test_a_waived_finding_is_left_out_until_its_last_day(everywhere, faulty):
    (finding,) = spelling(checked(everywhere, faulty))
    waive(everywhere, SYSTEM, faulty, new(finding, days=2), now=NOW)
    found = checked(everywhere, faulty)
    assert not spelling(found)
    assert [one.waiver.reason for one in found.waived] == ["It is a name."]
    later = Inspector(everywhere, now=NOW + timedelta(days=3)).school(faulty)
    assert len(spelling(later)) == 1


def test_the_same_words_in_another_school_stay_a_finding(everywhere, faulty, school):
    (finding,) = spelling(checked(everywhere, faulty))
    waive(everywhere, SYSTEM, school("alder-primary"), new(finding), now=NOW)
    assert len(spelling(checked(everywhere, faulty))) == 1


def test_a_waiver_can_be_ended_and_is_made_once(everywhere, faulty):
    (finding,) = spelling(checked(everywhere, faulty))
    row = waive(everywhere, SYSTEM, faulty, new(finding), now=NOW)
    assert waive(everywhere, SYSTEM, faulty, new(finding), now=NOW) is row
    end_waiver(everywhere, SYSTEM, faulty, row.id, now=NOW)
    assert open_waivers(everywhere, faulty, TODAY) == []
    assert len(spelling(checked(everywhere, faulty))) == 1


@pytest.mark.parametrize(("days", "reason"), [(30, " "), (-1, "It is a name."), (500, "It is a name.")])
def test_a_waiver_needs_a_reason_and_a_day_within_a_year(everywhere, faulty, days, reason):
    (finding,) = spelling(checked(everywhere, faulty))
    with pytest.raises(Invalid):
        waive(everywhere, SYSTEM, faulty, new(finding, days=days, reason=reason), now=NOW)


def test_who_may_not_waive_is_refused(everywhere, faulty, actor):
    (finding,) = spelling(checked(everywhere, faulty))
    for name in ("bea", "ben", "dora"):
        with pytest.raises(Forbidden):
            waive(everywhere, actor(name), faulty, new(finding), now=NOW)
    waive(everywhere, actor("tom"), faulty, new(finding), now=NOW)


def test_another_schools_waiver_does_not_exist(everywhere, faulty, school):
    (finding,) = spelling(checked(everywhere, faulty))
    row = waive(everywhere, SYSTEM, faulty, new(finding), now=NOW)
    with pytest.raises(NotFound):
        end_waiver(everywhere, SYSTEM, school("alder-primary"), row.id, now=NOW)


def test_a_safe_fix_is_made_once_in_the_schools_own_words(everywhere, faulty):
    later = NOW + timedelta(microseconds=10)
    found = checked(everywhere, faulty)
    assert mend(everywhere, SYSTEM, faulty, found, found.standing, now=later) == 1
    assert not spelling(checked(everywhere, faulty))
    assert "An organisation runs our clubs." in notice_at(everywhere, faulty, clock.now() + timedelta(seconds=1)).text
    assert mend(everywhere, SYSTEM, faulty, found, found.standing, now=later + timedelta(microseconds=1)) == 0


def test_shared_words_are_mended_in_a_draft_that_changes_no_notice(everywhere, school):
    checked_library = Checked(
        [
            Finding(
                "wording.us-spelling", Severity.INFO, "US.", "House", "sources.where", 1, fix=Fix("marks", "results")
            )
        ],
        [],
    )
    before = notice_at(everywhere, school("alder-primary"), NOW).text
    [draft] = draft_mended_library(everywhere, SYSTEM, checked_library, now=NOW)
    everywhere.flush()
    words = next(one.part_hash for one in draft.clauses if one.key == "sources.where")
    assert "such as results and registers" in everywhere.get(TextPart, words).text
    assert draft_mended_library(everywhere, SYSTEM, checked_library, now=NOW) == [draft]
    assert notice_at(everywhere, school("alder-primary"), NOW).text == before
    assert draft_mended_library(everywhere, SYSTEM, Checked([], []), now=NOW) == []


def test_who_may_not_write_the_shared_words_drafts_no_mending(everywhere, actor):
    found = Checked([Finding("x.y", Severity.INFO, "", "", "sources.where", 1, fix=Fix("marks", "results"))], [])
    with pytest.raises(Forbidden):
        draft_mended_library(everywhere, actor("asha"), found, now=NOW)


def test_shared_words_are_not_mended_in_one_school(everywhere, faulty):
    found = checked(everywhere, faulty)
    assert not [one for one in found.standing if can_mend(found, one) and one.clause != "local.clubs"]


@pytest.fixture
def add_to_photographs(everywhere, school):
    """A clause of its own in Birch's notice about photographs."""

    def add(text):
        adopt_override(
            everywhere, school("birch-academy"), clause_key="photographs.why", mode=OverrideMode.AFTER, title="Plays",
            key="local.plays", text=text, now=clock.now(), base_release="photographs-2026-09",
        )  # fmt: skip
        everywhere.flush()

    return add


def test_a_further_notice_is_checked_and_mended_in_its_own_words(everywhere, school, add_to_photographs):
    tenant = school("birch-academy")
    add_to_photographs("An organization films our plays.\nThis notice ends on 31 August 2023.")
    found = checked(everywhere, tenant)
    assert {one.rule for one in found.standing if one.clause == "local.plays"} == {SPELLING, "notice.expired"}
    later = clock.now()
    assert mend(everywhere, SYSTEM, tenant, found, found.standing, now=later) == 1
    everywhere.flush()
    after = later + timedelta(seconds=1)
    assert "An organisation films our plays." in notice_at(everywhere, tenant, after, kind="photographs").text
    assert "organisation films" not in notice_at(everywhere, tenant, after).text


def test_what_the_law_wants_may_stand_in_any_of_the_notices(everywhere, school, add_to_photographs, monkeypatch):
    """Articles 13 and 14 ask that people are told, not in which notice."""
    wanted = Rule(
        "plays.missing", Severity.ERROR, "nowhere", "Plays are not told.", "Made up", "made-up", None, None,
        {"patterns": ["school plays"]}, (), (),
    )  # fmt: skip
    monkeypatch.setattr(linting, "rules_in_force", lambda _on: (wanted,))
    tenant = school("birch-academy")
    assert [one.rule for one in checked(everywhere, tenant).standing] == [wanted.id], "once for all its notices"
    add_to_photographs("We film our school plays.")
    assert checked(everywhere, tenant).standing == []


def test_a_translation_of_former_english_is_told_in_the_library_and_in_schools(everywhere, school):
    tenant = school("alder-primary")
    assert "pl" in tenant.languages
    rule = "translation.stale"
    assert rule not in {one.rule for one in checked(everywhere, tenant).standing}
    current = everywhere.scalars(
        select(Translation).where(Translation.key == TRANSLATED, Translation.language == "pl")
    ).one()
    former = TextPart(hash="0" * 64, text="What it said before.")
    everywhere.add(former)
    everywhere.flush()
    current.source_hash = former.hash
    everywhere.flush()
    for found in (checked(everywhere, tenant), Inspector(everywhere, now=clock.now()).library()):
        [stale] = [one for one in found.standing if one.rule == rule]
        assert (stale.clause, stale.severity) == (TRANSLATED, Severity.WARNING)
        assert "(pl)" in stale.message
