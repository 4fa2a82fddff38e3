"""Measuring the inbox: many made cases, and each view beside one hand-written statement over the same index.

A file of its own, because nothing else may fill a database with made cases.
"""

import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import quantiles
from typing import Any

from sqlalchemy import func, insert, select

from portal.casework.inbox import Filters, View, page
from portal.casework.models import Case, CaseKind, CaseStatus, Channel, WaitingFor
from portal.casework.progress import FAR
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.identity.permissions import Actor
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.scope import every_tenant, tenant_scope

ME = 1
SCHOOLS_PER_TRUST = 16
AUTHORITIES = 153
OPEN_IN = 10
"""One case in so many is open."""
CHUNK = 5000
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
    View.LIMITED: "AND is_limited IS {yes} ",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds of one view, for one reader, beside those of the hand-written statement."""

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
    for start in range(0, cases, CHUNK):
        numbers = range(start, min(start + CHUNK, cases))
        session.execute(insert(Case), [_case(number, made, rows[-schools:], now) for number in numbers])
        tick(len(numbers))


def measure(session: PortalSession, *, now: datetime, runs: int) -> Iterator[Timing]:
    """Each view as the DPO team and as the school with the most cases sees it."""
    with every_tenant(session, "portal bench inbox"):
        counted = select(Case.tenant_id).group_by(Case.tenant_id).order_by(func.count().desc()).limit(1)
        busiest = session.scalars(counted).one()
        for view in VIEWS:
            yield _timing(session, "dpo", view, None, now=now, runs=runs)
    with tenant_scope(session, busiest):
        for view in VIEWS:
            yield _timing(session, "school", view, busiest, now=now, runs=runs)


def _timing(
    session: PortalSession, reader: str, view: View, tenant_id: int | None, *, now: datetime, runs: int
) -> Timing:
    actor = Actor(person_id=ME, name="bench")
    yes = "true" if session.get_bind().dialect.name == "postgresql" else "1"
    text, values = _statement(view, tenant_id, london(now).date(), yes)
    ours = _milliseconds(lambda: page(session, actor, Filters(view), now=now), runs)
    by_hand = _milliseconds(lambda: session.run_text(text, values).all(), runs)
    return Timing(reader, view.value, *ours, *by_hand)


def _milliseconds(action: Callable[[], object], runs: int) -> tuple[float, float]:
    action()  # the first one compiles the statement
    taken = []
    for _ in range(runs):
        began = time.perf_counter()
        action()
        taken.append((time.perf_counter() - began) * 1000)
    cuts = quantiles(taken, n=20)
    return round(cuts[9], 2), round(cuts[18], 2)


def _statement(view: View, tenant_id: int | None, today: date, yes: str) -> tuple[str, dict[str, Any]]:
    one = "AND case_file.tenant_id = :tenant " if tenant_id else ""
    key, direction = ("opened_at", "DESC") if view is View.CLOSED else ("sort_on", "ASC")
    text = (
        "SELECT case_file.id, reference, case_file.kind, case_file.status, waiting_for, outcome, opened_at, due_on, "  # noqa: S608 - fixed words
        "due_at, sort_on, requester_name, assignee_id, is_limited, tenant.name, tenant.slug "
        "FROM case_file JOIN tenant ON tenant.id = case_file.tenant_id "
        f"WHERE case_file.status = '{'closed' if view is View.CLOSED else 'open'}' "
        f"{one}{_BY_HAND.get(view, '').format(yes=yes)}"
        "AND (NOT is_limited OR case_file.id IN (SELECT case_id FROM case_reader WHERE person_id = :me)) "
        f"ORDER BY {key} {direction}, case_file.id {direction} LIMIT 51"
    )
    week = today + timedelta(days=7)
    values = {"me": ME, "tenant": tenant_id, "today": today.isoformat(), "week": week.isoformat()}
    return text, {name: value for name, value in values.items() if f":{name}" in text}


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


def _case(number: int, made: random.Random, schools: list[dict[str, Any]], now: datetime) -> dict[str, Any]:
    school, is_open = made.choice(schools), number % OPEN_IN == 0
    opened = now - timedelta(days=made.randrange(0, 25 if is_open else 1500), seconds=made.randrange(86_400))
    due = london(opened).date() + timedelta(days=30 - made.randrange(0, 20))
    waits = is_open and made.random() < 0.1
    surname = f"Surname{made.randrange(20_000)}"
    return {
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
        "assignee_id": made.choice((None, ME, *range(2, 400))) if is_open else ME,
        "is_limited": made.random() < 0.01,
    }
