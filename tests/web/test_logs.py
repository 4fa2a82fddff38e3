"""Logs say who did what by id; no word, name, token or file name that anybody typed stands in them."""

import json
import logging
from dataclasses import replace

import pytest
from gunicorn.config import Config
from pyotp import TOTP

from portal.app import create_app
from portal.core.server_log import ServerLogger
from tests.conftest import Staff, csrf_token
from tests.incidents.requests_made import ALDER, ask, attach, hidden

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])
CANARIES = (
    "Quinella",
    "quinella@family.example",
    "quizzical details",
    "quarrel.pdf",
    "kettle violin mossy",
    "qz-search-words",
)


@pytest.fixture
def production(settings, database):
    """The application as it logs in earnest, over plain HTTP on loopback."""
    return create_app(replace(settings, env="production"), database=database)


def test_a_whole_day_leaves_nothing_of_anybody_in_the_logs(
    production, database, settings, cast, capfd, record_property
):
    opened = ask(
        database,
        settings,
        requester_name="Quinella Canary",
        email="quinella@family.example",
        details="quizzical details",
    )
    attach(database, settings, opened.case.reference, name="quarrel.pdf")
    client = production.test_client()
    member = cast["asha"]
    token = csrf_token(client, "/sign-in")
    client.post(
        "/sign-in", data={"csrf_token": token, "email": "quinella@family.example", "password": "kettle violin mossy"}
    )
    client.post("/sign-in", data={"csrf_token": token, "email": member.email, "password": member.password})
    code = TOTP(member.totp_secret).now()
    client.post("/sign-in/code", data={"csrf_token": csrf_token(client, "/sign-in/code"), "code": code})
    page = client.get(f"{ALDER}/cases/{opened.case.reference}").text
    client.get(f"{ALDER}/cases?q=qz-search-words")
    notes = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "body": "quizzical details again"}
    client.post(f"{ALDER}/cases/{opened.case.reference}/notes", data=notes)
    client.get(opened.link)
    client.get(opened.link.rpartition("/")[0] + "/" + "y" * 32)
    written = capfd.readouterr().err
    session_token = client.get_cookie("portal").value
    secret = opened.link.rpartition("/")[2]
    canaries = (*CANARIES, member.email, member.password, code, session_token, secret, token)
    hits = [canary for canary in canaries if canary in written]
    record_property("lines", len(written.splitlines()))
    record_property("words", len(canaries))
    record_property("hits", len(hits))
    assert not hits
    lines = [json.loads(line) for line in written.splitlines()]
    requests = [line for line in lines if line["event"] == "request"]
    assert len(requests) >= 8
    assert all({"request_id", "endpoint", "status", "method", "timestamp"} <= line.keys() for line in requests)
    signed_in = [line for line in requests if line["endpoint"] == "school_case.case"]
    assert signed_in[0]["actor"] > 0
    assert signed_in[0]["tenant"] > 0


def test_a_fault_is_logged_by_its_place_and_not_by_its_words(production, database, cast, capfd, monkeypatch):
    def fail(*_args, **_options):
        raise ValueError("Quinella Canary")

    monkeypatch.setattr("portal.web.school.school.people_in", fail)
    answer = Staff(production, database, cast).client("asha").get(f"{ALDER}/school")
    written = capfd.readouterr().err
    assert answer.status_code == 500
    assert "Quinella" not in written + answer.text
    line = next(json.loads(each) for each in written.splitlines() if "unexpected" in each)
    assert line["reference"] in answer.text
    assert line["error"] == "ValueError"
    assert any("school.py" in frame for frame in line["frames"])


def test_a_line_break_in_input_makes_no_second_line(production, capfd):
    production.test_client().get("/find?q=a%0d%0a%7b%22event%22%3a%22forged%22%7d", headers={"User-Agent": "x"})
    assert "forged" not in capfd.readouterr().err


def test_what_libraries_log_is_cut_down_too(production, capfd):
    production.logger.error("GET /requests/%s failed for Quinella", "sometoken")
    written = capfd.readouterr().err
    assert "sometoken" not in written
    assert json.loads(written.splitlines()[-1])["event"] == "library"


def test_the_web_servers_own_log_is_json_too_and_quotes_no_address(backend, capfd):
    log = ServerLogger(Config())
    log.error("Error handling request %s", "/requests/sometoken", exc_info=ValueError("Quinella Canary"))
    log.critical("WORKER TIMEOUT (pid:%s)", 4711)
    written = capfd.readouterr().err
    assert "sometoken" not in written
    assert "Quinella" not in written
    fault, timeout = [json.loads(line) for line in written.splitlines()]
    assert (fault["said"], fault["error"]) == ("Error handling request %s", "ValueError")
    assert timeout["said"] == "WORKER TIMEOUT (pid:4711)"
    assert timeout["level"] == "critical"


def test_a_library_without_a_log_of_its_own_is_cut_down_as_well(production, capfd):
    logging.getLogger("pdfminer.pdfpage").warning("cannot read %s", "Quinella")
    (line,) = capfd.readouterr().err.splitlines()
    assert "Quinella" not in line
    assert "test_logs.py" in json.loads(line)["place"]
