"""What a school keeps of itself: facts of its notice, who is responsible, languages, looks, terms, its export."""

from dataclasses import asdict
from datetime import date

from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.directory.queries import council_of
from portal.identity.permissions import Action, may
from portal.identity.queries import people_in
from portal.identity.rules import ROLE_NAMES
from portal.lifecycle.branding import CREST_BYTES
from portal.lifecycle.school_setup import (
    HOLIDAY_WATCHER,
    Responsible,
    crest_of,
    keep_colour,
    keep_crest,
    keep_holiday_watcher,
    keep_languages,
    keep_responsible,
    keep_terms,
    read_days,
    read_terms,
    responsible,
    terms_of,
)
from portal.lifecycle.schools import change_facts
from portal.tenancy.models import Tenant
from portal.tenancy.queries import facts_at, setting
from portal.web.door import Audience, Door
from portal.web.exporting import send_export
from portal.web.forms.fields import ReplacingForm, field_of
from portal.web.forms.school_setup import BrandingForm, HolidaysForm, LanguagesForm, ResponsibleForm, TermsForm
from portal.web.forms.schools import FactsForm
from portal.web.languages import LANGUAGES
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
        role_names=ROLE_NAMES,
        may_edit=may(desk.actor, Action.EDIT_FACTS, desk.place),
        may_export=may(desk.actor, Action.EXPORT_TENANT, desk.place),
        may_manage=may(desk.actor, Action.MANAGE_PEOPLE, desk.place),
        may_read_trail=may(desk.actor, Action.READ_AUDIT, desk.place),
        responsible=responsible(desk.session, tenant),
        languages_spoken=[LANGUAGES[code].name for code in tenant.languages if code in LANGUAGES],
        crest=crest_of(desk.session, tenant),
        terms=terms_of(desk.session, tenant),
        watcher=setting(desk.session, tenant.id, HOLIDAY_WATCHER).get("person_id"),
        council=council_of(desk.session, tenant.id, london(desk.now).date()),
    )


@pages.page("/school/facts", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def facts() -> ResponseReturnValue:
    tenant = _in_turn()
    present = facts_at(desk.session, tenant.id, desk.now)
    form = FactsForm(data={field: present.get(key, "") for field, key in _FIELDS.items()})
    if not form.validate_on_submit():
        return render_template("school/school/facts.html", form=form), form.status
    values = {key: form[field].data or "" for field, key in _FIELDS.items()}
    changed = change_facts(desk.session, desk.actor, tenant, values, now=desk.now)
    flash(_("Saved. The notice shows it from now on.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for(".school"))


@pages.page("/school/responsible", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def people_responsible() -> ResponseReturnValue:
    form = ResponsibleForm(data=asdict(responsible(desk.session, _in_turn())))
    if not form.validate_on_submit():
        return _change(form, _("Who is responsible"))
    value = Responsible(**{key: form[key].data or "" for key in asdict(Responsible())})
    keep_responsible(desk.session, desk.actor, _ours(), value, now=desk.now)
    return _saved()


@pages.page("/school/languages", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def languages() -> ResponseReturnValue:
    form = LanguagesForm(languages=_in_turn().languages)
    if not form.validate_on_submit():
        return _change(form, _("Languages of our notice"))
    keep_languages(desk.session, desk.actor, _ours(), form.languages.data or [], known=list(LANGUAGES), now=desk.now)
    return _saved()


@pages.page("/school/branding", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def branding() -> ResponseReturnValue:
    tenant = _in_turn()
    crest = crest_of(desk.session, tenant)
    form = BrandingForm(colour=tenant.colour, crest_now=crest.digest if crest else "")
    if not form.validate_on_submit():
        return _change(form, _("Colour and crest"))
    try:
        keep_colour(desk.session, desk.actor, _ours(), form.colour.data or "", now=desk.now)
        if form.no_crest.data:
            keep_crest(desk.session, desk.actor, _ours(), None, now=desk.now)
        elif form.crest.data:
            content = form.crest.data.stream.read(CREST_BYTES + 1)
            keep_crest(desk.session, desk.actor, _ours(), content, now=desk.now)
    except Invalid as error:
        return _wrong(form, error, _("Colour and crest"))
    return _saved()


@pages.page("/school/terms", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def terms() -> ResponseReturnValue:
    held, inset = terms_of(desk.session, _in_turn())
    form = TermsForm(
        terms="\n".join(f"{_written(first)} - {_written(last)}" for first, last in held),
        days="\n".join(_written(day) for day in inset),
    )
    if not form.validate_on_submit():
        return _change(form, _("Terms and INSET days"))
    try:
        found, days = read_terms(form.terms.data or ""), read_days(form.days.data or "")
        keep_terms(desk.session, desk.actor, _ours(), found, days, now=desk.now)
    except Invalid as error:
        return _wrong(form, error, _("Terms and INSET days"))
    return _saved()


@pages.page("/school/holidays", may=Action.EDIT_FACTS, methods=("GET", "POST"))
def holidays() -> ResponseReturnValue:
    people = {person.id: person.name for person, _membership in people_in(desk.session, [_in_turn().id])}
    present = setting(desk.session, _ours().id, HOLIDAY_WATCHER).get("person_id", 0)
    form = HolidaysForm(person=present)
    form.person.choices = [(0, _("Nobody: the DPO team is told")), *people.items()]
    if not form.validate_on_submit():
        return _change(form, _("Requests in the holidays"))
    keep_holiday_watcher(desk.session, desk.actor, _ours(), form.person.data, among=list(people), now=desk.now)
    return _saved()


@pages.page("/school/export", may=Action.EXPORT_TENANT, methods=("POST",), sudo=True)
def export() -> ResponseReturnValue:
    return send_export(_ours())


def _ours() -> Tenant:
    assert desk.tenant is not None
    return desk.tenant


def _in_turn() -> Tenant:
    desk.in_turn(f"school {_ours().id}")
    return _ours()


def _change(form: ReplacingForm, title: str) -> ResponseReturnValue:
    page = render_template(
        "central/schools/change.html",
        form=form,
        school=None,
        title=title,
        button=_("Save"),
        back_href=url_for(".school"),
    )
    return page, form.status


def _wrong(form: ReplacingForm, error: Invalid, title: str) -> ResponseReturnValue:
    field = field_of(form, error.field or "")
    where = _("Line %(line)s: ", line=error.line) if error.line else ""
    field.errors = [where + _(error.message)]
    g.must_roll_back = True
    return _change(form, title)


def _saved() -> ResponseReturnValue:
    flash(_("Saved."), "success")
    return redirect(url_for(".school"))


def _written(day: date) -> str:
    return f"{day.day}/{day.month}/{day.year}"
