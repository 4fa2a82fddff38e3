"""The audit line of a case: its id and kinds, salted digests of what was written, never the words."""

from datetime import datetime

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.models import Case
from portal.core.database import PortalSession
from portal.identity.actions import witness
from portal.identity.permissions import Actor


def leave_line(
    session: PortalSession,
    actor: Actor,
    case: Case,
    kind: AuditKind,
    *,
    now: datetime,
    contents: dict[str, str] | None = None,
    **details: str | int | None,
) -> None:
    """One line in the trail of the case's tenant."""
    record(
        session,
        witness(actor),
        kind,
        tenant_id=case.tenant_id,
        subject=("case", case.id),
        now=now,
        contents=contents,
        **details,
    )
