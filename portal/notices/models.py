"""Text parts, releases of the library, tenants' overrides and sealed publications.

What is published is public and tenantless, keyed by its hash; what is drafted belongs to its tenant.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.core.database import Base
from portal.tenancy.scope import PublicRow, TenantOwned, tenant_key


class ReleaseStatus(StrEnum):
    """`reference` releases help alignment on import and are never in force until somebody publishes them."""

    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"
    REFERENCE = "reference"


class ClausePolicy(StrEnum):
    LOCKED = "locked"
    ADAPTABLE = "adaptable"
    OPTIONAL = "optional"


class OverrideMode(StrEnum):
    """`adapt` replaces a clause, `before` and `after` add a local clause beside it, `omit` leaves it out."""

    ADAPT = "adapt"
    BEFORE = "before"
    AFTER = "after"
    OMIT = "omit"


class DraftStatus(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in-review"
    RETURNED = "returned"


class TextPart(PublicRow, Base):
    """An immutable text in canonical form, one sentence a line, known by its SHA-256."""

    __tablename__ = "text_part"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class Release(PublicRow, Base):
    """A dated, immutable edition of the clause library."""

    __tablename__ = "release"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    kind: Mapped[str] = mapped_column(String(40), default="general")
    title: Mapped[str] = mapped_column(String(200))
    reason: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[ReleaseStatus]
    effective_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    published_by: Mapped[int | None]
    withdrawn_at: Mapped[datetime | None]
    pack_digest: Mapped[str] = mapped_column(String(64), default="")
    version: Mapped[int] = mapped_column(default=1)

    sections: Mapped[list["ReleaseSection"]] = relationship(order_by="ReleaseSection.position", cascade="all, delete-orphan")
    clauses: Mapped[list["ReleaseClause"]] = relationship(order_by="ReleaseClause.position", cascade="all, delete-orphan")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = (Index("ix_release_force", "kind", "status", "effective_at"),)


class ReleaseSection(PublicRow, Base):
    __tablename__ = "release_section"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(60), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    position: Mapped[int]


class ReleaseClause(PublicRow, Base):
    """A clause as one release has it."""

    __tablename__ = "release_clause"

    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    section_key: Mapped[str] = mapped_column(String(60))
    position: Mapped[int]
    policy: Mapped[ClausePolicy]
    review: Mapped[bool] = mapped_column(default=False)
    confirm: Mapped[bool] = mapped_column(default=False)
    laws: Mapped[list[str]] = mapped_column(default=list)
    applies: Mapped[list[str]] = mapped_column(default=list)
    part_hash: Mapped[str] = mapped_column(ForeignKey("text_part.hash"))
    reason: Mapped[str] = mapped_column(Text, default="")


class Override(TenantOwned, Base):
    """A school's or trust's published change to one clause, from an instant until it ends.

    `base_hash` is the shared text it was made from; `key` is the clause's own key, for a local clause a new one.
    """

    __tablename__ = "override"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    key: Mapped[str] = mapped_column(String(80))
    clause_key: Mapped[str] = mapped_column(String(80))
    mode: Mapped[OverrideMode]
    title: Mapped[str] = mapped_column(String(200), default="")
    part_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    base_hash: Mapped[str | None] = mapped_column(ForeignKey("text_part.hash"))
    base_release: Mapped[str] = mapped_column(String(60), default="")
    effective_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    published_by: Mapped[int | None]
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        tenant_key(),
        Index("ix_override_clause", "clause_key", "ended_at"),
        Index("ix_override_tenant_key", "tenant_id", "key", "effective_at"),
    )


class OverrideDraft(TenantOwned, Base):
    """Unpublished wording of one clause; `version` catches two people saving at once."""

    __tablename__ = "override_draft"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    key: Mapped[str] = mapped_column(String(80))
    clause_key: Mapped[str] = mapped_column(String(80))
    mode: Mapped[OverrideMode]
    title: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text)
    base_hash: Mapped[str | None] = mapped_column(String(64))
    base_release: Mapped[str] = mapped_column(String(60), default="")
    status: Mapped[DraftStatus] = mapped_column(default=DraftStatus.DRAFT)
    saved_at: Mapped[datetime]
    saved_by: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "kind", "key"))


class Publication(TenantOwned, Base):
    """A sealed record of what a notice said: manifest of its parts, canonical text (compressed), hash, composer."""

    __tablename__ = "publication"

    kind: Mapped[str] = mapped_column(String(40), default="general")
    language: Mapped[str] = mapped_column(String(12), default="en")
    number: Mapped[int]
    effective_at: Mapped[datetime]
    published_at: Mapped[datetime]
    manifest: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str] = mapped_column(String(64))
    composer: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = (
        tenant_key(),
        UniqueConstraint("tenant_id", "kind", "language", "number"),
        Index("ix_publication_effective", "tenant_id", "kind", "language", "effective_at"),
    )
