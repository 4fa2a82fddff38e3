"""The inbox as a table to take away: what the list shows, for as many rows as the filters hold."""

from datetime import datetime

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.inbox import Filters, Line, page
from portal.casework.kinds import KINDS, WAITING, outcome
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require

MOST_ROWS = 10_000
HEADINGS = (
    N_("Reference"),
    N_("Kind"),
    N_("School"),
    N_("From"),
    N_("Opened"),
    N_("Answer by"),
    N_("State"),
    N_("Outcome"),
    N_("Who"),
)


def export_rows(
    session: PortalSession, actor: Actor, filters: Filters, *, place: Place, now: datetime
) -> list[tuple[str, ...]]:
    """The rows under `HEADINGS`, at most 10,000; leaves a line that they were taken."""
    require(actor, Action.EXPORT_CASES, place)
    lines = page(session, actor, filters, now=now, size=MOST_ROWS).lines
    record(
        session,
        witness(actor),
        AuditKind.EXPORT_MADE,
        tenant_id=place.tenant_id,
        subject=("inbox", filters.view.value),
        now=now,
        rows=len(lines),
    )
    return [_row(line) for line in lines]


def _row(line: Line) -> tuple[str, ...]:
    due = f"{london(line.due_at):%Y-%m-%d %H:%M}" if line.due_at else str(line.due_on or "")
    ended = outcome(line.kind, line.outcome)
    return (
        line.reference,
        KINDS[line.kind],
        line.school_name,
        line.requester_name,
        london(line.opened_at).date().isoformat(),
        due,
        WAITING[line.waiting_for] if line.status == "open" else "",
        ended.label if ended else "",
        line.assignee_name or "",
    )
