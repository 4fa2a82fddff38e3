"""Tenants, their former addresses and their facts."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.tenancy.scope import PublicRow, TenantOwned, tenant_key


class TenantKind(StrEnum):
    SCHOOL = "school"
    TRUST = "trust"
    SERVICE = "service"


class TenantStatus(StrEnum):
    """Where a tenant stands on its way: only live and closing tenants have public pages."""

    INVITED = "invited"
    PREPARING = "preparing"
    LIVE = "live"
    LEAVING = "leaving"
    CLOSED = "closed"


class SchoolLaw(StrEnum):
    """Which law applies to a school: decides the educational record and who the controller is."""

    MAINTAINED = "maintained"
    ACADEMY = "academy"
    SPECIAL = "special"
    INDEPENDENT = "independent"


class Tenant(PublicRow, Base):
    """A school, a trust or the service: what anybody may know of it.

    `urn` is a school's number in the national register, `group_code` a trust's.
    """

    __tablename__ = "tenant"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[TenantKind]
    name: Mapped[str] = mapped_column(String(200))
    status: Mapped[TenantStatus]
    law: Mapped[SchoolLaw | None]
    type_name: Mapped[str] = mapped_column(String(100), default="")
    phase: Mapped[str] = mapped_column(String(40), default="")
    urn: Mapped[str | None] = mapped_column(String(10), unique=True)
    town: Mapped[str] = mapped_column(String(100), default="")
    postcode: Mapped[str] = mapped_column(String(8), default="")
    trust_id: Mapped[int | None] = mapped_column(ForeignKey("tenant.id"), index=True)
    group_code: Mapped[str | None] = mapped_column(String(10), index=True, unique=True)
    languages: Mapped[list[str]] = mapped_column(default=list)
    colour: Mapped[str] = mapped_column(String(7), default="")
    host: Mapped[str | None] = mapped_column(String(253), unique=True)
    is_demonstration: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    closed_on: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (Index("ix_tenant_kind_name", "kind", "name"),)


class FormerSlug(PublicRow, Base):
    """An address a tenant once had; it leads to the present one."""

    __tablename__ = "former_slug"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"))
    ended_at: Mapped[datetime]


class Fact(TenantOwned, Base):
    """A datum of a tenant from an instant on, such as `school.email`; never changed, only followed by a newer one."""

    __tablename__ = "fact"

    key: Mapped[str] = mapped_column(String(60))
    value: Mapped[str] = mapped_column(Text)
    effective_at: Mapped[datetime]
    recorded_by: Mapped[int | None]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "key", "effective_at"))


class Setting(TenantOwned, Base):
    """A tenant's choice that is no part of its notice: who watches in the holidays, take or ask, service package."""

    __tablename__ = "setting"

    key: Mapped[str] = mapped_column(String(60))
    value: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
    changed_by: Mapped[int | None]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "key"))
