"""What there is to do for the central team today: at most five sentences with one button each."""

from typing import cast

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.inbox import View
from portal.core.clock import london
from portal.directory.link_states import link_states, open_reports
from portal.directory.queries import open_proposals as open_links
from portal.identity.permissions import Action, may
from portal.lifecycle.onboarding import not_yet_public
from portal.lifecycle.proposals import open_proposals as open_wordings
from portal.notices.overview import review_queue
from portal.outbox.models import LetterStatus
from portal.outbox.queries import counts as letter_counts
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.tasks import Task, access_tasks, case_tasks, mail_tasks, most_urgent

pages = Door("today", __name__, audience=Audience.CENTRAL)


@pages.page("/today", may=Action.SEE_TODAY, cross_tenant="what there is to do in all schools")
def today() -> ResponseReturnValue:
    tenant = cast("Tenant", desk.tenant)
    tasks = most_urgent(
        case_tasks(), View.DPO, View.OVERDUE, mail_tasks(tenant), _wording_tasks(), _letter_tasks(), _council_tasks(),
        View.MINE, _school_tasks(), access_tasks(tenant),
    )  # fmt: skip
    return render_template("school/today/today.html", tasks=tasks, name=desk.actor.name)


def _wording_tasks() -> list[Task]:
    """Schools' words that wait to be read; whoever writes the shared words sees them too, the DPO officers decide."""
    if not may(desk.actor, Action.EDIT_RELEASE, desk.place):
        return []
    reviews = len(review_queue(desk.session, now=desk.now))
    said = ngettext(
        "%(num)d text of a school waits for the DPO team.", "%(num)d texts of schools wait for the DPO team.", reviews
    )
    proposals = len(open_wordings(desk.session, page_cache().shelf(desk.session), now=desk.now))
    offered = ngettext(
        "%(num)d school proposes other words for a shared clause.",
        "%(num)d proposals of schools for shared clauses wait for an answer.",
        proposals,
    )
    return [
        *([Task(said, url_for("central_reviews.reviews"), _("See them"))] if reviews else []),
        *([Task(offered, url_for("central_bring.proposals"), _("See them"))] if proposals else []),
    ]


def _council_tasks() -> list[Task]:
    """Links that do not work, what readers reported, and proposals that somebody else made."""
    found: list[Task] = []
    href = url_for("central_directory.directory")
    if may(desk.actor, Action.EDIT_DIRECTORY, desk.place):
        reports = len(open_reports(desk.session))
        said = ngettext("Readers reported %(num)d wrong link.", "Readers reported %(num)d wrong links.", reports)
        wrong = sum(one.needs_a_person for one in link_states(desk.session, london(desk.now).date()))
        broken = ngettext("%(num)d link to a council needs a look.", "%(num)d links to councils need a look.", wrong)
        found += [Task(said, href, _("See them"))] if reports else []
        found += [Task(broken, href, _("See them"))] if wrong else []
    if may(desk.actor, Action.APPROVE_DIRECTORY, desk.place):
        others = sum(one.proposed_by != desk.actor.person_id for one in open_links(desk.session))
        waiting = ngettext(
            "%(num)d proposed link waits for a second person’s yes.",
            "%(num)d proposed links wait for a second person’s yes.",
            others,
        )
        found += [Task(waiting, href, _("Decide"))] if others else []
    return found


def _letter_tasks() -> list[Task]:
    number = letter_counts(desk.session).get(LetterStatus.DEAD, 0) if may(desk.actor, Action.OPERATE, desk.place) else 0
    said = ngettext("%(num)d letter could not be sent.", "%(num)d letters could not be sent.", number)
    return [Task(said, url_for("central_operations.operations"), _("See why"))] if number else []


def _school_tasks() -> list[Task]:
    """Schools on their way in, for those who take schools on."""
    waiting = not_yet_public(desk.session) if may(desk.actor, Action.ADD_TENANT, desk.place) else []
    if len(waiting) == 1:
        sentence = _("%(school)s is not public yet.", school=waiting[0].name)
        return [Task(sentence, url_for("central_schools.record", slug=waiting[0].slug), _("See what is missing"))]
    sentence = ngettext("%(num)d school is not public yet.", "%(num)d schools are not public yet.", len(waiting))
    first = url_for("central_schools.record", slug=waiting[0].slug) if waiting else ""
    return [Task(sentence, first, _("See the first"))] if waiting else []
