"""Reporting a breach by the school's link: any member of staff, no account, 72 hours."""

from cryptography.fernet import InvalidToken
from flask import g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.casework.intake import NewRequest, open_case
from portal.casework.models import Case, CaseKind
from portal.casework.once import BREACH, SHOWN_FOR, keep_result, take_key
from portal.casework.progress import read_clock
from portal.casework.wording import explained
from portal.core.errors import Conflict, Invalid
from portal.core.secrets import digest
from portal.identity import throttle
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.queries import is_only_shown, public_school
from portal.web.door import Audience, Door, Needs
from portal.web.forms.recording import BreachForm
from portal.web.languages import current_language
from portal.web.public.schools import facts_of
from portal.web.sender import sender
from portal.web.session import desk

pages = Door("public_breaches", __name__, audience=Audience.PUBLIC)


@pages.page("/schools/<slug>/breach", may=Needs.NOTHING, methods=("GET", "POST"))
def report(slug: str) -> ResponseReturnValue:
    school = public_school(desk.session, slug)
    if is_only_shown(desk.session, school):
        return render_template("public/requests/only_shown.html", school=school, facts=facts_of(school))
    form = BreachForm()
    with desk.acting_for(school):
        if not form.validate_on_submit():
            return render_template("public/breaches/report.html", school=school, form=form), 422 if form.errors else 200
        try:
            return _send(school, form, _request(form))
        except Invalid as error:
            g.must_roll_back = True
            form.received_on.errors = [_(error.message)]
            return render_template("public/breaches/report.html", school=school, form=form), 422


def _send(school: Tenant, form: BreachForm, new: NewRequest) -> ResponseReturnValue:
    throttle.count(desk.session, throttle.REQUEST_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    key = form.key.data or ""
    try:
        made = take_key(desk.session, BREACH, key, digest(f"{school.id}\0{new}", purpose=BREACH), now=desk.now)
    except Conflict:
        return render_template("public/requests/already_sent.html", school=school), 409
    if made is None:
        opened = open_case(desk.session, PUBLIC, school, new, sender=sender(), now=desk.now)
        made = f"{opened.case.id} {_covered(opened.pin)}"
        keep_result(desk.session, BREACH, key, made)
    number, _space, covered = made.partition(" ")
    case, pin = desk.session.get_one(Case, int(number)), _uncovered(covered)
    steps = explained(read_clock(desk.session, case), current_language().code)
    find = desk.settings.address(url_for("public_cases.by_reference"))
    return render_template("public/breaches/reported.html", school=school, case=case, steps=steps, pin=pin, find=find)


def _covered(pin: str) -> str:
    return desk.house.keys.box(BREACH).encrypt(pin.encode()).decode() if pin else ""


def _uncovered(covered: str) -> str:
    """The PIN, for whoever sends the same report again because the answer did not reach her; nothing after a while."""
    try:
        return desk.house.keys.box(BREACH).decrypt(covered, ttl=SHOWN_FOR.seconds).decode() if covered else ""
    except InvalidToken:
        return ""


def _request(form: BreachForm) -> NewRequest:
    received = form.received_at(desk.now)
    if received > desk.now:
        raise Invalid(_("This cannot lie in the future."))
    return NewRequest(
        kind=CaseKind.BREACH,
        received_at=received,
        requester_name=form.requester_name.data or "",
        email=form.email.data or "",
        telephone=form.telephone.data or "",
        details=form.details.data or "",
    )
