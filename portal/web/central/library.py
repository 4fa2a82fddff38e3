"""The shared wording: what is in force, drafts of the next release, what they would do, publishing and withdrawing."""

from datetime import time

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.limits import ROWS_PER_PAGE
from portal.core.text import slugify
from portal.identity.permissions import Action, may
from portal.notices import overview, releases
from portal.notices.catching_up import caught_up
from portal.notices.diff import word_diff
from portal.notices.gathering import GENERAL, texts
from portal.notices.lint.reading import grade
from portal.notices.models import ClausePolicy, Release, ReleaseClause, ReleaseStatus
from portal.notices.placeholders import placeholders_in
from portal.notices.planning import plan_release
from portal.notices.queries import release_in_force
from portal.notices.releases import KEY_LENGTH, ClauseWords
from portal.notices.rules import Outcome
from portal.web.door import Audience, Door
from portal.web.forms.notices import KINDS_OF_SCHOOL, DetailsForm, NewReleaseForm, ReleaseForm, SharedClauseForm
from portal.web.languages import LANGUAGES
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.differences import pieces

pages = Door("library", __name__, audience=Audience.CENTRAL)
PLANNING = "planning a release"


@pages.page("/library", may=Action.READ_NOTICE)
def library() -> ResponseReturnValue:
    """The releases of one kind of notice, which `?kind=` chooses."""
    kind = request.args.get("kind", GENERAL)
    kinds = releases.notice_kinds(desk.session)
    if kind not in {one.kind for one in kinds}:
        raise NotFound("There is no such notice.")
    present = release_in_force(desk.session, desk.now, kind=kind)
    return render_template(
        "central/library/library.html", present=present, releases=releases.releases(desk.session, kind=kind),
        kinds=kinds, kind=kind, work=overview.unfinished(desk.session),
        may_edit=may(desk.actor, Action.EDIT_RELEASE, desk.place),
    )  # fmt: skip


@pages.page("/library/releases/new", may=Action.EDIT_RELEASE, methods=("GET", "POST"))
def new_release() -> ResponseReturnValue:
    desk.in_turn("names of releases")
    form = NewReleaseForm(kind=request.args.get("kind", GENERAL))
    form.kind.choices = [
        *((one.kind, one.title or _("The notice for the whole school")) for one in releases.notice_kinds(desk.session)),
        ("", _("A new notice")),
    ]
    if not form.validate_on_submit() or form.effective_on.data is None:
        return render_template("central/library/details.html", form=form, release=None), 422 if form.errors else 200
    at = clock.from_london(form.effective_on.data, time.min)
    try:
        draft = releases.new_draft(
            desk.session, desk.actor, name=form.name.data or "", title=form.title.data or "", effective_at=at,
            now=desk.now, kind=form.kind.data or "", kind_title=form.kind_title.data or "",
        )  # fmt: skip
        draft.reason = form.reason.data or ""
    except Invalid as error:
        form[error.field or "name"].errors = [error.message]
        return render_template("central/library/details.html", form=form, release=None), 422
    is_first = not form.kind.data
    flash(
        _("The draft has sections and no clauses yet.")
        if is_first
        else _("The draft starts from the wording in force."),
        "success",
    )
    return redirect(url_for(".release", name=draft.name))


@pages.page("/library/releases/<name>", may=Action.READ_NOTICE)
def release(name: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name)
    before = releases.release_before(desk.session, found, desk.now)
    old = {one.key: one for one in before.clauses} if before else {}
    words = texts(desk.session, {one.part_hash for one in (*found.clauses, *old.values())})
    changed = {one.key for one in releases.changed_rows(found, before)}
    changes = [
        (one, pieces(words[old[one.key].part_hash] if one.key in old else "", words[one.part_hash]))
        for one in _ordered(found)
        if one.key in changed
    ]
    return render_template(
        "central/library/release.html", release=found, before=before, changes=changes,
        retired=releases.retired_rows(found, before), is_stale=caught_up(desk.session, found, desk.now) is not None,
        clauses=_ordered(found), is_draft=found.status is ReleaseStatus.DRAFT,
        may_edit=may(desk.actor, Action.EDIT_RELEASE, desk.place),
        progress=overview.change_of(desk.session, found), translations=overview.translated(desk.session, found),
        language_names={code: one.name for code, one in LANGUAGES.items()},
    )  # fmt: skip


@pages.page("/library/releases/<name>/details", may=Action.EDIT_RELEASE, methods=("GET", "POST"))
def details(name: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=request.method == "POST")
    form = DetailsForm(
        data={
            "name": found.name, "title": found.title, "reason": found.reason,
            "effective_on": clock.london(found.effective_at).date(),
        }
    )  # fmt: skip
    if not form.validate_on_submit() or form.effective_on.data is None:
        return render_template("central/library/details.html", form=form, release=found), form.status
    releases.describe(
        desk.session, desk.actor, found, title=form.title.data or "", reason=form.reason.data or "",
        effective_at=clock.from_london(form.effective_on.data, time.min), now=desk.now,
    )  # fmt: skip
    flash(_("Saved."), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/releases/<name>/clauses/<key>", may=Action.EDIT_RELEASE, methods=("GET", "POST"))
def clause(name: str, key: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=request.method == "POST")
    row = next((one for one in found.clauses if one.key == key), None)
    if row is None:
        raise NotFound("There is no such clause.")
    form = _clause_form(found, row)
    if form.validate_on_submit():
        answer = _save_clause(found, form, row)
        if answer is not None:
            return answer
    before = releases.release_before(desk.session, found, desk.now)
    old = next((one for one in before.clauses if one.key == key), None) if before else None
    words = texts(desk.session, [one.part_hash for one in (row, old) if one is not None])
    old_text = words[old.part_hash] if old else ""
    return render_template(
        "central/library/clause.html", release=found, row=row, form=form, old=old_text,
        changed=pieces(old_text, form.text.data or ""), grade=_grade(form.text.data or ""),
        placeholders=sorted({one.key for one in placeholders_in(form.text.data or "")}),
        others=[one for one in _ordered(found) if one is not row], is_new=False,
    ), 409 if form.form_errors else 422 if form.errors else 200  # fmt: skip


@pages.page("/library/releases/<name>/additions", may=Action.EDIT_RELEASE, methods=("GET", "POST"))
def addition(name: str) -> ResponseReturnValue:
    """A new clause; `from` names the clause that it is split from."""
    found = releases.release_named(desk.session, name, lock=request.method == "POST")
    split_from = request.args.get("from", "")
    before = releases.release_before(desk.session, found, desk.now)
    if split_from and split_from not in {one.key for one in (*found.clauses, *(before.clauses if before else ()))}:
        raise NotFound("There is no such clause.")
    form = SharedClauseForm(data={"policy": "adaptable", "seen": str(found.version)})
    form.section.choices = [(one.key, one.title) for one in found.sections]
    if form.validate_on_submit():
        taken = {one.key for one in found.clauses}
        wanted = f"{form.section.data}.{slugify(form.title.data or '')[:50] or 'clause'}"[:KEY_LENGTH].rstrip("-")
        key = next(one for one in (wanted, *(f"{wanted}-{count}" for count in range(2, 99))) if one not in taken)
        answer = _save_clause(
            found, form, ReleaseClause(key=key, section_key=form.section.data or "", split_from=split_from, applies=[])
        )
        if answer is not None:
            return answer
    return render_template(
        "central/library/clause.html", release=found, row=None, form=form, old="", changed=[], grade=None,
        placeholders=[], others=[], is_new=True,
    ), 409 if form.form_errors else 422 if form.errors else 200  # fmt: skip


@pages.page("/library/releases/<name>/clauses/<key>/retirement", may=Action.EDIT_RELEASE, methods=("POST",))
def retirement(name: str, key: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=True)
    try:
        releases.retire_clause(
            desk.session, desk.actor, found, key, now=desk.now, reason=request.form.get("reason", "")
        )
    except Invalid as error:
        flash(error.message, "problem")
        return redirect(url_for(".clause", name=name, key=key))
    flash(_("The clause is not part of the draft any more."), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/releases/<name>/clauses/<key>/place", may=Action.EDIT_RELEASE, methods=("POST",))
def place(name: str, key: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=True)
    after = request.form.get("after", "")
    anchor = next((one for one in found.clauses if one.key == after), None)
    row = next((one for one in found.clauses if one.key == key), None)
    section = anchor.section_key if anchor else row.section_key if row else ""
    releases.move_clause(
        desk.session, desk.actor, found, key, section=section, after=after, now=desk.now,
        reason=request.form.get("reason", ""),
    )  # fmt: skip
    flash(_("Moved."), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/releases/<name>/foundation", may=Action.EDIT_RELEASE, methods=("POST",))
def update(name: str) -> ResponseReturnValue:
    """Take into a draft what came out since it was begun."""
    found = releases.release_named(desk.session, name, lock=True)
    titles = releases.bring_up_to_date(desk.session, desk.actor, found, now=desk.now)
    if titles:
        named = ", ".join(f"“{title}”" for title in titles)
        flash(
            _("Both changed these clauses. Look at each and give its reason again: %(titles)s", titles=named), "problem"
        )
    else:
        flash(_("The draft has what came out since it was begun."), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/releases/<name>/plan", may=Action.READ_NOTICE, cross_tenant=PLANNING)
def plan(name: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name)
    planned = plan_release(desk.session, found, now=desk.now)
    wanted = request.args.get("outcome", "")
    lines = [line for line in planned.lines if line.outcome == wanted]
    return render_template(
        "central/library/plan.html", release=found, plan=planned, outcomes=list(Outcome), wanted=wanted,
        lines=lines[: ROWS_PER_PAGE * 4], more=max(0, len(lines) - ROWS_PER_PAGE * 4),
        merges=releases.distinct_merges(desk.session, planned),
        may_edit=may(desk.actor, Action.EDIT_RELEASE, desk.place),
        may_publish=may(desk.actor, Action.PUBLISH_RELEASE, desk.place),
    )  # fmt: skip


@pages.page("/library/releases/<name>/schools/<school>/<key>", may=Action.READ_NOTICE, cross_tenant=PLANNING)
def reading(name: str, school: str, key: str) -> ResponseReturnValue:
    """How one clause of one school will read."""
    found = releases.release_named(desk.session, name)
    planned = plan_release(desk.session, found, now=desk.now)
    line = next((one for one in planned.lines if one.slug == school and one.key == key), None)
    if line is None:
        raise NotFound("This release does not change that.")
    return render_template(
        "central/library/reading.html", release=found, line=line,
        changed=pieces(line.plan.text or "", line.plan.proposed or ""), merge=line.plan.merge,
        conflicts=[(one, word_diff(one.shared, one.local)) for one in line.plan.merge.conflicts]
        if line.plan.merge else [],
    )  # fmt: skip


@pages.page("/library/releases/<name>/merges", may=Action.EDIT_RELEASE, methods=("GET", "POST"), cross_tenant=PLANNING)
def merges(name: str) -> ResponseReturnValue:
    """Each distinct merged text, to be read before the release goes out."""
    found = releases.release_named(desk.session, name)
    planned = plan_release(desk.session, found, now=desk.now)
    lines = releases.distinct_merges(desk.session, planned)
    if request.method == "POST":
        shown = set(request.form.getlist("shown"))
        for line in (one for one, _count, _read in lines if releases.merge_name(one) in shown):
            releases.mark_merge_read(desk.session, desk.actor, line, now=desk.now)
        flash(_("Recorded that the merged texts were read."), "success")
        return redirect(url_for(".plan", name=name))
    words = texts(desk.session, {line.local_hash for line, _, _ in lines if line.local_hash})
    return render_template(
        "central/library/merges.html", release=found, form=ReleaseForm(), merge_name=releases.merge_name,
        merges=[
            (line, count, is_read, pieces(words.get(line.local_hash or "", ""), line.plan.proposed or ""))
            for line, count, is_read in lines
        ],
    )  # fmt: skip


@pages.page(
    "/library/releases/<name>/publication", may=Action.PUBLISH_RELEASE, methods=("POST",), cross_tenant=PLANNING
)
def publication(name: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=True)
    try:
        releases.publish_release(desk.session, desk.actor, found, now=desk.now, must_be_read=True)
    except releases.Unread:
        g.must_roll_back = True
        flash(_("Read the merged texts first: some are new."), "problem")
        return redirect(url_for(".merges", name=name))
    except Invalid as error:
        g.must_roll_back = True
        flash(error.message, "problem")
        return redirect(url_for(".release", name=name))
    page_cache().forget()
    at = clock.london(found.effective_at)
    flash(_("The release counts from %(day)s.", day=f"{at:%d.%m.%Y %H:%M}"), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/releases/<name>/withdrawal", may=Action.PUBLISH_RELEASE, methods=("POST",))
def withdrawal(name: str) -> ResponseReturnValue:
    found = releases.release_named(desk.session, name, lock=True)
    try:
        releases.withdraw_release(desk.session, desk.actor, found, now=desk.now)
    except Invalid as error:
        flash(error.message, "problem")
        return redirect(url_for(".release", name=name))
    page_cache().forget()
    flash(_("The release counts no more. What it said before stays on record."), "success")
    return redirect(url_for(".release", name=name))


@pages.page("/library/drift", may=Action.READ_OVERVIEW, cross_tenant="which schools drift from the library")
def drift() -> ResponseReturnValue:
    return render_template(
        "central/library/drift.html", schools=overview.most_drifted(desk.session),
        clauses=overview.changed_clauses(desk.session),
    )  # fmt: skip


def _save_clause(found: Release, form: SharedClauseForm, row: ReleaseClause) -> ResponseReturnValue | None:
    """The redirect when saved; None when the form now says what is wrong."""
    words = ClauseWords(
        row.key, form.title.data or "", form.text.data or "", form.reason.data or "", form.seen_version,
        ClausePolicy(form.policy.data), bool(form.review.data), bool(form.confirm.data),
        tuple(line.strip() for line in (form.laws.data or "").splitlines() if line.strip()),
        _applies(form, row.applies), section=row.section_key, split_from=row.split_from,
    )  # fmt: skip
    try:
        releases.save_clause(desk.session, desk.actor, found, words, now=desk.now)
    except Invalid as error:
        reason = _("Line %(line)s: %(reason)s", line=error.line, reason=error.message) if error.line else error.message
        named = error.field or "text"
        form[named if named in form else "text"].errors = [reason]
    except Conflict as error:
        form.form_errors = [error.args[0], error.theirs]
        form.seen.data = str(found.version)
    else:
        flash(_("Saved in the draft."), "success")
        return redirect(url_for(".release", name=found.name))
    g.must_roll_back = True
    return None


def _applies(form: SharedClauseForm, present: list[str]) -> tuple[str, ...]:
    """The kinds of school that are ticked: all of them is every school, none of them what it was."""
    ticked = tuple(form.applies.data or present)
    if set(ticked) == set(present):
        return tuple(present)
    return () if len(ticked) == len(KINDS_OF_SCHOOL) else ticked


def _clause_form(found: Release, row: ReleaseClause) -> SharedClauseForm:
    words = texts(desk.session, [row.part_hash])[row.part_hash]
    form = SharedClauseForm(
        data={
            "title": row.title, "text": words, "reason": row.reason, "policy": row.policy.value, "review": row.review,
            "confirm": row.confirm, "laws": "\n".join(row.laws), "section": row.section_key,
            "applies": row.applies or [kind for kind, _words in KINDS_OF_SCHOOL], "seen": str(found.version),
        }
    )  # fmt: skip
    form.section.choices = [(one.key, one.title) for one in found.sections]
    return form


def _ordered(found: Release) -> list[ReleaseClause]:
    order = {one.key: one.position for one in found.sections}
    return sorted(found.clauses, key=lambda one: (order.get(one.section_key, 0), one.position))


def _grade(text: str) -> float | None:
    return grade([text]) if text.strip() else None
