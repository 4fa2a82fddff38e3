"""Codes that open a requester's private page: by e-mail for ten minutes, by post for three weeks, each once."""

from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.audit.rules import AuditKind
from portal.casework.intake import PIN_GROUPS, normal_pin
from portal.casework.letters import Sender, send_code
from portal.casework.models import Case, CaseEvent, EventKind, RequesterCode
from portal.casework.progress import add_event, changing, events_of
from portal.casework.queries import place_of
from portal.casework.telling import tell_school
from portal.casework.trail import leave_line
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.limits import CODE_MINUTES, POSTED_CODE_DAYS
from portal.core.secrets import Keys, new_code, new_reference
from portal.identity import throttle
from portal.identity.permissions import PUBLIC, Action, Actor, require

PURPOSE = "requester-code"
_POSTED = (EventKind.CODE_ASKED, EventKind.CODE_POSTED)


def ask_code(session: PortalSession, case: Case, *, sender: Sender, now: datetime) -> None:
    """Send a code to the contact the requester chose, or have the school post one; earlier e-mailed codes end.

    Without an e-mail or postal address nothing happens. Raises `throttle.TooMany`.
    """
    throttle.count(session, throttle.REQUESTER_CODE, str(case.id), now=now)
    if case.contact_email:
        code = new_code()
        _keep(session, case, code, sender.keys, until=now + timedelta(minutes=CODE_MINUTES), now=now)
        send_code(session, case, code, minutes=CODE_MINUTES, sender=sender, now=now)
    elif case.contact_address and not awaits_code(events_of(session, case)):
        with changing(session, case, now=now):
            add_event(session, case, EventKind.CODE_ASKED, now=now)
        tell_school(session, PUBLIC, case, sender=sender, now=now)


def post_code(session: PortalSession, actor: Actor, case: Case, keys: Keys, *, now: datetime) -> str:
    """A new code for a letter by post, shown this once; earlier codes end. Raises `Invalid` without an address."""
    require(actor, Action.WORK_CASE, place_of(session, case))
    if not may_post_code(case):
        raise Invalid("There is no postal address to send a code to, or an e-mail address is there already.")
    code = new_reference(PIN_GROUPS)
    _keep(session, case, code, keys, until=now + timedelta(days=POSTED_CODE_DAYS), now=now)
    with changing(session, case, now=now):
        add_event(session, case, EventKind.CODE_POSTED, now=now, actor_id=actor.person_id)
        leave_line(session, actor, case, AuditKind.CODE_POSTED, now=now)
    return code


def may_post_code(case: Case) -> bool:
    """Whether post is the way to reach the requester."""
    return bool(case.contact_address) and not case.contact_email


def awaits_code(events: list[CaseEvent]) -> bool:
    """Whether a code was asked for and has not been posted yet."""
    found = [event.kind for event in events if event.kind in _POSTED]
    return bool(found) and found[-1] is EventKind.CODE_ASKED


def use_code(session: PortalSession, case: Case, typed: str, keys: Keys, *, now: datetime) -> bool:
    """Whether what was typed is a code of this case that still works; it works no more afterwards."""
    forms = {"".join(filter(str.isalnum, typed)), normal_pin(typed)}
    statement = select(RequesterCode).where(
        RequesterCode.tenant_id == case.tenant_id,
        RequesterCode.case_id == case.id,
        RequesterCode.used_at.is_(None),
        RequesterCode.expires_at > now,
    )
    for row in session.scalars(statement.with_for_update()):
        if any(keys.is_signed(PURPOSE, _message(case, form), row.digest) for form in forms):
            row.used_at = now
            return True
    return False


def end_codes(session: PortalSession, case: Case, *, now: datetime) -> None:
    """No code that was sent so far opens the case any more."""
    session.execute(
        update(RequesterCode)
        .where(RequesterCode.case_id == case.id, RequesterCode.used_at.is_(None))
        .values(used_at=now)
        .execution_options(synchronize_session=False)
    )


def _keep(session: PortalSession, case: Case, code: str, keys: Keys, *, until: datetime, now: datetime) -> None:
    end_codes(session, case, now=now)
    session.add(
        RequesterCode(
            tenant_id=case.tenant_id,
            case_id=case.id,
            digest=keys.signature(PURPOSE, _message(case, code)),
            expires_at=until,
        )
    )


def _message(case: Case, code: str) -> bytes:
    return f"{case.id}\0{code}".encode()
