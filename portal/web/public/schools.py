"""A school's own front page and its colour."""

import re

from flask import abort, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from portal.core.errors import NotFound
from portal.lifecycle.overview import closing_of
from portal.lifecycle.school_setup import crest_of
from portal.tenancy.models import Tenant
from portal.tenancy.queries import facts_at, present_slug, public_school, tenant_by_slug
from portal.tenancy.scope import tenant_scope
from portal.web.door import Audience, Door, Needs
from portal.web.session import desk

pages = Door("public_schools", __name__, audience=Audience.PUBLIC)


@pages.page("/schools/<slug>", may=Needs.NOTHING, cacheable=True)
def school(slug: str) -> ResponseReturnValue:
    found = enter_school(slug)
    if isinstance(found, str):
        return redirect(url_for(".school", slug=found), 301)
    facts = facts_of(found)
    with tenant_scope(desk.session, found.id):
        crest_held = crest_of(desk.session, found)
    return render_template(
        "public/schools/school.html",
        school=found,
        facts=facts,
        closed=closing_of(desk.session, found),
        crest=crest_held.digest[:12] if crest_held else "",
    )


@pages.page("/schools/<slug>/crest", may=Needs.NOTHING, cacheable=True)
def crest(slug: str) -> ResponseReturnValue:
    found = enter_school(slug)
    if isinstance(found, str):
        return redirect(url_for(".crest", slug=found), 301)
    with tenant_scope(desk.session, found.id):
        held = crest_of(desk.session, found)
    if held is None:
        abort(404)
    return held.content, 200, {"Content-Type": held.kind, "Cache-Control": "public, max-age=3600"}


@pages.page("/schools/<slug>/colour.css", may=Needs.NOTHING, cacheable=True)
def colour(slug: str) -> ResponseReturnValue:
    try:
        found = tenant_by_slug(desk.session, slug)
    except NotFound:
        moved = present_slug(desk.session, slug)
        if moved is None:
            raise
        return redirect(url_for(".colour", slug=moved), 301)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", found.colour):
        abort(404)
    return (
        f":root {{ --govuk-brand-colour: {found.colour}; }}\n",
        200,
        {"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=3600"},
    )


def facts_of(school: Tenant) -> dict[str, str]:
    """What anybody may know of how to reach the school."""
    with tenant_scope(desk.session, school.id):
        return facts_at(desk.session, school.id, desk.now)


def enter_school(slug: str) -> Tenant | str:
    """The school with this address, its page then wearing its name; or the present slug of a former one.

    Raises `NotFound`, the same for absent and for not public.
    """
    try:
        found = public_school(desk.session, slug)
    except NotFound:
        moved = present_slug(desk.session, slug)
        if moved is None:
            raise
        return moved
    g.public_school = found
    return found
