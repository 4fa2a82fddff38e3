"""For auditors: whether every trail is whole, and the permission table as the code uses it."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.queries import heads, last_sealed, verify
from portal.audit.rules import AuditKind
from portal.identity.actions import witness
from portal.identity.permissions import TABLE, Action
from portal.identity.rules import ROLE_NAMES
from portal.web.door import Audience, Door
from portal.web.forms.sign_in import NothingForm
from portal.web.session import desk

pages = Door("trails", __name__, audience=Audience.CENTRAL)
_WHY = "verifying the audit trails"


@pages.page("/trails", may=Action.VERIFY_AUDIT, cross_tenant=_WHY)
def trails() -> ResponseReturnValue:
    return render_template(
        "central/trails/trails.html",
        heads=heads(desk.session),
        sealed=last_sealed(desk.session),
        nothing=NothingForm(formdata=None),
        public_key=desk.house.keys.public_key("audit-heads").hex(),
    )


@pages.page("/trails/<slug>/verification", may=Action.VERIFY_AUDIT, methods=("POST",), cross_tenant=_WHY)
def verification(slug: str) -> ResponseReturnValue:
    head = next((head for name, head in heads(desk.session) if name == slug), None)
    if head is None:
        abort(404)
    found = verify(desk.session, head.tenant_id)
    record(
        desk.session,
        witness(desk.actor),
        AuditKind.AUDIT_READ,
        tenant_id=head.tenant_id,
        subject=("audit", head.tenant_id),
        now=desk.now,
        broken_at=found.broken_at,
    )
    if found.broken_at is None:
        flash(_("%(slug)s: whole, %(number)d lines.", slug=slug, number=found.entries), "success")
    else:
        flash(_("%(slug)s: broken at line %(number)d.", slug=slug, number=found.broken_at), "problem")
    return redirect(url_for(".trails"))


@pages.page("/permissions", may=Action.VERIFY_AUDIT)
def permissions() -> ResponseReturnValue:
    return render_template("central/trails/permissions.html", table=TABLE.values(), role_names=ROLE_NAMES)
