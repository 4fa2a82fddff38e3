"""Bringing open requests over from a list kept elsewhere: tried first, then taken over."""

from cryptography.fernet import InvalidToken
from flask import flash, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.casework.bringing import bring_over
from portal.casework.once import keep_result, take_key
from portal.casework.queries import school_named
from portal.casework.spreadsheet import OPTIONAL, REQUIRED
from portal.core.errors import Invalid, NotFound
from portal.core.limits import DRAFT_HOURS, MEGABYTE
from portal.core.secrets import digest
from portal.identity.permissions import Action
from portal.tenancy.models import Tenant, TenantKind
from portal.web.forms.bringing import ListForm, TakeListForm
from portal.web.sender import sender
from portal.web.session import desk
from portal.web.shared.beside import beside
from portal.web.shared.case import pages

PURPOSE = "list-of-requests"
MOST_BYTES = MEGABYTE


@pages.page("/cases/list", may=Action.BRING_CASES, methods=("GET", "POST"))
def bring_list() -> ResponseReturnValue:
    form = ListForm()
    if _is_school():
        del form.school
    if not form.validate_on_submit():
        return _show(form), 422 if form.errors else 200
    try:
        school = _school(form)
        content = _content(form)
        done = bring_over(
            desk.session, desk.actor, school, content, is_trial=True, sender=sender(), now=desk.now
        )  # fmt: skip
    except (Invalid, NotFound) as error:
        form.form_errors.append(_(str(error)))
        return _show(form), 422
    sealed = desk.house.keys.box(PURPOSE).encrypt(school.slug.encode() + b"\0" + content).decode()
    taking = TakeListForm(formdata=None, data={"sealed": sealed})
    page = render_template(
        "shared/case/list_tried.html", done=done, school=school, form=taking, back=url_for(".bring_list")
    )
    return page, 422 if done.wrong else 200


@pages.page("/cases/list/taking", may=Action.BRING_CASES, methods=("POST",))
def take_list() -> ResponseReturnValue:
    form = TakeListForm()
    try:
        school, content = _unsealed(form.sealed.data or "")
    except (Invalid, NotFound) as error:
        flash(_(str(error)), "error")
        return redirect(url_for(".bring_list"))
    made = take_key(
        desk.session, PURPOSE, form.key.data or "", digest(form.sealed.data or "", purpose=PURPOSE), now=desk.now
    )
    if made is None:
        done = bring_over(desk.session, desk.actor, school, content, is_trial=False, sender=sender(), now=desk.now)
        if done.wrong:
            g.must_roll_back = True
            flash(_("Something changed since the list was tried. Try it again."), "error")
            return redirect(url_for(".bring_list"))
        made = str(len(done.brought))
        keep_result(desk.session, PURPOSE, form.key.data or "", made)
    flash(ngettext("%(num)d request was taken over.", "%(num)d requests were taken over.", int(made)), "success")
    return redirect(url_for(beside("inbox.inbox")))


def _show(form: ListForm) -> str:
    return render_template(
        "shared/case/list.html",
        form=form,
        required=", ".join(REQUIRED),
        optional=", ".join(OPTIONAL),
        back=url_for(".record"),
    )


def _is_school() -> bool:
    return desk.tenant is not None and desk.tenant.kind is TenantKind.SCHOOL


def _school(form: ListForm) -> Tenant:
    if _is_school() and desk.tenant is not None:
        return desk.tenant
    return school_named(desk.session, form.school.data or "")


def _content(form: ListForm) -> bytes:
    content: bytes = form.file.data.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise Invalid("This list is larger than 1 megabyte. Bring it over in parts.")
    return content


def _unsealed(sealed: str) -> tuple[Tenant, bytes]:
    """The school and the list that were tried. Raises `Invalid` for what no trial sealed, `NotFound`."""
    try:
        plain = desk.house.keys.box(PURPOSE).decrypt(sealed.encode(), ttl=DRAFT_HOURS * 3600)
    except InvalidToken as error:
        raise Invalid("Choose the list again.") from error
    slug, _nul, content = plain.partition(b"\0")
    school = school_named(desk.session, slug.decode())
    if _is_school() and school is not desk.tenant:
        raise NotFound("There is no such school.")
    return school, content
