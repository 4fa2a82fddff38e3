"""All schools: finding one, adding one, its record."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import Invalid
from portal.core.limits import ROWS_PER_PAGE, SEARCH_LENGTH
from portal.core.text import clean
from portal.identity.permissions import Action
from portal.lifecycle.overview import authority_choices, school_lines, trust_choices
from portal.lifecycle.schools import NewSchool, add_school
from portal.tenancy.models import SchoolLaw
from portal.web.door import Audience, Door
from portal.web.forms.schools import SchoolForm
from portal.web.session import desk

pages = Door("schools", __name__, audience=Audience.CENTRAL)


@pages.page("/schools", may=Action.LIST_TENANTS)
def schools() -> ResponseReturnValue:
    words = clean(request.args.get("q", "")[:SEARCH_LENGTH]).lower()
    after = request.args.get("after", "")
    lines = [line for line in school_lines(desk.session) if words in f"{line.name} {line.authority} {line.trust}".lower()]
    start = next((index + 1 for index, line in enumerate(lines) if line.slug == after), 0)
    page = lines[start : start + ROWS_PER_PAGE]
    more = page[-1].slug if start + ROWS_PER_PAGE < len(lines) else ""
    return render_template("central/schools/schools.html", lines=page, total=len(lines), words=words, more=more)


@pages.page("/schools/new", may=Action.ADD_TENANT, methods=("GET", "POST"), cross_tenant="adding a school")
def new_school() -> ResponseReturnValue:
    form = SchoolForm()
    form.authority.choices = [("", _("Choose a council")), *authority_choices(desk.session, on=clock.today())]
    form.trust.choices = [("", _("None")), *trust_choices(desk.session)]
    if not form.validate_on_submit():
        return render_template("central/schools/new.html", form=form), 422 if form.errors else 200
    new = NewSchool(
        name=form.name.data or "",
        law=SchoolLaw(form.law.data),
        authority=form.authority.data,
        trust=form.trust.data,
        town=form.town.data or "",
        postcode=(form.postcode.data or "").upper(),
        email=form.email.data or "",
        telephone=form.telephone.data or "",
    )
    try:
        school = add_school(desk.session, desk.actor, new, now=desk.now)
    except Invalid as error:
        form[error.field or "name"].errors = [error.message]
        return render_template("central/schools/new.html", form=form), 422
    flash(_("%(name)s was added. Its notice is ready to read.", name=school.name), "success")
    return redirect(url_for(".schools", q=school.name))
