"""The school register's file: read, compared with our schools, reported; `register_apply.py` then changes them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.directory.archives import open_public_file
from portal.directory.extracts import Progress
from portal.directory.gias import RegisterExtract, SchoolRecord, SchoolStatus, read_register
from portal.directory.gias_links import read_links, successors_by_urn
from portal.directory.gias_plan import ChangeKind, ImportPlan, KnownSchool, plan_import
from portal.directory.models import AuthorityCodeRow, FormerUrn, RegisterSchool, SchoolAuthority
from portal.directory.queries import holding
from portal.directory.rules import CodeScheme
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.register_apply import apply_plan, created_schools
from portal.lifecycle.register_records import record_from
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
    applied: Callable[[int, int], None] | None = None,
) -> ImportReport:
    """Read the file, plan, and unless it is a dry run change our schools; needs the scope of every tenant.

    Raises `Forbidden`, and `Invalid`, with nothing changed, for a file that is empty or not the register's.
    """
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))
    known = known_schools(session, order.authorities, today)
    extract = _read(order, known, progress)
    successors = _successors(order)
    with_council = _with_council(session, extract)
    plan = plan_import(known.values(), with_council, today, successors=successors, skipped=extract.skipped)
    slugs = _slugs(session, known)
    if not order.is_dry_run:
        apply_plan(
            session, actor, plan, extract.records, goes_live=order.goes_live, today=today, now=now, applied=applied
        )
        slugs |= created_schools(session, plan)
    return _report(plan, extract, slugs, order, without_council=len(extract.records) - len(with_council))


def known_schools(session: PortalSession, authorities: frozenset[str], today: date) -> dict[int, KnownSchool]:
    """Our schools with a number, by tenant id, as the last import left them; only those of these councils."""
    former: dict[int, list[str]] = {}
    for row in session.scalars(select(FormerUrn)):
        former.setdefault(row.tenant_id, []).append(row.urn)
    records = {
        row.tenant_id: record_from(row.record)
        for row in session.scalars(select(RegisterSchool).where(RegisterSchool.tenant_id.is_not(None)))
    }
    codes = _codes_by_school(session, today)
    found: dict[int, KnownSchool] = {}
    for school in session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL, Tenant.urn.is_not(None))):
        record = records.get(school.id) or _record_of(school, *codes.get(school.id, ("000", "")))
        if not authorities or record.la_code in authorities:
            found[school.id] = KnownSchool(record, tuple(former.get(school.id, ())))
    return found


def _read(order: Order, known: Mapping[int, KnownSchool], progress: Progress | None) -> RegisterExtract:
    ours = {urn for school in known.values() for urn in (school.record.urn, *school.former_urns)}

    def keep(record: SchoolRecord) -> bool:
        return not order.authorities or record.la_code in order.authorities or record.urn in ours

    with open_public_file(order.path, "edubase") as (stream, _):
        return read_register(stream, keep=keep, progress=progress)


def _successors(order: Order) -> Mapping[str, frozenset[str]]:
    if order.links is None:
        return {}
    with open_public_file(order.links, "links") as (stream, _):
        return successors_by_urn(read_links(stream).links)


def _with_council(session: PortalSession, extract: RegisterExtract) -> list[SchoolRecord]:
    """Schools abroad and in Wales stand in the register under codes that no English council has."""
    codes = set(session.scalars(select(AuthorityCodeRow.code).where(AuthorityCodeRow.scheme == CodeScheme.DFE)))
    return [record for record in extract.records if record.la_code in codes]


def _codes_by_school(session: PortalSession, today: date) -> dict[int, tuple[str, str]]:
    statement = (
        select(SchoolAuthority.school_id, AuthorityCodeRow.code, SchoolAuthority.district)
        .join(AuthorityCodeRow, AuthorityCodeRow.authority_id == SchoolAuthority.authority_id)
        .where(AuthorityCodeRow.scheme == CodeScheme.DFE, holding(SchoolAuthority, today))
    )
    return {school_id: (code, district) for school_id, code, district in session.execute(statement)}


def _record_of(school: Tenant, la_code: str, district: str) -> SchoolRecord:
    """A school that was never imported, as if the register had said of it what we know."""
    closed = school.status is TenantStatus.CLOSED
    return SchoolRecord(
        urn=school.urn or "", name=school.name, la_code=la_code, establishment_number="",
        type_name=school.type_name, type_group=_TYPE_GROUPS.get(school.law or SchoolLaw.MAINTAINED, ""),
        status=SchoolStatus.CLOSED if closed else SchoolStatus.OPEN, close_date=school.closed_on,
        postcode=school.postcode, phase=school.phase, town=school.town, district_code=district,
    )  # fmt: skip


def _slugs(session: PortalSession, known: Mapping[int, KnownSchool]) -> dict[str, str]:
    rows = session.execute(select(Tenant.id, Tenant.slug).where(Tenant.kind == TenantKind.SCHOOL))
    return {known[school_id].record.urn: slug for school_id, slug in rows if school_id in known}


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
