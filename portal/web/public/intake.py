"""Sending a request: one question a page, check, send once. The answers wait on the server, not in the browser."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from portal.casework.drafts import Draft, answers_hash, find_draft, keep_answers, mark_sent, new_draft
from portal.casework.file_kinds import ACCEPT
from portal.casework.files import add_draft_files, adopt_files, draft_files, remove_file
from portal.casework.intake import open_case
from portal.casework.kinds import GOAL_HINTS, WAY_HINTS, Goal, ways
from portal.casework.models import Case
from portal.casework.once import keep_result, take_key
from portal.casework.progress import read_clock
from portal.casework.questions import Question, before, first_unanswered, kind_of, questions, seen
from portal.casework.wording import explained
from portal.core.errors import Conflict, Invalid
from portal.core.i18n import N_
from portal.identity import throttle
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant, TenantStatus
from portal.tenancy.queries import facts_at, takes_requests
from portal.tenancy.scope import every_tenant
from portal.web.door import Audience, Door, Needs
from portal.web.files import filing
from portal.web.forms.intake import FORMS, CheckForm, DetailsForm, QuestionForm
from portal.web.languages import current_language
from portal.web.public.answers import as_request, is_about_head, is_confidential, summary
from portal.web.public.schools import enter_school, facts_of
from portal.web.sender import sender
from portal.web.session import desk

pages = Door("public_requests", __name__, audience=Audience.PUBLIC)
ROUTE = "request"
LATER = "<any(kind,who,person,details,name,contact,answer):step>"


@pages.page("/schools/<slug>/requests/start", may=Needs.NOTHING, methods=("GET", "POST"))
def start(slug: str) -> ResponseReturnValue:
    return _ask(slug, Question.START)


@pages.page(f"/schools/<slug>/requests/{LATER}", may=Needs.NOTHING, methods=("GET", "POST"))
def question(slug: str, step: str) -> ResponseReturnValue:
    return _ask(slug, Question(step))


@pages.page("/schools/<slug>/requests/check", may=Needs.NOTHING, methods=("GET", "POST"))
def check(slug: str) -> ResponseReturnValue:
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".start", slug=school))
    if not takes_requests(desk.session, school):
        return redirect(url_for(".start", slug=slug))
    with desk.acting_for(school):
        draft = _draft(school)
        if draft is None:
            return redirect(url_for(".start", slug=slug))
        form = CheckForm()
        if request.method == "POST":
            return _send(school, draft, form)
        missing = Question.START if draft.is_sent else first_unanswered(draft.answers, school.law)
        return redirect(_address(slug, missing)) if missing else _show(school, draft, form)


@pages.page("/schools/<slug>/requests/sent", may=Needs.NOTHING)
def sent(slug: str) -> ResponseReturnValue:
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".start", slug=school))
    with desk.acting_for(school):
        draft = _draft(school)
        if draft is None or not draft.is_sent:
            return redirect(url_for(".start", slug=slug))
        with every_tenant(desk.session, "a confidential question is the service's"):
            case = desk.session.get_one(Case, int(draft.answers["case"]))
            reading = read_clock(desk.session, case)
        return render_template(
            "public/requests/sent.html",
            school=school,
            is_confidential=case.tenant_id != school.id,
            case=case,
            due=case.due_at or case.due_on,
            steps=explained(reading, current_language().code),
            link=desk.settings.address(draft.answers["link"]),
            pin=draft.answers["pin"],
            find=desk.settings.address(url_for("public_cases.by_reference")),
        )


def _ask(slug: str, page: Question) -> ResponseReturnValue:
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".start", slug=school))
    if not takes_requests(desk.session, school):
        return _not_here(school)
    with desk.acting_for(school):
        draft = _draft(school)
        answers = dict(draft.answers) if draft is not None and not draft.is_sent else {}
        if page not in questions(answers, school.law) or ("goal" not in answers and page is not Question.START):
            if request.method == "POST" and (draft is None or not draft.is_sent):
                _keep_last(school, page, draft)
            return redirect(url_for(".start", slug=slug))
        form = _form(page, answers, school)
        if draft is not None and request.method == "POST" and request.form.get("remove"):
            _remove(draft, request.form["remove"])
            return redirect(request.full_path.rstrip("?"))
        if form.validate_on_submit():
            form_seen = seen(page, answers, school.law)
            kept = draft = _keep(school, draft, {**form.answered(), f"seen_{page}": form_seen})
            if not isinstance(form, DetailsForm) or _attach(kept, form):
                return redirect(_next(slug, page, kept, school))
        return _page(school, page, form, answers, draft), 422 if form.errors else 200


def _not_here(school: Tenant) -> ResponseReturnValue:
    """Nothing can be sent to a school that has closed, or to a real one in a demonstration."""
    if school.status is TenantStatus.CLOSED:
        return redirect(url_for("public_schools.school", slug=school.slug))
    return render_template("public/requests/only_shown.html", school=school, facts=facts_of(school))


def _attach(draft: Draft, form: DetailsForm) -> bool:
    """Keep the chosen files with the draft; False, with the error beside the field, when one cannot be taken."""
    if not form.uploads():
        return True
    throttle.count(desk.session, throttle.UPLOAD_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    try:
        add_draft_files(desk.session, draft.row, form.uploads(), filing=filing(), now=desk.now)
    except Invalid as error:
        form.files.errors = [gettext(error.message)]
        return False
    _note_files(draft)
    return True


def _remove(draft: Draft, number: str) -> None:
    for row in draft_files(desk.session, draft.row):
        if str(row.id) == number:
            remove_file(desk.session, row, now=desk.now)
    _note_files(draft)


def _note_files(draft: Draft) -> None:
    """The files are among the answers that are checked and sent."""
    desk.session.flush()  # gives the ids
    numbers = ",".join(str(row.id) for row in draft_files(desk.session, draft.row))
    keep_answers(draft, {"files": numbers}, desk.house.keys)


def _form(page: Question, answers: dict[str, str], school: Tenant) -> QuestionForm:
    kind = kind_of(answers, school.law)
    values = {**answers, **{name: answers.get(name) == "yes" for name in ("about_head", "is_confidential")}}
    values.pop("files", None)  # the numbers of those kept; the field holds those chosen now
    form = FORMS[page](data=values)
    kinds = ways(Goal(answers["goal"]), school.law) if "goal" in answers else ()
    form.suit({**answers, "resolved_kind": kind.value if kind else "question"}, kinds)
    return form


def _page(school: Tenant, page: Question, form: QuestionForm, answers: dict[str, str], draft: Draft | None) -> str:
    back = before(page, answers, school.law)
    href = url_for("public_schools.school", slug=school.slug) if back is None else _address(school.slug, back)
    return render_template(
        "public/requests/question.html",
        school=school,
        form=form,
        page=page,
        kind=kind_of(answers, school.law),
        goal=answers.get("goal"),
        back_href=url_for(".check", slug=school.slug) if "check" in request.args else href,
        hints={key.value: gettext(text) for key, text in (*GOAL_HINTS.items(), *WAY_HINTS.items())},
        facts=facts_at(desk.session, school.id, desk.now) if page is Question.DETAILS else {},
        files=draft_files(desk.session, draft.row) if draft is not None and page is Question.DETAILS else [],
        accept=ACCEPT,
        sent=_sent_before(draft) if page is Question.START else "",
    )


def _sent_before(draft: Draft | None) -> str:
    """The reference of the request that this browser sent a moment ago: whoever goes back should know that it went."""
    case = desk.session.get(Case, int(draft.answers["case"])) if draft is not None and draft.is_sent else None
    return case.reference if case is not None else ""


def _keep(school: Tenant, draft: Draft | None, answers: dict[str, str]) -> Draft:
    if draft is None or draft.is_sent:
        throttle.count(desk.session, throttle.DRAFT_NETWORK, throttle.network(request.remote_addr), now=desk.now)
        draft, token = new_draft(desk.session, school.id, now=desk.now)
        session["intake"] = {**session.get("intake", {}), school.slug: token}
    keep_answers(draft, answers, desk.house.keys)
    return draft


def _keep_last(school: Tenant, page: Question, draft: Draft | None) -> None:
    """The answers before were kept for a day only; those that were typed just now begin new ones."""
    if page is Question.KIND or school.slug not in session.get("intake", {}):
        return
    form = _form(page, {}, school)
    if form.validate_on_submit():
        _keep(school, draft, form.answered())
    words = N_("Your answers were kept for a day, and have ended. Please start again; what you sent just now is kept.")
    flash(gettext(words), "info")


def _next(slug: str, page: Question, draft: Draft, school: Tenant) -> str:
    order = questions(draft.answers, school.law)
    missing = first_unanswered(draft.answers, school.law)
    if "check" in request.args or missing is None:
        return _address(slug, missing) if missing else url_for(".check", slug=slug)
    following = order[order.index(page) + 1 :] if page in order else order
    return _address(slug, following[0] if following else missing)


def _address(slug: str, page: Question) -> str:
    return url_for(".start", slug=slug) if page is Question.START else url_for(".question", slug=slug, step=page.value)


def _draft(school: Tenant) -> Draft | None:
    token = (session.get("intake") or {}).get(school.slug)
    return find_draft(desk.session, str(token), desk.house.keys, now=desk.now) if token else None


def _show(school: Tenant, draft: Draft, form: CheckForm, *, changed: bool = False) -> ResponseReturnValue:
    form.key.data, form.seen.data = draft.row.key, answers_hash(school.id, draft.answers)
    page = render_template(
        "public/requests/check.html",
        school=school,
        form=form,
        is_confidential=is_confidential(draft.answers, school),
        is_about_head=is_about_head(draft.answers, school),
        rows=summary(school, draft.answers, [row.name for row in draft_files(desk.session, draft.row)]),
        back_href=_address(school.slug, questions(draft.answers, school.law)[-1]),
        changed=changed,
    )
    return page, 409 if changed else 200


def _send(school: Tenant, draft: Draft, form: CheckForm) -> ResponseReturnValue:
    key, seen = (form.key.data or "")[:64], (form.seen.data or "")[:64]
    if not draft.is_sent and seen != answers_hash(school.id, draft.answers):
        return _show(school, draft, form, changed=True)
    throttle.count(desk.session, throttle.REQUEST_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    try:
        made = take_key(desk.session, ROUTE, key, seen, now=desk.now)
    except Conflict:
        return render_template("public/requests/already_sent.html", school=school), 409
    if made is not None or draft.is_sent:
        return redirect(url_for(".sent", slug=school.slug))
    new = as_request(draft.answers, school, now=desk.now, language=current_language().code)
    opened = open_case(desk.session, PUBLIC, school, new, sender=sender(), now=desk.now)
    adopt_files(desk.session, draft.row, opened.case, filing=filing(), now=desk.now)
    keep_result(desk.session, ROUTE, key, str(opened.case.id))
    mark_sent(
        draft,
        {"case": str(opened.case.id), "link": opened.link, "pin": opened.pin},
        desk.house.keys,
        now=desk.now,
    )
    return redirect(url_for(".sent", slug=school.slug))
