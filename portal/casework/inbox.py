"""The inbox: views, filters, orders and pages that stay fast however many cases there are.

Pages go on from the last row seen (keyset), so page 500 costs what page 1 costs. Which tenants' rows are meant is the
session's scope.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Date, Integer, Select, and_, bindparam, func, not_, or_, select, true, tuple_

from portal.casework.intake import normal_reference
from portal.casework.models import Case, CaseCount, CaseKind, CaseStatus, WaitingFor
from portal.casework.queries import Chairs, chairs_of, is_named, is_readable, is_readable_by
from portal.casework.search import MOST, find_case_ids
from portal.core.clock import end_of_day, london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import ROWS_PER_PAGE, SEARCH_LENGTH
from portal.core.text import clean
from portal.identity.models import Person
from portal.identity.permissions import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.queries import named_like
from portal.tenancy.scope import current_scope, kept

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
    View.UNASSIGNED: N_("Nobody’s yet"),
    View.LIMITED: N_("Limited"),
    View.CLOSED: N_("Closed"),
}


class Sort(StrEnum):
    """In which order cases stand."""

    DUE = "due"
    NEWEST = "newest"
    NAME = "name"


SORTS: dict[Sort, str] = {
    Sort.DUE: N_("What is due first"),
    Sort.NEWEST: N_("Newest first"),
    Sort.NAME: N_("By surname"),
}


class Column(StrEnum):
    """What a row tells besides its reference and kind."""

    FROM = "from"
    ABOUT = "about"
    SCHOOL = "school"
    TRUST = "trust"
    COUNCIL = "council"
    RECEIVED = "received"
    DUE = "due"
    STATE = "state"
    WHO = "who"


COLUMNS: dict[Column, str] = {
    Column.FROM: N_("From"),
    Column.ABOUT: N_("About"),
    Column.SCHOOL: N_("School"),
    Column.TRUST: N_("Trust"),
    Column.COUNCIL: N_("Council"),
    Column.RECEIVED: N_("Received"),
    Column.DUE: N_("Answer by"),
    Column.STATE: N_("State"),
    Column.WHO: N_("Who"),
}
USUAL_COLUMNS = (Column.FROM, Column.SCHOOL, Column.DUE, Column.STATE, Column.WHO)


@dataclass(frozen=True, slots=True)
class Filters:
    """What the reader of an inbox chose. `older_than` is in days since receipt; `school` is part of a name.

    `sort` is None for the view's own order: closed cases newest first, all others by what is due first.
    """

    view: View = View.ALL
    words: str = ""
    kind: CaseKind | None = None
    status: WaitingFor | None = None
    school: str = ""
    trust_id: int | None = None
    authority_id: int | None = None
    older_than: int | None = None
    sort: Sort | None = None
    columns: tuple[Column, ...] = USUAL_COLUMNS

    @property
    def has_more(self) -> bool:
        """Whether anything is chosen besides view, words, kind and order."""
        chosen = (self.status, self.school, self.trust_id, self.authority_id, self.older_than)
        return any(chosen) or self.columns != USUAL_COLUMNS

    @property
    def order(self) -> Sort:
        """The order in force."""
        return self.sort or (Sort.NEWEST if self.view is View.CLOSED else Sort.DUE)


class Line(NamedTuple):
    """One row of the inbox; a tuple, because an export makes ten thousand of them."""

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
    received_at: datetime
    requester_surname: str
    subject_name: str
    trust_id: int | None
    authority_id: int | None
    school_name: str
    school_slug: str
    assignee_name: str | None

    def is_overdue(self, now: datetime) -> bool:
        """Whether the time to answer is over; a breach counts by the hour."""
        if self.status is not CaseStatus.OPEN:
            return False
        return self.due_at < now if self.due_at else self.due_on is not None and self.due_on < london(now).date()


@dataclass(frozen=True, slots=True)
class Page:
    """Rows, and the cursors of the pages before and after, empty at the ends."""

    lines: tuple[Line, ...]
    before: str = ""
    after: str = ""
    is_cut: bool = False


_KEYS = {Sort.DUE: Case.sort_on, Sort.NEWEST: Case.opened_at, Sort.NAME: Case.requester_surname}


def page(
    session: PortalSession,
    actor: Actor,
    filters: Filters,
    *,
    now: datetime,
    after: str = "",
    before: str = "",
    size: int = ROWS_PER_PAGE,
) -> Page:
    """One page of cases. A cursor that cannot be read is the first page. `is_cut` says that a search found too much."""
    sort = filters.order
    back = _cursor(before, sort)
    cursor = back or _cursor(after, sort)
    descends = (sort is Sort.NEWEST) != bool(back)
    statement = _rows(_shape(actor, filters), sort, descends=descends, goes_on=cursor is not None)
    values = _values(actor, filters, now) | {"size": size + 1}
    if cursor is not None:
        values |= {"key": cursor[0], "row": cursor[1]}
    if filters.school:
        statement = statement.where(Case.tenant_id.in_(named_like(filters.school)))
    statements, is_cut = [statement], False
    if filters.words:
        found, is_cut = _search(session, actor, filters.words)
        statements = [statement.where(each) for each in found]
    wanted = {line.id: line for each in statements for line in map(Line._make, session.execute(each, values))}
    lines = list(wanted.values())
    if len(statements) > 1:
        lines.sort(key=lambda line: _place(line, sort), reverse=descends)
    has_more = len(lines) > size
    lines = lines[:size]
    if back is not None:
        lines.reverse()
    has_next = has_more if back is None else True
    has_previous = bool(cursor) if back is None else has_more
    return Page(
        tuple(lines),
        _mark(lines[0], sort) if lines and has_previous else "",
        _mark(lines[-1], sort) if lines and has_next else "",
        is_cut,
    )


def counts(session: PortalSession, actor: Actor, views: tuple[View, ...], *, now: datetime) -> dict[View, int]:
    """How many open cases each view holds, in one question."""
    row = tuple(session.execute(_counting(views, chairs_of(actor)), _values(actor, Filters(), now)).one())
    return {view: int(row[place]) for place, view in enumerate(views)}


def first_of(session: PortalSession, actor: Actor, view: View, *, now: datetime) -> str:
    """The reference of the most urgent case of a view, empty where there is none; this week's without overdue ones."""
    conditions = _conditions(_shape(actor, Filters(view)))
    if view is View.WEEK:
        conditions.append(not_(_in_view(View.OVERDUE)))
    statement = select(Case.reference).where(*conditions).order_by(Case.sort_on, Case.id).limit(1)
    return session.scalar(statement, _values(actor, Filters(), now)) or ""


def counts_by_authority(session: PortalSession) -> dict[int, dict[str, int]]:
    """Counters at council x state, as kept with each change; no case is looked at."""
    found: dict[int, dict[str, int]] = {}
    for authority_id, state, number in session.execute(_COUNTS):
        found.setdefault(authority_id, {})[state] = number
    return found


def with_view(filters: Filters, view: View) -> Filters:
    """The same filters in another view."""
    return replace(filters, view=view)


def as_query(filters: Filters) -> dict[str, Any]:
    """The filters as they stand in an address, all of them text; empty ones are left out."""
    values: Mapping[str, object] = {
        "view": filters.view.value,
        "q": filters.words,
        "kind": filters.kind.value if filters.kind else None,
        "status": filters.status.value if filters.status else None,
        "school": filters.school,
        "trust": filters.trust_id,
        "council": filters.authority_id,
        "older": filters.older_than,
        "sort": filters.sort.value if filters.sort else None,
        "columns": ",".join(filters.columns) if filters.columns != USUAL_COLUMNS else None,
    }
    return {name: str(value) for name, value in values.items() if value}


def from_query(values: Mapping[str, str]) -> Filters:
    """The filters of an address; what makes no sense is left out."""
    view, kind, status, sort = (values.get(name, "") for name in ("view", "kind", "status", "sort"))
    chosen = set(values.get("columns", "").split(","))
    return Filters(
        View(view) if view in set(View) else View.ALL,
        values.get("q", "")[:SEARCH_LENGTH].strip(),
        CaseKind(kind) if kind in set(CaseKind) else None,
        WaitingFor(status) if status in set(WaitingFor) else None,
        values.get("school", "")[:SEARCH_LENGTH].strip(),
        _number(values.get("trust")),
        _number(values.get("council")),
        _number(values.get("older")),
        Sort(sort) if sort in set(Sort) else None,
        tuple(column for column in Column if column in chosen) or USUAL_COLUMNS,
    )


_LINES = (
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
        Case.received_at,
        Case.requester_surname,
        Case.subject_name,
        Case.trust_id,
        Case.authority_id,
        Tenant.name,
        Tenant.slug,
        Person.name,
    )
    .join(Tenant, Tenant.id == Case.tenant_id)
    .outerjoin(Person, Person.id == Case.assignee_id)
)
"""Made once: naming twenty columns takes longer than reading a page of them."""


_COUNTS = kept(select(CaseCount.authority_id, CaseCount.state, CaseCount.number))


class _Shape(NamedTuple):
    """What decides the text of a question; all else is a parameter of it, so that it is made once for everybody."""

    view: View
    is_search: bool
    chosen: tuple[str, ...]
    chairs: Chairs


def _shape(actor: Actor, filters: Filters) -> _Shape:
    given = {
        "kind": filters.kind, "status": filters.status, "trust": filters.trust_id, "council": filters.authority_id,
        "received": filters.older_than,
    }  # fmt: skip
    chosen = tuple(name for name, value in given.items() if value)
    return _Shape(filters.view, bool(filters.words), chosen, chairs_of(actor))


def _values(actor: Actor, filters: Filters, now: datetime) -> dict[str, Any]:
    """The parameters that a shape may ask for."""
    today = london(now).date()
    return {
        "me": actor.person_id,
        "now": now,
        "today": today,
        "week": today + WEEK,
        "kind": filters.kind,
        "status": filters.status,
        "trust": filters.trust_id,
        "council": filters.authority_id,
        "received": end_of_day(today - timedelta(days=min(filters.older_than or 0, MOST_DAYS))),
    }


@lru_cache(maxsize=512)
def _rows(shape: _Shape, sort: Sort, *, descends: bool, goes_on: bool) -> Select[*tuple[Any, ...]]:
    """A page of rows; `goes_on` from the place in the parameters `key` and `row`."""
    keys = (_KEYS[sort], Case.id)
    statement = _LINES.where(*_conditions(shape))
    if goes_on:
        place, last = tuple_(*keys), tuple_(bindparam("key", type_=keys[0].type), bindparam("row", type_=Integer))
        statement = statement.where(place < last if descends else place > last)
    order = [key.desc() if descends else key for key in keys]
    return kept(statement.order_by(*order).limit(bindparam("size", type_=Integer)))


@lru_cache(maxsize=64)
def _counting(views: tuple[View, ...], chairs: Chairs) -> Select[*tuple[Any, ...]]:
    columns = [func.count().filter(_in_view(view)).label(view.name) for view in views]
    is_meant = (_stands(CaseStatus.OPEN), is_readable(_ME, chairs))
    return kept(select(*columns).select_from(Case).where(*is_meant))


def _conditions(shape: _Shape) -> list[ColumnElement[bool]]:
    status = CaseStatus.CLOSED if shape.view is View.CLOSED else CaseStatus.OPEN
    found = [] if shape.is_search else [_stands(status)]
    return [*found, _in_view(shape.view), *(_CHOSEN[name] for name in shape.chosen), is_readable(_ME, shape.chairs)]


_ME = bindparam("me", type_=Integer)
_TODAY = bindparam("today", type_=Date)
_CHOSEN: dict[str, ColumnElement[bool]] = {
    "kind": Case.kind == bindparam("kind"),
    "status": Case.waiting_for == bindparam("status"),
    "trust": Case.trust_id == bindparam("trust"),
    "council": Case.authority_id == bindparam("council"),
    "received": Case.received_at <= bindparam("received"),
}


def _in_view(view: View) -> ColumnElement[bool]:
    """What a view asks besides its status."""
    asked: dict[View, ColumnElement[bool]] = {
        View.MINE: Case.assignee_id == _ME,
        View.SCHOOL: Case.waiting_for == WaitingFor.SCHOOL,
        View.DPO: Case.waiting_for == WaitingFor.DPO,
        View.REQUESTER: Case.waiting_for == WaitingFor.REQUESTER,
        View.WEEK: Case.sort_on <= bindparam("week"),
        View.OVERDUE: and_(Case.sort_on <= _TODAY, or_(Case.sort_on < _TODAY, Case.due_at < bindparam("now"))),
        View.UNASSIGNED: Case.assignee_id.is_(None),
        View.LIMITED: and_(Case.is_limited.is_(True), is_named(_ME)),
    }
    return asked.get(view, true())


def _stands(status: CaseStatus) -> ColumnElement[bool]:
    """Written out in the statement: SQLite looks into a partial index only for a value it can read there."""
    return Case.status == bindparam(None, status, Case.status.type, literal_execute=True)


def _search(session: PortalSession, actor: Actor, words: str) -> tuple[list[ColumnElement[bool]], bool]:
    """What holds the words, as questions whose answers are merged, and whether there is more than can be shown.

    A reference stands alone where there is one. Words anywhere in the case count, at most 1,000. For whoever sees
    every tenant's, a single word is first an exact surname, of the requester or of whom it is about, each by its
    b-tree; where that fills a page the words anywhere are not asked for.
    """
    is_it = Case.reference == normal_reference(words)
    if _REFERENCE.fullmatch(words.upper()) and session.scalar(select(Case.id).where(is_it, is_readable_by(actor))):
        return [is_it], False
    surname = words.casefold()
    scope = current_scope(session)
    sees_all = scope is not None and scope.tenant_id is None
    is_name = sees_all and " " not in surname
    by_name = [Case.requester_surname == surname, Case.subject_surname == surname] if is_name else []
    for each in by_name:
        some = select(Case.id).where(each, is_readable_by(actor)).limit(ROWS_PER_PAGE + 1)
        if len(session.scalars(some).all()) > ROWS_PER_PAGE:
            return by_name, False
    found = find_case_ids(session, words)
    return [*by_name, Case.id.in_(found[:MOST])], len(found) > MOST


def _place(line: Line, sort: Sort) -> tuple[Any, int]:
    keys = {Sort.DUE: line.sort_on, Sort.NEWEST: line.opened_at, Sort.NAME: line.requester_surname}
    return keys[sort], line.id


def _cursor(text: str, sort: Sort) -> tuple[date | datetime | str, int] | None:
    key, _, number = text.rpartition("~")
    row = _number(number)
    if row is None:
        return None
    try:
        if sort is Sort.NAME:
            return clean(key)[:SEARCH_LENGTH], row
        if sort is Sort.DUE:
            return date.fromisoformat(key), row
        moment = datetime.fromisoformat(key)
    except (ValueError, Invalid):
        return None
    return (moment, row) if moment.tzinfo is not None else None


def _mark(line: Line, sort: Sort) -> str:
    keys = {Sort.DUE: line.sort_on.isoformat(), Sort.NEWEST: line.opened_at.isoformat()}
    return f"{keys.get(sort, line.requester_surname)}~{line.id}"


def _number(text: str | None) -> int | None:
    return int(text) if text and _NUMBER.fullmatch(text) else None
