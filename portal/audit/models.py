"""The chain of audit entries and its head, one chain a tenant."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.tenancy.scope import TenantOwned, tenant_key


class AuditHead(TenantOwned, Base):
    """The last entry of a tenant's chain; locking this row makes writers queue."""

    __tablename__ = "audit_head"

    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id"))


class AuditEntry(TenantOwned, Base):
    """One line: who (`actor_id`, None for the system or a requester), what kind, on what, with digests of contents."""

    __tablename__ = "audit_entry"

    sequence: Mapped[int]
    previous_hash: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(60))
    actor_kind: Mapped[str] = mapped_column(String(12))
    actor_id: Mapped[int | None]
    subject_kind: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[str] = mapped_column(String(60))
    origin: Mapped[str] = mapped_column(String(64), default="")
    details: Mapped[dict[str, Any]]

    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "sequence"),
        UniqueConstraint("tenant_id", "previous_hash"),
        Index("ix_audit_entry_subject", "tenant_id", "subject_kind", "subject_id"),
    )


class SealedHead(TenantOwned, Base):
    """A tenant's chain as it was found on a day: its head and whether it was whole."""

    __tablename__ = "sealed_head"

    at: Mapped[datetime]
    sequence: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))
    broken_at: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(100), default="")

    __table_args__ = (tenant_key(), Index("ix_sealed_head_latest", "tenant_id", "at"))
