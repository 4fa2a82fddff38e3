"""What stands in a case is explained, never refused: schools convert, answers come late, questions are asked twice."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal.casework.actions import add_note, change_kind, close, limit
from portal.casework.correspondence import (
    may_send,
    record_clarification,
    record_identity,
    reopen_question,
    write_to_requester,
)
from portal.casework.letters import LetterKind, suggest
from portal.casework.models import CaseEvent, CaseKind, EventKind
from portal.casework.progress import add_event, calendar_of, events_of, read_clock, refresh_dates
from portal.casework.requester import requester_of, write_to_school
from portal.casework.rules import ClockKind, explain
from portal.casework.staff_view import staff_case
from portal.core import clock
from portal.core.errors import Conflict, Invalid
from portal.core.working_days import england_and_wales
from portal.tenancy.models import SchoolLaw

NOW = clock.now()
TODAY = clock.today()


@pytest.fixture
def write(everywhere, actor, sender):
    def send(case, kind=LetterKind.MESSAGE, body="These are our own words.", key="w" * 20, seen=None, **more):
        seen = case.last_sequence if seen is None else seen
        write_to_requester(
            everywhere, actor("asha"), case, body, kind=kind, seen=seen, key=key, sender=sender, now=NOW, **more
        )

    return send


def test_a_school_that_becomes_an_academy_keeps_the_dates_of_the_record_it_was_asked_for(everywhere, ask, school):
    case = ask(kind=CaseKind.RECORD).case
    due = case.due_on
    school("alder-primary").law = SchoolLaw.ACADEMY
    everywhere.flush()
    assert read_clock(everywhere, case).due == due
    refresh_dates(everywhere, case)
    with pytest.raises(Invalid):
        ask(kind=CaseKind.RECORD, requester_name="A Later Parent")


def test_proof_that_was_asked_for_again_starts_no_new_month(everywhere, ask, actor, write):
    case = ask(received_at=NOW - timedelta(days=50)).case
    asked = TODAY - timedelta(days=49)
    add_event(everywhere, case, EventKind.IDENTITY_ASKED, now=NOW, day=asked)
    record_identity(everywhere, actor("asha"), case, asked + timedelta(days=2), now=NOW)
    due = case.due_on
    assert not may_send(case, LetterKind.IDENTITY, events_of(everywhere, case))
    with pytest.raises(Invalid):
        write(case, LetterKind.IDENTITY)
    add_event(everywhere, case, EventKind.IDENTITY_ASKED, now=NOW, day=TODAY)
    refresh_dates(everywhere, case)
    assert case.due_on == due, "an ask that slipped in counts for nothing"


def test_an_extension_that_turns_out_too_late_is_explained_and_adds_nothing():
    received, calendar = date(2026, 11, 2), england_and_wales()
    facts = {"calendar": calendar, "clarifications": [(date(2026, 11, 5), date(2026, 11, 12))]}
    plain = explain(ClockKind.ACCESS, received, **facts)
    with pytest.raises(Invalid):
        explain(ClockKind.ACCESS, received, extended_on=date(2026, 12, 20), **facts)
    settled = explain(ClockKind.ACCESS, received, extended_on=date(2026, 12, 20), is_settled=True, **facts)
    assert settled.due == plain.due
    assert "too late" in settled.text


def test_an_answer_that_makes_an_extension_late_can_be_recorded(everywhere, ask, actor):
    case = ask(received_at=NOW - timedelta(days=55)).case
    start = TODAY - timedelta(days=55)
    add_event(everywhere, case, EventKind.CLARIFICATION_ASKED, now=NOW, day=start + timedelta(days=3))
    add_event(everywhere, case, EventKind.EXTENDED, now=NOW, day=TODAY - timedelta(days=1))
    refresh_dates(everywhere, case)
    record_clarification(everywhere, actor("asha"), case, start + timedelta(days=9), now=NOW)
    assert case.due_on is not None
    assert case.due_on < start + timedelta(days=80)


def test_a_reply_that_is_no_answer_can_be_said_to_be_none(everywhere, ask, actor, sender, write):
    case = ask(received_at=NOW - timedelta(days=3)).case
    write(case, LetterKind.CLARIFICATION, reason="There are 9,000 e-mails.")
    assert case.due_on is None
    write_to_school(
        everywhere, requester_of(case), case, "Thanks, I will answer next week.", key="r" * 20, sender=sender, now=NOW
    )  # fmt: skip
    assert case.due_on is not None
    assert staff_case(everywhere, actor("asha"), case, now=NOW).may_reopen_question
    reopen_question(everywhere, actor("asha"), case, now=NOW)
    assert case.due_on is None, "the clock stands still as before"
    with pytest.raises(Invalid):
        reopen_question(everywhere, actor("asha"), case, now=NOW)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (LetterKind.EXTENSION, None),
        (LetterKind.EXTENSION, "Dear Priya,\n\nThe reason is:\n\nAlder"),
        (LetterKind.MESSAGE, None),
        (LetterKind.PROGRESS, None),
    ],
)
def test_a_letter_with_a_place_left_open_is_not_sent(everywhere, ask, school, write, kind, body):
    case = ask().case
    with pytest.raises(Invalid, match=r"\["):
        write(case, kind, body or suggest(kind, case, school("alder-primary")))
    assert not [event for event in events_of(everywhere, case) if event.kind is EventKind.EXTENDED]


def test_the_same_letter_again_changes_nothing_even_after_an_answer_came(everywhere, ask, sender, write):
    case = ask().case
    seen = case.last_sequence
    write(case, body="We have begun.", seen=seen)
    write_to_school(everywhere, requester_of(case), case, "Thank you.", key="r" * 20, sender=sender, now=NOW)
    before = case.last_sequence
    write(case, body="We have begun.", seen=seen)
    assert case.last_sequence == before
    with pytest.raises(Conflict):
        write(case, body="We have begun.", seen=seen, kind=LetterKind.PROGRESS)


def test_a_note_under_the_same_key_that_says_something_else_is_refused(everywhere, ask, actor, sender):
    case, ben = ask().case, actor("ben")
    options = {"key": "n" * 20, "sender": sender, "now": NOW}
    add_note(everywhere, ben, case, "Please look.", hands_over=False, **options)
    with pytest.raises(Conflict):
        add_note(everywhere, ben, case, "Please look.", hands_over=True, **options)


def test_a_complaint_about_the_head_is_linked_to_nothing_the_head_can_open(everywhere, ask, actor):
    first = ask(kind=CaseKind.COMPLAINT).case
    limited = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case
    events = everywhere.scalars(select(CaseEvent).where(CaseEvent.kind == EventKind.LINKED)).all()
    assert [event for event in events if event.case_id in {first.id, limited.id}] == []


def test_a_link_to_a_case_that_was_limited_later_is_not_shown_to_others(everywhere, ask, actor):
    first = ask().case
    second = ask().case
    everywhere.flush()

    def shown():
        return str([each.values for each in staff_case(everywhere, actor("ben"), first, now=NOW).happenings])

    assert second.reference in shown()
    second.is_limited = True
    everywhere.flush()
    assert second.reference not in shown()


def test_names_and_addresses_are_compared_without_regard_to_capitals(everywhere, ask):
    first = ask(requester_name="Priya Shah", email="Priya.Shah@Example.org").case
    second = ask(requester_name="PRIYA SHAH", email="priya.shah@example.org").case
    linked = everywhere.scalars(select(CaseEvent).where(CaseEvent.kind == EventKind.LINKED)).all()
    assert {event.case_id for event in linked} >= {first.id, second.id}


def test_a_limited_case_that_nobody_at_school_may_answer_says_so(everywhere, ask, actor, school):
    devi = actor("devi")
    case = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case
    assert staff_case(everywhere, devi, case, now=NOW).needs_somebody
    limit(everywhere, devi, case, {actor("ben").person_id}, now=NOW)
    assert not staff_case(everywhere, devi, case, now=NOW).needs_somebody
    assert not staff_case(everywhere, devi, ask().case, now=NOW).needs_somebody


def test_a_confidential_question_of_a_parent_is_the_dpos_alone(everywhere, ask, actor, school):
    opened = ask(kind=CaseKind.QUESTION, is_confidential=True, details="Is the head allowed to read my e-mails?")
    assert opened.case.tenant_id != school("alder-primary").id
    kept = ask(kind=CaseKind.ACCESS, is_confidential=True).case
    assert kept.tenant_id == school("alder-primary").id, "only a question can be"


def test_a_right_can_be_used_for_another_kind_only_where_the_law_gives_it(everywhere, ask, actor, school):
    case = ask("birch-academy").case
    with pytest.raises(Invalid):
        change_kind(everywhere, actor("tom"), case, CaseKind.RECORD, now=NOW)


def test_the_kind_can_be_put_right_after_an_extension_which_then_adds_nothing(everywhere, ask, actor, school):
    case = ask().case
    with_letter = case.due_on
    add_event(everywhere, case, EventKind.EXTENDED, now=NOW, day=TODAY)
    change_kind(everywhere, actor("ben"), case, CaseKind.FOI, now=NOW)
    reading = read_clock(everywhere, case)
    assert reading.due == explain(
        ClockKind.FOI, NOW, calendar=calendar_of(everywhere, case.tenant_id), is_settled=True
    ).due  # fmt: skip
    assert "so it adds nothing" in reading.text
    change_kind(everywhere, actor("ben"), case, CaseKind.ACCESS, now=NOW)
    assert case.due_on > with_letter, "the letter counts again"


def test_freedom_of_information_takes_the_earlier_date_where_the_terms_end(everywhere):
    terms = [(date(2027, 9, 2), date(2027, 10, 22))]
    calendar = england_and_wales(terms=terms)
    received = date(2027, 10, 20)
    told = explain(ClockKind.FOI, received, calendar=calendar, is_settled=True)
    assert told.due == told.aim_for
    assert told.due < explain(ClockKind.FOI, received, calendar=calendar).due


def test_closing_with_an_answer_nobody_wrote_is_refused(everywhere, ask, actor, sender, school):
    case = ask().case
    body = suggest(LetterKind.OUTCOME, case, school("alder-primary"))
    with pytest.raises(Invalid):
        close(
            everywhere, actor("asha"), case, "met", body, seen=case.last_sequence, key="c" * 20, sender=sender, now=NOW
        )  # fmt: skip
