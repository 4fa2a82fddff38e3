"""Publishing shared wording: seen by all who take it, asked where it states a fact, undone when withdrawn."""

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.identity.permissions import SYSTEM
from portal.notices import decisions
from portal.notices.actions import prefer
from portal.notices.background import NoticeWork
from portal.notices.changes import note_tenant_change
from portal.notices.gathering import fill_shelf, texts
from portal.notices.models import (
    ChangeStage,
    ClausePolicy,
    DecisionChoice,
    NoticeChange,
    PreferenceKind,
    Publication,
    Release,
    ReleaseStatus,
)
from portal.notices.planning import plan_release
from portal.notices.releases import (
    ClauseWords,
    Unread,
    bring_up_to_date,
    distinct_merges,
    mark_merge_read,
    move_clause,
    new_draft,
    publish_release,
    release_named,
    retire_clause,
    save_clause,
    withdraw_release,
)
from portal.notices.rules import Outcome, Why
from portal.notices.wording import notice_desk
from portal.tenancy.actions import record_facts
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
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now(), reason="Shorter.")
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


def test_the_plan_names_the_schools_whose_words_a_lock_takes_off_the_page(press, database):
    """Also where the shared words stay as they are."""
    press.adapt("alder-primary", HELD, add)
    press.release("2027-01", {HELD: str}, flags={"policy": ClausePolicy.LOCKED}, publishes=False)
    with database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "2027-01"), now=clock.now())
    outcomes = {line.slug: (line.outcome, line.plan.why) for line in plan.lines}
    assert outcomes["alder-primary"] == (Outcome.CONFLICT, Why.LOCKED)
    assert outcomes["st-thomas-of-canterbury"] == (Outcome.UNCHANGED, Why.UNTOUCHED)


def test_the_plan_says_that_a_trusts_words_change_at_once_in_its_schools(press, database):
    """Also in one that wants to be asked: the trust decides about its own words."""
    press.adapt("rowan", HELD, add)
    press.settle()
    with database.transaction() as session:
        birch = press.school(session, "birch-academy")
        with tenant_scope(session, birch.id):
            prefer(session, SYSTEM, birch, PreferenceKind.ASK, now=clock.now())
    press.release("2027-01", {HELD: lambda text: f"New.\n\n{text}"}, publishes=False)
    with database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "2027-01"), now=clock.now())
    [line] = [one for one in plan.lines if one.slug == "birch-academy"]
    assert (line.outcome, line.plan.why) == (Outcome.INHERIT, Why.THROUGH_TRUST)
    with database.transaction() as session, every_tenant(session, "tests"):
        publish_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
    press.settle()
    assert "New." in press.text("birch-academy")
    with database.session() as session:
        board = notice_desk(session, press.school(session, "birch-academy"), now=clock.now(), shelf=fill_shelf(session))
    assert board.clause(HELD) not in board.open_clauses, "the school is asked about words that it does not show"


TRUST = "We belong to {{ trust.name }}."


def needs_a_trust(text):
    return f"{text}\n\n{TRUST}"


def test_a_school_without_the_fact_keeps_its_words_until_it_is_there(press, database):
    press.release("2027-01", {HELD: needs_a_trust})
    press.settle()
    assert "We belong to Rowan" in press.text("birch-academy")
    before = press.notice("alder-primary")
    assert "We belong to" not in before.text
    with database.transaction() as session, every_tenant(session, "tests"):
        alder, birch = press.school(session, "alder-primary"), press.school(session, "birch-academy")
        alder.trust_id = birch.trust_id
        note_tenant_change(session, alder, reason="It joined a trust.", now=clock.now())
    assert "We belong to Rowan" in press.text("alder-primary")


def test_the_plan_says_which_fact_is_missing_where_and_who_can_fill_it_in(press, database):
    press.adapt("st-thomas-of-canterbury", HELD, lambda text: f"Something before.\n\n{text}")
    press.release("2027-01", {HELD: needs_a_trust}, publishes=False)
    with database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "2027-01"), now=clock.now())
    lines = {line.slug: line.as_dict() for line in plan.lines}
    missing = [{"fact": "trust.name", "label": "the name of the trust", "filled_in_by": "the central team"}]
    assert lines["alder-primary"]["outcome"] == "confirm"
    assert lines["alder-primary"]["missing"] == missing
    assert lines["st-thomas-of-canterbury"]["outcome"] == "confirm"
    assert lines["st-thomas-of-canterbury"]["missing"] == missing
    assert lines["birch-academy"]["outcome"] == "inherit"
    assert lines["birch-academy"]["missing"] == []


def test_own_words_take_in_no_change_that_lacks_a_fact(press, database):
    press.adapt("alder-primary", HELD, lambda text: f"Something before.\n\n{text}")
    press.release("2027-01", {HELD: needs_a_trust})
    press.settle()
    assert "We belong to" not in press.text("alder-primary")
    assert "Something before." in press.text("alder-primary")
    with database.transaction() as session:
        school = press.school(session, "alder-primary")
        with tenant_scope(session, school.id):
            (row,) = [one for one in decisions.open_decisions(session, tenant_id=school.id) if one.key == HELD]
            with pytest.raises(Invalid, match="trust is missing"):
                decisions.decide(session, SYSTEM, school, row, DecisionChoice.SHARED, now=clock.now())
            decisions.decide(session, SYSTEM, school, row, DecisionChoice.KEEP, now=clock.now())
    assert "Something before." in press.text("alder-primary")


def test_a_trust_publishes_no_words_that_one_of_its_schools_cannot_fill(press, database):
    with database.transaction() as session:
        birch = press.school(session, "birch-academy")
        with tenant_scope(session, birch.id):
            record_facts(session, birch, {"school.short_name": ""}, now=clock.now(), recorded_by=None)
    with pytest.raises(Invalid, match=r"Birch Academy: .*short name is missing; the school can fill it in"):
        press.adapt("rowan", HELD, lambda text: f"{text}\n\nCall {{{{ school.short_name }}}}.")


def test_work_in_the_background_says_how_far_it_is(press, database):
    press.adapt("alder-primary", HELD, add)
    press.settle()
    press.release("2027-01", {"limits.minimise": add})
    work = NoticeWork(database, size=1)
    seen = []
    while work.step(now=clock.now()):
        with database.session() as session:
            change = session.scalars(select(NoticeChange).order_by(NoticeChange.id.desc())).first()
            seen.append((change.stage, change.done, change.total))
    schools = [(done, total) for stage, done, total in seen if stage is ChangeStage.SEALING and done]
    assert schools[0] == (1, 3)
    assert schools[-1] == (3, 3)
    merged = [(done, total) for stage, done, total in seen if stage is ChangeStage.SCHOOLS and done]
    assert merged[0][0] < merged[-1][0] == merged[-1][1]


def draft_of(session, name):
    return new_draft(session, SYSTEM, name=name, title=name, effective_at=clock.now(), now=clock.now())


def change(session, draft, key, words, **values):
    session.flush()
    row = next(one for one in draft.clauses if one.key == key)
    text = texts(session, [row.part_hash])[row.part_hash]
    clause = ClauseWords(
        key, values.get("title", row.title), words(text), values.get("reason", "Because."),
        values.get("seen", draft.version), values.get("policy", row.policy), row.review, row.confirm, tuple(row.laws),
        tuple(row.applies), row.section_key, values.get("split_from", ""),
    )  # fmt: skip
    save_clause(session, SYSTEM, draft, clause, now=clock.now())


def two_drafts(database, first, second):
    """Two drafts begun from the same wording, the first published before the second."""
    with database.transaction() as session, every_tenant(session, "tests"):
        one, two = draft_of(session, "2027-01"), draft_of(session, "2027-02")
        first(session, one)
        second(session, two)
        publish_release(session, SYSTEM, one, now=clock.now())


def test_a_draft_takes_over_what_came_out_since_it_was_begun(press, database):
    two_drafts(
        database,
        lambda s, draft: change(s, draft, "limits.minimise", lambda text: f"{text}\n\nThe first release says this."),
        lambda s, draft: change(s, draft, "sources.where", lambda text: f"{text}\n\nThe second release says that."),
    )
    with database.session() as session, every_tenant(session, "tests"):
        plan = plan_release(session, release_named(session, "2027-02"), now=clock.now())
    assert list(plan.changed) == ["sources.where"]
    with database.transaction() as session, every_tenant(session, "tests"):
        publish_release(session, SYSTEM, release_named(session, "2027-02"), now=clock.now())
    text = press.text("alder-primary")
    assert "The first release says this." in text
    assert "The second release says that." in text


def test_a_clause_that_two_drafts_changed_is_named_and_both_changes_are_merged(press, database):
    two_drafts(
        database,
        lambda s, draft: change(s, draft, HELD, lambda text: f"The first release says this.\n\n{text}"),
        lambda s, draft: change(s, draft, HELD, lambda text: f"{text}\n\nThe second release says that."),
    )
    title = next(one.title for one in press.notice("alder-primary").composed.clauses if one.key == HELD)
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "2027-02")
        with pytest.raises(Invalid, match=title):
            publish_release(session, SYSTEM, draft, now=clock.now())
        assert bring_up_to_date(session, SYSTEM, draft, now=clock.now()) == []
        publish_release(session, SYSTEM, draft, now=clock.now())
    text = press.text("alder-primary")
    assert "The first release says this." in text
    assert "The second release says that." in text


def test_two_drafts_that_change_one_sentence_need_a_person(press, database):
    def put_first(line):
        return lambda session, draft: change(session, draft, HELD, lambda text: text.replace(text.split("\n")[0], line))

    two_drafts(database, put_first("The first line of one."), put_first("The first line of another."))
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "2027-02")
        assert len(bring_up_to_date(session, SYSTEM, draft, now=clock.now())) == 1
        with pytest.raises(Invalid, match="Give a reason"):
            publish_release(session, SYSTEM, draft, now=clock.now())
        change(session, draft, HELD, lambda text: text, reason="Better than before.")
        publish_release(session, SYSTEM, draft, now=clock.now())
    assert "The first line of another." in press.text("alder-primary")


def test_withdrawn_wording_does_not_come_back_with_a_draft_made_from_it(press, database):
    press.release("2027-01", {HELD: add})
    with database.transaction() as session, every_tenant(session, "tests"):
        change(session, draft_of(session, "2027-02"), "limits.minimise", lambda text: f"{text}\n\nMore.")
        withdraw_release(session, SYSTEM, release_named(session, "2027-01"), now=clock.now())
        publish_release(session, SYSTEM, release_named(session, "2027-02"), now=clock.now())
    assert SENTENCE not in press.text("alder-primary")
    assert "More." in press.text("alder-primary")


def test_another_clause_that_a_colleague_saved_is_no_conflict(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        seen = draft.version
        change(session, draft, "limits.minimise", lambda text: f"{text}\n\nMore.")
        change(session, draft, HELD, add, seen=seen)


@pytest.mark.parametrize("what", [{"title": "Another title"}, {"policy": "locked"}, {"reason": "Another reason."}])
def test_nothing_about_a_clause_is_saved_over_a_colleagues_change(press, database, what):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        seen = draft.version
        change(session, draft, "limits.research", lambda text: text, title="Title of a colleague")
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = release_named(session, "2027-01")
        with pytest.raises(Conflict) as found:
            change(session, draft, "limits.research", lambda text: text, **{"title": "My title", "seen": seen, **what})
        assert "Title of a colleague" in found.value.theirs


def test_a_clause_goes_only_with_a_reason(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        draft.reason = "A reason for everything is none."
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now())
        with pytest.raises(Invalid, match="Who tells us"):
            publish_release(session, SYSTEM, draft, now=clock.now())
        retire_clause(session, SYSTEM, draft, "sources.where", now=clock.now(), reason="Said elsewhere.")
        publish_release(session, SYSTEM, draft, now=clock.now())


@pytest.mark.parametrize("what", [{"title": "Another title"}, {"policy": "locked"}, {}])
def test_every_change_has_a_reason_of_its_own(press, database, what):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        draft.reason = "A reason for everything is none."
        words = (lambda text: text) if what else add
        change(session, draft, "limits.research", words, reason="", **what)
        with pytest.raises(Invalid, match="Give a reason"):
            publish_release(session, SYSTEM, draft, now=clock.now())
        change(session, draft, "limits.research", lambda text: text, **what)
        publish_release(session, SYSTEM, draft, now=clock.now())


def test_a_clause_moves_only_with_a_reason(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        move = {"section": "limits", "after": "", "now": clock.now()}
        move_clause(session, SYSTEM, draft, "limits.sale", **move)
        with pytest.raises(Invalid, match="stands in another place"):
            publish_release(session, SYSTEM, draft, now=clock.now())
        move_clause(session, SYSTEM, draft, "limits.sale", **move, reason="It is asked most.")
        publish_release(session, SYSTEM, draft, now=clock.now())


def test_a_clause_stays_where_it_is_when_its_new_neighbour_is_none(press, database):
    """The neighbour may have been retired meanwhile, or be the clause itself: it does not jump to the top."""
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        before = {row.key: row.position for row in draft.clauses}
        with pytest.raises(NotFound):
            move_clause(session, SYSTEM, draft, HELD, section="information", after="no.such", now=clock.now())
        move_clause(session, SYSTEM, draft, HELD, section="information", after=HELD, now=clock.now())
        assert {row.key: row.position for row in draft.clauses} == before


def test_a_clause_is_split_only_from_one_that_there_is(press, database):
    with database.transaction() as session, every_tenant(session, "tests"):
        draft = draft_of(session, "2027-01")
        words = ClauseWords("about.part", "Part", "Part.", "x", draft.version, section="about", split_from="no.such")
        with pytest.raises(Invalid, match=r"no clause no\.such to split"):
            save_clause(session, SYSTEM, draft, words, now=clock.now())


def test_merged_texts_are_read_first_where_that_is_asked_for(press, database, actor, session):
    cal = actor("cal")
    session.rollback()
    with database.transaction() as writing:
        school = press.school(writing, "st-thomas-of-canterbury")
        with tenant_scope(writing, school.id):
            prefer(writing, SYSTEM, school, PreferenceKind.ASK, now=clock.now())
    press.adapt("st-thomas-of-canterbury", HELD, lambda text: f"Something before.\n\n{text}")
    press.release("2027-01", {HELD: add}, publishes=False)
    with database.transaction() as writing, every_tenant(writing, "tests"):
        draft = release_named(writing, "2027-01")
        with pytest.raises(Unread):
            publish_release(writing, cal, draft, now=clock.now(), must_be_read=True)
        ((line, schools, is_read),) = distinct_merges(writing, plan_release(writing, draft, now=clock.now()))
        assert (line.slug, schools, is_read) == ("st-thomas-of-canterbury", 1, False), "also where a yes comes first"
        mark_merge_read(writing, cal, line, now=clock.now())
        assert publish_release(writing, cal, draft, now=clock.now(), must_be_read=True) is not None
