"""Reading the trail and proving it whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.models import AuditEntry, AuditHead
from portal.audit.rules import GENESIS, canonical, chain_hash
from portal.core.database import PortalSession


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether a tenant's chain is whole; `broken_at` is the first sequence number that is not."""

    tenant_id: int
    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""


def entries(session: PortalSession, tenant_id: int, *, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """A tenant's lines, newest first, below sequence number `before`."""
    statement = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id)
    if before is not None:
        statement = statement.where(AuditEntry.sequence < before)
    return list(session.scalars(statement.order_by(AuditEntry.sequence.desc()).limit(limit)))


def verify(session: PortalSession, tenant_id: int) -> ChainReport:
    """Walk the chain from its start and compare with its head."""
    previous, sequence = GENESIS, 0
    for entry in _in_order(session, tenant_id):
        sequence += 1
        reason = _fault(entry, sequence, previous)
        if reason:
            return ChainReport(tenant_id, sequence, previous, sequence, reason)
        previous = entry.hash
    head = session.scalar(select(AuditHead).where(AuditHead.tenant_id == tenant_id))
    if (head.sequence if head else 0) != sequence or (head.hash if head else GENESIS) != previous:
        return ChainReport(tenant_id, sequence, previous, sequence + 1, "the newest entries are missing")
    return ChainReport(tenant_id, sequence, previous)


def _in_order(session: PortalSession, tenant_id: int) -> Iterator[AuditEntry]:
    statement = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id).order_by(AuditEntry.sequence)
    yield from session.scalars(statement.execution_options(yield_per=1000))


def _fault(entry: AuditEntry, sequence: int, previous: str) -> str:
    if entry.sequence != sequence:
        return f"entry {sequence} is missing"
    if entry.previous_hash != previous:
        return f"entry {sequence} does not follow the one before it"
    at: datetime = entry.at
    line = canonical(
        tenant_id=entry.tenant_id,
        sequence=entry.sequence,
        previous_hash=entry.previous_hash,
        at=at,
        kind=entry.kind,
        actor_kind=entry.actor_kind,
        actor_id=entry.actor_id,
        subject_kind=entry.subject_kind,
        subject_id=entry.subject_id,
        origin=entry.origin,
        details=entry.details,
    )
    return "" if chain_hash(line) == entry.hash else f"entry {sequence} was changed"
