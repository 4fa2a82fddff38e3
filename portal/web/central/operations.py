"""For operators: letters that were given up, and what the worker does."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.errors import NotFound
from portal.identity.actions import witness
from portal.identity.permissions import Action
from portal.outbox.actions import retry
from portal.outbox.queries import counts, dead_letters
from portal.web.door import Audience, Door
from portal.web.session import desk

pages = Door("operations", __name__, audience=Audience.CENTRAL)


@pages.page("/operations", may=Action.OPERATE, cross_tenant="operations")
def operations() -> ResponseReturnValue:
    return render_template("central/operations/operations.html", counts=counts(desk.session), letters=dead_letters(desk.session))


@pages.page("/operations/letters/<int:letter_id>/retry", may=Action.OPERATE, methods=("POST",), cross_tenant="operations")
def retry_letter(letter_id: int) -> ResponseReturnValue:
    letter = next((letter for letter in dead_letters(desk.session) if letter.id == letter_id), None)
    if letter is None:
        raise NotFound("There is no such letter.")
    retry(letter, now=desk.now)
    record(
        desk.session, witness(desk.actor), AuditKind.LETTER_RETRIED, tenant_id=letter.tenant_id,
        subject=("letter", letter.id), now=desk.now,
    )  # fmt: skip
    flash(_("The letter will be tried again."), "success")
    return redirect(url_for(".operations"))
