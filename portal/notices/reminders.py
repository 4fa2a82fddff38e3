"""Questions that stay open: the school is reminded, and after the date the DPO team is told."""

from datetime import datetime

from sqlalchemy import select

from portal.core.clock import london
from portal.core.database import PortalSession
from portal.identity.permissions import Role
from portal.identity.queries import emails_with_role
from portal.notices.decisions import open_question
from portal.notices.gathering import Shelf
from portal.notices.models import Decision
from portal.notices.rules import REMIND_AFTER
from portal.notices.subscriptions import Station
from portal.notices.wording import ClauseWording, notice_desks
from portal.outbox.actions import write_letter
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES, service

_WRITERS = frozenset({Role.HEAD, Role.LEAD, Role.EDITOR})
_DPO = frozenset({Role.DPO_OFFICER})


def schools_to_ask(session: PortalSession) -> list[int]:
    statement = select(Tenant.id).where(Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_(PUBLIC_STATUSES))
    return list(session.scalars(statement.order_by(Tenant.id)))


def remind_school(session: PortalSession, school: Tenant, shelf: Shelf, *, station: Station, now: datetime) -> bool:
    """Keep a row for each question that has waited a week, and write one letter about all; True where it wrote."""
    boards = notice_desks(session, school, now=now, shelf=shelf)
    clauses = {key: wording for board in boards.values() for key, wording in board.clauses.items()}
    rows = [one.decision for one in clauses.values() if one.decision is not None]
    rows += [
        open_question(session, school, wording)
        for wording in clauses.values()
        if wording.decision is None and _waits_since(wording, now - REMIND_AFTER[0])
    ]
    late = [row for row in rows if row.reminded < _due_reminders(row, now)]
    for row in late:
        row.reminded = _due_reminders(row, now)
    if late:
        titles = [clauses[row.key].title for row in late if row.key in clauses]
        _write_to_school(session, school, titles, min(row.due_at for row in late), station, now)
    return bool(late)


def tell_dpo(session: PortalSession, *, station: Station, now: datetime) -> int:
    """One letter to the DPO team about all questions whose date has passed; the session sees every tenant."""
    statement = select(Decision).where(
        Decision.settled_at.is_(None), Decision.told_dpo_at.is_(None), Decision.due_at <= now
    )
    rows = list(session.scalars(statement.with_for_update(skip_locked=True)))
    owner = service(session)
    if rows:
        count = len({row.tenant_id for row in rows})
        body = (
            f"{count} schools have not answered a question about changed shared wording in time "
            f"({len(rows)} questions).\n\n{station.address('/central/reviews')}\n"
        )
        for email in emails_with_role(session, owner.id, _DPO):
            write_letter(
                session, tenant_id=owner.id, kind="wording-late", recipient=email, body=body, now=now,
                subject="Schools have not answered about changed wording", host=station.host,
            )  # fmt: skip
    for row in rows:
        row.told_dpo_at = now
    return len(rows)


def _waits_since(wording: ClauseWording, at: datetime) -> bool:
    waiting = wording.waiting
    return waiting is not None and wording.state == "open" and waiting.edition.effective_at <= at


def _due_reminders(row: Decision, now: datetime) -> int:
    return sum(1 for after in REMIND_AFTER if row.opened_at + after <= now)


def _write_to_school(
    session: PortalSession, school: Tenant, titles: list[str], due: datetime, station: Station, now: datetime
) -> None:
    day = london(due).date()
    body = (
        "The shared wording of the privacy notice changed. Until you answer, your notice says what it said before.\n\n"
        + "\n".join(f"- {title}" for title in titles)
        + f"\n\nPlease answer by {day:%d.%m.%Y}:\n{station.address(f'/school/{school.slug}/notice')}\n"
    )
    for email in emails_with_role(session, school.id, _WRITERS):
        write_letter(
            session, tenant_id=school.id, kind="wording-reminder", recipient=email, body=body, now=now,
            subject=f"{school.name}: your notice waits for an answer", host=station.host,
        )  # fmt: skip
