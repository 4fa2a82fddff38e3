"""A school's privacy notice, what it said before, and what changed."""

from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import Invalid
from portal.notices import queries
from portal.notices.gathering import Shelf, standing
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door, Needs
from portal.web.languages import current_language
from portal.web.public.page_cache import cached
from portal.web.public.page_cache import pages as cache
from portal.web.public.schools import enter_school
from portal.web.session import desk

pages = Door("public_notice", __name__, audience=Audience.PUBLIC)


@pages.page("/schools/<slug>/privacy-notice", may=Needs.NOTHING, cacheable=True)
def notice(slug: str) -> ResponseReturnValue:
    if request.args.get("on"):
        return _past(slug, request.args["on"])

    def render(shelf: Shelf) -> tuple[str, datetime]:
        school = _school(slug)
        own = standing(desk.session, school)
        found = queries.notice_at(desk.session, school, desk.now, shelf=shelf)
        expires = min(at for at in (shelf.next_instant(desk.now), own.next_instant(desk.now)) if at is not None)
        return render_template("public/notice/notice.html", school=school, notice=found, past=None), expires

    return cached((slug, current_language().code, "notice"), render)


@pages.page("/schools/<slug>/privacy-notice/versions", may=Needs.NOTHING, cacheable=True)
def versions(slug: str) -> ResponseReturnValue:
    school = _school(slug)
    return render_template(
        "public/notice/versions.html", school=school, versions=queries.versions(desk.session, school, language="en")
    )


@pages.page("/schools/<slug>/privacy-notice/versions/<int:number>", may=Needs.NOTHING, cacheable=True)
def version(slug: str, number: int) -> ResponseReturnValue:
    school = _school(slug)
    found = queries.version(desk.session, school, number)
    return render_template("public/notice/notice.html", school=school, notice=found, past=found.version.effective_on)


def _past(slug: str, day: str) -> ResponseReturnValue:
    school = _school(slug)
    on = _day(day)
    shelf = cache().shelf(desk.session)
    at = min(clock.end_of_day(on), desk.now)
    found = queries.notice_at(desk.session, school, at, shelf=shelf)
    return render_template("public/notice/notice.html", school=school, notice=found, past=on)


def _day(words: str) -> date:
    """Raises `Invalid` for what is no day, or one that lies ahead."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise Invalid(_("Write the day like 2026-03-01.")) from None
    if day > clock.london(desk.now).date():
        raise Invalid(_("What a notice will say on a later day is not known yet."))
    return day


class Moved(Exception):
    """The school has another address now."""

    def __init__(self, slug: str) -> None:
        super().__init__(slug)
        self.slug = slug


@pages.errorhandler(Moved)
def moved(error: Moved) -> ResponseReturnValue:
    values = {**(request.view_args or {}), **request.args.to_dict(), "slug": error.slug}
    return redirect(url_for(str(request.endpoint), **values), 301)


def _school(slug: str) -> Tenant:
    found = enter_school(slug)
    if isinstance(found, str):
        raise Moved(found)
    return found
