"""Asking for a letter when a notice changes, confirming it, and ending it with one press."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import NotFound
from portal.identity import throttle
from portal.notices import queries, subscriptions
from portal.notices.gathering import GENERAL
from portal.notices.timed import station
from portal.web.door import Audience, Door, Needs
from portal.web.forms.notices import SubscriptionForm
from portal.web.languages import current_language
from portal.web.public.schools import enter_school
from portal.web.session import desk

pages = Door("public_subscriptions", __name__, audience=Audience.PUBLIC)
"""Hundreds of schools would each write to an address that a stranger names to all of them."""


@pages.page("/schools/<slug>/privacy-notice/subscription", may=Needs.NOTHING, methods=("GET", "POST"))
@pages.page("/schools/<slug>/privacy-notices/<kind>/subscription", may=Needs.NOTHING, methods=("GET", "POST"))
def subscription(slug: str, kind: str = GENERAL) -> ResponseReturnValue:
    asked = None if kind == GENERAL else kind
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".subscription", slug=school, kind=asked), 301)
    if asked and not queries.versions(desk.session, school, kind=kind):
        raise NotFound("This school has no such notice.")
    form = SubscriptionForm()
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return render_template("public/subscriptions/subscription.html", school=school, form=form, kind=asked), status
    email = (form.email.data or "").lower()
    throttle.count(desk.session, throttle.REQUESTER_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    throttle.count(desk.session, throttle.SUBSCRIPTION_ADDRESS, email, now=desk.now)
    subscriptions.ask(
        desk.session, school, email, language=current_language().code,
        station=station(desk.settings), now=desk.now, kind=kind,
    )  # fmt: skip
    flash(_("We sent a letter to this address. Open the link in it to confirm."), "success")
    return redirect(url_for("public_subscriptions.subscription", slug=slug, kind=asked))


@pages.page("/subscriptions/<token>", may=Needs.NOTHING, methods=("GET", "POST"))
def confirmation(token: str) -> ResponseReturnValue:
    school, is_confirmed = subscriptions.school_of(desk.session, token)
    form = SubscriptionForm()
    if request.method == "POST":
        subscriptions.confirm(desk.session, token, now=desk.now)
        flash(_("Confirmed. We write when the notice changes."), "success")
        return redirect(url_for(".confirmation", token=token))
    return render_template(
        "public/subscriptions/confirmation.html", school=school, form=form, token=token, is_confirmed=is_confirmed
    )


@pages.page("/subscriptions/<token>/removal", may=Needs.NOTHING, methods=("POST",), writes=True, changes_nothing=True)
def removal(token: str) -> ResponseReturnValue:
    """RFC 8058: a mail program posts here without a form's token; the address itself is the proof."""
    subscriptions.end(desk.session, token)
    return render_template("public/subscriptions/ended.html")
