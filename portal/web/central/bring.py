"""Many schools' notices at once, templates as reference editions, proposals for wording that no school may change."""

from datetime import date
from functools import partial

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.limits import FILE_BYTES, FILES_PER_FORM
from portal.identity.permissions import Action
from portal.lifecycle.bring_notice import Comparison, latest_runs
from portal.lifecycle.import_folder import FileReport, Register, as_csv, report_file, run_line
from portal.lifecycle.library_import import import_reference, references
from portal.lifecycle.proposals import open_proposals, settle_proposal
from portal.notices.importing.blocks import Block
from portal.notices.importing.documents import document_blocks
from portal.web.door import Audience, Door
from portal.web.forms.bring import ACCEPTED, AnswerForm, ManyForm, TemplateForm
from portal.web.public.page_cache import pages as page_cache
from portal.web.session import desk
from portal.web.shared.differences import pieces

pages = Door("bring", __name__, audience=Audience.CENTRAL)
REASON = "bringing schools' notices in"
_MAY = Action.EDIT_RELEASE


@pages.page("/bring", may=_MAY, methods=("GET", "POST"), cross_tenant=REASON)
def bring_in() -> ResponseReturnValue:
    form = ManyForm()
    if form.validate_on_submit():
        files = form.files.data or []
        if 0 < len(files) <= FILES_PER_FORM:
            lines = [_read(file) for file in files]
            _say(lines)
            return redirect(url_for(".bring_in"))
        form.files.errors = [_("Choose between 1 and %(most)s files.", most=FILES_PER_FORM)]
    page = render_template(
        "central/bring/bring_in.html", form=form, accept=ACCEPTED, runs=latest_runs(desk.session),
        references=references(desk.session),
    )  # fmt: skip
    return page, 422 if form.errors or form.files.errors else 200


@pages.page("/bring/table.csv", may=_MAY, cross_tenant=REASON)
def table() -> ResponseReturnValue:
    text = as_csv(run_line(school, run) for school, run in latest_runs(desk.session))
    name = f"notices-{london(desk.now).date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(text.encode("utf-8-sig"), mimetype="text/csv", headers=headers)


@pages.page("/bring/templates", may=_MAY, methods=("GET", "POST"), cross_tenant=REASON)
def templates() -> ResponseReturnValue:
    form = TemplateForm()
    if form.validate_on_submit():
        try:
            return _kept(form)
        except Invalid as error:
            form["name" if error.field == "name" else "file"].errors = [_(error.message)]
    page = render_template(
        "central/bring/templates.html", form=form, accept=ACCEPTED, references=references(desk.session)
    )
    return page, 422 if form.errors or form.file.errors or form.name.errors else 200


@pages.page("/bring/proposals", may=Action.READ_NOTICE, cross_tenant=REASON)
def proposals() -> ResponseReturnValue:
    found = open_proposals(desk.session, page_cache().shelf(desk.session), now=desk.now)
    return render_template(
        "central/bring/proposals.html", form=AnswerForm(),
        proposals=[(one, pieces(one.shared, one.row.text)) for one in found],
    )  # fmt: skip


@pages.page("/bring/proposals/<int:proposal_id>", may=Action.READ_NOTICE, methods=("POST",), cross_tenant=REASON)
def answer(proposal_id: int) -> ResponseReturnValue:
    form = AnswerForm()
    if form.validate_on_submit():
        settle_proposal(desk.session, desk.actor, proposal_id, answer=form.answer.data or "", now=desk.now)
        flash(_("Answered. The school sees it beside the clause."), "success")
    else:
        flash(str(form.answer.errors[0]), "problem")
    return redirect(url_for(".proposals"))


def _read(file: FileStorage) -> FileReport:
    comparison, register = Comparison(desk.session, now=desk.now), Register(desk.session)
    try:
        with desk.at_rest():
            blocks = _blocks(file)
    except Invalid as refused:
        return FileReport(str(file.filename), problem=refused.message)
    return report_file(
        desk.session, desk.actor, str(file.filename), partial(tuple, blocks), comparison, register, now=desk.now,
        is_kept=True,
    )  # fmt: skip


def _kept(form: TemplateForm) -> ResponseReturnValue:
    if not form.file.data:
        raise Invalid(_("Choose the template."))
    with desk.at_rest():
        blocks = _blocks(form.file.data)
    issued: date | None = form.effective_on.data
    kept = import_reference(
        desk.session, desk.actor, blocks, name=form.name.data or "", effective_from=issued, now=desk.now
    )
    count = len(kept.template.edition.clauses)
    flash(_("Kept %(count)s clauses to compare with. Nobody’s notice changes.", count=count), "success")
    return redirect(url_for(".templates"))


def _blocks(file: FileStorage) -> tuple[Block, ...]:
    return document_blocks(file.filename or "", file.stream.read(FILE_BYTES + 1))


def _say(lines: list[FileReport]) -> None:
    for line in lines:
        if line.problem:
            flash(f"{line.file}: {_(line.problem)}", "problem")
    read = sum(not line.problem for line in lines)
    if read:
        flash(_("%(count)s notices read and compared. Nothing has changed yet.", count=read), "success")
