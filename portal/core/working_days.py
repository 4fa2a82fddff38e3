"""Days that count: working days, school days, and months by their corresponding date (England and Wales)."""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from dateutil.easter import easter
from govuk_bank_holidays.bank_holidays import BankHolidays

from portal.core.errors import Invalid

_DAY = timedelta(days=1)
_FRIDAY = 4
_LONGEST_HOLIDAY = timedelta(weeks=8)
TERM_YEARS = (2000, 2099)
"""In which years a term can lie; any other is a slip of the pen, and days would be counted up to it."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are working days, and which are days of one school.

    A year after those published, of which `bank_holidays` hold fewer than every year has, is taken as not yet
    announced: the holidays that can be computed are added, so that a far date never silently lacks them. `terms` are
    (first day, last day).
    Raises `Invalid` for a term that ends before it begins.
    """

    bank_holidays: frozenset[date]
    terms: tuple[tuple[date, date], ...] = ()
    inset_days: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        for first, last in self.terms:
            if last < first:
                raise Invalid(f"A term cannot end ({last.isoformat()}) before it begins ({first.isoformat()}).")

    def is_bank_holiday(self, day: date) -> bool:
        return day in self.bank_holidays or (
            not self._is_announced(day.year) and day in computed_bank_holidays(day.year)
        )

    def is_working_day(self, day: date) -> bool:
        return day.weekday() <= _FRIDAY and not self.is_bank_holiday(day)

    def is_school_day(self, day: date) -> bool:
        """Education Act 1996 s579(1): a day with a school session, so neither an INSET day nor a holiday.

        Where the terms do not say, any working day is taken for one: a limit counted in school days then falls on
        the earliest day it can, never too late.
        """
        if not self.is_working_day(day) or day in self.inset_days:
            return False
        return not self.knows_terms(day) or any(first <= day <= last for first, last in self.terms)

    def knows_terms(self, day: date) -> bool:
        """Whether the terms say if the school is open on `day`.

        Not after the last of them, and not before the first by more than the longest holiday a school takes.
        """
        if not self.terms:
            return False
        return min(self.terms)[0] - _LONGEST_HOLIDAY <= day <= max(last for _, last in self.terms)

    def knows_terms_between(self, start: date, end: date) -> bool:
        return self.knows_terms(start + _DAY) and self.knows_terms(end)

    def next_working_day(self, day: date) -> date:
        """`day` itself when it is a working day, else the first one after it."""
        while not self.is_working_day(day):
            day += _DAY
        return day

    def add_working_days(self, day: date, count: int) -> date:
        """The `count`-th working day after `day`; before it when `count` is negative."""
        towards = _DAY if count > 0 else -_DAY
        for _ in range(abs(count)):
            day += towards
            while not self.is_working_day(day):
                day += towards
        return day

    def add_school_days(self, day: date, count: int) -> date:
        """The `count`-th school day after `day`."""
        for _ in range(count):
            day += _DAY
            while not self.is_school_day(day):
                day += _DAY
        return day

    def _is_announced(self, year: int) -> bool:
        return year <= max(announced_bank_holidays()).year or sum(
            day.year == year for day in self.bank_holidays
        ) >= len(computed_bank_holidays(year))


def england_and_wales(
    *,
    extra: Iterable[date] = (),
    terms: Iterable[tuple[date, date]] = (),
    inset_days: Iterable[date] = (),
) -> Calendar:
    """The calendar as shipped, with `extra` holidays (such as a proclaimed one) and one school's dates."""
    return Calendar(frozenset(announced_bank_holidays()) | frozenset(extra), tuple(terms), frozenset(inset_days))


@cache
def announced_bank_holidays() -> dict[date, str]:
    """Name by day, as GOV.UK published them and the library carries them; nothing is fetched."""
    library: Any = BankHolidays
    published = library(use_cached_holidays=True).get_holidays(division=BankHolidays.ENGLAND_AND_WALES)
    return {day["date"]: day["title"] for day in published}


@cache
def computed_bank_holidays(year: int) -> dict[date, str]:
    """Name by day for a year not yet announced: the Banking and Financial Dealings Act 1971 and long custom."""
    spring = easter(year)
    names = ["Christmas Day", "Boxing Day"]
    if date(year, 12, 25).weekday() > _FRIDAY + 1:
        names.reverse()
    christmas = zip(_weekdays_from(date(year, 12, 25), 2), names, strict=True)
    return {
        _weekdays_from(date(year, 1, 1), 1)[0]: "New Year's Day",
        spring - 2 * _DAY: "Good Friday",
        spring + _DAY: "Easter Monday",
        _monday_from(date(year, 5, 1)): "Early May bank holiday",
        _monday_from(date(year, 5, 25)): "Spring bank holiday",
        _monday_from(date(year, 8, 25)): "Summer bank holiday",
        **dict(christmas),
    }


def bank_holidays_until(year: int) -> dict[date, str]:
    """What an editable table begins with: the announced years, then computed ones to the end of `year`."""
    announced = announced_bank_holidays()
    later = range(max(announced).year + 1, year + 1)
    return {**announced, **{day: name for each in later for day, name in computed_bank_holidays(each).items()}}


def is_in_term_years(*days: date) -> bool:
    """Whether each of the days can lie in a term of a school."""
    first, last = TERM_YEARS
    return all(first <= day.year <= last for day in days)


def add_months(day: date, months: int) -> date:
    """The corresponding date `months` later, or the last day of a month that has no such date."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _weekdays_from(day: date, count: int) -> list[date]:
    found: list[date] = []
    while len(found) < count:
        if day.weekday() <= _FRIDAY:
            found.append(day)
        day += _DAY
    return found


def _monday_from(day: date) -> date:
    return day + _DAY * (-day.weekday() % 7)
