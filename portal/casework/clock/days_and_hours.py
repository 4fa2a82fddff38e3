"""Limits in plain days, working days or clock hours: complaints, breaches, withdrawn consent, the service's own."""

from datetime import UTC, time, timedelta

from portal.casework.clock import wording
from portal.casework.clock.events import Events
from portal.casework.clock.law import COMPLAINTS, Rule, in_force, law_of
from portal.casework.clock.periods import DAY, roll_over
from portal.casework.clock.reading import ClockReading, step
from portal.casework.clock.unmoved import unmoved
from portal.core.clock import from_london, london
from portal.core.working_days import Calendar


def read_complaint(events: Events, calendar: Calendar) -> ClockReading:
    """DPA 2018 s164A(3) counts the day of receipt, the ICO the day after: the first to aim for, the second due."""
    received, count = events.received, law_of(Rule.COMPLAINT, events.received).amount
    end = received + count * DAY
    due, aim = calendar.next_working_day(end), end - DAY
    steps = []
    if in_force(Rule.COMPLAINT, received) is None:
        message = wording.COMPLAINT_BEFORE_LAW
        steps.append(step(received, Rule.COMPLAINT_DUTY, received, message, since=COMPLAINTS))
    steps.append(step(received, Rule.COMPLAINT, end, wording.COMPLAINT, received=received, count=count, end=end))
    steps += roll_over(received, end, due, calendar)
    steps.append(step(received, Rule.COMPLAINT_AIM, aim, wording.COMPLAINT_AIM, aim=aim))
    return unmoved(events, due, aim, steps)


def read_breach(events: Events, calendar: Calendar) -> ClockReading:  # noqa: ARG001 - hours know no holidays
    """Clock hours from awareness, in London's time; from midnight where only the day is known."""
    aware = london(events.received_at or from_london(events.received, time.min))
    hours = law_of(Rule.BREACH, events.received).amount
    due = london(aware.astimezone(UTC) + timedelta(hours=hours))
    steps = [step(events.received, Rule.BREACH, aware, wording.BREACH_AWARE, received=aware)]
    if events.received_at is None:
        steps.append(step(events.received, Rule.BREACH, aware, wording.BREACH_WITHOUT_TIME))
    steps.append(step(events.received, Rule.BREACH, due, wording.BREACH, count=hours, due=due))
    if due.utcoffset() != aware.utcoffset():
        steps.append(step(events.received, Rule.BREACH, due, wording.BREACH_CLOCKS_CHANGE))
    return unmoved(events, due, due, steps, aware)


def read_withdrawal(events: Events, calendar: Calendar) -> ClockReading:
    """UK GDPR Art 7(3): acts at once and cannot be refused."""
    due = calendar.next_working_day(events.received)
    steps = [step(events.received, Rule.WITHDRAWAL, due, wording.WITHDRAWAL, due=due)]
    return unmoved(events, due, events.received, steps)


def read_service(events: Events, calendar: Calendar, working_days: int) -> ClockReading:
    due = calendar.add_working_days(events.received, working_days)
    steps = [step(events.received, Rule.SERVICE, due, wording.SERVICE, count=working_days, due=due)]
    return unmoved(events, due, due, steps)
