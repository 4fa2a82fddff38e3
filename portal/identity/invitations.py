"""Verbs on invitations: a role offered by e-mail, accepted by whoever proves that mailbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.core.secrets import digest, new_token
from portal.identity.actions import grant, keep_a_leader, witness
from portal.identity.letters import write_invitation
from portal.identity.models import Invitation, Membership, Person
from portal.identity.permissions import Action, Actor, Place, Role, require
from portal.identity.rules import LEADING, normal_email, roles_for
from portal.tenancy.models import Tenant

DAYS = 7


@dataclass(frozen=True, slots=True)
class Guest:
    """Who is invited, by name and address, and to which role."""

    name: str
    email: str
    role: Role


def invite(
    session: PortalSession, actor: Actor, tenant: Tenant, guest: Guest, *, place: Place, base_url: str, now: datetime
) -> Invitation:
    """Offer a role by e-mail; an earlier offer to the same address here ends. Raises `Forbidden`, `Invalid`."""
    require(actor, Action.MANAGE_PEOPLE, place)
    if guest.role not in roles_for(tenant.kind):
        raise Invalid("There is no such role here.", field="role")
    email, token = normal_email(guest.email), new_token()
    session.execute(
        update(Invitation)
        .where(Invitation.tenant_id == tenant.id, Invitation.email == email, Invitation.accepted_at.is_(None))
        .values(withdrawn_at=now)
    )
    invitation = Invitation(
        token_digest=_digest(token), email=email, name=guest.name, tenant_id=tenant.id, role=guest.role,
        invited_by=actor.person_id, invited_at=now, expires_at=now + timedelta(days=DAYS),
    )  # fmt: skip
    session.add(invitation)
    session.flush()  # gives the id for the audit line
    write_invitation(
        session, tenant_id=tenant.id, recipient=email, inviter=actor.name, tenant=tenant.name,
        link=f"{base_url}/invitations/{token}", until=invitation.expires_at, base_url=base_url, now=now,
    )  # fmt: skip
    record(
        session, witness(actor), AuditKind.PERSON_INVITED, tenant_id=tenant.id,
        subject=("invitation", invitation.id), now=now, contents={"email": email}, role=guest.role.value,
    )  # fmt: skip
    return invitation


def withdraw_invitation(
    session: PortalSession, actor: Actor, tenant: Tenant, invitation_id: int, *, place: Place, now: datetime
) -> None:
    """Take an offer back. Raises `Forbidden`, `NotFound`."""
    require(actor, Action.MANAGE_PEOPLE, place)
    statement = select(Invitation).where(Invitation.id == invitation_id, Invitation.tenant_id == tenant.id)
    found = session.scalar(statement)
    if found is None or found.accepted_at is not None or found.withdrawn_at is not None:
        raise NotFound("There is no such invitation.")
    found.withdrawn_at = now
    record(
        session, witness(actor), AuditKind.MEMBERSHIP_CHANGED, tenant_id=tenant.id,
        subject=("invitation", found.id), now=now, withdrawn=True,
    )  # fmt: skip


def invitation_by_token(session: PortalSession, token: str, *, now: datetime) -> Invitation:
    """An offer that still stands. Raises `NotFound`, the same for one that never was, ended or was used."""
    found = session.scalar(select(Invitation).where(Invitation.token_digest == _digest(token)))
    if found is None or found.accepted_at is not None or found.withdrawn_at is not None or found.expires_at < now:
        raise NotFound("There is no such invitation.")
    return found


def accept(session: PortalSession, invitation: Invitation, person: Person, *, now: datetime) -> Membership:
    """Take the role, once. Raises `Invalid` for another person, and where nobody would be left to manage access."""
    if person.email != invitation.email:
        raise Invalid("This invitation is for another e-mail address. Sign out, then open it again.")
    mine = (Membership.person_id == person.id, Membership.tenant_id == invitation.tenant_id)
    present = session.scalar(select(Membership).where(*mine, Membership.ended_at.is_(None)))
    if present is not None and invitation.role not in LEADING:
        keep_a_leader(session, present)
    used = session.count_changed(
        update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None))
        .values(accepted_at=now)
    )
    if not used:
        raise NotFound("There is no such invitation.")
    if present is not None:
        present.ended_at = now
    membership = grant(
        session, person, invitation.tenant_id, invitation.role, now=now, granted_by=invitation.invited_by
    )
    record(
        session, witness(Actor(person_id=person.id, name=person.name)), AuditKind.MEMBERSHIP_CHANGED,
        tenant_id=invitation.tenant_id, subject=("person", person.id), now=now, role=invitation.role.value,
    )  # fmt: skip
    return membership


def _digest(token: str) -> str:
    return digest(token, purpose="invitation")
