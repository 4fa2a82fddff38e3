"""Verbs of signing in with a password and a second factor."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from portal.core.database import PortalSession
from portal.core.secrets import Keys, digest, new_reference
from portal.identity import throttle
from portal.identity.actions import TOTP_PURPOSE, set_totp_secret
from portal.identity.browsers import is_known_browser
from portal.identity.models import ExternalIdentity, Passkey, Person, RecoveryCode, TotpUse
from portal.identity.rules import normal_email, password_matches, totp_step

RECOVERY_CODES = 10
_GROUPS = (4, 4, 4, 4)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to sign in, with the address it came from and the token of a browser known from before ('' for none).

    `has_mailbox` says that in this browser a code sent to the account's mailbox was typed just now.
    """

    email: str
    password: str = field(repr=False)
    address: str
    known_token: str = field(default="", repr=False)
    has_mailbox: bool = False


def count_attempt(session: PortalSession, attempt: Attempt, *, now: datetime) -> Person | None:
    """Count the try before anything is compared; returns the account meant, which is not proved yet.

    A browser in which this person signed in before has a count of its own, and so has whoever holds the mailbox, so
    that strangers who use up the account's, the network's or everybody's cannot keep her out. The narrowest count
    comes first: one network cannot use up what all others may still try. Raises `throttle.TooMany`.
    """
    email = normal_email(attempt.email)
    person = session.scalar(select(Person).where(Person.email == email))
    if is_known_browser(session, person.id if person else None, attempt.known_token):
        throttle.count(session, throttle.SIGN_IN_KNOWN, f"{email}\0{attempt.known_token}", now=now)
    elif attempt.has_mailbox:
        throttle.count(session, throttle.SIGN_IN_MAILBOX, email, now=now)
    else:
        origin = throttle.network(attempt.address)
        throttle.count(session, throttle.SIGN_IN_ACCOUNT_NETWORK, f"{email}\0{origin}", now=now)
        throttle.count(session, throttle.SIGN_IN_NETWORK, origin, now=now)
        throttle.count(session, throttle.SIGN_IN_ACCOUNT, email, now=now)
        throttle.count(session, throttle.SIGN_IN_OVERALL, "", now=now)
    return person if person is not None and person.disabled_at is None else None


def check_password(person: Person | None, password: str) -> Person | None:
    """The person, if the password is hers. Slow on purpose: hold no transaction meanwhile."""
    return person if password_matches(person.password_hash if person else None, password) else None


def check_code(
    session: PortalSession, person: Person, code: str, keys: Keys, *, now: datetime, known_token: str = "",
    has_mailbox: bool = False,
) -> bool:  # fmt: skip
    """Whether this is an authenticator's code or a printed one, used for the first time. Raises `throttle.TooMany`."""
    known = known_token if is_known_browser(session, person.id, known_token) else "mailbox" if has_mailbox else ""
    throttle.count(session, throttle.CODE_ACCOUNT, f"{person.id}\0{known}", now=now)
    typed = code.replace(" ", "")
    if typed.isdecimal():
        return _use_totp(session, person, typed, keys, now=now)
    return _use_recovery_code(session, person, typed, now=now)


def start_authenticator(
    session: PortalSession, person: Person, secret: str, code: str, keys: Keys, *, now: datetime
) -> bool:
    """Keep an authenticator's secret once it shows the right code, which is then used up."""
    step = totp_step(secret, code.replace(" ", ""), at=now.timestamp())
    if step is None:
        return False
    set_totp_secret(person, secret, keys)
    session.execute(delete(TotpUse).where(TotpUse.person_id == person.id))
    session.add(TotpUse(person_id=person.id, step=step))
    return True


def new_recovery_codes(session: PortalSession, person: Person) -> list[str]:
    """Ten codes of 80 bits to be printed; those of before end."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == person.id))
    codes = [new_reference(_GROUPS) for _ in range(RECOVERY_CODES)]
    session.add_all([RecoveryCode(person_id=person.id, code_digest=_recovery(person, code)) for code in codes])
    return codes


def has_second_factor(session: PortalSession, person: Person) -> bool:
    """Whether the person set up an authenticator or a passkey."""
    passkey = session.scalar(select(Passkey.id).where(Passkey.person_id == person.id).limit(1))
    return person.totp_secret is not None or passkey is not None


def has_way_in(session: PortalSession, person: Person) -> bool:
    """Whether the person can sign in by anything of her own already."""
    link = session.scalar(select(ExternalIdentity.id).where(ExternalIdentity.person_id == person.id).limit(1))
    return link is not None or has_second_factor(session, person)


def forget_second_factors(session: PortalSession, person: Person) -> None:
    """For somebody who lost everything and is invited afresh: authenticator, passkeys, codes, linked accounts."""
    person.totp_secret = None
    for model in (Passkey, RecoveryCode, ExternalIdentity, TotpUse):
        session.execute(delete(model).where(model.person_id == person.id))


def _use_totp(session: PortalSession, person: Person, code: str, keys: Keys, *, now: datetime) -> bool:
    if person.totp_secret is None:
        return False
    try:
        secret = keys.box(TOTP_PURPOSE).decrypt(person.totp_secret).decode()
    except InvalidToken:
        return False  # written under a secret key that was taken away
    step = totp_step(secret, code, at=now.timestamp())
    if step is None:
        return False
    try:
        with session.begin_nested():
            session.add(TotpUse(person_id=person.id, step=step))
    except IntegrityError:
        return False
    return True


def _use_recovery_code(session: PortalSession, person: Person, code: str, *, now: datetime) -> bool:
    used = session.count_changed(
        update(RecoveryCode)
        .where(
            RecoveryCode.person_id == person.id,
            RecoveryCode.code_digest == _recovery(person, code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=now)
    )
    return bool(used)


def _recovery(person: Person, code: str) -> str:
    plain = code.upper().replace("-", "").replace("O", "0").replace("I", "1").replace("L", "1")
    return digest(f"{person.id}\0{plain}", purpose="recovery-code")
