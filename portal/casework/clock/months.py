"""The rule of one month, for the data protection rights: identity, pauses, extension and roll-over, explained."""

from dataclasses import replace
from datetime import date

from portal.casework.clock import wording
from portal.casework.clock.events import Events, Exchange
from portal.casework.clock.law import DUAA, Rule, in_force, law_of
from portal.casework.clock.periods import DAY, Pause, Period, measure, roll_over
from portal.casework.clock.reading import ClockKind, ClockReading, Step, Waiting, english, step
from portal.casework.clock.unmoved import questions_elsewhere
from portal.core.errors import Invalid
from portal.core.working_days import Calendar


def read_months(events: Events, calendar: Calendar) -> ClockReading:
    """UK GDPR Arts 12 and 12A. Raises `Invalid` for an extension given after the first month."""
    received = events.received
    start, steps = _start(events)
    if start is None:
        return ClockReading(events.kind, None, None, None, tuple(steps), waiting=Waiting.IDENTITY)
    notice = measure(start, law_of(Rule.NOTICE, received).amount, _pausing(events))
    if _is_late(events, notice):
        events, late = _without_extension(events, notice)
        steps.append(late)
    period = measure(start, _months(events), _pausing(events))
    steps += _length_steps(events, start, period, notice) + _question_steps(events, period)
    if period.open_pause:
        left = period.open_pause.left
        return ClockReading(events.kind, None, None, None, tuple(steps), start, Waiting.CLARIFICATION, left)
    due, aim = calendar.next_working_day(period.end), period.end - DAY
    steps += roll_over(received, period.end, due, calendar)
    steps.append(step(received, Rule.AIM_FOR, aim, wording.AIM, aim=aim))
    if events.extended_on is None:
        steps.append(step(received, Rule.NOTICE, notice.end, wording.NOTICE, notice=notice.end))
    return ClockReading(events.kind, due, aim, notice.end, tuple(steps), start)


def can_pause(events: Events) -> bool:
    """Only an access request, and only since the law that allows it."""
    return events.kind is ClockKind.ACCESS and in_force(Rule.PAUSE, events.received) is not None


def _start(events: Events) -> tuple[date | None, list[Step]]:
    """The latest of receipt and of the identity evidence asked for; None while that is awaited."""
    received = events.received
    steps = [step(received, Rule.RECEIVED, received, wording.RECEIVED, received=received)]
    if events.identity is None:
        return received, steps
    asked, answered = events.identity
    without = measure(received, _months(events), _pausing(events))
    if not without.open_pause and asked > without.end:
        return received, [*steps, step(received, Rule.IDENTITY, asked, wording.IDENTITY_LATE, asked=asked)]
    if answered is None:
        return None, [*steps, step(received, Rule.IDENTITY, asked, wording.IDENTITY_AWAITED, asked=asked)]
    came = step(received, Rule.IDENTITY, answered, wording.IDENTITY_CAME, asked=asked, answered=answered)
    return answered, [*steps, came]


def _months(events: Events) -> int:
    return law_of(Rule.EXTENSION if events.extended_on else Rule.MONTH, events.received).amount


def _pausing(events: Events) -> tuple[Exchange, ...]:
    return events.clarifications if can_pause(events) else ()


def _is_late(events: Events, notice: Period) -> bool:
    return events.extended_on is not None and not notice.open_pause and events.extended_on > notice.end


def _without_extension(events: Events, notice: Period) -> tuple[Events, Step]:
    """An extension that came too late counts for nothing. Raises `Invalid` while it can still be left undone."""
    extended = events.extended_on
    assert extended is not None
    if not events.is_settled:
        raise Invalid(
            f"Too late to extend on {english(extended)}: the requester had to be told by {english(notice.end)}."
        )
    values = {"extended": extended, "notice": notice.end}
    told = step(events.received, Rule.EXTENSION, extended, wording.EXTENDED_LATE, **values)
    return replace(events, extended_on=None), told


def _length_steps(events: Events, start: date, period: Period, notice: Period) -> list[Step]:
    received, end = events.received, notice.plain_end
    message = wording.MONTH if end.day == start.day else wording.SHORT_MONTH
    steps = [step(received, Rule.MONTH, end, message, end=end)]
    extended, longer = events.extended_on, period.plain_end
    if extended and notice.open_pause:
        message = wording.EXTENDED_IN_PAUSE
        steps.append(step(received, Rule.EXTENSION, longer, message, extended=extended, end=longer))
    elif extended:
        values = {"extended": extended, "notice": notice.end, "end": longer}
        steps.append(step(received, Rule.EXTENSION, longer, wording.EXTENDED, **values))
    return steps


def _question_steps(events: Events, period: Period) -> list[Step]:
    if events.kind is not ClockKind.ACCESS:
        return questions_elsewhere(events)
    if not can_pause(events):
        asked_on = [asked for asked, _ in events.clarifications]
        message = wording.PAUSE_BEFORE_LAW
        return [step(events.received, Rule.PAUSE, asked, message, asked=asked, since=DUAA) for asked in asked_on]
    return [_pause_step(events.received, pause) for pause in period.pauses]


def _pause_step(received: date, pause: Pause) -> Step:
    asked, answered = pause.asked, pause.answered
    if pause.is_late:
        return step(received, Rule.PAUSE, asked, wording.PAUSE_LATE, asked=asked)
    if answered is None:
        return step(received, Rule.PAUSE, asked, wording.PAUSE_OPEN, asked=asked, days=pause.left)
    span = (answered - asked).days + 1
    message = {0: wording.PAUSE_NOTHING, span: wording.PAUSE}.get(pause.out, wording.PAUSE_PARTLY)
    if pause.out == span == 1:
        message = wording.PAUSE_ONE_DAY
    values = {"asked": asked, "answered": answered, "end": pause.end}
    return step(received, Rule.PAUSE, pause.end, message, days=pause.out, **values)
