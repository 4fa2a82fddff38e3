"""The audit trail as its readers may see it: names for ids, and nothing of requests that are limited to others."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import String, cast, not_, select

from portal.audit.models import AuditEntry
from portal.casework.models import Case
from portal.casework.queries import is_readable_by
from portal.core.database import PortalSession
from portal.identity.permissions import Actor
from portal.identity.queries import names


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line: `who` is '' for the system, requesters and the public; `subject` a name or reference where known."""

    sequence: int
    at: datetime
    kind: str
    actor_kind: str
    who: str
    subject_kind: str
    subject: str
    origin: str
    note: str
    hash: str


def readable_lines(
    session: PortalSession,
    actor: Actor,
    tenant_id: int,
    *,
    before: int | None = None,
    kinds: tuple[str, ...] = (),
    limit: int = 50,
) -> list[TrailLine]:
    """Newest first. A request limited to named people leaves no trace in what others read, not even that it exists."""
    hidden = select(cast(Case.id, String)).where(Case.tenant_id == tenant_id, not_(is_readable_by(actor)))
    statement = select(AuditEntry).where(
        AuditEntry.tenant_id == tenant_id,
        not_((AuditEntry.subject_kind == "case") & AuditEntry.subject_id.in_(hidden)),
    )
    if before is not None:
        statement = statement.where(AuditEntry.sequence < before)
    if kinds:
        statement = statement.where(AuditEntry.kind.in_(kinds))
    found = list(session.scalars(statement.order_by(AuditEntry.sequence.desc()).limit(limit)))
    known = names(session, {entry.actor_id for entry in found if entry.actor_id is not None} | _ids(found, "person"))
    references = _references(session, _ids(found, "case"))
    return [_line(entry, known, references) for entry in found]


def _line(entry: AuditEntry, known: dict[int, str], references: dict[int, str]) -> TrailLine:
    number = int(entry.subject_id) if _is_id(entry.subject_id) else 0
    subject = {"case": references, "person": known}.get(entry.subject_kind, {}).get(number, entry.subject_id)
    note = entry.details.get("role") or entry.details.get("reason") or entry.details.get("how") or ""
    return TrailLine(
        entry.sequence, entry.at, entry.kind, entry.actor_kind, known.get(entry.actor_id or 0, ""), entry.subject_kind,
        str(subject), entry.origin, str(note), entry.hash,
    )  # fmt: skip


def _ids(found: list[AuditEntry], kind: str) -> set[int]:
    return {int(entry.subject_id) for entry in found if entry.subject_kind == kind and _is_id(entry.subject_id)}


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 10


def _references(session: PortalSession, case_ids: set[int]) -> dict[int, str]:
    statement = select(Case.id, Case.reference).where(Case.id.in_(case_ids))
    return dict(iter(session.execute(statement))) if case_ids else {}
