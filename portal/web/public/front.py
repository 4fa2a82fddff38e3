"""The front page, finding a school, and what the portal says about itself."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.core.errors import Invalid, NotFound
from portal.core.limits import SEARCH_LENGTH
from portal.core.text import clean
from portal.tenancy.queries import facts_at, find_schools, service
from portal.tenancy.scope import tenant_scope
from portal.web.door import Audience, Door, Needs
from portal.web.session import desk

pages = Door("public_front", __name__, audience=Audience.PUBLIC)


@pages.page("/", may=Needs.NOTHING, cacheable=True)
def front() -> ResponseReturnValue:
    return render_template("public/front/front.html")


@pages.page("/find", may=Needs.NOTHING, cacheable=True)
def find() -> ResponseReturnValue:
    typed = request.args.get("q", "")
    try:
        words, problem = clean(typed), ""
    except Invalid as error:
        words, problem = "".join(filter(str.isprintable, typed)), _(error.message)
    if not problem:
        problem = _what_is_wrong_with(words)
    found = find_schools(desk.session, words) if words and not problem else []
    page = render_template("public/front/find.html", words=words, found=found, problem=problem)
    return page, 422 if problem else 200


def _what_is_wrong_with(words: str) -> str:
    if len(words) > SEARCH_LENGTH:
        return str(_("That is too long for a search. Type the school’s name or town only."))
    return str(_("Type two letters or more.")) if len(words) == 1 else ""


@pages.page("/privacy", may=Needs.NOTHING, cacheable=True)
def privacy() -> ResponseReturnValue:
    return render_template("public/front/privacy.html", facts=_service_facts())


@pages.page("/accessibility", may=Needs.NOTHING, cacheable=True)
def accessibility() -> ResponseReturnValue:
    return render_template("public/front/accessibility.html", facts=_service_facts())


@pages.page("/.well-known/security.txt", may=Needs.NOTHING, cacheable=True)
def security_txt() -> ResponseReturnValue:
    email = _service_facts().get("dpo.email", "")
    address = desk.settings.address(url_for(".security_txt"))
    text = f"Contact: mailto:{email}\nPreferred-Languages: en\nCanonical: {address}\n"
    return text, 200, {"Content-Type": "text/plain; charset=utf-8"}


def _service_facts() -> dict[str, str]:
    try:
        found = service(desk.session)
    except NotFound:
        return {}
    with tenant_scope(desk.session, found.id):
        return {"service.name": found.name, **facts_at(desk.session, found.id, desk.now)}
