"""A site's rules for visiting programs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.robots import Robots, read_robots

EXAMPLE = """
# for everybody
User-agent: *
Disallow: /private/
Allow: /private/open
Disallow: /*.pdf$
Disallow: /search*sort=
Crawl-delay: 3

User-agent: OtherBot
User-agent: portal-link-check
Disallow: /never
"""


@pytest.mark.parametrize(
    ("path", "may"),
    [
        ("/", True),
        ("/private/page", False),
        ("/private/open/page", True),
        ("/notice.pdf", False),
        ("/notice.pdf?x=1", True),
        ("/search?q=a&sort=b", False),
        ("/search?q=a", True),
        ("/priv%61te/page", False),
    ],
)
def test_the_longest_rule_decides(path, may):
    assert read_robots(EXAMPLE, "some-bot").allows(path) is may


def test_rules_for_us_replace_those_for_everybody():
    ours = read_robots(EXAMPLE, "Portal-Link-Check")
    assert ours.allows("/private/page")
    assert not ours.allows("/never")
    assert ours.delay == 0
    assert read_robots(EXAMPLE, "some-bot").delay == 3


def test_no_file_and_an_empty_rule_allow_everything():
    assert Robots().allows("/anything")
    assert read_robots("User-agent: *\nDisallow:\n", "x").allows("/anything")


def test_groups_of_the_same_name_are_read_together():
    text = "User-agent: *\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n"
    assert not read_robots(text, "x").allows("/a")
    assert not read_robots(text, "x").allows("/b")


def test_an_absurd_delay_is_capped():
    assert read_robots("User-agent: *\nCrawl-delay: 86400", "x").delay == 10
    assert read_robots("User-agent: *\nCrawl-delay: soon", "x").delay == 0


def test_a_pattern_of_many_stars_takes_no_time():
    robots = Robots((("/" + "*a" * 400 + "*b$", False),))
    assert robots.allows("/" + "a" * 900)
    assert not robots.allows("/" + "a" * 900 + "b")


@given(st.text(), st.text(max_size=50))
def test_any_file_can_be_read(text, path):
    assert read_robots(text, "x").allows("/" + path) in {True, False}
