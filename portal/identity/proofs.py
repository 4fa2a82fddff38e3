"""Codes sent by e-mail: typed into the browser that asked, single use, ten minutes, at most five wrong tries."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from portal.core.database import PortalSession
from portal.core.limits import CODE_MINUTES
from portal.core.secrets import Keys, new_code
from portal.identity import throttle
from portal.identity.models import ProofCode
from portal.identity.rules import normal_email

DIGITS = 8
WRONG_TRIES = 5


def new_proof(
    session: PortalSession, purpose: str, email: str, keys: Keys, *, address: str, now: datetime, known_token: str = ""
) -> tuple[int, str]:
    """(id for the browser's session, code for the letter). Raises `throttle.TooMany`.

    Counted by mailbox and network, so that a stranger does not use up what the mailbox's owner may ask; by mailbox
    alone only against a flood. A browser in which the owner signed in before (`known_token`) has a count of its own.
    """
    email = normal_email(email)
    if known_token:
        throttle.count(session, throttle.PROOF_KNOWN, f"{purpose}\0{email}\0{known_token}", now=now)
    else:
        origin = throttle.network(address)
        throttle.count(session, throttle.PROOF_ADDRESS_NETWORK, f"{purpose}\0{email}\0{origin}", now=now)
        throttle.count(session, throttle.PROOF_NETWORK, origin, now=now)
        throttle.count(session, throttle.PROOF_ADDRESS, f"{purpose}\0{email}", now=now)
    session.execute(delete(ProofCode).where(ProofCode.expires_at < now - timedelta(hours=1)))
    code = new_code(DIGITS)
    row = ProofCode(
        purpose=purpose, email=email, signature="", expires_at=now + timedelta(minutes=CODE_MINUTES)
    )  # fmt: skip
    session.add(row)
    session.flush()  # the signature covers the id
    row.signature = keys.signature("proof-code", _message(row, code))
    return row.id, code


def use_proof(
    session: PortalSession, purpose: str, proof_id: int, code: str, keys: Keys, *, address: str, now: datetime
) -> str | None:
    """The address that the code proves, once; None for a wrong, old or used one. Raises `throttle.TooMany`."""
    throttle.count(session, throttle.PROOF_TRY, throttle.network(address), now=now)
    row = session.scalar(select(ProofCode).where(ProofCode.id == proof_id).with_for_update())
    if row is None or row.purpose != purpose or row.used_at is not None or row.expires_at < now:
        return None
    if row.tries >= WRONG_TRIES:
        return None
    row.tries += 1
    typed = "".join(character for character in code if character.isdecimal())
    if not keys.is_signed("proof-code", _message(row, typed), row.signature):
        return None
    row.used_at = now
    return row.email


def end_proofs(session: PortalSession, email: str, *, now: datetime) -> None:
    """End every open code of an address, for instance once its password was changed."""
    statement = update(ProofCode).where(ProofCode.email == normal_email(email), ProofCode.used_at.is_(None))
    session.execute(statement.values(used_at=now))


def _message(row: ProofCode, code: str) -> bytes:
    return f"{row.purpose}\0{row.id}\0{row.email}\0{code}".encode()
