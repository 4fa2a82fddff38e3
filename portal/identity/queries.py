"""Questions about people and what they belong to."""

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.identity.models import Membership, Person
from portal.identity.permissions import Actor, Role
from portal.identity.rules import normal_email


def person(session: PortalSession, person_id: int) -> Person | None:
    """The person, unless disabled."""
    found = session.get(Person, person_id)
    return found if found is not None and found.disabled_at is None else None


def person_by_email(session: PortalSession, email: str) -> Person | None:
    return session.scalar(select(Person).where(Person.email == normal_email(email)))


def roles(session: PortalSession, person_id: int) -> tuple[tuple[int, Role], ...]:
    """(tenant id, role) of every membership that has not ended."""
    statement = select(Membership.tenant_id, Membership.role).where(
        Membership.person_id == person_id, Membership.ended_at.is_(None)
    )
    return tuple((tenant_id, role) for tenant_id, role in session.execute(statement.order_by(Membership.id)))


def actor_for(session: PortalSession, found: Person, *, origin: str = "") -> Actor:
    """The person as an actor, with the roles she has now."""
    return Actor(person_id=found.id, name=found.name, roles=roles(session, found.id), origin=origin)


def people_in(session: PortalSession, tenant_ids: list[int]) -> list[tuple[Person, Membership]]:
    """Who has which role in these tenants now, by name."""
    statement = (
        select(Person, Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(Membership.tenant_id.in_(tenant_ids), Membership.ended_at.is_(None), Person.disabled_at.is_(None))
        .order_by(Person.name)
    )
    return [(found, membership) for found, membership in session.execute(statement)]


def names(session: PortalSession, person_ids: set[int]) -> dict[int, str]:
    """Names by id."""
    if not person_ids:
        return {}
    return {row.id: row.name for row in session.scalars(select(Person).where(Person.id.in_(person_ids)))}
