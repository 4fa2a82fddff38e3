"""Deleting a closed case for good: its texts, files, letters and search's copy. The audit chain stays whole."""

from datetime import datetime

from sqlalchemy import delete, update

from portal.audit.rules import AuditKind
from portal.casework.files import files_of, remove_file
from portal.casework.models import (
    Case,
    CaseEvent,
    CaseMessage,
    CaseNote,
    CasePresence,
    CaseReader,
    CaseStatus,
    IncomingMail,
    RequesterCode,
    RequesterLink,
)
from portal.casework.progress import uncount
from portal.casework.queries import place_of
from portal.casework.search import forget_case
from portal.casework.trail import leave_line
from portal.core.database import PortalSession
from portal.core.errors import Conflict
from portal.identity.permissions import Action, Actor, require
from portal.outbox.models import Letter

_PARTS = (CaseEvent, CaseMessage, CaseNote, CaseReader, CasePresence, RequesterLink, RequesterCode, IncomingMail)


def may_purge(case: Case) -> bool:
    """Whether the case has ended: an open one is a duty and cannot be deleted."""
    return case.status is CaseStatus.CLOSED


def purge(session: PortalSession, actor: Actor, case: Case, *, now: datetime) -> None:
    """Delete a closed case and all that belongs to it; its audit lines hold ids and digests, and stay.

    Letters keep their Message-ID and lose address and text. Files leave the store once this is committed. Raises
    `Conflict` for an open case.
    """
    require(actor, Action.PURGE_CASE, place_of(session, case))
    if not may_purge(case):
        raise Conflict("An open request cannot be deleted. Close it first.")
    leave_line(session, actor, case, AuditKind.CASE_PURGED, now=now, request=case.kind.value, outcome=case.outcome)
    for row in files_of(session, case):
        remove_file(session, row, now=now)
    session.flush()  # files name messages, which go next
    forget_case(session, case)
    for part in _PARTS:
        session.execute(
            delete(part)
            .where(part.tenant_id == case.tenant_id, part.case_id == case.id)
            .execution_options(synchronize_session=False)
        )
    session.execute(
        update(Letter)
        .where(Letter.tenant_id == case.tenant_id, Letter.subject.contains(case.reference, autoescape=True))
        .values(recipient="", subject="", body="", headers={})
        .execution_options(synchronize_session=False)
    )
    uncount(session, case)
    session.delete(case)
    session.flush()
