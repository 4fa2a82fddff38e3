"""Taking one school on: find it in the register, add it, invite its first member, make its notice public."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.limits import SEARCH_LENGTH
from portal.core.text import clean
from portal.directory.queries import council_by_code, find_in_register, register_size, school_slug
from portal.identity.invitations import Guest
from portal.identity.permissions import Action, Role
from portal.lifecycle.onboarding import Entrant, add_from_register, go_live, invite_first, register_entry
from portal.lifecycle.register_records import record_from
from portal.web.door import Audience, Door
from portal.web.forms.onboarding import EntrantForm, FirstMemberForm
from portal.web.session import desk

pages = Door("onboarding", __name__, audience=Audience.CENTRAL)
_WHY = "taking a school on"


@pages.page("/onboarding", may=Action.ADD_TENANT)
def find() -> ResponseReturnValue:
    words = clean(request.args.get("q", "")[:SEARCH_LENGTH])
    found = find_in_register(desk.session, words) if len(words) > 1 else []
    return render_template("central/onboarding/find.html", words=words, found=found, size=register_size(desk.session))


@pages.page("/onboarding/<urn>", may=Action.ADD_TENANT, methods=("GET", "POST"), cross_tenant=_WHY)
def add(urn: str) -> ResponseReturnValue:
    entry = register_entry(desk.session, urn)
    record = record_from(entry.record)
    form = EntrantForm(telephone=record.telephone)
    today = london(desk.now).date()
    if not form.validate_on_submit():
        council = council_by_code(desk.session, record.la_code, today).council
        page = render_template("central/onboarding/add.html", form=form, entry=entry, record=record, council=council)
        return page, 422 if form.errors else 200
    entrant = Entrant(urn, form.email.data or "", form.telephone.data or "", tuple(form.languages.data or ["en"]))
    school = add_from_register(desk.session, desk.actor, entrant, today=today, now=desk.now)
    flash(_("%(name)s was added. Next: invite its first member of staff.", name=school.name), "success")
    return redirect(url_for("central_schools.record", slug=school.slug))


@pages.page("/schools/<slug>/invite", may=Action.MANAGE_PEOPLE, methods=("GET", "POST"), cross_tenant=_WHY, sudo=True)
def invite(slug: str) -> ResponseReturnValue:
    school = school_slug(desk.session, slug)
    form = FirstMemberForm()
    if form.validate_on_submit():
        guest = Guest(form.name.data or "", form.email.data or "", Role(form.role.data))
        invite_first(desk.session, desk.actor, school, guest, base_url=desk.settings.base_url, now=desk.now)
        flash(_("Invited. The letter is on its way."), "success")
        return redirect(url_for("central_schools.record", slug=slug))
    page = render_template(
        "central/schools/change.html", form=form, school=school, title=_("Invite a first member of staff"),
        button=_("Send the invitation"), back_href=url_for("central_schools.record", slug=slug),
    )  # fmt: skip
    return page, 422 if form.errors else 200


@pages.page("/schools/<slug>/publish", may=Action.LIST_TENANTS, methods=("POST",), cross_tenant=_WHY)
def publish(slug: str) -> ResponseReturnValue:
    school = school_slug(desk.session, slug)
    try:
        go_live(desk.session, desk.actor, school, now=desk.now)
    except Invalid as error:
        flash(str(error), "problem")
    else:
        flash(_("The notice of %(name)s is public now.", name=school.name), "success")
    return redirect(url_for("central_schools.record", slug=slug))
