"""The rule of one month: what moves the date, what does not, and what is too late."""

from datetime import date, timedelta

import pytest

from portal.casework.clock.law import DUAA
from portal.casework.rules import EXTENDABLE, ClockKind, Waiting, explain, if_clarified_today
from portal.core.errors import Invalid
from portal.core.working_days import england_and_wales

CALENDAR = england_and_wales()


def day(text):
    return date.fromisoformat(text)


def read(kind, received, *, calendar=CALENDAR, **events):
    received = received if isinstance(received, date) else day(received)
    return explain(ClockKind(kind), received, calendar=calendar, **events)


def later(start, days):
    return start + timedelta(days=days)


def exchange(asked, answered=None):
    return day(asked), answered and day(answered)


# --- clarification ----------------------------------------------------------------------------------------------------


def test_an_open_question_stops_the_clock():
    reading = read("access", "2026-11-02", clarifications=[exchange("2026-11-05")])
    assert (reading.due, reading.aim_for, reading.notice_by) == (None, None, None)
    assert reading.waiting is Waiting.CLARIFICATION
    assert reading.days_left == 28  # 5 November to 2 December


def test_days_on_which_two_questions_were_open_count_once():
    both = read(
        "access",
        "2026-11-02",
        clarifications=[exchange("2026-11-05", "2026-11-12"), exchange("2026-11-10", "2026-11-16")],
    )
    one = read("access", "2026-11-02", clarifications=[exchange("2026-11-05", "2026-11-16")])
    assert both.due == one.due == day("2026-12-14")


def test_the_same_question_recorded_twice_counts_once():
    once = [exchange("2026-11-05", "2026-11-12")]
    assert (
        read("access", "2026-11-02", clarifications=once * 2).due
        == read("access", "2026-11-02", clarifications=once).due
    )


def test_a_second_question_asked_while_time_was_still_left_counts_too():
    answered_late = [exchange("2026-11-30", "2026-12-10"), exchange("2026-12-13", "2026-12-14")]
    assert read("access", "2026-11-02", clarifications=answered_late).due == day("2026-12-15")


def test_a_question_moves_the_notice_of_an_extension_too():
    reading = read("access", "2026-11-02", clarifications=[exchange("2026-11-05", "2026-11-12")])
    assert reading.notice_by == day("2026-12-10")


def test_a_question_in_the_extended_time_moves_the_answer_but_not_the_notice():
    events = {"extended_on": day("2026-11-20"), "clarifications": [exchange("2027-01-04", "2027-01-08")]}
    reading = read("access", "2026-11-02", **events)
    assert reading.notice_by == day("2026-12-02")
    assert reading.due == day("2027-02-08")  # Tue 2 February and five days, rolled over from Sunday 7


@pytest.mark.parametrize("asked", ["2026-12-26", "2026-12-29", "2027-03-01"])
def test_a_question_after_the_time_has_run_out_moves_nothing(asked):
    late = read("access", "2026-11-25", clarifications=[exchange(asked)])
    assert late.due == read("access", "2026-11-25").due
    assert "too late" in late.text


def test_a_question_on_the_last_day_still_stops_the_clock():
    assert read("access", "2026-11-30", clarifications=[exchange("2026-12-30")]).days_left == 1


def test_a_question_answered_before_the_clock_started_moves_nothing():
    identity = exchange("2026-11-22", "2026-12-02")
    reading = read("access", "2026-11-22", identity=identity, clarifications=[exchange("2026-11-23", "2026-11-27")])
    assert reading.due == read("access", "2026-11-22", identity=identity).due


@pytest.mark.parametrize("kind", [kind for kind in ClockKind if kind is not ClockKind.ACCESS])
def test_a_question_about_any_other_request_moves_nothing_and_says_so(kind):
    asked = read(kind, "2026-11-02", clarifications=[exchange("2026-11-05")])
    assert asked.due == read(kind, "2026-11-02").due
    assert "does not move the date" in asked.steps[-3 if kind in EXTENDABLE else -1].text


def test_a_request_from_before_the_law_keeps_its_date():
    question = [exchange("2026-02-06", "2026-02-10")]
    assert read("access", later(DUAA, -1), clarifications=question).due == day("2026-03-04")
    assert read("access", DUAA, clarifications=question).due == day("2026-03-10")


# --- identity ---------------------------------------------------------------------------------------------------------


def test_without_the_evidence_asked_for_the_clock_has_not_started():
    reading = read("erasure", "2026-11-22", identity=exchange("2026-11-23"))
    assert (reading.due, reading.start, reading.waiting) == (None, None, Waiting.IDENTITY)


def test_evidence_that_comes_the_same_day_changes_nothing():
    same_day = exchange("2026-11-25", "2026-11-25")
    assert read("access", "2026-11-25", identity=same_day).due == read("access", "2026-11-25").due


def test_evidence_asked_for_after_the_time_has_run_out_is_too_late():
    reading = read("access", "2026-11-25", identity=exchange("2027-01-04"))
    assert reading.due == day("2026-12-29")
    assert reading.start == day("2026-11-25")


@pytest.mark.parametrize("kind", ["record", "foi", "complaint", "breach", "withdrawal"])
def test_identity_is_no_reason_to_wait_where_the_law_does_not_say_so(kind):
    assert read(kind, "2026-11-02", identity=exchange("2026-11-03")).due == read(kind, "2026-11-02").due


# --- extension --------------------------------------------------------------------------------------------------------


def test_an_extension_counts_from_the_start_and_not_from_a_rolled_over_date():
    assert read("access", "2026-11-28", extended_on=day("2026-12-01")).due == day("2027-03-01")


@pytest.mark.parametrize(("told", "is_in_time"), [("2026-12-25", True), ("2026-12-26", False), ("2026-12-29", False)])
def test_the_notice_of_an_extension_does_not_wait_for_a_working_day(told, is_in_time):
    if is_in_time:
        assert read("access", "2026-11-25", extended_on=day(told)).due == day("2027-02-25")
    else:
        with pytest.raises(Invalid, match="had to be told by Fri 25 Dec 2026"):
            read("access", "2026-11-25", extended_on=day(told))


def test_an_extension_during_a_pause_is_in_time():
    reading = read("access", "2026-11-02", clarifications=[exchange("2026-11-05")], extended_on=day("2027-01-20"))
    assert reading.due is None
    assert "in time" in reading.text


@pytest.mark.parametrize("kind", sorted(set(ClockKind) - EXTENDABLE))
def test_what_the_law_does_not_extend_cannot_be_extended(kind):
    with pytest.raises(Invalid, match="cannot be extended"):
        read(kind, "2026-11-02", extended_on=day("2026-11-10"))


# --- looking ahead ----------------------------------------------------------------------------------------------------


def ahead(kind, received, today, **events):
    return if_clarified_today(ClockKind(kind), day(received), day(today), calendar=CALENDAR, **events)


def test_asking_today_says_what_a_week_of_waiting_would_do():
    forecast = ahead("access", "2026-11-02", "2026-11-05")
    assert forecast.stops_the_clock
    assert forecast.due_then == read("access", "2026-11-02", clarifications=[exchange("2026-11-05", "2026-11-12")]).due
    assert "with 28 days left" in forecast.step.text
    assert "from Wed 2 Dec 2026 to Thu 10 Dec 2026" in forecast.step.text


@pytest.mark.parametrize(
    ("kind", "today", "events", "reason"),
    [
        ("erasure", "2026-11-05", {}, "would not move the date"),
        ("foi", "2026-11-05", {}, "would not move the date"),
        ("access", "2026-12-03", {}, "time has run out"),
        ("access", "2026-11-10", {"clarifications": [exchange("2026-11-05")]}, "already standing still"),
        ("access", "2026-11-10", {"identity": exchange("2026-11-05")}, "has not started"),
    ],
)
def test_asking_today_may_do_nothing_and_says_why(kind, today, events, reason):
    forecast = ahead(kind, "2026-11-02", today, **events)
    assert not forecast.stops_the_clock
    assert reason in forecast.step.text


def test_asking_before_the_request_came_is_refused():
    with pytest.raises(Invalid):
        ahead("access", "2026-11-02", "2026-11-01")
