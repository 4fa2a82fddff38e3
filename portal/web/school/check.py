"""The check of a school's notice: what is wrong, why and how to mend it; waiving a finding with a reason."""

import hashlib
from datetime import date
from typing import cast

from flask import abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid, NotFound
from portal.core.i18n import N_
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.lifecycle.linting import Checked, Inspector
from portal.lifecycle.mending import NewWaiver, can_mend, end_waiver, mend, open_waivers, waive
from portal.notices.lint.findings import Finding, Severity
from portal.tenancy.models import Tenant, TenantKind
from portal.web.door import Audience, Door
from portal.web.forms.bring import WaiverForm
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk

pages = Door("check", __name__, audience=Audience.SCHOOL)
SEVERITIES = {
    Severity.ERROR: (N_("Error"), "red"),
    Severity.WARNING: (N_("Warning"), "yellow"),
    Severity.INFO: (N_("Note"), "blue"),
}


@pages.page("/check", may=Action.READ_NOTICE)
def check() -> ResponseReturnValue:
    checked = _checked()
    waivers = open_waivers(desk.session, _school(), _today())
    return render_template(
        "school/check/check.html", checked=checked, findings=[(finding_id(one), one) for one in checked.standing],
        mendable={finding_id(one) for one in checked.standing if can_mend(checked, one)},
        waivers=waivers, people=names(desk.session, {one.made_by for one in waivers if one.made_by is not None}),
        severities=SEVERITIES, may_mend=may(desk.actor, Action.IMPORT_NOTICE, desk.place),
        may_waive=may(desk.actor, Action.WAIVE_FINDING, desk.place), school=_school(),
        may_edit=may(desk.actor, Action.EDIT_OVERRIDE, desk.place),
    )  # fmt: skip


@pages.page("/check/findings/<finding>/waiver", may=Action.WAIVE_FINDING, methods=("GET", "POST"))
def waiver(finding: str) -> ResponseReturnValue:
    checked = _checked()
    found = _finding(checked, finding)
    form = WaiverForm()
    if form.validate_on_submit():
        new = NewWaiver(
            found.rule, found.clause or "", found.text, form.reason.data or "", form.expires_on.data or _today()
        )
        try:
            waive(desk.session, desk.actor, _school(), new, now=desk.now)
        except Invalid as error:
            form[error.field or "reason"].errors = [_(error.message)]
        else:
            flash(_("Noted with your name. The check leaves this out until that day."), "success")
            return redirect(url_for(".check"))
    status = 422 if form.reason.errors or form.expires_on.errors else 200
    page = render_template(
        "school/check/waiver.html", form=form, finding=found, severities=SEVERITIES, titles=checked.titles
    )
    return page, status


@pages.page("/check/waivers/<int:waiver_id>/end", may=Action.WAIVE_FINDING, methods=("POST",))
def waiver_end(waiver_id: int) -> ResponseReturnValue:
    end_waiver(desk.session, desk.actor, _school(), waiver_id, now=desk.now)
    flash(_("Ended. The check shows this again."), "success")
    return redirect(url_for(".check"))


@pages.page("/check/mending", may=Action.IMPORT_NOTICE, methods=("POST",))
def mending() -> ResponseReturnValue:
    checked = _checked()
    wanted = request.form.get("finding", "")
    chosen = [one for one in checked.standing if wanted in {"all", finding_id(one)}]
    if not chosen and wanted != "all":
        flash(_("This was mended already."), "info")
        return redirect(url_for(".check"))
    changed = mend(desk.session, desk.actor, _school(), checked, chosen, now=desk.now)
    page_cache().forget()
    flash(_("Mended. The notice reads so from now on.") if changed else _("There was nothing to mend."), "success")
    return redirect(url_for(".check"))


def finding_id(finding: Finding) -> str:
    """A short name of a finding that stays the same as long as it stands."""
    told = "\0".join((finding.rule, finding.clause or "", finding.text))
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _finding(checked: Checked, wanted: str) -> Finding:
    found = next((one for one in checked.standing if finding_id(one) == wanted), None)
    if found is None:
        abort(404)
    return found


def _checked() -> Checked:
    return Inspector(desk.session, now=desk.now, shelf=page_cache().shelf(desk.session)).school(_school())


def _school() -> Tenant:
    tenant = cast("Tenant", desk.tenant)
    if tenant.kind is not TenantKind.SCHOOL:
        raise NotFound("Only schools have a notice to check.")
    return tenant


def _today() -> date:
    return london(desk.now).date()
