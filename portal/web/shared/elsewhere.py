"""Signing in with the school's Microsoft or Google account, linking one, or proving oneself again with it."""

from flask import abort, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.identity.accounts_elsewhere import link_account, person_elsewhere
from portal.identity.entering import has_second_factor
from portal.identity.letters import FACTOR_ADDED
from portal.identity.models import Person
from portal.identity.queries import person
from portal.identity.throttle import CHALLENGE_NETWORK, count, network
from portal.web.addresses import safe_path
from portal.web.door import Needs
from portal.web.providers import Answer, answer_of, provider_names, send_to
from portal.web.refusing import refused
from portal.web.session import desk
from portal.web.shared.blueprint import pages
from portal.web.shared.setting_up import accept_and_enter, person_setting_up
from portal.web.shared.sign_in import await_code, count_failure, refuse_after_failures
from portal.web.sign_in import leave_failed, leave_line, let_in, prove_again, proved_lately, tell_changed

_OF_A_PERSON = {"link", "confirm"}
_ERRANDS = {"enter", "set-up", *_OF_A_PERSON}


@pages.page("/sign-in/with/<provider>", may=Needs.NOTHING, methods=("POST",))
def sign_in_with(provider: str) -> ResponseReturnValue:
    errand = request.form.get("errand", "enter")
    if provider not in provider_names() or errand not in _ERRANDS:
        abort(404)
    refuse_after_failures("elsewhere")
    count(desk.session, CHALLENGE_NETWORK, network(request.remote_addr), now=desk.now)
    if errand in _OF_A_PERSON:
        _signed_in()
    if errand == "link" and not proved_lately():
        return redirect(url_for(".confirm_identity", next=url_for(".account")))
    session["errand"] = {"kind": errand, "next": safe_path(request.args.get("next"), "/home")}
    with desk.at_rest():
        return send_to(
            provider, desk.settings.address(url_for(".back_from", provider=provider)), again=errand == "confirm"
        )


@pages.page("/sign-in/from/<provider>", may=Needs.NOTHING, writes=True)
def back_from(provider: str) -> ResponseReturnValue:
    if provider not in provider_names():
        abort(404)
    errand = session.pop("errand", None) or {}
    with desk.at_rest():
        answer = answer_of(provider)
    return {"set-up": _set_up, "link": _link, "confirm": _confirm}.get(str(errand.get("kind")), _enter)(
        answer, str(errand.get("next", "/home"))
    )


def _enter(answer: Answer, wanted: str) -> ResponseReturnValue:
    found = person_elsewhere(desk.session, answer.issuer, answer.subject, now=desk.now)
    if found is None:
        refused("sign-in")
        count_failure("elsewhere")
        leave_failed(None, how="elsewhere")
        return redirect(url_for(".sign_in", unknown=1))
    if answer.proved_twice:
        return redirect(let_in(found, how="elsewhere", wanted=wanted))
    await_code(found.id, how="elsewhere")
    return redirect(url_for(".sign_in_code", next=wanted))


def _set_up(answer: Answer, _wanted: str) -> ResponseReturnValue:
    found = person_setting_up()
    link_account(desk.session, found, answer.issuer, answer.subject, now=desk.now)
    if answer.proved_twice or has_second_factor(desk.session, found):
        return accept_and_enter(found, how="elsewhere")
    return redirect(url_for(".set_up_authenticator"))


def _link(answer: Answer, _wanted: str) -> ResponseReturnValue:
    found = _signed_in()
    if not proved_lately():
        return redirect(url_for(".confirm_identity", next=url_for(".account")))
    link_account(desk.session, found, answer.issuer, answer.subject, now=desk.now)
    tell_changed(found, FACTOR_ADDED)
    return redirect(url_for(".account"))


def _confirm(answer: Answer, wanted: str) -> ResponseReturnValue:
    found = _signed_in()
    known = person_elsewhere(desk.session, answer.issuer, answer.subject, now=desk.now)
    if known is None or known.id != found.id:
        refused("second-factor")
        leave_line(desk.actor, done=False, how="elsewhere")
        return redirect(url_for(".confirm_identity", next=wanted))
    if not (answer.proved_twice and answer.is_fresh(now=desk.now.timestamp())):
        flash(_("The other account did not show just now, by two proofs, that it is you. Use a code."), "info")
        return redirect(url_for(".confirm_identity", next=wanted))
    prove_again(found)
    return redirect(wanted)


def _signed_in() -> Person:
    found = person(desk.session, desk.actor.person_id or 0)
    if found is None:
        abort(404)
    return found
