"""Which council: by postcode or by name, beside the one of a child's school; and a word about a wrong link.

The look-up is a POST so that a postcode stands in no address and no log; it changes and stores nothing.
"""

from dataclasses import dataclass
from datetime import date

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.clock import london
from portal.core.errors import Invalid
from portal.core.text import clean
from portal.directory.actions import report_wrong_link
from portal.directory.book import Answer
from portal.directory.queries import (
    authority_row,
    council_at,
    council_by_key,
    council_of,
    postcode_edition,
    read_book,
)
from portal.identity import throttle
from portal.tenancy.models import Tenant
from portal.web.door import Audience, Door, Needs
from portal.web.forms.councils import KINDS, WrongLinkForm
from portal.web.languages import current_language
from portal.web.public.schools import enter_school
from portal.web.session import desk

pages = Door("public_councils", __name__, audience=Audience.PUBLIC)


@dataclass(frozen=True, slots=True)
class LookUp:
    """What was found: `attends` for the school's council, `lives` for the home's; `problem` is a sentence."""

    attends: Answer | None = None
    lives: Answer | None = None
    problem: str = ""
    field: str = ""
    chosen: str = ""


@pages.page("/councils", may=Needs.NOTHING, cacheable=True)
def councils() -> ResponseReturnValue:
    return _page(LookUp(), None)


@pages.page("/schools/<slug>/councils", may=Needs.NOTHING, cacheable=True)
def of_school(slug: str) -> ResponseReturnValue:
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".of_school", slug=school), 301)
    return _page(LookUp(attends=_attends(school)), school)


@pages.page("/councils", may=Needs.NOTHING, methods=("POST",), changes_nothing=True)
def find() -> ResponseReturnValue:
    return _found(None)


@pages.page("/schools/<slug>/councils", may=Needs.NOTHING, methods=("POST",), changes_nothing=True)
def find_beside_school(slug: str) -> ResponseReturnValue:
    school = enter_school(slug)
    if isinstance(school, str):
        return redirect(url_for(".find_beside_school", slug=school), 308)
    return _found(school)


@pages.page("/councils/<key>", may=Needs.NOTHING, cacheable=True)
def council(key: str) -> ResponseReturnValue:
    found = council_by_key(desk.session, key, _today(), language=current_language().code)
    return render_template("public/councils/council.html", council=found)


@pages.page("/councils/<key>/wrong-link", may=Needs.NOTHING, methods=("GET", "POST"))
def wrong_link(key: str) -> ResponseReturnValue:
    found = council_by_key(desk.session, key, _today())
    form = WrongLinkForm()
    kinds = dict(KINDS)
    form.url.choices = [(link.url, kinds[link.kind]) for link in found.links] + [("", _("Another, or I am not sure"))]
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return render_template("public/councils/wrong_link.html", form=form, council=found), status
    throttle.count(desk.session, throttle.WRONG_LINK_NETWORK, throttle.network(request.remote_addr), now=desk.now)
    row = authority_row(desk.session, key)
    report_wrong_link(desk.session, row, url=form.url.data or "", message=form.message.data or "", now=desk.now)
    return render_template("public/councils/wrong_link.html", form=None, council=found)


def _found(school: Tenant | None) -> ResponseReturnValue:
    attends = _attends(school) if school else None
    typed, key = request.form.get("postcode", ""), request.form.get("council", "")
    language = current_language().code
    try:
        if typed.strip() or not key:
            lives = council_at(desk.session, clean(typed[:100]), _today(), language=language)
        else:
            lives = Answer(council_by_key(desk.session, key[:60], _today(), language=language))
    except Invalid as error:
        return _page(LookUp(attends, problem=error.message, field="postcode", chosen=key), school, 422)
    return _page(LookUp(attends, lives, chosen=key), school)


def _page(look_up: LookUp, school: Tenant | None, status: int = 200) -> ResponseReturnValue:
    edition = postcode_edition(desk.session)
    choices = [(one.key, one.name) for one in read_book(desk.session).existing(_today())]
    return render_template(
        "public/councils/councils.html", look_up=look_up, school=school, edition=edition, choices=choices
    ), status


def _attends(school: Tenant) -> Answer:
    return council_of(desk.session, school.id, _today(), language=current_language().code)


def _today() -> date:
    return london(desk.now).date()
