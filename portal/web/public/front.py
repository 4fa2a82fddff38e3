"""The front page, finding a school, and what the portal says about itself."""

from flask import render_template, request, url_for
from flask.typing import ResponseReturnValue

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
    try:
        words = clean(request.args.get("q", ""))
    except Invalid as error:
        return render_template("public/front/find.html", words="", found=[], problem=str(error)), 422
    problem = "" if len(words) <= SEARCH_LENGTH else "long"
    found = [] if problem or len(words) < 2 else find_schools(desk.session, words)
    return render_template("public/front/find.html", words=words[:SEARCH_LENGTH], found=found, problem=problem)


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
