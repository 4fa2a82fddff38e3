"""The councils: what is wrong first, one council, proposing a link and deciding on it."""

from datetime import date

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Forbidden, Invalid
from portal.core.limits import SEARCH_LENGTH
from portal.core.text import clean
from portal.directory.actions import NewName, confirm_link, decline_link, propose_link, settle_report
from portal.directory.editing import (
    Details,
    NewAuthority,
    add_authority,
    end_code,
    give_code,
    keep_districts,
    read_districts,
)
from portal.directory.link_states import (
    history,
    link_by_id,
    link_states,
    open_reports,
    proposal_by_id,
    report_by_id,
    schools_by_authority,
)
from portal.directory.links import SENTENCES
from portal.directory.queries import (
    authority_keys,
    authority_row,
    council_by_key,
    open_proposals,
    postcode_edition,
    read_book,
)
from portal.directory.rules import AuthorityKind, CodeScheme, LinkKind
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.lifecycle.link_checks import drop_link, give_contacts, give_details, give_name, take_link
from portal.lifecycle.succession import district_names
from portal.web.door import Audience, Door
from portal.web.forms.councils import (
    COUNCIL_KINDS,
    KINDS,
    AuthorityCodeForm,
    AuthorityContactsForm,
    AuthorityDetailsForm,
    AuthorityFields,
    AuthorityNameForm,
    DistrictsForm,
    NewAuthorityForm,
    ProposalForm,
)
from portal.web.forms.fields import PortalForm, ReplacingForm, field_of
from portal.web.session import desk

pages = Door("directory", __name__, audience=Audience.CENTRAL)
_READ, _EDIT, _APPROVE = Action.READ_DIRECTORY, Action.EDIT_DIRECTORY, Action.APPROVE_DIRECTORY


@pages.page("/councils", may=_READ)
def directory() -> ResponseReturnValue:
    words = clean(request.args.get("q", "")[:SEARCH_LENGTH]).lower()
    states = link_states(desk.session, _today())
    councils = read_book(desk.session).existing(_today())
    return render_template(
        "central/directory/directory.html",
        wrong=[state for state in states if state.needs_a_person],
        proposals=open_proposals(desk.session),
        keys=authority_keys(desk.session),
        reports=open_reports(desk.session),
        names={one.key: one.name for one in councils},
        councils=[one for one in councils if words in f"{one.name} {one.dfe} {one.gss}".lower()],
        unverified={state.authority for state in states if not state.link.is_verified},
        words=words,
        edition=postcode_edition(desk.session),
        may_edit=may(desk.actor, _EDIT, desk.place),
        **_shown(),
    )


@pages.page("/councils/<key>", may=_READ)
def council(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    states = link_states(desk.session, _today(), authority_id=row.id)
    proposals = open_proposals(desk.session, [row.id])
    return render_template(
        "central/directory/council.html",
        row=row,
        council=council_by_key(desk.session, key, _today()),
        states=[(state, history(desk.session, state.link.id)) for state in states],
        proposals=proposals,
        proposers=names(desk.session, {one.proposed_by for one in proposals if one.proposed_by is not None}),
        reports=[report for report, _key in open_reports(desk.session, authority_id=row.id)],
        schools=schools_by_authority(desk.session, _today()).get(row.id, 0),
        districts=district_names(desk.session),
        council_kinds=dict(COUNCIL_KINDS),
        may_edit=may(desk.actor, _EDIT, desk.place),
        may_approve=may(desk.actor, _APPROVE, desk.place),
        **_shown(),
    )


@pages.page("/councils/<key>/propose", may=_EDIT, methods=("GET", "POST"))
def propose(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    found = council_by_key(desk.session, key, _today())
    form = ProposalForm(kind=request.args.get("kind", "pupil"))
    if not form.validate_on_submit():
        return _proposal_page(form, found)
    link = next((one for one in row.links if one.kind == form.kind.data and one.valid_to is None), None)
    try:
        propose_link(
            desk.session, desk.actor, row, kind=LinkKind(form.kind.data), url=form.url.data or "", now=desk.now,
            link=link, reason=form.reason.data or "",
        )  # fmt: skip
    except Invalid as error:
        form.url.errors = [_(error.message)]
        return _proposal_page(form, found)
    flash(_("Proposed. Somebody else approves it; meanwhile the page is looked at."), "success")
    return redirect(url_for(".council", key=key))


@pages.page("/councils/proposals/<int:proposal_id>/approve", may=_APPROVE, methods=("POST",))
def approve(proposal_id: int) -> ResponseReturnValue:
    proposal = proposal_by_id(desk.session, proposal_id)
    key = _key(proposal.authority_id)
    try:
        take_link(desk.session, desk.actor, proposal, now=desk.now)
    except Forbidden as error:
        flash(_(str(error)), "problem")
        return redirect(url_for(".council", key=key))
    flash(_("Approved. Notices show the new address from now on."), "success")
    return redirect(url_for(".council", key=key))


@pages.page("/councils/proposals/<int:proposal_id>/decline", may=_APPROVE, methods=("POST",))
def decline(proposal_id: int) -> ResponseReturnValue:
    proposal = proposal_by_id(desk.session, proposal_id)
    decline_link(desk.session, desk.actor, proposal, now=desk.now)
    flash(_("Declined. The link stays as it is."), "success")
    return redirect(url_for(".council", key=_key(proposal.authority_id)))


@pages.page("/councils/links/<int:link_id>/confirm", may=_EDIT, methods=("POST",))
def confirm(link_id: int) -> ResponseReturnValue:
    link = link_by_id(desk.session, link_id)
    confirm_link(desk.session, desk.actor, link, today=_today(), now=desk.now)
    flash(_("Noted that you looked at this page today and that it is right."), "success")
    return redirect(url_for(".council", key=_key(link.authority_id)))


@pages.page("/councils/links/<int:link_id>/end", may=_EDIT, methods=("POST",))
def end(link_id: int) -> ResponseReturnValue:
    link = link_by_id(desk.session, link_id)
    drop_link(desk.session, desk.actor, link, now=desk.now)
    flash(_("Ended. Notices leave this link out from now on."), "success")
    return redirect(url_for(".council", key=_key(link.authority_id)))


@pages.page("/councils/reports/<int:report_id>/settle", may=_EDIT, methods=("POST",))
def settle(report_id: int) -> ResponseReturnValue:
    report = report_by_id(desk.session, report_id)
    settle_report(desk.session, desk.actor, report, now=desk.now)
    flash(_("Settled."), "success")
    return redirect(url_for(".council", key=_key(report.authority_id)))


@pages.page("/councils/<key>/name", may=_EDIT, methods=("GET", "POST"))
def name(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    form = AuthorityNameForm()
    if form.validate_on_submit():
        new = NewName(form.name.data or "", form.short_name.data or "", form.valid_from.data or _today())
        try:
            give_name(desk.session, desk.actor, row, new, now=desk.now, corrects=form.corrects.data)
        except Invalid as error:
            form.valid_from.errors = [_(error.message)]
        else:
            flash(_("Saved. Notices say the new name from its first day on."), "success")
            return redirect(url_for(".council", key=key))
    status = 422 if form.errors or form.valid_from.errors else 200
    return render_template("central/directory/name.html", form=form, row=row), status


@pages.page("/councils/<key>/contacts", may=_EDIT, methods=("GET", "POST"))
def contacts(key: str) -> ResponseReturnValue:
    desk.in_turn(f"council {key}")
    row = authority_row(desk.session, key)
    found = council_by_key(desk.session, key, _today())
    present = {one.kind: one.value for one in reversed(found.contacts)}
    form = AuthorityContactsForm(data=present)
    if not form.validate_on_submit():
        return render_template("central/directory/contacts.html", form=form, council=found), form.status
    values = {kind: form[kind].data or "" for kind in ("email", "telephone", "address")}
    changed = give_contacts(desk.session, desk.actor, row, values, now=desk.now)
    flash(_("Saved.") if changed else _("Nothing was changed."), "success")
    return redirect(url_for(".council", key=key))


@pages.page("/councils/new", may=_EDIT, methods=("GET", "POST"))
def new() -> ResponseReturnValue:
    form = NewAuthorityForm()
    title = _("Add a council")
    if not form.validate_on_submit():
        return _change(form, title, url_for(".directory"))
    wanted = NewAuthority(
        form.name.data or "", form.short_name.data or "", _details(form), form.dfe.data or "", form.gss.data or "",
        form.valid_from.data,
    )  # fmt: skip
    try:
        row = add_authority(desk.session, desk.actor, wanted, now=desk.now)
    except Invalid as error:
        return _wrong(form, error, title, url_for(".directory"))
    flash(_("%(name)s was added.", name=wanted.name), "success")
    return redirect(url_for(".council", key=row.key))


@pages.page("/councils/<key>/details", may=_EDIT, methods=("GET", "POST"))
def details(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    form = AuthorityDetailsForm(kind=row.kind, region=row.region, website=row.website)
    title, back = _("Kind and website"), url_for(".council", key=key)
    if not form.validate_on_submit():
        return _change(form, title, back)
    try:
        give_details(desk.session, desk.actor, row, _details(form), now=desk.now)
    except Invalid as error:
        return _wrong(form, error, title, back)
    flash(_("Saved."), "success")
    return redirect(back)


@pages.page("/councils/<key>/codes", may=_EDIT, methods=("GET", "POST"))
def codes(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    form = AuthorityCodeForm()
    title, back = _("Another code"), url_for(".council", key=key)
    if not form.validate_on_submit():
        return _change(form, title, back)
    try:
        give_code(
            desk.session, desk.actor, row, CodeScheme(form.scheme.data), form.code.data or "",
            valid_from=form.valid_from.data, now=desk.now,
        )  # fmt: skip
    except Invalid as error:
        return _wrong(form, error, title, back)
    flash(_("Saved."), "success")
    return redirect(back)


@pages.page("/councils/<key>/codes/<int:code_id>/end", may=_EDIT, methods=("POST",))
def end_of_code(key: str, code_id: int) -> ResponseReturnValue:
    end_code(desk.session, desk.actor, authority_row(desk.session, key), code_id, on=_today(), now=desk.now)
    flash(_("Ended. The code is the council's no longer from today on."), "success")
    return redirect(url_for(".council", key=key))


@pages.page("/councils/<key>/districts", may=_EDIT, methods=("GET", "POST"))
def districts(key: str) -> ResponseReturnValue:
    row = authority_row(desk.session, key)
    names = district_names(desk.session)
    form = DistrictsForm(districts="\n".join(f"{code} {names.get(code, '')}".strip() for code in row.districts))
    title, back = _("Districts"), url_for(".council", key=key)
    if not form.validate_on_submit():
        return _change(form, title, back)
    try:
        keep_districts(desk.session, desk.actor, row, read_districts(form.districts.data or ""), now=desk.now)
    except Invalid as error:
        return _wrong(form, error, title, back)
    flash(_("Saved."), "success")
    return redirect(back)


def _details(form: AuthorityFields) -> Details:
    return Details(AuthorityKind(form.kind.data), (form.region.data or "").strip().upper(), form.website.data or "")


def _change(form: PortalForm, title: str, back: str) -> ResponseReturnValue:
    page = render_template(
        "central/schools/change.html", form=form, school=None, title=title, button=_("Save"), back_href=back
    )
    return page, form.status if isinstance(form, ReplacingForm) else 422 if form.errors else 200


def _wrong(form: PortalForm, error: Invalid, title: str, back: str) -> ResponseReturnValue:
    name = {"url": "website"}.get(error.field or "", error.field or "")
    field = field_of(form, name)
    where = _("Line %(line)s: ", line=error.line) if error.line else ""
    field.errors = [where + _(error.message)]
    g.must_roll_back = True
    return _change(form, title, back)


def _proposal_page(form: ProposalForm, found: object) -> ResponseReturnValue:
    status = 422 if form.errors or form.url.errors else 200
    return render_template("central/directory/propose.html", form=form, council=found), status


def _shown() -> dict[str, object]:
    return {"kinds": dict(KINDS), "sentences": {outcome.value: text for outcome, text in SENTENCES.items()}}


def _key(authority_id: int) -> str:
    return authority_keys(desk.session)[authority_id]


def _today() -> date:
    return london(desk.now).date()
