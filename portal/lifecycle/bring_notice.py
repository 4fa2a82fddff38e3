"""Bringing a school's own notice in: reading and comparing it, deciding otherwise by hand, keeping the report."""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select

from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.core.limits import NAME_LENGTH
from portal.core.text import clean
from portal.identity.permissions import Action, Actor, require
from portal.lifecycle.import_corrections import Correction, corrected
from portal.lifecycle.import_editions import authority_names, library_editions
from portal.lifecycle.import_plan import Choices, Step, plan_import
from portal.lifecycle.import_record import as_record, from_record
from portal.notices.actions import place_of
from portal.notices.gathering import fill_shelf
from portal.notices.importing.align import align
from portal.notices.importing.blocks import Block
from portal.notices.importing.editions import AuthorityName, Edition, in_force
from portal.notices.importing.notice_check import check_notice
from portal.notices.importing.report import Report
from portal.notices.models import ImportRun, Release, ReleaseClause
from portal.notices.wording import NoticeDesk, notice_desk
from portal.tenancy.models import Tenant, TenantKind

APPLIED = N_("This import was applied already. Bring the document in again to decide otherwise.")
MEANWHILE = N_("Somebody else decided something about this document meanwhile.")
OWN_RUNS = 20
LISTED_RUNS = 500


class Comparison:
    """Everything that documents are compared with, read once for any number of them."""

    def __init__(self, session: PortalSession, *, now: datetime) -> None:
        self.editions: list[Edition] = library_editions(session, now=now)
        self.authorities: list[AuthorityName] = authority_names(session)
        self._on = london(now).date()
        self._laws = _laws(session, self.editions, self._on)

    def report(self, blocks: tuple[Block, ...]) -> Report:
        """Raises `Invalid` for a document that is no privacy notice."""
        check_notice(blocks)
        return align(blocks, self.editions, self.authorities, on=self._on)

    def for_school(self, report: Report, school: Tenant) -> Report:
        """Without the clauses that are for other kinds of school: those are not missing."""
        kept = [key for key in report.missing if not (laws := self._laws.get(key)) or school.law in {None, *laws}]
        return replace(report, missing=tuple(kept))


def _laws(session: PortalSession, editions: Sequence[Edition], on: date) -> dict[str, list[str]]:
    """By clause of the edition in force, the kinds of school that it is for; nothing where it is for all."""
    current = in_force(editions, on)
    statement = (
        select(ReleaseClause.key, ReleaseClause.applies)
        .join(Release, Release.id == ReleaseClause.release_id)
        .where(Release.name == (current.name if current else ""))
    )
    return {key: list(applies) for key, applies in session.execute(statement)}


def bring(
    session: PortalSession, actor: Actor, school: Tenant, blocks: tuple[Block, ...], *, document: str, now: datetime,
    report: Report | None = None,
) -> ImportRun:  # fmt: skip
    """Compare a document with the library and keep the report; the notice does not change.

    Whoever compared it already passes the `report`.
    Raises `Invalid` for a document that is no privacy notice, and for a tenant that is no school.
    """
    require(actor, Action.IMPORT_NOTICE, place_of(session, school))
    if school.kind is not TenantKind.SCHOOL:
        raise Invalid("Only a school has a notice of its own to bring in.")
    if report is None:
        comparison = Comparison(session, now=now)
        report = comparison.for_school(comparison.report(blocks), school)
    run = ImportRun(
        tenant_id=school.id,
        document=clean(document)[:NAME_LENGTH],
        sha256=hashlib.sha256("\0".join(block.text for block in blocks).encode("utf-8", "surrogatepass")).hexdigest(),
        record=as_record(report),
        choices={},
        result={},
        made_at=now,
        made_by=actor.person_id,
    )
    session.add(run)
    session.flush()  # gives the id that the page's address carries
    return run


def run_by_id(session: PortalSession, school: Tenant, run_id: int) -> ImportRun:
    """Raises `NotFound`, also for another school's."""
    run = session.scalar(select(ImportRun).where(ImportRun.tenant_id == school.id, ImportRun.id == run_id))
    if run is None:
        raise NotFound("There is no such import.")
    return run


def runs_of(session: PortalSession, school: Tenant) -> list[ImportRun]:
    """The school's imports, the newest first."""
    statement = select(ImportRun).where(ImportRun.tenant_id == school.id)
    return list(session.scalars(statement.order_by(ImportRun.made_at.desc(), ImportRun.id.desc()).limit(OWN_RUNS)))


def latest_runs(session: PortalSession) -> list[tuple[Tenant, ImportRun]]:
    """The imports of all schools, the newest first; the session must see every tenant."""
    statement = select(Tenant, ImportRun).join(ImportRun, ImportRun.tenant_id == Tenant.id)
    rows = session.execute(statement.order_by(ImportRun.made_at.desc(), ImportRun.id.desc()).limit(LISTED_RUNS))
    return [(school, run) for school, run in rows]


def report_of(run: ImportRun) -> Report:
    return from_record(run.record)


def steps_of(session: PortalSession, school: Tenant, run: ImportRun, *, now: datetime) -> list[Step]:
    """What applying the run would do today."""
    return plan_import(
        session, school, present_desk(session, school, now=now), report_of(run), Choices.of(run.choices), now=now
    )


def present_desk(session: PortalSession, school: Tenant, *, now: datetime) -> NoticeDesk:
    return notice_desk(session, school, now=now, shelf=fill_shelf(session))


def correct(
    session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, correction: Correction, *, seen: int,
    now: datetime,
) -> None:  # fmt: skip
    """Decide otherwise about one block. Raises `Conflict` where somebody decided something meanwhile."""
    _check_open(session, actor, school, run, seen)
    comparison = Comparison(session, now=now)
    run.record = as_record(corrected(report_of(run), correction, comparison.editions, london(now).date()))
    session.flush()  # the version that the next reader sees


def choose(
    session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, choices: Choices, *, seen: int
) -> None:
    """Decide what becomes of clauses, facts and local text. Raises `Conflict` as `correct` does."""
    _check_open(session, actor, school, run, seen)
    run.choices = choices.as_json()
    session.flush()  # the version that the next reader sees


def drop(session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, *, seen: int) -> None:
    """Throw a report away that was never applied."""
    _check_open(session, actor, school, run, seen)
    session.delete(run)


def _check_open(session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, seen: int) -> None:
    require(actor, Action.IMPORT_NOTICE, place_of(session, school))
    if run.applied_at is not None:
        raise Conflict(APPLIED)
    if run.version != seen:
        raise Conflict(MEANWHILE)
