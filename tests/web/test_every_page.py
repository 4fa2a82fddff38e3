"""Every page that the cast can reach by its links: valid, titled, readable, without a word left untranslated."""

import re

import pytest

from tests.tools.html_checker import check_html
from tests.web.crawl import STARTS, crawl

PEOPLE = ("asha", "ben", "bea", "tom", "gus", "devi", "cal", "dora", "adi", "audrey")
pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture
def pages(app, client, staff):
    found = {f"anybody {path}": html for path, html in crawl(app, client, STARTS["anybody"]).items()}
    for name in PEOPLE:
        for path, html in crawl(app, staff.client(name), STARTS["staff"]).items():
            found[f"{name} {path}"] = html
    return found


def test_every_page_is_valid_and_says_what_it_is(pages):
    assert len(pages) > 20
    problems = []
    for name, html in pages.items():
        if len(re.findall(r"<h1[ >]", html)) != 1:
            problems.append(f"{name}: not one h1")
        if not re.search(r"<title>\s*\S", html):
            problems.append(f"{name}: no title")
        if not re.search(r'<html[^>]* lang="\w+" dir="(ltr|rtl)"', html):
            problems.append(f"{name}: no lang or dir")
        if "%(" in html or "Undefined" in html:
            problems.append(f"{name}: a text with a hole")
        identifiers = re.findall(r'\sid="([^"]+)"', html)
        if len(identifiers) != len(set(identifiers)):
            problems.append(f"{name}: an id twice")
    assert not problems, "\n".join(problems)
    assert not (found := check_html(pages)), "\n".join(found)


def test_links_of_every_page_lead_somewhere(app, client, pages):
    """A link of a public page never leads to an error."""
    dead = []
    for name, html in pages.items():
        if name.startswith("anybody "):
            links = {href for href in re.findall(r'href="(/[^"#]*)"', html) if not href.startswith("/static/")}
            answers = {href: client.get(href.replace("&amp;", "&")).status_code for href in links}
            dead += [f"{name}: {href}" for href, status in answers.items() if status >= 400]
    assert not dead, "\n".join(dead)
