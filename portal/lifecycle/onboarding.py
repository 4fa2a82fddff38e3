"""Taking a school on: from the register, its checklist, its first member, going live; and which council answers."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core import clock
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.directory.gias import SchoolStatus
from portal.directory.gias_plan import ImportPlan
from portal.directory.models import RegisterSchool
from portal.directory.queries import authorities_by_code, authority_of, authority_row
from portal.identity.actions import witness
from portal.identity.invitations import Guest, invite
from portal.identity.models import Invitation
from portal.identity.permissions import Action, Actor, Place, Role, require
from portal.identity.queries import people_in
from portal.lifecycle.controllers import controller_of
from portal.lifecycle.register_apply import apply_plan, assign_council
from portal.lifecycle.register_records import record_from
from portal.lifecycle.schools import trust_by_slug
from portal.lifecycle.trusts import put_under
from portal.notices.changes import note_change, note_tenant_change
from portal.notices.models import ChangeScope, Override
from portal.tenancy.actions import record_facts
from portal.tenancy.models import Fact, SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, service, setting

_FIRST_ROLES = (Role.HEAD, Role.OFFICE, Role.EDITOR)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a school's checklist; `page` names where it is done."""

    key: str
    title: str
    is_done: bool
    is_needed: bool = True


@dataclass(frozen=True, slots=True)
class Entrant:
    """What the register cannot say of a school: how to reach its office, and which languages it wants.

    `authority` is the key of another council than the register's, '' for that one; `trust` the slug of another trust,
    '' for none, None for the register's.
    """

    urn: str
    email: str
    telephone: str = ""
    languages: tuple[str, ...] = ("en",)
    authority: str = ""
    trust: str | None = None


def checklist(session: PortalSession, school: Tenant, *, now: datetime) -> list[Step]:
    """What stands between a school and its public notice, in order; the session must see the school."""
    facts = facts_at(session, school.id, now)
    council = authority_of(session, school.id, clock.london(now).date())
    people = people_in(session, [school.id])
    has_own = session.scalar(select(Override.id).where(Override.tenant_id == school.id).limit(1))
    invited = session.scalar(select(Invitation.id).where(Invitation.tenant_id == school.id).limit(1))
    contact = setting(session, school.id, "roles").get("contact")
    return [
        Step("reach", N_("How to reach the office"), bool(facts.get("school.email") and facts.get("school.telephone"))),
        Step("controller", N_("Who decides about its information"), bool(facts.get("controller.name"))),
        Step("council", N_("Its council"), council.authority is not None),
        Step(
            "trust",
            N_("Its trust"),
            school.law is not SchoolLaw.ACADEMY or school.trust_id is not None,
            is_needed=False,
        ),
        Step("languages", N_("Languages of its notice"), bool(school.languages)),
        Step("member", N_("Its first member of staff is invited"), bool(people) or invited is not None),
        Step("notice", N_("The notice it had is brought in"), has_own is not None, is_needed=False),
        Step("contact", N_("Its contact for data protection"), bool(contact), is_needed=False),
        Step("live", N_("Its notice is public"), school.status is TenantStatus.LIVE, is_needed=False),
    ]


def not_yet_public(session: PortalSession) -> list[Tenant]:
    """Schools that were taken on and have no public notice yet, the longest here first."""
    statement = select(Tenant).where(
        Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_((TenantStatus.INVITED, TenantStatus.PREPARING))
    )
    return list(session.scalars(statement.order_by(Tenant.created_at, Tenant.id)))


def add_from_register(session: PortalSession, actor: Actor, entrant: Entrant, *, today: date, now: datetime) -> Tenant:
    """A school of the register becomes ours, in preparation.

    Raises `NotFound`, `Conflict` when it is ours already, `Invalid` when it closed or its council cannot be told.
    """
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))
    entry = register_entry(session, entrant.urn)
    if entry.tenant_id is not None:
        raise Conflict(N_("This school is already here."))
    found = record_from(entry.record)
    if found.status is SchoolStatus.CLOSED:
        raise Invalid(N_("The register says that this school is closed."))
    if not entrant.authority and found.la_code not in authorities_by_code(session, today):
        raise Invalid(N_("Choose a council from the list."), field="authority")
    council = authority_row(session, entrant.authority) if entrant.authority else None
    if entrant.trust is not None:
        found = replace(found, trust_code="", trust_name="")
    apply_plan(session, actor, ImportPlan(created=(found,)), (), goes_live=False, today=today, now=now)
    school = session.scalars(select(Tenant).where(Tenant.urn == entrant.urn)).one()
    school.languages = list(entrant.languages)
    if council is not None:
        assign_council(session, school, council.id, "", first_day=None)
    facts = {"school.email": entrant.email}
    if entrant.trust:
        trust = trust_by_slug(session, entrant.trust)
        put_under(session, school, trust)
        facts["controller.name"] = controller_of(school.law, school.name, trust.name)
    if entrant.telephone:
        facts["school.telephone"] = entrant.telephone
    session.flush()  # the register's own facts come first: a fact is only recorded where it differs
    present = facts_at(session, school.id, now)
    for row in session.scalars(
        select(Fact).where(Fact.tenant_id == school.id, Fact.key.in_(facts.keys() & present.keys()))
    ):
        row.value = facts.pop(row.key)
    record_facts(session, school, facts, now=now, recorded_by=actor.person_id)
    return school


def register_entry(session: PortalSession, urn: str) -> RegisterSchool:
    """Raises `NotFound`."""
    found: RegisterSchool | None = session.get(RegisterSchool, urn)
    if found is None:
        raise NotFound(N_("The register has no such school."))
    return found


def invite_first(
    session: PortalSession, actor: Actor, school: Tenant, guest: Guest, *, base_url: str, now: datetime
) -> Invitation:
    """Invite the member of staff who will look after the school's notice. Raises `Invalid` for another role."""
    if guest.role not in _FIRST_ROLES:
        raise Invalid(N_("Choose the head, the office or an editor."), field="role")
    place = Place(school.id, school.trust_id, service(session).id)
    invitation = invite(session, actor, school, guest, place=place, base_url=base_url, now=now)
    if school.status is TenantStatus.PREPARING:
        school.status = TenantStatus.INVITED
    return invitation


def go_live(session: PortalSession, actor: Actor, school: Tenant, *, now: datetime) -> None:
    """Make the school's pages public. Raises `Invalid` naming what is still missing."""
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    missing = [step.title for step in checklist(session, school, now=now) if step.is_needed and not step.is_done]
    missing = [title for title in missing if title != N_("Its first member of staff is invited")]
    if missing:
        raise Invalid(N_("Still missing: %(steps)s.") % {"steps": ", ".join(missing).lower()})
    if school.status not in {TenantStatus.PREPARING, TenantStatus.INVITED}:
        raise Conflict(N_("This school is public already, or has left."))
    school.status = TenantStatus.LIVE
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now, status=school.status.value)
    note_tenant_change(session, school, reason="The notice was published.", now=now, made_by=actor.person_id)


def decide_council(
    session: PortalSession, actor: Actor, school: Tenant, *, key: str, district: str, from_day: date, now: datetime
) -> None:
    """A person says which council answers for a school from a day on, and in which district it lies.

    Raises `Invalid` for a council that is not there on that day.
    """
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    council = authority_row(session, key)
    if council.valid_from is not None and from_day < council.valid_from:
        raise Invalid(N_("That council begins later."), field="from_day")
    if council.valid_to is not None and from_day >= council.valid_to:
        raise Invalid(N_("That council is no more by then."), field="from_day")
    assign_council(session, school, council.id, district, first_day=from_day)
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now, council=key)
    begins = max(now, clock.from_london(from_day, time.min))
    note_change(
        session, reason="The school has another council.", at=begins, now=now, scope=ChangeScope.TENANT,
        scope_id=school.id, made_by=actor.person_id,
    )  # fmt: skip


def _record(
    session: PortalSession, actor: Actor, school: Tenant, kind: AuditKind, now: datetime, **details: str
) -> None:
    record(
        session, witness(actor), kind, tenant_id=school.id, subject=("tenant", school.id), now=now, contents=None,
        **details,
    )  # fmt: skip
