"""Questions about letters."""

from datetime import datetime

from sqlalchemy import func, or_, select

from portal.core.database import PortalSession
from portal.outbox.models import Letter, LetterStatus


def dead_letters(session: PortalSession, *, limit: int = 200) -> list[Letter]:
    """Letters that were given up, newest first."""
    statement = select(Letter).where(Letter.status == LetterStatus.DEAD)
    return list(session.scalars(statement.order_by(Letter.id.desc()).limit(limit)))


def counts(session: PortalSession) -> dict[LetterStatus, int]:
    """How many letters stand in each state."""
    rows = session.execute(select(Letter.status, func.count()).group_by(Letter.status))
    return dict(rows.all())


def has_due(session: PortalSession, *, now: datetime) -> bool:
    """Whether any letter could be claimed; a read, so that an idle worker takes no write lock."""
    statement = select(Letter.id).where(
        Letter.status.in_((LetterStatus.WAITING, LetterStatus.SENDING)),
        Letter.run_at <= now,
        or_(Letter.leased_until.is_(None), Letter.leased_until < now),
    )
    return session.scalar(statement.limit(1)) is not None


def newest_letter(session: PortalSession, recipient: str, *, kind: str) -> Letter | None:
    """The last letter of a kind to an address."""
    statement = select(Letter).where(Letter.recipient == recipient, Letter.kind == kind)
    return session.scalar(statement.order_by(Letter.id.desc()).limit(1))
