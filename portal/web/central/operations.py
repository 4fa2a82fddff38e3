"""For operators: letters that were given up, what was refused, what the worker does."""

from datetime import timedelta

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.errors import Invalid, NotFound
from portal.core.work import timed_work
from portal.identity.actions import witness
from portal.identity.permissions import Action, may
from portal.identity.refusals import LABELS, busiest_networks, of_rate, refusals
from portal.identity.throttle import RATES
from portal.outbox.actions import retry
from portal.outbox.queries import counts, dead_letters
from portal.web.door import Audience, Door
from portal.web.session import desk

pages = Door("operations", __name__, audience=Audience.CENTRAL)
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


@pages.page("/operations", may=Action.OPERATE, cross_tenant="operations")
def operations() -> ResponseReturnValue:
    return render_template(
        "central/operations/operations.html",
        may_verify=may(desk.actor, Action.VERIFY_AUDIT, desk.place),
        may_edit_holidays=may(desk.actor, Action.EDIT_HOLIDAYS, desk.place),
        counts=counts(desk.session),
        letters=dead_letters(desk.session),
        labels=LABELS,
        rates=[(rate, of_rate(rate.name)) for rate in RATES],
        today=refusals(desk.session, since=desk.now - _DAY),
        week=refusals(desk.session, since=desk.now - _WEEK),
        networks=busiest_networks(desk.session, since=desk.now - _DAY),
        work=timed_work(desk.session),
    )


@pages.page(
    "/operations/letters/<int:letter_id>/retry", may=Action.OPERATE, methods=("POST",), cross_tenant="operations"
)
def retry_letter(letter_id: int) -> ResponseReturnValue:
    letter = next((letter for letter in dead_letters(desk.session) if letter.id == letter_id), None)
    if letter is None:
        raise NotFound("There is no such letter.")
    try:
        retry(letter, now=desk.now)
    except Invalid as error:
        flash(_(error.message), "error")
        return redirect(url_for(".operations"))
    record(
        desk.session, witness(desk.actor), AuditKind.LETTER_RETRIED, tenant_id=letter.tenant_id,
        subject=("letter", letter.id), now=desk.now,
    )  # fmt: skip
    flash(_("The letter will be tried again."), "success")
    return redirect(url_for(".operations"))
