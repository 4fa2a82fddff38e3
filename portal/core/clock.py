"""The only place that asks what time it is; everything else is told."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from portal.core.errors import Invalid

LONDON = ZoneInfo("Europe/London")


def now() -> datetime:
    """The present instant, aware, UTC."""
    return datetime.now(UTC)


def today() -> date:
    """The date in London: half past midnight in summer is not the previous day."""
    return london(now()).date()


def london(instant: datetime) -> datetime:
    """The same instant as London's clocks show it. Raises `ValueError` for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("naive datetime")
    return instant.astimezone(LONDON)


def end_of_day(day: date) -> datetime:
    """The last microsecond of `day` in London, as a UTC instant: what is in force then was in force on that day."""
    return datetime.combine(day, time.max, LONDON).astimezone(UTC)


def from_london(day: date, at: time) -> datetime:
    """The UTC instant at which London's clocks show `at` on `day`.

    The hour that comes twice in autumn is taken the first time. Raises `Invalid` for the hour that spring leaves out.
    """
    instant = datetime.combine(day, at.replace(tzinfo=None), LONDON).astimezone(UTC)
    if london(instant).time() != at.replace(tzinfo=None):
        raise Invalid(
            f"There was no {at:%H:%M} on {day.isoformat()}: the clocks went forward over it. Give another time."
        )
    return instant
