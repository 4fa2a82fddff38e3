"""What a page says, and whether it says that there is no page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.directory.page_text import read_page

WORDS = "We hold information about pupils so that we can find each child a place at school. " * 5


def test_the_main_part_is_read_without_menus_and_scripts():
    page = _page(
        "<title>Pupil &amp; family privacy</title><nav>Menu</nav><script>if (a<b) {'</p>'}</script>"
        "<main><header><h1>Pupil privacy</h1></header><p>We hold <b>your</b> name.</p><!-- <p>x</p> --></main><footer>F"
    )
    assert (page.title, page.heading) == ("Pupil & family privacy", "Pupil privacy")
    assert page.text == "Pupil privacy We hold your name."


def test_without_a_main_part_the_page_is_read_without_its_furniture():
    page = _page("<header>Site</header><div><h1>Privacy</h1>We hold names.</div><aside>Links</aside><footer>F</footer>")
    assert page.text == "Privacy We hold names."


def test_menus_and_spaces_do_not_change_the_digest_but_words_do():
    one = _page(f"<nav>Bins</nav><main>{WORDS}</main>")
    same = _page(f"<nav>Roads</nav><main>\n  {WORDS.replace(' ', '   ')}</main><script>var x</script>")
    other = _page(f"<main>{WORDS} And more.</main>")
    assert one.digest == same.digest
    assert one.digest != other.digest


@pytest.mark.parametrize(
    "html",
    [
        "<title>Page not found - Council</title>",
        "<title>404</title>",
        "<title>Council</title><h1>Sorry, we can't find that page</h1>",
        "<title>Council</title><h1>This page can\u2019t be found</h1>",
        "<title>Council</title><h1>This page has been removed</h1>",
        "<h1>The page you want is no longer available</h1>",
        "<p>Sorry, the page could not be found.</p>",
        "<p>We can't seem to find the page you're looking for.</p>",
        "<h1>Sorry, the page you are looking for doesn\u2019t exist</h1>",
        "<h1>The page you requested has been moved or deleted</h1>",
        "<h1>This page isn't available</h1>",
        "<title>Page unavailable - Council</title>",
        "<h1>It looks like nothing was found at this location</h1>",
    ],
)
def test_a_page_that_says_not_found_is_believed(html):
    assert _page(html).says_not_found


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Pupil privacy</title><main>{WORDS} If your child's record is not found, ask us.</main>",
        "<title>Lost property</title><h1>What we found</h1>",
        "<title>Room 4040</title>",
        "<h1>This page explains when information is deleted</h1>",
        "<h1>Your right to have information removed</h1>",
    ],
)
def test_a_page_that_only_mentions_it_is_not(html):
    assert not _page(html).says_not_found


@pytest.mark.parametrize(
    ("html", "onward"),
    [
        ('<meta http-equiv="refresh" content="0; url=/new">', "/new"),
        (
            "<META HTTP-EQUIV=Refresh CONTENT='5;URL=https://new.example/a?b=1&amp;c=2'>",
            "https://new.example/a?b=1&c=2",
        ),
        ('<meta content="0;/new" http-equiv="refresh"/>', "/new"),
        ('<meta http-equiv="refresh" content="300; url=/again">', ""),
        ('<meta http-equiv="refresh" content="30">', ""),
        ('<meta name="description" content="0; url=/new">', ""),
        ('<!-- <meta http-equiv="refresh" content="0; url=/new"> -->', ""),
    ],
)
def test_a_page_that_moves_on_by_itself_says_where_to(html, onward):
    assert _page(html).refresh == onward


def test_the_declared_encoding_is_used_and_a_made_up_one_does_no_harm():
    assert read_page("<h1>Caf\u00e9</h1>".encode("latin-1"), "text/html; charset=ISO-8859-1").heading == "Caf\u00e9"
    assert read_page("<h1>Caf\u00e9</h1>".encode(), "text/html; charset=klingon").heading == "Caf\u00e9"


@pytest.mark.parametrize(
    "piece", ["<", "<a ", "<!--", "<!", "<script>", "<meta content=", "</", "<a b='", "&", "<main>"]
)
def test_half_a_megabyte_of_one_broken_thing_is_read_at_once(piece):
    size = 512 * 1024 // len(piece)
    assert isinstance(_page(piece * size).digest, str)


@given(st.binary(max_size=500))
def test_any_bytes_can_be_read(body):
    page = read_page(body, "text/html")
    assert page.title.isprintable()
    assert page.text.isprintable()


def _page(html):
    return read_page(html.encode(), "text/html; charset=utf-8")


LONG = " ".join(f"word{number}" for number in range(80))


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Tudalen heb ei chanfod</title><h1>Cyngor</h1>{LONG}",
        f"<title>Cyngor</title><h1>Ni chanfuwyd y dudalen</h1>{LONG}",
        f"<title>Cyngor</title><h1>Nid yw'r dudalen hon ar gael</h1>{LONG}",
        f"<title>Council</title><h1>Oops</h1><p>{LONG}</p>",
        f"<title>Council</title><h1>Oops, sorry!</h1><p>The page you asked for is no longer available. {LONG}</p>",
        f"<title>Council</title><h1>Sorry</h1><p>We could not find that. {LONG}</p>",
    ],
)
def test_a_long_page_that_apologises_or_speaks_welsh_is_a_missing_one(html):
    assert _page(html).says_not_found


@pytest.mark.parametrize(
    "html",
    [
        f"<title>Privacy</title><h1>Privacy notice</h1><p>If your record could not be found, tell us. {LONG}</p>",
        f"<title>Preifatrwydd</title><h1>Hysbysiad preifatrwydd</h1><p>{LONG} heb ei chanfod</p>",
        f"<title>Saying sorry</title><h1>Sorry seems to be the hardest word, a guide</h1><p>{LONG}</p>",
    ],
)
def test_a_long_page_that_mentions_what_is_missing_is_a_page(html):
    assert not _page(html).says_not_found
