"""Changing our schools as an import of the register planned: tenants, numbers, councils, trusts, closures."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from portal.audit.actions import record as audit
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.directory.gias import SchoolRecord, SchoolStatus
from portal.directory.gias_plan import ChangeKind, Conversion, ImportPlan, Merger, SchoolChange
from portal.directory.models import AuthorityCodeRow, FormerUrn, RegisterSchool, SchoolAuthority, SchoolClosure
from portal.directory.queries import closure_of
from portal.directory.rules import CodeScheme
from portal.identity.actions import witness
from portal.identity.permissions import Actor
from portal.lifecycle.controllers import controller_of, records_after_closure
from portal.lifecycle.register_records import record_from, stored_record
from portal.notices.changes import note_change
from portal.tenancy.actions import add_tenant, record_facts, rename
from portal.tenancy.models import Fact, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, service

_REASON = "The national register of schools was read."


@dataclass(slots=True)
class _Work:
    session: PortalSession
    actor: Actor
    today: date
    now: datetime
    goes_live: bool
    authorities: dict[str, int]
    schools: dict[str, Tenant]
    trusts: dict[str, Tenant]
    entries: dict[str, RegisterSchool]
    touched: list[int] = field(default_factory=list)


def apply_plan(
    session: PortalSession,
    actor: Actor,
    plan: ImportPlan,
    records: Iterable[SchoolRecord],
    *,
    goes_live: bool,
    today: date,
    now: datetime,
    applied: Callable[[int, int], None] | None = None,
) -> None:
    """Do what the plan says, schools that are new first: a merger may lead into one of them."""
    work = _work(session, actor, today=today, now=now, goes_live=goes_live)
    _keep_register(work, records)
    steps: list[tuple[Callable[..., None], Any]] = [
        *((_create, one) for one in plan.created),
        *((_change, one) for one in plan.changed),
        *((_convert, one) for one in plan.converted),
        *((_merge, one) for one in plan.merged),
    ]
    for number, (step, subject) in enumerate(steps, start=1):
        step(work, subject)
        if applied is not None and (number % 50 == 0 or number == len(steps)):
            applied(number, len(steps))
    if not steps:
        return
    session.flush()
    audit(
        session, witness(actor), AuditKind.SCHOOLS_IMPORTED, tenant_id=service(session).id,
        subject=("register", today.isoformat()), now=now, created=len(plan.created), changed=len(plan.changed),
        converted=len(plan.converted), merged=len(plan.merged),
    )  # fmt: skip
    note_change(session, reason=_REASON, at=now, now=now, made_by=actor.person_id)


def created_schools(session: PortalSession, plan: ImportPlan) -> dict[str, str]:
    """Slugs by URN of what the plan created or converted."""
    wanted = {one.urn for one in plan.created} | {one.record.urn for one in plan.converted}
    statement = select(Tenant.urn, Tenant.slug).where(Tenant.urn.is_not(None))
    return {urn: slug for urn, slug in session.execute(statement) if urn in wanted}


def assign_council(
    session: PortalSession, school: Tenant, authority_id: int, district: str, *, first_day: date | None
) -> None:
    """The school belongs to this council from `first_day` on (always, when `None`); the one before ends then."""
    held = session.scalar(
        select(SchoolAuthority).where(SchoolAuthority.school_id == school.id, SchoolAuthority.valid_to.is_(None))
    )
    if held is not None and (held.authority_id == authority_id or held.valid_from == first_day):
        held.authority_id, held.district = authority_id, district or held.district
        return
    if held is not None:
        held.valid_to = first_day
    session.add(
        SchoolAuthority(school_id=school.id, authority_id=authority_id, district=district, valid_from=first_day)
    )


def close_school(
    session: PortalSession, school: Tenant, *, on: date | None, successor: Tenant | None, records: str, now: datetime
) -> None:
    """Its pages say from now on that it closed, and where its records went; its past notices stay."""
    if closure_of(session, school.id) is None:
        session.add(
            SchoolClosure(
                school_id=school.id, closed_on=on, successor_id=successor.id if successor else None, records=records,
                status_before=school.status.value, recorded_at=now,
            )
        )  # fmt: skip
    school.status, school.closed_on = TenantStatus.CLOSED, on


def reopen_school(session: PortalSession, school: Tenant) -> None:
    """As it was before it closed."""
    closure = closure_of(session, school.id)
    before = closure.status_before if closure is not None else ""
    session.execute(delete(SchoolClosure).where(SchoolClosure.school_id == school.id))
    school.status, school.closed_on = TenantStatus(before or TenantStatus.PREPARING), None


def trust_named(session: PortalSession, name: str, known: dict[str, Tenant], *, now: datetime) -> Tenant:
    """The trust of this name, made where it is absent."""
    key = name.casefold()
    if key not in known:
        known[key] = add_tenant(session, kind=TenantKind.TRUST, name=name, now=now, status=TenantStatus.PREPARING)
    return known[key]


def _work(session: PortalSession, actor: Actor, *, today: date, now: datetime, goes_live: bool) -> _Work:
    codes = select(AuthorityCodeRow.code, AuthorityCodeRow.authority_id, AuthorityCodeRow.valid_from).where(
        AuthorityCodeRow.scheme == CodeScheme.DFE
    )
    rows = sorted(session.execute(codes), key=lambda row: row.valid_from or date.min)
    tenants = list(session.scalars(select(Tenant).where(Tenant.kind != TenantKind.SERVICE)))
    return _Work(
        session, actor, today, now, goes_live,
        {row.code: row.authority_id for row in rows},
        {one.urn: one for one in tenants if one.urn and one.kind is TenantKind.SCHOOL},
        {one.name.casefold(): one for one in tenants if one.kind is TenantKind.TRUST},
        {row.urn: row for row in session.scalars(select(RegisterSchool))},
    )  # fmt: skip


def _keep_register(work: _Work, records: Iterable[SchoolRecord]) -> None:
    """Keep the running schools at hand for who adds one by name; closed ones only where they are ours."""
    new: list[dict[str, Any]] = []
    for record in records:
        held = work.entries.get(record.urn)
        if held is not None and held.tenant_id is None:
            _fill(held, record, work.now)
        elif held is None and record.status is not SchoolStatus.CLOSED and record.urn not in work.schools:
            new.append(_entry(record, work.now))
    for start in range(0, len(new), 500):
        work.session.execute(insert(RegisterSchool), new[start : start + 500])
    if new:
        work.entries = {row.urn: row for row in work.session.scalars(select(RegisterSchool))}


def _entry(record: SchoolRecord, now: datetime) -> dict[str, Any]:
    return {
        "urn": record.urn, "name": record.name, "la_code": record.la_code, "postcode": record.postcode,
        "status": record.status.value, "record": stored_record(record), "read_at": now, "tenant_id": None,
    }  # fmt: skip


def _fill(row: RegisterSchool, record: SchoolRecord, now: datetime) -> None:
    stored = stored_record(record)
    if row.record != stored:
        for key, value in _entry(record, now).items():
            if key != "tenant_id":
                setattr(row, key, value)


def _remember(work: _Work, school: Tenant, record: SchoolRecord) -> None:
    row = work.entries.get(record.urn)
    if row is None:
        row = RegisterSchool(**_entry(record, work.now))
        work.session.add(row)
        work.entries[record.urn] = row
    _fill(row, record, work.now)
    row.tenant_id = school.id


def _create(work: _Work, record: SchoolRecord) -> None:
    status = TenantStatus.LIVE if work.goes_live else TenantStatus.PREPARING
    school = add_tenant(work.session, kind=TenantKind.SCHOOL, name=record.name, now=work.now, status=status)
    _describe(work, school, record)
    assign_council(work.session, school, work.authorities[record.la_code], record.district_code, first_day=None)
    facts = _facts(school, record)
    work.session.add_all(
        Fact(tenant_id=school.id, key=key, value=value, effective_at=work.now, recorded_by=work.actor.person_id)
        for key, value in facts.items()
        if value
    )
    _remember(work, school, record)
    work.schools[record.urn] = school
    _audit(work, school, AuditKind.TENANT_ADDED)


def _change(work: _Work, change: SchoolChange) -> None:
    school, record = work.schools[change.record.urn], change.record
    changed = {one.field for one in change.differences}
    before = _facts(school, _record_before(work, record))
    if ChangeKind.RENAMED in change.kinds:
        rename(work.session, school, name=record.name, now=work.now)
    _describe(work, school, record)
    if changed & {"la_code", "district_code"}:
        assign_council(
            work.session, school, work.authorities[record.la_code], record.district_code, first_day=work.today
        )
    if ChangeKind.CLOSED in change.kinds:
        records = records_after_closure(work.session, school, on=record.close_date or work.today)
        close_school(work.session, school, on=record.close_date, successor=None, records=records, now=work.now)
    if ChangeKind.REOPENED in change.kinds:
        reopen_school(work.session, school)
    _follow_facts(work, school, before, _facts(school, record))
    _remember(work, school, record)
    _audit(work, school, AuditKind.TENANT_CLOSED if ChangeKind.CLOSED in change.kinds else AuditKind.TENANT_CHANGED)


def _convert(work: _Work, conversion: Conversion) -> None:
    school, record = work.schools.pop(conversion.old.urn), conversion.record
    before = _facts(school, conversion.old)
    ended = conversion.old.close_date or record.open_date
    work.session.add(FormerUrn(urn=conversion.old.urn, tenant_id=school.id, name=conversion.old.name, ended_on=ended))
    if old := work.entries.get(conversion.old.urn):
        old.tenant_id = None
        work.session.delete(old)
    if school.name != record.name:
        rename(work.session, school, name=record.name, now=work.now)
    _describe(work, school, record)
    assign_council(work.session, school, work.authorities[record.la_code], record.district_code, first_day=work.today)
    _follow_facts(work, school, before, _facts(school, record))
    _remember(work, school, record)
    work.schools[record.urn] = school
    _audit(work, school, AuditKind.TENANT_CHANGED)


def _merge(work: _Work, merger: Merger) -> None:
    successor = work.schools.get(merger.into.urn)
    for record in merger.closed:
        school = work.schools[record.urn]
        records = records_after_closure(
            work.session, school, on=record.close_date or work.today, successor=successor or merger.into
        )
        close_school(work.session, school, on=record.close_date, successor=successor, records=records, now=work.now)
        _remember(work, school, record)
        _audit(work, school, AuditKind.TENANT_CLOSED)


def _describe(work: _Work, school: Tenant, record: SchoolRecord) -> None:
    school.urn, school.law = record.urn, record.law or school.law
    school.type_name, school.phase = record.type_name[:100], record.phase[:40]
    school.town, school.postcode = record.town[:100], record.postcode
    trust = trust_named(work.session, record.trust_name, work.trusts, now=work.now) if record.trust_name else None
    school.trust_id = trust.id if trust is not None else None


def _facts(school: Tenant, record: SchoolRecord) -> dict[str, str]:
    return {
        "school.telephone": record.telephone,
        "school.website": record.website,
        "school.address": record.address,
        "controller.name": controller_of(record.law or school.law, record.name, record.trust_name),
    }


def _record_before(work: _Work, record: SchoolRecord) -> SchoolRecord:
    row = work.entries.get(record.urn)
    return record_from(row.record) if row is not None and row.tenant_id is not None else record


def _follow_facts(work: _Work, school: Tenant, before: Mapping[str, str], after: Mapping[str, str]) -> None:
    """What the school itself changed stays; only what still says what the register said follows it."""
    present = facts_at(work.session, school.id, work.now)
    wanted = {
        key: value
        for key, value in after.items()
        if value and value != before.get(key) and present.get(key, "") in {"", before.get(key, "")}
    }
    record_facts(work.session, school, wanted, now=work.now, recorded_by=work.actor.person_id)


def _audit(work: _Work, school: Tenant, kind: AuditKind) -> None:
    audit(
        work.session, witness(work.actor), kind, tenant_id=school.id, subject=("tenant", school.id), now=work.now,
        source="register",
    )  # fmt: skip
