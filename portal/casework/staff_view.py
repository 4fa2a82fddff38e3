"""A case as its workers see it: dates with reasons, what happened, what is possible now."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.casework.codes import awaits_code, may_post_code
from portal.casework.correspondence import may_reopen_question, may_send
from portal.casework.kinds import ASKED_OF_DPO
from portal.casework.letters import LetterKind
from portal.casework.models import Case, CaseEvent, CaseMessage, CaseNote, CaseStatus, EventKind
from portal.casework.progress import (
    calendar_of,
    clarifications_of,
    events_of,
    forecast,
    identity_of,
    is_open_question,
    read_clock,
)
from portal.casework.purging import may_purge
from portal.casework.queries import (
    messages,
    nobody_may_answer,
    notes,
    place_of,
    present,
    readable_references,
    workers,
    working_action,
)
from portal.casework.rules import ClockReading, Forecast, Milestones, milestones
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.identity.models import Person
from portal.identity.permissions import Action, Actor, may
from portal.identity.queries import names
from portal.tenancy.models import Tenant
from portal.tenancy.queries import service, setting
from portal.tenancy.scope import tenant_scope

_ACTIONS = (Action.WORK_CASE, Action.ADVISE_CASE, Action.ASSIGN_CASE, Action.LIMIT_CASE, Action.PURGE_CASE)
_MOVING = (LetterKind.IDENTITY, LetterKind.CLARIFICATION, LetterKind.EXTENSION)

EVENTS: dict[EventKind, str] = {
    EventKind.RECEIVED: N_("Received"),
    EventKind.ACKNOWLEDGED: N_("Acknowledged"),
    EventKind.IDENTITY_ASKED: N_("Proof of identity or authority asked for"),
    EventKind.IDENTITY_RECEIVED: N_("Proof of identity or authority came"),
    EventKind.CLARIFICATION_ASKED: N_("Asked what exactly is wanted"),
    EventKind.CLARIFICATION_ANSWERED: N_("Told what exactly is wanted"),
    EventKind.CLARIFICATION_UNANSWERED: N_("What came was no answer to our question"),
    EventKind.EXTENDED: N_("Time extended"),
    EventKind.ASSIGNED: N_("Given to %(person)s"),
    EventKind.LETTER_SENT: N_("Letter sent"),
    EventKind.MESSAGE_RECEIVED: N_("The requester wrote"),
    EventKind.NOTE_ADDED: N_("Note between the teams"),
    EventKind.FILE_ADDED: N_("File added"),
    EventKind.KIND_CHANGED: N_("Taken for another kind of request"),
    EventKind.CONTACT_CHANGED: N_("Put right how the requester can be reached"),
    EventKind.LIMITED: N_("Limited to named people"),
    EventKind.UNLIMITED: N_("No longer limited"),
    EventKind.LINKED: N_("Looks like request %(reference)s"),
    EventKind.DATES_MOVED: N_("Answer by moved from %(before)s to %(after)s: a holiday or term changed"),
    EventKind.REMINDED: N_("Reminder sent"),
    EventKind.CODE_ASKED: N_("The requester asked for a code by post"),
    EventKind.CODE_POSTED: N_("Code made for a letter by post"),
    EventKind.WITHDRAWN: N_("Withdrawn by the requester"),
    EventKind.CLOSED: N_("Closed"),
    EventKind.REOPENED: N_("Reopened"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the staff's timeline: the event's text for the catalogue with its places, and who."""

    message: str
    values: dict[str, object]
    at: datetime
    day: date | None
    who: str


@dataclass(frozen=True, slots=True)
class StaffCase:
    """Everything the case page shows."""

    case: Case
    school: Tenant
    reading: ClockReading
    forecast: Forecast | None
    milestones: Milestones | None
    happenings: tuple[Happening, ...]
    letters: list[CaseMessage]
    notes: list[CaseNote]
    names: dict[int, str]
    workers: list[Person]
    present: list[tuple[str, bool]]
    may: frozenset[Action]
    letters_possible: frozenset[LetterKind]
    awaits_identity: bool
    awaits_clarification: bool
    may_reopen_question: bool
    awaits_code: bool
    needs_somebody: bool
    may_post_code: bool
    may_purge: bool
    is_overdue: bool

    @property
    def is_open(self) -> bool:
        return self.case.status is CaseStatus.OPEN


def staff_case(session: PortalSession, actor: Actor, case: Case, *, now: datetime) -> StaffCase:
    """The case for a worker."""
    events, written, between = events_of(session, case), messages(session, case), notes(session, case)
    today = london(now).date()
    others = present(session, case, actor, now=now)
    known = names(session, _people(case, events, written, between) | {person for person, _ in others})
    place = place_of(session, case)
    identity = identity_of(events)
    reading = read_clock(session, case, events)
    is_open = case.status is CaseStatus.OPEN
    return StaffCase(
        case=case,
        school=session.get_one(Tenant, case.tenant_id),
        reading=reading,
        forecast=_forecast(session, case, events, today) if is_open else None,
        milestones=_milestones(session, case, reading),
        happenings=tuple(_happening(event, known) for event in _shown(session, actor, events)),
        letters=written,
        notes=between,
        names=known,
        workers=workers(session, case),
        present=[(known.get(person, ""), is_writing) for person, is_writing in others],
        may=frozenset(action for action in _ACTIONS if may(actor, _needed(action, case), place)),
        letters_possible=frozenset(
            kind for kind in _MOVING if may_send(case, kind, events) and _in_time(kind, reading, today)
        ),
        awaits_identity=is_open and identity is not None and identity[1] is None,
        awaits_clarification=is_open and is_open_question(clarifications_of(events)),
        may_reopen_question=is_open and may_reopen_question(events),
        awaits_code=awaits_code(events),
        needs_somebody=is_open and nobody_may_answer(session, case, place),
        may_post_code=may_post_code(case),
        may_purge=may_purge(case),
        is_overdue=is_open and (case.due_at < now if case.due_at else case.due_on is not None and case.due_on < today),
    )


def _needed(action: Action, case: Case) -> Action:
    return working_action(case) if action is Action.WORK_CASE else action


def _people(case: Case, events: list[CaseEvent], written: list[CaseMessage], between: list[CaseNote]) -> set[int]:
    found = {event.actor_id for event in events} | {event.data.get("person") for event in events}
    found |= {row.author_id for row in written} | {row.author_id for row in between} | {case.assignee_id}
    return {person for person in found if person is not None}


def _shown(session: PortalSession, actor: Actor, events: list[CaseEvent]) -> list[CaseEvent]:
    """Without links to cases that the reader may not see, or does not see any more."""
    linked = {str(event.data.get("reference")) for event in events if event.kind is EventKind.LINKED}
    known = readable_references(session, actor, linked) if linked else set()
    return [event for event in events if event.kind is not EventKind.LINKED or event.data.get("reference") in known]


def _happening(event: CaseEvent, known: dict[int, str]) -> Happening:
    person = event.data.get("person")
    message = N_("Given to nobody") if event.kind is EventKind.ASSIGNED and person is None else EVENTS[event.kind]
    values = {**event.data, "person": known.get(person, "") if person else ""}
    day = event.day if event.day != london(event.at).date() else None
    return Happening(message, values, event.at, day, known.get(event.actor_id or 0, ""))


def _forecast(session: PortalSession, case: Case, events: list[CaseEvent], today: date) -> Forecast | None:
    try:
        return forecast(session, case, events, today)
    except Invalid:
        return None


def _milestones(session: PortalSession, case: Case, reading: ClockReading) -> Milestones | None:
    if reading.due is None or isinstance(reading.due, datetime) or case.status is CaseStatus.CLOSED:
        return None
    centre = service(session)
    with tenant_scope(session, centre.id):
        days = setting(session, centre.id, "milestones")
    papers, back = days.get("papers_to_dpo"), days.get("papers_back_from_dpo")
    if case.kind in ASKED_OF_DPO:
        return None  # it has them already
    if not isinstance(papers, int) or not isinstance(back, int):
        return None
    return milestones(reading.due, papers=papers, back=back, calendar=calendar_of(session, case.tenant_id))


def _in_time(kind: LetterKind, reading: ClockReading, today: date) -> bool:
    """An extension must be told within the first month (UK GDPR Art 12(3))."""
    return kind is not LetterKind.EXTENSION or reading.notice_by is None or today <= reading.notice_by
