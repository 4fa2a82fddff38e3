"""An order that replaces councils: dry run, entering, a second person's yes, and what happens on its day."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import Select, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.errors import Conflict, Forbidden, Invalid, NotFound
from portal.core.i18n import N_
from portal.directory.book import Book
from portal.directory.models import (
    AuthorityCodeRow,
    AuthorityNameRow,
    AuthorityRow,
    District,
    SchoolAuthority,
    SuccessionMoveRow,
    SuccessionRow,
)
from portal.directory.queries import placed_schools, read_book
from portal.directory.rules import Authority, Succession, SuccessionStatus, name_of, only_drafted
from portal.directory.succession import SuccessionPlan, plan_succession
from portal.identity.actions import witness
from portal.identity.permissions import SYSTEM, Action, Actor, Place, require
from portal.lifecycle.order_text import WrittenOrder
from portal.lifecycle.register_apply import assign_council
from portal.notices.changes import note_change
from portal.settings import Settings
from portal.tenancy.models import Tenant, TenantStatus
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant

OWN_ORDER = N_("Somebody else has to approve what you entered.")
IN_THE_PAST = N_("Its first day is past. Say that it corrects the directory: what notices said meanwhile stays.")
UNDECIDED = N_("Some districts have no new council yet, so this cannot be approved.")


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an order would do; `notices` counts the schools with public pages that would name another own council."""

    succession: Succession
    plan: SuccessionPlan
    book: Book
    notices: int

    def name(self, key: str) -> str:
        return name_of(self.book.by_key[key], self.succession.on).name

    def as_dict(self) -> dict[str, Any]:
        plan = self.plan
        return {
            "on": plan.on.isoformat(),
            "title": self.succession.title,
            "can_be_made": not plan.problems,
            "problems": [str(problem) for problem in plan.problems],
            "moves": [{"school": one.school, "from": one.origin, "to": one.target} for one in plan.moves],
            "staying": list(plan.staying),
            "undecided": [
                {"school": one.school, "from": one.origin, "candidates": list(one.candidates), "reason": one.doubt}
                for one in plan.undecided
            ],
            "notices": self.notices,
            "ending_links": [
                {"authority": one.authority, "kind": one.kind, "url": one.url} for one in plan.ending_links
            ],
            "missing_links": [{"authority": one.authority, "kind": one.kind} for one in plan.missing_links],
        }


def district_names(session: PortalSession) -> dict[str, str]:
    """Names of districts by code."""
    return {row.code: row.name for row in session.execute(select(District.code, District.name))}


def plan_written(session: PortalSession, order: WrittenOrder) -> DryRun:
    """Dry run of an order that is not entered; nothing is changed."""
    book = read_book(session)
    present = [replace(one, codes=order.codes.get(one.key, one.codes)) for one in book.authorities]
    new = [one for one in order.new if one.key not in book.by_key]
    return _dry_run(session, order.succession, replace(book, authorities=(*present, *new)))


def plan_entered(session: PortalSession, row: SuccessionRow) -> DryRun:
    """Dry run of an entered order against the schools of today."""
    book = read_book(session)
    return _dry_run(session, _entered(row, book), book)


def succession_of(session: PortalSession, row: SuccessionRow) -> Succession:
    """The order in the directory's terms."""
    return _entered(row, read_book(session))


def _entered(row: SuccessionRow, book: Book) -> Succession:
    return next(one for one in book.successions if one.title == row.title)


def enter_order(session: PortalSession, actor: Actor, order: WrittenOrder, *, now: datetime) -> SuccessionRow:
    """Keep an order as a draft, with the councils it makes. Raises `Invalid` for one that could never be made."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    title = order.succession.title
    if session.scalar(select(SuccessionRow.id).where(SuccessionRow.title == title)) is not None:
        raise Invalid(N_("There is an order of this title already."), field="title")
    _refuse(plan_written(session, order).plan)
    row = SuccessionRow(title=title)
    _write(session, actor, row, order, now=now)
    session.add(row)
    session.flush()  # gives the id for the audit line
    _audit(session, actor, row, centre, "entered", now)
    return row


def change_order(
    session: PortalSession, actor: Actor, row: SuccessionRow, order: WrittenOrder, *, now: datetime
) -> None:
    """Write a draft anew; whoever does cannot approve it. A withdrawn one is a draft again.

    Raises `Invalid` for one that could never be made, `Conflict` when it is made already.
    """
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    _must_not_be_made(row)
    title = order.succession.title
    same = select(SuccessionRow.id).where(SuccessionRow.title == title, SuccessionRow.id != row.id)
    if session.scalar(same) is not None:
        raise Invalid(N_("There is an order of this title already."), field="title")
    if order.succession.moves:
        _refuse(plan_written(session, order).plan)
    row.title = title
    _write(session, actor, row, order, now=now)
    session.flush()
    _audit(session, actor, row, centre, "changed", now)


def move_draft(session: PortalSession, actor: Actor, row: SuccessionRow, on: date) -> None:
    """Give a draft another day, with the councils that only it makes. Raises `Conflict` when it is made already."""
    _may(session, actor, Action.EDIT_DIRECTORY)
    _must_not_be_made(row)
    book = read_book(session)
    only = only_drafted(book.authorities, [one for one in book.successions if one.title == row.title])
    elsewhere = {move.target for one in book.successions if one.title != row.title for move in one.moves}
    for council in session.scalars(select(AuthorityRow).where(AuthorityRow.key.in_(sorted(only - elsewhere)))):
        spans: list[AuthorityRow | AuthorityNameRow | AuthorityCodeRow] = [council, *council.names, *council.codes]
        for span in spans:
            if span.valid_from == row.on:
                span.valid_from = on
    row.on = on
    session.flush()  # the directory is read anew next


def withdraw_order(session: PortalSession, actor: Actor, row: SuccessionRow, *, now: datetime) -> None:
    """The draft is off; it stays to be read, and can be taken up again. Raises `Conflict` when it is made already."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    _must_not_be_made(row)
    row.status = SuccessionStatus.WITHDRAWN
    _audit(session, actor, row, centre, "withdrawn", now)


def approve_order(
    session: PortalSession, actor: Actor, row: SuccessionRow, *, today: date, now: datetime, corrects: bool = False
) -> None:
    """From its day on the order holds. Applied at once where that day is today.

    A day that is past is refused unless it `corrects` the directory: what notices said meanwhile stays as it was.
    Raises `Forbidden` for who entered it, `Invalid` with every reason against it, `Conflict` when it is made already or
    withdrawn.
    """
    centre = _may(session, actor, Action.APPROVE_DIRECTORY)
    _must_not_be_made(row)
    if row.status is SuccessionStatus.WITHDRAWN:
        raise Conflict(N_("Somebody withdrew this."))
    if actor.kind != "system" and row.entered_by == actor.person_id:
        raise Forbidden(OWN_ORDER)
    if row.undecided or not row.moves:
        raise Invalid(UNDECIDED)
    if row.on < today and not corrects:
        raise Invalid(IN_THE_PAST)
    dry_run = plan_entered(session, row)
    _refuse(dry_run.plan)
    ending = dry_run.succession.ending()
    for authority in session.scalars(select(AuthorityRow).where(AuthorityRow.key.in_(sorted(ending)))):
        authority.valid_to = row.on
        for code in authority.codes:
            if code.valid_to is None or code.valid_to > row.on:
                code.valid_to = row.on
    row.status, row.made_at, row.made_by = SuccessionStatus.MADE, now, actor.person_id
    _audit(session, actor, row, centre, "approved", now)
    begins = max(now, clock.from_london(row.on, time.min))
    note_change(session, reason="Councils were reorganised.", at=begins, now=now, made_by=actor.person_id)
    if row.on <= today:
        apply_order(session, actor, row, now=now)


def apply_order(session: PortalSession, actor: Actor, row: SuccessionRow, *, now: datetime) -> int:
    """Give every school that moves its new council from the order's day on; returns how many. Twice does nothing."""
    if row.applied_at is not None or row.status is not SuccessionStatus.MADE:
        return 0
    ids = {one.key: one.id for one in session.execute(select(AuthorityRow.key, AuthorityRow.id))}
    moves = {move.school: ids[move.target] for move in plan_entered(session, row).plan.moves}
    for school in session.scalars(select(Tenant).where(Tenant.slug.in_(moves))):
        assign_council(session, school, moves[school.slug], _district_of(session, school, row.on), first_day=row.on)
    row.applied_at = now
    _audit(session, actor, row, service(session).id, "applied", now, schools=len(moves))
    return len(moves)


def orders_wait(_settings: Settings, database: Database) -> bool:
    """Whether an order's day has come."""
    with database.session() as session:
        return session.scalar(_due_orders().limit(1)) is not None


def _district_of(session: PortalSession, school: Tenant, on: date) -> str:
    rows = session.execute(
        select(SchoolAuthority.district, SchoolAuthority.valid_from)
        .where(SchoolAuthority.school_id == school.id, SchoolAuthority.district != "")
        .order_by(SchoolAuthority.valid_from.desc().nulls_last())
    )
    return next((district for district, valid_from in rows if valid_from is None or valid_from <= on), "")


def apply_by_the_clock(_settings: Settings, database: Database) -> None:
    """Timed work: orders whose day has come."""
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "succession of councils"):
        for row in session.scalars(_due_orders().order_by(SuccessionRow.on)):
            apply_order(session, SYSTEM, row, now=now)


def order_by_id(session: PortalSession, order_id: int) -> SuccessionRow:
    """Raises `NotFound`."""
    found: SuccessionRow | None = session.get(SuccessionRow, order_id)
    if found is None:
        raise NotFound(N_("There is no such order."))
    return found


def orders(session: PortalSession) -> list[SuccessionRow]:
    """Every order, the latest day first."""
    return list(session.scalars(select(SuccessionRow).order_by(SuccessionRow.on.desc(), SuccessionRow.title)))


def _dry_run(session: PortalSession, succession: Succession, book: Book) -> DryRun:
    others = [one for one in book.successions if one.title != succession.title]
    schools = placed_schools(session, Tenant.status != TenantStatus.CLOSED)
    plan = plan_succession(succession, schools, book.authorities, others, book.links)
    touched = {one.school for one in plan.moves} | {one.school for one in plan.undecided}
    public = session.scalars(select(Tenant.slug).where(Tenant.status.in_((TenantStatus.LIVE, TenantStatus.LEAVING))))
    return DryRun(succession, plan, book, len(touched & set(public)))


def _due_orders() -> Select[SuccessionRow]:
    return select(SuccessionRow).where(
        SuccessionRow.status == SuccessionStatus.MADE,
        SuccessionRow.applied_at.is_(None),
        SuccessionRow.on <= clock.today(),
    )


def _refuse(plan: SuccessionPlan) -> None:
    if plan.problems:
        raise Invalid(" ".join(str(problem) for problem in plan.problems))


def _must_not_be_made(row: SuccessionRow) -> None:
    if row.status is SuccessionStatus.MADE:
        raise Conflict(N_("Somebody approved this already."))


def _write(session: PortalSession, actor: Actor, row: SuccessionRow, order: WrittenOrder, *, now: datetime) -> None:
    _add_councils(session, order.new)
    _give_codes(session, order)
    ids = {one.key: one.id for one in session.execute(select(AuthorityRow.key, AuthorityRow.id))}
    row.on, row.source, row.undecided = order.succession.on, order.source, list(order.undecided)
    row.status, row.entered_at, row.entered_by = SuccessionStatus.DRAFT, now, actor.person_id
    row.moves = [
        SuccessionMoveRow(origin_id=ids[one.origin], target_id=ids[one.target], districts=sorted(one.districts))
        for one in order.succession.moves
    ]


def _give_codes(session: PortalSession, order: WrittenOrder) -> None:
    for council in session.scalars(select(AuthorityRow).where(AuthorityRow.key.in_(sorted(order.codes)))):
        council.codes = [
            AuthorityCodeRow(scheme=one.scheme, code=one.code, valid_from=one.valid_from)
            for one in order.codes[council.key]
        ]


def _add_councils(session: PortalSession, new: Iterable[Authority]) -> None:
    present = set(session.scalars(select(AuthorityRow.key)))
    for one in new:
        if one.key in present:
            continue
        session.add(
            AuthorityRow(
                key=one.key, kind=one.kind, region=one.region, districts=[], valid_from=one.valid_from,
                names=[AuthorityNameRow(name=name.name, short_name=name.short_name) for name in one.names],
                codes=[
                    AuthorityCodeRow(scheme=each.scheme, code=each.code, valid_from=each.valid_from)
                    for each in one.codes
                ],
            )
        )  # fmt: skip
    session.flush()  # the moves refer to them


def _may(session: PortalSession, actor: Actor, action: Action) -> int:
    centre = service(session).id
    require(actor, action, Place(centre, None, centre))
    return centre


def _audit(
    session: PortalSession,
    actor: Actor,
    row: SuccessionRow,
    centre: int,
    step: str,
    now: datetime,
    schools: int | None = None,
) -> None:
    record(
        session, witness(actor), AuditKind.SUCCESSION_CHANGED, tenant_id=centre, subject=("succession", row.id),
        now=now, step=step, schools=schools,
    )  # fmt: skip
