"""What a school bought of the service: renewal, named officer, time spent; known to the central team only.

Kept as settings of the service, never of the school, because only the central team may see them.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.identity.actions import witness
from portal.identity.models import Person
from portal.identity.permissions import Action, Actor, Place, Role, require
from portal.identity.queries import people_in
from portal.tenancy.actions import change_setting
from portal.tenancy.models import Tenant
from portal.tenancy.queries import service, setting

_MOST_ENTRIES = 2000


@dataclass(frozen=True, slots=True)
class TimeEntry:
    on: str
    minutes: int
    what: str
    who: str


@dataclass(frozen=True, slots=True)
class Package:
    """`renewal` is an ISO date or ''; `officer` a person's id or 0."""

    renewal: str = ""
    officer: int = 0
    name: str = ""
    entries: tuple[TimeEntry, ...] = ()

    @property
    def minutes(self) -> int:
        return sum(entry.minutes for entry in self.entries)


def package_of(session: PortalSession, school: Tenant) -> Package:
    """The session must see the service's rows."""
    stored = cast("dict[str, Any]", setting(session, service(session).id, _key(school)))
    entries = tuple(TimeEntry(**entry) for entry in stored.get("entries", []))
    return Package(stored.get("renewal", ""), stored.get("officer", 0), stored.get("name", ""), entries)


def officers(session: PortalSession) -> list[Person]:
    """Who can be a school's named officer."""
    return [
        person
        for person, membership in people_in(session, [service(session).id])
        if membership.role is Role.DPO_OFFICER
    ]


def keep_package(
    session: PortalSession,
    actor: Actor,
    school: Tenant,
    *,
    name: str,
    renewal: date | None,
    officer: int,
    now: datetime,
) -> None:
    present = package_of(session, school)
    changed = Package(renewal.isoformat() if renewal else "", officer, name, present.entries)
    _keep(session, actor, school, changed, now=now)


def note_time(
    session: PortalSession, actor: Actor, school: Tenant, *, on: date, minutes: int, what: str, now: datetime
) -> None:
    """Raises `Invalid` for no time or more than a day."""
    if not 1 <= minutes <= 24 * 60:
        raise Invalid(N_("Enter between 1 and 1,440 minutes."), field="minutes")
    present = package_of(session, school)
    entry = TimeEntry(on.isoformat(), minutes, what, actor.name)
    entries = (*present.entries, entry)[-_MOST_ENTRIES:]
    _keep(session, actor, school, Package(present.renewal, present.officer, present.name, entries), now=now)


def _keep(session: PortalSession, actor: Actor, school: Tenant, package: Package, *, now: datetime) -> None:
    centre = service(session)
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, centre.id))
    entries = [{"on": one.on, "minutes": one.minutes, "what": one.what, "who": one.who} for one in package.entries]
    value: dict[str, object] = {
        "renewal": package.renewal, "officer": package.officer, "name": package.name, "entries": entries,
    }  # fmt: skip
    change_setting(session, centre, _key(school), value, now=now, changed_by=actor.person_id)
    record(
        session, witness(actor), AuditKind.SETTING_CHANGED, tenant_id=centre.id, subject=("package", school.id), now=now
    )


def _key(school: Tenant) -> str:
    return f"package.{school.id}"
