"""Letters of a case: writing, printing, the answer that closes it, and what arrived."""

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.rules import AuditKind
from portal.casework import actions
from portal.casework.codes import post_code
from portal.casework.correspondence import (
    may_send,
    record_clarification,
    record_identity,
    reopen_question,
    write_to_requester,
)
from portal.casework.kinds import outcomes
from portal.casework.letters import LABELS, LetterKind, suggest
from portal.casework.models import Case, CaseMessage
from portal.casework.progress import events_of
from portal.casework.queries import case_by_reference
from portal.casework.staff_view import staff_case
from portal.casework.trail import leave_line
from portal.core.clock import london
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import words
from portal.core.limits import POSTED_CODE_DAYS
from portal.identity.permissions import Action
from portal.tenancy.models import Tenant
from portal.web.forms.cases import ArrivalForm, ClosureForm, LetterForm, NothingForm
from portal.web.languages import current_language
from portal.web.sender import sender
from portal.web.session import desk
from portal.web.shared.case import case_address, go_back, opened, pages, require_work
from portal.web.shared.trying import tried

KINDS_OF_LETTER = "<any(message,identity,clarification,extension,progress):letter>"


@pages.page(f"/cases/<reference>/letters/{KINDS_OF_LETTER}", may=Action.WORK_CASE, methods=("GET", "POST"), writes=True)
def letter(reference: str, letter: str) -> ResponseReturnValue:
    kind = LetterKind(letter)
    found = case_by_reference(desk.session, desk.actor, reference, to_change=request.method == "POST")
    require_work(found)
    school = desk.session.get_one(Tenant, found.tenant_id)
    data = {"body": suggest(kind, found, school), "seen": str(found.last_sequence)}
    form = LetterForm(data=data)
    if kind is not LetterKind.CLARIFICATION:
        del form.reason

    def page(problem: Conflict | None = None) -> str:
        return _letter_page(found, kind, form, problem)

    if not form.validate_on_submit():
        if not may_send(found, kind, events_of(desk.session, found)):
            raise Invalid(_("This letter is not possible for this request now."))
        actions.read_case(desk.session, desk.actor, found, is_writing=request.method == "GET", now=desk.now)
        return page(), 422 if form.errors else 200

    def send() -> None:
        write_to_requester(
            desk.session,
            desk.actor,
            found,
            form.body.data or "",
            kind=kind,
            reason=(form.reason.data or "") if "reason" in form else "",
            seen=_number(form.seen.data),
            key=form.key.data or "",
            sender=sender(),
            now=desk.now,
        )

    refused = tried(form, found, send, page)
    if refused:
        return refused
    flash(_("The letter is on the requester’s page."), "success")
    if not found.contact_email:
        flash(_("There is no e-mail address: print the letter and post it."), "info")
    return go_back(reference)


@pages.page("/cases/<reference>/letters/<int:number>", may=Action.READ_CASE, writes=True)
def printed(reference: str, number: int) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference)
    message = desk.session.get(CaseMessage, number)
    if message is None or message.case_id != found.id:
        raise NotFound("There is no such letter.")
    leave_line(desk.session, desk.actor, found, AuditKind.CASE_READ, now=desk.now, message=message.id)
    school = desk.session.get_one(Tenant, found.tenant_id)
    return render_template(
        "shared/case/printed.html", case=found, message=message, school=school, back=case_address(reference)
    )


@pages.page("/cases/<reference>/posted-code", may=Action.WORK_CASE, methods=("GET", "POST"), writes=True)
def posted_code(reference: str) -> ResponseReturnValue:
    """The letter with the code is the answer to the button: it is shown once and stands nowhere."""
    found = opened(reference)
    require_work(found)
    form, code = NothingForm(), ""
    if form.validate_on_submit():
        code = post_code(desk.session, desk.actor, found, desk.house.keys, now=desk.now)
    return render_template(
        "shared/case/posted_code.html", form=form, case=found, code=code, days=POSTED_CODE_DAYS,
        school=desk.session.get_one(Tenant, found.tenant_id), today=london(desk.now).date(),
        find=desk.settings.address(url_for("public_cases.by_reference")), back=case_address(found.reference),
    )  # fmt: skip


@pages.page("/cases/<reference>/closure", may=Action.WORK_CASE, methods=("GET", "POST"), writes=True, sudo_to_send=True)
def closure(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=request.method == "POST")
    require_work(found)
    school = desk.session.get_one(Tenant, found.tenant_id)
    form = ClosureForm(data={"seen": str(found.last_sequence), "body": suggest(LetterKind.OUTCOME, found, school)})
    form.outcome.choices = [(each.key, _(each.label)) for each in outcomes(found.kind)]

    def page(problem: Conflict | None = None) -> str:
        return _closure_page(found, form, problem)

    if not form.validate_on_submit():
        actions.read_case(desk.session, desk.actor, found, is_writing=request.method == "GET", now=desk.now)
        return page(), 422 if form.errors else 200

    def end() -> None:
        actions.close(
            desk.session,
            desk.actor,
            found,
            form.outcome.data,
            form.body.data or "",
            seen=_number(form.seen.data),
            key=form.key.data or "",
            sender=sender(),
            now=desk.now,
        )

    refused = tried(form, found, end, page)
    if refused:
        return refused
    flash(_("The request is closed."), "success")
    return go_back(reference)


@pages.page(
    "/cases/<reference>/arrivals/<any(identity,clarification):what>",
    may=Action.WORK_CASE,
    methods=("GET", "POST"),
    writes=True,
)
def arrival(reference: str, what: str) -> ResponseReturnValue:
    found = opened(reference)
    require_work(found)
    form = ArrivalForm(data={"on": london(desk.now).date()})

    def page(_problem: Conflict | None = None) -> str:
        return render_template(
            "shared/case/arrival.html", form=form, case=found, what=what, back=case_address(found.reference)
        )

    if not form.validate_on_submit():
        return page(), 422 if form.errors else 200
    on = form.on.data or london(desk.now).date()
    verb = record_identity if what == "identity" else record_clarification
    refused = tried(form, found, lambda: verb(desk.session, desk.actor, found, on, now=desk.now), page)
    if refused:
        return refused
    flash(_("Saved. The dates are worked out anew."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/arrivals/clarification/withdrawal", may=Action.WORK_CASE, methods=("POST",))
def no_answer(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    reopen_question(desk.session, desk.actor, found, now=desk.now)
    flash(_("Saved. The dates are worked out anew."), "success")
    return go_back(reference)


def _letter_page(found: Case, kind: LetterKind, form: LetterForm, problem: Conflict | None) -> str:
    shown = staff_case(desk.session, desk.actor, found, now=desk.now)
    step = shown.forecast.step if shown.forecast and kind is LetterKind.CLARIFICATION else None
    return render_template(
        "shared/case/letter.html",
        form=form,
        case=found,
        kind=kind,
        title=_(LABELS[kind]),
        shown=shown,
        effect=words(step.message, current_language().code, **step.values) if step else "",
        theirs=problem.theirs if problem else "",
        problem=problem,
        back=case_address(found.reference),
    )


def _closure_page(found: Case, form: ClosureForm, problem: Conflict | None) -> str:
    return render_template(
        "shared/case/closure.html",
        form=form,
        case=found,
        theirs=problem.theirs if problem else "",
        problem=problem,
        back=case_address(found.reference),
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 0
