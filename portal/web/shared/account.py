"""My account: how I sign in, where I am signed in, and changing both."""

from flask import abort, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Invalid, NotFound
from portal.identity.accounts_elsewhere import linked_accounts, unlink_account
from portal.identity.browsers import end_session, end_sessions
from portal.identity.entering import new_recovery_codes, start_authenticator
from portal.identity.letters import FACTOR_ADDED, FACTOR_REMOVED, PASSWORD_CHANGED
from portal.identity.models import Person
from portal.identity.passkeys import add_passkey, passkeys, remove_passkey
from portal.identity.queries import live_sessions, person
from portal.identity.rules import browser_name
from portal.web.door import Needs
from portal.web.forms.sign_in import NewAuthenticatorForm, NewPasswordForm, NothingForm, PasskeyNameForm
from portal.web.providers import provider_names
from portal.web.session import browser_session, desk
from portal.web.shared.blueprint import pages
from portal.web.shared.setting_up import authenticator_page, passkey_page, pending_secret
from portal.web.shared.sign_in import challenge, site
from portal.web.sign_in import change_password, check_new_password, tell_changed


@pages.page("/account", may=Needs.SIGN_IN)
def account() -> ResponseReturnValue:
    found = me()
    return render_template(
        "shared/account/account.html",
        person=found,
        passkeys=passkeys(desk.session, found.id),
        accounts=linked_accounts(desk.session, found.id),
        sessions=live_sessions(desk.session, found.id, now=desk.now),
        this_one=browser_session.row_id,
        providers=provider_names(),
        browser_name=browser_name,
        nothing=NothingForm(formdata=None),
    )


@pages.page("/account/sessions/<int:session_id>/end", may=Needs.SIGN_IN, methods=("POST",))
def end_my_session(session_id: int) -> ResponseReturnValue:
    if not end_session(desk.session, me().id, session_id):
        raise NotFound("There is no such session.")
    flash(_("That session is ended."), "success")
    return redirect(url_for(".account"))


@pages.page("/account/sessions/end", may=Needs.SIGN_IN, methods=("POST",))
def end_my_other_sessions() -> ResponseReturnValue:
    end_sessions(desk.session, me().id, except_id=browser_session.row_id)
    flash(_("You are signed out everywhere else."), "success")
    return redirect(url_for(".account"))


@pages.page("/account/password", may=Needs.SIGN_IN, methods=("GET", "POST"), sudo=True)
def my_password() -> ResponseReturnValue:
    found, form = me(), NewPasswordForm()
    if not form.validate_on_submit():
        return render_template("shared/account/password.html", form=form), 422 if form.errors else 200
    password = form.password.data or ""
    try:
        check_new_password(found, password)
    except Invalid as error:
        form.password.errors = [_(error.message)]
        return render_template("shared/account/password.html", form=form), 422
    change_password(found, password)
    return _changed(found, PASSWORD_CHANGED)


@pages.page("/account/authenticator", may=Needs.SIGN_IN, methods=("GET", "POST"), sudo=True)
def my_authenticator() -> ResponseReturnValue:
    found, form, secret = me(), NewAuthenticatorForm(), pending_secret()
    if form.validate_on_submit():
        if start_authenticator(desk.session, found, secret, form.code.data or "", desk.house.keys, now=desk.now):
            session.pop("new_totp", None)
            return _changed(found, FACTOR_ADDED)
        form.code.errors = [_("This code is not right. Check that the clock of your device is right.")]
    return authenticator_page("shared/account/authenticator.html", found, form, secret)


@pages.page("/account/recovery-codes", may=Needs.SIGN_IN, methods=("POST",), sudo=True)
def my_recovery_codes() -> ResponseReturnValue:
    found = me()
    codes = new_recovery_codes(desk.session, found)
    tell_changed(found, FACTOR_ADDED)
    return render_template("shared/account/recovery_codes.html", codes=codes, is_new=False)


@pages.page("/account/passkeys/new", may=Needs.SIGN_IN, methods=("GET", "POST"), sudo=True)
def new_passkey() -> ResponseReturnValue:
    found, form = me(), PasskeyNameForm()
    if form.validate_on_submit():
        try:
            add_passkey(
                desk.session, found, form.credential.data or "", challenge(), site(),
                name=form.name.data or "", now=desk.now,
            )  # fmt: skip
            return _changed(found, FACTOR_ADDED)
        except Invalid as error:
            form.form_errors = [_(error.message)]
    return passkey_page("shared/account/passkey.html", found, form)


@pages.page("/account/passkeys/<int:passkey_id>/remove", may=Needs.SIGN_IN, methods=("POST",), sudo=True)
def remove_my_passkey(passkey_id: int) -> ResponseReturnValue:
    found = me()
    if not remove_passkey(desk.session, found, passkey_id):
        raise NotFound("There is no such passkey.")
    return _changed(found, FACTOR_REMOVED)


@pages.page("/account/accounts/<int:link_id>/remove", may=Needs.SIGN_IN, methods=("POST",), sudo=True)
def remove_my_account(link_id: int) -> ResponseReturnValue:
    found = me()
    if not unlink_account(desk.session, found, link_id):
        raise NotFound("There is no such account.")
    return _changed(found, FACTOR_REMOVED)


def me() -> Person:
    """The signed-in person."""
    found = person(desk.session, desk.actor.person_id or 0)
    if found is None:
        abort(404)
    return found


def _changed(found: Person, what: str) -> ResponseReturnValue:
    tell_changed(found, what)
    flash(_("Changed. We sent you a message about it."), "success")
    return redirect(url_for(".account"))
