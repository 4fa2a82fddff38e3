"""Verbs on schools that touch several rooms: adding one, changing its facts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.directory.models import AuthorityRow, SchoolAuthority
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.controllers import controller_of
from portal.lifecycle.trusts import put_under
from portal.notices.changes import note_tenant_change
from portal.tenancy.actions import add_tenant, record_facts, rename
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, service
from portal.tenancy.scope import tenant_scope


@dataclass(frozen=True, slots=True)
class NewSchool:
    """What is needed to add a school; `authority` is a council's key, `trust` a trust's slug or ''."""

    name: str
    law: SchoolLaw
    authority: str
    trust: str
    town: str
    postcode: str
    email: str
    telephone: str


@dataclass(frozen=True, slots=True)
class SchoolDetails:
    """What the central team may correct of a school; `trust` is a trust's slug or ''."""

    name: str
    law: SchoolLaw
    trust: str


def add_school(session: PortalSession, actor: Actor, new: NewSchool, *, now: datetime) -> Tenant:
    """A live school with its council, trust and first facts.

    Raises `Forbidden`; `Invalid` for a council or trust that does not exist, or an academy without controller.
    """
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))
    authority = session.scalar(select(AuthorityRow.id).where(AuthorityRow.key == new.authority))
    if authority is None:
        raise Invalid("Choose a council from the list.", field="authority")
    trust = trust_by_slug(session, new.trust) if new.trust else None
    school = add_tenant(session, kind=TenantKind.SCHOOL, name=new.name, now=now, status=TenantStatus.LIVE)
    school.law, school.town, school.postcode = new.law, new.town, new.postcode
    school.trust_id = trust.id if trust else None
    session.add(SchoolAuthority(school_id=school.id, authority_id=authority))
    facts = {
        "school.email": new.email,
        "school.telephone": new.telephone,
        "controller.name": trust.name if trust else f"the governing body of {new.name}",
    }
    with tenant_scope(session, school.id):
        record_facts(session, school, facts, now=now, recorded_by=actor.person_id)
        for kind in (AuditKind.TENANT_ADDED, AuditKind.FACT_RECORDED):
            record(session, witness(actor), kind, tenant_id=school.id, subject=("tenant", school.id), now=now)
    note_tenant_change(session, school, reason="The notice was published.", now=now, made_by=actor.person_id)
    return school


def change_school(
    session: PortalSession, actor: Actor, school: Tenant, details: SchoolDetails, *, now: datetime
) -> None:
    """Correct a school's name, kind or trust; its old address goes on leading to it.

    The controller follows where it still is who the law says for what the school was. Raises `Forbidden`, `Invalid` for
    a trust that does not exist.
    """
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    present = session.get(Tenant, school.trust_id) if school.trust_id else None
    trust = trust_by_slug(session, details.trust) if details.trust else None
    before = controller_of(school.law, school.name, present.name if present else "")
    after = controller_of(details.law, details.name, trust.name if trust else "")
    if school.name != details.name:
        rename(session, school, name=details.name, now=now)
    school.law = details.law
    put_under(session, school, trust)
    if facts_at(session, school.id, now).get("controller.name", before) == before:
        record_facts(session, school, {"controller.name": after}, now=now, recorded_by=actor.person_id)
    record(
        session, witness(actor), AuditKind.TENANT_CHANGED, tenant_id=school.id, subject=("tenant", school.id), now=now,
        law=details.law.value, trust=school.trust_id,
    )  # fmt: skip
    note_tenant_change(session, school, reason="The school's facts changed.", now=now, made_by=actor.person_id)


def change_facts(
    session: PortalSession, actor: Actor, school: Tenant, values: dict[str, str], *, now: datetime
) -> list[str]:
    """Record the facts that differ from now on; returns their keys. Raises `Forbidden`."""
    require(actor, Action.EDIT_FACTS, Place(school.id, school.trust_id, service(session).id))
    changed = record_facts(session, school, values, now=now, recorded_by=actor.person_id)
    for key in changed:
        record(
            session, witness(actor), AuditKind.FACT_RECORDED, tenant_id=school.id, subject=("fact", key), now=now,
            contents={"value": values[key]},
        )  # fmt: skip
    if changed:
        note_tenant_change(session, school, reason="The school's facts changed.", now=now, made_by=actor.person_id)
    return changed


def trust_by_slug(session: PortalSession, slug: str) -> Tenant:
    """Raises `Invalid` for a trust that does not exist."""
    trust = session.scalar(select(Tenant).where(Tenant.slug == slug, Tenant.kind == TenantKind.TRUST))
    if trust is None:
        raise Invalid("Choose a trust from the list.", field="trust")
    return trust
