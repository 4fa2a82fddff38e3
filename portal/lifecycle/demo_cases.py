"""Invented requests, dated relative to today: those of `tenants/demo/cases.toml` and more over other schools."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from portal.casework.actions import add_note, assign, close
from portal.casework.correspondence import record_identity, write_to_requester
from portal.casework.intake import NewRequest, open_case
from portal.casework.kinds import Relationship
from portal.casework.letters import LetterKind, Sender, suggest
from portal.casework.models import Case, CaseKind, Channel, WaitingFor
from portal.casework.progress import changing
from portal.casework.requester import requester_of, write_to_school
from portal.core.clock import from_london
from portal.core.database import PortalSession
from portal.core.secrets import new_token
from portal.identity.models import Person
from portal.identity.permissions import Actor
from portal.lifecycle.packs.reading import read_toml
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import tenant_scope

_ASKING = {
    "identity-asked": LetterKind.IDENTITY,
    "clarification-asked": LetterKind.CLARIFICATION,
    "extended": LetterKind.EXTENSION,
}
_PARENTS = ("Robin", "Noor", "Ewa", "Kwame", "Lena", "Tariq", "Megan", "Ilan", "Sunita", "Oscar", "Femi", "Greta")
_SURNAMES = ("Hollis", "Marsden", "Adeyemi", "Kowal", "Farooq", "Whitby", "Singhal", "Lindley", "Osei", "Brandt")
_MORE = 46
_OVERDUE_DAYS = (-45, -41, -38)


@dataclass(frozen=True, slots=True)
class _Stage:
    """What the cases are made with."""

    session: PortalSession
    sender: Sender
    today: date
    actors: dict[str, Actor]


def add_demo_cases(session: PortalSession, folder: Path, *, sender: Sender, today: date) -> int:
    """Create the demonstration's cases unless there are some already; returns how many."""
    if session.scalar(select(func.count()).select_from(Case)):
        return 0
    rows = read_toml(folder / "cases.toml")["cases"]
    people = session.scalars(select(Person)).all()
    actors = {person.email: Actor(person_id=person.id, name=person.name, kind="system") for person in people}
    stage = _Stage(session, sender, today, actors)
    for row in [*rows, *_more(session, rows)]:
        school = session.scalars(select(Tenant).where(Tenant.slug == row["school"])).one()
        with tenant_scope(session, school.id):
            _play(stage, school, row)
    return len(rows) + _MORE


def _play(stage: _Stage, school: Tenant, row: dict[str, Any]) -> None:
    at = _instant(stage.today, row["day"], row.get("received_at", "10:00"))
    request = NewRequest(
        kind=CaseKind(row["kind"]),
        received_at=at,
        requester_name=row["requester"],
        channel=Channel(row["channel"]),
        relationship=Relationship(row.get("relationship", "self")),
        subject_name=row.get("subject", ""),
        email=row.get("email", ""),
        telephone=row.get("telephone", ""),
        address=row.get("address", ""),
        contact_notes=row.get("contact_notes", ""),
        details=row["details"],
        language=row.get("language", "en"),
    )
    case = open_case(stage.session, Actor(kind="requester"), school, request, sender=stage.sender, now=at).case
    if row.get("assigned_to"):
        actor = stage.actors[row["assigned_to"]]
        assign(stage.session, actor, case, actor.person_id, now=at + timedelta(hours=1))
    for step in _steps(row):
        _take(stage, school, case, step)
    with changing(stage.session, case, now=case.changed_at):
        case.waiting_for = WaitingFor(row.get("waiting_for", case.waiting_for))


def _steps(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Events, messages, notes and the closing in order; a letter of the same day is the text of the event's letter."""
    letters = {step["day"]: step for step in row.get("messages", []) if step["from"] == "school"}
    steps = []
    for step in row.get("events", []):
        letter = letters.pop(step["day"], None) if step["kind"] in _ASKING else None
        steps.append({**step, "text": letter["text"] if letter else ""})
    steps += [{**step, "kind": "requester"} for step in row.get("messages", []) if step["from"] != "school"]
    steps += [{**step, "kind": "letter"} for step in letters.values()]
    steps += [{**step, "kind": "note"} for step in row.get("notes", [])]
    if "closed" in row:
        steps.append({**row["closed"], "kind": "closed"})
    yield from sorted(steps, key=lambda step: step["day"])


def _take(stage: _Stage, school: Tenant, case: Case, step: dict[str, Any]) -> None:
    now = _instant(stage.today, step["day"], step.get("at", "14:30"))
    actor = stage.actors.get(step.get("by", ""), Actor(kind="system"))
    kind, key, seen = step["kind"], new_token(), case.last_sequence
    if kind in _ASKING:
        letter = _ASKING[kind]
        body = step["text"] or suggest(letter, case, school)
        write_to_requester(
            stage.session, actor, case, body, kind=letter, reason=step["reason"], seen=seen, key=key,
            sender=stage.sender, now=now,
        )  # fmt: skip
    elif kind == "identity-received":
        record_identity(stage.session, actor, case, stage.today + timedelta(days=step["day"]), now=now)
    elif kind == "letter":
        write_to_requester(
            stage.session,
            actor,
            case,
            step["text"],
            kind=LetterKind.MESSAGE,
            seen=seen,
            key=key,
            sender=stage.sender,
            now=now,
        )
    elif kind == "requester":
        write_to_school(stage.session, requester_of(case), case, step["text"], key=key, sender=stage.sender, now=now)
    elif kind == "note":
        add_note(stage.session, actor, case, step["text"], hands_over=False, key=key, sender=stage.sender, now=now)
    elif kind == "closed":
        close(stage.session, actor, case, step["outcome"], "", seen=seen, key=key, sender=stage.sender, now=now)


def _more(session: PortalSession, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Open cases at invented schools: the same wishes from other people, three of them overdue."""
    made = random.Random(7)  # noqa: S311 - repeatable on purpose
    statement = select(Tenant.slug).where(Tenant.kind == TenantKind.SCHOOL, Tenant.is_demonstration)
    schools = [
        slug for slug in session.scalars(statement.order_by(Tenant.slug)) if slug not in {row["school"] for row in rows}
    ]
    plain = [row for row in rows if row["kind"] not in {"record", "retention"} and "closed" not in row]
    for index in range(_MORE if schools else 0):
        wish, surname = made.choice(plain), made.choice(_SURNAMES)
        parent, child = made.sample(_PARENTS, 2)
        yield {
            "school": made.choice(schools),
            "kind": wish["kind"],
            "channel": wish["channel"],
            "day": _OVERDUE_DAYS[index] if index < len(_OVERDUE_DAYS) else made.randrange(-24, 0),
            "requester": f"{parent} {surname}",
            "email": f"{parent}.{surname}@family.example".lower(),
            "relationship": "child",
            "subject": f"{child} {surname}",
            "details": "Please deal with this as soon as you can, and write to me by e-mail. The school knows us.",
        }


def _instant(today: date, day: int, at: str) -> datetime:
    return from_london(today + timedelta(days=day), time.fromisoformat(at))
