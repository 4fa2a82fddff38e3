"""Questions about one case: which it is, whose, who works on it, and what happened."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from sqlalchemy import BindParameter, ColumnElement, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from portal.casework.kinds import ASKED_OF_DPO
from portal.casework.models import (
    Case,
    CaseMessage,
    CaseNote,
    CasePresence,
    CaseReader,
    CaseStatus,
    RequesterLink,
)
from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.core.secrets import digest
from portal.directory.models import SchoolAuthority
from portal.identity.models import Membership, Person
from portal.identity.permissions import TABLE, Action, Actor, Place, Relation, Role
from portal.identity.queries import people_in
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import service

PRESENT_FOR = timedelta(minutes=5)
PersonId = int | BindParameter[int] | None
WORKING = frozenset({Role.HEAD, Role.LEAD, Role.OFFICE, Role.DPO_OFFICER})


def place_of(session: PortalSession, case: Case) -> Place:
    """The tenant a case belongs to, for the permission table."""
    return place(session, session.get_one(Tenant, case.tenant_id))


def place(session: PortalSession, tenant: Tenant) -> Place:
    return Place(tenant.id, tenant.trust_id, service(session).id)


@lru_cache(maxsize=256)
def is_readable_by(actor: Actor) -> ColumnElement[bool]:
    """The condition that a limited case is limited to the actor; the scope alone decides about the others.

    It is kept for the actors of the moment, because making it takes as long as reading a page of rows.
    """
    return is_readable(actor.person_id, chairs_of(actor))


Chairs = tuple[frozenset[int], frozenset[int]]
"""The schools of which only limited cases are seen, and the trusts all of whose cases are seen in spite of that."""


def chairs_of(actor: Actor) -> Chairs:
    """Where the actor is chair of governors and nothing else; empty for almost everybody."""
    working = {tenant_id for tenant_id, role in actor.roles if role in WORKING}
    chaired = {tenant_id for tenant_id, role in actor.roles if role is Role.CHAIR} - working
    if not chaired or any(role is Role.DPO_OFFICER for _, role in actor.roles):
        return frozenset(), frozenset()
    return frozenset(chaired), frozenset(working)


def is_readable(person: PersonId, chairs: Chairs) -> ColumnElement[bool]:
    """As `is_readable_by`, for a person who may be a parameter of the statement."""
    unlimited: ColumnElement[bool] = Case.is_limited.is_(False)
    chaired, working = chairs
    if chaired:
        unlimited = and_(unlimited, or_(Case.tenant_id.not_in(chaired), Case.trust_id.in_(working)))
    return or_(unlimited, is_named(person))


def is_named(person: PersonId) -> ColumnElement[bool]:
    """The condition that the person is one of those a case is limited to."""
    return Case.id.in_(select(CaseReader.case_id).where(CaseReader.person_id == person))


def case_by_reference(session: PortalSession, actor: Actor, reference: str, *, to_change: bool = False) -> Case:
    """The case in the session's scope. Raises `NotFound`, also for one limited to other people.

    `to_change` waits for whoever changes the case at this moment and reads what they wrote.
    """
    statement = select(Case).where(Case.reference == reference, is_readable_by(actor))
    if to_change:
        statement = statement.with_for_update(of=Case).execution_options(populate_existing=True)
    found = session.scalar(statement)
    if found is None:
        raise NotFound("There is no such request.")
    return found


def case_by_link(session: PortalSession, token: str) -> Case | None:
    """The case that a private link identifies; it opens nothing. The scope must be every tenant's."""
    link = select(RequesterLink.case_id).where(RequesterLink.digest == digest(token, purpose="requester-link"))
    return session.scalar(select(Case).where(Case.id.in_(link)))


def school_named(session: PortalSession, name: str) -> Tenant:
    """The school with exactly this name or address. Raises `NotFound` also when two have the name."""
    same = or_(_is(Tenant.name, name), Tenant.slug == name)
    found = list(session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL, same).limit(2)))
    if len(found) != 1:
        raise NotFound("No school has exactly this name. Copy it from the list of schools.")
    return found[0]


def case_of_requester(session: PortalSession, reference: str) -> Case | None:
    """The case a requester names by its reference, which opens nothing. The scope must be every tenant's."""
    return session.scalar(select(Case).where(Case.reference == reference))


def messages(session: PortalSession, case: Case) -> list[CaseMessage]:
    """Letters and messages, oldest first."""
    statement = select(CaseMessage).where(CaseMessage.tenant_id == case.tenant_id, CaseMessage.case_id == case.id)
    return list(session.scalars(statement.order_by(CaseMessage.id)))


def notes(session: PortalSession, case: Case) -> list[CaseNote]:
    """Notes between the teams, oldest first."""
    statement = select(CaseNote).where(CaseNote.tenant_id == case.tenant_id, CaseNote.case_id == case.id)
    return list(session.scalars(statement.order_by(CaseNote.id)))


def readers(session: PortalSession, case: Case) -> list[int]:
    """The people a limited case is limited to."""
    statement = select(CaseReader.person_id).where(
        CaseReader.tenant_id == case.tenant_id, CaseReader.case_id == case.id
    )
    return list(session.scalars(statement))


def present(session: PortalSession, case: Case, actor: Actor, *, now: datetime) -> list[tuple[int, bool]]:
    """Who else has the case open now: (person, whether she is writing)."""
    statement = select(CasePresence.person_id, CasePresence.is_writing).where(
        CasePresence.tenant_id == case.tenant_id,
        CasePresence.case_id == case.id,
        CasePresence.person_id != actor.person_id,
        CasePresence.seen_at > now - PRESENT_FOR,
    )
    return [(person_id, is_writing) for person_id, is_writing in session.execute(statement)]


def workers(session: PortalSession, case: Case) -> list[Person]:
    """Who can be given a case: those with a working role at the school, its trust or the DPO team, by name.

    A limited one can be given to those it is limited to, the chair of governors among them.
    """
    if not case.is_limited:
        return list({person.id: person for person, held in _staff(session, case) if held.role in WORKING}.values())
    allowed = set(readers(session, case))
    return list({person.id: person for person, _ in _staff(session, case) if person.id in allowed}.values())


def nameable(session: PortalSession, case: Case) -> list[Person]:
    """Whom a case can be limited to, by name."""
    return list({person.id: person for person, _ in _staff(session, case)}.values())


def school_watchers(session: PortalSession, case: Case) -> list[Person]:
    """Who is told for the school: its lead, else its head, else its office, else the trust, else the DPO team."""
    staff = [
        (person, held)
        for person, held in _staff(session, case)
        if _may_read(session, case, person) and (case.is_limited or held.role in WORKING)
    ]
    for role in (Role.LEAD, Role.HEAD, Role.OFFICE, Role.CHAIR):
        at_school = [person for person, held in staff if held.tenant_id == case.tenant_id and held.role is role]
        if at_school:
            return at_school
    above = [person for person, held in staff if held.tenant_id == case.trust_id]
    return above or dpo_team(session, case)


def dpo_team(session: PortalSession, case: Case) -> list[Person]:
    """The DPO officers who may see the case."""
    return [
        person
        for person, held in _staff(session, case)
        if held.role is Role.DPO_OFFICER and _may_read(session, case, person)
    ]


def working_action(case: Case) -> Action:
    """What must be allowed to answer and close a case: the DPO team only advises, but answers what it was asked."""
    return Action.ANSWER_QUESTION if case.kind in ASKED_OF_DPO else Action.WORK_CASE


def is_dpo(actor: Actor, place: Place) -> bool:
    """Whether the actor stands on the DPO team's side of the table."""
    return any(tenant_id == place.service_id for tenant_id, _ in actor.roles)


def authority_of(session: PortalSession, school_id: int, on: date) -> int | None:
    """The council that answers for a school on a day."""
    return session.scalar(
        select(SchoolAuthority.authority_id).where(
            SchoolAuthority.school_id == school_id,
            or_(SchoolAuthority.valid_from.is_(None), SchoolAuthority.valid_from <= on),
            or_(SchoolAuthority.valid_to.is_(None), SchoolAuthority.valid_to > on),
        )
    )


def nobody_may_answer(session: PortalSession, case: Case, place: Place) -> bool:
    """Whether a limited case is limited to people who may only advise: the school must answer, but nobody there can."""
    if not case.is_limited:
        return False
    allowed = set(readers(session, case))
    answering = TABLE[Action.WORK_CASE]
    for person, held in _staff(session, case):
        relation = Relation.OWN if held.tenant_id == place.tenant_id else Relation.TRUST
        is_above = held.tenant_id in {place.tenant_id, place.trust_id}
        if person.id in allowed and is_above and held.role in answering.roles(relation):
            return False
    return True


def readable_references(session: PortalSession, actor: Actor, references: set[str]) -> set[str]:
    """Those of the references whose cases the actor may read."""
    return set(session.scalars(select(Case.reference).where(Case.reference.in_(references), is_readable_by(actor))))


def alike(session: PortalSession, case: Case) -> list[Case]:
    """Open cases of the same kind that seem to come from the same person, to be changed; limited ones are like none."""
    if case.is_limited:
        return []
    same = [_is(Case.requester_name, case.requester_name)]
    if case.contact_email:
        same.append(_is(Case.contact_email, case.contact_email))
    statement = select(Case).where(
        Case.tenant_id == case.tenant_id,
        Case.status == CaseStatus.OPEN,
        Case.kind == case.kind,
        Case.is_limited.is_(False),
        _is(Case.subject_name, case.subject_name),
        Case.id != case.id,
        or_(*same),
    )
    statement = statement.order_by(Case.id).limit(5).with_for_update(of=Case)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def _is(column: InstrumentedAttribute[str], text: str) -> ColumnElement[bool]:
    """Whether they are the same but for capitals."""
    return func.lower(column) == text.lower()


def _staff(session: PortalSession, case: Case) -> Sequence[tuple[Person, Membership]]:
    tenants = [case.tenant_id, service(session).id] + ([case.trust_id] if case.trust_id else [])
    found = people_in(session, tenants)
    return [(person, held) for person, held in found if held.role in WORKING or held.role is Role.CHAIR]


def _may_read(session: PortalSession, case: Case, person: Person) -> bool:
    return not case.is_limited or person.id in readers(session, case)
