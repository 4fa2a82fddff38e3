"""What every answer carries, and what no request may exceed: a clear page for whatever comes, never a fault of ours."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from portal.app import create_app
from portal.core import limits
from portal.identity import throttle
from portal.identity.models import WebSession
from portal.web.addresses import safe_path
from portal.web.forms.bring import BlockForm
from tests.conftest import csrf_token

ADDRESSES = ["/", "/sign-in", "/nowhere", "/static/icon.svg", "/static/nothing.css", "/health", "/home", "/find?q=%00"]
FACTS = "/school/alder-primary/school/facts"


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_answer_carries_the_headers(client, address):
    with client.get(address) as answer:
        headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "object-src 'none'"):
        assert part in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Permissions-Policy" in headers
    assert headers["Referrer-Policy"] in {"no-referrer", "strict-origin-when-cross-origin"}
    assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize("address", ["/sign-in", "/home", "/nowhere", "/school/alder-primary/school"])
def test_private_pages_are_stored_nowhere_and_tell_nobody_where_one_was(staff, address):
    headers = staff.client("asha").get(address).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_https_is_asked_for_on_every_answer(settings, database, address):
    app = create_app(replace(settings, base_url="https://privacy.example.org"), database=database)
    with app.test_client().get(address, base_url="https://privacy.example.org") as answer:
        headers = answer.headers
    assert headers["Strict-Transport-Security"].startswith("max-age=63072000; includeSubDomains")


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "", "a b", "[::1", "localhost:99999999", "é"]
)
def test_an_unknown_host_gets_no_page(client, host):
    answer = client.get("/", headers={"Host": host.encode("utf-8", "ignore").decode("latin-1")})
    assert answer.status_code in {400, 404} or host.startswith("localhost:")
    assert b"evil" not in answer.data


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_schools_own_host_serves_public_pages_only(settings, database):
    app = create_app(replace(settings, hosts=("privacy.alder.example",)), database=database)
    client = app.test_client()
    statuses = {
        address: client.get(address, base_url="http://privacy.alder.example", buffered=True).status_code
        for address in (
            "/",
            "/schools/alder-primary",
            "/static/icon.svg",
            "/sign-in",
            "/home",
            "/school/alder-primary/today",
        )
    }
    assert statuses == {
        "/": 200, "/schools/alder-primary": 200, "/static/icon.svg": 200, "/sign-in": 404, "/home": 404,
        "/school/alder-primary/today": 404,
    }  # fmt: skip


def test_a_change_needs_the_token_of_our_form(staff):
    client = staff.client("asha")
    assert client.post(FACTS, data={"email": "x@y.example"}).status_code == 400
    assert client.post(FACTS, data={"csrf_token": "wrong", "email": "x@y.example"}).status_code == 400


def test_a_token_of_another_session_is_worth_nothing(staff):
    mine, theirs = staff.client("asha"), staff.client("ben")
    assert mine.post(FACTS, data={"csrf_token": csrf_token(theirs, FACTS)}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "http://localhost"}, 422),
        ({"Origin": "null", "Sec-Fetch-Site": "same-origin"}, 422),
        ({"Sec-Fetch-Site": "same-origin"}, 422),
    ],
)
def test_another_site_cannot_send_our_forms(staff, headers, status):
    client = staff.client("asha")
    answer = client.post(FACTS, data={"csrf_token": csrf_token(client, FACTS), "email": "bad"}, headers=headers)
    assert answer.status_code == status


@pytest.mark.parametrize(
    "address",
    [
        "/find?q=%00",
        "/schools/%00",
        "/schools/a%00b",
        "/school/%00/today",
        "/find?%00=1",
        "/find?q=%ed%a0%80",
        "/%ff%fe",
        "/find?q=%ff",
    ],
)
def test_nul_and_broken_text_in_an_address_get_a_clear_page(client, address):
    answer = client.get(address)
    assert answer.status_code in {200, 400, 404, 422}
    assert "Traceback" not in answer.text


def test_nul_in_a_form_gets_a_clear_page(staff):
    client = staff.client("asha")
    for fields in ({"email": "a\0b@example.org"}, {"a\0b": "x"}):
        answer = client.post(FACTS, data={"csrf_token": csrf_token(client, FACTS), **fields})
        assert answer.status_code in {400, 422}


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "2147483648",
        "9223372036854775808",
        "1" * 400,
        "null",
        "*",
        "%20",
        "1.0",
        "\N{ARABIC-INDIC DIGIT ONE}",
    ],
)
def test_odd_numbers_in_an_address_are_absent(staff, number):
    client = staff.client("adi")
    token = csrf_token(client, "/account")
    assert client.post(f"/central/operations/letters/{number}/retry", data={"csrf_token": token}).status_code == 404


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("text", ["1" * 5_000, "-1", "\N{ARABIC-INDIC DIGIT ONE}" * 20, "1,,2,x"])
def test_odd_numbers_in_a_hidden_field_are_refused(staff, text):
    client = staff.client("asha")
    data = {"csrf_token": csrf_token(client, "/account"), "memberships": text}
    assert client.post("/school/alder-primary/people/review", data=data).status_code == 422
    with client.application.test_request_context(method="POST", data={"seen": text}):
        assert BlockForm(meta={"csrf": False}).seen_version == 0


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("address", ["/requests", "/schools/alder-primary/privacy-notice/subscription"])
def test_a_household_with_many_addresses_is_one_network(client, monkeypatch, address):
    """Whoever has an IPv6 address has 2 to the power of 64 of them."""
    monkeypatch.setattr(throttle, "REQUESTER_NETWORK", throttle.Rate("few", 2, 15))
    statuses = []
    for number in range(4):
        data = {
            "csrf_token": csrf_token(client, address),
            "reference": "ZZZZ-ZZZZ",
            "code": "1234",
            "email": "a@b.example",
        }
        answer = client.post(address, data=data, environ_base={"REMOTE_ADDR": f"2001:db8::{number + 1:x}"})
        statuses.append(answer.status_code)
    assert 429 not in statuses[:2]
    assert statuses[2:] == [429, 429]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_body_that_is_too_large_is_refused(client):
    assert client.post("/sign-in", data=b"x" * (limits.REQUEST_BODY_BYTES + 1)).status_code == 413
    big = {"csrf_token": "x", "email": "e" * (limits.FORM_FIELD_BYTES + 1)}
    assert client.post("/sign-in", data=big).status_code == 413


@pytest.mark.parametrize("backend", ["sqlite"])
def test_too_many_fields_or_parts_are_refused(client):
    flood = "&".join(f"a{number}=1" for number in range(limits.FORM_FIELDS + 1))
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert client.post("/sign-in", data=flood, **form).status_code == 413
    parts = {f"a{number}": "1" for number in range(limits.FORM_PARTS + 1)}
    assert client.post("/sign-in", data=parts, content_type="multipart/form-data").status_code == 413


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("multipart/form-data", b"--x\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x\r\n\r\n"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a\0"; filename="b\0"\r\n\r\n1\r\n--x--',
        ),
        ("multipart/form-data; boundary=x; boundary=y", b"--x--"),
        ("application/json", b"{" * 100_000),
        ("text/plain; charset=nonsense", b"\xff\xfe"),
        ("application/x-www-form-urlencoded", b"%%%=&&&;;;=%zz"),
        ("application/x-www-form-urlencoded", b"a=" + b"%ed%b0%80" * 10),
    ],
)
def test_a_malformed_body_is_never_our_fault(client, content_type, body):
    assert 400 <= client.post("/sign-in", data=body, content_type=content_type).status_code < 500


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("method", ["TRACE", "PROPFIND", "PUT", "DELETE", "PATCH"])
def test_methods_that_nobody_declared_are_refused(client, method):
    assert client.open("/sign-in", method=method).status_code == 405


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    "address", ["/.git/config", "/metrics", "/debug", "/console", "/openapi.json", "/static/", "/static/../settings.py"]
)
def test_nothing_of_the_inside_is_served(client, address):
    assert client.get(address).status_code in {404, 405}


def test_a_fault_shows_a_code_and_no_trace(app, staff, monkeypatch):
    def fail(*_args, **_options):
        raise RuntimeError("secret canary 12345")

    monkeypatch.setattr("portal.web.school.school.people_in", fail)
    answer = staff.client("asha").get("/school/alder-primary/school")
    assert answer.status_code == 500
    assert "canary" not in answer.text
    assert "Traceback" not in answer.text


def test_a_session_row_that_cannot_be_read_is_a_plain_fault(app, staff, database):
    client = staff.client("asha")
    with database.transaction() as session:
        session.execute(update(WebSession).values(data={"_user_id": "not a number"}))
    assert client.get("/school/alder-primary/school").status_code in {302, 500}


@pytest.mark.parametrize(
    "wanted", [None, "", "a", "//x", "/\\x", "/a\tb", "/a\nb", "https://x", "/" + "x" * 600, "http:/x", "/[x", "///x"]
)
def test_an_unsafe_address_is_replaced(wanted):
    assert safe_path(wanted, "/home") in {"/home", "/[x"}


def test_a_safe_address_is_kept():
    assert safe_path("/school/alder?x=1&y=%2F", "/home") == "/school/alder?x=1&y=%2F"
