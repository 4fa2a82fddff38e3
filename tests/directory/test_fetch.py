"""One exchange with a public address: the guard, the pinned connection and the bounds."""

import socket
import ssl
from dataclasses import replace

import pytest

from portal.directory.fetch import Limits, NoAnswer, PublicFetcher, Trouble
from tests.directory.web_server import EXPIRED, OTHER_PUBLIC, PUBLIC, UNTRUSTED, Page, pretend_web

QUICK = Limits(connect_seconds=2, total_seconds=2, body_bytes=2000)


@pytest.fixture(scope="module")
def shared_web():
    with pretend_web() as web:
        yield web


@pytest.fixture
def web(shared_web):
    shared_web.sites = {"council.example": {"/": Page("<h1>Hello</h1>")}}
    shared_web.names = {}
    shared_web.visits.clear()
    shared_web.attempts.clear()
    return shared_web


@pytest.fixture
def fetcher(web):
    return PublicFetcher("portal-test/1 (+https://portal.example)", web.resolve, web.connect, web.tls, limits=QUICK)


def test_a_page_is_fetched_with_its_status_headers_and_body(web, fetcher):
    answer = fetcher.fetch("http://council.example/")
    assert (answer.status, answer.body, answer.is_cut_off) == (200, b"<h1>Hello</h1>", False)
    assert answer.headers["content-type"].startswith("text/html")
    assert web.visits == [("GET", "council.example/")]


def test_a_page_is_fetched_over_tls(web, fetcher):
    assert fetcher.fetch("https://council.example/").status == 200
    assert web.attempts == [PUBLIC]


def test_head_brings_no_body(fetcher):
    answer = fetcher.fetch("http://council.example/", "HEAD")
    assert (answer.status, answer.body) == (200, b"")


def test_a_redirect_is_reported_not_followed(web, fetcher):
    web.sites["council.example"]["/"] = Page("", 301, {"Location": "http://127.0.0.1/"})
    assert fetcher.fetch("http://council.example/").status == 301
    assert web.attempts == [PUBLIC]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["10.0.0.5"],
        ["169.254.169.254"],
        ["::1"],
        ["fd00::1"],
        ["::ffff:127.0.0.1"],
        ["0.0.0.0"],  # noqa: S104 - the address is the point
        [PUBLIC, "127.0.0.1"],
        ["192.168.0.1", PUBLIC],
    ],
)
def test_a_public_name_of_a_private_address_is_refused_and_never_connected(web, fetcher, addresses):
    web.names["council.example"] = addresses
    assert _trouble(fetcher, "http://council.example/") is Trouble.REFUSED
    assert web.attempts == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "[::1]"]
)
def test_a_private_address_in_any_spelling_is_refused_and_never_connected(web, fetcher, host):
    assert _trouble(fetcher, f"http://{host}/") is Trouble.REFUSED
    assert web.attempts == []


def test_the_connection_goes_to_the_address_that_was_checked(web, fetcher):
    """A name that answers differently the second time (DNS rebinding) is asked only once."""
    answers = [[PUBLIC], ["127.0.0.1"]]
    rebinding = replace(fetcher, resolve=lambda host, port: answers.pop(0))
    assert rebinding.fetch("http://council.example/").status == 200
    assert web.attempts == [PUBLIC]
    assert _trouble(rebinding, "http://council.example/") is Trouble.REFUSED
    assert web.attempts == [PUBLIC]


def test_proxy_settings_of_the_environment_are_not_used(web, fetcher, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert fetcher.fetch("http://council.example/").status == 200
    assert web.attempts == [PUBLIC]


def test_the_next_address_is_tried_when_one_is_silent(web, fetcher):
    web.names["council.example"] = ["93.184.216.99", OTHER_PUBLIC]
    assert fetcher.fetch("http://council.example/").status == 200
    assert web.attempts == ["93.184.216.99", OTHER_PUBLIC]


def test_only_so_much_of_a_page_is_read(web, fetcher):
    web.sites["council.example"]["/"] = Page("x" * 1_000_000)
    answer = fetcher.fetch("http://council.example/")
    assert (len(answer.body), answer.is_cut_off) == (2000, True)


@pytest.mark.parametrize(
    ("host", "address"),
    [("untrusted.example", UNTRUSTED), ("expired.example", EXPIRED), ("other.example", PUBLIC)],
)
def test_a_certificate_that_cannot_be_trusted_is_called_that(web, fetcher, host, address):
    web.names[host] = [address]
    assert _trouble(fetcher, f"https://{host}/") is Trouble.BAD_CERTIFICATE
    assert web.visits == []


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 300,
        b"\x16\x03",
    ],
)
def test_an_answer_that_is_not_http_is_called_unreachable(web, fetcher, raw):
    web.sites["council.example"]["/"] = Page(raw=raw)
    assert _trouble(fetcher, "http://council.example/") is Trouble.UNREACHABLE


def test_a_chunked_answer_that_stops_short_is_called_unreachable(web, fetcher):
    web.sites["council.example"]["/"] = Page(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nshort")
    assert _trouble(fetcher, "http://council.example/") is Trouble.UNREACHABLE


def test_a_name_that_does_not_exist_is_called_unreachable(fetcher):
    assert _trouble(fetcher, "http://nobody.example/") is Trouble.UNREACHABLE


def test_a_port_that_nobody_listens_to_is_called_unreachable(web, fetcher):
    web.names["council.example"] = ["93.184.216.99"]
    assert _trouble(fetcher, "http://council.example/") is Trouble.UNREACHABLE


def test_a_server_that_says_nothing_is_called_slow(web, fetcher):
    web.sites["council.example"]["/"] = Page(hold=True)
    impatient = replace(fetcher, limits=replace(QUICK, total_seconds=0.2))
    assert _trouble(impatient, "http://council.example/") is Trouble.SLOW


def test_a_server_that_drips_is_cut_off_by_the_deadline_over_all_reads(web, fetcher):
    ours, theirs = socket.socketpair()
    with theirs:
        theirs.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        ticks = iter(range(100))

        def clock():
            theirs.sendall(b"y")
            return float(next(ticks))

        dripping = replace(fetcher, connect=lambda *_: ours, clock=clock, limits=replace(QUICK, total_seconds=20))
        assert _trouble(dripping, "http://council.example/") is Trouble.SLOW
        assert next(ticks) >= 20


def test_the_default_settings_check_certificates():
    fetcher = PublicFetcher("portal-test/1")
    assert fetcher.tls.verify_mode is ssl.CERT_REQUIRED
    assert fetcher.tls.check_hostname


def _trouble(fetcher, url):
    with pytest.raises(NoAnswer) as silence:
        fetcher.fetch(url)
    assert str(silence.value).endswith(".")
    return silence.value.trouble
