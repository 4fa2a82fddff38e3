"""Bank holidays as edited, and what follows: open cases whose date moves say so.

A file of its own, because it changes many cases at once and no single one's work.
"""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import delete, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.models import BankHoliday, Case, CaseStatus, EventKind
from portal.casework.progress import add_event, changing, refresh_dates
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.working_days import england_and_wales
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require

SHIPPED = "Bank holiday"


def bank_holidays(session: PortalSession, *, since: date) -> list[tuple[date, str]]:
    """The bank holidays from a day on, as edited; as shipped while nobody has edited them."""
    found = {row.day: row.name for row in session.scalars(select(BankHoliday))} or _shipped()
    return sorted((day, name) for day, name in found.items() if day >= since)


def add_bank_holiday(session: PortalSession, actor: Actor, place: Place, day: date, name: str, *, now: datetime) -> int:
    """Add a proclaimed holiday; returns how many open cases moved. The scope must be every tenant's."""
    require(actor, Action.EDIT_HOLIDAYS, place)
    if not name:
        raise Invalid("Say what the holiday is for.", field="name")
    _seed(session)
    if session.get(BankHoliday, day) is not None:
        raise Invalid("This day is a bank holiday already.", field="day")
    session.add(BankHoliday(day=day, name=name))
    return _changed(session, actor, place, day, now=now)


def remove_bank_holiday(session: PortalSession, actor: Actor, place: Place, day: date, *, now: datetime) -> int:
    """Take a holiday away that was a mistake; returns how many open cases moved. The scope must be every tenant's."""
    require(actor, Action.EDIT_HOLIDAYS, place)
    _seed(session)
    session.execute(delete(BankHoliday).where(BankHoliday.day == day))
    return _changed(session, actor, place, day, now=now)


def move_dates(session: PortalSession, cases: Iterable[Case], *, actor: Actor, now: datetime) -> int:
    """Work the dates of open cases out anew; each that moves says from when to when. Returns how many did."""
    moved = 0
    for case in cases:
        before = case.due_on
        refresh_dates(session, case)
        after = case.due_on
        if before is None or after is None or before == after:
            continue
        with changing(session, case, now=now):
            add_event(
                session, case, EventKind.DATES_MOVED, now=now, actor_id=actor.person_id,
                before=f"{before:%-d %B %Y}", after=f"{after:%-d %B %Y}",
            )  # fmt: skip
        moved += 1
    return moved


def _changed(session: PortalSession, actor: Actor, place: Place, day: date, *, now: datetime) -> int:
    session.flush()  # the clock reads the holidays
    record(
        session, witness(actor), AuditKind.SETTING_CHANGED, tenant_id=place.tenant_id,
        subject=("setting", "bank holidays"), now=now, day=day.isoformat(),
    )  # fmt: skip
    later = select(Case).where(Case.status == CaseStatus.OPEN, Case.sort_on >= day).order_by(Case.id)
    return move_dates(session, list(session.scalars(later)), actor=actor, now=now)


def _seed(session: PortalSession) -> None:
    """The shipped holidays become rows with the first edit."""
    if session.scalar(select(BankHoliday.day).limit(1)) is None:
        session.add_all(BankHoliday(day=day, name=name) for day, name in sorted(_shipped().items()))
        session.flush()


def _shipped() -> dict[date, str]:
    return dict.fromkeys(england_and_wales().bank_holidays, SHIPPED)
