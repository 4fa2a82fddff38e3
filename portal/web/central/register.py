"""The national register by upload: what it would change, applying it, the report after."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.text import clean_name
from portal.directory.models import UploadPurpose
from portal.directory.queries import register_size
from portal.identity.permissions import Action
from portal.lifecycle.closures import Outcome, answer_question, open_questions, question_about
from portal.lifecycle.register_uploads import apply_upload, discard_upload, keep_upload, upload_by_id, uploads
from portal.web.door import Audience, Door
from portal.web.forms.onboarding import SuccessorForm, UploadForm
from portal.web.session import desk

pages = Door("register", __name__, audience=Audience.CENTRAL)
_CHUNK = 1024 * 1024


@pages.page("/register", may=Action.ADD_TENANT, methods=("GET", "POST"))
def register() -> ResponseReturnValue:
    form = UploadForm()
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        page = render_template(
            "central/register/register.html", form=form, uploads=uploads(desk.session),
            size=register_size(desk.session), questions=open_questions(desk.session),
        )  # fmt: skip
        return page, status
    sent = form.file.data
    purpose = UploadPurpose(form.purpose.data)
    codes = [code.strip() for code in (form.authorities.data or "").split(",") if code.strip()]
    row = keep_upload(
        desk.session, desk.actor, desk.settings.data_dir / "register", iter(lambda: sent.stream.read(_CHUNK), b""),
        name=clean_name(sent.filename or "register"), authorities=codes, purpose=purpose, now=desk.now,
    )  # fmt: skip
    return redirect(url_for(".upload", upload_id=row.id))


@pages.page("/register/<int:upload_id>", may=Action.ADD_TENANT)
def upload(upload_id: int) -> ResponseReturnValue:
    return render_template("central/register/upload.html", upload=upload_by_id(desk.session, upload_id))


@pages.page("/register/<int:upload_id>/apply", may=Action.ADD_TENANT, methods=("POST",))
def apply(upload_id: int) -> ResponseReturnValue:
    apply_upload(desk.session, desk.actor, upload_by_id(desk.session, upload_id))
    flash(_("The portal is doing it now. This page shows the report when it is done."), "success")
    return redirect(url_for(".upload", upload_id=upload_id))


@pages.page("/register/<int:upload_id>/discard", may=Action.ADD_TENANT, methods=("POST",))
def discard(upload_id: int) -> ResponseReturnValue:
    row = upload_by_id(desk.session, upload_id)
    discard_upload(desk.session, desk.actor, desk.settings.data_dir / "register", row, now=desk.now)
    flash(_("Nothing was changed, and the file was deleted."), "success")
    return redirect(url_for(".register"))


@pages.page("/register/closures", may=Action.ADD_TENANT)
def closures() -> ResponseReturnValue:
    return render_template("central/register/closures.html", questions=open_questions(desk.session))


@pages.page(
    "/register/closures/<urn>", may=Action.ADD_TENANT, methods=("GET", "POST"), cross_tenant="who took over a school"
)
def closure(urn: str) -> ResponseReturnValue:
    question = question_about(desk.session, urn)
    form = SuccessorForm()
    form.successor.choices = [
        *((one.urn, f"{one.name} ({one.urn}, {one.postcode})") for one in question.candidates),
        ("", _("Another school")),
    ]
    if form.validate_on_submit():
        chosen = form.successor.data or form.urn.data or ""
        try:
            answer_question(
                desk.session, desk.actor, urn, Outcome(form.outcome.data), chosen, today=london(desk.now).date(),
                now=desk.now,
            )  # fmt: skip
        except Invalid as error:
            form.urn.errors = [_(error.message)]
        else:
            flash(_("Done. The school's pages say it from now on."), "success")
            return redirect(url_for(".closures"))
    status = 422 if any(field.errors for field in form) else 200
    return render_template("central/register/closure.html", form=form, question=question), status
