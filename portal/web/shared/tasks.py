"""What there is to do today: sentences with one button each, for the Today pages of both doors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.inbox import Filters, View, as_query
from portal.casework.incoming import tray
from portal.casework.today import today_tasks
from portal.identity.permissions import Action, may
from portal.identity.queries import invitations_of, last_review
from portal.identity.rules import is_review_due
from portal.tenancy.models import Tenant
from portal.web.session import desk
from portal.web.shared.beside import beside, is_central

MOST = 5
ENDS_SOON = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Task:
    sentence: str
    href: str
    button: str


def case_tasks() -> dict[View, Task]:
    """What the requests ask for, by view; nothing for those who do not work on requests."""
    if not may(desk.actor, Action.LIST_CASES, desk.place):
        return {}
    found = today_tasks(desk.session, desk.actor, now=desk.now, is_dpo=is_central())
    return {view: _task(view, number, reference) for view, number, reference in found}


def mail_tasks(tenant: Tenant) -> list[Task]:
    """E-mail that nobody has said yet what it is, though the clock may run."""
    if not may(desk.actor, Action.OPEN_CASE, desk.place):
        return []
    number = len(tray(desk.session, tenant))
    sentence = ngettext(
        "%(num)d message came by e-mail, and nobody has said yet what it is.",
        "%(num)d messages came by e-mail, and nobody has said yet what they are.",
        number,
    )
    return [Task(sentence, url_for(beside("inbox.mail")), _("Look at them"))] if number else []


def access_tasks(tenant: Tenant) -> list[Task]:
    """What leaders have to look after: the yearly review, invitations that are about to end."""
    found: list[Task] = []
    href = url_for(beside("people.people"))
    review = last_review(desk.session, tenant.id)
    reviewed_at = review.reviewed_at if review else None
    if may(desk.actor, Action.REVIEW_ACCESS, desk.place) and is_review_due(
        reviewed_at, since=tenant.created_at, now=desk.now
    ):
        found.append(Task(_("It is time for the yearly look at who has access."), href, _("Review access")))
    if may(desk.actor, Action.MANAGE_PEOPLE, desk.place):
        invitations = invitations_of(desk.session, tenant.id, now=desk.now)
        ending = [one for one in invitations if one.expires_at - desk.now <= ENDS_SOON]
        sentence = ngettext(
            "%(num)d invitation ends soon and has not been taken up.",
            "%(num)d invitations end soon and have not been taken up.",
            len(ending),
        )
        found += [Task(sentence, href, _("See them"))] if ending else []
    return found


def most_urgent(cases: Mapping[View, Task], *order: View | Sequence[Task]) -> list[Task]:
    """The first tasks of an order in which views of the inbox stand among other tasks."""
    found: list[Task] = []
    for each in order:
        if isinstance(each, View):
            found += [cases[each]] if each in cases else []
        else:
            found += each
    return found[:MOST]


def _task(view: View, number: int, reference: str) -> Task:
    if number == 1:
        return Task(_one(view, reference), url_for(beside("case.case"), reference=reference), _("Open it"))
    return Task(_many(view, number), url_for(beside("inbox.inbox"), **as_query(Filters(view))), _("See them"))


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
