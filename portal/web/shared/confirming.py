"""Proving oneself again before something weighty, and getting back what was typed before being signed out."""

from flask import abort, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.identity.browsers import forget_draft, kept_drafts
from portal.identity.entering import check_code
from portal.identity.passkeys import use_passkey
from portal.web.addresses import safe_path
from portal.web.door import Needs
from portal.web.forms.sign_in import CodeForm, NothingForm, PasskeyForm
from portal.web.providers import provider_names
from portal.web.refusing import refused
from portal.web.session import desk
from portal.web.shared.account import me
from portal.web.shared.blueprint import pages
from portal.web.shared.sign_in import challenge, site
from portal.web.sign_in import known_token, leave_line, prove_again

_UNSEEN = frozenset({"key", "seen", "base", "offered"})


@pages.page("/confirm", may=Needs.SIGN_IN, methods=("GET", "POST"))
def confirm_identity() -> ResponseReturnValue:
    found, form = me(), CodeForm()
    if not form.validate_on_submit():
        return _confirm_page(form), 422 if form.errors else 200
    keys, typed = desk.house.keys, form.code.data or ""
    if not check_code(desk.session, found, typed, keys, now=desk.now, known_token=known_token()):
        return _not_proved(form)
    prove_again(found)
    return redirect(_wanted())


@pages.page("/confirm/passkey", may=Needs.SIGN_IN, methods=("POST",))
def confirm_with_passkey() -> ResponseReturnValue:
    found = use_passkey(desk.session, PasskeyForm().credential.data or "", challenge(), site(), now=desk.now)
    if found is None or found.id != desk.actor.person_id:
        return _not_proved(CodeForm(formdata=None))
    prove_again(found)
    return redirect(_wanted())


@pages.page("/kept", may=Needs.SIGN_IN)
def kept() -> ResponseReturnValue:
    """What was typed is shown and sent again only when its author presses the button."""
    drafts = kept_drafts(desk.session, desk.actor.person_id or 0, desk.house.keys, now=desk.now)
    if not drafts:
        return redirect(url_for(".home"))
    session["kept"] = [draft.path for draft in drafts]
    return render_template(
        "shared/confirming/kept.html", drafts=drafts, unseen=_UNSEEN, nothing=NothingForm(formdata=None)
    )  # fmt: skip


@pages.page("/kept/discarded", may=Needs.SIGN_IN, methods=("POST",))
def discard_kept() -> ResponseReturnValue:
    if desk.actor.person_id is None:
        abort(404)
    forget_draft(desk.session, desk.actor.person_id, request.form.get("path", ""))
    flash(_("What you had typed is gone."), "success")
    return redirect(url_for(".kept"))


def _wanted() -> str:
    return safe_path(request.args.get("next"), "/home")


def _not_proved(form: CodeForm) -> ResponseReturnValue:
    refused("second-factor")
    leave_line(desk.actor, done=False, how="confirm")
    form.code.errors = [_("This was not right, or was used already. Try again.")]
    return _confirm_page(form), 422


def _confirm_page(form: CodeForm) -> str:
    return render_template(
        "shared/confirming/confirm.html",
        form=form,
        passkey=PasskeyForm(formdata=None),
        providers=provider_names(),
        nothing=NothingForm(formdata=None),
        wanted=_wanted(),
    )
