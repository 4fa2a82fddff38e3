"""Bringing the school's own notice in: hand it over, read it beside the library, decide, apply, take back."""

from typing import cast

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from portal.core.clock import london
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.core.limits import FILE_BYTES
from portal.identity.permissions import Action
from portal.identity.queries import names
from portal.lifecycle.bring_notice import (
    Comparison,
    bring,
    choose,
    correct,
    drop,
    report_of,
    run_by_id,
    runs_of,
    steps_of,
)
from portal.lifecycle.import_apply import apply_import, undo_import
from portal.lifecycle.import_corrections import Correction
from portal.lifecycle.import_plan import DEEDS, Choices, Deed, base_texts
from portal.lifecycle.side_by_side import runs
from portal.notices.importing.blocks import Block
from portal.notices.importing.documents import document_blocks, pasted_blocks
from portal.notices.importing.report import LABELS, Class, Entry
from portal.notices.models import ImportRun
from portal.notices.placeholders import FACTS
from portal.notices.wording import NoticeDesk, notice_desk
from portal.tenancy.models import Tenant, TenantKind
from portal.web.door import Audience, Door
from portal.web.forms.bring import ACCEPTED, BlockForm, BringForm
from portal.web.forms.fields import number
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.differences import pieces

pages = Door("bring", __name__, audience=Audience.SCHOOL)
_MAY = Action.IMPORT_NOTICE
SHORT = {
    Class.INHERITED: N_("Shared now"),
    Class.OLDER: N_("Older shared"),
    Class.REWORDED: N_("Own words"),
    Class.LOCAL: N_("Only ours"),
    Class.FACT: N_("Data"),
    Class.MISSING: N_("Missing"),
    Class.HEADING: N_("Heading"),
    Class.OBSOLETE: N_("Out of date"),
}
COLOURS = {
    Class.INHERITED: "green",
    Class.OLDER: "teal",
    Class.REWORDED: "purple",
    Class.LOCAL: "blue",
    Class.FACT: "grey",
    Class.MISSING: "orange",
    Class.HEADING: "grey",
    Class.OBSOLETE: "red",
}


@pages.page("/bring", may=_MAY, methods=("GET", "POST"))
def bring_in() -> ResponseReturnValue:
    tenant = _school()
    form = BringForm()
    if not form.validate_on_submit():
        return _form_page(form, 422 if form.errors else 200)
    comparison = Comparison(desk.session, now=desk.now)
    try:
        with desk.at_rest():
            blocks, name = handed_in(form.file.data, form.text.data or "")
            report = comparison.for_school(comparison.report(blocks), tenant)
    except Invalid as error:
        field = form.file if form.file.data else form.text
        field.errors = [_(error.message)]
        return _form_page(form, 422)
    run = bring(desk.session, desk.actor, tenant, blocks, document=name, now=desk.now, report=report)
    flash(_("Read and compared. Nothing has changed yet."), "success")
    return redirect(url_for(".compared", run_id=run.id))


@pages.page("/bring/<int:run_id>", may=_MAY)
def compared(run_id: int) -> ResponseReturnValue:
    run = _run(run_id)
    report, board = report_of(run), _board()
    steps = steps_of(desk.session, _school(), run, now=desk.now) if run.applied_at is None else []
    bases = base_texts(desk.session, report)
    shown = runs(report, board, steps, bases)
    return render_template(
        "school/bring/compared.html", run=run, report=report, runs=shown, steps=steps, board=board,
        differences={
            one.clause: pieces(one.base or one.shared, one.step.text)
            for one in shown
            if one.step is not None and one.is_first and one.step.text
        },
        choices=Choices.of(run.choices),
        people=names(desk.session, {run.made_by} if run.made_by is not None else set()),
        **_labels(),
    )  # fmt: skip


@pages.page("/bring/<int:run_id>/blocks/<int:index>", may=_MAY, methods=("GET", "POST"))
def block(run_id: int, index: int) -> ResponseReturnValue:
    run = _run(run_id)
    entry = _entry(run, index)
    form = BlockForm(kind=entry.kind.value, clause=entry.clause or "", seen=str(run.version))
    form.clause.choices = [("", _("None")), *((key, one.title) for key, one in _board().clauses.items() if one.shared)]
    if not form.validate_on_submit():
        return render_template("school/bring/block.html", run=run, entry=entry, form=form), 422 if form.errors else 200
    correction = Correction(index, Class(form.kind.data), form.clause.data or "")
    try:
        correct(desk.session, desk.actor, _school(), run, correction, seen=form.seen_version, now=desk.now)
    except Invalid as error:
        form[error.field or "kind"].errors = [_(error.message)]
        return render_template("school/bring/block.html", run=run, entry=entry, form=form), 422
    flash(_("Noted. Nothing has changed in the notice yet."), "success")
    return redirect(url_for(".compared", run_id=run_id, _anchor=f"block-{index}"))


@pages.page("/bring/<int:run_id>/choices", may=_MAY, methods=("POST",))
def choices(run_id: int) -> ResponseReturnValue:
    run = _run(run_id)
    what, key, value = (request.form.get(name, "")[:100] for name in ("what", "key", "value"))
    choose(desk.session, desk.actor, _school(), run, _chosen(run, what, key, value), seen=_seen())
    return redirect(url_for(".compared", run_id=run_id, _anchor=request.form.get("anchor", "")[:20] or None))


@pages.page("/bring/<int:run_id>/application", may=_MAY, methods=("POST",))
def application(run_id: int) -> ResponseReturnValue:
    run = _run(run_id)
    steps = apply_import(desk.session, desk.actor, _school(), run, now=desk.now, seen=_seen())
    page_cache().forget()
    waiting = sum(step.deed in {Deed.DRAFT, Deed.REVIEW, Deed.PROPOSAL} for step in steps)
    flash(_("Applied. %(count)s pieces of wording wait as drafts or for the DPO team.", count=waiting), "success")
    return redirect(url_for(".compared", run_id=run_id))


@pages.page("/bring/<int:run_id>/undoing", may=_MAY, methods=("POST",))
def undoing(run_id: int) -> ResponseReturnValue:
    undo_import(desk.session, desk.actor, _school(), _run(run_id), now=desk.now)
    page_cache().forget()
    flash(_("Taken back. What somebody changed since stays as it is; earlier versions keep what they said."), "success")
    return redirect(url_for(".compared", run_id=run_id))


@pages.page("/bring/<int:run_id>/removal", may=_MAY, methods=("POST",))
def removal(run_id: int) -> ResponseReturnValue:
    drop(desk.session, desk.actor, _school(), _run(run_id), seen=_seen())
    flash(_("The report is gone. The notice was not changed."), "success")
    return redirect(url_for(".bring_in"))


def handed_in(file: FileStorage | None, text: str) -> tuple[tuple[Block, ...], str]:
    """The paragraphs of an uploaded or pasted document, and its name. Raises `Invalid`."""
    if file is not None and file.filename:
        return document_blocks(file.filename, file.stream.read(FILE_BYTES + 1)), file.filename
    if not text.strip():
        raise Invalid(_("Paste the text of the notice, or choose a file."))
    return pasted_blocks(text), _("pasted text")


def _form_page(form: BringForm, status: int) -> ResponseReturnValue:
    made = runs_of(desk.session, _school())
    page = render_template("school/bring/bring_in.html", form=form, school=_school(), runs=made, accept=ACCEPTED)
    return page, status


def _chosen(run: ImportRun, what: str, key: str, value: str) -> Choices:
    """Raises `Invalid` for what no button of the page sends."""
    present = Choices.of(run.choices)
    if what == "clause" and value in {"shared", "own", "omit", ""}:
        clauses = {one: chosen for one, chosen in present.clauses.items() if one != key}
        return Choices(clauses | ({key: value} if value else {}), present.facts, present.dropped)
    if what == "fact":
        facts = present.facts | {key} if value == "take" else present.facts - {key}
        return Choices(present.clauses, facts, present.dropped)
    if what == "local" and (paragraph := number(key)) is not None:
        index = frozenset({paragraph})
        dropped = present.dropped | index if value == "drop" else present.dropped - index
        return Choices(present.clauses, present.facts, dropped)
    raise Invalid(_("Choose one of the buttons."))


def _labels() -> dict[str, object]:
    return {
        "labels": LABELS,
        "short": SHORT,
        "known_facts": FACTS,
        "colours": COLOURS,
        "deeds": DEEDS,
        "day": london(desk.now).date(),
    }


def _seen() -> int:
    seen = number(request.form.get("seen"))
    if seen is None:
        raise Conflict(_("Open the page again: it is not clear which decisions you saw."))
    return seen


def _school() -> Tenant:
    tenant = cast("Tenant", desk.tenant)
    if tenant.kind is not TenantKind.SCHOOL:
        raise NotFound("Only schools have a notice to bring in.")
    return tenant


def _board() -> NoticeDesk:
    return notice_desk(desk.session, _school(), now=desk.now, shelf=page_cache().shelf(desk.session))


def _run(run_id: int) -> ImportRun:
    return run_by_id(desk.session, _school(), run_id)


def _entry(run: ImportRun, index: int) -> Entry:
    entry = next((one for one in report_of(run).entries if one.block.index == index), None)
    if entry is None:
        raise NotFound("There is no such paragraph.")
    return entry
