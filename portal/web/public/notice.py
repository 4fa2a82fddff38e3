"""A school's privacy notice, what it said before, and what changed."""

from dataclasses import dataclass
from datetime import date, datetime

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core import clock
from portal.core.errors import Invalid, NotFound
from portal.directory.queries import postcode_edition
from portal.directory.rules import authority_for_school
from portal.lifecycle.overview import closing_of
from portal.notices import queries
from portal.notices.diff import notice_changes
from portal.notices.gathering import Shelf, Standing, standing
from portal.notices.markup import rendered
from portal.notices.reading import Notice
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door, Needs
from portal.web.languages import current_language
from portal.web.public.page_cache import cached
from portal.web.public.page_cache import pages as cache
from portal.web.public.schools import enter_school
from portal.web.session import desk
from portal.web.shared.differences import lines

pages = Door("public_notice", __name__, audience=Audience.PUBLIC)


@dataclass(frozen=True, slots=True)
class Finder:
    """Where a notice offers to find the council of the child's home; `council` is the key of the school's own."""

    anchor: str
    council: str
    has_postcodes: bool


@pages.page("/schools/<slug>/privacy-notice", may=Needs.NOTHING, cacheable=True)
def notice(slug: str) -> ResponseReturnValue:
    if request.args.get("on"):
        return _past(slug, request.args["on"])

    def render(shelf: Shelf) -> tuple[str, datetime]:
        school = _school(slug)
        own = standing(desk.session, school)
        found = queries.notice_at(desk.session, school, desk.now, shelf=shelf)
        expires = min(at for at in (shelf.next_instant(desk.now), own.next_instant(desk.now)) if at is not None)
        page = render_template(
            "public/notice/notice.html", school=school, notice=found, past=None,
            closed=closing_of(desk.session, school), finder=_finder(shelf, own, found),
        )  # fmt: skip
        return page, expires

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
    return _older(school, found, found.version.effective_on)


@pages.page("/schools/<slug>/privacy-notice/changes", may=Needs.NOTHING, cacheable=True)
def changes(slug: str) -> ResponseReturnValue:
    """What changed from one version to another, in plain words and sentence by sentence."""
    school = _school(slug)
    first, last = _number("from"), _number("to")
    old, new = queries.version(desk.session, school, first), queries.version(desk.session, school, last)
    found = [
        (_(one.message, **one.words), lines(one.sentences))
        for one in notice_changes(old.composed.clauses, new.composed.clauses)
    ]
    listed = queries.versions(desk.session, school, language="en")
    return render_template(
        "public/notice/changes.html", school=school, old=old, new=new, changes=found, versions=listed,
        reasons=[one.reason for one in reversed(listed) if first < one.number <= last and one.reason],
    )  # fmt: skip


def _number(name: str) -> int:
    """Raises `NotFound` for what is no number of a version."""
    words = request.args.get(name, "")
    if not words.isdecimal() or len(words) > 6:
        raise NotFound("There is no such version.")
    return int(words)


def _past(slug: str, words: str) -> ResponseReturnValue:
    school = _school(slug)
    try:
        on = _day(words)
        at = min(clock.end_of_day(on), desk.now)
        found = queries.notice_at(desk.session, school, at, shelf=cache().shelf(desk.session))
    except Invalid as error:
        return render_template("public/notice/day.html", school=school, problem=error.message), 422
    except NotFound:
        problem = _("This school had no notice here on that day.")
        return render_template("public/notice/day.html", school=school, problem=problem, typed=words), 404
    return _older(school, found, on)


def _older(school: Tenant, found: Notice, on: date) -> str:
    closed = closing_of(desk.session, school)
    return render_template(
        "public/notice/notice.html", school=school, notice=found, past=on, closed=closed, finder=None
    )


def _finder(shelf: Shelf, own: Standing, notice: Notice) -> Finder:
    """After which part of the notice a reader may look for another council: where it lists them, else at its end."""
    lines = rendered(notice.parts.blocks.get("authority_links", "")).html
    anchors = [
        clause.anchor for section in notice.composed.sections for clause in section.clauses if lines in clause.html
    ]
    today = clock.london(desk.now).date()
    council = authority_for_school(
        own.councils.assignments, shelf.councils.book.successions, own.councils.district, today
    ).authority
    return Finder(anchors[0] if anchors and lines else "", council or "", postcode_edition(desk.session) is not None)


def _day(words: str) -> date:
    """Raises `Invalid` for what is no day, or one that lies ahead."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise Invalid(_("Enter a real day, for example 2026-03-01.")) from None
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
