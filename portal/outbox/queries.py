"""Questions about letters."""

from sqlalchemy import func, select

from portal.core.database import PortalSession
from portal.outbox.models import Letter, LetterStatus


def dead_letters(session: PortalSession, *, limit: int = 200) -> list[Letter]:
    """Letters that were given up, newest first."""
    statement = select(Letter).where(Letter.status == LetterStatus.DEAD)
    return list(session.scalars(statement.order_by(Letter.id.desc()).limit(limit)))


def counts(session: PortalSession) -> dict[LetterStatus, int]:
    """How many letters stand in each state."""
    rows = session.execute(select(Letter.status, func.count()).group_by(Letter.status))
    return {status: number for status, number in rows}
