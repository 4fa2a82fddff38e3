"""What the requests ask of somebody today: sentences with one button each, for the Today pages of both doors."""

from dataclasses import dataclass

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.inbox import Filters, View, as_query
from portal.casework.today import today_tasks
from portal.core.clock import london
from portal.identity.permissions import Action, may
from portal.web.session import desk
from portal.web.shared.beside import beside, is_central


@dataclass(frozen=True, slots=True)
class Task:
    sentence: str
    href: str
    button: str


def case_tasks() -> list[Task]:
    """The most urgent first; nothing for those who do not work on requests."""
    if not may(desk.actor, Action.LIST_CASES, desk.place):
        return []
    today = london(desk.now).date()
    found = today_tasks(desk.session, desk.actor, now=desk.now, is_dpo=is_central())
    return [_task(view, number, reference) for view, number, reference in found]


def _task(view: View, number: int, reference: str) -> Task:
    if number == 1:
        return Task(_one(view, reference), url_for(beside("case.case"), reference=reference), _("Open it"))
    return Task(_many(view, number), url_for(beside("inbox.inbox"), **as_query(Filters(view))), _("See them"))  # type: ignore[arg-type]


def _one(view: View, reference: str) -> str:
    sentences = {
        View.OVERDUE: _("Request %(reference)s is overdue.", reference=reference),
        View.WEEK: _("Request %(reference)s is due within a week.", reference=reference),
        View.UNASSIGNED: _("Nobody works on request %(reference)s yet.", reference=reference),
        View.DPO: _("The school asks for your advice on request %(reference)s.", reference=reference),
        View.MINE: _("Request %(reference)s waits for you.", reference=reference),
    }
    return sentences[view]


def _many(view: View, number: int) -> str:
    sentences = {
        View.OVERDUE: ngettext("%(num)d request is overdue.", "%(num)d requests are overdue.", number),
        View.WEEK: ngettext("%(num)d request is due within a week.", "%(num)d requests are due within a week.", number),
        View.UNASSIGNED: ngettext("Nobody works on %(num)d request.", "Nobody works on %(num)d requests yet.", number),
        View.DPO: ngettext(
            "Schools ask for your advice on %(num)d request.",
            "Schools ask for your advice on %(num)d requests.",
            number,
        ),
        View.MINE: ngettext("%(num)d request waits for you.", "%(num)d requests wait for you.", number),
    }
    return sentences[view]
