"""A tenant's own wording: merged with what the centre changes, asked where it must be, never lost in silence."""

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.identity.permissions import SYSTEM
from portal.notices import actions, decisions
from portal.notices.actions import Outcome, Words
from portal.notices.gathering import fill_shelf
from portal.notices.models import (
    ClausePolicy,
    Decision,
    DecisionChoice,
    DecisionKind,
    Override,
    OverrideDraft,
    OverrideMode,
    PreferenceKind,
)
from portal.notices.releases import new_draft, publish_release, release_named, retire_clause, withdraw_release
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
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now(), reason="Shorter.")
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


def ask_first(press, database, slug="alder-primary"):
    with database.transaction() as session:
        school = press.school(session, slug)
        with tenant_scope(session, school.id):
            actions.prefer(session, SYSTEM, school, PreferenceKind.ASK, now=clock.now())


def withdraw(press, database, name):
    with database.transaction() as session, every_tenant(session, "tests"):
        withdraw_release(session, SYSTEM, release_named(session, name), now=clock.now())
    press.settle()


def test_a_clause_that_a_release_locks_is_locked_before_the_school_says_yes(press, database, at_desk):
    key = "limits.research"
    ask_first(press, database)
    press.release("2027-01", {key: put_last}, flags={"policy": ClausePolicy.LOCKED})
    press.settle()
    with pytest.raises(Invalid, match="locked"):
        press.adapt("alder-primary", key, lambda _: "The school's own words.")

    def omit(session, tenant, board):
        assert board.clause(key).is_locked
        with pytest.raises(Invalid):
            actions.leave_out(session, SYSTEM, tenant, board, key, now=clock.now())

    at_desk("alder-primary", omit)


def test_words_in_a_clause_that_was_locked_are_not_shown_to_whoever_is_asked_first(press, database, at_desk):
    ask_first(press, database)
    press.adapt("alder-primary", HELD, put_last)
    press.release("2027-01", {HELD: lambda text: f"New.\n\n{text}"}, flags={"policy": ClausePolicy.LOCKED})
    assert "Our own last line." not in press.text("alder-primary")
    press.settle()
    with pytest.raises(Invalid):
        decide(at_desk, "alder-primary", DecisionChoice.OWN, text="Words all the same.")
    decide(at_desk, "alder-primary", DecisionChoice.KEEP)
    assert "Our own last line." not in press.text("alder-primary")
    draft = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).draft)
    assert "Our own last line." in draft.text, "the words are at hand for another place"


def reviewed_conflict(press, actor, at_desk):
    """A clause that needs review, changed by the school with the DPO team's yes, and then by the centre."""
    devi = actor("devi")
    old = first(press.shared_text(ASK))
    press.adapt("alder-primary", ASK, lambda text: text.replace(old, "Our first line."))
    agree_to_draft(at_desk, devi)
    press.release("2027-01", {ASK: lambda text: text.replace(old, "The shared first line.")})
    press.settle()
    return devi


def agree_to_draft(at_desk, devi):
    def approve(session, tenant, board):
        seen = board.clause(ASK).draft.version
        return actions.approve(session, devi, tenant, board, ASK, seen=seen, comment="", now=clock.now())

    return at_desk("alder-primary", approve)


def test_an_answer_in_own_words_needs_the_dpo_team_where_the_clause_does(press, database, at_desk, actor, session):
    session.rollback()
    devi = reviewed_conflict(press, actor, at_desk)
    decide(at_desk, "alder-primary", DecisionChoice.OWN, ASK, text="Something else altogether.")
    assert "Something else altogether." not in press.text("alder-primary")
    assert open_question(press, database, "alder-primary", ASK) is not None
    assert agree_to_draft(at_desk, devi) is Outcome.PUBLISHED
    assert "Something else altogether." in press.text("alder-primary")
    assert open_question(press, database, "alder-primary", ASK) is None


def test_a_merge_that_needs_review_cannot_be_answered_past_the_dpo_team(press, database, at_desk, actor, session):
    session.rollback()
    devi = actor("devi")
    press.adapt("alder-primary", ASK, put_last)
    agree_to_draft(at_desk, devi)
    press.release("2027-01", {ASK: lambda text: f"The shared first line.\n\n{text}"})
    press.settle()
    assert open_question(press, database, "alder-primary", ASK).kind is DecisionKind.REVIEW
    decide(at_desk, "alder-primary", DecisionChoice.OWN, ASK, text="Something else altogether.")
    assert "Something else altogether." not in press.text("alder-primary")

    def agree(session, tenant, _board):
        row = question_about(session, tenant, ASK)
        with pytest.raises(Conflict):
            decisions.agree(session, devi, tenant, row, now=clock.now())

    at_desk("alder-primary", agree)
    decide(at_desk, "alder-primary", DecisionChoice.KEEP, ASK)
    assert "Our own last line." in press.text("alder-primary")


def test_an_answer_with_a_missing_fact_is_refused(press, at_desk):
    conflict(press)
    with pytest.raises(Invalid, match=r"trust is missing; .*central team can fill it in"):
        decide(at_desk, "alder-primary", DecisionChoice.OWN, text="Ask {{ trust.name }}.")


def test_a_question_about_withdrawn_wording_is_none_any_more(press, database, at_desk):
    conflict(press)
    row = open_question(press, database, "alder-primary")
    with database.transaction() as session, every_tenant(session, "tests"):
        withdraw_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
    with pytest.raises(Conflict):
        decide(at_desk, "alder-primary", DecisionChoice.SHARED)
    press.settle()
    assert open_question(press, database, "alder-primary") is None
    with database.session() as session, every_tenant(session, "tests"):
        assert session.get(Decision, row.id).choice is None


def test_a_question_that_was_overtaken_is_asked_again_when_the_words_come_back(press, database):
    conflict(press)
    row = open_question(press, database, "alder-primary")
    withdraw(press, database, "2027-01")
    old = first(press.shared_text(HELD))
    press.release("2027-02", {HELD: lambda text: text.replace(old, "The shared first line.")})
    press.settle()
    again = open_question(press, database, "alder-primary")
    assert again is not None
    assert again.release == "2027-02"
    assert again.conflicts == row.conflicts


def test_words_that_a_withdrawn_release_took_over_are_the_schools_own_again(press, database):
    press.adapt("alder-primary", HELD, put_last)
    press.release("2027-01", {HELD: put_last})
    press.settle()
    assert "Our own last line." in press.text("birch-academy")
    withdraw(press, database, "2027-01")
    assert "Our own last line." in press.text("alder-primary")
    assert "Our own last line." not in press.text("birch-academy")
    origins = {clause.key: str(clause.origin) for clause in press.notice("alder-primary").composed.clauses}
    assert origins[HELD] == "school"


def test_words_that_a_withdrawn_release_locked_out_come_back(press, database):
    press.adapt("alder-primary", HELD, put_last)
    press.release("2027-01", {HELD: lambda text: f"New.\n\n{text}"}, flags={"policy": ClausePolicy.LOCKED})
    press.settle()
    assert "Our own last line." not in press.text("alder-primary")
    withdraw(press, database, "2027-01")
    assert "Our own last line." in press.text("alder-primary")
    assert open_question(press, database, "alder-primary") is None
    with database.session() as session, every_tenant(session, "tests"):
        assert session.scalar(select(OverrideDraft.id).where(OverrideDraft.key == HELD)) is None


def test_a_release_published_while_the_same_sentence_is_typed_opens_a_question(press, database, at_desk):
    shared = press.shared_text(HELD)
    base = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).parent_hash)
    press.release("2027-01", {HELD: lambda text: text.replace(first(text), "The shared first line.")})

    def send(text, seen):
        words = Words(HELD, HELD, OverrideMode.ADAPT, text, base_hash=base, seen=seen)
        return at_desk("alder-primary", lambda s, t, b: actions.publish(s, SYSTEM, t, b, words, now=clock.now()))

    typed = put_last(shared.replace(first(shared), "Our first line."))
    assert send(typed, 0) is Outcome.DIFFERS
    draft = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).draft)
    assert send(typed, draft.version) is Outcome.DIFFERS, "pressing again decides nothing"
    row = open_question(press, database, "alder-primary")
    assert row.kind is DecisionKind.CONFLICT
    assert row.conflicts[0]["shared"].startswith("The shared first line.")
    assert row.conflicts[0]["local"].startswith("Our first line.")
    press.settle()
    assert open_question(press, database, "alder-primary") is not None
    decide(at_desk, "alder-primary", DecisionChoice.SHARED)
    text = press.text("alder-primary")
    assert "The shared first line." in text
    assert "Our own last line." in text
    assert open_question(press, database, "alder-primary") is None
    assert at_desk("alder-primary", lambda s, t, b: b.clause(HELD).draft) is None


def test_a_question_about_a_draft_goes_with_the_draft(press, database, at_desk):
    shared = press.shared_text(HELD)
    base = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).parent_hash)
    press.release("2027-01", {HELD: lambda text: text.replace(first(text), "The shared first line.")})
    typed = shared.replace(first(shared), "Our first line.")
    words = Words(HELD, HELD, OverrideMode.ADAPT, typed, base_hash=base)
    at_desk("alder-primary", lambda s, t, b: actions.publish(s, SYSTEM, t, b, words, now=clock.now()))
    at_desk("alder-primary", lambda s, t, b: actions.drop_draft(s, SYSTEM, t, HELD, now=clock.now()))
    assert open_question(press, database, "alder-primary") is None


def test_two_people_who_saw_no_draft_do_not_publish_over_each_other(press, at_desk):
    def send(text, own):
        words = Words(HELD, HELD, OverrideMode.ADAPT, text, own=own)
        return at_desk("alder-primary", lambda s, t, b: actions.publish(s, SYSTEM, t, b, words, now=clock.now()))

    send("The first words.", 0)
    with pytest.raises(Conflict) as found:
        send("The second words.", 0)
    assert found.value.theirs == "The first words."
    assert send("The first words.", 0) is Outcome.PUBLISHED, "the same press twice is harmless"
    own = at_desk("alder-primary", lambda s, t, b: b.clause(HELD).own.id)
    send("The second words.", own)
    assert "The second words." in press.text("alder-primary")


def test_going_back_to_the_shared_words_drops_no_draft_that_was_not_seen(press, at_desk):
    press.adapt("alder-primary", HELD, put_last)
    words = Words(HELD, HELD, OverrideMode.ADAPT, "A colleague's draft.")
    at_desk("alder-primary", lambda s, t, b: actions.save_draft(s, SYSTEM, t, b, words, now=clock.now()))

    def share(session, tenant, board):
        with pytest.raises(Conflict) as found:
            actions.use_shared(session, SYSTEM, tenant, board, HELD, now=clock.now())
        assert found.value.theirs == "A colleague's draft."
        seen = board.clause(HELD).draft.version
        with pytest.raises(Conflict):
            actions.use_shared(session, SYSTEM, tenant, board, HELD, now=clock.now(), seen=seen, own=0)
        own = board.clause(HELD).own.id
        actions.use_shared(session, SYSTEM, tenant, board, HELD, now=clock.now(), seen=seen, own=own)

    at_desk("alder-primary", share)
    assert "Our own last line." not in press.text("alder-primary")


def test_a_title_is_not_saved_over_another_title(press, at_desk):
    def save(title, seen):
        words = Words("local.club", "sources.where", OverrideMode.AFTER, "We run a club.", title=title, seen=seen)
        return at_desk("alder-primary", lambda s, t, b: actions.save_draft(s, SYSTEM, t, b, words, now=clock.now()))

    version = save("Our club", 0).version
    save("Our chess club", version)
    with pytest.raises(Conflict) as found:
        save("Our drama club", version)
    assert "Our chess club" in found.value.theirs


def test_a_clause_that_may_not_be_left_out_any_more_comes_back_though_its_words_stayed(press, at_desk):
    key = "limits.research"
    at_desk("alder-primary", lambda s, t, b: actions.leave_out(s, SYSTEM, t, b, key, now=clock.now()))
    press.release("2027-01", {key: str}, flags={"policy": ClausePolicy.ADAPTABLE})
    press.settle()
    assert key in {clause.key for clause in press.notice("alder-primary").composed.clauses}


def test_a_lock_takes_off_words_about_which_a_question_was_open(press, at_desk):
    """Nothing of the question is left to choose, and the words are at hand for another place."""
    press.adapt("alder-primary", HELD, lambda text: text.replace(first(text), "Our own first line."))
    press.release("2027-01", {HELD: lambda text: text.replace(first(text), "The shared first line.")})
    press.settle()
    assert at_desk("alder-primary", lambda s, t, b: b.clause(HELD).decision.kind) is DecisionKind.CONFLICT
    press.release("2027-02", {HELD: str}, flags={"policy": ClausePolicy.LOCKED})
    press.settle()
    wording = at_desk("alder-primary", lambda s, t, b: b.clause(HELD))
    assert wording.own is None
    assert wording.decision.kind is DecisionKind.RETIRED
    assert "Our own first line." in wording.draft.text
    assert "The shared first line." in press.text("alder-primary")
