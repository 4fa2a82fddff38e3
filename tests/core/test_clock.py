"""Time in London, where the schools are, told apart from the time of the machine."""

from datetime import UTC, date, datetime, time, timedelta, timezone

import pytest

from portal.core import clock
from portal.core.errors import Invalid


def test_now_is_aware_and_utc():
    assert clock.now().utcoffset() == timedelta(0)


def test_half_past_midnight_in_summer_is_not_the_previous_day(monkeypatch):
    monkeypatch.setattr(clock, "now", lambda: datetime(2026, 6, 30, 23, 30, tzinfo=UTC))
    assert clock.today() == date(2026, 7, 1)


def test_a_naive_instant_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="naive"):
        clock.london(datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001 - the mistake itself


def test_an_instant_from_elsewhere_is_shown_in_london():
    tokyo = timezone(timedelta(hours=9))
    assert clock.london(datetime(2026, 7, 1, 7, 0, tzinfo=tokyo)).isoformat() == "2026-06-30T23:00:00+01:00"


@pytest.mark.parametrize(
    ("day", "hours"),
    [(date(2026, 3, 29), 23), (date(2026, 6, 15), 24), (date(2026, 10, 25), 25)],
    ids=["clocks go forward", "an ordinary day", "clocks go back"],
)
def test_a_day_ends_when_london_says_so(day, hours):
    length = clock.end_of_day(day) - clock.end_of_day(day - timedelta(days=1))
    assert length == timedelta(hours=hours)
    assert clock.london(clock.end_of_day(day)).date() == day


def test_a_time_on_the_wall_becomes_an_instant():
    assert clock.from_london(date(2026, 7, 1), time(0, 30)) == datetime(2026, 6, 30, 23, 30, tzinfo=UTC)


def test_the_hour_that_comes_twice_is_taken_the_first_time():
    assert clock.from_london(date(2026, 10, 25), time(1, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_the_hour_that_spring_leaves_out_is_refused():
    with pytest.raises(Invalid, match="clocks went forward"):
        clock.from_london(date(2026, 3, 29), time(1, 30))
