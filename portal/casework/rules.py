"""The statutory clock. A due date is always worked out from what happened, and is never the truth itself.

Everything is an argument: the law by its dates, the days by a `Calendar`, and today where it matters.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from portal.casework.clock import wording
from portal.casework.clock.days_and_hours import read_breach, read_complaint, read_service, read_withdrawal
from portal.casework.clock.events import EXTENDABLE, Exchange, checked
from portal.casework.clock.forecast import Forecast, Milestones, forecast, milestones
from portal.casework.clock.law import Rule
from portal.casework.clock.months import read_months
from portal.casework.clock.reading import ClockKind, ClockReading, Moment, Step, Waiting, english, step
from portal.casework.clock.school_days import read_foi, read_record
from portal.core.working_days import Calendar
from portal.tenancy.models import SchoolLaw

__all__ = [
    "EXTENDABLE", "ClockKind", "ClockReading", "Exchange", "Forecast", "Milestones", "Moment", "Step", "Waiting",
    "english", "explain", "if_clarified_today", "milestones",
]  # fmt: skip

_READERS = {
    ClockKind.RECORD: read_record,
    ClockKind.FOI: read_foi,
    ClockKind.COMPLAINT: read_complaint,
    ClockKind.BREACH: read_breach,
    ClockKind.WITHDRAWAL: read_withdrawal,
}


def explain(
    kind: ClockKind,
    received: Moment,
    *,
    calendar: Calendar,
    identity: Exchange | None = None,
    clarifications: Iterable[Exchange] = (),
    extended_on: date | None = None,
    school_law: SchoolLaw = SchoolLaw.MAINTAINED,
    service_days: int = 5,
    is_settled: bool = False,
) -> ClockReading:
    """The dates of a request and the steps to them.

    `received` is a date in London or an aware instant; a breach is counted from the instant. `identity` and each of
    `clarifications` are (day asked, day answered or None). `service_days` are the working days the service gives
    itself where the law sets none. `is_settled` is for what stands in a case: an extension that turns out too late,
    or whose request turns out to be of another kind, then counts for nothing, and says so.

    Raises `Invalid` for dates in an impossible order, an extension that is too late or
    unknown to the law, and a request that the law does not give against this kind of school.
    """
    events = checked(
        kind, received, identity=identity, clarifications=clarifications, extended_on=extended_on,
        school_law=school_law, is_settled=is_settled,
    )  # fmt: skip
    if kind in EXTENDABLE:
        return read_months(events, calendar)
    read = _READERS.get(kind)
    reading = read(events, calendar) if read else read_service(events, calendar, service_days)
    if extended_on is None:
        return reading
    in_vain = step(events.received, Rule.EXTENSION, extended_on, wording.EXTENDED_IN_VAIN, extended=extended_on)
    return replace(reading, steps=(*reading.steps, in_vain))


def if_clarified_today(
    kind: ClockKind,
    received: Moment,
    today: date,
    *,
    calendar: Calendar,
    identity: Exchange | None = None,
    clarifications: Iterable[Exchange] = (),
    extended_on: date | None = None,
) -> Forecast:
    """What asking "what exactly do you want?" on `today` would do, beside the events so far; nothing is recorded."""
    events = checked(
        kind,
        received,
        identity=identity,
        clarifications=clarifications,
        extended_on=extended_on,
        school_law=SchoolLaw.MAINTAINED,
        is_settled=True,
    )
    return forecast(events, today, calendar)
