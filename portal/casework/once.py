"""Keys that make a second press of a button harmless."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from portal.casework.models import IdempotencyKey
from portal.core.database import PortalSession
from portal.core.errors import Conflict

KEPT = timedelta(days=7)
SHOWN_FOR = timedelta(minutes=30)
BREACH = "breach"
"""The route whose keys hold the PIN of a report too, covered, as long as it is shown."""


def take_key(session: PortalSession, route: str, key: str, body_hash: str, *, now: datetime) -> str | None:
    """None when the key is new and now taken; else what it made before.

    Raises `Conflict` when the key was used for something else. Another writer with the same key waits here.
    """
    found = _find(session, route, key)
    if found is None:
        try:
            with session.begin_nested():
                session.add(IdempotencyKey(route=route, key=key, body_hash=body_hash, result="", made_at=now))
        except IntegrityError:
            found = _find(session, route, key)
        else:
            return None
    return _result(found, body_hash)


def made_before(session: PortalSession, route: str, key: str, body_hash: str) -> str | None:
    """As `take_key`, but a new key is not taken."""
    found = _find(session, route, key)
    return None if found is None else _result(found, body_hash)


def keep_result(session: PortalSession, route: str, key: str, result: str) -> None:
    """Say what the key made, for whoever sends it again."""
    session.get_one(IdempotencyKey, (route, key)).result = result


def forget_shown(session: PortalSession, route: str, *, now: datetime) -> None:
    """Cut what else was kept behind the id of what was made, once it is shown no more."""
    for found in session.scalars(
        select(IdempotencyKey).where(
            IdempotencyKey.route == route, IdempotencyKey.made_at < now - SHOWN_FOR, IdempotencyKey.result.contains(" ")
        )
    ):
        found.result = found.result.partition(" ")[0]


def forget_old_keys(session: PortalSession, *, now: datetime) -> None:
    """Drop keys that nobody sends any more."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.made_at < now - KEPT))


def _result(found: IdempotencyKey | None, body_hash: str) -> str:
    if found is None or found.body_hash != body_hash:
        raise Conflict("This form was sent already, with other answers. Start again to ask for something else.")
    return found.result


def _find(session: PortalSession, route: str, key: str) -> IdempotencyKey | None:
    return session.scalar(select(IdempotencyKey).where(IdempotencyKey.route == route, IdempotencyKey.key == key))
