"""Calendars of due dates at secret addresses, for calendar programs, which cannot sign in."""

from flask import abort
from flask.typing import ResponseReturnValue

from portal.casework.views import calendar
from portal.web.door import Audience, Door, Needs
from portal.web.sender import sender
from portal.web.session import desk

pages = Door("public_feeds", __name__, audience=Audience.PUBLIC)


@pages.page("/calendars/<token>.ics", may=Needs.NOTHING)
def feed(token: str) -> ResponseReturnValue:
    desk.enter_every_tenant("calendar of due dates")
    found = calendar(desk.session, token, host=sender().host, now=desk.now)
    if found is None:
        abort(404)
    return found, 200, {"Content-Type": "text/calendar; charset=utf-8", "Cache-Control": "private, max-age=900"}
