"""What the person who asked can do herself, without an account: prove who she is, follow, write, withdraw."""

from datetime import datetime

from portal.audit.rules import AuditKind
from portal.casework.codes import use_code
from portal.casework.intake import is_as_long_as_a_pin, normal_pin
from portal.casework.kinds import WITHDRAWN
from portal.casework.letters import Sender
from portal.casework.models import Case, CaseMessage, CaseStatus, EventKind, WaitingFor
from portal.casework.once import keep_result, take_key
from portal.casework.progress import add_event, changing, clarifications_of, events_of, is_open_question
from portal.casework.telling import tell_school
from portal.casework.trail import leave_line
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.core.secrets import Keys, digest
from portal.identity import throttle
from portal.identity.permissions import Actor
from portal.identity.rules import password_matches


def admit(session: PortalSession, case: Case, typed: str, keys: Keys, *, has_link: bool, now: datetime) -> Actor | None:
    """The requester, if the code or PIN she typed is right. Raises `throttle.TooMany`.

    Whoever has the private link has tries of her own, and so has whoever types something as long as a PIN, which
    nobody guesses: somebody who knows the reference cannot keep her out.
    """
    throttle.count(session, _rate_of(typed), f"link {case.id}" if has_link else case.reference, now=now)
    is_code, is_pin = use_code(session, case, typed, keys, now=now), _is_pin(case, typed)
    if not (is_code or is_pin):
        return None
    actor = requester_of(case)
    leave_line(
        session,
        actor,
        case,
        AuditKind.REQUESTER_ADMITTED,
        now=now,
    )
    return actor


def admit_nobody(session: PortalSession, reference: str, typed: str, keys: Keys, *, now: datetime) -> None:
    """The work of `admit` for a reference that does not exist, so that the answer tells nothing."""
    throttle.count(session, _rate_of(typed), reference, now=now)
    use_code(session, Case(id=0, tenant_id=0), typed, keys, now=now)
    password_matches(None, normal_pin(typed))


def _rate_of(typed: str) -> throttle.Rate:
    return throttle.REQUESTER_PIN if is_as_long_as_a_pin(typed) else throttle.REQUESTER_TRY


def requester_of(case: Case) -> Actor:
    """The requester as an actor; only doors that let her in may ask for her."""
    return Actor(name=case.requester_name, kind="requester")


def write_to_school(
    session: PortalSession,
    actor: Actor,
    case: Case,
    body: str,
    *,
    key: str,
    sender: Sender,
    now: datetime,
    came_at: datetime | None = None,
) -> None:
    """Add a message or more information; an open question of the school counts as answered on the day it came.

    `came_at` is when it reached the school, where that was before `now`. What came before the question was asked does
    not answer it. The same `key` and text again change nothing.
    """
    came = came_at or now
    _require_requester(actor)
    if not body:
        raise Invalid("Write your message.", field="body")
    if take_key(session, f"requester-message:{case.id}", key, digest(body, purpose="message"), now=now) is not None:
        return
    with changing(session, case, now=now):
        message = CaseMessage(tenant_id=case.tenant_id, case_id=case.id, from_requester=True, at=came, body=body)
        session.add(message)
        session.flush()  # gives the id that the event names
        add_event(session, case, EventKind.MESSAGE_RECEIVED, now=now, message=message.id)
        questions, day = clarifications_of(events_of(session, case)), london(came).date()
        if is_open_question(questions) and questions[-1][0] <= day:
            add_event(session, case, EventKind.CLARIFICATION_ANSWERED, now=now, day=day)
        if case.status is CaseStatus.OPEN and case.waiting_for is WaitingFor.REQUESTER:
            case.waiting_for = WaitingFor.SCHOOL
        leave_line(
            session,
            actor,
            case,
            AuditKind.MESSAGE_RECEIVED,
            now=now,
            contents={"body": body},
        )
        keep_result(session, f"requester-message:{case.id}", key, str(message.id))
    tell_school(session, actor, case, sender=sender, now=now)


def withdraw(session: PortalSession, actor: Actor, case: Case, *, sender: Sender, now: datetime) -> None:
    """Take the request back. Raises `Conflict` when it is closed already."""
    _require_requester(actor)
    if case.status is CaseStatus.CLOSED:
        raise Conflict("This request is closed already.")
    with changing(session, case, now=now):
        case.status, case.outcome, case.closed_at = CaseStatus.CLOSED, WITHDRAWN.key, now
        add_event(session, case, EventKind.WITHDRAWN, now=now)
        leave_line(
            session,
            actor,
            case,
            AuditKind.CASE_WITHDRAWN,
            now=now,
        )
    tell_school(session, actor, case, sender=sender, now=now)


def _require_requester(actor: Actor) -> None:
    if actor.kind != "requester":
        raise Forbidden("Only the person who asked can do this.")


def _is_pin(case: Case, typed: str) -> bool:
    return password_matches(case.pin_hash or None, normal_pin(typed))
