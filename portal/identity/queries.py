"""Questions about people and what they belong to."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, bindparam, select

from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.core.limits import SESSION_HOURS, SESSION_IDLE_MINUTES
from portal.identity.models import AccessReview, Invitation, Membership, Person, WebSession
from portal.identity.permissions import Actor, Role
from portal.identity.rules import normal_email
from portal.tenancy.scope import kept


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


def actor_by_id(session: PortalSession, person_id: int) -> Actor | None:
    """The person as an actor, unless disabled, with the roles she has now: in one question."""
    return _actor([tuple(row) for row in session.execute(_ACTOR_BY_ID, {"person": person_id})])


def browser_session(session: PortalSession, token_digest: str) -> tuple[WebSession, Actor | None] | None:
    """A browser's session, and who is signed in in it, unless disabled, with her roles: in one question."""
    rows: list[tuple[Any, ...]] = [tuple(row) for row in session.execute(_BY_TOKEN, {"token": token_digest})]
    return (rows[0][0], _actor([row[1:] for row in rows])) if rows else None


_PERSON_AND_ROLE = (Person.id, Person.name, Membership.tenant_id, Membership.role)
_IS_HELD = and_(Membership.person_id == Person.id, Membership.ended_at.is_(None))
_IS_ENABLED = Person.disabled_at.is_(None)
_ACTOR_BY_ID = kept(
    select(*_PERSON_AND_ROLE)
    .outerjoin(Membership, _IS_HELD)
    .where(Person.id == bindparam("person"), _IS_ENABLED)
    .order_by(Membership.id)
)
_BY_TOKEN = kept(
    select(WebSession, *_PERSON_AND_ROLE)
    .outerjoin(Person, and_(Person.id == WebSession.person_id, _IS_ENABLED))
    .outerjoin(Membership, _IS_HELD)
    .where(WebSession.token_digest == bindparam("token"))
    .order_by(Membership.id)
)


def _actor(rows: list[tuple[Any, ...]]) -> Actor | None:
    """From a row for each role; an outer join leaves empty what is not there."""
    if not rows or rows[0][0] is None:
        return None
    held = tuple((tenant_id, role) for _id, _name, tenant_id, role in rows if tenant_id is not None)
    return Actor(person_id=rows[0][0], name=rows[0][1], roles=held)


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


def invitations_of(session: PortalSession, tenant_id: int, *, now: datetime) -> list[Invitation]:
    """Offers that still stand, newest first."""
    statement = select(Invitation).where(
        Invitation.tenant_id == tenant_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at >= now,
    )
    return list(session.scalars(statement.order_by(Invitation.id.desc())))


def invitation_by_id(session: PortalSession, invitation_id: int) -> Invitation:
    """Raises `NotFound`."""
    found: Invitation | None = session.get(Invitation, invitation_id)
    if found is None:
        raise NotFound("There is no such invitation.")
    return found


def membership_in(session: PortalSession, tenant_id: int, membership_id: int) -> tuple[Person, Membership] | None:
    """The present role of whoever had this role of this tenant; None for an absent one and another tenant's alike."""
    named = select(Membership.person_id).where(Membership.id == membership_id, Membership.tenant_id == tenant_id)
    statement = (
        select(Person, Membership)
        .join(Membership, Membership.person_id == Person.id)
        .where(
            Membership.person_id == named.scalar_subquery(),
            Membership.tenant_id == tenant_id,
            Membership.ended_at.is_(None),
        )
    )
    row = session.execute(statement).one_or_none()
    return (row[0], row[1]) if row is not None else None


def last_review(session: PortalSession, tenant_id: int) -> AccessReview | None:
    """The latest access review of a tenant; the session's scope must admit it."""
    statement = select(AccessReview).where(AccessReview.tenant_id == tenant_id)
    return session.scalar(statement.order_by(AccessReview.reviewed_at.desc()).limit(1))


def live_sessions(session: PortalSession, person_id: int, *, now: datetime) -> list[WebSession]:
    """A person's sessions that still sign her in, the latest used first."""
    statement = select(WebSession).where(
        WebSession.person_id == person_id,
        WebSession.seen_at >= now - timedelta(minutes=SESSION_IDLE_MINUTES),
        WebSession.created_at >= now - timedelta(hours=SESSION_HOURS),
    )
    return list(session.scalars(statement.order_by(WebSession.seen_at.desc())))


def emails_with_role(session: PortalSession, tenant_id: int, roles_wanted: frozenset[Role]) -> list[str]:
    """Addresses of everybody with one of these roles in a tenant now."""
    return [found.email for found, membership in people_in(session, [tenant_id]) if membership.role in roles_wanted]
