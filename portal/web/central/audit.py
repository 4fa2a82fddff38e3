"""For auditors: whether every trail is whole, and the permission table as the code uses it."""

from flask import abort, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.audit.actions import record
from portal.audit.queries import chains, heads, last_sealed, verify
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
    lines = {head.tenant_id: head.sequence for _slug, head in heads(desk.session)}
    sealed = last_sealed(desk.session)
    return render_template(
        "central/trails/trails.html",
        trails=[(slug, one, lines.get(one, 0)) for slug, one in chains(desk.session) if one in lines or one in sealed],
        sealed=sealed,
        nothing=NothingForm(formdata=None),
        own=desk.tenant.slug if desk.tenant else "",
        public_key=desk.house.keys.public_key("audit-heads").hex(),
    )


@pages.page("/trails/<slug>/verification", may=Action.VERIFY_AUDIT, methods=("POST",), cross_tenant=_WHY)
def verification(slug: str) -> ResponseReturnValue:
    tenant_id = dict(chains(desk.session)).get(slug)
    if tenant_id is None:
        abort(404)
    found = verify(desk.session, tenant_id)
    record(
        desk.session,
        witness(desk.actor),
        AuditKind.AUDIT_READ,
        tenant_id=tenant_id,
        subject=("audit", tenant_id),
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
