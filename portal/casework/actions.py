"""What staff do with a case. Each verb asks the permission table, adds its event, its letter and its audit line."""

from dataclasses import asdict, dataclass
from datetime import datetime, time

from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from portal.audit.rules import AuditKind
from portal.casework.codes import end_codes
from portal.casework.correspondence import keep_note, refuse_open_places, refuse_stale, require_open
from portal.casework.kinds import SAYS_WHY, outcome
from portal.casework.letters import LetterKind, Sender, send_letter, tell_moved
from portal.casework.models import Case, CaseKind, CasePresence, CaseReader, CaseStatus, EventKind, WaitingFor
from portal.casework.once import keep_result, take_key
from portal.casework.progress import add_event, changing
from portal.casework.queries import is_dpo, messages, nameable, place_of, readers, workers, working_action
from portal.casework.telling import tell_dpo, tell_school
from portal.casework.trail import leave_line
from portal.core.clock import from_london, london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.secrets import digest
from portal.identity.permissions import Action, Actor, require


def read_case(session: PortalSession, actor: Actor, case: Case, *, is_writing: bool, now: datetime) -> None:
    """Leave a line that the case was read, and show others who has it open."""
    require(actor, Action.READ_CASE, place_of(session, case))
    _show_presence(session, actor, case, is_writing=is_writing, now=now)
    leave_line(session, actor, case, AuditKind.CASE_READ, now=now)


def _show_presence(session: PortalSession, actor: Actor, case: Case, *, is_writing: bool, now: datetime) -> None:
    mine = {"tenant_id": case.tenant_id, "case_id": case.id, "person_id": actor.person_id}
    seen = {"seen_at": now, "is_writing": is_writing}
    again = update(CasePresence).filter_by(**mine).values(seen)
    if session.count_changed(again):
        return
    try:
        with session.begin_nested():
            session.add(CasePresence(**mine, **seen))
    except IntegrityError:  # another tab of hers opened it at the same moment
        session.execute(again)


def assign(session: PortalSession, actor: Actor, case: Case, person_id: int | None, *, now: datetime) -> None:
    """Say who works on a case, or that nobody does. Raises `Invalid` for a person who may not see it."""
    require(actor, Action.ASSIGN_CASE, place_of(session, case))
    if person_id is not None and person_id not in {person.id for person in workers(session, case)}:
        raise Invalid("This person does not work here, or may not see this request.", field="person")
    if case.assignee_id == person_id:
        return
    with changing(session, case, now=now):
        case.assignee_id = person_id
        add_event(session, case, EventKind.ASSIGNED, now=now, actor_id=actor.person_id, person=person_id)
        leave_line(session, actor, case, AuditKind.CASE_ASSIGNED, now=now, person=person_id)


def add_note(
    session: PortalSession,
    actor: Actor,
    case: Case,
    body: str,
    *,
    hands_over: bool,
    key: str,
    sender: Sender,
    now: datetime,
) -> None:
    """A note between the teams; handing over says that the other one goes on."""
    place = place_of(session, case)
    require(actor, Action.ADVISE_CASE, place)
    if not body:
        raise Invalid("Write the note.", field="body")
    if take_key(session, f"note:{case.id}", key, digest(f"{hands_over}\0{body}", purpose="note"), now=now) is not None:
        return
    with changing(session, case, now=now):
        keep_note(session, actor, case, body, now=now)
        if hands_over and case.status is CaseStatus.OPEN:
            case.waiting_for = WaitingFor.SCHOOL if is_dpo(actor, place) else WaitingFor.DPO
        keep_result(session, f"note:{case.id}", key, str(case.last_sequence))
    if not hands_over:
        return
    if is_dpo(actor, place):
        tell_school(session, actor, case, sender=sender, now=now)
    else:
        tell_dpo(session, actor, case, sender=sender, now=now)


def change_kind(
    session: PortalSession, actor: Actor, case: Case, kind: CaseKind, *, at: time | None = None, now: datetime
) -> None:
    """Say that something else was asked for than it seemed; the dates follow. Raises `Invalid`.

    `at` is the time of the day of receipt, in London, without which no hours can be counted for a breach.
    """
    require(actor, working_action(case), place_of(session, case))
    require_open(case)
    if kind is case.kind:
        return
    before, received = case.kind, case.received_at
    if kind is CaseKind.BREACH:
        if at is None:
            raise Invalid("Enter the time: the 72 hours count from then.", field="received_time")
        received = from_london(london(case.received_at).date(), at)
        if received > now:
            raise Invalid("This cannot lie in the future.", field="received_time")
    with changing(session, case, now=now):
        case.kind, case.received_at = kind, received
        add_event(
            session,
            case,
            EventKind.KIND_CHANGED,
            now=now,
            actor_id=actor.person_id,
            before=before.value,
            after=kind.value,
        )
        leave_line(session, actor, case, AuditKind.CASE_CHANGED, now=now, before=before.value, after=kind.value)


@dataclass(frozen=True, slots=True)
class Contact:
    """How a requester can be reached; what is empty is not known."""

    email: str
    telephone: str
    address: str
    notes: str


def change_contact(
    session: PortalSession, actor: Actor, case: Case, contact: Contact, *, sender: Sender, now: datetime
) -> None:
    """Put right how the requester can be reached.

    With another e-mail address the codes of before end; it is told where the request stands, and the one of before
    that it is not written to any more.
    """
    require(actor, working_action(case), place_of(session, case))
    before = Contact(case.contact_email, case.contact_telephone, case.contact_address, case.contact_notes)
    if contact == before:
        return
    moves = contact.email.lower() != before.email.lower()
    with changing(session, case, now=now):
        case.contact_email, case.contact_telephone = contact.email, contact.telephone
        case.contact_address, case.contact_notes = contact.address, contact.notes
        add_event(session, case, EventKind.CONTACT_CHANGED, now=now, actor_id=actor.person_id)
        event = EventKind.CONTACT_CHANGED.value
        leave_line(session, actor, case, AuditKind.CASE_CHANGED, now=now, contents=asdict(contact), event=event)
    if moves:
        end_codes(session, case, now=now)
        tell_moved(session, case, before.email, sender=sender, now=now)


def close(
    session: PortalSession,
    actor: Actor,
    case: Case,
    outcome_key: str,
    body: str,
    *,
    seen: int,
    key: str,
    sender: Sender,
    now: datetime,
) -> None:
    """End a case with an outcome and, where `body` is given, the letter that says so.

    Raises `Conflict` as `write_to_requester` does, and `Invalid` for an outcome that this kind cannot have.
    """
    require(actor, working_action(case), place_of(session, case))
    fingerprint = digest(f"{outcome_key}\0{body}", purpose="letter")
    if take_key(session, f"closure:{case.id}", key, fingerprint, now=now) is not None:
        return
    refuse_stale(session, actor, case, seen)
    require_open(case)
    if outcome(case.kind, outcome_key) is None:
        raise Invalid("Choose how it ended.", field="outcome")
    refuse_open_places(case, LetterKind.OUTCOME, body)
    if outcome_key in SAYS_WHY and not body and not _has_answer(session, case):
        raise Invalid("Write why: nothing that was sent says so, and they must know where to complain.", field="body")
    with changing(session, case, now=now):
        letter = None
        if body:
            me = actor.person_id
            letter = send_letter(session, case, LetterKind.OUTCOME, body, author_id=me, sender=sender, now=now)
        case.status, case.outcome, case.closed_at = CaseStatus.CLOSED, outcome_key, now
        add_event(
            session,
            case,
            EventKind.CLOSED,
            now=now,
            actor_id=actor.person_id,
            outcome=outcome_key,
            message=letter.id if letter else None,
        )
        contents = {"body": body} if body else None
        leave_line(session, actor, case, AuditKind.CASE_CLOSED, now=now, contents=contents, outcome=outcome_key)
        keep_result(session, f"closure:{case.id}", key, outcome_key)


def _has_answer(session: PortalSession, case: Case) -> bool:
    """Whether somebody here wrote more than the letters that come with every request."""
    answers = {LetterKind.MESSAGE.value, LetterKind.OUTCOME.value}
    return any(message.kind in answers and not message.from_requester for message in messages(session, case))


def reopen(session: PortalSession, actor: Actor, case: Case, *, now: datetime) -> None:
    """Take a closed case up again; its dates are those it had."""
    require(actor, working_action(case), place_of(session, case))
    if case.status is CaseStatus.OPEN:
        return
    with changing(session, case, now=now):
        case.status, case.outcome, case.closed_at = CaseStatus.OPEN, "", None
        case.waiting_for = WaitingFor.SCHOOL
        add_event(session, case, EventKind.REOPENED, now=now, actor_id=actor.person_id)
        leave_line(session, actor, case, AuditKind.CASE_REOPENED, now=now)


def limit(session: PortalSession, actor: Actor, case: Case, people: set[int], *, now: datetime) -> None:
    """Let only these people and the actor see a case; an empty set lets everybody who works on cases see it again."""
    require(actor, Action.LIMIT_CASE, place_of(session, case))
    known = {person.id for person in nameable(session, case)} | set(readers(session, case))
    if not people <= known:
        raise Invalid("Choose among the people who work here.", field="people")
    wanted = people | {actor.person_id or 0} if people else set()
    with changing(session, case, now=now):
        session.execute(delete(CaseReader).where(CaseReader.tenant_id == case.tenant_id, CaseReader.case_id == case.id))
        session.add_all(
            CaseReader(tenant_id=case.tenant_id, case_id=case.id, person_id=each) for each in sorted(wanted)
        )
        case.is_limited = bool(wanted)
        if case.assignee_id not in wanted and wanted:
            case.assignee_id = None
        kind = EventKind.LIMITED if wanted else EventKind.UNLIMITED
        add_event(session, case, kind, now=now, actor_id=actor.person_id, people=len(wanted))
        leave_line(session, actor, case, AuditKind.CASE_LIMITED, now=now, people=len(wanted))
