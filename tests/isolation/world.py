"""A world of tenants full of canary words: one word in every text column of every table of every tenant."""

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import Boolean, Date, Enum, Integer, LargeBinary, String, Text, inspect, select
from sqlalchemy.schema import Column, Table, sort_tables

from portal.casework.letters import LINK_PURPOSE
from portal.casework.models import FeedToken, RequesterLink
from portal.casework.views import PURPOSE as FEED_PURPOSE
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.secrets import digest, new_token
from portal.identity.actions import add_person, grant
from portal.identity.models import ExternalIdentity, Invitation, Membership, Passkey, Person, WebSession
from portal.identity.permissions import Role
from portal.tenancy.actions import add_tenant
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant, tenant_models

CENTRE = "service"
OPEN_TABLES = frozenset({"fact", "override", "publication", "preference"})
FEED_READERS = {
    "alder-primary": "ben",
    "birch-academy": "ann",
    "rowan": "tom",
    "elm-school": "ed",
    "hazel-trust": "hal",
}
"""Somebody of each place who may keep a calendar of due dates."""
PLACES = ("alder-primary", "birch-academy", "rowan", "elm-school", "hazel-trust", "gone-school", "coming-school")
LEAVE_OUT = frozenset({"audit_head", "audit_entry", "sealed_head"})
_FIXED: dict[tuple[str, str], Any] = {
    ("letter", "status"): "dead", ("case_file", "status"): "open", ("override_draft", "mode"): "adapt",
    ("override", "mode"): "adapt", ("attachment", "state"): "clean",
    ("import_run", "record"): {
        "entries": [
            {"block": ["paragraph", "We keep records.", 1, 1, 0, "", ""], "kind": "local",
             "clause": None, "edition": None,
             "similarity": 0.0, "authority": None, "notes": [], "also": [], "index": 0},
        ],
        "missing": [], "facts": {}, "decisions": [], "local": [],
    },
    ("import_run", "choices"): {}, ("import_run", "result"): {},
}  # fmt: skip


@dataclass
class World:
    """Tenants by slug, people by name, and one row of every table for each tenant: `rows[slug][table]`."""

    tenants: dict[str, int] = field(default_factory=dict)
    people: dict[str, int] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    memberships: dict[str, int] = field(default_factory=dict)
    invitations: dict[str, int] = field(default_factory=dict)
    sessions: dict[str, int] = field(default_factory=dict)
    passkeys: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    def words(self, slug: str) -> tuple[str, str]:
        """(secret word, word of what the school publishes)."""
        return f"qz{slug[:5]}sec", f"qz{slug[:5]}pub"


def build(database: Database) -> World:
    """Fill a database of the template with the world."""
    world = World()
    with database.transaction() as session, every_tenant(session, "tests"):
        _add_tenants(session)
        world.tenants = {
            slug: number for slug, number in session.execute(select(Tenant.slug, Tenant.id)) if slug in PLACES
        }
        centre = service(session)
        world.tenants["service"] = centre.id
        _add_people(session, world)
        session.flush()
        for slug in PLACES:
            world.rows[slug] = _fill(session, world, slug)
            _add_entrance(session, world, slug)
        world.rows[CENTRE] = _fill(session, world, CENTRE)
    return world


def _add_entrance(session: PortalSession, world: World, slug: str) -> None:
    """Whatever of a tenant's people an address could name: a role, an offer, a session, a key, a linked account."""
    now, word = clock.now(), world.words(slug)[0]
    person = add_person(session, email=f"staff@{word}.example", name=f"{word} person", password=None, now=now)
    world.people[word] = person.id
    membership = grant(session, person, world.tenants[slug], Role.EDITOR, now=now, granted_by=None)
    world.tokens[slug] = new_token()
    invitation = Invitation(
        token_digest=digest(world.tokens[slug], purpose="invitation"), email=f"guest@{word}.example",
        name=f"{word} guest",
        tenant_id=world.tenants[slug], role=Role.OFFICE, invited_at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    web = WebSession(token_digest=digest(word, purpose="x"), person_id=person.id, data={}, created_at=now, seen_at=now)
    key = Passkey(
        person_id=person.id,
        credential_id=word.encode(),
        public_key=b"x",
        sign_count=0,
        name=f"{word} key",
        added_at=now,
    )
    link = ExternalIdentity(person_id=person.id, issuer="https://login.example", subject=word, added_at=now)
    case = RequesterLink(
        tenant_id=world.tenants[slug], case_id=world.rows[slug]["case_file"]["id"], made_at=now,
        digest=digest(world.tokens[slug], purpose=LINK_PURPOSE),
    )  # fmt: skip
    session.add_all([invitation, web, key, link, case])
    reader = FEED_READERS.get(slug)
    if reader:
        mark = digest(world.tokens[slug], purpose=FEED_PURPOSE)
        session.add(FeedToken(tenant_id=world.tenants[slug], person_id=world.people[reader], digest=mark, made_at=now))
    session.flush()
    world.memberships[slug], world.invitations[slug], world.sessions[slug] = membership.id, invitation.id, web.id
    world.passkeys[slug], world.links[slug] = key.id, link.id


def enter(database: Database, person_id: int) -> str:
    """The cookie of a new session of a person who has just proved herself."""
    token, now = new_token(), clock.now()
    with database.transaction() as session:
        data = {"_user_id": str(person_id), "_fresh": True, "proved_at": now.timestamp()}
        made = {"created_at": now, "seen_at": now, "token_digest": digest(token, purpose="web-session")}
        session.add(WebSession(person_id=person_id, data=data, **made))
    return token


def _add_tenants(session: PortalSession) -> None:
    now = clock.now()
    hazel = add_tenant(
        session, kind=TenantKind.TRUST, name="Hazel Trust", now=now, slug="hazel-trust", status=TenantStatus.LIVE
    )
    for slug, status in (
        ("elm-school", TenantStatus.LIVE),
        ("gone-school", TenantStatus.CLOSED),
        ("coming-school", TenantStatus.PREPARING),
    ):
        school = add_tenant(
            session, kind=TenantKind.SCHOOL, name=slug.replace("-", " "), now=now, slug=slug, status=status
        )
        school.law = SchoolLaw.ACADEMY
        school.trust_id = hazel.id if slug == "elm-school" else None


def _add_people(session: PortalSession, world: World) -> None:
    now = clock.now()
    for person in session.scalars(select(Person)):
        world.people[person.name.split()[0].lower()] = person.id
    for name, places in (
        ("ed", [("elm-school", Role.HEAD)]),
        ("hal", [("hazel-trust", Role.LEAD)]),
        ("ann", [("alder-primary", Role.LEAD), ("birch-academy", Role.LEAD)]),
        ("xena", [("alder-primary", Role.HEAD)]),
        ("dan", [("alder-primary", Role.HEAD)]),
        ("gil", [("gone-school", Role.HEAD)]),
    ):
        person = add_person(session, email=f"{name}@cast.example", name=name.title(), password=None, now=now)
        world.people[name] = person.id
        for slug, role in places:
            grant(session, person, world.tenants[slug], role, now=now, granted_by=None)
    session.flush()
    for membership in session.scalars(select(Membership).where(Membership.person_id == world.people["xena"])):
        membership.ended_at = now
    session.get_one(Person, world.people["dan"]).disabled_at = now


def _fill(session: PortalSession, world: World, slug: str) -> dict[str, dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    models = tenant_models()
    for table in sort_tables(models):
        if table.name in LEAVE_OUT:
            continue
        values = {
            column.name: value
            for column in table.columns
            if not column.primary_key and (value := _value(session, world, slug, table, column, rows)) is not None
        }
        row = models[table](**values)
        session.add(row)
        session.flush()
        rows[table.name] = {attribute.key: getattr(row, attribute.key) for attribute in inspect(type(row)).column_attrs}
    return rows


def _value(
    session: PortalSession, world: World, slug: str, table: Table, column: Column[Any], rows: dict[str, Any]
) -> Any:
    if column.name == "tenant_id":
        return world.tenants[slug]
    if column.name == "trust_id":
        return session.get_one(Tenant, world.tenants[slug]).trust_id
    for constraint in table.foreign_key_constraints:
        names = [element.parent.name for element in constraint.elements]
        if column.name in names:
            return _target(session, world, constraint.elements[names.index(column.name)].column, rows)
    if (table.name, column.name) in _FIXED:
        return _typed(column, _FIXED[table.name, column.name])
    return _plain(world, slug, table, column)


def _target(session: PortalSession, world: World, target: Column[Any], rows: dict[str, Any]) -> Any:
    if target.table.name in rows:
        return rows[target.table.name][target.name]
    if target.table.name == "person":
        return world.people["asha"]
    if target.table.name == "part" or target.table.name not in {table.name for table in tenant_models()}:
        return session.execute(select(target).limit(1)).scalar()
    return None


def _plain(world: World, slug: str, table: Table, column: Column[Any]) -> Any:
    kind = column.type
    if type(kind).__name__ == "Instant":
        return None if column.nullable else clock.now()
    if isinstance(kind, Date):
        return None if column.nullable else clock.today()
    if isinstance(kind, Enum):
        return None if column.nullable else next(iter(kind.enum_class))
    if isinstance(kind, String | Text):
        return _word(world, slug, table, column)
    if isinstance(kind, Boolean):
        return False
    if isinstance(kind, Integer):
        return None if column.nullable else 1
    if isinstance(kind, LargeBinary):
        return b"x"
    return None if column.nullable or column.default is not None else _empty(column)


def _empty(column: Column[Any]) -> Any:
    return [] if "list" in str(column.type.python_type) else {}


def _typed(column: Column[Any], value: str) -> Any:
    return column.type.enum_class(value) if isinstance(column.type, Enum) else value


def _word(world: World, slug: str, table: Table, column: Column[Any]) -> str:
    """The canary; where a value has a shape that pages rely on, one of that shape that is still this tenant's alone."""
    word = world.words(slug)[table.name in OPEN_TABLES]
    length = getattr(column.type, "length", None) or 1000
    if column.name.endswith(("hash", "digest", "sha256")) or column.name in {"storage_name", "hash"}:
        return hashlib.sha256(f"{word}{table.name}{column.name}".encode()).hexdigest()[:length]
    shapes = {
        "reference": f"QZ{world.tenants[slug]:02}-TEST", "language": "en", "email": f"{word}@x.example",
        "recipient": f"{word}@x.example", "media_type": "text/plain", "contact_email": f"{word}@x.example",
    }  # fmt: skip
    return str(shapes.get(column.name, f"{word} {table.name} {column.name}"))[:length]
