"""What stands before every view: the policy of its endpoint, the tenant in its address, the actor's right to it."""

from dataclasses import replace
from typing import NoReturn, cast

from flask import abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.errors import NotFound
from portal.identity.actions import witness
from portal.identity.browsers import forget_draft, keep_draft
from portal.identity.permissions import PUBLIC, Action, Actor, may, may_know
from portal.tenancy.models import TenantKind
from portal.tenancy.queries import service, tenant_by_slug
from portal.web.door import Audience, Needs, Policy
from portal.web.refusing import refused, remember_who
from portal.web.session import Desk, browser_session, open_desk
from portal.web.sign_in import SignedIn, proved_lately

_KEPT = "/kept"


def policy_for(endpoint: str) -> Policy | None:
    """What an endpoint declared."""
    policies: dict[str, Policy] = current_app.extensions.get("portal_policies", {})
    return policies.get(endpoint)


def guard() -> ResponseReturnValue | None:
    """Decide whether this request goes on; opens the Desk when it does."""
    if request.endpoint in {None, "static"}:
        return None  # no such address: Flask answers 404 or 405 itself
    policy = policy_for(str(request.endpoint))
    if policy is None:
        abort(404)
    desk = open_desk(policy)
    desk.actor = PUBLIC if policy.cacheable else _actor()
    remember_who(desk.actor.person_id, None)
    if policy.cacheable or policy.audience is Audience.PUBLIC or policy.may is Needs.NOTHING:
        return None
    if desk.actor.person_id is None:
        return _ask_to_sign_in(desk, policy)
    desk.service_id = service(desk.session).id
    if policy.audience in {Audience.SCHOOL, Audience.CENTRAL}:
        _enter(desk, policy)
    if (policy.sudo or (policy.sudo_to_send and request.method == "POST")) and not proved_lately():
        kept = _keep_typed(desk, policy, desk.actor.person_id)
        return redirect(url_for("shared.confirm_identity", next=_KEPT if kept else _returning()))
    _record_look(desk, policy)
    if request.method == "POST" and request.full_path in session.get("kept", ()):
        session["kept"] = [path for path in session["kept"] if path != request.full_path]
        forget_draft(desk.session, desk.actor.person_id, request.full_path)
    return None


def _actor() -> Actor:
    failure = browser_session.failure
    if failure is not None:
        raise failure
    known = cast("SignedIn", current_user) if session.get("_user_id") else None
    if known is None or not known.is_authenticated:
        return PUBLIC
    return replace(known.actor, origin=request.remote_addr or "")


def _ask_to_sign_in(desk: Desk, policy: Policy) -> ResponseReturnValue:
    """What was typed in a session that grew too old is kept for the person whose session it was."""
    if request.method in {"GET", "HEAD"}:
        return redirect(url_for("shared.sign_in", next=_returning()))
    asleep = session.get("asleep")
    kept = asleep is not None and _keep_typed(desk, policy, int(asleep))
    return redirect(url_for("shared.sign_in", next=_KEPT) if kept else url_for("shared.sign_in"))


def _keep_typed(desk: Desk, policy: Policy, person_id: int) -> bool:
    if request.method != "POST" or policy.audience not in {Audience.SCHOOL, Audience.CENTRAL}:
        return False
    fields = [(name, value) for name, values in request.form.lists() for value in values]
    return keep_draft(desk.session, person_id, request.full_path, fields, desk.house.keys, now=desk.now)


def _returning() -> str:
    return request.full_path.rstrip("?") if request.method in {"GET", "HEAD"} else "/home"


def _enter(desk: Desk, policy: Policy) -> None:
    if policy.audience is Audience.CENTRAL:
        tenant = service(desk.session)
    else:
        try:
            tenant = tenant_by_slug(desk.session, str((request.view_args or {}).pop("slug")))
        except NotFound:
            _hide()
    place = desk.place_of(tenant)
    if not may_know(desk.actor, place) or (policy.audience is Audience.SCHOOL and tenant.kind == "service"):
        _hide()
    remember_who(desk.actor.person_id, tenant.id)
    if isinstance(policy.may, Action) and not may(desk.actor, policy.may, place):
        abort(403)
    if policy.cross_tenant:
        desk.tenant = tenant
        desk.enter_every_tenant(policy.cross_tenant)
    else:
        desk.enter(tenant)


def _hide() -> NoReturn:
    """The same answer for what is absent and for what is not theirs."""
    refused("foreign")
    abort(404)


def _record_look(desk: Desk, policy: Policy) -> None:
    """One line a page for whoever looks across tenants or into one she is not of, in the trail of whom it concerns."""
    reason = _reason(desk, policy)
    if reason is None:
        return
    assert desk.tenant is not None
    with desk.writing_at_once():
        record(
            desk.session,
            witness(desk.actor),
            AuditKind.CROSS_TENANT_READ,
            tenant_id=desk.tenant.id,
            subject=("page", request.endpoint),
            now=desk.now,
            reason=reason or None,
        )


def _reason(desk: Desk, policy: Policy) -> str | None:
    """Why other tenants' rows are read, "" for a visitor; None where everything is the actor's own."""
    if desk.tenant is None or policy.audience not in {Audience.SCHOOL, Audience.CENTRAL}:
        return None
    if policy.cross_tenant:
        return policy.cross_tenant
    if not any(tenant_id == desk.tenant.id for tenant_id, _ in desk.actor.roles):
        return ""
    return "the schools of a trust" if desk.tenant.kind is TenantKind.TRUST else None
