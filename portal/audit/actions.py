"""Writing a line: always inside the business transaction, so that neither exists without the other."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEntry, AuditHead
from portal.audit.rules import GENESIS, AuditKind, canonical, chain_hash, salted_digest
from portal.core.database import PortalSession


@dataclass(frozen=True, slots=True)
class Witness:
    """Who acts, for the audit line: a person, the system, a requester or a member of the public; and from where."""

    kind: str
    person_id: int | None = None
    origin: str = ""


SYSTEM = Witness("system")


def record(
    session: PortalSession,
    witness: Witness,
    kind: AuditKind,
    *,
    tenant_id: int,
    subject: tuple[str, object],
    now: datetime,
    contents: dict[str, str] | None = None,
    **details: str | int | bool | None,
) -> AuditEntry:
    """Append one line to the tenant's chain.

    `subject` is (kind, id). `contents` are kept as salted digests only; `details` must hold ids and kinds, no text
    that anybody wrote. The session's scope must admit the tenant.
    """
    head = _locked_head(session, tenant_id)
    digests = {key: salted_digest(head.salt, value) for key, value in (contents or {}).items()}
    fields = {
        "tenant_id": tenant_id,
        "sequence": head.sequence + 1,
        "previous_hash": head.hash,
        "at": now,
        "kind": kind.value,
        "actor_kind": witness.kind,
        "actor_id": witness.person_id,
        "subject_kind": subject[0],
        "subject_id": str(subject[1]),
        "origin": witness.origin,
        "details": {**{key: value for key, value in details.items() if value is not None}, **digests},
    }
    entry = AuditEntry(**fields, hash=chain_hash(canonical(**fields)))  # type: ignore[arg-type]
    session.add(entry)
    head.sequence, head.hash = entry.sequence, entry.hash
    session.flush()  # a broken chain must stop the action now, not at the commit
    return entry


def record_first(
    session: PortalSession, witness: Witness, kind: AuditKind, *, tenant_ids: Sequence[int], now: datetime, source: str
) -> None:
    """The first line of the chains of many new tenants at once, each about the tenant itself; needs every tenant."""
    heads, entries = [], []
    for tenant_id in tenant_ids:
        fields = {
            "tenant_id": tenant_id, "sequence": 1, "previous_hash": GENESIS, "at": now, "kind": kind.value,
            "actor_kind": witness.kind, "actor_id": witness.person_id, "subject_kind": "tenant",
            "subject_id": str(tenant_id), "origin": witness.origin, "details": {"source": source},
        }  # fmt: skip
        entry = {**fields, "hash": chain_hash(canonical(**fields))}  # type: ignore[arg-type]
        entries.append(entry)
        salt = secrets.token_hex(16)
        heads.append({"tenant_id": tenant_id, "sequence": 1, "hash": entry["hash"], "salt": salt})
    if entries:
        session.execute(insert(AuditHead), heads)
        session.execute(insert(AuditEntry), entries)


def _locked_head(session: PortalSession, tenant_id: int) -> AuditHead:
    statement = select(AuditHead).where(AuditHead.tenant_id == tenant_id).with_for_update()
    statement = statement.execution_options(populate_existing=True)
    head = session.scalar(statement)
    if head is not None:
        return head
    try:
        with session.begin_nested():
            session.add(AuditHead(tenant_id=tenant_id, sequence=0, hash=GENESIS, salt=secrets.token_hex(16)))
    except IntegrityError:
        pass  # another writer was first
    return session.scalars(statement).one()
