"""What no browser sends, byte for byte to the server that ships with the portal: refused at once, and by name (R17)."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass

import pytest

from portal.core import limits
from portal.settings import ROOT
from tests.conftest import SECRET

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
PATIENCE = 10.0
AT_ONCE = 5.0
"""Seconds; the plan's second is for a machine that does nothing else."""
FORM = "Content-Type: application/x-www-form-urlencoded"
CHUNKED = "Transfer-Encoding: chunked"
END = b"--x--\r\n"
SECOND = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True)
class Server:
    """The portal behind its own gunicorn, and a form's cookie and token."""

    port: int
    cookie: str
    token: str

    def post(self, *headers, body=b"", version="HTTP/1.1"):
        lines = [f"POST /sign-in {version}", "Host: localhost", f"Cookie: {self.cookie}", *headers, "", ""]
        return "\r\n".join(lines).encode("latin-1") + body

    def form(self, body, *headers):
        return self.post(FORM, f"Content-Length: {len(body)}", *headers, body=body)

    def parts(self, body, boundary="x"):
        body = part("csrf_token", self.token) + body
        kind = f"Content-Type: multipart/form-data; boundary={boundary}"
        return self.post(kind, f"Content-Length: {len(body)}", body=body)

    def answers(self, sent, *, is_broken_off=False, more_within=1.0):
        """(statuses of all answers, seconds until the first came); another one is awaited for so many seconds."""
        began, got, first = time.monotonic(), b"", PATIENCE
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as line:
            try:
                line.sendall(sent)
                if is_broken_off:
                    line.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # it was refused before all of it was sent
            try:
                while more := line.recv(65_536):
                    first = first if got else time.monotonic() - began
                    got += more
                    line.settimeout(more_within)
            except OSError:
                pass
        return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3})", got)], first


def part(name, value, more=""):
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'.encode()


@pytest.fixture
def server(settings):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    environment = {
        **os.environ, "PORTAL_DATA_DIR": str(settings.data_dir), "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_SECRET_KEY": SECRET, "WEB_CONCURRENCY": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "--config", str(ROOT / "deploy" / "gunicorn.conf.py")]
    running = subprocess.Popen(
        [*command, "--bind", f"127.0.0.1:{port}", "portal.wsgi:application"], env=environment, cwd=ROOT
    )
    try:
        yield when_ready(port)
    finally:
        running.terminate()
        running.wait(30)


def when_ready(port):
    end = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/sign-in") as page:
                cookie = page.headers["Set-Cookie"].partition(";")[0]
                return Server(port, cookie, re.search(r'name="csrf_token" value="([^"]*)"', page.read().decode())[1])
        except OSError:
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.1)


def malformed(server):
    """(what is wrong, bytes) of everything that must be refused."""
    many = limits.FORM_FIELDS * 10
    nested = "Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\nz\r\n--y--\r\n"
    headed = b'--x\r\nContent-Disposition: form-data; name="a"\r\n'
    yield "no boundary", server.post("Content-Type: multipart/form-data", "Content-Length: 4", body=b"0123")
    yield "an empty boundary", server.parts(END, "")
    yield "a huge boundary", server.parts(END, "x" * 5000)
    yield "a boundary larger than any header", server.parts(END, "x" * 70_000)
    yield "two boundaries", server.parts(END, "y; boundary=x")
    yield "10,000 parts", server.parts(b"".join(part(f"a{number}", 1) for number in range(many)) + END)
    yield "10,000 fields", server.form(b"&".join(b"a%d=1" % number for number in range(many)))
    yield "10,000 times one field", server.form(b"a=1&" * many)
    yield "a form in a part", server.parts(headed + nested.encode() + END)
    for coding in ("nonsense", "base64", "gzip"):
        yield (
            f"a part in {coding}",
            server.parts(headed + f"Content-Transfer-Encoding: {coding}\r\n\r\n!!\r\n".encode() + END),
        )
    yield "a name in no letters", server.parts(headed.replace(b"a", b"\xff\xfe") + b"\r\nv\r\n" + END)
    yield "a value in no letters", server.parts(headed + b"\r\n\xff\xfe\xed\xa0\x80\r\n" + END)
    yield "a boundary in no letters", server.parts(END, "\xff")
    yield "a part with a huge header", server.parts(headed + b"X: " + b"y" * 300_000 + b"\r\n\r\nv\r\n" + END)
    yield "a part with 10,000 headers", server.parts(headed + b"X: y\r\n" * many + b"\r\nv\r\n" + END)
    yield "a form without an end", server.parts(part("a", 1))
    yield "a field beyond its bound", server.parts(part("a", "y" * (limits.FORM_FIELD_BYTES + 1)) + END)
    yield "a packed body", server.form(b"\x1f\x8b\x08\x00\x00\x00\x00\x00", "Content-Encoding: gzip")
    for length in ("-1", "+3", "3, 3", "3 3", "0x3", "", "9" * 30, str(limits.REQUEST_BODY_BYTES + 1)):
        yield f"the length {length}", server.post(FORM, f"Content-Length: {length}", body=b"a=1")
    yield "two lengths", server.post(FORM, "Content-Length: 3", "Content-Length: 4", body=b"a=1")
    yield "one length twice", server.post(FORM, "Content-Length: 3", "Content-Length: 3", body=b"a=1")
    yield "an expectation", server.post(FORM, "Expect: 200-ok", "Content-Length: 3", body=b"a=1")
    for size in (b"zz", b"-1", b"0x3", b"", b"3;" + b"a" * 200_000, b"3 3"):
        yield f"a chunk of the size {size[:9]!r}", server.post(FORM, CHUNKED, body=size + b"\r\na=1\r\n0\r\n\r\n")
    yield "a chunk longer than it says", server.post(FORM, CHUNKED, body=b"1\r\na=1\r\n0\r\n\r\n")
    yield "a chunk with a bad extension", server.post(FORM, CHUNKED, body=b"3;a\rb\r\na=1\r\n0\r\n\r\n")
    yield "chunks beyond the bound", server.post(FORM, CHUNKED, body=(b"100000\r\n%b\r\n" % (b"a" * 2**20)) * 27)
    for header in ("gzip, chunked", "identity", "xchunked", "chunked, identity", "\x0bchunked", "chunked\r\n ,x"):
        yield f"the coding {header!r}", server.post(FORM, f"Transfer-Encoding: {header}", body=b"0\r\n\r\n")
    yield "a space before the colon", server.post(FORM, "Transfer-Encoding : chunked", body=b"0\r\n\r\n")
    yield "chunks in HTTP/1.0", server.post(FORM, CHUNKED, body=b"0\r\n\r\n", version="HTTP/1.0")
    for header in ("X: a\rY: b", "X: a\0b", "X: a\r\n b", "X\xe9: a", ": a", "no colon", "Host: evil.example"):
        yield f"the header {header!r}", server.post(header, "Content-Length: 0")
    yield "a hundred headers", server.post(*(f"X-{number}: 1" for number in range(100)))
    yield "an address of 9,000 letters", b"GET /%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % (b"a" * 9000)
    yield "lines that end in LF", b"GET / HTTP/1.1\nHost: localhost\n\n"
    yield "a proxy's line", b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + SECOND
    yield "the start of TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 50 + b"\r\n\r\n"
    yield "a method in small letters", SECOND.replace(b"GET", b"get")
    yield "another version", SECOND.replace(b"HTTP/1.1", b"HTTP/3.0")


def broken_off(server):
    yield "a body shorter than it says", server.post(FORM, "Content-Length: 300", body=b"a=1")
    yield "a chunk shorter than it says", server.post(FORM, CHUNKED, body=b"5\r\na=1")
    yield "a chunk of the largest size", server.post(FORM, CHUNKED, body=b"FFFFFFFFFFFFFFFF\r\na=1\r\n0\r\n\r\n")
    yield "chunks that end in LF", server.post(FORM, CHUNKED, body=b"3\na=1\n0\n\n")


def smuggled(server):
    """(which two readings of one length, bytes) with a second request in what is left over by one of them."""
    yield "CL.TE", server.post(FORM, "Content-Length: 5", CHUNKED, body=b"0\r\n\r\n" + SECOND)
    yield "TE.CL", server.post(FORM, CHUNKED, "Content-Length: 4", body=b"5c\r\n" + SECOND + b"\r\n0\r\n\r\n")
    yield "TE.TE", server.post(FORM, CHUNKED, "Transfer-Encoding: x", body=b"0\r\n\r\n" + SECOND)
    yield "CL.CL", server.post(FORM, "Content-Length: 0", "Content-Length: 50", body=SECOND)
    yield "a broken chunk", server.post(FORM, CHUNKED, body=b"zz\r\n" + SECOND)
    yield "a chunk that goes on", server.post(FORM, CHUNKED, body=b"1\r\na=1\r\n0\r\n\r\n" + SECOND)
    yield "a folded header", server.post(FORM, "X: a\r\n Content-Length: 50", body=SECOND)


def test_whatever_is_malformed_is_refused_at_once(server, record_property):
    slowest, wrong, asked = 0.0, [], 0
    cases = [*((*case, False) for case in malformed(server)), *((*case, True) for case in broken_off(server))]
    for what, sent, is_broken_off in cases:
        statuses, seconds = server.answers(sent, is_broken_off=is_broken_off, more_within=0.05)
        asked, slowest = asked + 1, max(slowest, seconds)
        if not statuses or not (400 <= statuses[0] < 500 or statuses[0] == 501) or seconds > AT_ONCE:
            wrong.append((what, statuses, seconds))
    record_property("requests", asked)
    record_property("slowest_ms", round(slowest * 1000))
    assert not wrong


def test_no_second_request_is_read_out_of_the_body_of_the_first(server, record_property):
    wrong, asked = [], 0
    for what, sent in smuggled(server):
        statuses, _seconds = server.answers(sent)
        asked += 1
        if len(statuses) != 1 or not (400 <= statuses[0] < 500 or statuses[0] == 501):
            wrong.append((what, statuses))
    record_property("smuggled", asked)
    assert not wrong
    assert server.answers(SECOND + SECOND)[0] == [200, 200], "two honest ones in a row are two"


def test_a_request_does_not_say_itself_where_it_arrived(server):
    for header in (b"SCRIPT_NAME: /x", b"PATH_INFO: /nowhere", b"X-Forwarded-Prefix: /x", b"X-Original-URL: /nowhere"):
        sent = SECOND.replace(b"Host:", header + b"\r\nHost:")
        assert server.answers(sent)[0] == [200], header
