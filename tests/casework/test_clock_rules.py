"""What moves a date, what does not, and what is refused."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from portal.casework.clock.law import COMPLAINTS, DUAA, LAWS, Rule, in_force
from portal.casework.rules import EXTENDABLE, ClockKind, Waiting, explain, if_clarified_today, milestones
from portal.core.errors import Invalid
from portal.core.working_days import england_and_wales
from portal.tenancy.models import SchoolLaw

CALENDAR = england_and_wales()
FAR_DAYS = st.dates(date(2026, 2, 5), date(2040, 12, 31))
A_FEW_DAYS = st.integers(0, 25)


def day(text):
    return date.fromisoformat(text)


def read(kind, received, *, calendar=CALENDAR, **events):
    return explain(
        ClockKind(kind), received if isinstance(received, date) else day(received), calendar=calendar, **events
    )


def later(start, days):
    return date.fromordinal(start.toordinal() + days)


def exchange(asked, answered=None):
    return day(asked), answered and day(answered)


# --- clarification ---------------------------------------------------------------------------------------------------


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


# --- identity --------------------------------------------------------------------------------------------------------


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


# --- extension -------------------------------------------------------------------------------------------------------


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


# --- the other clocks ------------------------------------------------------------------------------------------------


def test_a_complaint_from_before_the_duty_has_a_date_that_is_called_good_practice():
    before = read("complaint", later(COMPLAINTS, -1))
    assert before.due == day("2026-07-20")
    assert "good practice" in before.text
    assert "good practice" not in read("complaint", COMPLAINTS).text


def test_an_hour_of_the_night_in_summer_belongs_to_the_new_day():
    received = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # 00:30 on 1 July in London
    assert read("access", received).due == read("access", "2026-07-01").due


@pytest.mark.parametrize(
    ("aware", "due"),
    [
        ("2026-11-25T16:30+00:00", "2026-11-28T16:30:00+00:00"),
        ("2026-03-27T16:30+00:00", "2026-03-30T17:30:00+01:00"),
        ("2026-10-23T16:30+01:00", "2026-10-26T15:30:00+00:00"),
        ("2026-12-24T15:00+00:00", "2026-12-27T15:00:00+00:00"),
    ],
    ids=["over a weekend", "clocks go forward", "clocks go back", "over Christmas"],
)
def test_a_breach_has_seventy_two_hours_whatever_the_clocks_and_the_calendar_do(aware, due):
    assert read("breach", datetime.fromisoformat(aware)).due.isoformat() == due


def test_a_breach_without_a_time_counts_from_midnight_to_be_safe():
    reading = read("breach", "2026-11-25")
    assert reading.due.isoformat() == "2026-11-28T00:00:00+00:00"
    assert "No time of day was given" in reading.text


def test_withdrawn_consent_is_acted_on_at_once():
    assert read("withdrawal", "2026-11-25").due == day("2026-11-25")
    assert read("withdrawal", "2026-12-25").due == day("2026-12-29")
    assert read("withdrawal", "2026-12-25").aim_for == day("2026-12-25")


def test_where_the_law_sets_no_time_the_service_says_its_own():
    reading = read("question", "2026-11-25", service_days=3)
    assert reading.due == day("2026-11-30")
    assert reading.steps[0].source == "Our own service standard, not law"


# --- school days -----------------------------------------------------------------------------------------------------

SHORT_YEAR = [(day("2026-09-02"), day("2026-12-11"))]
LONG_CLOSURE = [*SHORT_YEAR, (day("2027-04-12"), day("2027-07-20"))]


def test_a_school_closed_for_more_than_forty_working_days_answers_in_sixty():
    reading = read("foi", "2026-12-10", calendar=england_and_wales(terms=LONG_CLOSURE))
    assert reading.due == reading.aim_for == day("2027-03-09")
    assert "fewer than 20 school days" in reading.text


def test_an_inset_day_is_not_counted():
    terms = [(day("2026-11-02"), day("2026-12-18"))]
    reading = read("record", "2026-11-02", calendar=england_and_wales(terms=terms, inset_days=[day("2026-11-20")]))
    assert reading.due == day("2026-11-24")


def test_a_record_asked_for_in_summer_waits_for_september():
    reading = read("record", "2026-08-10", calendar=england_and_wales(terms=SHORT_YEAR))
    assert reading.due == day("2026-09-22")
    assert len(reading.steps) == 2


def test_without_term_dates_the_date_is_the_earliest_it_can_be_and_says_so():
    reading = read("record", "2026-12-10")
    assert reading.due == day("2027-01-05")
    assert "No term dates are known" in reading.text


def test_when_the_known_terms_run_out_the_record_has_the_earliest_date():
    reading = read("record", "2026-12-10", calendar=england_and_wales(terms=SHORT_YEAR))
    assert reading.due == day("2027-01-05")
    assert "enter the missing term dates" in reading.text


def test_when_the_known_terms_run_out_freedom_of_information_has_a_last_and_an_earliest_date():
    reading = read("foi", "2026-12-10", calendar=england_and_wales(terms=SHORT_YEAR))
    assert (reading.due, reading.aim_for) == (day("2027-03-09"), day("2027-01-12"))
    assert "Enter the missing term dates" in reading.text


@pytest.mark.parametrize("law", [SchoolLaw.ACADEMY, SchoolLaw.INDEPENDENT])
def test_the_educational_record_is_no_right_at_an_academy(law):
    with pytest.raises(Invalid, match="maintained schools and non-maintained special schools"):
        read("record", "2026-11-02", school_law=law)


@pytest.mark.parametrize("law", [SchoolLaw.MAINTAINED, SchoolLaw.SPECIAL])
def test_the_educational_record_is_a_right_at_maintained_and_special_schools(law):
    assert read("record", "2026-11-02", school_law=law).due == day("2026-11-23")


def test_freedom_of_information_reaches_academies_but_not_independent_schools():
    assert read("foi", "2026-11-02", school_law=SchoolLaw.ACADEMY).due
    with pytest.raises(Invalid, match="Freedom of Information"):
        read("foi", "2026-11-02", school_law=SchoolLaw.INDEPENDENT)


# --- what cannot be --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ({"clarifications": [exchange("2026-11-01")]}, "the request came on Mon 2 Nov 2026"),
        ({"clarifications": [exchange("2026-11-12", "2026-11-05")]}, "we asked for it on Thu 12 Nov 2026"),
        ({"identity": exchange("2026-11-01")}, "the request came on Mon 2 Nov 2026"),
        ({"identity": exchange("2026-11-12", "2026-11-05")}, "we asked for it on Thu 12 Nov 2026"),
        ({"extended_on": day("2026-11-01")}, "the request came on Mon 2 Nov 2026"),
        ({"clarifications": [exchange("2026-11-12", "2226-11-12")]}, "12 Nov 2226 is outside"),
    ],
    ids=[
        "asked too early",
        "answered too early",
        "identity too early",
        "evidence too early",
        "extended early",
        "typing slip",
    ],
)
def test_dates_in_an_impossible_order_are_refused_with_a_sentence(events, reason):
    with pytest.raises(Invalid, match=reason):
        read("access", "2026-11-02", **events)


@pytest.mark.parametrize("received", ["2018-05-24", "1026-11-25", "2100-01-01"])
def test_dates_no_request_can_have_are_refused(received):
    with pytest.raises(Invalid, match="25 May 2018 to Thu 31 Dec 2099"):
        read("access", received)


# --- looking ahead ---------------------------------------------------------------------------------------------------


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


def test_the_services_own_dates_are_working_days_before_the_answer():
    dates = milestones(day("2026-12-29"), papers=10, back=3, calendar=CALENDAR)
    assert (dates.papers_to_dpo, dates.back_from_dpo) == (day("2026-12-11"), day("2026-12-22"))


def test_papers_cannot_come_back_before_they_go():
    with pytest.raises(Invalid):
        milestones(day("2026-12-29"), papers=3, back=10, calendar=CALENDAR)


# --- the law as data -------------------------------------------------------------------------------------------------


def test_every_rule_has_its_law():
    assert {law.rule for law in LAWS} == set(Rule)
    assert all(law.source for law in LAWS)


def test_a_rule_changes_on_one_day_only():
    assert len({(law.rule, law.since) for law in LAWS}) == len(LAWS)


def test_the_law_of_a_day_is_the_newest_one_by_then():
    assert in_force(Rule.PAUSE, later(DUAA, -1)) is None
    assert in_force(Rule.MONTH, later(DUAA, -1)).source.startswith("UK GDPR Art 12(3)")
    assert "12A" in in_force(Rule.MONTH, DUAA).source


# --- whatever the dates ----------------------------------------------------------------------------------------------


@given(FAR_DAYS, st.sampled_from(sorted(ClockKind)))
def test_every_answer_is_due_on_a_day_when_somebody_works(received, kind):
    assume(kind is not ClockKind.BREACH)
    reading = read(kind, received)
    assert CALENDAR.is_working_day(reading.due)
    assert received <= reading.aim_for <= reading.due


@given(FAR_DAYS, st.sampled_from(sorted(set(ClockKind) - {ClockKind.BREACH})))
def test_a_later_request_is_never_due_earlier(received, kind):
    assert read(kind, later(received, 1)).due >= read(kind, received).due


@given(FAR_DAYS, A_FEW_DAYS, A_FEW_DAYS, A_FEW_DAYS)
def test_a_later_answer_to_our_question_never_makes_the_date_earlier(received, wait, length, more):
    asked = later(received, wait)
    short, long = (
        read("access", received, clarifications=[(asked, later(asked, days))]) for days in (length, length + more)
    )
    assert read("access", received).due <= short.due <= long.due
    assert short.notice_by <= long.notice_by


@given(FAR_DAYS, st.lists(st.tuples(A_FEW_DAYS, A_FEW_DAYS), max_size=4), st.randoms())
def test_the_order_in_which_questions_were_written_down_does_not_matter(received, questions, chance):
    exchanges = [(later(received, wait), later(received, wait + length)) for wait, length in questions]
    shuffled = chance.sample(exchanges, len(exchanges))
    assert (
        read("access", received, clarifications=exchanges).due == read("access", received, clarifications=shuffled).due
    )


@given(FAR_DAYS, A_FEW_DAYS)
def test_an_extension_never_makes_the_date_earlier(received, wait):
    assert read("access", received, extended_on=later(received, wait)).due > read("access", received).due


@given(FAR_DAYS, st.integers(0, 60))
def test_a_proclaimed_holiday_never_makes_a_date_earlier(received, wait):
    calendar = england_and_wales(extra=[later(received, wait)])
    for kind in ("access", "complaint", "foi", "record"):
        assert read(kind, received, calendar=calendar).due >= read(kind, received).due
