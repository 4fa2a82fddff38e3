"""What the inbox asks of somebody today."""

from datetime import datetime

from portal.casework.inbox import View, counts, first_of
from portal.core.database import PortalSession
from portal.identity.permissions import Actor

_SCHOOL = (View.OVERDUE, View.WEEK, View.UNASSIGNED, View.MINE)
_DPO = (View.DPO, View.OVERDUE, View.MINE)


def today_tasks(session: PortalSession, actor: Actor, *, now: datetime, is_dpo: bool) -> list[tuple[View, int, str]]:
    """(view, how many, the first one's reference), the most urgent first; views without cases are left out."""
    views = _DPO if is_dpo else _SCHOOL
    numbers = counts(session, actor, views, now=now)
    if View.WEEK in numbers:
        numbers[View.WEEK] -= numbers[View.OVERDUE]  # which are told of by themselves
    return [(view, numbers[view], first_of(session, actor, view, now=now)) for view in views if numbers[view]]
