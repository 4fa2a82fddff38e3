"""All schools: finding one, adding one by hand, its record, its council, what it bought, its leaving."""

from datetime import date
from urllib.parse import urlsplit

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_date
from flask_babel import gettext as _

from portal.core import clock
from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.limits import ROWS_PER_PAGE, SEARCH_LENGTH
from portal.core.text import clean, slugify
from portal.directory.queries import closure_of, council_of, school_slug
from portal.identity.permissions import Action, may, require
from portal.lifecycle.controllers import records_after_closure
from portal.lifecycle.leaving import begin_leaving, bring_back, close_tenant, say_where_records_are
from portal.lifecycle.onboarding import checklist, decide_council
from portal.lifecycle.overview import authority_choices, councils_to_come, school_lines, trust_choices
from portal.lifecycle.packages import keep_package, note_time, officers, package_of
from portal.lifecycle.school_setup import keep_host
from portal.lifecycle.schools import NewSchool, SchoolDetails, add_school, change_school
from portal.lifecycle.succession import district_names
from portal.tenancy.models import SchoolLaw, Tenant
from portal.tenancy.queries import facts_at, former_slugs, looks_like
from portal.web.door import Audience, Door
from portal.web.exporting import send_export
from portal.web.forms.fields import PortalForm
from portal.web.forms.onboarding import CloseForm, CouncilForm, PackageForm, RecordsForm, TimeForm
from portal.web.forms.school_setup import HostForm
from portal.web.forms.schools import SchoolDetailsForm, SchoolForm
from portal.web.session import desk

pages = Door("schools", __name__, audience=Audience.CENTRAL)
_WHY = "a school's record"
_SHOWN = (Action.CHANGE_TENANT, Action.CLOSE_TENANT, Action.EXPORT_TENANT, Action.MANAGE_PEOPLE, Action.EDIT_FACTS)


@pages.page("/schools", may=Action.LIST_TENANTS)
def schools() -> ResponseReturnValue:
    words = clean(request.args.get("q", "")[:SEARCH_LENGTH]).lower()
    after = request.args.get("after", "")
    former = former_slugs(desk.session) if words else {}
    once = slugify(words)
    lines = [
        line
        for line in school_lines(desk.session)
        if words in f"{line.name} {line.authority} {line.trust}".lower() or (once and once in former.get(line.slug, ""))
    ]
    start = next((index + 1 for index, line in enumerate(lines) if line.slug == after), 0)
    page = lines[start : start + ROWS_PER_PAGE]
    more = page[-1].slug if start + ROWS_PER_PAGE < len(lines) else ""
    return render_template(
        "central/schools/schools.html", lines=page, total=len(lines), words=words, more=more,
        may_add=may(desk.actor, Action.ADD_TENANT, desk.place),
    )  # fmt: skip


@pages.page("/schools/new", may=Action.ADD_TENANT, methods=("GET", "POST"), cross_tenant="adding a school")
def new_school() -> ResponseReturnValue:
    desk.in_turn("names of schools")
    form = SchoolForm()
    form.authority.choices = [("", _("Choose a council")), *authority_choices(desk.session, on=clock.today())]
    form.trust.choices = [("", _("None")), *trust_choices(desk.session)]
    is_filled = form.validate_on_submit()
    twin = looks_like(desk.session, form.name.data or "") if is_filled else None
    if twin is not None and not form.is_another.data:
        form.is_another.errors = [
            _("There is %(name)s, %(town)s already. Tick this if it is another school whose name looks the same.",
              name=twin.name, town=twin.town or twin.slug)
        ]  # fmt: skip
    if not is_filled or form.errors:
        return render_template("central/schools/new.html", form=form, twin=twin), 422 if form.errors else 200
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
        return render_template("central/schools/new.html", form=form, twin=twin), 422
    flash(_("%(name)s was added. Its notice is ready to read.", name=school.name), "success")
    return redirect(url_for(".schools", q=school.name))


@pages.page("/schools/<slug>/record", may=Action.LIST_TENANTS, cross_tenant=_WHY)
def record(slug: str) -> ResponseReturnValue:
    school = school_slug(desk.session, slug)
    place = desk.place_of(school)
    return render_template(
        "central/schools/record.html",
        school=school,
        steps=checklist(desk.session, school, now=desk.now),
        facts=facts_at(desk.session, school.id, desk.now),
        answer=council_of(desk.session, school.id, _today()),
        trust=desk.session.get(Tenant, school.trust_id) if school.trust_id else None,
        closure=closure_of(desk.session, school.id),
        package=package_of(desk.session, school),
        officers={person.id: person.name for person in officers(desk.session)},
        may={
            **{action.name.lower(): may(desk.actor, action, place) for action in _SHOWN},
            "edit_release": may(desk.actor, Action.EDIT_RELEASE, desk.place),
        },
    )


@pages.page("/schools/<slug>/council", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def council(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CHANGE_TENANT)
    answer = council_of(desk.session, school.id, _today()).council
    form = CouncilForm(authority=answer.key if answer else "", from_day=_today())
    form.authority.choices = _councils_from_today()
    districts = sorted(district_names(desk.session).items(), key=lambda pair: pair[1])
    form.district.choices = [("", _("Not known")), *districts]
    if not form.validate_on_submit():
        return _change(form, school, _("Which council answers"), _("Save")), form.status
    try:
        decide_council(
            desk.session, desk.actor, school, key=form.authority.data, district=form.district.data,
            from_day=form.from_day.data or _today(), now=desk.now,
        )  # fmt: skip
    except Invalid as error:
        form.from_day.errors = [_(error.message)]
        return _change(form, school, _("Which council answers"), _("Save")), 422
    flash(_("Saved. The notice names this council from that day on."), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/package", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def package(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CHANGE_TENANT)
    held = package_of(desk.session, school)
    renewal = date.fromisoformat(held.renewal) if held.renewal else None
    form = PackageForm(name=held.name, renewal=renewal, officer=held.officer)
    form.officer.choices = [(0, _("Nobody yet")), *((one.id, one.name) for one in officers(desk.session))]
    if not form.validate_on_submit():
        return _change(form, school, _("Service package"), _("Save")), form.status
    keep_package(
        desk.session, desk.actor, school, name=form.name.data or "", renewal=form.renewal.data,
        officer=form.officer.data, now=desk.now,
    )  # fmt: skip
    flash(_("Saved."), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/time", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def time(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CHANGE_TENANT)
    form = TimeForm(on=_today())
    if form.validate_on_submit():
        try:
            note_time(
                desk.session, desk.actor, school, on=form.on.data or _today(), minutes=form.minutes.data or 0,
                what=form.what.data or "", now=desk.now,
            )  # fmt: skip
        except Invalid as error:
            form.minutes.errors = [_(error.message)]
        else:
            flash(_("Noted."), "success")
            return redirect(url_for(".record", slug=slug))
    return _change(form, school, _("Note time"), _("Save")), 422 if form.errors or form.minutes.errors else 200


@pages.page("/schools/<slug>/host", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def host(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CHANGE_TENANT)
    form = HostForm(host=school.host or "")
    if form.validate_on_submit():
        own = (urlsplit(desk.settings.base_url).hostname or "", *desk.settings.hosts)
        try:
            keep_host(desk.session, desk.actor, school, form.host.data or "", own=own, now=desk.now)
        except Invalid as error:
            form.host.errors = [_(error.message)]
        else:
            flash(_("Saved. The address works within a minute."), "success")
            return redirect(url_for(".record", slug=slug))
    return _change(form, school, _("Own web address"), _("Save")), form.status


@pages.page("/schools/<slug>/leave", may=Action.LIST_TENANTS, methods=("POST",), cross_tenant=_WHY)
def leave(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CLOSE_TENANT)
    begin_leaving(desk.session, desk.actor, school, now=desk.now)
    flash(_("%(name)s is leaving. Give it its export, then close it.", name=school.name), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/return", may=Action.LIST_TENANTS, methods=("POST",), cross_tenant=_WHY)
def come_back(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CLOSE_TENANT)
    bring_back(desk.session, desk.actor, school, now=desk.now)
    flash(_("%(name)s is here again, as it was before.", name=school.name), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/export", may=Action.LIST_TENANTS, methods=("POST",), cross_tenant=_WHY, sudo=True)
def export(slug: str) -> ResponseReturnValue:
    school = _school(slug, Action.EXPORT_TENANT)
    return send_export(school)


@pages.page("/schools/<slug>/close", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def close(slug: str) -> ResponseReturnValue:
    desk.in_turn(f"record {slug}")
    school = _school(slug, Action.CLOSE_TENANT)
    form = CloseForm(on=_today(), records=records_after_closure(desk.session, school, on=_today()))
    if not form.validate_on_submit():
        return _change(form, school, _("Close the school"), _("Close the school")), 422 if form.errors else 200
    try:
        close_tenant(
            desk.session, desk.actor, school, on=form.on.data or _today(), records=form.records.data or "", now=desk.now
        )
    except Invalid as error:
        form.on.errors = [_(error.message)]
        return _change(form, school, _("Close the school"), _("Close the school")), 422
    flash(_("%(name)s is closed. Its page says where its records are.", name=school.name), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/records", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def records(slug: str) -> ResponseReturnValue:
    school = _school(slug, Action.CHANGE_TENANT)
    closure = closure_of(desk.session, school.id)
    form = RecordsForm(records=closure.records if closure else "")
    if not form.validate_on_submit():
        return _change(form, school, _("Where the records are"), _("Save")), form.status
    say_where_records_are(desk.session, desk.actor, school, form.records.data or "", now=desk.now)
    flash(_("Saved. The school's last page says it from now on."), "success")
    return redirect(url_for(".record", slug=slug))


@pages.page("/schools/<slug>/details", may=Action.LIST_TENANTS, methods=("GET", "POST"), cross_tenant=_WHY)
def details(slug: str) -> ResponseReturnValue:
    school = _school(slug, Action.CHANGE_TENANT)
    trust = desk.session.get(Tenant, school.trust_id) if school.trust_id else None
    form = SchoolDetailsForm(name=school.name, law=school.law, trust=trust.slug if trust else "")
    form.trust.choices = [("", _("None")), *trust_choices(desk.session)]
    if not form.validate_on_submit():
        return _change(form, school, _("Name, kind and trust"), _("Save")), form.status
    wanted = SchoolDetails(form.name.data or "", SchoolLaw(form.law.data), form.trust.data or "")
    try:
        change_school(desk.session, desk.actor, school, wanted, now=desk.now)
    except Invalid as error:
        form[error.field or "name"].errors = [_(error.message)]
        return _change(form, school, _("Name, kind and trust"), _("Save")), 422
    flash(_("Saved. The notice shows it from now on."), "success")
    return redirect(url_for(".record", slug=school.slug))


def _councils_from_today() -> list[tuple[str, str]]:
    """Those of today, then those still to come, each with its first day."""
    to_come = [
        (key, _("%(name)s, from %(day)s", name=name, day=format_date(first, "d MMMM y")))
        for key, name, first in councils_to_come(desk.session, after=_today())
    ]
    return [*authority_choices(desk.session, on=_today()), *to_come]


def _school(slug: str, action: Action) -> Tenant:
    """Raises `NotFound`, and `Forbidden` for a role that may not do this."""
    school = school_slug(desk.session, slug)
    require(desk.actor, action, desk.place_of(school))
    return school


def _change(form: PortalForm, school: Tenant, title: str, button: str) -> str:
    back = url_for(".record", slug=school.slug)
    return render_template(
        "central/schools/change.html", form=form, school=school, title=title, button=button, back_href=back
    )


def _today() -> date:
    return london(desk.now).date()
