"""Looking ahead: what asking for clarification today would do, and the service's own dates before an answer."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from operator import itemgetter

from portal.casework.clock import wording
from portal.casework.clock.events import Events
from portal.casework.clock.law import Rule
from portal.casework.clock.months import can_pause, read_months
from portal.casework.clock.reading import Moment, Step, Value, Waiting, step
from portal.core.errors import Invalid
from portal.core.working_days import Calendar

_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Forecast:
    """`due_then` is the date to answer by if the clarification came a week from now."""

    stops_the_clock: bool
    step: Step
    due_then: Moment | None = None


@dataclass(frozen=True, slots=True)
class Milestones:
    """The service's own dates, not law: when the DPO should have the papers, and the school should have them back."""

    papers_to_dpo: date
    back_from_dpo: date


def forecast(events: Events, today: date, calendar: Calendar) -> Forecast:
    """Raises `Invalid` when `today` is before the receipt."""
    if today < events.received:
        raise Invalid("The request has not been received yet.")
    if not can_pause(events):
        return _no_change(events, today, wording.ASK_CHANGES_NOTHING)
    reading = read_months(events, calendar)
    due = reading.due
    if due is None:
        message = wording.ASK_NOT_STARTED if reading.waiting is Waiting.IDENTITY else wording.ASK_ALREADY
        return _no_change(events, today, message)
    left = read_months(_asked(events, today, None), calendar).days_left
    if left is None:
        return _no_change(events, today, wording.ASK_TOO_LATE, due=due)
    answered = today + _WEEK
    then = read_months(_asked(events, today, answered), calendar).due or due
    values: dict[str, Value] = {"days": left, "answered": answered, "due": due, "then": then}
    told = step(events.received, Rule.PAUSE, today, wording.ASK_TODAY, **values)
    return Forecast(stops_the_clock=True, step=told, due_then=then)


def milestones(due: date, *, papers: int, back: int, calendar: Calendar) -> Milestones:
    """`papers` and `back` are working days before `due`. Raises `Invalid` unless papers come before their return."""
    if not papers > back >= 0:
        raise Invalid("Papers must go to the DPO before they can come back, and both before the answer is due.")
    return Milestones(calendar.add_working_days(due, -papers), calendar.add_working_days(due, -back))


def _asked(events: Events, today: date, answered: date | None) -> Events:
    clarifications = sorted((*events.clarifications, (today, answered)), key=itemgetter(0))
    return replace(events, clarifications=tuple(clarifications))


def _no_change(events: Events, today: date, message: str, **values: Moment) -> Forecast:
    return Forecast(stops_the_clock=False, step=step(events.received, Rule.PAUSE, today, message, **values))
