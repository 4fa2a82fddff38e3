"""The inbox: views, filters and pages that stay fast however many cases there are.

Open cases stand by the date they are due, closed ones by when they were opened; pages go on from the last row seen
(keyset), so page 500 costs what page 1 costs. Which tenants' rows are meant is the session's scope.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, func, select, tuple_

from portal.casework.models import Case, CaseCount, CaseKind, CaseStatus, WaitingFor
from portal.casework.queries import is_readable_by
from portal.casework.search import MOST, find_case_ids
from portal.core.clock import end_of_day
from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.core.limits import ROWS_PER_PAGE
from portal.identity.permissions import Actor
from portal.tenancy.models import Tenant

WEEK = timedelta(days=7)
MOST_DAYS = 36_500
_NUMBER = re.compile(r"[0-9]{1,9}")
_REFERENCE = re.compile(r"[0-9A-Z]{4}[- ]?[0-9A-Z]{4}")


class View(StrEnum):
    ALL = "all"
    MINE = "mine"
    SCHOOL = "school"
    DPO = "dpo"
    REQUESTER = "requester"
    WEEK = "week"
    OVERDUE = "overdue"
    UNASSIGNED = "unassigned"
    LIMITED = "limited"
    CLOSED = "closed"


VIEWS: dict[View, str] = {
    View.ALL: N_("All open"),
    View.MINE: N_("Mine"),
    View.SCHOOL: N_("Waiting for school"),
    View.DPO: N_("Waiting for DPO"),
    View.REQUESTER: N_("Waiting for requester"),
    View.WEEK: N_("Due this week"),
    View.OVERDUE: N_("Overdue"),
    View.UNASSIGNED: N_("Nobody's yet"),
    View.LIMITED: N_("Limited"),
    View.CLOSED: N_("Closed"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader of an inbox chose. `older_than` is in days since receipt."""

    view: View = View.ALL
    words: str = ""
    kind: CaseKind | None = None
    school_id: int | None = None
    trust_id: int | None = None
    authority_id: int | None = None
    older_than: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the inbox."""

    id: int
    reference: str
    kind: CaseKind
    status: CaseStatus
    waiting_for: WaitingFor
    outcome: str
    opened_at: datetime
    due_on: date | None
    due_at: datetime | None
    sort_on: date
    requester_name: str
    assignee_id: int | None
    is_limited: bool
    school_name: str
    school_slug: str


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursors of the pages before and after, empty at the ends."""

    lines: tuple[Line, ...]
    before: str = ""
    after: str = ""
    is_cut: bool = False


def page(
    session: PortalSession,
    actor: Actor,
    filters: Filters,
    *,
    today: date,
    after: str = "",
    before: str = "",
    size: int = ROWS_PER_PAGE,
) -> Page:
    """One page of cases. A cursor that cannot be read is the first page. `is_cut` says that a search found too much."""
    statement = _rows(actor, filters, today)
    is_cut = False
    if filters.words:
        found, is_cut = _search(session, actor, filters.words)
        statement = statement.where(found)
    keys = (Case.opened_at, Case.id) if filters.view is View.CLOSED else (Case.sort_on, Case.id)
    is_newest_first = filters.view is View.CLOSED
    back = _cursor(before, is_newest_first=is_newest_first)
    cursor = back or _cursor(after, is_newest_first=is_newest_first)
    descends = is_newest_first != bool(back)
    if cursor is not None:
        place = tuple_(*keys)
        statement = statement.where(place < tuple_(*cursor) if descends else place > tuple_(*cursor))
    order = [key.desc() if descends else key for key in keys]
    lines = [Line(*row) for row in session.execute(statement.order_by(*order).limit(size + 1))]
    has_more = len(lines) > size
    lines = lines[:size]
    if back is not None:
        lines.reverse()
    has_next = has_more if back is None else True
    has_previous = bool(cursor) if back is None else has_more
    return Page(
        tuple(lines),
        _mark(lines[0], is_newest_first=is_newest_first) if lines and has_previous else "",
        _mark(lines[-1], is_newest_first=is_newest_first) if lines and has_next else "",
        is_cut,
    )


def counts(session: PortalSession, actor: Actor, views: tuple[View, ...], *, today: date) -> dict[View, int]:
    """How many open cases each view holds, in one question."""
    columns = [func.count().filter(and_(*_conditions(actor, Filters(view), today))).label(view.name) for view in views]
    statement = select(*columns).select_from(Case).where(Case.status == CaseStatus.OPEN, is_readable_by(actor))
    row = tuple(session.execute(statement).one())
    return {view: int(row[place]) for place, view in enumerate(views)}


def first_of(session: PortalSession, actor: Actor, view: View, *, today: date) -> str:
    """The reference of the most urgent case of a view, empty where there is none."""
    statement = select(Case.reference).where(*_conditions(actor, Filters(view), today), is_readable_by(actor))
    return session.scalar(statement.order_by(Case.sort_on, Case.id).limit(1)) or ""


def counts_by_authority(session: PortalSession) -> dict[int, dict[str, int]]:
    """Counters at council x state, as kept with each change; no case is looked at."""
    found: dict[int, dict[str, int]] = {}
    for row in session.scalars(select(CaseCount)):
        found.setdefault(row.authority_id, {})[row.state] = row.number
    return found


def with_view(filters: Filters, view: View) -> Filters:
    """The same filters in another view."""
    return replace(filters, view=view)


def as_query(filters: Filters) -> dict[str, str]:
    """The filters as they stand in an address; empty ones are left out."""
    values: Mapping[str, object] = {
        "view": filters.view.value,
        "q": filters.words,
        "kind": filters.kind.value if filters.kind else None,
        "school": filters.school_id,
        "trust": filters.trust_id,
        "council": filters.authority_id,
        "older": filters.older_than,
    }
    return {name: str(value) for name, value in values.items() if value}


def from_query(values: Mapping[str, str]) -> Filters:
    """The filters of an address; what makes no sense is left out."""
    view, kind = values.get("view", ""), values.get("kind", "")
    return Filters(
        View(view) if view in set(View) else View.ALL,
        values.get("q", "")[:100].strip(),
        CaseKind(kind) if kind in set(CaseKind) else None,
        _number(values.get("school")),
        _number(values.get("trust")),
        _number(values.get("council")),
        _number(values.get("older")),
    )


def _rows(actor: Actor, filters: Filters, today: date) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Case.id,
            Case.reference,
            Case.kind,
            Case.status,
            Case.waiting_for,
            Case.outcome,
            Case.opened_at,
            Case.due_on,
            Case.due_at,
            Case.sort_on,
            Case.requester_name,
            Case.assignee_id,
            Case.is_limited,
            Tenant.name,
            Tenant.slug,
        )
        .join(Tenant, Tenant.id == Case.tenant_id)
        .where(*_conditions(actor, filters, today), is_readable_by(actor))
    )


def _conditions(actor: Actor, filters: Filters, today: date) -> list[ColumnElement[bool]]:
    status = CaseStatus.CLOSED if filters.view is View.CLOSED else CaseStatus.OPEN
    found: list[ColumnElement[bool]] = [] if filters.words else [_stands(status)]
    by_view: dict[View, ColumnElement[bool]] = {
        View.MINE: Case.assignee_id == actor.person_id,
        View.SCHOOL: Case.waiting_for == WaitingFor.SCHOOL,
        View.DPO: Case.waiting_for == WaitingFor.DPO,
        View.REQUESTER: Case.waiting_for == WaitingFor.REQUESTER,
        View.WEEK: Case.sort_on <= today + WEEK,
        View.OVERDUE: Case.sort_on < today,
        View.UNASSIGNED: Case.assignee_id.is_(None),
        View.LIMITED: Case.is_limited.is_(True),
    }
    if filters.view in by_view:
        found.append(by_view[filters.view])
    columns = ((Case.kind, filters.kind), (Case.tenant_id, filters.school_id), (Case.trust_id, filters.trust_id))
    found += [column == value for column, value in (*columns, (Case.authority_id, filters.authority_id)) if value]
    if filters.older_than:
        found.append(Case.received_at <= end_of_day(today - timedelta(days=min(filters.older_than, MOST_DAYS))))
    return found


def _stands(status: CaseStatus) -> ColumnElement[bool]:
    """Written out in the statement: SQLite looks into a partial index only for a value it can read there."""
    return Case.status == bindparam(None, status, Case.status.type, literal_execute=True)


def _search(session: PortalSession, actor: Actor, words: str) -> tuple[ColumnElement[bool], bool]:
    """By reference, else by exact surname (a b-tree that stops after a page), else by words anywhere, at most 1,000."""
    typed = words.upper()
    if _REFERENCE.fullmatch(typed) and any(character.isdigit() for character in typed):
        return Case.reference == f"{typed[:4]}-{typed[-4:]}", False
    surname = words.casefold()
    if " " not in surname:
        by_name = select(Case.id).where(Case.requester_surname == surname, is_readable_by(actor)).limit(1)
        if session.scalar(by_name) is not None:
            return Case.requester_surname == surname, False
    found = find_case_ids(session, words)
    return Case.id.in_(found[:MOST]), len(found) > MOST


def _cursor(text: str, *, is_newest_first: bool) -> tuple[date | datetime, int] | None:
    moment, _, number = text.rpartition("~")
    row = _number(number)
    try:
        key = datetime.fromisoformat(moment) if is_newest_first else date.fromisoformat(moment)
    except ValueError:
        return None
    if row is None or (isinstance(key, datetime) and key.tzinfo is None):
        return None
    return key, row


def _mark(line: Line, *, is_newest_first: bool) -> str:
    key = line.opened_at if is_newest_first else line.sort_on
    return f"{key.isoformat()}~{line.id}"


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None
