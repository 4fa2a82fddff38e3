"""What a person keeps of the inbox: views under a name, and the address of her calendar of due dates."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.casework.inbox import as_query, from_query
from portal.casework.views import end_feed, feed_since, forget_view, keep_view, new_feed
from portal.core.errors import Invalid
from portal.identity.permissions import Action
from portal.web.forms.cases import NothingForm
from portal.web.forms.inbox import ViewForm
from portal.web.session import desk
from portal.web.shared.inbox import pages


@pages.page("/cases/views", may=Action.LIST_CASES, methods=("POST",))
def views() -> ResponseReturnValue:
    form, filters = ViewForm(), from_query(request.args)
    try:
        keep_view(desk.session, desk.actor, desk.place, form.name.data or "", filters)
    except Invalid as error:
        flash(_(error.message), "error")
    else:
        flash(_("The view is kept."), "success")
    return redirect(url_for(".inbox", **as_query(filters)))


@pages.page("/cases/views/<int:view_id>/forget", may=Action.LIST_CASES, methods=("POST",))
def forget(view_id: int) -> ResponseReturnValue:
    forget_view(desk.session, desk.actor, desk.place, view_id)
    flash(_("The view is forgotten."), "success")
    return redirect(url_for(".inbox"))


@pages.page("/cases/calendar", may=Action.LIST_CASES, methods=("GET", "POST"), sudo_to_send=True)
def feed() -> ResponseReturnValue:
    desk.in_turn(f"calendar {desk.actor.person_id}")
    form, address = NothingForm(), ""
    if form.validate_on_submit():
        token = new_feed(desk.session, desk.actor, desk.place, now=desk.now)
        address = desk.settings.address(url_for("public_feeds.feed", token=token))
    since = feed_since(desk.session, desk.actor, desk.place)
    return render_template("shared/inbox/calendar.html", form=form, address=address, since=since)


@pages.page("/cases/calendar/end", may=Action.LIST_CASES, methods=("POST",))
def end() -> ResponseReturnValue:
    end_feed(desk.session, desk.actor, desk.place)
    flash(_("The calendar address has stopped working."), "success")
    return redirect(url_for(".feed"))
