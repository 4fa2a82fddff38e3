"""Limits counted in school days: the educational record, and freedom of information at a school."""

from datetime import date
from itertools import islice

from portal.casework.clock import wording
from portal.casework.clock.events import Events
from portal.casework.clock.law import Rule, law_of
from portal.casework.clock.periods import DAY
from portal.casework.clock.reading import ClockReading, Step, step
from portal.casework.clock.unmoved import unmoved
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
    return unmoved(events, due, due, steps)


def read_foi(events: Events, calendar: Calendar) -> ClockReading:
    """School days or working days, whichever end first. Raises `Invalid` for an independent school.

    Working days leave out the bank holidays of England and Wales only; FOIA s10(6) leaves out those of the whole
    United Kingdom, which can only be later. With terms that do not cover the time, `due` takes them at their word
    and `aim_for` takes every other working day for a school day; in a case (`is_settled`) both take the earlier one.
    """
    if events.school_law is SchoolLaw.INDEPENDENT:
        raise Invalid("An independent school is not covered by the Freedom of Information Act.")
    received, count = events.received, law_of(Rule.FOI_SCHOOL_DAYS, events.received).amount
    cap = calendar.add_working_days(received, law_of(Rule.FOI_WORKING_DAYS, received).amount)
    earliest = min(cap, calendar.add_school_days(received, count))
    last = _last_in_terms(calendar, received, cap, count) if calendar.terms else earliest
    due = last or cap
    if events.is_settled and not calendar.knows_terms_between(received, due):
        due, last = earliest, earliest if earliest < cap else last  # a school's list that ends must not cost a duty
    steps = [_day_one(Rule.FOI_SCHOOL_DAYS, events, calendar), *_foi_steps(received, last, cap)]
    if earliest < due:
        steps.append(step(received, Rule.SCHOOL_DAY, earliest, wording.FOI_TERMS_MISSING, due=due, aim=earliest))
    elif not calendar.terms:
        steps.append(step(received, Rule.SCHOOL_DAY, due, wording.NO_TERMS))
    return unmoved(events, due, earliest, steps)


def _day_one(rule: Rule, events: Events, calendar: Calendar) -> Step:
    first = calendar.add_school_days(events.received, 1)
    return step(events.received, rule, first, wording.DAY_ONE, received=events.received, first=first)


def _unknown_terms(events: Events, due: date, calendar: Calendar) -> list[Step]:
    if calendar.knows_terms_between(events.received, due):
        return []
    message = wording.TERMS_MISSING if calendar.terms else wording.NO_TERMS
    return [step(events.received, Rule.SCHOOL_DAY, due, message)]


def _last_in_terms(calendar: Calendar, received: date, cap: date, count: int) -> date | None:
    """The `count`-th school day after `received` among the days the terms name; None when `cap` comes first."""
    days = (received + number * DAY for number in range(1, (cap - received).days + 1))
    named = (day for day in days if calendar.knows_terms(day) and calendar.is_school_day(day))
    return next(islice(named, count - 1, None), None)


def _foi_steps(received: date, last: date | None, cap: date) -> list[Step]:
    count = law_of(Rule.FOI_SCHOOL_DAYS, received).amount
    working = law_of(Rule.FOI_WORKING_DAYS, received).amount
    capped = step(received, Rule.FOI_WORKING_DAYS, cap, wording.WORKING_DAYS, count=working, end=cap)
    if last is None:
        return [capped, step(received, Rule.FOI_FIRST, cap, wording.FEWER_SCHOOL_DAYS, count=count, due=cap)]
    return [
        step(received, Rule.FOI_SCHOOL_DAYS, last, wording.SCHOOL_DAYS, count=count, end=last),
        capped,
        step(received, Rule.FOI_FIRST, last, wording.FIRST_OF_BOTH, due=last),
    ]
