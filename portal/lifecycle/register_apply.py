"""Changing our schools as an import of the register planned: tenants, numbers, councils, trusts, closures."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, select

from portal.audit.actions import record as audit
from portal.audit.actions import record_first
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.text import slugify
from portal.directory.gias import SchoolRecord
from portal.directory.gias_plan import ChangeKind, Conversion, ImportPlan, Merger, SchoolChange, Unmatched
from portal.directory.models import AuthorityRow, FormerUrn, SchoolAuthority, SchoolClosure
from portal.directory.queries import authorities_by_code, closure_of
from portal.identity.actions import witness
from portal.identity.permissions import Actor
from portal.lifecycle.controllers import controller_of, records_after_closure
from portal.lifecycle.register_records import stored_record
from portal.lifecycle.register_rows import RegisterRows, held_rows, write_rows
from portal.lifecycle.trusts import Trusts, put_under, trusts_at_hand
from portal.notices.changes import note_change
from portal.tenancy.actions import first_free, record_facts, rename
from portal.tenancy.models import Fact, FormerSlug, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, service

_REASON = "The national register of schools was read."
_SCHOOLS_AT_ONCE = 500

Applied = Callable[[int, int], None]
"""Called with how many schools are done, and of how many."""


@dataclass(slots=True)
class _Work:
    session: PortalSession
    actor: Actor
    today: date
    now: datetime
    goes_live: bool
    absent: frozenset[str]
    authorities: dict[str, int]
    begins: dict[int, date | None]
    ends: dict[int, date | None]
    schools: dict[str, Tenant]
    trusts: Trusts
    rows: RegisterRows
    slugs: set[str] = field(default_factory=set)


def apply_plan(
    session: PortalSession,
    actor: Actor,
    plan: ImportPlan,
    records: Sequence[SchoolRecord],
    *,
    goes_live: bool,
    today: date,
    now: datetime,
    absent: frozenset[str] = frozenset(),
    applied: Applied | None = None,
) -> None:
    """Do what the plan says, schools that are new first: a merger may lead into one of them.

    All `records` of the file are kept for searching. Needs the scope of every tenant.
    """
    work = _work(session, actor, plan, records, today=today, now=now, goes_live=goes_live, absent=absent)
    steps: list[tuple[Callable[..., None], Any]] = [
        *((_change, one) for one in plan.changed),
        *((_convert, one) for one in plan.converted),
        *((_merge, one) for one in plan.merged),
        *((_ask, one) for one in plan.unmatched),
    ]
    total = len(plan.created) + len(steps)
    say = applied or (lambda _done, _total: None)
    for start in range(0, len(plan.created), _SCHOOLS_AT_ONCE):
        batch = plan.created[start : start + _SCHOOLS_AT_ONCE]
        _create(work, batch)
        say(start + len(batch), total)
    for number, (step, subject) in enumerate(steps, start=1):
        step(work, subject)
        if number % 50 == 0 or number == len(steps):
            say(len(plan.created) + number, total)
    session.flush()  # numbers that changed hands are read again
    write_rows(session, work.rows, records, absent=absent, now=now)
    if plan.changes_nothing:
        return
    audit(
        session, witness(actor), AuditKind.SCHOOLS_IMPORTED, tenant_id=service(session).id,
        subject=("register", today.isoformat()), now=now, created=len(plan.created), changed=len(plan.changed),
        converted=len(plan.converted), merged=len(plan.merged),
    )  # fmt: skip
    note_change(session, reason=_REASON, at=now, now=now, made_by=actor.person_id)


def assign_council(
    session: PortalSession, school: Tenant, authority_id: int, district: str, *, first_day: date | None
) -> None:
    """The school belongs to this council from `first_day` on (always, when `None`), until the next day decided on."""
    statement = select(SchoolAuthority).where(SchoolAuthority.school_id == school.id)
    rows = sorted(session.scalars(statement), key=lambda row: row.valid_from or date.min)
    first = first_day or date.min
    earlier = [row for row in rows if (row.valid_from or date.min) <= first]
    held = earlier[-1] if earlier else None
    holds = held is not None and (held.valid_to is None or held.valid_to > first)
    if held is not None and holds and held.authority_id == authority_id:
        held.district = district or held.district
        return
    if held is not None and held.valid_from == first_day:
        held.authority_id, held.district = authority_id, district
        return
    following = next((row.valid_from for row in rows if (row.valid_from or date.min) > first), None)
    if held is not None and holds:
        held.valid_to = first_day
    session.add(
        SchoolAuthority(
            school_id=school.id, authority_id=authority_id, district=district, valid_from=first_day, valid_to=following
        )
    )


def close_school(
    session: PortalSession,
    school: Tenant,
    *,
    on: date | None,
    successor: Tenant | None,
    records: str,
    now: datetime,
    has_left: bool = False,
) -> None:
    """Its pages say from now on that it closed, and where its records went; its past notices stay.

    `has_left`: a person closed it, so what the register says of it changes nothing any more.
    """
    if closure_of(session, school.id) is None:
        session.add(
            SchoolClosure(
                school_id=school.id, closed_on=on, successor_id=successor.id if successor else None, records=records,
                status_before=school.status.value, has_left=has_left, recorded_at=now,
            )
        )  # fmt: skip
    school.status, school.closed_on = TenantStatus.CLOSED, on


def reopen_school(session: PortalSession, school: Tenant) -> None:
    """As it was before it closed. One that a person brought back already stays as it is."""
    if school.status is not TenantStatus.CLOSED:
        return
    closure = closure_of(session, school.id)
    before = closure.status_before if closure is not None else ""
    session.execute(delete(SchoolClosure).where(SchoolClosure.school_id == school.id))
    school.status, school.closed_on = TenantStatus(before or TenantStatus.PREPARING), None


def _work(
    session: PortalSession,
    actor: Actor,
    plan: ImportPlan,
    records: Iterable[SchoolRecord],
    *,
    today: date,
    now: datetime,
    goes_live: bool,
    absent: frozenset[str],
) -> _Work:
    touched = {one.record.urn for one in plan.changed} | {one.old.urn for one in plan.converted}
    touched |= {record.urn for one in plan.merged for record in (*one.closed, one.into)}
    touched |= {one.record.urn for one in plan.unmatched}
    schools: dict[str, Tenant] = {}
    if touched:
        statement = select(Tenant).where(Tenant.kind == TenantKind.SCHOOL, Tenant.urn.is_not(None))
        schools = {one.urn: one for one in session.scalars(statement) if one.urn in touched}
    slugs: set[str] = set()
    spans = session.execute(select(AuthorityRow.id, AuthorityRow.valid_from, AuthorityRow.valid_to)).all()
    begins, ends = {row.id: row.valid_from for row in spans}, {row.id: row.valid_to for row in spans}
    if plan.created:
        slugs = {*session.scalars(select(Tenant.slug)), *session.scalars(select(FormerSlug.slug))}
    named = [*records, *plan.created]
    return _Work(
        session, actor, today, now, goes_live, absent, authorities_by_code(session, today), begins, ends, schools,
        trusts_at_hand(session, actor, named, now=now), held_rows(session), slugs,
    )  # fmt: skip


def _create(work: _Work, records: Sequence[SchoolRecord]) -> None:
    """Some hundreds of schools at once: one statement a table, not one a school."""
    status = TenantStatus.LIVE if work.goes_live else TenantStatus.PREPARING
    schools = []
    trusts = [work.trusts.of(record) for record in records]  # before the schools: both draw from the same addresses
    work.slugs |= {trust.slug for trust in trusts if trust is not None}
    for record in records:
        slug = first_free(slugify(record.name) or f"school-{record.urn}", work.slugs.__contains__)
        school = Tenant(
            slug=slug, kind=TenantKind.SCHOOL, name=record.name, status=status, created_at=work.now, languages=["en"]
        )
        work.slugs.add(slug)
        _describe(work, school, record)
        schools.append(school)
    work.session.add_all(schools)
    work.session.flush()  # gives the ids that everything of the schools carries
    pairs = list(zip(schools, records, strict=True))
    assignments = [
        {"school_id": school.id, **assignment} for school, record in pairs for assignment in _assignments(work, record)
    ]
    facts = [
        {
            "tenant_id": school.id, "key": key, "value": value, "effective_at": work.now,
            "recorded_by": work.actor.person_id,
        }
        for school, record in pairs
        for key, value in _facts(school, record).items()
        if value
    ]  # fmt: skip
    for model, rows in ((SchoolAuthority, assignments), (Fact, facts)):
        if rows:
            work.session.execute(insert(model), rows)
    ids = [school.id for school in schools]
    record_first(
        work.session, witness(work.actor), AuditKind.TENANT_ADDED, tenant_ids=ids, now=work.now, source="register"
    )
    for school, record in pairs:
        work.rows.remember(school.id, record, now=work.now)
        work.schools[record.urn] = school


def _assignments(work: _Work, record: SchoolRecord) -> list[dict[str, Any]]:
    """The council of a new school; before it the one that the register says it replaced, where both are of one day."""
    present, before = work.authorities.get(record.la_code), work.authorities.get(record.previous_la_code)
    if present is None:
        return []
    held = {"authority_id": present, "district": record.district_code, "valid_from": None, "valid_to": None}
    day = work.begins.get(present)
    if before is None or day is None or work.ends.get(before) != day:
        return [held]
    return [
        {"authority_id": before, "district": "", "valid_from": None, "valid_to": day},
        {**held, "valid_from": day},
    ]


def _change(work: _Work, change: SchoolChange) -> None:
    school, record = work.schools[change.record.urn], change.record
    changed = {one.field for one in change.differences}
    before = _facts(school, work.rows.before(record.urn) or record)
    if ChangeKind.RENAMED in change.kinds:
        rename(work.session, school, name=record.name, now=work.now)
    _describe(work, school, record)
    if "la_code" in changed:
        assign_council(
            work.session, school, work.authorities[record.la_code], record.district_code, first_day=work.today
        )
    elif "district_code" in changed:
        _note_district(work, school, record.district_code)
    if ChangeKind.CLOSED in change.kinds:
        records = records_after_closure(work.session, school, on=record.close_date or work.today)
        close_school(work.session, school, on=record.close_date, successor=None, records=records, now=work.now)
    if ChangeKind.REOPENED in change.kinds:
        reopen_school(work.session, school)
    _follow_facts(work, school, before, _facts(school, record))
    work.rows.remember(school.id, record, now=work.now)
    _audit(work, school, AuditKind.TENANT_CLOSED if ChangeKind.CLOSED in change.kinds else AuditKind.TENANT_CHANGED)


def _note_district(work: _Work, school: Tenant, district: str) -> None:
    """The council stays: a reorganisation may have moved the school already, ahead of the register."""
    statement = select(SchoolAuthority).where(SchoolAuthority.school_id == school.id)
    for row in work.session.scalars(statement.where(SchoolAuthority.valid_to.is_(None))):
        row.district = district or row.district


def _convert(work: _Work, conversion: Conversion) -> None:
    school, record = work.schools.pop(conversion.old.urn), conversion.record
    before = _facts(school, conversion.old)
    ended = conversion.closed.close_date or record.open_date
    work.session.add(FormerUrn(urn=conversion.old.urn, tenant_id=school.id, name=conversion.old.name, ended_on=ended))
    work.rows.release(conversion.old.urn, conversion.closed, now=work.now)
    if school.name != record.name:
        rename(work.session, school, name=record.name, now=work.now)
    _describe(work, school, record)
    if record.la_code != conversion.old.la_code:
        assign_council(
            work.session, school, work.authorities[record.la_code], record.district_code, first_day=work.today
        )
    else:
        _note_district(work, school, record.district_code)
    _follow_facts(work, school, before, _facts(school, record))
    work.rows.remember(school.id, record, now=work.now)
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
        work.rows.remember(school.id, record, now=work.now)
        _audit(work, school, AuditKind.TENANT_CLOSED)


def _ask(work: _Work, question: Unmatched) -> None:
    """Nothing is done before a person says which school took over; until then the question is kept."""
    school = work.schools[question.record.urn]
    known = work.rows.before(question.record.urn) or question.known
    asked = {"record": stored_record(question.record), "candidates": list(question.candidates)}
    work.rows.ask(school.id, known, asked, now=work.now)


def _describe(work: _Work, school: Tenant, record: SchoolRecord) -> None:
    """Of what the file has no column, the school keeps what it has."""
    school.urn, school.law = record.urn, record.law or school.law
    values = {"type_name": record.type_name[:100], "phase": record.phase[:40], "town": record.town[:100]}
    for name, value in values.items():
        if name not in work.absent:
            setattr(school, name, value)
    school.postcode = record.postcode
    if not {"trust_code", "trust_name"} <= work.absent:
        put_under(work.session, school, work.trusts.of(record, school.trust_id))


def _facts(school: Tenant, record: SchoolRecord) -> dict[str, str]:
    return {
        "school.telephone": record.telephone,
        "school.website": record.website,
        "school.address": record.address,
        "controller.name": controller_of(record.law or school.law, record.name, record.trust_name),
    }


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
