"""The national register by upload: what it would change, applying it, the report after."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.text import clean_name
from portal.directory.queries import register_size
from portal.identity.permissions import Action
from portal.lifecycle.register_uploads import apply_upload, keep_upload, upload_by_id, uploads
from portal.web.door import Audience, Door
from portal.web.forms.onboarding import UploadForm
from portal.web.session import desk

pages = Door("register", __name__, audience=Audience.CENTRAL)
_CHUNK = 1024 * 1024


@pages.page("/register", may=Action.ADD_TENANT, methods=("GET", "POST"))
def register() -> ResponseReturnValue:
    form = UploadForm()
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        page = render_template(
            "central/register/register.html", form=form, uploads=uploads(desk.session), size=register_size(desk.session)
        )
        return page, status
    sent = form.file.data
    codes = [code.strip() for code in (form.authorities.data or "").split(",") if code.strip()]
    row = keep_upload(
        desk.session, desk.actor, desk.settings.data_dir / "register", iter(lambda: sent.stream.read(_CHUNK), b""),
        name=clean_name(sent.filename or "register"), authorities=codes, now=desk.now,
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
