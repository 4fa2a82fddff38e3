"""A school's or trust's own notices: every clause, its own words beside the shared ones, open questions.

`?kind=` chooses among its notices; a clause belongs to one of them, so its pages need not be told.
"""

from typing import cast

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Conflict, Invalid, NotFound
from portal.identity.permissions import Action, may
from portal.identity.queries import names
from portal.notices import actions, decisions
from portal.notices.actions import Outcome, Words
from portal.notices.gathering import GENERAL, texts
from portal.notices.models import DecisionChoice, OverrideMode, PreferenceKind, ReviewComment
from portal.notices.wording import ClauseWording, NoticeDesk, clauses_in, notice_desks, preview
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door
from portal.web.forms.fields import number
from portal.web.forms.notices import AdditionForm, ClauseForm, DecisionForm, PreferenceForm
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.differences import pieces, three_sides

pages = Door("notice", __name__, audience=Audience.SCHOOL)


@pages.page("/notice", may=Action.READ_NOTICE)
def notice() -> ResponseReturnValue:
    boards = _boards()
    board = boards.get(request.args.get("kind", GENERAL))
    if board is None:
        raise NotFound("There is no such notice.")
    return _notice_page(boards, board, _preference_form(board))


def _preference_form(board: NoticeDesk) -> PreferenceForm:
    return PreferenceForm(value=board.school.stance.preference_at(desk.now).value)


def _notice_page(boards: dict[str, NoticeDesk], board: NoticeDesk, form: PreferenceForm) -> str:
    return render_template(
        "school/notice/notice.html", board=board, sections=clauses_in(board), form=form, may_edit=_may_edit(),
        tenant=_tenant(), may_bring=may(desk.actor, Action.IMPORT_NOTICE, desk.place), boards=boards,
        kind=_asked(board),
    )  # fmt: skip


@pages.page("/notice/clauses/<key>", may=Action.READ_NOTICE, methods=("GET", "POST"))
def clause(key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(key)
    wording = board.clause(key)
    form = ClauseForm(data=_typed(wording)) if request.method == "GET" else ClauseForm()
    if not form.validate_on_submit():
        return _clause_page(board, wording, form, 422 if form.errors else 200)
    words = Words(
        key, wording.clause_key, wording.mode if wording.mode is not OverrideMode.OMIT else OverrideMode.ADAPT,
        form.text.data or "", title=form.title.data or "" if wording.is_local else "",
        base_hash=form.base.data or wording.parent_hash, seen=form.seen_version, reason=form.reason.data or "",
        own=form.seen_own,
    )  # fmt: skip
    try:
        return _do(board, wording, words)
    except Invalid as error:
        _mark(form, error)
        return _clause_page(board, wording, form, 422)
    except Conflict as error:
        form.form_errors = [error.args[0]]
        form.seen.data = str(wording.draft.version if wording.draft else 0)
        form.own.data = _own_id(wording)
        return _clause_page(board, wording, form, 409, theirs=error.theirs)


@pages.page("/notice/clauses/<key>/absence", may=Action.PUBLISH_OVERRIDE, methods=("POST",))
def absence(key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(key)
    own = number(request.form.get("own"))
    try:
        actions.leave_out(desk.session, desk.actor, _tenant(), board, key, now=desk.now, own=own)
    except Conflict as error:
        return _changed_meanwhile(key, error)
    page_cache().forget()
    flash(_("The clause is left out from now on."), "success")
    return redirect(url_for(".notice", kind=_asked(board)))


@pages.page("/notice/clauses/<key>/sharing", may=Action.PUBLISH_OVERRIDE, methods=("POST",))
def sharing(key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(key)
    seen, own = number(request.form.get("seen")) or 0, number(request.form.get("own"))
    try:
        actions.use_shared(desk.session, desk.actor, _tenant(), board, key, now=desk.now, seen=seen, own=own)
    except Conflict as error:
        return _changed_meanwhile(key, error)
    page_cache().forget()
    flash(_("The notice uses the shared words again. Yours are kept in the record."), "success")
    return redirect(url_for(".notice", kind=_asked(board)))


@pages.page("/notice/clauses/<key>/draft/removal", may=Action.EDIT_OVERRIDE, methods=("POST",))
def draft_removal(key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(key)
    actions.drop_draft(desk.session, desk.actor, _tenant(), key, now=desk.now)
    flash(_("The draft is gone."), "success")
    return redirect(url_for(".notice", kind=_asked(board)))


@pages.page("/notice/additions/<clause_key>", may=Action.EDIT_OVERRIDE, methods=("GET", "POST"))
def addition(clause_key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(clause_key)
    anchor = board.clause(clause_key)
    form = AdditionForm()
    if not form.validate_on_submit():
        return render_template("school/notice/addition.html", anchor=anchor, form=form), 422 if form.errors else 200
    key = actions.local_key(form.title.data or "", board.keys, kind=board.kind)
    words = Words(key, anchor.clause_key, OverrideMode(form.mode.data), form.text.data or "", form.title.data or "")
    try:
        actions.save_draft(desk.session, desk.actor, _tenant(), board, words, now=desk.now)
    except Invalid as error:
        _mark(form, error)
        return render_template("school/notice/addition.html", anchor=anchor, form=form), 422
    flash(_("Saved as a draft. Read it once more and publish it."), "success")
    return redirect(url_for(".clause", key=key))


@pages.page("/notice/questions/<int:decision_id>", may=Action.READ_NOTICE, methods=("GET", "POST"))
def question(decision_id: int) -> ResponseReturnValue:
    _in_turn()
    row = decisions.decision(desk.session, _tenant(), decision_id, lock=request.method == "POST")
    merged = decisions.merge_of(desk.session, row)
    form, theirs = DecisionForm(), None
    if request.method == "GET":
        form.text.data = merged.text
    if form.validate_on_submit():
        try:
            return _settle(row.id, DecisionChoice(request.form.get("do", "")), form)
        except (Invalid, ValueError) as error:
            _mark(form, error if isinstance(error, Invalid) else Invalid(_("Choose one of the buttons.")))
        except Conflict as error:
            g.must_roll_back = True
            form.form_errors, theirs = [error.args[0]], error.theirs
    base, shared, local = decisions.three_texts(desk.session, row)
    talk = decisions.comments(desk.session, _tenant(), row.key)
    board = _board(row.key)
    return render_template(
        "school/notice/question.html", kind=_asked(board), row=row, form=form, merged=merged, shared=shared,
        local=local, sides=three_sides(merged, base, shared, local),
        changed=pieces(base, shared), result=pieces(local, merged.text), clause=board.clauses.get(row.key),
        may_edit=_may_edit(), talk=talk, people=_people(talk), theirs=theirs,
    ), 409 if theirs is not None else 422 if form.errors else 200  # fmt: skip


@pages.page("/notice/changes/<key>", may=Action.READ_NOTICE, methods=("GET", "POST"))
def change(key: str) -> ResponseReturnValue:
    _in_turn()
    board = _board(key)
    wording = board.clause(key)
    if wording.waiting is None:
        flash(_("This was answered already."), "info")
        return redirect(url_for(".notice", kind=_asked(board)))
    form = DecisionForm()
    offered = wording.waiting.clause.part_hash if wording.waiting.clause else ""
    if form.validate_on_submit():
        answer = request.form.get("do", "")
        if answer not in {"yes", "no", "ask"}:
            flash(_("Choose one of the buttons."), "problem")
            return redirect(url_for(".change", key=key))
        if answer == "ask":
            actions_text = form.question.data or ""
            decisions.ask_dpo(desk.session, desk.actor, _tenant(), board, key, question=actions_text, now=desk.now)
            flash(_("The DPO team was asked. The notice stays as it is meanwhile."), "success")
        else:
            try:
                decisions.answer_change(
                    desk.session, desk.actor, _tenant(), board, key, shared_hash=request.form.get("offered", ""),
                    takes=answer == "yes", now=desk.now,
                )  # fmt: skip
            except Invalid as error:
                flash(error.message, "problem")
                return redirect(url_for(".change", key=key))
            page_cache().forget()
            flash(_("Recorded. The notice says so from now on."), "success")
        return redirect(url_for(".notice", kind=_asked(board)))
    new = texts(desk.session, [offered])[offered] if offered else ""
    return render_template(
        "school/notice/change.html", kind=_asked(board), wording=wording, new=new, offered=offered, form=form,
        changed=pieces(wording.parent, new), may_edit=_may_edit(),
    )  # fmt: skip


@pages.page("/notice/preference", may=Action.PUBLISH_OVERRIDE, methods=("POST",))
def preference() -> ResponseReturnValue:
    _in_turn()
    boards = _boards()
    board = next(iter(boards.values()))
    form = _preference_form(board)
    if form.is_stale:
        return _notice_page(boards, board, form), 409
    if form.validate_on_submit():
        actions.prefer(desk.session, desk.actor, _tenant(), PreferenceKind(form.value.data), now=desk.now)
        page_cache().forget()
        flash(_("Recorded."), "success")
    return redirect(url_for(".notice"))


def _do(board: NoticeDesk, wording: ClauseWording, words: Words) -> ResponseReturnValue:
    """Save or publish, and say what became of it."""
    tenant = _tenant()
    if request.form.get("do") != "publish":
        actions.save_draft(desk.session, desk.actor, tenant, board, words, now=desk.now)
        flash(_("Saved as a draft. Nobody else sees it yet."), "success")
        return redirect(url_for(".clause", key=wording.key))
    outcome = actions.publish(desk.session, desk.actor, tenant, board, words, now=desk.now)
    page_cache().forget()
    said = {
        Outcome.PUBLISHED: _("Published. The notice says so now."),
        Outcome.ALREADY_DONE: _("Published. The notice says so now."),
        Outcome.SAME_AS_SHARED: _("These are the shared words: the notice follows them again."),
        Outcome.SENT_FOR_REVIEW: _("Sent to the DPO team, who must agree to this clause. The notice stays as it is."),
        Outcome.MERGED: _("The shared words changed meanwhile. Both changes are put together below: read and publish."),
        Outcome.DIFFERS: _(
            "The shared words changed meanwhile, in the same place. Compare the three texts and decide."
        ),
    }
    waits = outcome in {Outcome.MERGED, Outcome.DIFFERS}
    flash(said[outcome], "info" if waits else "success")
    if outcome is Outcome.DIFFERS:
        asked = decisions.question_about_draft(desk.session, tenant, wording.key)
        return redirect(url_for(".question", decision_id=asked.id))
    return redirect(url_for(".clause", key=wording.key) if waits else url_for(".notice", kind=_asked(board)))


def _changed_meanwhile(key: str, error: Conflict) -> ResponseReturnValue:
    """Back to the clause, which shows what somebody else saved."""
    g.must_roll_back = True
    flash(error.args[0], "problem")
    return redirect(url_for(".clause", key=key))


def _settle(decision_id: int, choice: DecisionChoice, form: DecisionForm) -> ResponseReturnValue:
    tenant = _tenant()
    row = decisions.decision(desk.session, tenant, decision_id, lock=True)
    board = _board(row.key)
    if choice is DecisionChoice.ASK:
        decisions.comment(desk.session, desk.actor, tenant, row.key, form.question.data or "", now=desk.now)
    decisions.decide(desk.session, desk.actor, tenant, row, choice, text=form.text.data or "", desk=board, now=desk.now)
    page_cache().forget()
    if choice is DecisionChoice.ASK:
        said = _("The DPO team was asked. The notice stays as it is meanwhile.")
    elif row.settled_at is None:
        said = _("Sent to the DPO team, who must agree to this clause. The notice stays as it is.")
    else:
        said = _("Settled and recorded.")
    flash(said, "success")
    return redirect(url_for(".notice", kind=_asked(board)))


def _clause_page(
    board: NoticeDesk, wording: ClauseWording, form: ClauseForm, status: int, *, theirs: str | None = None
) -> ResponseReturnValue:
    if status != 200:
        g.must_roll_back = True
    base = form.base.data or wording.parent_hash
    before = texts(desk.session, [base]).get(base, "") if base and base != wording.parent_hash else ""
    shown, gaps = preview(
        desk.session, board, wording.key, mode=wording.mode, clause_key=wording.clause_key, title=wording.title,
        text=form.text.data or wording.parent, now=desk.now,
    ) if not form.errors else (None, [])  # fmt: skip
    talk = decisions.comments(desk.session, _tenant(), wording.key)
    return render_template(
        "school/notice/clause.html", kind=_asked(board), wording=wording, form=form, shown=shown, gaps=gaps,
        theirs=theirs, changed=pieces(wording.parent, form.text.data or "") if wording.parent else [],
        since=pieces(before, wording.parent) if before else [], may_edit=_may_edit() and not wording.is_locked,
        talk=talk, people=_people(talk),
    ), status  # fmt: skip


def _typed(wording: ClauseWording) -> dict[str, str]:
    """What the editor starts from: the draft, else what the notice says."""
    draft = wording.draft
    if draft is not None:
        return {
            "title": draft.title, "text": draft.text, "seen": str(draft.version),
            "base": draft.base_hash or wording.parent_hash, "own": _own_id(wording),
        }  # fmt: skip
    title = wording.own.title if wording.own else ""
    base = wording.own.base_hash if wording.own and wording.own.base_hash else wording.parent_hash
    return {"title": title, "text": wording.text or wording.parent, "seen": "0", "base": base, "own": _own_id(wording)}


def _own_id(wording: ClauseWording) -> str:
    return str(wording.own.id if wording.own else 0)


def _mark(form: ClauseForm | AdditionForm | DecisionForm, error: Invalid) -> None:
    """Show a fault beside the field it was typed in, with its line."""
    g.must_roll_back = True
    words = _("Line %(line)s: %(reason)s", line=error.line, reason=error.message) if error.line else error.message
    named = error.field or "text"
    form[named if named in form else "text"].errors = [words]


def _people(talk: list[ReviewComment]) -> dict[int, str]:
    return names(desk.session, {one.written_by for one in talk if one.written_by})


def _boards() -> dict[str, NoticeDesk]:
    return notice_desks(desk.session, _tenant(), now=desk.now, shelf=page_cache().shelf(desk.session))


def _board(key: str) -> NoticeDesk:
    """The notice that has the clause; the first where none has."""
    boards = list(_boards().values())
    return next((board for board in boards if key in board.clauses), boards[0])


def _asked(board: NoticeDesk) -> str | None:
    """The kind for addresses: the general notice's have none."""
    return None if board.kind == GENERAL else board.kind


def _in_turn() -> None:
    """One change of a school's wording at a time: whoever comes second meets what the first wrote."""
    desk.in_turn(f"school {_tenant().id}")


def _tenant() -> Tenant:
    return cast("Tenant", desk.tenant)


def _may_edit() -> bool:
    return may(desk.actor, Action.EDIT_OVERRIDE, desk.place)
