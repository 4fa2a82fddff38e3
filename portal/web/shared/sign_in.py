"""Signing in with a password and a code, or with a passkey; signing out; choosing where to work."""

from base64 import b64decode, b64encode

from flask import g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.identity.browsers import is_anybodys_browser
from portal.identity.entering import Attempt, check_code, check_password, count_attempt
from portal.identity.passkeys import Site, authentication_options, use_passkey
from portal.identity.permissions import Actor
from portal.identity.queries import person
from portal.identity.throttle import (
    CHALLENGE_NETWORK,
    SIGN_IN_NETWORK,
    SIGN_IN_OVERALL,
    TooMany,
    count,
    network,
    refuse_used_up,
)
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import tenant
from portal.web.addresses import safe_path
from portal.web.door import Needs
from portal.web.forms.sign_in import CodeForm, NothingForm, PasskeyForm, SignInForm
from portal.web.providers import provider_names
from portal.web.refusing import refused
from portal.web.session import browser_session, desk
from portal.web.shared.blueprint import pages
from portal.web.sign_in import actor_of, has_mailbox, known_token, leave_failed, leave_line, let_in

PENDING_SECONDS = 600


@pages.page("/sign-in", may=Needs.NOTHING, methods=("GET", "POST"))
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return _password_page(form), 422 if form.errors else 200
    email = form.email.data or ""
    attempt = Attempt(
        email, form.password.data or "", request.remote_addr or "", known_token(), has_mailbox=has_mailbox(email)
    )
    try:
        meant = count_attempt(desk.session, attempt, now=desk.now)
    except TooMany as error:
        return slowed_page(email, error)
    with desk.at_rest():
        found = check_password(meant, attempt.password)
    if found is None:
        refused("sign-in")
        leave_failed(meant, how="password")
        form.form_errors.append(_("The e-mail address or the password is not right."))
        return _password_page(form), 422
    await_code(found.id, how="password")
    return redirect(url_for(".sign_in_code", next=safe_path(request.args.get("next"), "/home")))


@pages.page("/sign-in/code", may=Needs.NOTHING, methods=("GET", "POST"))
def sign_in_code() -> ResponseReturnValue:
    pending = session.get("pending") or {}
    found = person(desk.session, int(pending.get("person", 0)))
    if found is None or float(pending.get("until", 0)) < desk.now.timestamp():
        return redirect(url_for(".sign_in"))
    form = CodeForm()
    if not form.validate_on_submit():
        return render_template("shared/sign_in/code.html", form=form), 422 if form.errors else 200
    keys, typed = desk.house.keys, form.code.data or ""
    try:
        is_right = check_code(
            desk.session, found, typed, keys, now=desk.now, known_token=known_token(),
            has_mailbox=has_mailbox(found.email),
        )  # fmt: skip
    except TooMany as error:
        return slowed_page(found.email, error)
    if not is_right:
        refused("second-factor")
        leave_line(actor_of(found), done=False, how=str(pending.get("how")))
        form.code.errors = [_("This code is not right, or was used already. Wait for the next one.")]
        return render_template("shared/sign_in/code.html", form=form), 422
    return redirect(let_in(found, how=str(pending.get("how")), wanted=request.args.get("next")))


@pages.page("/sign-in/passkey/options", may=Needs.NOTHING, methods=("POST",))
def passkey_options() -> ResponseReturnValue:
    """Options for a passkey of whoever it is; the challenge waits in this browser's session."""
    count(desk.session, CHALLENGE_NETWORK, network(request.remote_addr), now=desk.now)
    options, made = authentication_options(site())
    remember_challenge(made)
    return options, 200, {"Content-Type": "application/json"}


@pages.page("/sign-in/passkey", may=Needs.NOTHING, methods=("POST",))
def sign_in_passkey() -> ResponseReturnValue:
    refuse_after_failures("passkey")
    found = use_passkey(desk.session, PasskeyForm().credential.data or "", challenge(), site(), now=desk.now)
    if found is None:
        refused("sign-in")
        count_failure("passkey")
        leave_failed(None, how="passkey")
        form = SignInForm(formdata=None)
        form.form_errors = [_("This passkey is not known here. Sign in another way.")]
        return _password_page(form), 422
    return redirect(let_in(found, how="passkey", wanted=request.args.get("next")))


@pages.page("/sign-out", may=Needs.NOTHING, methods=("POST",))
def sign_out() -> ResponseReturnValue:
    browser_session.end()
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


def slowed_page(email: str, error: TooMany) -> ResponseReturnValue:
    """Whoever holds the account's mailbox may go on at once; it is asked in the same words for every address."""
    g.rate = error.rate
    page = render_template("shared/sign_in/slowed.html", email=email, nothing=NothingForm(formdata=None))
    return page, 429, {"Retry-After": str(error.retry_after)}


def refuse_after_failures(how: str) -> None:
    """Only what failed counts, and nothing in a browser in which somebody signed in before. Raises `TooMany`."""
    if not is_anybodys_browser(desk.session, known_token()):
        refuse_used_up(desk.session, SIGN_IN_OVERALL, how, now=desk.now)
        refuse_used_up(desk.session, SIGN_IN_NETWORK, f"{how}\0{network(request.remote_addr)}", now=desk.now)


def count_failure(how: str) -> None:
    if not is_anybodys_browser(desk.session, known_token()):
        count(desk.session, SIGN_IN_OVERALL, how, now=desk.now)
        count(desk.session, SIGN_IN_NETWORK, f"{how}\0{network(request.remote_addr)}", now=desk.now)


def await_code(person_id: int, *, how: str) -> None:
    """One proof is given; the second is awaited in this browser for ten minutes."""
    session["pending"] = {"person": person_id, "until": desk.now.timestamp() + PENDING_SECONDS, "how": how}
    browser_session.rotate()


def site() -> Site:
    return Site(desk.settings.base_url)


def remember_challenge(made: bytes) -> None:
    session["challenge"] = {"value": b64encode(made).decode(), "until": desk.now.timestamp() + PENDING_SECONDS}


def challenge() -> bytes:
    """The challenge that waits, used up by asking; an impossible one when none waits."""
    kept = session.pop("challenge", None) or {}
    if float(kept.get("until", 0)) < desk.now.timestamp():
        return b"\0"
    return b64decode(kept["value"])


def _password_page(form: SignInForm) -> str:
    return render_template(
        "shared/sign_in/password.html",
        form=form,
        passkey=PasskeyForm(formdata=None),
        providers=provider_names(),
        nothing=NothingForm(formdata=None),
        wanted=safe_path(request.args.get("next"), ""),
    )


def _places(actor: Actor) -> list[Tenant]:
    return [
        tenant(desk.session, tenant_id) for tenant_id in dict.fromkeys(tenant_id for tenant_id, _role in actor.roles)
    ]


def _door_of(place: Tenant) -> str:
    if place.kind is TenantKind.SERVICE:
        return url_for("central_today.today")
    return url_for("school_today.today", slug=place.slug)
