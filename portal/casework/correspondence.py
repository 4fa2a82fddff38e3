"""Letters of the school that move a case on: who may send which, what each does to the clock, and the answers."""

from datetime import date, datetime

from portal.audit.rules import AuditKind
from portal.casework.kinds import KINDS, clock_kind
from portal.casework.letters import LetterKind, Sender, left_open, send_letter
from portal.casework.models import Case, CaseEvent, CaseKind, CaseNote, CaseStatus, EventKind, WaitingFor
from portal.casework.once import keep_result, take_key
from portal.casework.progress import (
    add_event,
    changing,
    clarifications_of,
    events_of,
    exchanges,
    extended_on,
    identity_of,
    is_open_question,
    read_clock,
)
from portal.casework.queries import messages, place_of, working_action
from portal.casework.rules import EXTENDABLE
from portal.casework.telling import tell_dpo
from portal.casework.trail import leave_line
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid
from portal.core.secrets import digest
from portal.identity.permissions import Actor, require

_TEXTS = frozenset({
    EventKind.LETTER_SENT, EventKind.IDENTITY_ASKED, EventKind.CLARIFICATION_ASKED, EventKind.EXTENDED,
    EventKind.MESSAGE_RECEIVED, EventKind.CLOSED, EventKind.WITHDRAWN, EventKind.REOPENED,
})  # fmt: skip
_EVENTS = {
    LetterKind.IDENTITY: EventKind.IDENTITY_ASKED,
    LetterKind.CLARIFICATION: EventKind.CLARIFICATION_ASKED,
    LetterKind.EXTENSION: EventKind.EXTENDED,
}
_QUESTIONS = frozenset({
    EventKind.CLARIFICATION_ASKED, EventKind.CLARIFICATION_ANSWERED, EventKind.CLARIFICATION_UNANSWERED,
})  # fmt: skip
_ASKING = frozenset({LetterKind.IDENTITY, LetterKind.CLARIFICATION})


def write_to_requester(
    session: PortalSession,
    actor: Actor,
    case: Case,
    body: str,
    *,
    kind: LetterKind,
    reason: str = "",
    seen: int,
    key: str,
    sender: Sender,
    now: datetime,
) -> None:
    """Send a letter of the school; identity, clarification and extension letters move the clock.

    `seen` is the last event the writer saw: raises `Conflict` when a letter went or came meanwhile, and `Invalid`
    for a step the law does not know here. The same `key` and text again change nothing.
    """
    require(actor, working_action(case), place_of(session, case))
    if not body:
        raise Invalid("Write the letter.", field="body")
    fingerprint = digest(f"{kind}\0{body}\0{reason}", purpose="letter")
    if take_key(session, f"letter:{case.id}", key, fingerprint, now=now) is not None:
        return
    refuse_stale(session, actor, case, seen)
    refuse_open_places(case, kind, body)
    _refuse_letter(session, case, kind, reason, now=now)
    with changing(session, case, now=now):
        message = send_letter(session, case, kind, body, author_id=actor.person_id, sender=sender, now=now)
        event = _EVENTS.get(kind, EventKind.LETTER_SENT)
        today = london(now).date()
        me = actor.person_id
        add_event(session, case, event, now=now, actor_id=me, day=today, letter=kind.value, message=message.id)
        case.waiting_for = WaitingFor.REQUESTER if kind in _ASKING else case.waiting_for
        contents = {"body": body, "reason": reason} if reason else {"body": body}
        leave_line(session, actor, case, AuditKind.MESSAGE_SENT, now=now, contents=contents, letter=kind.value)
        if reason:
            keep_note(session, actor, case, reason, now=now)
        keep_result(session, f"letter:{case.id}", key, str(message.id))
    if kind is LetterKind.CLARIFICATION:
        tell_dpo(session, actor, case, sender=sender, now=now)


def record_identity(session: PortalSession, actor: Actor, case: Case, on: date, *, now: datetime) -> None:
    """Proof of identity or authority came on this day. Raises `Invalid` when none is awaited."""
    _record_answer(
        session, actor, case, on, asked=EventKind.IDENTITY_ASKED, answered=EventKind.IDENTITY_RECEIVED, now=now
    )


def record_clarification(session: PortalSession, actor: Actor, case: Case, on: date, *, now: datetime) -> None:
    """The answer to what exactly is wanted came on this day. Raises `Invalid` when none is awaited."""
    _record_answer(
        session,
        actor,
        case,
        on,
        asked=EventKind.CLARIFICATION_ASKED,
        answered=EventKind.CLARIFICATION_ANSWERED,
        now=now,
    )


def reopen_question(session: PortalSession, actor: Actor, case: Case, *, now: datetime) -> None:
    """What the requester wrote did not answer our question: the clock stands still as before. Raises `Invalid`."""
    require(actor, working_action(case), place_of(session, case))
    require_open(case)
    if not may_reopen_question(events_of(session, case)):
        raise Invalid("There is no answer that could be taken back.")
    with changing(session, case, now=now):
        add_event(session, case, EventKind.CLARIFICATION_UNANSWERED, now=now, actor_id=actor.person_id)
        case.waiting_for = WaitingFor.REQUESTER
        event = EventKind.CLARIFICATION_UNANSWERED.value
        leave_line(session, actor, case, AuditKind.CASE_CHANGED, now=now, event=event)


def may_reopen_question(events: list[CaseEvent]) -> bool:
    """Whether the portal itself took a message for the answer, which nobody has confirmed since."""
    about = [event for event in events if event.kind in _QUESTIONS]
    return bool(about) and about[-1].kind is EventKind.CLARIFICATION_ANSWERED and about[-1].actor_id is None


def may_send(case: Case, kind: LetterKind, events: list[CaseEvent]) -> bool:
    """Whether a letter that moves the clock is possible in the case's present state."""
    if case.status is CaseStatus.CLOSED:
        return kind is LetterKind.MESSAGE
    match kind:
        case LetterKind.IDENTITY:
            return clock_kind(case.kind) in EXTENDABLE and identity_of(events) is None
        case LetterKind.CLARIFICATION:
            return case.kind is CaseKind.ACCESS and not is_open_question(clarifications_of(events))
        case LetterKind.EXTENSION:
            return clock_kind(case.kind) in EXTENDABLE and extended_on(events) is None
        case _:
            return True


def refuse_stale(session: PortalSession, actor: Actor, case: Case, seen: int) -> None:
    """Raises `Conflict` when somebody else wrote, received or closed since event `seen`, with what was written."""
    newer = [
        event
        for event in events_of(session, case)
        if event.sequence > seen and event.kind in _TEXTS and event.actor_id != actor.person_id
    ]
    if newer:
        written = {event.data.get("message") for event in newer}
        texts = [message.body for message in messages(session, case) if message.id in written]
        raise Conflict("Somebody else worked on this request while you wrote.", theirs="\n\n".join(texts))


def refuse_open_places(case: Case, kind: LetterKind, body: str) -> None:
    """Raises `Invalid` for a letter in which a place of the suggested text is not filled."""
    place = left_open(kind, body, case.language)
    if place:
        raise Invalid(f"Write your own words in the place of {place}.", field="body")


def require_open(case: Case) -> None:
    if case.status is CaseStatus.CLOSED:
        raise Conflict("This request is closed. Reopen it first.")


def keep_note(session: PortalSession, actor: Actor, case: Case, body: str, *, now: datetime) -> None:
    session.add(CaseNote(tenant_id=case.tenant_id, case_id=case.id, author_id=actor.person_id, at=now, body=body))
    add_event(session, case, EventKind.NOTE_ADDED, now=now, actor_id=actor.person_id)
    leave_line(session, actor, case, AuditKind.NOTE_ADDED, now=now, contents={"body": body})


def _refuse_letter(session: PortalSession, case: Case, kind: LetterKind, reason: str, *, now: datetime) -> None:
    if kind not in _EVENTS:
        return
    require_open(case)
    events = events_of(session, case)
    if not may_send(case, kind, events):
        raise Invalid(f"This letter is not possible now for: {KINDS[case.kind]}.")
    if kind is LetterKind.CLARIFICATION and not reason:
        raise Invalid("Say why you cannot answer without asking: the law wants a reason.", field="reason")
    if kind is LetterKind.EXTENSION:
        last = read_clock(session, case, events).notice_by
        if last is not None and london(now).date() > last:
            raise Invalid(f"Too late to extend: the requester had to be told by {last:%-d %B %Y}.")


def _record_answer(
    session: PortalSession,
    actor: Actor,
    case: Case,
    on: date,
    *,
    asked: EventKind,
    answered: EventKind,
    now: datetime,
) -> None:
    require(actor, working_action(case), place_of(session, case))
    require_open(case)
    questions = exchanges(events_of(session, case), asked, answered)
    if not is_open_question(questions):
        raise Invalid("Nothing is awaited.", field="on")
    if not questions[-1][0] <= on <= london(now).date():
        raise Invalid("Give a day from the day you asked until today.", field="on")
    with changing(session, case, now=now):
        add_event(session, case, answered, now=now, actor_id=actor.person_id, day=on)
        case.waiting_for = WaitingFor.SCHOOL
        leave_line(session, actor, case, AuditKind.CASE_CHANGED, now=now, event=answered.value)
