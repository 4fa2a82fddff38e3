"""Schools with what several rooms know of them, one line each."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import aliased

from portal.core import clock
from portal.core.database import PortalSession
from portal.directory.models import AuthorityNameRow, AuthorityRow, SchoolAuthority
from portal.directory.queries import closure_of
from portal.tenancy.models import Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import PUBLIC_STATUSES


@dataclass(frozen=True, slots=True)
class SchoolLine:
    """A school by slug and name, the law that applies to it, its council's and its trust's name ('' for none)."""

    slug: str
    name: str
    kind: str
    authority: str
    trust: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def school_lines(session: PortalSession, *, on: date | None = None) -> list[SchoolLine]:
    """Every school as of a day (today when none is given), by name."""
    day = on or clock.today()
    trust = aliased(Tenant)
    statement = (
        select(Tenant.slug, Tenant.name, Tenant.law, AuthorityNameRow.name, trust.name)
        .outerjoin(trust, trust.id == Tenant.trust_id)
        .outerjoin(SchoolAuthority, (SchoolAuthority.school_id == Tenant.id) & _holds(SchoolAuthority, day))
        .outerjoin(
            AuthorityNameRow,
            (AuthorityNameRow.authority_id == SchoolAuthority.authority_id) & _holds(AuthorityNameRow, day),
        )
        .where(Tenant.kind == TenantKind.SCHOOL)
        .order_by(Tenant.name)
    )
    return [
        SchoolLine(slug, name, law or "", authority or "", trust_name or "")
        for slug, name, law, authority, trust_name in session.execute(statement)
    ]


def _holds(row: type[SchoolAuthority | AuthorityNameRow | AuthorityRow], day: date) -> ColumnElement[bool]:
    return (row.valid_from.is_(None) | (row.valid_from <= day)) & (row.valid_to.is_(None) | (row.valid_to > day))


def authority_choices(session: PortalSession, *, on: date) -> list[tuple[str, str]]:
    """(key, name) of every council that exists on a day, by name."""
    statement = (
        select(AuthorityRow.key, AuthorityNameRow.name)
        .join(AuthorityNameRow, AuthorityNameRow.authority_id == AuthorityRow.id)
        .where(_holds(AuthorityRow, on), _holds(AuthorityNameRow, on))
        .order_by(AuthorityNameRow.name)
    )
    return [(key, name) for key, name in session.execute(statement)]


def councils_to_come(session: PortalSession, *, after: date) -> list[tuple[str, str, date]]:
    """(key, name, first day) of every council that begins after a day, soonest first."""
    statement = (
        select(AuthorityRow.key, AuthorityNameRow.name, AuthorityRow.valid_from)
        .join(AuthorityNameRow, AuthorityNameRow.authority_id == AuthorityRow.id)
        .where(AuthorityRow.valid_from > after)
        .order_by(AuthorityRow.valid_from, AuthorityNameRow.name)
    )
    return [(key, name, first) for key, name, first in session.execute(statement) if first is not None]


def trust_choices(session: PortalSession) -> list[tuple[str, str]]:
    """(slug, name) of every trust, by name."""
    statement = select(Tenant.slug, Tenant.name).where(Tenant.kind == TenantKind.TRUST).order_by(Tenant.name)
    return [(slug, name) for slug, name in session.execute(statement)]


def councils_by_id(session: PortalSession, *, on: date) -> dict[int, str]:
    """The short name of every council that exists on a day, in alphabetical order."""
    statement = (
        select(AuthorityRow.id, AuthorityNameRow.short_name)
        .join(AuthorityNameRow, AuthorityNameRow.authority_id == AuthorityRow.id)
        .where(_holds(AuthorityRow, on), _holds(AuthorityNameRow, on))
        .order_by(AuthorityNameRow.short_name)
    )
    return {row.id: row.short_name for row in session.execute(statement)}


def trusts_by_id(session: PortalSession) -> dict[int, str]:
    """The name of every trust, in alphabetical order."""
    statement = select(Tenant.id, Tenant.name).where(Tenant.kind == TenantKind.TRUST).order_by(Tenant.name)
    return {row.id: row.name for row in session.execute(statement)}


@dataclass(frozen=True, slots=True)
class Closing:
    """What the pages of a closed school say: its last day, where its records are, and who took over, where known.

    `slug` is the successor's address, '' where it has no public pages.
    """

    on: date | None
    records: str
    successor: str = ""
    slug: str = ""


def closing_of(session: PortalSession, school: Tenant) -> Closing | None:
    """None for a school that is not closed."""
    if school.status is not TenantStatus.CLOSED:
        return None
    closure = closure_of(session, school.id)
    if closure is None:
        return Closing(school.closed_on, "")
    successor = session.get(Tenant, closure.successor_id) if closure.successor_id else None
    if successor is None:
        return Closing(closure.closed_on, closure.records)
    slug = successor.slug if successor.status in PUBLIC_STATUSES else ""
    return Closing(closure.closed_on, closure.records, successor.name, slug)


def school_names(session: PortalSession, slugs: Iterable[str]) -> dict[str, str]:
    """Names by slug."""
    statement = select(Tenant.slug, Tenant.name).where(Tenant.slug.in_(sorted(set(slugs))))
    return {row.slug: row.name for row in session.execute(statement)}
