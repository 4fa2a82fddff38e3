"""A school's privacy notices, what they said before, and what changed: the general one, and one for each further kind.

They speak the language that the address asks for where the school has its notice in it, else English.
"""

from dataclasses import dataclass
from datetime import date, datetime

from babel.lists import format_list
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.core import clock
from portal.core.errors import Invalid, NotFound
from portal.directory.queries import postcode_edition
from portal.lifecycle.overview import closing_of
from portal.notices import queries
from portal.notices.compose import Clause
from portal.notices.diff import ClauseChange, Op, notice_changes
from portal.notices.gathering import GENERAL, Shelf, Standing, standing
from portal.notices.languages import ENGLISH, known_languages
from portal.notices.markup import rendered
from portal.notices.reading import Notice, kind_title
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
@pages.page("/schools/<slug>/privacy-notices/<kind>", may=Needs.NOTHING, cacheable=True)
def notice(slug: str, kind: str = GENERAL) -> ResponseReturnValue:
    if (request.view_args or {}).get("kind") == GENERAL:
        return redirect(url_for(".notice", slug=slug, on=request.args.get("on")), 301)
    if request.args.get("on"):
        return _past(slug, kind, request.args["on"])

    def render(shelf: Shelf) -> tuple[str, datetime]:
        school = _school(slug)
        own = standing(desk.session, school)
        found = queries.notice_at(desk.session, school, desk.now, _language(school), kind=kind, shelf=shelf)
        expires = min(at for at in (shelf.next_instant(desk.now), own.next_instant(desk.now)) if at is not None)
        page = render_template(
            "public/notice/notice.html", school=school, notice=found, past=None,
            closed=closing_of(desk.session, school), finder=_finder(shelf, own, found),
        )  # fmt: skip
        return page, expires

    return cached((slug, current_language().code, "notice", kind), render)


@pages.page("/schools/<slug>/privacy-notice/versions", may=Needs.NOTHING, cacheable=True)
@pages.page("/schools/<slug>/privacy-notices/<kind>/versions", may=Needs.NOTHING, cacheable=True)
def versions(slug: str, kind: str = GENERAL) -> ResponseReturnValue:
    school = _school(slug)
    found = _versions(school, kind)
    if not found and kind != GENERAL:
        raise NotFound("This school has no such notice.")
    return render_template(
        "public/notice/versions.html", school=school, kind=_asked(kind), notice_title=_title(school, kind),
        versions=found,
    )  # fmt: skip


@pages.page("/schools/<slug>/privacy-notice/versions/<int:number>", may=Needs.NOTHING, cacheable=True)
@pages.page("/schools/<slug>/privacy-notices/<kind>/versions/<int:number>", may=Needs.NOTHING, cacheable=True)
def version(slug: str, number: int, kind: str = GENERAL) -> ResponseReturnValue:
    school = _school(slug)
    (found,) = _sealed(school, kind, number)
    return _older(school, found, found.version.effective_on)


@pages.page("/schools/<slug>/privacy-notice/changes", may=Needs.NOTHING, cacheable=True)
@pages.page("/schools/<slug>/privacy-notices/<kind>/changes", may=Needs.NOTHING, cacheable=True)
def changes(slug: str, kind: str = GENERAL) -> ResponseReturnValue:
    """What changed from one version to another, in plain words and sentence by sentence."""
    school = _school(slug)
    first, last = _number("from"), _number("to")
    old, new = _sealed(school, kind, first, last)
    before, after = _alike(school, kind, old, new)
    languages = {one.key: one.language for one in (*before, *after)}
    found = [(_told(one), lines(one.sentences), languages[one.key]) for one in notice_changes(before, after)]
    listed = queries.versions(desk.session, school, kind=kind, language=new.language)
    return render_template(
        "public/notice/changes.html", school=school, kind=_asked(kind), old=old, new=new, changes=found,
        versions=listed,
        reasons=[one.reason for one in reversed(listed) if first < one.number <= last and one.reason],
    )  # fmt: skip


def _alike(school: Tenant, kind: str, *notices: Notice) -> list[list[Clause]]:
    """The clauses of versions, in English where one has no translation: being translated, or named so, is no change."""
    english = {one.key for notice in notices for one in notice.composed.clauses if one.language == ENGLISH}
    found = []
    for notice in notices:
        is_read_again = english and notice.language != ENGLISH
        same = queries.version(desk.session, school, notice.version.number, kind=kind) if is_read_again else notice
        words = {one.key: one for one in same.composed.clauses}
        found.append([words.get(one.key, one) if one.key in english else one for one in notice.composed.clauses])
    return found


def _told(change: ClauseChange) -> str:
    """A change in one sentence; what did not happen is not counted."""
    counts = change.counts
    parts = [
        ngettext("%(num)d sentence reworded", "%(num)d sentences reworded", counts[Op.CHANGED]),
        ngettext("%(num)d sentence added", "%(num)d sentences added", counts[Op.ADDED]),
        ngettext("%(num)d sentence taken out", "%(num)d sentences taken out", counts[Op.REMOVED]),
    ]
    happened = [words for words, op in zip(parts, (Op.CHANGED, Op.ADDED, Op.REMOVED), strict=True) if counts[op]]
    listed = format_list(happened, locale=current_language().code)
    return _(change.message, title=change.title, old_title=change.old_title, counts=listed)


def _number(name: str) -> int:
    """Raises `NotFound` for what is no number of a version."""
    words = request.args.get(name, "")
    if not words.isdecimal() or len(words) > 6:
        raise NotFound("There is no such version.")
    return int(words)


def _past(slug: str, kind: str, words: str) -> ResponseReturnValue:
    school = _school(slug)
    page = {"school": school, "kind": _asked(kind)}
    try:
        on = _day(words)
        found = _read_at(school, kind, min(clock.end_of_day(on), desk.now))
    except Invalid as error:
        return render_template("public/notice/day.html", **page, problem=error.message), 422
    except NotFound:
        problem = _("This school had no notice here on that day.")
        return render_template("public/notice/day.html", **page, problem=problem, typed=words), 404
    return _older(school, found, on)


def _read_at(school: Tenant, kind: str, at: datetime) -> Notice:
    """In the language that the address asks for, where it was in that language then, else in English."""
    shelf = cache().shelf(desk.session)
    try:
        return queries.notice_at(desk.session, school, at, _language(school), kind=kind, shelf=shelf)
    except NotFound:
        return queries.notice_at(desk.session, school, at, kind=kind, shelf=shelf)


def _older(school: Tenant, found: Notice, on: date) -> str:
    closed = closing_of(desk.session, school)
    return render_template(
        "public/notice/notice.html", school=school, notice=found, past=on, closed=closed, finder=None
    )


def _finder(shelf: Shelf, own: Standing, notice: Notice) -> Finder | None:
    """After which part of the notice a reader may look for another council: where it lists them, else at its end.

    A further notice that lists no councils offers none.
    """
    names = ("authority_links", f"authority_links.{notice.language}")
    listed = [html for name in names if (html := rendered(notice.parts.blocks.get(name, "")).html)]
    anchors = [one.anchor for one in notice.composed.clauses if any(html in one.html for html in listed)]
    if not anchors and notice.kind != GENERAL:
        return None
    today = clock.london(desk.now).date()
    council = shelf.councils.book.council_of_school(own.councils.assignments, own.councils.district, today).authority
    return Finder(anchors[0] if anchors else "", council or "", postcode_edition(desk.session) is not None)


def _day(words: str) -> date:
    """Raises `Invalid` for what is no day, or one that lies ahead."""
    try:
        day = date.fromisoformat(words)
    except ValueError:
        raise Invalid(_("Enter a real day, for example 2026-03-01.")) from None
    if day > clock.london(desk.now).date():
        raise Invalid(_("What a notice will say on a later day is not known yet."))
    return day


def _asked(kind: str) -> str | None:
    """The kind for addresses: the general notice's have none."""
    return None if kind == GENERAL else kind


def _title(school: Tenant, kind: str) -> str:
    return kind_title(cache().shelf(desk.session), kind, desk.now, _language(school))


def _language(school: Tenant) -> str:
    """The one that the address asks for, where the school has its notice in it."""
    wanted = current_language().code
    return wanted if wanted in known_languages(school.languages) else ENGLISH


def _versions(school: Tenant, kind: str) -> list[queries.PublishedVersion]:
    """In the language that the address asks for, where there are any, else in English."""
    wanted = queries.versions(desk.session, school, kind=kind, language=current_language().code)
    return wanted or queries.versions(desk.session, school, kind=kind, language=ENGLISH)


def _sealed(school: Tenant, kind: str, *numbers: int) -> list[Notice]:
    """These versions in the language that the address asks for, where all are there, else in English."""
    language = current_language().code
    try:
        return [queries.version(desk.session, school, one, kind=kind, language=language) for one in numbers]
    except NotFound:
        return [queries.version(desk.session, school, one, kind=kind) for one in numbers]


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
