"""Timed work as rows: each piece is done once per period, by whichever node gets it."""

from datetime import datetime, timedelta

from sqlalchemy import String, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base, Database, PortalSession

LEASE = timedelta(minutes=10)


class TimedWork(Base):
    """When a piece of periodic work last finished, and who holds it until when."""

    __tablename__ = "timed_work"
    row_class = "service"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    finished_at: Mapped[datetime | None]
    leased_until: Mapped[datetime | None]


def is_due(database: Database, name: str, every: timedelta, *, now: datetime) -> bool:
    """Whether a piece of work is due and nobody holds it; only reads."""
    with database.session() as session:
        row = session.get(TimedWork, name)
        return row is None or _is_due(row, every, now)


def take_work(database: Database, name: str, every: timedelta, *, now: datetime) -> bool:
    """Take the lease on a piece of work; False where somebody else was first."""
    try:
        with database.transaction() as session:
            row = session.scalar(select(TimedWork).where(TimedWork.name == name).with_for_update())
            if row is None:
                session.add(TimedWork(name=name, leased_until=now + LEASE))
            elif _is_due(row, every, now):
                row.leased_until = now + LEASE
            else:
                return False
    except IntegrityError:
        return False  # another node was first
    return True


def postpone_work(database: Database, name: str, *, until: datetime) -> None:
    """Let nobody try before `until`: the work failed and is not finished."""
    with database.transaction() as session:
        session.get_one(TimedWork, name).leased_until = until


def finish_work(database: Database, name: str, *, now: datetime) -> None:
    """Give the lease back; the next period counts from now."""
    with database.transaction() as session:
        row = session.get_one(TimedWork, name)
        row.finished_at, row.leased_until = now, None


def _is_due(row: TimedWork, every: timedelta, now: datetime) -> bool:
    if row.leased_until is not None and row.leased_until > now:
        return False
    return row.finished_at is None or row.finished_at + every <= now


def timed_work(session: PortalSession) -> list[TimedWork]:
    """What runs by the clock and when it last finished, by name."""
    return list(session.scalars(select(TimedWork).order_by(TimedWork.name)))
