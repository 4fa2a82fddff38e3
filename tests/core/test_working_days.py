"""Working days, school days and months, against the published holidays and a second library."""

from calendar import monthrange
from datetime import date, timedelta

import holidays
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.core.errors import Invalid
from portal.core.working_days import (
    Calendar,
    add_months,
    announced_bank_holidays,
    bank_holidays_until,
    computed_bank_holidays,
    england_and_wales,
)

ENGLAND = england_and_wales()
DAYS = st.dates(date(2019, 1, 1), date(2080, 12, 31))
TERMS = (
    (date(2026, 9, 2), date(2026, 10, 23)),
    (date(2026, 11, 2), date(2026, 12, 18)),
    (date(2027, 1, 4), date(2027, 2, 12)),
)


def weekdays_off(year):
    """The second library's holidays that fall on a weekday: the others change nothing."""
    return {day for day in holidays.country_holidays("GB", subdiv="ENG", years=year) if day.weekday() < 5}


@pytest.mark.parametrize("year", [2026, 2027, 2028])
def test_the_bank_holidays_are_those_of_the_facts(year):
    facts = {
        2026: ["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"],
        2027: ["01-01", "03-26", "03-29", "05-03", "05-31", "08-30", "12-27", "12-28"],
        2028: ["01-03", "04-14", "04-17", "05-01", "05-29", "08-28", "12-25", "12-26"],
    }
    assert sorted(day.isoformat()[5:] for day in announced_bank_holidays() if day.year == year) == facts[year]


@pytest.mark.parametrize("year", range(2012, 2029))
def test_published_holidays_agree_with_a_second_library(year):
    assert {day for day in announced_bank_holidays() if day.year == year} == weekdays_off(year)


@pytest.mark.parametrize("year", range(2029, 2100))
def test_years_not_yet_published_have_their_holidays_all_the_same(year):
    assert set(computed_bank_holidays(year)) == weekdays_off(year)
    assert not ENGLAND.is_working_day(next(day for day in weekdays_off(year) if day.month == 12))


def test_the_names_of_computed_holidays_are_in_the_right_place():
    names = computed_bank_holidays(2033)  # Christmas Day is a Sunday: Boxing Day stays, Christmas is made up for
    assert names[date(2033, 12, 26)] == "Boxing Day"
    assert names[date(2033, 12, 27)] == "Christmas Day"
    assert computed_bank_holidays(2032)[date(2032, 12, 27)] == "Christmas Day"


def test_a_table_of_holidays_can_be_filled_for_years_ahead():
    table = bank_holidays_until(2035)
    assert table[date(2026, 12, 28)] == "Boxing Day"
    assert table[date(2035, 3, 23)] == "Good Friday"
    assert {day.year for day in table} == set(range(2012, 2036))


def test_a_proclaimed_holiday_is_data():
    coronation = date(2027, 5, 10)
    assert ENGLAND.is_working_day(coronation)
    assert not england_and_wales(extra=[coronation]).is_working_day(coronation)


def test_a_proclaimed_holiday_in_a_far_year_does_not_hide_the_usual_ones():
    jubilee = date(2035, 6, 4)
    calendar = england_and_wales(extra=[jubilee])
    assert calendar.is_bank_holiday(jubilee)
    assert calendar.is_bank_holiday(date(2035, 12, 25))


def test_a_holiday_can_be_moved_in_a_published_year():
    moved = Calendar(frozenset({date(2026, 5, 8), date(2026, 12, 25)}))
    assert moved.is_working_day(date(2026, 5, 4))
    assert not moved.is_working_day(date(2026, 5, 8))


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-09-03", 1, "2026-10-03"),
        ("2027-01-31", 1, "2027-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-12-31", 1, "2027-01-31"),
        ("2026-11-30", 3, "2027-02-28"),
        ("2028-02-29", 1, "2028-03-29"),
        ("2027-02-28", 12, "2028-02-28"),
    ],
)
def test_a_month_ends_on_the_corresponding_date_or_the_last_day(start, months, end):
    assert add_months(date.fromisoformat(start), months) == date.fromisoformat(end)


@given(DAYS, st.integers(0, 30))
def test_a_corresponding_date_is_never_after_the_day_it_corresponds_to(day, months):
    later = add_months(day, months)
    assert (later.year - day.year) * 12 + later.month - day.month == months
    assert later.day == min(day.day, monthrange(later.year, later.month)[1])


@given(DAYS)
def test_the_next_working_day_is_near_and_a_working_day(day):
    found = ENGLAND.next_working_day(day)
    assert ENGLAND.is_working_day(found)
    assert timedelta(0) <= found - day <= timedelta(days=5)
    assert not any(ENGLAND.is_working_day(day + timedelta(days=n)) for n in range((found - day).days))


@given(DAYS, st.integers(1, 60))
def test_working_days_there_and_back_lead_home(day, count):
    home = ENGLAND.next_working_day(day)
    assert ENGLAND.add_working_days(ENGLAND.add_working_days(home, count), -count) == home


def test_christmas_takes_four_days_out_of_the_week_it_spans():
    assert ENGLAND.add_working_days(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert ENGLAND.add_working_days(date(2026, 12, 29), -1) == date(2026, 12, 24)


@pytest.mark.parametrize(
    ("day", "is_open"),
    [
        ("2026-09-02", True),
        ("2026-09-05", False),
        ("2026-10-26", False),
        ("2026-11-27", False),
        ("2026-12-18", True),
        ("2026-12-21", False),
    ],
    ids=["first day", "Saturday", "half term", "INSET day", "last day", "Christmas holidays"],
)
def test_a_school_day_is_a_working_day_in_term_that_is_no_inset_day(day, is_open):
    school = england_and_wales(terms=TERMS, inset_days=[date(2026, 11, 27)])
    assert school.is_school_day(date.fromisoformat(day)) is is_open


def test_a_bank_holiday_in_term_is_no_school_day():
    assert not england_and_wales(terms=[(date(2026, 4, 20), date(2026, 5, 22))]).is_school_day(date(2026, 5, 4))


def test_without_term_dates_each_working_day_is_taken_for_a_school_day():
    assert ENGLAND.add_school_days(date(2026, 8, 3), 15) == ENGLAND.add_working_days(date(2026, 8, 3), 15)


def test_after_the_last_known_term_each_working_day_is_taken_for_a_school_day():
    school = england_and_wales(terms=TERMS)
    assert school.is_school_day(date(2027, 2, 15))
    assert not school.knows_terms(date(2027, 2, 15))


def test_the_summer_before_the_first_known_term_is_a_holiday_but_the_spring_before_is_unknown():
    school = england_and_wales(terms=TERMS)
    assert not school.is_school_day(date(2026, 8, 10))
    assert school.is_school_day(date(2026, 5, 20))


def test_a_term_that_ends_before_it_begins_is_refused():
    with pytest.raises(Invalid, match="2026-09-02"):
        england_and_wales(terms=[(date(2026, 9, 2), date(2026, 9, 1))])
