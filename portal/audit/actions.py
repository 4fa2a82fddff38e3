"""Writing a line: always inside the business transaction, so that neither exists without the other."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEntry, AuditHead
from portal.audit.rules import GENESIS, AuditKind, canonical, chain_hash, salted_digest
from portal.core.database import PortalSession
from portal.tenancy.scope import kept


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
    entry = _append(
        session, _locked_head(session, tenant_id), witness, kind, subject=subject, now=now, contents=contents or {},
        details=details,
    )  # fmt: skip
    session.flush()  # a broken chain must stop the action now, not at the commit
    return entry


@dataclass(frozen=True, slots=True)
class Line:
    """One of many lines of the same kind: whose chain, about what, with which ids; `contents` as in `record`."""

    tenant_id: int
    subject: tuple[str, object]
    details: Mapping[str, str | int | bool | None]
    contents: Mapping[str, str] = field(default_factory=dict)


def record_many(
    session: PortalSession, witness: Witness, kind: AuditKind, lines: Sequence[Line], *, now: datetime
) -> None:
    """Append a line each to many tenants' chains, as `record` does; the session must see every tenant."""
    wanted = sorted({line.tenant_id for line in lines})
    statement = select(AuditHead).where(AuditHead.tenant_id.in_(wanted)).order_by(AuditHead.tenant_id)
    statement = statement.with_for_update().execution_options(populate_existing=True)
    heads = {head.tenant_id: head for head in session.scalars(statement)}
    for line in lines:
        head = heads.get(line.tenant_id) or _locked_head(session, line.tenant_id)
        heads[line.tenant_id] = head
        _append(
            session, head, witness, kind, subject=line.subject, now=now, contents=line.contents, details=line.details
        )
    session.flush()  # a broken chain must stop the action now, not at the commit


def _append(
    session: PortalSession, head: AuditHead, witness: Witness, kind: AuditKind, *, subject: tuple[str, object],
    now: datetime, contents: Mapping[str, str], details: Mapping[str, str | int | bool | None],
) -> AuditEntry:  # fmt: skip
    digests = {key: salted_digest(head.salt, value) for key, value in contents.items()}
    fields: dict[str, Any] = {
        "tenant_id": head.tenant_id,
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
    entry = AuditEntry(**fields, hash=chain_hash(canonical(**fields)))
    session.add(entry)
    head.sequence, head.hash = entry.sequence, entry.hash
    return entry


def record_first(
    session: PortalSession, witness: Witness, kind: AuditKind, *, tenant_ids: Sequence[int], now: datetime, source: str
) -> None:
    """The first line of the chains of many new tenants at once, each about the tenant itself; needs every tenant."""
    heads, entries = [], []
    for tenant_id in tenant_ids:
        fields: dict[str, Any] = {
            "tenant_id": tenant_id, "sequence": 1, "previous_hash": GENESIS, "at": now, "kind": kind.value,
            "actor_kind": witness.kind, "actor_id": witness.person_id, "subject_kind": "tenant",
            "subject_id": str(tenant_id), "origin": witness.origin, "details": {"source": source},
        }  # fmt: skip
        entry = {**fields, "hash": chain_hash(canonical(**fields))}
        entries.append(entry)
        salt = secrets.token_hex(16)
        heads.append({"tenant_id": tenant_id, "sequence": 1, "hash": entry["hash"], "salt": salt})
    if entries:
        session.execute(insert(AuditHead), heads)
        session.execute(insert(AuditEntry), entries)


def _locked_head(session: PortalSession, tenant_id: int) -> AuditHead:
    head: AuditHead | None = session.scalar(_HEAD, {"tenant": tenant_id})
    if head is not None:
        return head
    try:
        with session.begin_nested():
            session.add(AuditHead(tenant_id=tenant_id, sequence=0, hash=GENESIS, salt=secrets.token_hex(16)))
    except IntegrityError:
        pass  # another writer was first
    return session.scalars(_HEAD, {"tenant": tenant_id}).one()


_HEAD = kept(
    select(AuditHead)
    .where(AuditHead.tenant_id == bindparam("tenant"))
    .with_for_update()
    .execution_options(populate_existing=True)
)
