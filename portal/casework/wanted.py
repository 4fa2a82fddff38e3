"""Codes asked for by a reference alone: noted for any reference, looked up and sent where nobody can watch.

Whoever asks gets the same answer after the same work, whether there is such a request or not.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.casework.codes import ask_code
from portal.casework.letters import Sender
from portal.casework.models import WantedCode
from portal.casework.queries import case_of_requester
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.limits import CODE_MINUTES
from portal.core.secrets import Keys
from portal.identity.throttle import TooMany
from portal.settings import Settings
from portal.tenancy.scope import every_tenant

_AT_ONCE = 50


def want_code(session: PortalSession, reference: str, *, now: datetime) -> None:
    """Note that somebody asked."""
    session.add(WantedCode(reference=reference, asked_at=now))


def codes_wait(_settings: Settings, database: Database) -> bool:
    with database.session() as session:
        return session.scalar(select(WantedCode.id).limit(1)) is not None


def send_wanted_codes(settings: Settings, database: Database) -> None:
    """Send a code for each reference that there is; what waited longer than a code lives is dropped."""
    now, sender = clock.now(), Sender(settings.base_url, Keys(settings.secret_keys))
    with database.session() as session:
        waiting = list(session.scalars(select(WantedCode.id).order_by(WantedCode.id).limit(_AT_ONCE)))
    for number in waiting:
        with database.transaction() as session, every_tenant(session, "codes asked for by reference"):
            statement = delete(WantedCode).where(WantedCode.id == number)
            row = session.execute(statement.returning(WantedCode.reference, WantedCode.asked_at)).one_or_none()
            if row is not None and row.asked_at > now - timedelta(minutes=CODE_MINUTES):
                _send(session, row.reference, sender, now)


def _send(session: PortalSession, reference: str, sender: Sender, now: datetime) -> None:
    found = case_of_requester(session, reference)
    if found is None:
        return
    try:
        ask_code(session, found, sender=sender, now=now)
    except TooMany:
        return  # whoever asked was told nothing either way
