"""A new password for somebody who forgot hers: a code by e-mail, then her second factor all the same."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Invalid
from portal.identity.entering import check_code
from portal.identity.letters import PASSWORD_CHANGED
from portal.identity.proofs import new_proof, use_proof
from portal.identity.queries import person_by_email
from portal.identity.rules import normal_email
from portal.web.door import Needs
from portal.web.forms.sign_in import ForgottenForm, MailedCodeForm, ResetForm
from portal.web.refusing import refused
from portal.web.session import browser_session, desk
from portal.web.shared.blueprint import pages
from portal.web.sign_in import (
    browser_of,
    change_password,
    check_new_password,
    known_token,
    let_in,
    mail_code,
    remember_mailbox,
    tell_changed,
)

PURPOSE = "reset"
MAILBOX = "sign-in"
SECONDS = 900


@pages.page("/sign-in/forgotten", may=Needs.NOTHING, methods=("GET", "POST"))
def forgotten() -> ResponseReturnValue:
    form = ForgottenForm()
    if not form.validate_on_submit():
        return render_template("shared/forgotten/address.html", form=form), 422 if form.errors else 200
    email = normal_email(form.email.data or "")
    session["reset"] = {"proof": mail_proof(PURPOSE, email)}
    return redirect(url_for(".forgotten_code"))


@pages.page("/sign-in/forgotten/code", may=Needs.NOTHING, methods=("GET", "POST"))
def forgotten_code() -> ResponseReturnValue:
    kept = session.get("reset") or {}
    if "proof" not in kept:
        return redirect(url_for(".forgotten"))
    form = MailedCodeForm()
    if not form.validate_on_submit():
        return render_template("shared/forgotten/code.html", form=form), 422 if form.errors else 200
    email = _proved(form, PURPOSE, int(kept["proof"]))
    if email is None:
        return render_template("shared/forgotten/code.html", form=form), 422
    session["reset"] = {"email": email, "until": desk.now.timestamp() + SECONDS}
    browser_session.rotate()
    return redirect(url_for(".forgotten_password"))


@pages.page("/sign-in/mailbox", may=Needs.NOTHING, methods=("POST",))
def mailbox_code() -> ResponseReturnValue:
    """A code for whoever wants to go on where strangers used up an account's tries."""
    form = ForgottenForm()
    if not form.validate_on_submit():
        return redirect(url_for(".sign_in"))
    session["mailbox_asked"] = {"proof": mail_proof(MAILBOX, normal_email(form.email.data or ""))}
    return redirect(url_for(".mailbox"))


@pages.page("/sign-in/mailbox/code", may=Needs.NOTHING, methods=("GET", "POST"))
def mailbox() -> ResponseReturnValue:
    kept = session.get("mailbox_asked") or {}
    if "proof" not in kept:
        return redirect(url_for(".sign_in"))
    form = MailedCodeForm()
    if not form.validate_on_submit():
        return render_template("shared/forgotten/code.html", form=form), 422 if form.errors else 200
    email = _proved(form, MAILBOX, int(kept["proof"]))
    if email is None:
        return render_template("shared/forgotten/code.html", form=form), 422
    session.pop("mailbox_asked")
    remember_mailbox(email)
    browser_session.rotate()
    flash(_("Thank you. Now sign in."), "success")
    return redirect(url_for(".sign_in"))


@pages.page("/sign-in/forgotten/password", may=Needs.NOTHING, methods=("GET", "POST"))
def forgotten_password() -> ResponseReturnValue:
    kept = session.get("reset") or {}
    found = person_by_email(desk.session, str(kept.get("email", "")))
    if found is None or found.disabled_at is not None or float(kept.get("until", 0)) < desk.now.timestamp():
        return redirect(url_for(".forgotten"))
    form = ResetForm()
    if not form.validate_on_submit():
        return render_template("shared/forgotten/password.html", form=form), 422 if form.errors else 200
    password = form.password.data or ""
    try:
        check_new_password(found, password)
    except Invalid as error:
        form.password.errors = [_(error.message)]
        return render_template("shared/forgotten/password.html", form=form), 422
    keys = desk.house.keys
    typed = form.code.data or ""
    if not check_code(
        desk.session, found, typed, keys, now=desk.now, known_token=known_token(), has_mailbox=True
    ):  # fmt: skip
        refused("second-factor")
        form.code.errors = [_("This code is not right, or was used already. Wait for the next one.")]
        return render_template("shared/forgotten/password.html", form=form), 422
    change_password(found, password)
    tell_changed(found, PASSWORD_CHANGED)
    return redirect(let_in(found, how="reset", wanted="/home"))


def mail_proof(purpose: str, email: str) -> int:
    """Send a code, or the word that there is no account; returns the number of the proof for this browser."""
    proof_id, code = new_proof(
        desk.session, purpose, email, desk.house.keys, address=request.remote_addr or "", now=desk.now,
        known_token=browser_of(email),
    )  # fmt: skip
    found = person_by_email(desk.session, email)
    mail_code(email, code if found is not None and found.disabled_at is None else "")
    return proof_id


def _proved(form: MailedCodeForm, purpose: str, proof: int) -> str | None:
    """The address that the typed code was mailed to; a wrong code is counted and said beside the field."""
    email = use_proof(
        desk.session, purpose, proof, form.code.data or "", desk.house.keys, address=request.remote_addr or "",
        now=desk.now,
    )  # fmt: skip
    if email is None:
        refused("second-factor")
        form.code.errors = [_("This code is not right, or no longer valid.")]
    return email
