"""Signing in and out, and choosing where to work."""

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_login import login_user

from portal.core.errors import NotFound
from portal.identity.actions import Attempt, check_password, check_totp, record_sign_in
from portal.identity.permissions import Actor
from portal.identity.queries import actor_for, person
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import service, tenant
from portal.tenancy.scope import tenant_scope
from portal.web.addresses import safe_path
from portal.web.door import Needs
from portal.web.forms.sign_in import CodeForm, SignInForm
from portal.web.session import desk
from portal.web.shared.blueprint import pages
from portal.web.sign_in import SignedIn


@pages.page("/sign-in", may=Needs.NOTHING, methods=("GET", "POST"))
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("shared/sign_in/password.html", form=form)
    attempt = Attempt(form.email.data or "", form.password.data or "", request.remote_addr or "")
    found = check_password(desk.session, attempt, now=desk.now)
    if found is None:
        form.form_errors.append(_("The e-mail address or the password is not right."))
        return render_template("shared/sign_in/password.html", form=form), 422
    session["pending"] = {"person": found.id, "until": desk.now.timestamp() + 600}
    return redirect(url_for(".sign_in_code", next=safe_path(request.args.get("next"), "/home")))


@pages.page("/sign-in/code", may=Needs.NOTHING, methods=("GET", "POST"))
def sign_in_code() -> ResponseReturnValue:
    pending = session.get("pending") or {}
    found = person(desk.session, int(pending.get("person", 0)))
    if found is None or float(pending.get("until", 0)) < desk.now.timestamp():
        return redirect(url_for(".sign_in"))
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("shared/sign_in/code.html", form=form)
    actor = actor_for(desk.session, found, origin=request.remote_addr or "")
    done = check_totp(desk.session, found, form.code.data or "", desk.house.keys, now=desk.now)
    _leave_line(actor, done=done)
    if not done:
        form.code.errors = [_("This code is not right, or was used already. Wait for the next one.")]
        return render_template("shared/sign_in/code.html", form=form), 422
    session.clear()
    login_user(SignedIn(found))
    session["proved_at"] = desk.now.timestamp()
    session.rotate()  # type: ignore[attr-defined]
    return redirect(safe_path(request.args.get("next"), "/home"))


@pages.page("/sign-out", may=Needs.NOTHING, methods=("POST",))
def sign_out() -> ResponseReturnValue:
    session.end()  # type: ignore[attr-defined]
    g.forget_everything = True
    return redirect(url_for("public_front.front"))


@pages.page("/home", may=Needs.SIGN_IN)
def home() -> ResponseReturnValue:
    places = _places(desk.actor)
    if not places:
        return render_template("shared/sign_in/nowhere.html"), 403
    if len(places) == 1:
        return redirect(_door_of(places[0]))
    return render_template("shared/sign_in/places.html", places=[(place.name, _door_of(place)) for place in places])


def _places(actor: Actor) -> list[Tenant]:
    return [tenant(desk.session, tenant_id) for tenant_id in dict.fromkeys(tenant_id for tenant_id, _role in actor.roles)]


def _door_of(place: Tenant) -> str:
    if place.kind is TenantKind.SERVICE:
        return url_for("central_today.today")
    return url_for("school_today.today", slug=place.slug)


def _leave_line(actor: Actor, *, done: bool) -> None:
    try:
        service_id = service(desk.session).id
    except NotFound:
        flash(_("The portal has not been set up."), "problem")
        return
    with tenant_scope(desk.session, service_id):
        record_sign_in(desk.session, actor, service_id, done=done, now=desk.now)
