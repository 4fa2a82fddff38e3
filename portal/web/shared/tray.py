"""Messages that came by e-mail and wait for a person to say what they are."""

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.incoming import (
    file_mail,
    is_from_requester,
    join_mail,
    leftovers,
    let_go,
    mail_by_id,
    open_original,
    seeming_request,
    set_aside,
    take_back,
    tray,
)
from portal.casework.intake import normal_reference, open_case
from portal.casework.mail import EXPLAINED, MARKS
from portal.casework.models import Case, Channel, IncomingMail, MailState
from portal.casework.once import keep_result, made_before, take_key
from portal.casework.queries import case_by_reference, readable_references, school_named
from portal.core.clock import london
from portal.core.errors import Conflict, Invalid, NotFound
from portal.identity.actions import witness
from portal.identity.permissions import Action
from portal.tenancy.models import Tenant, TenantKind
from portal.web.files import filing, serve_bytes
from portal.web.forms.cases import NothingForm
from portal.web.forms.tray import JoinForm, MailForm
from portal.web.sender import sender
from portal.web.session import desk
from portal.web.shared.beside import beside
from portal.web.shared.inbox import pages
from portal.web.shared.recording import fingerprint, request_of, show_recorded, tell_recorded

ROUTE = "mail-request"


@pages.page("/cases/mail", may=Action.OPEN_CASE)
def mail() -> ResponseReturnValue:
    at = _at()
    return render_template(
        "shared/inbox/tray.html",
        waiting=tray(desk.session, at),
        leftovers=leftovers(desk.session, desk.actor, at),
        addressed=at.kind is TenantKind.SCHOOL,
        marks={mark: _(text) for mark, text in MARKS.items()},
        inbox=url_for(".inbox"),
    )


@pages.page("/cases/mail/<int:mail_id>", may=Action.OPEN_CASE, methods=("GET", "POST"), writes=True)
def message(mail_id: int) -> ResponseReturnValue:
    try:
        row = _mail(mail_id)
    except NotFound:
        made = _made_before() if request.method == "POST" else None
        if made is not None:
            return show_recorded(made)
        flash(_("Somebody dealt with this message already."), "info")
        return redirect(_address_of_dealt(mail_id) or url_for(".mail"))
    if request.method != "POST":
        _leave_line(row)
    form = _form(_proposed(row))
    if not form.validate_on_submit():
        return _show(row, form), 422 if form.errors else 200
    try:
        reference = _open(row, form)
    except (Invalid, NotFound, Conflict) as error:
        g.must_roll_back = True
        form.form_errors.append(_(str(error)))
        return _show(row, form), 422
    return show_recorded(reference)


@pages.page("/cases/mail/<int:mail_id>/joining", may=Action.OPEN_CASE, methods=("POST",))
def joining(mail_id: int) -> ResponseReturnValue:
    row, form = _mail(mail_id), JoinForm()
    reference = normal_reference(form.reference.data or "")
    try:
        found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    except NotFound as error:
        form.reference.errors = [_(str(error))]
        return _show(row, _form(_proposed(row)), form), 422
    if not form.sure.data and not is_from_requester(row, found):
        form.is_doubtful = True
        words = _("This request is %(name)s’s, from another address than the message. They will see the message.")
        form.reference.errors = [words % {"name": found.requester_name}]
        return _show(row, _form(_proposed(row)), form), 422
    refused = join_mail(desk.session, desk.actor, row, found, sender=sender(), filing=filing(), now=desk.now)
    _tell(refused)
    flash(_("The message stands in the request now."), "success")
    return redirect(url_for(beside("case.case"), reference=reference))


@pages.page("/cases/mail/<int:mail_id>/setting-aside", may=Action.OPEN_CASE, methods=("POST",))
def setting_aside(mail_id: int) -> ResponseReturnValue:
    set_aside(desk.session, desk.actor, _mail(mail_id), now=desk.now)
    flash(_("The message is set aside. For 30 days it can be taken back."), "success")
    return redirect(url_for(".mail"))


@pages.page("/cases/mail/aside", may=Action.OPEN_CASE)
def mail_aside() -> ResponseReturnValue:
    found = tray(desk.session, _at(), MailState.DROPPED)
    return render_template("shared/inbox/aside.html", aside=found, back=url_for(".mail"))


@pages.page("/cases/mail/<int:mail_id>/aside", may=Action.OPEN_CASE, methods=("GET", "POST"))
def message_aside(mail_id: int) -> ResponseReturnValue:
    row, form = _mail(mail_id, MailState.DROPPED), NothingForm()
    if not form.validate_on_submit():
        back = url_for(".mail_aside")
        return render_template("shared/inbox/message_aside.html", mail=row, form=form, mark=_explained(row), back=back)
    take_back(desk.session, desk.actor, row, now=desk.now)
    flash(_("The message waits with the others again."), "success")
    return redirect(url_for(".mail"))


@pages.page("/cases/mail/<int:mail_id>/rest", may=Action.OPEN_CASE, methods=("GET", "POST"))
def rest(mail_id: int) -> ResponseReturnValue:
    row, form = _mail(mail_id, MailState.PARTLY), NothingForm()
    if not form.validate_on_submit():
        return render_template(
            "shared/inbox/rest.html", mail=row, form=form, case=_case_link(row), back=url_for(".mail")
        )
    let_go(desk.session, desk.actor, row, now=desk.now)
    flash(_("The message itself is deleted; its text and the files that were taken stay in the request."), "success")
    return redirect(url_for(".mail"))


@pages.page("/cases/mail/<int:mail_id>/original", may=Action.OPEN_CASE, writes=True)
def original(mail_id: int) -> ResponseReturnValue:
    row = _mail(mail_id, MailState.WAITING, MailState.PARTLY, MailState.DROPPED)
    raw = open_original(desk.session, desk.actor, row, filing=filing(), now=desk.now)
    return serve_bytes(f"message-{row.id}.eml", raw)


def _mail(mail_id: int, *states: MailState) -> IncomingMail:
    return mail_by_id(desk.session, desk.actor, _at(), mail_id, *states)


def _address_of_dealt(mail_id: int) -> str:
    """Where a message stands that waits no more, empty where the reader may not know. Raises `NotFound` for none."""
    row = mail_by_id(desk.session, desk.actor, _at(), mail_id, MailState.FILED, MailState.PARTLY, MailState.DROPPED)
    link = _case_link(row) if row.case_id is not None else None
    known = link and readable_references(desk.session, desk.actor, {link[0]})
    return link[1] if link and known else ""


def _explained(row: IncomingMail) -> str:
    return _(EXPLAINED[row.mark]) if row.mark in EXPLAINED else ""


def _case_link(row: IncomingMail) -> tuple[str, str] | None:
    """Reference and address of the request that a message stands in."""
    if row.case_id is None:
        return None
    reference: str = desk.session.get_one(Case, row.case_id).reference
    return reference, url_for(beside("case.case"), reference=reference)


def _open(row: IncomingMail, form: MailForm) -> str:
    """The reference of the request that the message became. Raises `Invalid`, `NotFound` or `Conflict`."""
    owner = _owner(row)
    school = owner if owner.kind is TenantKind.SCHOOL else school_named(desk.session, form.school.data or "")
    key = form.key.data or ""
    made = take_key(desk.session, ROUTE, key, fingerprint(form), now=desk.now)
    if made is not None:
        return made
    opened = open_case(desk.session, desk.actor, school, request_of(form), sender=sender(), now=desk.now)
    _tell(file_mail(desk.session, desk.actor, row, opened.case, filing=filing(), now=desk.now))
    keep_result(desk.session, ROUTE, key, opened.case.reference)
    tell_recorded(opened)
    return opened.case.reference


def _form(proposed: dict[str, object]) -> MailForm:
    """In the central tray, whose messages are no school's yet, it asks for the school."""
    form = MailForm(data=proposed)
    if _at().kind is not TenantKind.SERVICE:
        del form.school
    return form


def _made_before() -> str | None:
    """The reference of what this very form has made, where it is sent a second time. Raises `Conflict` for another."""
    form = _form({})
    return made_before(desk.session, ROUTE, form.key.data or "", fingerprint(form))


def _proposed(row: IncomingMail) -> dict[str, object]:
    seeming = seeming_request(desk.session, row)
    received = london(seeming.at) if seeming.at else None
    return {
        "received_on": received.date() if received else None,
        "received_time": f"{received:%H:%M}" if received else "",
        "channel": Channel.EMAIL.value,
        "requester_name": seeming.name,
        "email": seeming.email,
        "details": row.body or row.subject,
    }


def _show(row: IncomingMail, form: MailForm, join: JoinForm | None = None) -> str:
    return render_template(
        "shared/inbox/message.html",
        mail=row,
        mark=_explained(row),
        form=form,
        proposed=seeming_request(desk.session, row),
        join=join or JoinForm(formdata=None),
        nothing=NothingForm(formdata=None),
        back=url_for(".mail"),
    )


def _leave_line(row: IncomingMail) -> None:
    record(
        desk.session, witness(desk.actor), AuditKind.MESSAGE_READ, tenant_id=row.tenant_id, subject=("mail", row.id),
        now=desk.now,
    )  # fmt: skip


def _at() -> Tenant:
    if desk.tenant is None:
        raise NotFound("There is no such school.")
    return desk.tenant


def _owner(row: IncomingMail) -> Tenant:
    found: Tenant = desk.session.get_one(Tenant, row.tenant_id)
    return found


def _tell(refused: list[str]) -> None:
    for reason in refused:
        flash(_("A file could not be taken. %(reason)s", reason=reason), "error")
