"""The requester's private page: a link identifies, a code or PIN opens, then she follows, writes, withdraws."""

from collections.abc import Iterator
from contextlib import contextmanager

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.casework.codes import ask_code
from portal.casework.file_kinds import ACCEPT
from portal.casework.files import add_files, files_of, open_file
from portal.casework.intake import normal_reference
from portal.casework.letters import new_link
from portal.casework.models import Case, CaseStatus
from portal.casework.presenting import present
from portal.casework.queries import case_by_link, case_of_requester
from portal.casework.requester import admit, admit_nobody, requester_of, withdraw, write_to_school
from portal.casework.wanted import want_code
from portal.core.errors import Invalid, NotFound
from portal.core.limits import CODE_MINUTES
from portal.core.secrets import digest
from portal.identity import throttle
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from portal.web.door import Audience, Door, Needs
from portal.web.files import filing, serve
from portal.web.forms.cases import AdmissionForm, FilesForm, NothingForm, ReferenceForm, RequesterMessageForm
from portal.web.languages import current_language
from portal.web.sender import sender
from portal.web.session import browser_session, desk

pages = Door("public_cases", __name__, audience=Audience.PUBLIC)
OPEN_MINUTES = 60


@pages.page("/requests", may=Needs.NOTHING, methods=("GET", "POST"))
def by_reference() -> ResponseReturnValue:
    form = ReferenceForm()
    if not form.validate_on_submit():
        return render_template("public/cases/by_reference.html", form=form), 422 if form.errors else 200
    throttle.count(desk.session, throttle.REQUESTER_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    reference = normal_reference(form.reference.data or "")
    if "send" in request.form:
        return _send_code(reference)
    token = _open(reference, form.code.data or "")
    if token is None:
        form.code.errors = [_("The reference and the code or PIN do not belong together, or the code has ended.")]
        return render_template("public/cases/by_reference.html", form=form), 422
    _let_in(token)
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>", may=Needs.REQUESTER)
def case(token: str) -> ResponseReturnValue:
    with _acting_on(token) as found:
        if not _is_open(token):
            return _closed(token, found, AdmissionForm())
        return _show(token, found, RequesterMessageForm())


@pages.page("/requests/<token>/codes", may=Needs.REQUESTER, methods=("POST",))
def code(token: str) -> ResponseReturnValue:
    throttle.count(desk.session, throttle.REQUESTER_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    with _acting_on(token) as found:
        ask_code(desk.session, found, sender=sender(), now=desk.now)
        by_post = not found.contact_email
    if by_post:
        flash(_("The school will send a code to your postal address."), "info")
    else:
        flash(_("A code is on its way. It works for %(minutes)d minutes.", minutes=CODE_MINUTES), "info")
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>/admission", may=Needs.REQUESTER, methods=("POST",))
def admission(token: str) -> ResponseReturnValue:
    throttle.count(desk.session, throttle.REQUESTER_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    form = AdmissionForm()
    with _acting_on(token) as found:
        if not form.validate_on_submit():
            return _closed(token, found, form), 422
        typed = form.code.data or ""
        if admit(desk.session, found, typed, desk.house.keys, has_link=True, now=desk.now) is None:
            form.code.errors = [_("This is not right, or no longer valid.")]
            return _closed(token, found, form), 422
    _let_in(token)
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>/messages", may=Needs.REQUESTER, methods=("POST",))
def message(token: str) -> ResponseReturnValue:
    with _acting_on(token) as found:
        if not _is_open(token):
            return redirect(url_for(".case", token=token))
        form = RequesterMessageForm()
        if not form.validate_on_submit():
            return _show(token, found, form), 422
        write_to_school(
            desk.session,
            requester_of(found),
            found,
            form.body.data or "",
            key=form.key.data or "",
            sender=sender(),
            now=desk.now,
        )
    flash(_("Your message is with the school."), "success")
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>/files", may=Needs.REQUESTER, methods=("POST",))
def files(token: str) -> ResponseReturnValue:
    with _acting_on(token) as found:
        if not _is_open(token):
            return redirect(url_for(".case", token=token))
        form = FilesForm()
        try:
            add_files(
                desk.session,
                requester_of(found),
                found,
                form.uploads(),
                key=form.key.data or "",
                filing=filing(),
                now=desk.now,
            )
        except Invalid as error:
            desk.session.rollback()
            form.files.errors = [_(error.message)]
            return _show(token, found, RequesterMessageForm(formdata=None), form), 422
    flash(_("The files are with the school."), "success")
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>/files/<int:number>", may=Needs.REQUESTER, writes=True)
def file(token: str, number: int) -> ResponseReturnValue:
    with _acting_on(token) as found:
        if not _is_open(token):
            return redirect(url_for(".case", token=token))
        return serve(*open_file(desk.session, requester_of(found), found, number, filing=filing(), now=desk.now))


@pages.page("/requests/<token>/withdrawal", may=Needs.REQUESTER, methods=("GET", "POST"))
def withdrawal(token: str) -> ResponseReturnValue:
    with _acting_on(token) as found:
        if not _is_open(token) or found.status is CaseStatus.CLOSED:
            return redirect(url_for(".case", token=token))  # where it says how it ended
        form = NothingForm()
        if not form.validate_on_submit():
            return render_template("public/cases/withdrawal.html", form=form, token=token)
        withdraw(desk.session, requester_of(found), found, sender=sender(), now=desk.now)
    flash(_("Your request is withdrawn."), "success")
    return redirect(url_for(".case", token=token))


@pages.page("/requests/<token>/leaving", may=Needs.REQUESTER, methods=("POST",))
def leaving(token: str) -> ResponseReturnValue:
    session.pop("requester", None)
    browser_session.rotate()
    return redirect(url_for(".case", token=token))


def _send_code(reference: str) -> ResponseReturnValue:
    throttle.count(desk.session, throttle.REQUESTER_CODE, reference, now=desk.now)
    want_code(desk.session, reference, now=desk.now)
    words = _("If there is such a request, a code is on its way: by e-mail, or by post if you gave no e-mail address.")
    flash(words, "info")
    return redirect(url_for(".by_reference"))


def _open(reference: str, typed: str) -> str | None:
    with every_tenant(desk.session, "a reference says which school"):
        found = case_of_requester(desk.session, reference)
        if found is None:
            admit_nobody(desk.session, reference, typed, desk.house.keys, now=desk.now)
            return None
        if admit(desk.session, found, typed, desk.house.keys, has_link=False, now=desk.now) is None:
            return None
        return new_link(desk.session, found, now=desk.now).rpartition("/")[2]


def _let_in(token: str) -> None:
    session["requester"] = {"link": _mark(token), "until": desk.now.timestamp() + OPEN_MINUTES * 60}
    browser_session.rotate()


@contextmanager
def _acting_on(token: str) -> Iterator[Case]:
    """The case of a link, acting for its school. Raises `NotFound`, always the same."""
    with every_tenant(desk.session, "a private link says which school"):
        found = case_by_link(desk.session, token[:100])
        if found is None:
            raise NotFound("There is no such page.")
        tenant = desk.session.get_one(Tenant, found.tenant_id)
    with desk.acting_for(tenant):
        yield found


def _is_open(token: str) -> bool:
    kept = session.get("requester") or {}
    return kept.get("link") == _mark(token) and float(kept.get("until", 0)) > desk.now.timestamp()


def _mark(token: str) -> str:
    return digest(token, purpose="requester-admission")


def _closed(token: str, found: Case, form: AdmissionForm) -> str:
    """The page before the code: it says nothing of the case, not even whose school it is."""
    desk.tenant = None
    return render_template(
        "public/cases/closed.html",
        form=form,
        token=token,
        has_email=bool(found.contact_email),
        has_address=bool(found.contact_address),
    )


def _show(token: str, found: Case, form: RequesterMessageForm, upload: FilesForm | None = None) -> str:
    shown = present(desk.session, found, language=current_language().code)
    held = files_of(desk.session, found)
    return render_template(
        "public/cases/case.html",
        case=shown,
        form=form,
        token=token,
        upload=upload or FilesForm(formdata=None),
        files=held,
        links={each.id: url_for(".file", token=token, number=each.id) for each in held},
        accept=ACCEPT,
    )
