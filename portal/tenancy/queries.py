"""Questions about tenants and their facts."""

from datetime import datetime

from sqlalchemy import Select, bindparam, func, select

from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.tenancy.models import Fact, FormerSlug, Setting, Tenant, TenantKind, TenantStatus
from portal.tenancy.names import findable, holds, looks, plain
from portal.tenancy.scope import kept

_BY_SLUG = kept(select(Tenant).where(Tenant.slug == bindparam("slug")))
_SERVICE = kept(select(Tenant).where(Tenant.kind == TenantKind.SERVICE))
PUBLIC_STATUSES = (TenantStatus.LIVE, TenantStatus.LEAVING, TenantStatus.CLOSED)


def tenant_by_slug(session: PortalSession, slug: str) -> Tenant:
    """Raises `NotFound`."""
    tenant: Tenant | None = session.scalar(_BY_SLUG, {"slug": slug})
    if tenant is None:
        raise NotFound("There is no such tenant.")
    return tenant


def public_school(session: PortalSession, slug: str) -> Tenant:
    """A school with public pages. Raises `NotFound` for any other."""
    tenant = tenant_by_slug(session, slug)
    if tenant.kind is not TenantKind.SCHOOL or tenant.status not in PUBLIC_STATUSES:
        raise NotFound("There is no such school.")
    return tenant


def present_slug(session: PortalSession, former: str) -> str | None:
    """The slug that a former one leads to now."""
    return session.scalar(
        select(Tenant.slug).join(FormerSlug, FormerSlug.tenant_id == Tenant.id).where(FormerSlug.slug == former)
    )


def slug_of_host(session: PortalSession, host: str) -> str | None:
    """The school with public pages whose own host name this is."""
    statement = select(Tenant.slug).where(Tenant.host == host, Tenant.status.in_(PUBLIC_STATUSES))
    return session.scalar(statement)


def tenant(session: PortalSession, tenant_id: int) -> Tenant:
    """Raises `NotFound`."""
    found: Tenant | None = session.get(Tenant, tenant_id)
    if found is None:
        raise NotFound("There is no such tenant.")
    return found


def service(session: PortalSession) -> Tenant:
    """The one tenant that is the central service, asked for once a session. Raises `NotFound` before `portal init`."""
    known: Tenant | None = session.info.get("portal_service")
    if known is not None and known in session:
        return known
    found: Tenant | None = session.scalar(_SERVICE)
    if found is None:
        raise NotFound("The portal has not been set up: run `portal init`.")
    session.info["portal_service"] = found
    return found


def schools(session: PortalSession) -> list[Tenant]:
    """All schools by name."""
    return list(session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL).order_by(Tenant.name)))


def find_schools(session: PortalSession, words: str, *, limit: int = 20) -> list[Tenant]:
    """Live schools whose name, former name, town or postcode holds every word typed, those that begin so first.

    A service has hundreds of schools: their names are compared here, because no database knows that St is Saint.
    """
    typed = plain(words)
    wanted = typed.split()[:8]
    if not wanted:
        return []
    statement = select(Tenant.id, Tenant.name, Tenant.town, Tenant.postcode).where(
        Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_(PUBLIC_STATUSES)
    )
    once = _former_names(session)
    found = [
        (not plain(row.name).startswith(typed), row.name, row.id)
        for row in session.execute(statement)
        if holds(findable(row.name, row.town, row.postcode), wanted)
        or (row.id in once and holds(findable(once[row.id], row.town, row.postcode), wanted))
    ]
    ids = [number for _rank, _name, number in sorted(found)[:limit]]
    rows = {row.id: row for row in session.scalars(select(Tenant).where(Tenant.id.in_(ids)))}
    return [rows[number] for number in ids]


def looks_like(session: PortalSession, name: str, *, urn: str = "") -> Tenant | None:
    """Another school or trust whose name is, or looks like, this one, be it closed or still to come.

    `urn` is the school's own, which is no other.
    """
    wanted = looks(name)
    statement = select(Tenant.id, Tenant.name, Tenant.urn).where(Tenant.kind != TenantKind.SERVICE)
    rows = session.execute(statement.order_by(Tenant.id))
    found = next((row.id for row in rows if looks(row.name) == wanted and not (urn and row.urn == urn)), None)
    return None if found is None else session.get(Tenant, found)


def takes_requests(session: PortalSession, school: Tenant) -> bool:
    """Whether requests can be sent to a school here: not to a closed one, nor to a real one in a demonstration."""
    return school.status is not TenantStatus.CLOSED and not is_only_shown(session, school)


def is_only_shown(session: PortalSession, school: Tenant) -> bool:
    """Whether this is a real school in a demonstration: its public notice is there to look at, nobody of it is."""
    return service(session).is_demonstration and not school.is_demonstration


def former_slugs(session: PortalSession) -> dict[str, str]:
    """Every former address of a tenant, by its present one, in one text for searching."""
    statement = select(Tenant.slug, FormerSlug.slug.label("former")).join(FormerSlug, FormerSlug.tenant_id == Tenant.id)
    found: dict[str, list[str]] = {}
    for row in session.execute(statement):
        found.setdefault(row.slug, []).append(row.former)
    return {slug: " ".join(former) for slug, former in found.items()}


def named_like(words: str) -> Select[int]:
    """The ids of tenants whose name holds every word typed, for use inside another question."""
    names = [func.lower(Tenant.name).like(_holding(word), escape="\\") for word in words.lower().split()[:8]]
    return select(Tenant.id).where(*names)


def facts_at(session: PortalSession, tenant_id: int, instant: datetime) -> dict[str, str]:
    """The tenant's facts in force at `instant`."""
    rows = session.scalars(
        select(Fact).where(Fact.tenant_id == tenant_id, Fact.effective_at <= instant).order_by(Fact.effective_at)
    )
    return {row.key: row.value for row in rows}


def setting(session: PortalSession, tenant_id: int, key: str) -> dict[str, object]:
    """A setting's value, empty where none was made."""
    row = session.scalar(select(Setting).where(Setting.tenant_id == tenant_id, Setting.key == key))
    return dict(row.value) if row else {}


def _former_names(session: PortalSession) -> dict[int, str]:
    """What tenants were called, by id: a former address is the former name, in small letters."""
    found: dict[int, str] = {}
    for row in session.execute(select(FormerSlug.tenant_id, FormerSlug.slug)):
        found[row.tenant_id] = f"{found.get(row.tenant_id, '')} {row.slug.replace('-', ' ')}"
    return found


def _holding(word: str) -> str:
    return "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
