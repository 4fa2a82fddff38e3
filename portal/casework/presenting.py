"""What leaves the house: a case as its requester may see it, and no more."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.casework.kinds import KINDS, outcome
from portal.casework.models import Case, CaseEvent, CaseMessage, CaseStatus, EventKind, WaitingFor
from portal.casework.progress import clarifications_of, events_of, identity_of, is_open_question, read_clock
from portal.casework.queries import messages
from portal.casework.wording import explained
from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.tenancy.models import Tenant

_TOLD: dict[EventKind, str] = {
    EventKind.RECEIVED: N_("The school received your request"),
    EventKind.IDENTITY_RECEIVED: N_("The school has seen who you are"),
    EventKind.CLARIFICATION_ANSWERED: N_("The school has your answer"),
    EventKind.WITHDRAWN: N_("You withdrew your request"),
    EventKind.CLOSED: N_("Your request was closed"),
    EventKind.REOPENED: N_("Your request was opened again"),
}
_WAITS: dict[WaitingFor, str] = {
    WaitingFor.SCHOOL: N_("The school is working on it."),
    WaitingFor.DPO: N_("The school is working on it, with advice from the data protection officer’s team."),
    WaitingFor.REQUESTER: N_("The school is waiting for your answer. Please read its letter below."),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the requester's timeline; `message` is the text for the catalogue, `body` as somebody wrote it."""

    message: str
    at: datetime
    body: str = ""
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class RequesterCase:
    """A case for its requester: no notes, no names of staff, nothing about other people."""

    reference: str
    kind: str
    school_name: str
    is_open: bool
    state: str
    due: date | datetime | None
    steps: list[dict[str, str]]
    subject_name: str
    details: str
    entries: tuple[Entry, ...]


def present(session: PortalSession, case: Case, *, language: str) -> RequesterCase:
    """The case for its requester, in `language`."""
    events = events_of(session, case)
    reading = read_clock(session, case, events)
    is_open = case.status is CaseStatus.OPEN
    return RequesterCase(
        reference=case.reference,
        kind=KINDS[case.kind],
        school_name=session.get_one(Tenant, case.tenant_id).name,
        is_open=is_open,
        state=_state(case, events),
        due=reading.due if is_open else None,
        steps=explained(reading, language),
        subject_name=case.subject_name if case.subject_name != case.requester_name else "",
        details=case.details,
        entries=_entries(events, messages(session, case)),
    )


def _state(case: Case, events: list[CaseEvent]) -> str:
    if case.status is CaseStatus.CLOSED:
        found = outcome(case.kind, case.outcome)
        return found.told if found else N_("Your request is closed.")
    identity = identity_of(events)
    asked = is_open_question(clarifications_of(events)) or (identity is not None and identity[1] is None)
    return _WAITS[WaitingFor.REQUESTER if asked else case.waiting_for]


def _standing(events: list[CaseEvent]) -> list[CaseEvent]:
    """Without an answer that turned out to be none."""
    found: list[CaseEvent] = []
    for event in events:
        if event.kind is EventKind.CLARIFICATION_UNANSWERED:
            taken = next(one for one in reversed(found) if one.kind is EventKind.CLARIFICATION_ANSWERED)
            found.remove(taken)
        else:
            found.append(event)
    return found


def _entries(events: list[CaseEvent], letters: list[CaseMessage]) -> tuple[Entry, ...]:
    told = [Entry(_TOLD[event.kind], event.at) for event in _standing(events) if event.kind in _TOLD]
    written = [
        Entry(
            N_("You wrote") if letter.from_requester else letter.subject, letter.at, letter.body, letter.from_requester
        )
        for letter in letters
    ]
    return tuple(sorted((*told, *written), key=lambda entry: entry.at))
