"""Publishing shared wording: seen by all who take it, asked where it states a fact, undone when withdrawn."""

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.identity.permissions import SYSTEM
from portal.notices import decisions
from portal.notices.actions import prefer
from portal.notices.gathering import fill_shelf
from portal.notices.models import NoticeChange, PreferenceKind, Publication, Release, ReleaseStatus
from portal.notices.planning import plan_release
from portal.notices.releases import (
    ClauseWords,
    new_draft,
    publish_release,
    release_named,
    retire_clause,
    save_clause,
    withdraw_release,
)
from portal.notices.wording import notice_desk
from portal.tenancy.scope import every_tenant, tenant_scope

HELD = "information.held"
SENTENCE = "We also keep a list of library books."


def add(text):
    return f"{text}\n\n{SENTENCE}"


def test_every_school_that_takes_shared_wording_shows_it_at_once(press):
    press.release("2027-01", {HELD: add})
    assert SENTENCE in press.text("alder-primary")
    assert SENTENCE in press.text("st-thomas-of-canterbury")


def test_what_was_said_before_can_still_be_read(press):
    before = press.text("alder-primary")
    at = clock.now()
    press.release("2027-01", {HELD: add})
    press.settle()
    assert press.text("alder-primary", at) == before


def test_publishing_writes_a_handful_of_rows(press, database):
    def rows(session):
        return {model: session.scalar(select(func.count()).select_from(model)) for model in (Publication, NoticeChange)}

    with database.session() as session, every_tenant(session, "tests"):
        before = rows(session)
    press.release("2027-01", {HELD: add})
    with database.session() as session, every_tenant(session, "tests"):
        after = rows(session)
    assert after[Publication] == before[Publication]
    assert after[NoticeChange] == before[NoticeChange] + 1


def test_a_scheduled_release_waits_for_its_day(press, later):
    press.release("2027-01", {HELD: add}, effective_at=later(10))
    assert SENTENCE not in press.text("alder-primary")
    assert SENTENCE in press.text("alder-primary", later(11))
    count = len(press.versions("alder-primary"))
    press.settle()
    assert len(press.versions("alder-primary")) == count
    press.settle(later(11))
    assert press.versions("alder-primary")[0].effective_at == later(10)


def test_a_withdrawn_release_counts_no_more_but_stays_in_the_past(press, database):
    before = press.text("alder-primary")
    press.release("2027-01", {HELD: add})
    press.settle()
    between = clock.now()
    with database.transaction() as session, every_tenant(session, "tests"):
        withdraw_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
    press.settle()
    said = press.text("alder-primary").split("Which version")[0]
    assert said == before.split("Which version")[0]
    assert SENTENCE in press.text("alder-primary", between)


def test_the_only_release_cannot_be_withdrawn(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        withdraw_release(session, SYSTEM, release_named(session, "2026-09"), now=clock.now())
        with pytest.raises(Invalid, match="only release"):
            withdraw_release(session, SYSTEM, release_named(session, "2025-09"), now=clock.now())


def test_a_statement_of_fact_waits_for_each_schools_yes(press, database, actor, session):
    session.rollback()
    press.release("2027-01", {HELD: add}, flags={"confirm": True})
    assert SENTENCE not in press.text("alder-primary")
    with database.transaction() as writing:
        school = press.school(writing, "alder-primary")
        with tenant_scope(writing, school.id):
            board = notice_desk(writing, school, now=clock.now(), shelf=fill_shelf(writing))
            offered = board.shared.waiting[HELD].clause.part_hash
            decisions.answer_change(
                writing, SYSTEM, school, board, HELD, shared_hash=offered, takes=True, now=clock.now()
            )
    assert SENTENCE in press.text("alder-primary")
    assert SENTENCE not in press.text("st-thomas-of-canterbury")


def test_an_answer_is_about_the_words_that_were_read(press, database):
    press.release("2027-01", {HELD: add}, flags={"confirm": True})
    with database.transaction() as session:
        school = press.school(session, "alder-primary")
        with tenant_scope(session, school.id):
            board = notice_desk(session, school, now=clock.now(), shelf=fill_shelf(session))
            with pytest.raises(Conflict):
                decisions.answer_change(
                    session, SYSTEM, school, board, HELD, shared_hash="0" * 64, takes=True, now=clock.now()
                )


def test_a_school_that_asks_first_is_asked(press, database):
    with database.transaction() as session:
        school = press.school(session, "alder-primary")
        with tenant_scope(session, school.id):
            prefer(session, SYSTEM, school, PreferenceKind.ASK, now=clock.now())
    press.release("2027-01", {HELD: add})
    press.settle()
    assert SENTENCE not in press.text("alder-primary")
    assert SENTENCE in press.text("birch-academy")
    with database.transaction() as session:
        school = press.school(session, "alder-primary")
        with tenant_scope(session, school.id):
            prefer(session, SYSTEM, school, PreferenceKind.TAKE, now=clock.now())
    assert SENTENCE in press.text("alder-primary")


def test_a_school_that_changes_to_asking_keeps_what_it_had_taken(press, database):
    press.release("2027-01", {HELD: add})
    with database.transaction() as session:
        school = press.school(session, "alder-primary")
        with tenant_scope(session, school.id):
            prefer(session, SYSTEM, school, PreferenceKind.ASK, now=clock.now())
    assert SENTENCE in press.text("alder-primary")


def test_a_retired_clause_goes_where_nobody_changed_it(press, database):
    title = "Where we get information from"
    assert title in press.text("alder-primary")
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name="2027-01", title="x", effective_at=clock.now(), now=clock.now())
        draft.reason = "Shorter."
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now())
        publish_release(session, SYSTEM, draft, now=clock.now())
    assert "sources.where" not in {clause.key for clause in press.notice("alder-primary").composed.clauses}


def test_a_clause_that_others_refer_to_cannot_be_retired(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name="2027-01", title="x", effective_at=clock.now(), now=clock.now())
        row = next(one for one in draft.clauses if one.key == HELD)
        words = ClauseWords(HELD, row.title, "Look at {{ see rights.access }}.", "x", draft.version)
        save_clause(session, SYSTEM, draft, words, now=clock.now())
        with pytest.raises(Invalid, match="refers to this clause"):
            retire_clause(session, SYSTEM, draft, "rights.access", now=clock.now())


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "[x](javascript:alert(1))", "{{ nobody.name }}", "{{ see no.clause }}", "# Heading"],
)
def test_broken_wording_is_refused_with_its_line(press, database, text):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name="2027-01", title="x", effective_at=clock.now(), now=clock.now())
        words = ClauseWords(HELD, "Title", f"A line.\n\n{text}", "x", draft.version)
        with pytest.raises(Invalid) as found:
            save_clause(session, SYSTEM, draft, words, now=clock.now())
        assert found.value.line == 3


def test_two_editors_do_not_overwrite_each_other(press, database):
    press.release("2027-01", {}, publishes=False)
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "2027-01")
        seen = draft.version
        save_clause(session, SYSTEM, draft, ClauseWords(HELD, "T", "First words.", "x", seen), now=clock.now())
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "2027-01")
        with pytest.raises(Conflict) as found:
            save_clause(session, SYSTEM, draft, ClauseWords(HELD, "T", "Second.", "x", seen), now=clock.now())
        assert found.value.theirs == "First words."


def test_a_published_release_cannot_change(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        release = release_named(session, "2026-09")
        with pytest.raises(Invalid, match="cannot change"):
            save_clause(session, SYSTEM, release, ClauseWords(HELD, "T", "X.", "x", 1), now=clock.now())


def test_publishing_twice_publishes_once(press, database):
    press.release("2027-01", {HELD: add})
    with database.transaction() as session, every_tenant(session, "tests"):
        assert publish_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now()) is None


@pytest.mark.parametrize("name", ["asha", "ben", "tom", "gus", "audrey"])
def test_only_the_clause_team_writes_shared_wording(session, actor, name):
    with every_tenant(session, "tests"), pytest.raises(Forbidden):
        new_draft(session, actor(name), name="x", title="x", effective_at=clock.now(), now=clock.now())


def test_the_plan_says_what_publishing_then_does(press, database):
    press.adapt("alder-primary", HELD, lambda text: text.replace(text.split("\n")[0], "Our own first line."))
    press.adapt("birch-academy", HELD, lambda text: f"Something before.\n\n{text}")
    first = press.shared_text(HELD).split("\n")[0]
    press.release("2027-01", {HELD: lambda text: text.replace(first, "The shared first line.")}, publishes=False)
    with database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "2027-01"), now=clock.now())
    outcomes = {line.slug: line.outcome.value for line in plan.lines}
    assert outcomes["alder-primary"] == "conflict"
    assert outcomes["st-thomas-of-canterbury"] == "inherit"
    with database.transaction() as session, every_tenant(session, "tests"):
        publish_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
        assert session.scalar(select(Release.status).where(Release.name == "2027-01")) is ReleaseStatus.PUBLISHED
    press.settle()
    assert "Our own first line." in press.text("alder-primary")
    assert "The shared first line." not in press.text("alder-primary")
    assert "The shared first line." in press.text("st-thomas-of-canterbury")
