"""Verbs of sign-in and membership."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.audit.actions import Witness, record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.limits import SESSION_HOURS, SESSION_IDLE_MINUTES
from portal.core.secrets import Keys
from portal.identity import throttle
from portal.identity.models import Membership, Person, TotpUse, WebSession
from portal.identity.permissions import Actor, Role
from portal.identity.rules import hash_password, normal_email, password_matches, totp_step

TOTP_PURPOSE = "totp"


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, with the network it came from."""

    email: str
    password: str
    network: str


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


def grant(session: PortalSession, person: Person, tenant_id: int, role: Role, *, now: datetime, granted_by: int | None) -> Membership:
    """Give a person a role in a tenant."""
    membership = Membership(person_id=person.id, tenant_id=tenant_id, role=role, since=now, granted_by=granted_by)
    session.add(membership)
    return membership


def set_totp_secret(person: Person, secret: str, keys: Keys) -> None:
    """Keep a person's authenticator secret, encrypted."""
    person.totp_secret = keys.box(TOTP_PURPOSE).encrypt(secret.encode())


def check_password(session: PortalSession, attempt: Attempt, *, now: datetime) -> Person | None:
    """The person, if address and password are right.

    Counts the try by account, by network and overall (raises `throttle.TooMany`); an account that does not exist
    is counted and hashed like any other, so that the answer tells nothing.
    """
    email = normal_email(attempt.email)
    throttle.count(session, throttle.SIGN_IN_OVERALL, "", now=now)
    throttle.count(session, throttle.SIGN_IN_NETWORK, attempt.network, now=now)
    throttle.count(session, throttle.SIGN_IN_ACCOUNT, f"{email}\0{attempt.network}", now=now)
    person = session.scalar(select(Person).where(Person.email == email))
    usable = person is not None and person.disabled_at is None
    matches = password_matches(person.password_hash if person and usable else None, attempt.password)
    return person if matches else None


def check_totp(session: PortalSession, person: Person, code: str, keys: Keys, *, now: datetime) -> bool:
    """Whether the code is right and was not used before. Raises `throttle.TooMany`."""
    throttle.count(session, throttle.CODE_ACCOUNT, str(person.id), now=now)
    if person.totp_secret is None:
        return False
    secret = keys.box(TOTP_PURPOSE).decrypt(person.totp_secret).decode()
    step = totp_step(secret, code.replace(" ", ""), at=now.timestamp())
    if step is None:
        return False
    try:
        with session.begin_nested():
            session.add(TotpUse(person_id=person.id, step=step))
    except IntegrityError:
        return False
    return True


def record_sign_in(session: PortalSession, actor: Actor, tenant_id: int, *, done: bool, now: datetime) -> None:
    """Leave a line in the service's trail for a sign-in that succeeded or failed at the second factor."""
    kind = AuditKind.SIGN_IN_DONE if done else AuditKind.SIGN_IN_FAILED
    record(session, witness(actor), kind, tenant_id=tenant_id, subject=("person", actor.person_id), now=now)


def end_sessions(session: PortalSession, person_id: int, *, except_id: int | None = None) -> None:
    """End a person's sessions at once, all or all but one."""
    statement = delete(WebSession).where(WebSession.person_id == person_id)
    if except_id is not None:
        statement = statement.where(WebSession.id != except_id)
    session.execute(statement)


def end_membership(session: PortalSession, membership: Membership, *, now: datetime) -> None:
    """End a role; the next request of the person no longer has it."""
    membership.ended_at = now


def forget_expired_sessions(session: PortalSession, *, now: datetime) -> None:
    """Drop sessions that are idle or old."""
    idle, oldest = now - timedelta(minutes=SESSION_IDLE_MINUTES), now - timedelta(hours=SESSION_HOURS)
    session.execute(
        delete(WebSession).where(
            (WebSession.created_at < oldest) | (WebSession.person_id.is_not(None) & (WebSession.seen_at < idle))
        )
    )


def disable(session: PortalSession, person: Person, *, now: datetime) -> None:
    """End everything a person can do."""
    person.disabled_at = now
    session.execute(
        update(Membership).where(Membership.person_id == person.id, Membership.ended_at.is_(None)).values(ended_at=now)
    )
    end_sessions(session, person.id)
