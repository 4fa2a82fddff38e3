"""Reading the trail and proving it whole."""

import json
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Row, String, func, select, type_coerce

from portal.audit.models import AuditEntry, AuditHead, SealedHead
from portal.audit.rules import GENESIS, canonical, chain_hash
from portal.core.database import PortalSession
from portal.tenancy.models import Tenant

_LINE = (
    "tenant_id", "sequence", "previous_hash", "at", "kind", "actor_kind", "actor_id", "subject_kind", "subject_id",
    "origin", "details",
)  # fmt: skip


_TAKEN_APART = frozenset({"at", "details"})


@dataclass(frozen=True, slots=True)
class ChainReport:
    """Whether a tenant's chain is whole; `broken_at` is the first sequence number that is not."""

    tenant_id: int
    entries: int
    head: str
    broken_at: int | None = None
    reason: str = ""


def entries(
    session: PortalSession, tenant_id: int, *, before: int | None = None, kinds: tuple[str, ...] = (), limit: int = 50
) -> list[AuditEntry]:
    """A tenant's lines, newest first, below sequence number `before`, of these kinds (all when none is given)."""
    statement = select(AuditEntry).where(AuditEntry.tenant_id == tenant_id)
    if kinds:
        statement = statement.where(AuditEntry.kind.in_(kinds))
    if before is not None:
        statement = statement.where(AuditEntry.sequence < before)
    return list(session.scalars(statement.order_by(AuditEntry.sequence.desc()).limit(limit)))


def verify(session: PortalSession, tenant_id: int) -> ChainReport:
    """Walk the chain from its start; compare with its head, before and after, and with what was sealed of it.

    Others may write meanwhile. A chain that was cut together with its head still differs from its sealed heads.
    """
    sealed = _sealed(session, tenant_id)
    before = _head(session, tenant_id)
    known = {0: GENESIS}
    previous, sequence = GENESIS, 0
    with closing(_in_order(session, tenant_id)) as lines:
        for line in lines:
            sequence += 1
            reason = _fault(line, sequence, previous)
            if reason:
                return ChainReport(tenant_id, sequence, previous, sequence, reason)
            previous = line.hash
            if sealed.pop(sequence, previous) != previous:
                return ChainReport(tenant_id, sequence, previous, sequence, f"entry {sequence} is not the one sealed")
            if sequence == before[0]:
                known[sequence] = previous
    after = _head(session, tenant_id)
    if sealed:
        reason = "entries that were sealed are missing"
        return ChainReport(tenant_id, sequence, previous, sequence + 1, reason)
    if known.get(before[0]) != before[1] or not before[0] <= sequence <= after[0]:
        return ChainReport(tenant_id, sequence, previous, sequence + 1, "the newest entries are missing")
    if sequence == after[0] and previous != after[1]:
        return ChainReport(tenant_id, sequence, previous, sequence, "the head is of another entry")
    return ChainReport(tenant_id, sequence, previous)


def _head(session: PortalSession, tenant_id: int) -> tuple[int, str]:
    statement = select(AuditHead.sequence, AuditHead.hash).where(AuditHead.tenant_id == tenant_id)
    found = session.execute(statement).one_or_none()
    return (found.sequence, found.hash) if found is not None else (0, GENESIS)


def _sealed(session: PortalSession, tenant_id: int) -> dict[int, str]:
    """Hash by sequence number of every nightly head of this chain, for chains that had lines."""
    statement = select(SealedHead.sequence, SealedHead.hash).where(
        SealedHead.tenant_id == tenant_id, SealedHead.sequence > 0
    )
    return dict(iter(session.execute(statement)))


def chains(session: PortalSession) -> list[tuple[str, int]]:
    """(slug, tenant id) of every tenant there is, by slug, whether anything is left of its chain or not."""
    statement = select(Tenant.slug, Tenant.id).order_by(Tenant.slug)
    return [(slug, tenant_id) for slug, tenant_id in session.execute(statement)]


def heads(session: PortalSession) -> list[tuple[str, AuditHead]]:
    """(slug, head) of every tenant that has lines, by slug."""
    statement = select(Tenant.slug, AuditHead).join(AuditHead, AuditHead.tenant_id == Tenant.id).order_by(Tenant.slug)
    return [(slug, head) for slug, head in session.execute(statement)]


def last_sealed(session: PortalSession) -> dict[int, SealedHead]:
    """The latest nightly finding by tenant."""
    latest = select(func.max(SealedHead.id)).group_by(SealedHead.tenant_id)
    return {row.tenant_id: row for row in session.scalars(select(SealedHead).where(SealedHead.id.in_(latest)))}


def _in_order(session: PortalSession, tenant_id: int) -> Generator[Row[Any], None, None]:
    """Columns, not objects: a chain of a million lines is walked in one go.

    What the database itself would have to take apart is taken as it lies there: one that cannot be read is a fault of
    its line, not of the walk.
    """
    columns = [
        type_coerce(getattr(AuditEntry, name), String).label(name)
        if name in _TAKEN_APART
        else getattr(AuditEntry, name)
        for name in (*_LINE, "hash")
    ]
    statement = select(*columns).where(AuditEntry.tenant_id == tenant_id).order_by(AuditEntry.sequence)
    found = session.execute(statement.execution_options(yield_per=2000))
    try:
        yield from found
    finally:
        found.close()


def _fault(line: Row[Any], sequence: int, previous: str) -> str:
    if line.sequence != sequence:
        return f"entry {sequence} is missing"
    if line.previous_hash != previous:
        return f"entry {sequence} does not follow the one before it"
    fields = dict(zip(_LINE, line, strict=False))
    try:
        fields["at"], fields["details"] = _instant(line.at), _object(line.details)
        found = chain_hash(canonical(**fields))
    except (TypeError, ValueError, AttributeError):
        return f"entry {sequence} cannot be read"
    return "" if found == line.hash else f"entry {sequence} was changed"


def _instant(value: object) -> datetime:
    """PostgreSQL gives an instant, SQLite its text in UTC. Raises `TypeError` or `ValueError`."""
    if isinstance(value, datetime):
        return value
    return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)


def _object(value: object) -> dict[str, Any]:
    """PostgreSQL gives an object, SQLite its text. Raises `TypeError` or `ValueError`."""
    found = json.loads(value) if isinstance(value, str | bytes) else value
    if not isinstance(found, dict):
        raise TypeError
    return found
