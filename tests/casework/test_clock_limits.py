"""The other limits: complaints, breaches, school days, and requests that cannot be."""

from datetime import UTC, date, datetime, timedelta

import pytest

from portal.casework.clock.law import COMPLAINTS
from portal.casework.rules import ClockKind, explain, milestones
from portal.core.errors import Invalid
from portal.core.working_days import england_and_wales
from portal.tenancy.models import SchoolLaw

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


# --- the other clocks -------------------------------------------------------------------------------------------------


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


# --- school days ------------------------------------------------------------------------------------------------------


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


# --- what cannot be ---------------------------------------------------------------------------------------------------


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


# --- the service's own dates ----------------------------------------------------------------------------------------


def test_the_services_own_dates_are_working_days_before_the_answer():
    dates = milestones(day("2026-12-29"), papers=10, back=3, calendar=CALENDAR)
    assert (dates.papers_to_dpo, dates.back_from_dpo) == (day("2026-12-11"), day("2026-12-22"))


def test_papers_cannot_come_back_before_they_go():
    with pytest.raises(Invalid):
        milestones(day("2026-12-29"), papers=3, back=10, calendar=CALENDAR)
