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
from portal.notices.changes import note_tenant_change
from portal.tenancy.actions import add_tenant, record_facts
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import service
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


def add_school(session: PortalSession, actor: Actor, new: NewSchool, *, now: datetime) -> Tenant:
    """A live school with its council, trust and first facts.

    Raises `Forbidden`; `Invalid` for a council or trust that does not exist, or an academy without controller.
    """
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))
    authority = session.scalar(select(AuthorityRow.id).where(AuthorityRow.key == new.authority))
    if authority is None:
        raise Invalid("Choose a council from the list.", field="authority")
    trust = _trust(session, new.trust)
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


def _trust(session: PortalSession, slug: str) -> Tenant | None:
    if not slug:
        return None
    trust = session.scalar(select(Tenant).where(Tenant.slug == slug, Tenant.kind == TenantKind.TRUST))
    if trust is None:
        raise Invalid("Choose a trust from the list.", field="trust")
    return trust
