"""What stands before every view: the policy of its endpoint, the tenant in its address, the actor's right to it."""

from typing import cast

from flask import abort, current_app, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core import clock
from portal.core.errors import NotFound
from portal.identity.actions import witness
from portal.identity.permissions import PUBLIC, Action, Actor, may, may_know
from portal.identity.queries import actor_for
from portal.tenancy.queries import service, tenant_by_slug
from portal.web.door import Audience, Needs, Policy
from portal.web.session import Desk, open_desk

SUDO_SECONDS = 600


def policy_for(endpoint: str) -> Policy | None:
    """What an endpoint declared."""
    policies: dict[str, Policy] = current_app.extensions.get("portal_policies", {})
    return policies.get(endpoint)


def guard() -> ResponseReturnValue | None:
    """Decide whether this request goes on; opens the Desk when it does."""
    if request.endpoint is None:
        return None  # no such address: Flask answers 404 or 405 itself
    if request.endpoint == "static":
        return None
    policy = policy_for(request.endpoint)
    if policy is None:
        abort(404)
    desk = open_desk(policy)
    if policy.cacheable:
        desk.actor = PUBLIC
        return None
    desk.actor = _actor(desk)
    if policy.audience is Audience.PUBLIC:
        return None
    if policy.may is Needs.NOTHING:
        return None
    if desk.actor.person_id is None:
        return _ask_to_sign_in()
    desk.service_id = service(desk.session).id
    if policy.audience in {Audience.SCHOOL, Audience.CENTRAL}:
        _enter(desk, policy)
    if policy.sudo and clock.now().timestamp() - float(session.get("proved_at", 0)) > SUDO_SECONDS:
        return redirect(url_for("shared.confirm_identity", next=request.full_path if request.method == "GET" else request.path))
    return None


def _actor(desk: Desk) -> Actor:
    if not session.get("_user_id") or not current_user.is_authenticated:
        return PUBLIC
    return actor_for(desk.session, current_user.person, origin=request.remote_addr or "")


def _ask_to_sign_in() -> ResponseReturnValue:
    if request.method == "GET":
        return redirect(url_for("shared.sign_in", next=request.full_path.rstrip("?")))
    return redirect(url_for("shared.sign_in"))


def _enter(desk: Desk, policy: Policy) -> None:
    if policy.audience is Audience.CENTRAL:
        tenant = service(desk.session)
    else:
        try:
            tenant = tenant_by_slug(desk.session, str((request.view_args or {}).pop("slug")))
        except NotFound:
            abort(404)
    place = desk.place_of(tenant)
    if not may_know(desk.actor, place) or (policy.audience is Audience.SCHOOL and tenant.kind == "service"):
        abort(404)
    if isinstance(policy.may, Action) and not may(desk.actor, cast("Action", policy.may), place):
        abort(403)
    if policy.cross_tenant:
        desk.tenant = tenant
        desk.enter_every_tenant(policy.cross_tenant)
        if policy.writes or request.method != "GET":
            _record_cross_tenant(desk, policy.cross_tenant)
    else:
        desk.enter(tenant)
        if not any(tenant_id == tenant.id for tenant_id, _ in desk.actor.roles) and policy.writes:
            _record_visit(desk)


def _record_cross_tenant(desk: Desk, reason: str) -> None:
    record(
        desk.session,
        witness(desk.actor),
        AuditKind.CROSS_TENANT_READ,
        tenant_id=desk.service_id,
        subject=("page", request.endpoint),
        now=desk.now,
        reason=reason,
    )


def _record_visit(desk: Desk) -> None:
    assert desk.tenant is not None
    record(
        desk.session,
        witness(desk.actor),
        AuditKind.CROSS_TENANT_READ,
        tenant_id=desk.tenant.id,
        subject=("page", request.endpoint),
        now=desk.now,
    )
