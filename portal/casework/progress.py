"""What the events of a case amount to: its dates, the copies kept for sorting, and the counters."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from portal.casework.kinds import clock_kind
from portal.casework.models import (
    BankHoliday,
    Case,
    CaseCount,
    CaseEvent,
    CaseStatus,
    EventKind,
    InsetDay,
    Term,
)
from portal.casework.rules import ClockKind, ClockReading, Exchange, Forecast, Moment, explain, if_clarified_today
from portal.casework.search import index_case
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.working_days import Calendar, england_and_wales
from portal.tenancy.models import SchoolLaw, Tenant

FAR = date(9999, 12, 31)
"""Where a case without a date stands in a list sorted by date."""


@contextmanager
def changing(session: PortalSession, case: Case, *, now: datetime, is_new: bool = False) -> Iterator[None]:
    """Whatever is changed inside, the dates for sorting, the counters and the search follow."""
    before = "" if is_new else state_of(case)
    yield
    case.changed_at = now
    refresh_dates(session, case)
    _move_count(session, case, before)
    session.flush()  # the search reads what was written
    index_case(session, case)


def add_event(
    session: PortalSession,
    case: Case,
    kind: EventKind,
    *,
    now: datetime,
    actor_id: int | None = None,
    day: date | None = None,
    **data: str | int | bool | None,
) -> CaseEvent:
    """The next event of a case. `data` holds ids, kinds and short facts, never what a requester wrote."""
    case.last_sequence += 1
    event = CaseEvent(
        tenant_id=case.tenant_id,
        case_id=case.id,
        sequence=case.last_sequence,
        kind=kind,
        at=now,
        day=day,
        actor_id=actor_id,
        data={name: value for name, value in data.items() if value is not None},
    )
    session.add(event)
    return event


def events_of(session: PortalSession, case: Case) -> list[CaseEvent]:
    """All events of a case, in order."""
    statement = select(CaseEvent).where(CaseEvent.tenant_id == case.tenant_id, CaseEvent.case_id == case.id)
    return list(session.scalars(statement.order_by(CaseEvent.sequence)))


def read_clock(session: PortalSession, case: Case, events: Sequence[CaseEvent] | None = None) -> ClockReading:
    """The dates of a case, worked out from its events. Raises `Invalid` for events in an impossible order."""
    found = events if events is not None else events_of(session, case)
    tenant = session.get_one(Tenant, case.tenant_id)
    return explain(
        clock_kind(case.kind),
        _received(case),
        calendar=calendar_of(session, case.tenant_id),
        identity=identity_of(found),
        clarifications=clarifications_of(found),
        extended_on=extended_on(found),
        school_law=law_at_receipt(found) or tenant.law or SchoolLaw.MAINTAINED,
        is_settled=True,
    )


def forecast(session: PortalSession, case: Case, events: Sequence[CaseEvent], today: date) -> Forecast:
    """What asking for clarification today would do. Raises `Invalid` before the receipt."""
    return if_clarified_today(
        clock_kind(case.kind),
        _received(case),
        today,
        calendar=calendar_of(session, case.tenant_id),
        identity=identity_of(events),
        clarifications=clarifications_of(events),
        extended_on=extended_on(events),
    )


def refresh_dates(session: PortalSession, case: Case) -> None:
    """Work the dates out anew and keep the copies that lists are sorted by."""
    session.flush()  # events written a moment ago count
    reading = read_clock(session, case)
    case.due_on, case.aim_on = _day(reading.due), _day(reading.aim_for)
    case.due_at = reading.due if isinstance(reading.due, datetime) else None
    case.sort_on = case.due_on or FAR


def calendar_of(session: PortalSession, tenant_id: int) -> Calendar:
    """The bank holidays as edited (as shipped while nobody has), with the tenant's own terms and training days."""
    rows = session.execute(
        select(Term.first_day, Term.last_day).where(Term.tenant_id == tenant_id).order_by(Term.first_day)
    )
    terms = tuple((first, last) for first, last in rows)
    inset = frozenset(session.scalars(select(InsetDay.day).where(InsetDay.tenant_id == tenant_id)))
    holidays = frozenset(session.scalars(select(BankHoliday.day)))
    return Calendar(holidays, terms, inset) if holidays else england_and_wales(terms=terms, inset_days=inset)


def identity_of(events: Sequence[CaseEvent]) -> Exchange | None:
    """The day proof of identity was first asked for, and the day it first came, None while it has not.

    Once it has come, asking for more starts no new month.
    """
    pairs = exchanges(events, EventKind.IDENTITY_ASKED, EventKind.IDENTITY_RECEIVED)
    return (pairs[0][0], next((came for _, came in pairs if came is not None), None)) if pairs else None


def law_at_receipt(events: Sequence[CaseEvent]) -> SchoolLaw | None:
    """The law the school stood under when the request came: a conversion takes no right away that was used before."""
    law = next((event.data.get("law") for event in events if event.kind is EventKind.RECEIVED), None)
    return SchoolLaw(law) if law else None


def clarifications_of(events: Sequence[CaseEvent]) -> list[Exchange]:
    return exchanges(events, EventKind.CLARIFICATION_ASKED, EventKind.CLARIFICATION_ANSWERED)


def extended_on(events: Sequence[CaseEvent]) -> date | None:
    return next((event_day(event) for event in events if event.kind is EventKind.EXTENDED), None)


def event_day(event: CaseEvent) -> date:
    """The date in law: the one recorded, else the day in London on which it was recorded."""
    return event.day or london(event.at).date()


def is_open_question(pairs: Sequence[Exchange]) -> bool:
    """Whether the last thing asked has not been answered."""
    return bool(pairs) and pairs[-1][1] is None


def state_of(case: Case) -> str:
    """The state a case is counted under."""
    return f"open-{case.waiting_for}" if case.status is CaseStatus.OPEN else "closed"


def uncount(session: PortalSession, case: Case) -> None:
    """Take a case that is purged out of the counters."""
    _add_to_count(session, case.authority_id or 0, state_of(case), -1)


def _received(case: Case) -> Moment:
    return case.received_at if clock_kind(case.kind) is ClockKind.BREACH else london(case.received_at).date()


def exchanges(events: Sequence[CaseEvent], asked: EventKind, answered: EventKind) -> list[Exchange]:
    """The day of each question and of its answer, None while it is awaited."""
    pairs: list[Exchange] = []
    for event in events:
        if event.kind is asked:
            pairs.append((event_day(event), None))
        elif event.kind is answered and is_open_question(pairs):
            pairs[-1] = (pairs[-1][0], event_day(event))
        elif event.kind is EventKind.CLARIFICATION_UNANSWERED and asked is EventKind.CLARIFICATION_ASKED and pairs:
            pairs[-1] = (pairs[-1][0], None)
    return pairs


def _day(moment: Moment | None) -> date | None:
    return london(moment).date() if isinstance(moment, datetime) else moment


def _move_count(session: PortalSession, case: Case, before: str) -> None:
    after = state_of(case)
    if before == after:
        return
    if before:
        _add_to_count(session, case.authority_id or 0, before, -1)
    _add_to_count(session, case.authority_id or 0, after, 1)


def _add_to_count(session: PortalSession, authority_id: int, state: str, change: int) -> None:
    statement = (
        update(CaseCount)
        .where(CaseCount.authority_id == authority_id, CaseCount.state == state)
        .values(number=CaseCount.number + change)
        .execution_options(synchronize_session=False)
    )
    if session.count_changed(statement):
        return
    try:
        with session.begin_nested():
            session.add(CaseCount(authority_id=authority_id, state=state, number=max(change, 0)))
    except IntegrityError:
        session.execute(statement)  # another writer was first
