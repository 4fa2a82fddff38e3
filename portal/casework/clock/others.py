"""The clocks that do not count months: school days, complaints, breaches, consent, and the service's own."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice

from portal.casework.clock import wording
from portal.casework.clock.events import Events
from portal.casework.clock.law import COMPLAINTS, Rule, in_force, law_of
from portal.casework.clock.months import questions_elsewhere, roll_over
from portal.casework.clock.periods import DAY
from portal.casework.clock.reading import ClockReading, Moment, Step, step
from portal.core.clock import from_london, london
from portal.core.errors import Invalid
from portal.core.working_days import Calendar
from portal.tenancy.models import SchoolLaw


def read_record(events: Events, calendar: Calendar) -> ClockReading:
    """Raises `Invalid` for an academy or an independent school, whose parents have no such right."""
    if events.school_law in {SchoolLaw.ACADEMY, SchoolLaw.INDEPENDENT}:
        name = "An academy" if events.school_law is SchoolLaw.ACADEMY else "An independent school"
        raise Invalid(
            f"{name} has no duty to show the educational record: only maintained schools and non-maintained special "
            "schools have. Treat this as a request to see personal information, with its one month."
        )
    count = law_of(Rule.RECORD, events.received).amount
    due = calendar.add_school_days(events.received, count)
    steps = [
        _day_one(Rule.RECORD, events, calendar),
        step(events.received, Rule.RECORD, due, wording.SCHOOL_DAYS, count=count, end=due),
        *_unknown_terms(events, due, calendar),
    ]
    return _reading(events, due, due, steps)


def read_foi(events: Events, calendar: Calendar) -> ClockReading:
    """School days or working days, whichever end first. Raises `Invalid` for an independent school.

    Working days leave out the bank holidays of England and Wales only. FOIA s10(6) leaves out those of the whole
    United Kingdom, which can only be later.
    """
    if events.school_law is SchoolLaw.INDEPENDENT:
        raise Invalid(
            "An independent school is not a public authority: the Freedom of Information Act does not cover it."
        )
    received = events.received
    school, working = law_of(Rule.FOI_SCHOOL_DAYS, received).amount, law_of(Rule.FOI_WORKING_DAYS, received).amount
    cap = calendar.add_working_days(received, working)
    earliest = min(cap, calendar.add_school_days(received, school))
    last = _school_day_in_terms(calendar, received, cap, school) if calendar.terms else earliest
    due = last or cap
    steps = [_day_one(Rule.FOI_SCHOOL_DAYS, events, calendar)]
    if last:
        steps.append(step(received, Rule.FOI_SCHOOL_DAYS, last, wording.SCHOOL_DAYS, count=school, end=last))
    steps.append(step(received, Rule.FOI_WORKING_DAYS, cap, wording.WORKING_DAYS, count=working, end=cap))
    message = wording.FIRST_OF_BOTH if last else wording.FEWER_SCHOOL_DAYS
    steps.append(step(received, Rule.FOI_FIRST, due, message, count=school, due=due))
    if earliest < due:
        steps.append(step(received, Rule.SCHOOL_DAY, earliest, wording.FOI_TERMS_MISSING, due=due, aim=earliest))
    elif not calendar.terms:
        steps.append(step(received, Rule.SCHOOL_DAY, due, wording.NO_TERMS))
    return _reading(events, due, earliest, steps)


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
    return _reading(events, due, aim, steps)


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
    return _reading(events, due, due, steps, aware)


def read_withdrawal(events: Events, calendar: Calendar) -> ClockReading:
    """UK GDPR Art 7(3): acts at once and cannot be refused."""
    due = calendar.next_working_day(events.received)
    steps = [step(events.received, Rule.WITHDRAWAL, due, wording.WITHDRAWAL, due=due)]
    return _reading(events, due, events.received, steps)


def read_service(events: Events, calendar: Calendar, working_days: int) -> ClockReading:
    due = calendar.add_working_days(events.received, working_days)
    steps = [step(events.received, Rule.SERVICE, due, wording.SERVICE, count=working_days, due=due)]
    return _reading(events, due, due, steps)


def _reading(
    events: Events, due: Moment, aim: Moment, steps: list[Step], start: datetime | None = None
) -> ClockReading:
    asides = questions_elsewhere(events)
    if events.identity:
        asked = events.identity[0]
        asides.append(step(events.received, Rule.IDENTITY, asked, wording.IDENTITY_ELSEWHERE, asked=asked))
    return ClockReading(events.kind, due, aim, None, (*steps, *asides), start or events.received)


def _day_one(rule: Rule, events: Events, calendar: Calendar) -> Step:
    first = calendar.add_school_days(events.received, 1)
    return step(events.received, rule, first, wording.DAY_ONE, received=events.received, first=first)


def _unknown_terms(events: Events, due: date, calendar: Calendar) -> list[Step]:
    if calendar.knows_terms_between(events.received, due):
        return []
    message = wording.TERMS_MISSING if calendar.terms else wording.NO_TERMS
    return [step(events.received, Rule.SCHOOL_DAY, due, message)]


def _school_day_in_terms(calendar: Calendar, received: date, cap: date, count: int) -> date | None:
    """The `count`-th school day after `received` among the days the terms name; None when `cap` comes first."""
    days = (received + number * DAY for number in range(1, (cap - received).days + 1))
    named = (day for day in days if calendar.knows_terms(day) and calendar.is_school_day(day))
    return next(islice(named, count - 1, None), None)
