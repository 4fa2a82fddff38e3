"""The school register's file: read, compared with our schools, reported; `register_apply.py` then changes them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.directory.archives import open_public_file
from portal.directory.extracts import Progress, Skipped
from portal.directory.gias import RegisterExtract, SchoolRecord, SchoolStatus, read_register
from portal.directory.gias_links import read_links, successors_by_urn
from portal.directory.gias_plan import ChangeKind, ImportPlan, KnownSchool, plan_import
from portal.directory.models import FormerUrn, RegisterSchool, SchoolAuthority, SchoolClosure
from portal.directory.queries import NO_SUCH_COUNCIL, authorities_by_code, holding
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.register_apply import Applied, apply_plan
from portal.lifecycle.register_records import record_from
from portal.lifecycle.register_rows import held_rows, write_rows
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import service

_TYPE_GROUPS = {
    SchoolLaw.MAINTAINED: "Local authority maintained schools",
    SchoolLaw.ACADEMY: "Academies",
    SchoolLaw.SPECIAL: "Special schools",
    SchoolLaw.INDEPENDENT: "Independent schools",
}


@dataclass(frozen=True, slots=True)
class Line:
    """What an import does to one school; `note` says what else a reader should know."""

    kind: str
    urn: str
    name: str
    slug: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """Counts of schools, the lines of the file that were left out, and a line for each school that is touched."""

    created: int
    updated: int
    converted: int
    closed: int
    skipped: tuple[dict[str, Any], ...]
    details: tuple[Line, ...] = ()
    unmatched: int = 0
    missing: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    is_dry_run: bool = True
    is_cut_short: bool = False

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.updated or self.converted or self.closed)

    def as_dict(self) -> dict[str, Any]:
        return {
            "created": self.created,
            "updated": self.updated,
            "converted": self.converted,
            "closed": self.closed,
            "skipped": list(self.skipped),
            "details": [asdict(line) for line in self.details],
            "unmatched": self.unmatched,
            "missing": self.missing,
            "ignored": dict(self.ignored),
            "dry_run": self.is_dry_run,
            "cut_short": self.is_cut_short,
        }


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """How many schools of the file are at hand, and of how many that is news."""

    schools: int
    changed: int
    skipped: tuple[dict[str, Any], ...]
    is_cut_short: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "schools": self.schools,
            "changed": self.changed,
            "skipped": list(self.skipped),
            "cut_short": self.is_cut_short,
        }


@dataclass(frozen=True, slots=True)
class Order:
    """What to import: the file, the file of links beside it, the councils' DfE codes (all when none), a dry run."""

    path: Path
    links: Path | None = None
    authorities: frozenset[str] = frozenset()
    is_dry_run: bool = False
    goes_live: bool = False


def import_register(
    session: PortalSession,
    actor: Actor,
    order: Order,
    *,
    today: date,
    now: datetime,
    progress: Progress | None = None,
    applied: Applied | None = None,
) -> ImportReport:
    """Read the file, plan, and unless it is a dry run change our schools; needs the scope of every tenant.

    Every school of the file, of whatever council, is then at hand for searching. Raises `Forbidden`, and `Invalid`,
    with nothing changed, for a file that is empty or not the register's, and for a code that no council has.
    """
    _may(session, actor)
    codes = authorities_by_code(session, today).keys()
    for code in sorted(order.authorities - codes):
        raise Invalid(NO_SUCH_COUNCIL % {"code": code}, field="authority")
    known = known_schools(session, today)
    extract = _read(order.path, progress)
    successors = _successors(order)
    with_council = [record for record in extract.records if record.la_code in codes]
    skipped = (*extract.skipped, *_strangers(extract, order, codes))
    plan = plan_import(
        known.values(), with_council, today, successors=successors, skipped=skipped,
        authorities=order.authorities, absent=extract.absent,
    )  # fmt: skip
    slugs = {school.record.urn: slug for school_id, slug in _slugs(session) if (school := known.get(school_id))}
    if not order.is_dry_run:
        apply_plan(
            session, actor, plan, extract.records, goes_live=order.goes_live, today=today, now=now,
            absent=extract.absent, applied=applied,
        )  # fmt: skip
        present = session.execute(select(Tenant.urn, Tenant.slug).where(Tenant.urn.is_not(None)))
        slugs |= {urn: slug for urn, slug in present if urn is not None}
    without_council = _without_council(order, extract.records, with_council)
    return _report(plan, extract, slugs, order, without_council=without_council)


def refresh_register(
    session: PortalSession, actor: Actor, path: Path, *, now: datetime, progress: Progress | None = None
) -> RefreshReport:
    """Keep every school of the file for searching; no school of ours is made or changed.

    Needs the scope of every tenant. Raises `Forbidden`, and `Invalid`, with nothing changed, as the import does.
    """
    _may(session, actor)
    extract = _read(path, progress)
    changed = write_rows(session, held_rows(session), extract.records, absent=extract.absent, now=now)
    skipped = tuple({"line": one.line, "reason": one.reason} for one in extract.skipped)
    return RefreshReport(len(extract.records), changed, skipped, extract.is_cut_short)


def known_schools(session: PortalSession, today: date) -> dict[int, KnownSchool]:
    """Our schools with a number, by tenant id, as the last import left them."""
    former: dict[int, list[str]] = {}
    for row in session.scalars(select(FormerUrn)):
        former.setdefault(row.tenant_id, []).append(row.urn)
    columns = (RegisterSchool.tenant_id, RegisterSchool.record)
    records = {
        tenant_id: record_from(record)
        for tenant_id, record in session.execute(select(*columns).where(RegisterSchool.tenant_id.is_not(None)))
    }
    codes = _codes_by_school(session, today)
    left = set(session.scalars(select(SchoolClosure.school_id).where(SchoolClosure.has_left)))
    trusts = {one.id: one for one in session.scalars(select(Tenant).where(Tenant.kind == TenantKind.TRUST))}
    found: dict[int, KnownSchool] = {}
    for school in session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL, Tenant.urn.is_not(None))):
        record = records.get(school.id)
        if record is None:
            trust = trusts.get(school.trust_id or 0)
            record = _record_of(school, trust, *codes.get(school.id, ("000", "")))
        found[school.id] = KnownSchool(record, tuple(former.get(school.id, ())), school.id in left)
    return found


def _may(session: PortalSession, actor: Actor) -> None:
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))


def _read(path: Path, progress: Progress | None) -> RegisterExtract:
    with open_public_file(path, "edubase") as (stream, _):
        return read_register(stream, progress=progress)


def _successors(order: Order) -> Mapping[str, frozenset[str]]:
    if order.links is None:
        return {}
    with open_public_file(order.links, "links") as (stream, _):
        return successors_by_urn(read_links(stream).links)


def _without_council(order: Order, records: Sequence[SchoolRecord], with_council: Sequence[SchoolRecord]) -> int:
    def count(some: Sequence[SchoolRecord]) -> int:
        return sum(not order.authorities or one.la_code in order.authorities for one in some)

    return count(records) - count(with_council)


def _strangers(extract: RegisterExtract, order: Order, codes: AbstractSet[str]) -> list[Skipped]:
    """Schools that are open under a code that no council has.

    Those abroad and in Wales, which the register holds too, are of kinds that no English law covers: they are counted.
    """
    return [
        Skipped(extract.lines[record.urn], NO_SUCH_COUNCIL % {"code": record.la_code})
        for record in extract.records
        if record.la_code not in codes and record.status.is_running and record.law and not order.authorities
    ]


def _codes_by_school(session: PortalSession, today: date) -> dict[int, tuple[str, str]]:
    codes = {authority_id: code for code, authority_id in authorities_by_code(session, today).items()}
    columns = (SchoolAuthority.school_id, SchoolAuthority.authority_id, SchoolAuthority.district)
    return {
        school_id: (codes.get(authority_id, "000"), district)
        for school_id, authority_id, district in session.execute(
            select(*columns).where(holding(SchoolAuthority, today))
        )
    }


def _record_of(school: Tenant, trust: Tenant | None, la_code: str, district: str) -> SchoolRecord:
    """A school that was never imported, as if the register had said of it what we know."""
    closed = school.status is TenantStatus.CLOSED
    return SchoolRecord(
        urn=school.urn or "", name=school.name, la_code=la_code, establishment_number="",
        type_name=school.type_name, type_group=_TYPE_GROUPS.get(school.law or SchoolLaw.MAINTAINED, ""),
        status=SchoolStatus.CLOSED if closed else SchoolStatus.OPEN, close_date=school.closed_on,
        postcode=school.postcode, phase=school.phase, town=school.town, district_code=district,
        trust_code=(trust.group_code or "") if trust else "", trust_name=trust.name if trust else "",
    )  # fmt: skip


def _slugs(session: PortalSession) -> list[tuple[int, str]]:
    rows = session.execute(select(Tenant.id, Tenant.slug).where(Tenant.kind == TenantKind.SCHOOL))
    return [(row.id, row.slug) for row in rows]


def _report(
    plan: ImportPlan, extract: RegisterExtract, slugs: Mapping[str, str], order: Order, *, without_council: int
) -> ImportReport:
    closures = plan.of_kind(ChangeKind.CLOSED)
    ignored = Counter({reason.value: count for reason, count in plan.ignored})
    if without_council:
        ignored["no-such-council"] = without_council
    return ImportReport(
        created=len(plan.created),
        updated=len(plan.changed) - len(closures),
        converted=len(plan.converted),
        closed=len(closures) + sum(len(one.closed) for one in plan.merged),
        skipped=tuple({"line": one.line, "reason": one.reason} for one in plan.skipped),
        details=tuple(_lines(plan, slugs)),
        unmatched=len(plan.unmatched),
        missing=len(plan.missing),
        ignored=dict(ignored),
        is_dry_run=order.is_dry_run,
        is_cut_short=extract.is_cut_short,
    )


def _lines(plan: ImportPlan, slugs: Mapping[str, str]) -> list[Line]:
    lines = [Line("created", one.urn, one.name, slugs.get(one.urn, "")) for one in plan.created]
    for change in plan.changed:
        kinds = ", ".join(sorted(change.kinds))
        what = "; ".join(f"{one.field}: {one.old} > {one.new}" for one in change.differences)
        kind = "closed" if ChangeKind.CLOSED in change.kinds else "updated"
        lines.append(
            Line(kind, change.record.urn, change.record.name, slugs.get(change.record.urn, ""), f"{kinds} ({what})")
        )
    for one in plan.converted:
        slug = slugs.get(one.record.urn) or slugs.get(one.old.urn, "")
        lines.append(Line("converted", one.record.urn, one.record.name, slug, f"was {one.old.urn} {one.old.name}"))
    for merger in plan.merged:
        for record in merger.closed:
            into = f"merged into {merger.into.urn} {merger.into.name}"
            lines.append(Line("closed", record.urn, record.name, slugs.get(record.urn, ""), into))
    for question in plan.unmatched:
        note = f"closed; its successor must be told: {', '.join(question.candidates) or 'none found'}"
        lines.append(
            Line("unmatched", question.record.urn, question.record.name, slugs.get(question.record.urn, ""), note)
        )
    lines += [Line("missing", urn, "", slugs.get(urn, ""), "not in the file; nothing was done") for urn in plan.missing]
    return lines
