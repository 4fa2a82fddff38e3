"""What a school keeps of itself: contacts and other facts of its notice, and who has access."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.identity.permissions import Action, may
from portal.identity.queries import people_in
from portal.lifecycle.schools import change_facts
from portal.tenancy.queries import facts_at
from portal.web.door import Audience, Door
from portal.web.forms.schools import FactsForm
from portal.web.session import desk

pages = Door("school", __name__, audience=Audience.SCHOOL)
_FIELDS = {
    "email": "school.email",
    "telephone": "school.telephone",
    "address": "school.address",
    "website": "school.website",
    "controller": "controller.name",
}


@pages.page("/school", may=Action.SEE_PEOPLE)
def school() -> ResponseReturnValue:
    tenant = desk.tenant
    assert tenant is not None
    return render_template(
        "school/school/school.html",
        school=tenant,
        facts=facts_at(desk.session, tenant.id, desk.now),
        people=people_in(desk.session, [tenant.id]),
        may_edit=may(desk.actor, Action.EDIT_FACTS, desk.place),
    )


@pages.page("/school/facts", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def facts() -> ResponseReturnValue:
    tenant = desk.tenant
    assert tenant is not None
    present = facts_at(desk.session, tenant.id, desk.now)
    form = FactsForm(data={field: present.get(key, "") for field, key in _FIELDS.items()})
    if not form.validate_on_submit():
        return render_template("school/school/facts.html", form=form), 422 if form.errors else 200
    values = {key: form[field].data or "" for field, key in _FIELDS.items()}
    changed = change_facts(desk.session, desk.actor, tenant, values, now=desk.now)
    flash(_("Saved. The notice shows it from now on.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for(".school"))
