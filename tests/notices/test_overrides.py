"""A tenant's own wording: merged with what the centre changes, asked where it must be, never lost in silence."""

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.identity.permissions import SYSTEM
from portal.notices import actions, decisions
from portal.notices.actions import Outcome, Words
from portal.notices.gathering import fill_shelf
from portal.notices.models import Decision, DecisionChoice, DecisionKind, Override, OverrideDraft, OverrideMode
from portal.notices.releases import new_draft, publish_release, retire_clause
from portal.notices.wording import notice_desk
from portal.tenancy.scope import every_tenant, tenant_scope

HELD = "information.held"
ASK = "rights.how-to-ask"


def first(text):
    return text.split("\n")[0]


def put_last(text):
    return f"{text}\n\nOur own last line."


@pytest.fixture
def at_desk(press, database):
    """Run something at a tenant's desk in a transaction: `at_desk(slug, lambda session, tenant, board: ...)`."""

    def run(slug, do, now=None):
        with database.transaction() as session:
            tenant = press.school(session, slug)
            with tenant_scope(session, tenant.id):
                board = notice_desk(session, tenant, now=now or clock.now(), shelf=fill_shelf(session))
                return do(session, tenant, board)

    return run


def question_about(session, tenant, key):
    return next((row for row in decisions.open_decisions(session, tenant_id=tenant.id) if row.key == key), None)


def open_question(press, database, slug, key=HELD):
    with database.session() as session:
        tenant = press.school(session, slug)
        with tenant_scope(session, tenant.id):
            return question_about(session, tenant, key)


def decide(at_desk, slug, choice, key=HELD, **rest):
    def do(session, tenant, _board):
        row = question_about(session, tenant, key)
        return decisions.decide(session, SYSTEM, tenant, row, choice, now=clock.now(), **rest)

    return at_desk(slug, do)


def test_published_words_show_at_once_and_only_there(press):
    press.adapt("alder-primary", HELD, put_last)
    assert "Our own last line." in press.text("alder-primary")
    assert "Our own last line." not in press.text("birch-academy")


def test_a_notice_says_whose_words_they_are(press):
    press.adapt("alder-primary", HELD, put_last)
    origins = {clause.key: str(clause.origin) for clause in press.notice("alder-primary").composed.clauses}
    assert origins[HELD] == "school"
    assert origins["about.dpo"] == "library"


def test_words_equal_to_the_shared_ones_end_the_override(press, database):
    press.adapt("alder-primary", HELD, put_last)
    shared = press.shared_text(HELD)
    assert press.adapt("alder-primary", HELD, lambda _: shared) is Outcome.SAME_AS_SHARED
    with database.session() as session, every_tenant(session, "tests"):
        statement = select(Override).where(Override.key == HELD, Override.ended_at.is_(None))
        assert not [row for row in session.scalars(statement) if row.published_by is None and row.reason == "x"]
    assert "Our own last line." not in press.text("alder-primary")


def test_changes_in_different_sentences_are_put_together(press):
    press.adapt("alder-primary", HELD, put_last)
    old = first(press.shared_text(HELD))
    press.release("2027-01", {HELD: lambda text: text.replace(old, "The shared first line is new.")})
    assert "The shared first line is new." not in press.text("alder-primary"), "the page keeps its text until merged"
    press.settle()
    assert "The shared first line is new." in press.text("alder-primary")
    assert "Our own last line." in press.text("alder-primary")


def conflict(press):
    old = first(press.shared_text(HELD))
    press.adapt("alder-primary", HELD, lambda text: text.replace(old, "Our first line.") + "\n\nOur own last line.")
    press.release("2027-01", {HELD: lambda text: text.replace(old, "The shared first line.")})
    press.settle()


def test_two_changes_of_one_sentence_ask_a_person(press, database):
    conflict(press)
    row = open_question(press, database, "alder-primary")
    assert row.kind is DecisionKind.CONFLICT
    assert row.conflicts[0]["shared"].startswith("The shared first line.")
    assert row.conflicts[0]["local"].startswith("Our first line.")
    assert "Our first line." in press.text("alder-primary")
    assert "The shared first line." not in press.text("alder-primary")


@pytest.mark.parametrize(
    ("choice", "has", "lacks"),
    [
        (DecisionChoice.KEEP, "Our first line.", "The shared first line."),
        (DecisionChoice.SHARED, "The shared first line.", "Our first line."),
    ],
)
def test_a_choice_is_about_the_sentences_in_dispute_only(press, database, at_desk, choice, has, lacks):
    conflict(press)
    decide(at_desk, "alder-primary", choice)
    text = press.text("alder-primary")
    assert has in text
    assert lacks not in text
    assert "Our own last line." in text
    assert open_question(press, database, "alder-primary") is None


def test_other_words_may_be_written(press, at_desk):
    conflict(press)
    decide(at_desk, "alder-primary", DecisionChoice.OWN, text="Something else altogether.")
    assert "Something else altogether." in press.text("alder-primary")


def test_asking_the_dpo_team_leaves_the_page_and_the_question_as_they_are(press, database, at_desk):
    conflict(press)
    decide(at_desk, "alder-primary", DecisionChoice.ASK)
    row = open_question(press, database, "alder-primary")
    assert row.asked_dpo_at is not None
    assert "Our first line." in press.text("alder-primary")


def test_a_question_is_settled_once(press, at_desk):
    conflict(press)

    def twice(session, tenant, _board):
        row = question_about(session, tenant, HELD)
        one = decisions.decide(session, SYSTEM, tenant, row, DecisionChoice.KEEP, now=clock.now())
        two = decisions.decide(session, SYSTEM, tenant, row, DecisionChoice.KEEP, now=clock.now())
        assert one == two
        with pytest.raises(Conflict):
            decisions.decide(session, SYSTEM, tenant, row, DecisionChoice.SHARED, now=clock.now())

    at_desk("alder-primary", twice)


def test_a_settled_question_is_not_asked_again(press, database, at_desk):
    conflict(press)
    decide(at_desk, "alder-primary", DecisionChoice.KEEP)
    press.release("2027-02", {"limits.minimise": put_last})
    press.settle()
    assert open_question(press, database, "alder-primary") is None


def test_a_later_release_overtakes_an_open_question(press, database):
    conflict(press)
    press.release("2027-02", {HELD: lambda text: text.replace("The shared first line.", "The newest first line.")})
    press.settle()
    with database.session() as session, every_tenant(session, "tests"):
        rows = list(session.scalars(select(Decision).where(Decision.key == HELD).order_by(Decision.id)))
    assert [(row.settled_at is not None, row.choice) for row in rows] == [(True, None), (False, None)]
    assert rows[1].conflicts[0]["shared"].startswith("The newest first line.")


def test_words_in_a_retired_clause_stay_until_somebody_decides(press, database, at_desk):
    press.adapt("alder-primary", "sources.where", put_last)
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = new_draft(session, SYSTEM, name="2027-01", title="x", effective_at=clock.now(), now=clock.now())
        draft.reason = "Shorter."
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now())
        publish_release(session, SYSTEM, draft, now=clock.now())
    press.settle()
    assert open_question(press, database, "alder-primary", "sources.where").kind is DecisionKind.RETIRED
    assert "Our own last line." in press.text("alder-primary")
    with database.session() as session, every_tenant(session, "tests"):
        assert session.scalar(select(OverrideDraft.text).where(OverrideDraft.key == "sources.where"))
    decide(at_desk, "alder-primary", DecisionChoice.KEEP, "sources.where")
    press.settle()
    assert "Our own last line." in press.text("alder-primary")
    assert open_question(press, database, "alder-primary", "sources.where") is None


def test_a_trusts_words_stand_between_the_library_and_its_schools(press):
    press.adapt("rowan", HELD, lambda text: f"{text}\n\nOur trust keeps one list for all schools.")
    assert "one list for all schools" in press.text("birch-academy")
    assert "one list for all schools" not in press.text("alder-primary")
    origins = {clause.key: str(clause.origin) for clause in press.notice("birch-academy").composed.clauses}
    assert origins[HELD] == "trust"


def test_a_trusts_change_is_merged_into_its_schools_own_words(press):
    press.adapt("birch-academy", HELD, put_last)
    old = first(press.shared_text(HELD))
    press.adapt("rowan", HELD, lambda text: text.replace(old, "The trust's first line."))
    press.settle()
    text = press.text("birch-academy")
    assert "The trust's first line." in text
    assert "Our own last line." in text


def test_a_shared_change_goes_through_the_trust_into_the_school(press):
    press.adapt("rowan", HELD, lambda text: f"Before it all.\n\n{text}")
    press.adapt("birch-academy", HELD, put_last)
    press.release("2027-01", {HELD: lambda text: text.replace("| Visitors | Name", "| Visitors | Full name")})
    press.settle()
    text = press.text("birch-academy")
    assert "Visitors | Full name" in text
    assert "Before it all." in text
    assert "Our own last line." in text


def test_a_locked_clause_cannot_be_changed_by_any_route(press, at_desk):
    with pytest.raises(Invalid):
        press.adapt("alder-primary", "about.controller", put_last)

    def omit(session, tenant, board):
        with pytest.raises(Invalid):
            actions.leave_out(session, SYSTEM, tenant, board, "about.controller", now=clock.now())
        with pytest.raises(Invalid):
            actions.adopt_override(
                session, tenant, clause_key="about.controller", mode=OverrideMode.ADAPT, text="X.", now=clock.now()
            )
        with pytest.raises(Invalid):
            actions.leave_out(session, SYSTEM, tenant, board, HELD, now=clock.now())

    at_desk("alder-primary", omit)


def test_an_optional_clause_may_be_left_out_and_taken_back(press, at_desk):
    key = "limits.research"

    def keys():
        return {clause.key for clause in press.notice("alder-primary").composed.clauses}

    at_desk("alder-primary", lambda s, t, b: actions.leave_out(s, SYSTEM, t, b, key, now=clock.now()))
    assert key not in keys()
    at_desk("alder-primary", lambda s, t, b: actions.use_shared(s, SYSTEM, t, b, key, now=clock.now()))
    assert key in keys()


def test_a_local_clause_stands_where_it_was_put(press, at_desk):
    words = Words("local.club", "sources.where", OverrideMode.AFTER, "We run a club.", title="Our club")
    at_desk("alder-primary", lambda s, t, b: actions.publish(s, SYSTEM, t, b, words, now=clock.now()))
    keys = [clause.key for clause in press.notice("alder-primary").composed.clauses]
    assert keys[keys.index("sources.where") + 1] == "local.club"


def test_a_missing_fact_stops_publishing_and_says_who_can_help(press):
    with pytest.raises(Invalid, match=r"trust is missing; .*central team can fill it in"):
        press.adapt("alder-primary", HELD, lambda text: f"{text}\n\nAsk {{{{ trust.name }}}}.")


def test_nobody_saves_over_somebody_elses_draft(press, at_desk):
    def save(text, seen):
        words = Words(HELD, HELD, OverrideMode.ADAPT, text, seen=seen)
        return at_desk("alder-primary", lambda s, t, b: actions.save_draft(s, SYSTEM, t, b, words, now=clock.now()))

    version = save("The first words.", 0).version
    save("The second words.", version)
    with pytest.raises(Conflict) as found:
        save("The third words.", version)
    assert found.value.theirs == "The second words."


def test_a_release_published_meanwhile_loses_no_edit(press, at_desk):
    shared = press.shared_text(HELD)
    board_base = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).parent_hash)
    press.release("2027-01", {HELD: lambda text: text.replace(first(text), "The shared first line.")})
    words = Words(HELD, HELD, OverrideMode.ADAPT, put_last(shared), base_hash=board_base)
    outcome = at_desk("alder-primary", lambda s, t, b: actions.publish(s, SYSTEM, t, b, words, now=clock.now()))
    assert outcome is Outcome.MERGED
    draft = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).draft)
    assert "The shared first line." in draft.text
    assert "Our own last line." in draft.text
    assert "Our own last line." not in press.text("alder-primary")


def test_a_clause_that_needs_review_waits_for_the_dpo_team(press, at_desk, actor, session):
    asha, devi = actor("asha"), actor("devi")
    session.rollback()
    assert press.adapt("alder-primary", ASK, put_last, actor=asha) is Outcome.SENT_FOR_REVIEW
    assert "Our own last line." not in press.text("alder-primary")
    seen = at_desk("alder-primary", lambda s, t, b: b.clause(ASK).draft.version)

    def approve(session, tenant, board):
        with pytest.raises(Forbidden):
            actions.approve(session, asha, tenant, board, ASK, seen=seen, comment="", now=clock.now())
        return actions.approve(session, devi, tenant, board, ASK, seen=seen, comment="Good.", now=clock.now())

    assert at_desk("alder-primary", approve) is Outcome.PUBLISHED
    assert "Our own last line." in press.text("alder-primary")


def test_words_that_were_changed_after_sending_are_not_approved(press, at_desk, actor, session):
    asha, devi = actor("asha"), actor("devi")
    session.rollback()
    press.adapt("alder-primary", ASK, put_last, actor=asha)
    seen = at_desk("alder-primary", lambda s, t, b: b.clause(ASK).draft.version)

    def change(session, tenant, board):
        words = Words(ASK, ASK, OverrideMode.ADAPT, "Quite other words.", seen=seen)
        actions.save_draft(session, asha, tenant, board, words, now=clock.now())
        with pytest.raises(NotFound):
            actions.approve(session, devi, tenant, board, ASK, seen=seen, comment="", now=clock.now())

    at_desk("alder-primary", change)


@pytest.mark.parametrize("name", ["ben", "gus", "bea", "tom", "cal", "devi"])
def test_only_the_schools_own_writers_write_its_words(press, at_desk, actor, session, name):
    who = actor(name)
    session.rollback()
    words = Words(HELD, HELD, OverrideMode.ADAPT, "Words.")

    def save(session, tenant, board):
        with pytest.raises(Forbidden):
            actions.save_draft(session, who, tenant, board, words, now=clock.now())

    at_desk("alder-primary", save)
