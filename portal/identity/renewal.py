"""Encrypting everything afresh under the first secret key, so that an old one can be taken away."""

from cryptography.fernet import InvalidToken
from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.secrets import Keys
from portal.identity.actions import TOTP_PURPOSE
from portal.identity.models import KeptDraft, Person


def renew_secrets(session: PortalSession, keys: Keys) -> int:
    """How many values were renewed. Safe to repeat and to break off; what no key reads is left as it is."""
    renewed = 0
    for person in session.scalars(select(Person).where(Person.totp_secret.is_not(None))):
        assert person.totp_secret is not None
        fresh = _renew(keys, TOTP_PURPOSE, person.totp_secret)
        if fresh is not None:
            person.totp_secret, renewed = fresh, renewed + 1
    for draft in session.scalars(select(KeptDraft)):
        fresh = _renew(keys, "draft", draft.fields)
        if fresh is not None:
            draft.fields, renewed = fresh, renewed + 1
    return renewed


def _renew(keys: Keys, purpose: str, value: bytes) -> bytes | None:
    try:
        return keys.box(purpose).rotate(value)
    except InvalidToken:
        return None
