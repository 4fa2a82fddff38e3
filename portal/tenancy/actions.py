"""Verbs on tenants and their facts. Permissions are checked by the callers in higher rooms (`lifecycle`, doors)."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.text import slugify
from portal.tenancy.models import Fact, FormerSlug, Setting, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at


def add_tenant(
    session: PortalSession,
    *,
    kind: TenantKind,
    name: str,
    now: datetime,
    slug: str = "",
    status: TenantStatus = TenantStatus.PREPARING,
) -> Tenant:
    """A new tenant with a free slug made from its name. Raises `Invalid` when no address can be made of the name."""
    wanted = slug or slugify(name)
    if not wanted:
        raise Invalid("Give the name in Latin letters, so that it can be part of an address.", field="name")
    tenant = Tenant(
        slug=free_slug(session, wanted), kind=kind, name=name, status=status, created_at=now, languages=["en"]
    )
    session.add(tenant)
    session.flush()  # gives the id that everything of the tenant carries
    return tenant


def free_slug(session: PortalSession, wanted: str, *, own: int = 0) -> str:
    """`wanted`, or with the first number that no present or former address of another tenant than `own` has."""

    def is_taken(slug: str) -> bool:
        present = select(Tenant.id).where(Tenant.slug == slug, Tenant.id != own)
        former = select(FormerSlug.tenant_id).where(FormerSlug.slug == slug, FormerSlug.tenant_id != own)
        return session.scalar(present) is not None or session.scalar(former) is not None

    return first_free(wanted, is_taken)


def first_free(wanted: str, is_taken: Callable[[str], bool]) -> str:
    """`wanted`, or with the first number that is free. Raises `Invalid`."""
    for number in range(1, 1000):
        slug = wanted[:75] if number == 1 else f"{wanted[:70]}-{number}"
        if not is_taken(slug):
            return slug
    raise Invalid("Too many schools have this name.", field="name")


def rename(session: PortalSession, tenant: Tenant, *, name: str, now: datetime, new_address: bool = True) -> None:
    """Give a tenant another name; its old address goes on leading to it. A name it had before brings its address back.

    A name spelt otherwise in the same words leaves the address as it is. Raises `Invalid` where a thousand have this
    name.
    """
    before, tenant.name = slugify(tenant.name), name
    wanted = slugify(name)
    if not new_address or not wanted or wanted in {tenant.slug, before}:
        return
    session.flush()  # renamings before this one hold addresses too
    slug = free_slug(session, wanted, own=tenant.id)
    if slug == tenant.slug:
        return
    former = session.get(FormerSlug, slug)
    if former is not None:
        session.delete(former)
        session.flush()
    session.add(FormerSlug(slug=tenant.slug, tenant_id=tenant.id, ended_at=now))
    tenant.slug = slug


def record_facts(
    session: PortalSession, tenant: Tenant, values: dict[str, str], *, now: datetime, recorded_by: int | None
) -> list[str]:
    """Record the facts that differ from those in force, from now on (never backdated); returns their keys."""
    present = facts_at(session, tenant.id, now)
    changed = [key for key, value in values.items() if present.get(key, "") != value]
    for key in changed:
        session.add(Fact(tenant_id=tenant.id, key=key, value=values[key], effective_at=now, recorded_by=recorded_by))
    return changed


def change_setting(
    session: PortalSession, tenant: Tenant, key: str, value: dict[str, object], *, now: datetime, changed_by: int | None
) -> None:
    """Make or replace one setting."""
    row = session.scalar(select(Setting).where(Setting.tenant_id == tenant.id, Setting.key == key))
    if row is None:
        row = Setting(tenant_id=tenant.id, key=key, value=value, changed_at=now, changed_by=changed_by)
        session.add(row)
        return
    row.value, row.changed_at, row.changed_by = value, now, changed_by
