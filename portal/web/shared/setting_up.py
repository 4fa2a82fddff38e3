"""Setting up how to sign in, once the invited mailbox is proved: one strong way, or a password with a second factor."""

from flask import abort, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from pyotp import random_base32

from portal.core.errors import Invalid
from portal.identity.actions import TOTP_PURPOSE, add_person
from portal.identity.entering import forget_second_factors, new_recovery_codes, start_authenticator
from portal.identity.invitations import accept
from portal.identity.models import Invitation, Person
from portal.identity.passkeys import add_passkey, registration_options
from portal.identity.queries import invitation_by_id, person
from portal.identity.rules import totp_address
from portal.tenancy.queries import tenant
from portal.tenancy.scope import tenant_scope
from portal.web.door import Needs
from portal.web.forms.sign_in import NewAuthenticatorForm, NewPasswordForm, NothingForm, PasskeyNameForm
from portal.web.pictures import qr_picture
from portal.web.providers import provider_names
from portal.web.session import browser_session, desk
from portal.web.shared.blueprint import pages
from portal.web.shared.sign_in import challenge, remember_challenge, site
from portal.web.sign_in import change_password, check_new_password, let_in

SECONDS = 1800


def begin_setting_up(found: Invitation, known: Person | None) -> None:
    """Remember in this browser whose sign-in is set up; the person is made when she was unknown."""
    guest = known or add_person(desk.session, email=found.email, name=found.name, password=None, now=desk.now)
    if known is not None:
        known.disabled_at, known.password_hash = None, None
        forget_second_factors(desk.session, known)
    session["setting_up"] = {
        "person": guest.id, "invitation": found.id, "until": desk.now.timestamp() + SECONDS,
    }  # fmt: skip
    browser_session.rotate()


def person_setting_up() -> Person:
    """Ends with 404 when nobody is setting up in this browser."""
    kept = session.get("setting_up") or {}
    found = person(desk.session, int(kept.get("person", 0)))
    if found is None or float(kept.get("until", 0)) < desk.now.timestamp():
        abort(404)
    return found


def accept_and_enter(found: Person, *, how: str) -> ResponseReturnValue:
    """All is set up: take the role, sign in, show the recovery codes once."""
    invitation = invitation_by_id(desk.session, int((session.get("setting_up") or {}).get("invitation", 0)))
    with tenant_scope(desk.session, invitation.tenant_id):
        accept(desk.session, invitation, found, now=desk.now)
    let_in(found, how=how, wanted=None)
    codes = new_recovery_codes(desk.session, found)
    return render_template("shared/account/recovery_codes.html", codes=codes, is_new=True)


@pages.page("/set-up", may=Needs.NOTHING)
def set_up() -> ResponseReturnValue:
    person_setting_up()
    return render_template(
        "shared/setting_up/choice.html", providers=provider_names(), nothing=NothingForm(formdata=None)
    )  # fmt: skip


@pages.page("/set-up/password", may=Needs.NOTHING, methods=("GET", "POST"))
def set_up_password() -> ResponseReturnValue:
    found, form = person_setting_up(), NewPasswordForm()
    if not form.validate_on_submit():
        return render_template("shared/setting_up/password.html", form=form), 422 if form.errors else 200
    password = form.password.data or ""
    try:
        check_new_password(found, password, tenant_name())
    except Invalid as error:
        form.password.errors = [_(error.message)]
        return render_template("shared/setting_up/password.html", form=form), 422
    change_password(found, password)
    return redirect(url_for(".set_up_authenticator"))


@pages.page("/set-up/authenticator", may=Needs.NOTHING, methods=("GET", "POST"))
def set_up_authenticator() -> ResponseReturnValue:
    found, form = person_setting_up(), NewAuthenticatorForm()
    secret = pending_secret()
    if form.validate_on_submit():
        if start_authenticator(desk.session, found, secret, form.code.data or "", desk.house.keys, now=desk.now):
            session.pop("new_totp", None)
            return accept_and_enter(found, how="password")
        form.code.errors = [_("This code is not right. Check that the clock of your device is right.")]
    return authenticator_page("shared/setting_up/authenticator.html", found, form, secret)


@pages.page("/set-up/passkey", may=Needs.NOTHING, methods=("GET", "POST"))
def set_up_passkey() -> ResponseReturnValue:
    found, form = person_setting_up(), PasskeyNameForm()
    if form.validate_on_submit():
        try:
            add_passkey(
                desk.session, found, form.credential.data or "", challenge(), site(),
                name=form.name.data or "", now=desk.now,
            )  # fmt: skip
            return accept_and_enter(found, how="passkey")
        except Invalid as error:
            form.form_errors = [_(error.message)]
    return passkey_page("shared/setting_up/passkey.html", found, form)


def passkey_page(template: str, found: Person, form: PasskeyNameForm) -> ResponseReturnValue:
    options, made = registration_options(desk.session, found, site())
    remember_challenge(made)
    return render_template(template, form=form, options=options), 422 if form.errors else 200


def authenticator_page(template: str, found: Person, form: NewAuthenticatorForm, secret: str) -> ResponseReturnValue:
    picture = qr_picture(totp_address(secret, found.email, tenant_name()))
    grouped = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    return render_template(template, form=form, picture=picture, secret=grouped), 422 if form.errors else 200


def tenant_name() -> str:
    kept = session.get("setting_up") or {}
    found = invitation_by_id(desk.session, int(kept["invitation"])) if "invitation" in kept else None
    return tenant(desk.session, found.tenant_id).name if found else _("Privacy portal")


def pending_secret() -> str:
    """An authenticator's secret that is not confirmed yet, encrypted in this browser's session."""
    box = desk.house.keys.box(TOTP_PURPOSE)
    if "new_totp" not in session:
        session["new_totp"] = box.encrypt(random_base32().encode()).decode()
    return box.decrypt(session["new_totp"].encode()).decode()
