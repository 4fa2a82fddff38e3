"""The demonstration: the cast, invented schools and situations, the same each time and dated relative to today."""

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.secrets import Keys
from portal.identity.actions import add_person, grant, set_totp_secret
from portal.identity.permissions import Role
from portal.identity.queries import person_by_email
from portal.lifecycle.packs.reading import PackError, check_keys, read_toml
from portal.tenancy.models import Tenant, TenantKind

_PERSON_KEYS = {"name", "role", "tenant", "email", "note"}


@dataclass(frozen=True, slots=True)
class CastMember:
    """One person of the cast with what signs her in; derived from the secret key, so it can be printed again."""

    name: str
    role: str
    tenant: str
    email: str
    password: str
    totp_secret: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def read_cast(folder: Path, keys: Keys) -> list[CastMember]:
    """The cast of `tenants/demo/people.toml`. Raises `PackError`."""
    path = folder / "demo" / "people.toml"
    people = read_toml(path).get("people", [])
    for person in people:
        check_keys(path, person, needed=("name", "role", "tenant", "email"), known=_PERSON_KEYS)
        if person["role"] not in set(Role):
            raise PackError(path, f"{person['name']}: there is no role {person['role']}")
    return [
        CastMember(person["name"], person["role"], person["tenant"], person["email"], *_sign_in(person["email"], keys))
        for person in people
    ]


def add_cast(session: PortalSession, cast: list[CastMember], keys: Keys, *, now: datetime) -> None:
    """Create the people who are absent, with their one role."""
    for member in cast:
        if person_by_email(session, member.email) is not None:
            continue
        tenant_id = _tenant_id(session, member.tenant)
        person = add_person(session, email=member.email, name=member.name, password=member.password, now=now)
        set_totp_secret(person, member.totp_secret, keys)
        grant(session, person, tenant_id, Role(member.role), now=now, granted_by=None)


def _tenant_id(session: PortalSession, slug: str) -> int:
    condition = Tenant.kind == TenantKind.SERVICE if slug == "service" else Tenant.slug == slug
    return session.scalars(select(Tenant.id).where(condition)).one()


def _sign_in(email: str, keys: Keys) -> tuple[str, str]:
    plain = base64.b32encode(keys.derive(f"demo password {email}")).decode().lower()
    password = "-".join(plain[start : start + 5] for start in range(0, 20, 5))
    return password, base64.b32encode(keys.derive(f"demo totp {email}")[:20]).decode()
