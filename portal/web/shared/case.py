"""One case, two teams: the page of a case and its verbs, behind the school's and the central door."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.casework import actions
from portal.casework.file_kinds import ACCEPT
from portal.casework.files import add_files, files_of, open_file
from portal.casework.kinds import CHANNELS, KINDS, WAITING, Relationship, outcome
from portal.casework.letters import LABELS, LetterKind
from portal.casework.models import Case, CaseKind
from portal.casework.purging import purge
from portal.casework.queries import case_by_reference, nameable, place_of, readers, working_action
from portal.casework.staff_view import staff_case
from portal.casework.wording import explained
from portal.core.errors import Conflict, Invalid
from portal.core.i18n import words
from portal.identity.permissions import Action, require
from portal.web.door import Audience, Door
from portal.web.files import filing, serve
from portal.web.forms.cases import (
    AssignForm,
    ContactForm,
    FilesForm,
    KindChangeForm,
    LimitForm,
    NoteForm,
    NothingForm,
)
from portal.web.forms.recording import WHOM, clock_time
from portal.web.languages import current_language
from portal.web.sender import sender
from portal.web.session import desk
from portal.web.shared.beside import beside, is_central
from portal.web.shared.trying import tried
from portal.web.sign_in import proved_lately

pages = Door("case", __name__, audience=Audience.SCHOOL)


@pages.page("/cases/<reference>", may=Action.READ_CASE, writes=True)
def case(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference)
    actions.read_case(desk.session, desk.actor, found, is_writing=False, now=desk.now)
    return _show(found, NoteForm())


def require_work(found: Case) -> None:
    """Asked before a form is shown, so that nobody writes what she may not send."""
    require(desk.actor, working_action(found), place_of(desk.session, found))


@pages.page("/cases/<reference>/assignment", may=Action.ASSIGN_CASE, methods=("POST",))
def assignment(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    form = AssignForm(person=found.assignee_id or 0)
    if form.is_stale:
        return _show(found, NoteForm(formdata=None), assign=form), 409
    if form.person.data is None:
        raise Invalid(_("Choose who works on it."))
    actions.assign(desk.session, desk.actor, found, form.person.data or None, now=desk.now)
    flash(_("Saved."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/notes", may=Action.ADVISE_CASE, methods=("POST",))
def notes(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    form = NoteForm()
    if not form.validate_on_submit():
        return _show(found, form), 422
    actions.add_note(
        desk.session,
        desk.actor,
        found,
        form.note.data or "",
        hands_over=bool(form.hands_over.data),
        key=form.key.data or "",
        sender=sender(),
        now=desk.now,
    )
    flash(_("The note is added."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/reopening", may=Action.WORK_CASE, methods=("POST",))
def reopening(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    actions.reopen(desk.session, desk.actor, found, now=desk.now)
    flash(_("The request is open again."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/kind", may=Action.WORK_CASE, methods=("GET", "POST"), writes=True)
def kind(reference: str) -> ResponseReturnValue:
    found = opened(reference)
    require_work(found)
    form = KindChangeForm(data={"kind": found.kind.value})
    form.kind.choices = [(each.value, _(text)) for each, text in KINDS.items()]

    def page(_problem: Conflict | None = None) -> str:
        return render_template("shared/case/kind.html", form=form, case=found, back=case_address(found.reference))

    if not form.validate_on_submit():
        return page(), form.status
    chosen, typed = CaseKind(form.kind.data), form.received_time.data
    refused = tried(
        form,
        found,
        lambda: actions.change_kind(
            desk.session, desk.actor, found, chosen, at=clock_time(typed) if typed else None, now=desk.now
        ),
        page,
    )
    if refused:
        return refused
    flash(_("Saved. The dates are worked out anew."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/contact", may=Action.WORK_CASE, methods=("GET", "POST"), writes=True, sudo_to_send=True)
def contact(reference: str) -> ResponseReturnValue:
    found = opened(reference)
    require_work(found)
    form = ContactForm(
        data={
            "email": found.contact_email, "telephone": found.contact_telephone, "address": found.contact_address,
            "contact_notes": found.contact_notes,
        }
    )  # fmt: skip
    if not form.validate_on_submit():
        page = render_template("shared/case/contact.html", form=form, case=found, back=case_address(reference))
        return page, form.status
    given = actions.Contact(
        form.email.data or "", form.telephone.data or "", form.address.data or "", form.contact_notes.data or ""
    )
    actions.change_contact(desk.session, desk.actor, found, given, sender=sender(), now=desk.now)
    flash(_("Saved."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/limits", may=Action.LIMIT_CASE, methods=("GET", "POST"), writes=True)
def limits(reference: str) -> ResponseReturnValue:
    found = opened(reference)
    form = LimitForm(data={"people": readers(desk.session, found)})
    form.people.choices = [(person.id, person.name) for person in nameable(desk.session, found)]
    if not form.validate_on_submit():
        page = render_template("shared/case/limits.html", form=form, case=found, back=case_address(reference))
        return page, form.status
    actions.limit(desk.session, desk.actor, found, set(form.people.data or ()), now=desk.now)
    flash(_("Saved."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/purge", may=Action.PURGE_CASE, methods=("GET", "POST"), writes=True, sudo=True)
def purging(reference: str) -> ResponseReturnValue:
    found = opened(reference)
    form = NothingForm()
    if not form.validate_on_submit():
        return render_template("shared/case/purge.html", form=form, case=found, back=case_address(reference))
    purge(desk.session, desk.actor, found, now=desk.now)
    flash(_("The request is deleted for good."), "success")
    return redirect(url_for(beside("inbox.inbox")))


@pages.page("/cases/<reference>/files", may=Action.ADVISE_CASE, methods=("POST",), sudo_to_send=True)
def files(reference: str) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference, to_change=True)
    form = FilesForm()
    try:
        add_files(
            desk.session, desk.actor, found, form.uploads(), key=form.key.data or "", filing=filing(), now=desk.now
        )
    except Invalid as error:
        desk.session.rollback()
        form.files.errors = [_(error.message)]
        return _show(found, NoteForm(formdata=None), form), 422
    flash(_("The files are added."), "success")
    return go_back(reference)


@pages.page("/cases/<reference>/files/<int:number>", may=Action.READ_CASE, writes=True)
def file(reference: str, number: int) -> ResponseReturnValue:
    found = case_by_reference(desk.session, desk.actor, reference)
    return serve(*open_file(desk.session, desk.actor, found, number, filing=filing(), now=desk.now))


def _show(found: Case, form: NoteForm, upload: FilesForm | None = None, assign: AssignForm | None = None) -> str:
    shown = staff_case(desk.session, desk.actor, found, now=desk.now)
    assign = assign or AssignForm(formdata=None, person=found.assignee_id or 0)
    assign.person.choices = [(0, _("Nobody")), *((person.id, person.name) for person in shown.workers)]
    held = files_of(desk.session, found)
    language = current_language().code
    ended = outcome(found.kind, found.outcome)
    return render_template(
        "shared/case/case.html",
        shown=shown,
        case=found,
        form=form,
        assign=assign,
        upload=upload or FilesForm(formdata=None),
        files=held,
        links={each.id: url_for(".file", reference=found.reference, number=each.id) for each in held},
        accept=ACCEPT,
        proved=proved_lately(),
        nothing=NothingForm(formdata=None),
        steps=explained(shown.reading, language, is_staff=True),
        asking=words(shown.forecast.step.message, language, **shown.forecast.step.values) if shown.forecast else "",
        kind=_(KINDS[found.kind]),
        waiting=_(WAITING[found.waiting_for]),
        channel=_(CHANNELS[found.channel]),
        whom=WHOM[Relationship(found.relationship)] if found.relationship in set(Relationship) else "",
        outcome=_(ended.label) if ended else "",
        letter_labels={each.value: _(text) for each, text in LABELS.items()},
        me=desk.actor.person_id,
        inbox=url_for(beside("inbox.inbox")),
        is_central=is_central(),
        Action=Action,
        LetterKind=LetterKind,
    )


def opened(reference: str) -> Case:
    """The case that a form is about: locked when the form is sent, and a line that it was read when it is shown."""
    found = case_by_reference(desk.session, desk.actor, reference, to_change=request.method == "POST")
    if request.method != "POST":
        actions.read_case(desk.session, desk.actor, found, is_writing=True, now=desk.now)
    return found


def go_back(reference: str) -> ResponseReturnValue:
    return redirect(case_address(reference))


def case_address(reference: str) -> str:
    return url_for(".case", reference=reference)
