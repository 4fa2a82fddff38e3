"""What there is to do for a school or trust today: at most five sentences with one button each."""

from typing import cast

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.inbox import View
from portal.core.errors import NotFound
from portal.identity.permissions import Action, may
from portal.lifecycle.onboarding import checklist
from portal.notices.gathering import GENERAL
from portal.notices.models import DraftStatus
from portal.notices.wording import NoticeDesk, notice_desks
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES
from portal.web.door import Audience, Door
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.tasks import Task, access_tasks, case_tasks, mail_tasks, most_urgent

pages = Door("today", __name__, audience=Audience.SCHOOL)
_STEPS = {
    "reach": "school_school.facts",
    "controller": "school_school.facts",
    "languages": "school_school.languages",
    "contact": "school_school.people_responsible",
}


@pages.page("/today", may=Action.SEE_TODAY)
def today() -> ResponseReturnValue:
    tenant = cast("Tenant", desk.tenant)
    tasks = most_urgent(
        case_tasks(), View.OVERDUE, mail_tasks(tenant), _notice_tasks(tenant), View.WEEK, View.UNASSIGNED, View.MINE,
        _first_steps(tenant), access_tasks(tenant),
    )  # fmt: skip
    return render_template("school/today/today.html", tasks=tasks, name=desk.actor.name)


def _notice_tasks(tenant: Tenant) -> list[Task]:
    """Drafts that came back and questions about the notice; for those who work on it or may ask about it."""
    is_writer = may(desk.actor, Action.EDIT_OVERRIDE, desk.place)
    if not is_writer and not may(desk.actor, Action.ASK_DPO, desk.place):
        return []
    try:
        boards = notice_desks(desk.session, tenant, now=desk.now, shelf=page_cache().shelf(desk.session)).values()
    except NotFound:  # nothing is shared yet
        return []
    returned = [task for board in boards for task in _returned(board)] if is_writer else []
    return [*returned, *(task for board in boards for task in _questions(board, is_writer=is_writer))]


def _returned(board: NoticeDesk) -> list[Task]:
    came_back = [one for one in board.clauses.values() if one.draft and one.draft.status is DraftStatus.RETURNED]
    if len(came_back) == 1:
        sentence = _("The DPO team sent our words for “%(title)s” back.", title=came_back[0].title)
        return [Task(sentence, url_for("school_notice.clause", key=came_back[0].key), _("Read why"))]
    sentence = ngettext(
        "The DPO team sent our words for %(num)d clause back.",
        "The DPO team sent our words for %(num)d clauses back.",
        len(came_back),
    )
    return [Task(sentence, _page(board), _("See them"))] if came_back else []


def _page(board: NoticeDesk) -> str:
    return url_for("school_notice.notice", kind=None if board.kind == GENERAL else board.kind)


def _questions(board: NoticeDesk, *, is_writer: bool) -> list[Task]:
    waiting, whole = board.open_clauses, _page(board)
    if not waiting:
        return []
    if not is_writer:
        sentence = ngettext(
            "%(num)d question about our notice waits for whoever may change it.",
            "%(num)d questions about our notice wait for whoever may change it.",
            len(waiting),
        )
        return [Task(sentence, whole, _("See them"))]
    if len(waiting) == 1:
        return [Task(_("Our notice has a question: “%(title)s”.", title=waiting[0].title), whole, _("Answer it"))]
    sentence = ngettext(
        "%(num)d question about our notice waits for an answer.",
        "%(num)d questions about our notice wait for an answer.",
        len(waiting),
    )
    return [Task(sentence, whole, _("Answer them"))]


def _first_steps(tenant: Tenant) -> list[Task]:
    """What a school that is not public yet has to enter itself."""
    if (
        tenant.kind is not TenantKind.SCHOOL
        or tenant.status in PUBLIC_STATUSES
        or not may(desk.actor, Action.EDIT_FACTS, desk.place)
    ):
        return []
    steps = [one for one in checklist(desk.session, tenant, now=desk.now) if one.key in _STEPS and not one.is_done]
    sentence = _("Our notice is not public yet. Still to enter: %(step)s.", step=_(steps[0].title)) if steps else ""
    return [Task(sentence, url_for(_STEPS[steps[0].key]), _("Enter it"))] if steps else []
