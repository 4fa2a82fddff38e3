"""Measuring the inbox: many made cases, and each view beside one hand-written statement over the same index.

A file of its own, because nothing else may fill a database with made cases.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

from sqlalchemy import func, insert, select

from portal.casework.inbox import Filters, Page, View, counts, counts_by_authority, page
from portal.casework.models import Case, CaseCount, CaseKind, CaseReader, CaseStatus, CaseText, Channel, WaitingFor
from portal.casework.progress import FAR, state_of
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.limits import ROWS_PER_PAGE
from portal.identity.permissions import Actor
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant, tenant_scope

ME = 1
SCHOOLS_PER_TRUST = 16
AUTHORITIES = 153
OPEN_IN = 10
"""One case in so many is open."""
CHUNK = 5000
COMMON, RARE = "Jones", "Quillfeather"
"""A surname of one requester in fifty, and of one requester in all."""
DEEP_PAGE = 500
VIEWS = (
    View.ALL, View.MINE, View.SCHOOL, View.DPO, View.REQUESTER, View.WEEK, View.OVERDUE, View.UNASSIGNED, View.LIMITED,
    View.CLOSED,
)  # fmt: skip
_BY_HAND = {
    View.ALL: "",
    View.MINE: "AND assignee_id = :me ",
    View.SCHOOL: "AND waiting_for = 'school' ",
    View.DPO: "AND waiting_for = 'dpo' ",
    View.REQUESTER: "AND waiting_for = 'requester' ",
    View.WEEK: "AND sort_on <= :week ",
    View.OVERDUE: "AND sort_on < :today ",
    View.UNASSIGNED: "AND assignee_id IS NULL ",
    View.LIMITED: (
        "AND is_limited IS {yes} AND case_file.id IN (SELECT case_id FROM case_reader WHERE person_id = :me) "
    ),
}
_READABLE = "(NOT is_limited OR case_file.id IN (SELECT case_id FROM case_reader WHERE person_id = :me))"
_COLUMNS = (
    "case_file.id, reference, case_file.kind, case_file.status, waiting_for, outcome, opened_at, due_on, due_at, "
    "sort_on, requester_name, assignee_id, is_limited, received_at, requester_surname, subject_name, "
    "case_file.trust_id, authority_id, tenant.name, tenant.slug, person.name"
)


COUNTED = (View.MINE, View.SCHOOL, View.DPO, View.REQUESTER, View.WEEK, View.OVERDUE, View.UNASSIGNED, View.LIMITED)


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one view, for one reader, beside those of the hand-written statement.

    Besides the views: `page 500` of all, `search rare` and `search common` by a surname, and `counts`.
    """

    reader: str
    view: str
    p50: float
    p95: float
    by_hand_p50: float
    by_hand_p95: float


def fill(session: PortalSession, *, cases: int, schools: int, now: datetime, tick: Callable[[int], None]) -> None:
    """Make schools and cases in bulk; the scope must be every tenant's. Raises `Invalid` where there are any."""
    if session.scalar(select(func.count()).select_from(Tenant)):
        raise Invalid("This database is not empty. Set PORTAL_DATA_DIR or PORTAL_DATABASE_URL to one that is.")
    trusts = max(1, schools // SCHOOLS_PER_TRUST // 2)
    rows = [_tenant(1, TenantKind.SERVICE, now)]
    rows += [_tenant(number, TenantKind.TRUST, now) for number in range(2, trusts + 2)]
    first = trusts + 2
    for number in range(first, first + schools):
        trust = 2 + number % trusts if number % 2 else None
        rows.append({**_tenant(number, TenantKind.SCHOOL, now), "law": SchoolLaw.MAINTAINED, "trust_id": trust})
    for each in rows:
        each.setdefault("law", None)
        each.setdefault("trust_id", None)
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(Tenant), rows[start : start + CHUNK])
    made = random.Random(6)  # noqa: S311 - repeatable on purpose
    numbers: Counter[tuple[int, str]] = Counter()
    for start in range(0, cases, CHUNK):
        chunk = [
            _case(number, made, rows[-schools:], now, is_rare=number == cases // 2)
            for number in range(start, min(start + CHUNK, cases))
        ]
        _add(session, Case, chunk)
        _add(session, CaseText, [_text(case) for case in chunk])
        _add(session, CaseReader, [row for case in chunk if case["is_limited"] for row in _readers(case, made)])
        numbers.update((case["authority_id"], state_of(Case(**case))) for case in chunk)
        tick(len(chunk))
    _add(session, CaseCount, [
        {"authority_id": authority, "state": state, "number": number}
        for (authority, state), number in numbers.items()
    ])  # fmt: skip


def _add(session: PortalSession, model: type[Any], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(model), rows, execution_options={"render_nulls": True})  # one statement for all rows


def measure(session: PortalSession, *, now: datetime, runs: int) -> Iterator[Timing]:
    """Each view as the DPO team and as the school with the most cases sees it, then what else an inbox is asked."""
    with every_tenant(session, "portal bench inbox"):
        counted = select(Case.tenant_id).group_by(Case.tenant_id).order_by(func.count().desc()).limit(1)
        busiest = session.scalars(counted).one()
        bench = _Bench(session, "dpo", None, now, runs)
        for view in VIEWS:
            yield bench.view(view)
        yield bench.deep_page()
        yield bench.search("search rare", RARE)
        yield bench.search("search common", COMMON)
        yield bench.counters()
    with tenant_scope(session, busiest):
        bench = _Bench(session, "school", busiest, now, runs)
        for view in VIEWS:
            yield bench.view(view)
        yield bench.search("search common", COMMON)
        yield bench.counts()


@dataclass(frozen=True, slots=True)
class _Bench:
    """One reader: `tenant_id` is None for the DPO team."""

    session: PortalSession
    reader: str
    tenant_id: int | None
    now: datetime
    runs: int

    def view(self, view: View) -> Timing:
        return self._timing(view.value, lambda: self._page(Filters(view)), self._statement(view))

    def deep_page(self) -> Timing:
        """A page far behind the first costs what the first does: it is found by its place, not by counting."""
        skipped = self._page(Filters(), size=ROWS_PER_PAGE * (DEEP_PAGE - 1))
        place = skipped.lines[-1]
        after, values = skipped.after, {"on": place.sort_on.isoformat(), "number": place.id}
        statement = self._statement(View.ALL, "AND (sort_on, case_file.id) > (:on, :number) ", **values)
        return self._timing(f"page {DEEP_PAGE}", lambda: self._page(Filters(), after=after), statement)

    def search(self, name: str, surname: str) -> Timing:
        """Beside the surname's b-tree alone; ours asks for the surname of the person concerned and for words too."""
        statement = self._statement(None, "AND requester_surname = :surname ", surname=surname.casefold())
        return self._timing(name, lambda: self._page(Filters(words=surname)), statement)

    def counters(self) -> Timing:
        text = "SELECT authority_id, state, number FROM case_count"
        return self._timing("counts", lambda: counts_by_authority(self.session), (text, {}))

    def counts(self) -> Timing:
        columns = ", ".join(
            f"count(*) FILTER (WHERE {_BY_HAND[view].format(yes=self._yes).removeprefix('AND ')})" for view in COUNTED
        )
        text = f"SELECT {columns} FROM case_file WHERE status = 'open' AND tenant_id = :tenant AND {_READABLE}"  # noqa: S608 - fixed words
        return self._timing(
            "counts", lambda: counts(self.session, self._actor, COUNTED, now=self.now), (text, self._values(text))
        )

    @property
    def _actor(self) -> Actor:
        return Actor(person_id=ME, name="bench")

    @property
    def _yes(self) -> str:
        return "true" if self.session.get_bind().dialect.name == "postgresql" else "1"

    def _page(self, filters: Filters, *, after: str = "", size: int = ROWS_PER_PAGE) -> Page:
        return page(self.session, self._actor, filters, now=self.now, after=after, size=size)

    def _timing(self, name: str, action: Callable[[], object], by_hand: tuple[str, dict[str, Any]]) -> Timing:
        text, values = by_hand
        ours = milliseconds(action, self.runs)
        return Timing(
            self.reader, name, *ours, *milliseconds(lambda: self.session.run_text(text, values).all(), self.runs)
        )

    def _statement(self, view: View | None, more: str = "", **own: object) -> tuple[str, dict[str, Any]]:
        """One page in SQL; without a view whatever the status."""
        one = "AND case_file.tenant_id = :tenant " if self.tenant_id else ""
        key, direction = ("opened_at", "DESC") if view is View.CLOSED else ("sort_on", "ASC")
        status = f"case_file.status = '{'closed' if view is View.CLOSED else 'open'}' AND " if view else ""
        text = (
            f"SELECT {_COLUMNS} FROM case_file JOIN tenant ON tenant.id = case_file.tenant_id "  # noqa: S608 - fixed words
            "LEFT JOIN person ON person.id = case_file.assignee_id "
            f"WHERE {status}{_READABLE} {one}{more}{_BY_HAND.get(view or View.ALL, '').format(yes=self._yes)}"
            f"ORDER BY {key} {direction}, case_file.id {direction} LIMIT 51"
        )
        return text, {**self._values(text), **own}

    def _values(self, text: str) -> dict[str, Any]:
        today = london(self.now).date()
        week = today + timedelta(days=7)
        values = {"me": ME, "tenant": self.tenant_id, "today": today.isoformat(), "week": week.isoformat()}
        return {name: value for name, value in values.items() if f":{name}" in text}


def milliseconds(action: Callable[[], object], runs: int) -> tuple[float, float]:
    """(p50, p95) of doing something `runs` times; once more before, which does not count."""
    action()
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(taken, n=20)
    return round(cuts[9], 2), round(cuts[18], 2)


def _tenant(number: int, kind: TenantKind, now: datetime) -> dict[str, Any]:
    return {
        "id": number,
        "slug": f"{kind.value}-{number}",
        "kind": kind,
        "name": f"{kind.value.title()} {number}",
        "status": TenantStatus.LIVE,
        "languages": ["en"],
        "created_at": now,
    }


def _case(
    number: int, made: random.Random, schools: list[dict[str, Any]], now: datetime, *, is_rare: bool
) -> dict[str, Any]:
    school, is_open = made.choice(schools), number % OPEN_IN == 0
    opened = now - timedelta(days=made.randrange(0, 25 if is_open else 1500), seconds=made.randrange(86_400))
    due = london(opened).date() + timedelta(days=30 - made.randrange(0, 20))
    waits = is_open and made.random() < 0.1
    usual = COMMON if made.random() < 0.02 else f"Surname{made.randrange(20_000)}"
    surname = RARE if is_rare else usual
    return {
        "id": number + 1,
        "tenant_id": school["id"],
        "trust_id": school["trust_id"],
        "authority_id": 1 + school["id"] % AUTHORITIES,
        "reference": f"{number:08X}"[:4] + "-" + f"{number:08X}"[4:],
        "kind": made.choice((CaseKind.ACCESS, CaseKind.RECTIFICATION, CaseKind.ERASURE, CaseKind.COMPLAINT)),
        "status": CaseStatus.OPEN if is_open else CaseStatus.CLOSED,
        "waiting_for": made.choice(tuple(WaitingFor)),
        "channel": Channel.ONLINE,
        "received_at": opened,
        "opened_at": opened,
        "changed_at": opened,
        "closed_at": None if is_open else opened + timedelta(days=20),
        "due_on": None if waits else due,
        "aim_on": None if waits else due,
        "sort_on": FAR if waits else due,
        "requester_name": f"Robin {surname}",
        "requester_surname": surname.casefold(),
        "subject_name": f"Sam {surname}" if number % 2 else "",
        "subject_surname": surname.casefold() if number % 2 else "",
        "assignee_id": made.choice((None, ME, *range(2, 400))) if is_open else ME,
        "is_limited": made.random() < 0.01,
    }


def _readers(case: dict[str, Any], made: random.Random) -> list[dict[str, Any]]:
    """The people a limited case is limited to: three of 400, of whom the bench's reader is one."""
    people = made.sample(range(ME, 400), 3)
    return [{"tenant_id": case["tenant_id"], "case_id": case["id"], "person_id": person} for person in people]


def _text(case: dict[str, Any]) -> dict[str, Any]:
    body = f"{case['reference']} {case['requester_name']} please send me everything about my child".casefold()
    return {"tenant_id": case["tenant_id"], "case_id": case["id"], "body": body}
