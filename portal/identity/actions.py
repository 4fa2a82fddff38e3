"""Verbs on people and their roles."""

from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, select, update

from portal.audit.actions import Witness, record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.core.secrets import Keys
from portal.identity.browsers import end_sessions
from portal.identity.models import AccessReview, Invitation, Membership, Person
from portal.identity.permissions import Action, Actor, Place, Role, require
from portal.identity.rules import LEADING, hash_password, normal_email, roles_for
from portal.tenancy.models import Tenant

TOTP_PURPOSE = "totp"


def witness(actor: Actor) -> Witness:
    """The actor as the audit trail names her."""
    return Witness(actor.kind, actor.person_id, actor.origin)


def add_person(session: PortalSession, *, email: str, name: str, password: str | None, now: datetime) -> Person:
    """A new person, known by her address."""
    person = Person(
        email=normal_email(email),
        name=name,
        password_hash=hash_password(password) if password else None,
        created_at=now,
    )
    session.add(person)
    session.flush()  # gives the id for memberships
    return person


def grant(
    session: PortalSession, person: Person, tenant_id: int, role: Role, *, now: datetime, granted_by: int | None
) -> Membership:
    """Give a person a role in a tenant."""
    membership = Membership(person_id=person.id, tenant_id=tenant_id, role=role, since=now, granted_by=granted_by)
    session.add(membership)
    return membership


def set_totp_secret(person: Person, secret: str, keys: Keys) -> None:
    """Keep a person's authenticator secret, encrypted."""
    person.totp_secret = keys.box(TOTP_PURPOSE).encrypt(secret.encode())


def change_role(
    session: PortalSession, actor: Actor, tenant: Tenant, membership_id: int, role: Role, *, place: Place, now: datetime
) -> None:
    """End a role and give another; the person's next request has it. Raises `Forbidden`, `NotFound`, `Invalid`."""
    require(actor, Action.MANAGE_PEOPLE, place)
    membership = _membership(session, tenant, membership_id)
    if role not in roles_for(tenant.kind):
        raise Invalid("There is no such role here.", field="role")
    if role is membership.role:
        return
    if role not in LEADING:
        keep_a_leader(session, membership)
    membership.ended_at = now
    person = session.get_one(Person, membership.person_id)
    grant(session, person, tenant.id, role, now=now, granted_by=actor.person_id)
    _record(session, actor, tenant, person.id, now, before=membership.role.value, role=role.value)


def end_access(
    session: PortalSession, actor: Actor, tenant: Tenant, membership_id: int, *, place: Place, now: datetime
) -> None:
    """End a role; whoever has none left is signed out everywhere. Raises `Forbidden`, `NotFound`, `Invalid`."""
    require(actor, Action.MANAGE_PEOPLE, place)
    membership = _membership(session, tenant, membership_id)
    keep_a_leader(session, membership)
    membership.ended_at = now
    session.flush()  # the question below must see it
    others = session.scalar(_present(Membership.person_id == membership.person_id))
    if others is None:
        end_sessions(session, membership.person_id)
    _record(session, actor, tenant, membership.person_id, now, before=membership.role.value)


def confirm_access(
    session: PortalSession, actor: Actor, tenant: Tenant, memberships: list[int], *, place: Place, now: datetime
) -> None:
    """The yearly access review: this leader saw exactly these roles and stands for them. Raises `Invalid` otherwise."""
    require(actor, Action.REVIEW_ACCESS, place)
    present = sorted(session.scalars(_present(Membership.tenant_id == tenant.id)).all())
    if sorted(memberships) != present:
        raise Invalid("Somebody’s access changed while you were looking. Look through the list again.")
    assert actor.person_id is not None
    session.add(
        AccessReview(tenant_id=tenant.id, reviewed_at=now, reviewed_by=actor.person_id, memberships=memberships)
    )
    record(
        session, witness(actor), AuditKind.ACCESS_REVIEWED, tenant_id=tenant.id, subject=("tenant", tenant.id), now=now,
        people=len(memberships),
    )  # fmt: skip


def record_sign_in(
    session: PortalSession, actor: Actor, tenant_id: int, *, done: bool, how: str, now: datetime
) -> None:
    """Leave a line in the service's trail for a sign-in that succeeded or failed at the second factor."""
    kind = AuditKind.SIGN_IN_DONE if done else AuditKind.SIGN_IN_FAILED
    record(
        session,
        witness(actor),
        kind,
        tenant_id=tenant_id,
        subject=("person", actor.person_id or "unknown"),
        now=now,
        how=how,
    )


def disable(session: PortalSession, person: Person, *, now: datetime) -> None:
    """End everything a person can do."""
    person.disabled_at = now
    session.execute(
        update(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None)).values(ended_at=now)
    )
    session.execute(delete(Invitation).where(Invitation.email == person.email, Invitation.accepted_at.is_(None)))
    end_sessions(session, person.id)


def _membership(session: PortalSession, tenant: Tenant, membership_id: int) -> Membership:
    """By tenant and id in one question: another school's role looks absent."""
    statement = select(Membership).where(
        Membership.id == membership_id, Membership.tenant_id == tenant.id, Membership.ended_at.is_(None)
    )
    found = session.scalar(statement.with_for_update())
    if found is None:
        raise NotFound("There is no such role.")
    return found


def keep_a_leader(session: PortalSession, leaving: Membership) -> None:
    """Raises `Invalid` where nobody else could manage access once this role ends; two at once take turns."""
    if leaving.role not in LEADING:
        return
    session.take_turn(f"leaders {leaving.tenant_id}")
    others = session.scalar(
        _present(Membership.tenant_id == leaving.tenant_id, Membership.id != leaving.id, Membership.role.in_(LEADING))
    )
    if others is None:
        raise Invalid("This is the last person who can manage access. Give somebody else that role first.")


def _present(*conditions: ColumnElement[bool]) -> Select[int]:
    return select(Membership.id).where(Membership.ended_at.is_(None), *conditions)


def _record(
    session: PortalSession, actor: Actor, tenant: Tenant, person_id: int, now: datetime, *, before: str, role: str = ""
) -> None:
    record(
        session,
        witness(actor),
        AuditKind.MEMBERSHIP_CHANGED,
        tenant_id=tenant.id,
        subject=("person", person_id),
        now=now,
        before=before,
        role=role or None,
    )


def keep_password(session: PortalSession, person: Person, hashed: str) -> None:
    """Replace a person's password by one that was hashed outside the transaction."""
    person.password_hash = hashed
    session.add(person)
