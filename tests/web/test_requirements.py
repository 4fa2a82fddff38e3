"""Requirements of ASVS 5.0 that no other test shows; `docs/security.md` says which test shows which."""

import ast
import re
import stat
import string
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from pyotp import TOTP
from sqlalchemy import func, select, update

from portal.cli import main
from portal.core import clock, limits
from portal.core.database import Database
from portal.core.errors import Invalid
from portal.core.secrets import Keys, new_reference, new_token
from portal.identity import throttle
from portal.identity.models import Person
from portal.identity.passwords import check_strength
from portal.identity.proofs import new_proof, use_proof
from portal.settings import ROOT
from tests.conftest import csrf_token, form_marks
from tests.incidents.requests_made import ALDER, ask, hidden

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
CODE = [path for path in (ROOT / "portal").rglob("*.py") if "__pycache__" not in path.parts]
PAGES = [path for path in (ROOT / "portal").rglob("*") if path.suffix in {".html", ".js"}]
UNSAFE_READERS = {"pickle", "cPickle", "dill", "shelve", "marshal", "jsonpickle", "cloudpickle"}


def test_v1_5_2_nothing_that_comes_in_is_made_into_objects():
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.partition(".")[0] for name in names} & UNSAFE_READERS, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "yaml":
                assert node.attr.startswith("safe_"), path


@pytest.mark.parametrize("words", ["%25", "_", "%25lder", "Al_er", "%5C"])
def test_v1_2_9_signs_that_mean_something_to_a_search_find_themselves_only(staff, words):
    assert "/schools/alder-primary" not in staff.client("devi").get(f"/central/cases?school={words}").text


@pytest.mark.parametrize("signs", ["%25%25", "__", "%5C%5C", "Ald%25x", "Q%25y"])
def test_v1_2_9_signs_stand_for_nothing_when_a_parent_looks_for_a_school(client, signs):
    """A wildcard would find every school by the first three; the words beside a sign must still all be there."""
    assert "Alder Primary" not in client.get(f"/find?q={signs}").text


@SQLITE
def test_v2_3_1_a_request_is_not_answered_and_closed_past_its_steps(staff, database, settings):
    """An ending that the kind cannot have, and a letter that is not possible yet, are refused."""
    reference = ask(database, settings).case.reference
    asha, path = staff.client("asha"), f"{ALDER}/cases/{reference}"
    page = asha.get(f"{path}/closure").text
    marks = {name: hidden(page, name) for name in ("csrf_token", "key", "seen")}
    assert asha.post(f"{path}/closure", data={**marks, "outcome": "nonsense", "body": "x"}).status_code == 422
    assert asha.post(f"{path}/closure", data={**marks, "body": "x"}).status_code == 422
    assert "Reopen" not in asha.get(path).text


@SQLITE
def test_v2_3_1_a_second_factor_or_a_new_password_is_not_reached_without_the_step_before(client):
    for path in ("/sign-in/code", "/sign-in/forgotten/code", "/sign-in/forgotten/password", "/sign-in/mailbox/code"):
        assert client.get(path).headers["Location"].startswith("/sign-in")
    for path in ("/set-up", "/set-up/password", "/set-up/authenticator", "/set-up/passkey"):
        assert client.get(path).status_code == 404


@SQLITE
def test_v2_3_2_what_may_be_sent_in_an_hour_has_a_bound(session):
    now = clock.now()
    for _ in range(throttle.REQUEST_NETWORK.count):
        throttle.count(session, throttle.REQUEST_NETWORK, "203.0.113.1", now=now)
    with pytest.raises(throttle.TooMany):
        throttle.count(session, throttle.REQUEST_NETWORK, "203.0.113.1", now=now)
    throttle.count(session, throttle.REQUEST_NETWORK, "203.0.113.2", now=now)
    assert limits.FILES_PER_FORM < 50


@SQLITE
def test_v4_1_1_every_answer_says_what_it_is_and_in_which_letters(app, staff):
    asha = staff.client("asha")
    pages = {
        "/": "text/html; charset=utf-8",
        "/nowhere": "text/html; charset=utf-8",
        "/schools/alder-primary/privacy-notice": "text/html; charset=utf-8",
        "/schools/alder-primary/colour.css": "text/css; charset=utf-8",
        f"{ALDER}/cases": "text/html; charset=utf-8",
        f"{ALDER}/cases/export.csv": "text/csv; charset=utf-8",
        f"{ALDER}/audit.csv": "text/csv; charset=utf-8",
    }
    assert {path: asha.get(path).headers["Content-Type"] for path in pages} == pages


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 4\r\nContent-Length: 5\r\n",
        b"Content-Length: +4\r\n",
        b"Transfer-Encoding: identity, chunked, identity\r\n",
        b"Transfer-Encoding : chunked\r\n",
        b"X-One: a\n\tContent-Length: 4\r\n",
    ],
)
def test_v4_2_1_a_body_whose_length_can_be_read_in_two_ways_is_refused(head):
    """By the server that ships with the portal, as it is set up there."""
    sent = b"POST /requests HTTP/1.1\r\nHost: localhost\r\n" + head + b"\r\n0\r\n\r\n"
    with pytest.raises((ParseException, OSError, ValueError)):
        next(RequestParser(Config(), iter([sent]), ("203.0.113.1", 1)))


def test_v6_2_7_nothing_keeps_anybody_from_pasting_a_password():
    for path in PAGES:
        words = path.read_text(encoding="utf-8", errors="replace").lower()
        assert "onpaste" not in words, path
        assert not re.search(r"addeventlistener\(\s*['\"]paste", words), path
    macro = (ROOT / "portal/templates/components/forms.html").read_text()
    assert 'autocomplete="current-password"' in macro


@SQLITE
def test_v6_2_10_an_old_password_goes_on_working(client, database, cast):
    with database.transaction() as session:
        long_ago = clock.now() - timedelta(days=2000)
        session.execute(update(Person).where(Person.email == cast["asha"].email).values(created_at=long_ago))
    marks = form_marks(client, "/sign-in")
    client.post("/sign-in", data={**marks, "email": cast["asha"].email, "password": cast["asha"].password})
    token = csrf_token(client, "/sign-in/code")
    code = TOTP(cast["asha"].totp_secret).now()
    assert client.post("/sign-in/code", data={"csrf_token": token, "code": code}).headers["Location"] == "/home"


@pytest.mark.parametrize(
    "password",
    [
        "password1234", "Password123!", "123456789012", "1234567890123", "qwertyuiop12", "iloveyou1234",
        "passwordpassword", "letmein12345", "adminadmin12", "1qaz2wsx3edc", "abcdefghijkl", "111111111111",
        "qwerty123456", "welcome12345", "1q2w3e4r5t6y", "q1w2e3r4t5y6",
        "monkey123456", "P@ssw0rd1234", "football1234", "princess1234", "sunshine1234", "superman1234",
    ],
)  # fmt: skip
def test_v6_2_12_passwords_of_every_breach_are_refused_without_asking_anybody(password):
    with pytest.raises(Invalid):
        check_strength(password)


def test_v6_3_2_a_new_installation_knows_nobody(empty_database, tmp_path, monkeypatch):
    for name, value in {**empty_database, "PORTAL_DATA_DIR": str(tmp_path), "PORTAL_SECRET_KEY": "k" * 40}.items():
        monkeypatch.setenv(name, value)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    database = Database(empty_database["PORTAL_DATABASE_URL"])
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(Person)) == 0
    database.dispose()


def test_v6_4_2_nobody_is_asked_a_question_whose_answer_others_know():
    asked = re.compile(
        r"maiden name|first pet|(secret|security) question|favourite (colour|teacher|film)", re.IGNORECASE
    )
    assert not [path for path in (*CODE, *PAGES) if asked.search(path.read_text(encoding="utf-8", errors="replace"))]


@SQLITE
def test_v8_2_3_notes_between_the_teams_reach_neither_the_requester_nor_an_export(staff, database, settings, app):
    opened = ask(database, settings)
    asha, path = staff.client("asha"), f"{ALDER}/cases/{opened.case.reference}"
    page = asha.get(path).text
    marks = {name: hidden(page, name) for name in ("csrf_token", "key")}
    assert asha.post(f"{path}/notes", data={**marks, "note": "quokka between us"}).status_code == 302
    assert "quokka" in asha.get(path).text
    assert "quokka" not in asha.get(f"{ALDER}/cases/export.csv").text
    parent = app.test_client()
    assert "quokka" not in parent.get(opened.link).text


@SQLITE
def test_v9_2_3_a_code_for_one_purpose_is_none_for_another(session, keys: Keys):
    now, asked = clock.now(), {"address": "203.0.113.1"}
    number, code = new_proof(session, "reset", "asha@example.org", keys, now=now, **asked)
    assert use_proof(session, "invitation-1", number, code, keys, now=now, **asked) is None
    assert use_proof(session, "sign-in", number, code, keys, now=now, **asked) is None
    assert use_proof(session, "reset", number, code, keys, now=now, **asked) == "asha@example.org"


def test_v11_5_1_what_must_not_be_guessed_has_128_bits_or_more():
    tokens = {new_token() for _ in range(200)}
    assert len(tokens) == 200
    assert all(
        len(token) * 6 >= 128 and set(token) <= set(f"{string.ascii_letters}{string.digits}-_") for token in tokens
    )
    assert len(new_reference((4, 4, 4, 4)).replace("-", "")) * 5 >= 80  # typed by a person, and counted
    for path in (
        one for one in CODE if one.relative_to(ROOT / "portal").parts[0] in {"core", "identity", "audit", "web"}
    ):
        assert not re.search(r"^(import random|from random import)", path.read_text(), re.MULTILINE), path
        assert not re.search(r"\buuid[134]\(", path.read_text()), path


def test_v12_2_1_the_proxy_that_ships_speaks_tls_of_today_only():
    shipped = (ROOT / "deploy/nginx/portal.conf").read_text()
    assert re.findall(r"ssl_protocols ([^;]+);", shipped) == ["TLSv1.2 TLSv1.3"]
    assert "return 301 https://" in shipped or "return 308 https://" in shipped


def test_v13_3_1_a_made_secret_lies_in_a_file_of_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(tmp_path))
    for name in ("PORTAL_SECRET_KEY", "PORTAL_DATABASE_URL", "PORTAL_DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    assert CliRunner().invoke(main, ["init"]).exit_code == 0
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_v13_3_1_examples_hold_no_secret_of_anybody():
    for path in (ROOT / "deploy").rglob("*.example"):
        for line in path.read_text().splitlines():
            name, mark, value = line.partition("=")
            if mark and re.search(r"KEY|PASSWORD|_URL", name):
                assert "replace" in value or "@" not in value, f"{path.name}: {name}"


def test_v15_1_2_every_part_is_pinned_by_its_hash():
    for name in ("requirements.lock", "requirements-dev.lock"):
        parts = re.split(r"^(?=[A-Za-z0-9])", Path(ROOT / name).read_text(), flags=re.MULTILINE)[1:]
        assert len(parts) > 20
        assert not [part.split()[0] for part in parts if "==" not in part or "--hash=sha256:" not in part]


@SQLITE
def test_v15_3_7_a_parameter_sent_twice_is_read_once(client, staff, cast):
    marks = form_marks(client, "/sign-in")
    twice = {**marks, "email": ["nobody@example.org", cast["asha"].email], "password": cast["asha"].password}
    assert client.post("/sign-in", data=twice).status_code == 422
    asha = staff.client("asha")
    marks = form_marks(asha, f"{ALDER}/school/responsible")
    asha.post(f"{ALDER}/school/responsible", data={**marks, "siro": ["First Name", "Second Name"]})
    page = asha.get(f"{ALDER}/school").text
    assert "First Name" in page
    assert "Second Name" not in page
