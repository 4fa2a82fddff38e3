"""Taking one school on: find it in the register, add it, invite its first member, make its notice public."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.limits import SEARCH_LENGTH
from portal.core.text import clean
from portal.directory.gias import SchoolRecord
from portal.directory.models import RegisterSchool
from portal.directory.queries import council_by_code, find_in_register, register_size, school_slug
from portal.identity.invitations import Guest
from portal.identity.permissions import Action, Role
from portal.lifecycle.onboarding import Entrant, add_from_register, go_live, invite_first, register_entry
from portal.lifecycle.overview import authority_choices, trust_choices
from portal.lifecycle.register_records import record_from
from portal.tenancy.queries import looks_like
from portal.web.door import Audience, Door
from portal.web.forms.onboarding import EntrantForm, FirstMemberForm
from portal.web.session import desk

pages = Door("onboarding", __name__, audience=Audience.CENTRAL)
_WHY = "taking a school on"
_AS_REGISTERED = "as-registered"


@pages.page("/onboarding", may=Action.ADD_TENANT)
def find() -> ResponseReturnValue:
    words = clean(request.args.get("q", "")[:SEARCH_LENGTH])
    found = find_in_register(desk.session, words) if len(words) > 1 else []
    return render_template("central/onboarding/find.html", words=words, found=found, size=register_size(desk.session))


@pages.page("/onboarding/<urn>", may=Action.ADD_TENANT, methods=("GET", "POST"), cross_tenant=_WHY)
def add(urn: str) -> ResponseReturnValue:
    entry = register_entry(desk.session, urn)
    record = record_from(entry.record)
    today = london(desk.now).date()
    council = _council(record.la_code, today)
    form = EntrantForm(telephone=record.telephone, authority=council, trust=_AS_REGISTERED if record.trust_name else "")
    form.authority.choices = [("", _("Choose a council")), *authority_choices(desk.session, on=today)]
    named = [(_AS_REGISTERED, _("%(name)s, as the register says", name=record.trust_name))] if record.trust_name else []
    form.trust.choices = [*named, ("", _("None")), *trust_choices(desk.session)]
    if not form.validate_on_submit():
        return _add_page(form, entry, record)
    chosen = form.authority.data or ""
    entrant = Entrant(
        urn, form.email.data or "", form.telephone.data or "", tuple(form.languages.data or ["en"]),
        authority="" if chosen == council else chosen,
        trust=None if form.trust.data == _AS_REGISTERED else form.trust.data,
    )  # fmt: skip
    try:
        school = add_from_register(desk.session, desk.actor, entrant, today=today, now=desk.now)
    except Invalid as error:
        form[error.field or "email"].errors = [_(error.message)]
        g.must_roll_back = True
        return _add_page(form, entry, record)
    flash(_("%(name)s was added. Next: invite its first member of staff.", name=school.name), "success")
    return redirect(url_for("central_schools.record", slug=school.slug))


def _add_page(form: EntrantForm, entry: RegisterSchool, record: SchoolRecord) -> ResponseReturnValue:
    twin = looks_like(desk.session, record.name, urn=record.urn)
    page = render_template("central/onboarding/add.html", form=form, entry=entry, record=record, twin=twin)
    return page, 422 if any(field.errors for field in form) else 200


def _council(code: str, today: date) -> str:
    """The key of the council with the register's code; '' where no council of today has it."""
    try:
        found = council_by_code(desk.session, code, today).council
    except Invalid:
        return ""
    return found.key if found is not None else ""


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
