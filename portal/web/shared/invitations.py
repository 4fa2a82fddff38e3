"""Accepting an invitation: the link shows who invites, a code to the same mailbox proves it, then sign-in is set up."""

from flask import flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Invalid
from portal.identity.entering import has_way_in
from portal.identity.invitations import accept, invitation_by_token
from portal.identity.models import Invitation
from portal.identity.proofs import new_proof, use_proof
from portal.identity.queries import person, person_by_email
from portal.identity.rules import ROLE_NAMES
from portal.tenancy.queries import tenant
from portal.tenancy.scope import tenant_scope
from portal.web.door import Needs
from portal.web.forms.sign_in import MailedCodeForm, NothingForm
from portal.web.refusing import refused
from portal.web.session import desk
from portal.web.shared.blueprint import pages
from portal.web.shared.setting_up import begin_setting_up
from portal.web.sign_in import mail_code


@pages.page("/invitations/<token>", may=Needs.NOTHING)
def invitation(token: str) -> ResponseReturnValue:
    """Opening the link, as a mail scanner does, changes nothing."""
    return _page(_found(token), token, MailedCodeForm(formdata=None))


@pages.page("/invitations/<token>/codes", may=Needs.NOTHING, methods=("POST",))
def invitation_codes(token: str) -> ResponseReturnValue:
    found = _found(token)
    proof_id, code = new_proof(
        desk.session, _purpose(found), found.email, desk.house.keys, address=request.remote_addr or "", now=desk.now
    )
    mail_code(found.email, code)
    session["guest"] = {"proof": proof_id, "invitation": found.id}
    flash(_("A code is on its way to the address that was invited. It works for ten minutes, in this browser."), "info")
    return redirect(url_for(".invitation", token=token))


@pages.page("/invitations/<token>/proof", may=Needs.NOTHING, methods=("POST",))
def invitation_proof(token: str) -> ResponseReturnValue:
    found, form = _found(token), MailedCodeForm()
    kept = session.get("guest") or {}
    if kept.get("invitation") != found.id:
        return redirect(url_for(".invitation", token=token))
    proved = form.validate_on_submit() and use_proof(
        desk.session, _purpose(found), int(kept["proof"]), form.code.data or "", desk.house.keys,
        address=request.remote_addr or "", now=desk.now,
    )  # fmt: skip
    if not proved:
        refused("second-factor")
        form.code.errors = form.code.errors or [_("This code is not right, or no longer valid.")]
        return _page(found, token, form), 422
    known = person_by_email(desk.session, found.email)
    if known is not None and known.disabled_at is None and has_way_in(desk.session, known):
        return redirect(url_for(".acceptance", token=token))
    begin_setting_up(found, known)
    return redirect(url_for(".set_up"))


@pages.page("/invitations/<token>/acceptance", may=Needs.SIGN_IN, methods=("GET", "POST"))
def acceptance(token: str) -> ResponseReturnValue:
    """For somebody who has an account already: she signs in as always, then presses a button."""
    found, form = _found(token), NothingForm()
    me = person(desk.session, desk.actor.person_id or 0)
    if not form.validate_on_submit() or me is None:
        values = {"tenant": tenant(desk.session, found.tenant_id), "role": ROLE_NAMES[found.role]}
        return render_template("shared/invitations/acceptance.html", form=form, **values)
    try:
        with tenant_scope(desk.session, found.tenant_id):
            accept(desk.session, found, me, now=desk.now)
    except Invalid as error:
        form.form_errors = [_(error.message)]
        values = {"tenant": tenant(desk.session, found.tenant_id), "role": ROLE_NAMES[found.role]}
        return render_template("shared/invitations/acceptance.html", form=form, **values), 422
    flash(_("You have accepted the invitation."), "success")
    return redirect(url_for(".home"))


def _found(token: str) -> Invitation:
    return invitation_by_token(desk.session, token[:100], now=desk.now)


def _purpose(found: Invitation) -> str:
    return f"invitation-{found.id}"


def _page(found: Invitation, token: str, form: MailedCodeForm) -> str:
    asked = (session.get("guest") or {}).get("invitation") == found.id
    return render_template(
        "shared/invitations/invitation.html",
        form=form,
        token=token,
        asked=asked,
        tenant=tenant(desk.session, found.tenant_id),
        role=ROLE_NAMES[found.role],
        nothing=NothingForm(formdata=None),
    )
