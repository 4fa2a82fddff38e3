"""Writing down a request that reached the school by other ways, and asking the DPO team."""

from flask import flash, g, redirect, render_template, url_for
from flask import request as http
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.casework.intake import NewRequest, Opened, ask_dpo, check_request, open_case
from portal.casework.kinds import Relationship
from portal.casework.models import CaseKind, Channel
from portal.casework.once import keep_result, take_key
from portal.casework.queries import case_by_reference, readable_references, school_named
from portal.core.errors import Invalid, NotFound
from portal.core.secrets import digest
from portal.identity.permissions import Action, may
from portal.identity.queries import person
from portal.tenancy.models import Tenant, TenantKind
from portal.web.door import Audience, Door
from portal.web.forms.recording import QuestionForm, RecordForm
from portal.web.sender import sender
from portal.web.session import desk
from portal.web.shared.beside import beside
from portal.web.shared.case import pages

ROUTE = "recorded-request"
asking = Door("asking", __name__, audience=Audience.SCHOOL)


@pages.page("/cases/new", may=Action.OPEN_CASE, methods=("GET", "POST"))
def record() -> ResponseReturnValue:
    form = RecordForm()
    if _is_school():
        del form.school
    if not form.validate_on_submit() or "change" in http.form:
        return _show(form), 422 if form.errors else 200
    try:
        school, request = _school(form), request_of(form)
        check_request(request, now=desk.now)
    except (Invalid, NotFound) as error:
        _say(form, error)
        return _show(form), 422
    if form.read_back.data != "yes":
        return render_template("shared/case/read_back.html", form=form, school=school)
    made = take_key(desk.session, ROUTE, form.key.data or "", fingerprint(form), now=desk.now)
    if made is not None:
        return show_recorded(made)
    try:
        opened = open_case(desk.session, desk.actor, school, request, sender=sender(), now=desk.now)
    except Invalid as error:
        g.must_roll_back = True
        _say(form, error)
        return _show(form), 422
    keep_result(desk.session, ROUTE, form.key.data or "", opened.case.reference)
    tell_recorded(opened)
    return show_recorded(opened.case.reference)


def _say(form: RecordForm, error: Invalid | NotFound) -> None:
    """At the field that it is about, where it is about one."""
    field = error.field if isinstance(error, Invalid) else None
    if field in {"received_on", "requester_name"}:
        form[field].errors = [_(str(error))]
    else:
        form.form_errors.append(_(str(error)))


def tell_recorded(opened: Opened) -> None:
    """Whoever has no e-mail address opens her request with a PIN, which is shown this once.

    Not to somebody who may not open it herself (it is about the head): it would let her in by the requester's door.
    """
    if opened.case.contact_email:
        flash(_("The request is recorded and the confirmation is on its way."), "success")
        return
    flash(
        _("The request is recorded. Without an e-mail address: print the confirmation, hand it over or post it."),
        "success",
    )
    if opened.pin and readable_references(desk.session, desk.actor, {opened.case.reference}):
        flash(_("Give them the reference and this PIN: %(pin)s", pin=opened.pin), "info")


def show_recorded(reference: str) -> ResponseReturnValue:
    """The case, or for whoever may not see it (it is about the head) only that it is recorded."""
    try:
        case_by_reference(desk.session, desk.actor, reference)
    except NotFound:
        flash(_("Its reference is %(reference)s. You cannot open it: it is limited.", reference=reference), "info")
        return redirect(url_for(beside("inbox.inbox")))
    return redirect(url_for(beside("case.case"), reference=reference))


@asking.page("/questions/new", may=Action.ASK_DPO, methods=("GET", "POST"))
def question() -> ResponseReturnValue:
    form = QuestionForm()
    if not form.validate_on_submit():
        return render_template("shared/case/question.html", form=form), 422 if form.errors else 200
    key, text = form.key.data or "", f"{form.kind.data}\0{form.details.data}\0{form.is_confidential.data}"
    made = take_key(desk.session, "question", key, digest(text, purpose="question"), now=desk.now)
    if made is None:
        me = person(desk.session, desk.actor.person_id or 0)
        request = NewRequest(
            kind=CaseKind(form.kind.data),
            received_at=desk.now,
            requester_name=desk.actor.name,
            email=me.email if me else "",
            details=form.details.data or "",
        )
        is_confidential = bool(form.is_confidential.data)
        made = ask_dpo(
            desk.session,
            desk.actor,
            _own(),
            request,
            is_confidential=is_confidential,
            sender=sender(),
            now=desk.now,
        ).case.reference
        keep_result(desk.session, "question", key, made)
    return render_template("shared/case/asked.html", reference=made)


def _show(form: RecordForm) -> str:
    may_bring = may(desk.actor, Action.BRING_CASES, desk.place)
    return render_template(
        "shared/case/record.html", form=form, list_href=url_for(".bring_list") if may_bring else "",
        inbox=url_for(beside("inbox.inbox")),
    )  # fmt: skip


def _is_school() -> bool:
    return desk.tenant is not None and desk.tenant.kind is TenantKind.SCHOOL


def _own() -> Tenant:
    if desk.tenant is None:
        raise NotFound("There is no such school.")
    return desk.tenant


def _school(form: RecordForm) -> Tenant:
    """The school of this door; elsewhere the one typed, if it is the actor's to act for. Raises `NotFound`."""
    return _own() if _is_school() else school_named(desk.session, form.school.data or "")


def request_of(form: RecordForm) -> NewRequest:
    return NewRequest(
        kind=CaseKind(form.kind.data),
        received_at=form.received_at(desk.now),
        requester_name=form.requester_name.data or "",
        channel=Channel(form.channel.data),
        relationship=Relationship(form.relationship.data),
        subject_name=form.subject_name.data or form.requester_name.data or "",
        email=form.email.data or "",
        telephone=form.telephone.data or "",
        address=form.address.data or "",
        contact_notes=form.contact_notes.data or "",
        details=form.details.data or "",
        is_about_head=bool(form.about_head.data),
    )


def fingerprint(form: RecordForm) -> str:
    skipped = {"csrf_token", "read_back", "key"}
    return digest(
        repr(sorted((name, str(value)) for name, value in form.data.items() if name not in skipped)), purpose=ROUTE
    )
