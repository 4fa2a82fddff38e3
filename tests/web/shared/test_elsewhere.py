"""Signing in with an account elsewhere, against a real provider in a process of its own."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from pyotp import TOTP
from sqlalchemy import select

from portal.app import create_app
from portal.core import clock
from portal.identity import throttle
from portal.identity.accounts_elsewhere import link_account
from portal.identity.models import ExternalIdentity, Person, WebSession
from portal.web.shared import sign_in as sign_in_pages
from tests.conftest import Staff, csrf_token

USERS = (
    {"sub": "asha-at-school", "email": "asha@alder-primary.example"},
    {"sub": "asha-strong", "amr": ["pwd", "mfa"]},
    {"sub": "stranger", "email": "asha@alder-primary.example"},
    {"sub": "asha-yesterday", "amr": ["pwd", "mfa"], "auth_time": 1_700_000_000},
    {"sub": "asha-timeless", "amr": ["pwd", "mfa"], "auth_time": "now"},
)
pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


@pytest.fixture(scope="module")
def provider():
    """Yields the issuer's address; the process is stopped at the end."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    users = [f"--user-claims={json.dumps(claims)}" for claims in USERS]
    command = [Path(sys.executable).with_name("oidc-provider-mock"), "--port", str(port), *users]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    wait_for(f"{issuer}/.well-known/openid-configuration")
    yield issuer
    process.terminate()
    process.wait(10)


def wait_for(address):
    for _ in range(100):
        with contextlib.suppress(requests.ConnectionError):
            requests.get(address, timeout=5).raise_for_status()
            return
        time.sleep(0.1)
    pytest.fail("the provider did not start")


@pytest.fixture
def portal_app(settings, database, provider):
    return create_app(replace(settings, oidc_microsoft=f"{provider}|portal|secret"), database=database)


def link(database, name, issuer, subject):
    with database.transaction() as session:
        person = session.scalars(select(Person).where(Person.email.like(f"{name}@%"))).one()
        link_account(session, person, issuer, subject, now=clock.now())


def go_to_provider(client, errand="enter", page="/sign-in"):
    token = csrf_token(client, page)
    answer = client.post("/sign-in/with/microsoft", data={"csrf_token": token, "errand": errand})
    assert answer.status_code == 302, answer.text
    return answer.headers["Location"]


def authorise(address, subject):
    """What the person does at the provider; returns the path she is sent back to."""
    answer = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=10)
    assert answer.status_code in {302, 303}, answer.text
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


def sign_in(client, subject):
    return client.get(authorise(go_to_provider(client), subject))


def test_the_way_there_carries_pkce_state_and_nonce(portal_app):
    asked = parse_qs(urlsplit(go_to_provider(portal_app.test_client())).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["redirect_uri"] == ["http://localhost:8000/sign-in/from/microsoft"]
    for name in ("code_challenge", "state", "nonce"):
        assert len(asked[name][0]) >= 20


def test_a_linked_account_with_a_second_factor_signs_in(portal_app, database, provider):
    link(database, "asha", provider, "asha-strong")
    client = portal_app.test_client()
    assert sign_in(client, "asha-strong").headers["Location"] == "/home"
    assert client.get("/home").headers["Location"] == "/school/alder-primary/today"


def test_without_a_second_factor_there_ours_is_asked_for(portal_app, database, provider, cast):
    link(database, "asha", provider, "asha-at-school")
    client = portal_app.test_client()
    assert sign_in(client, "asha-at-school").headers["Location"].startswith("/sign-in/code")
    assert client.get("/home").status_code == 302
    code = TOTP(cast["asha"].totp_secret).now()
    client.post("/sign-in/code", data={"csrf_token": csrf_token(client, "/sign-in/code"), "code": code})
    assert client.get("/home").headers["Location"] == "/school/alder-primary/today"


def test_the_same_email_address_is_not_the_same_person(portal_app, database, provider):
    """ASVS 6.8.1: whoever owns a domain could state any address."""
    link(database, "asha", provider, "asha-strong")
    client = portal_app.test_client()
    assert "/sign-in" in sign_in(client, "stranger").headers["Location"]
    assert "/sign-in" in client.get("/home").headers["Location"]


def test_the_same_subject_of_another_issuer_is_not_the_same_person(portal_app, database):
    link(database, "asha", "https://other.example", "asha-strong")
    client = portal_app.test_client()
    assert "/sign-in" in sign_in(client, "asha-strong").headers["Location"]


def test_an_answer_to_another_browsers_question_is_refused(portal_app, database, provider):
    link(database, "asha", provider, "asha-strong")
    attacker, victim = portal_app.test_client(), portal_app.test_client()
    path = authorise(go_to_provider(attacker), "asha-strong")
    assert victim.get(path).status_code in {422, 400}
    assert "/sign-in" in victim.get("/home").headers["Location"]


def test_an_answer_works_once(portal_app, database, provider):
    link(database, "asha", provider, "asha-strong")
    client = portal_app.test_client()
    path = authorise(go_to_provider(client), "asha-strong")
    assert client.get(path).status_code == 302
    again = portal_app.test_client()
    assert again.get(path).status_code == 422


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?code=x&state=y", "?error=access_denied&state=y", "?state[]=1&code=%00"]
)
def test_nonsense_from_the_provider_gets_a_clear_page(portal_app, query):
    assert portal_app.test_client().get(f"/sign-in/from/microsoft{query}").status_code in {400, 422}


def test_a_provider_that_is_down_gets_a_clear_page(settings, database):
    app = create_app(replace(settings, oidc_google="http://127.0.0.1:9|portal|secret"), database=database)
    client = app.test_client()
    token = csrf_token(client, "/sign-in")
    assert client.post("/sign-in/with/google", data={"csrf_token": token, "errand": "enter"}).status_code == 422
    assert client.get("/sign-in").status_code == 200


def test_a_provider_nobody_set_up_is_absent(app, client):
    token = csrf_token(client, "/sign-in")
    assert client.post("/sign-in/with/microsoft", data={"csrf_token": token, "errand": "enter"}).status_code == 404


def test_a_person_links_her_account_herself(portal_app, database, cast, provider):
    client = Staff(portal_app, database, cast).client("asha")
    path = authorise(go_to_provider(client, "link", "/account"), "asha-strong")
    assert client.get(path).headers["Location"] == "/account"
    with database.session() as session:
        row = session.scalars(select(ExternalIdentity)).one()
    assert (row.issuer, row.subject) == (provider, "asha-strong")


def test_somebody_elses_account_cannot_be_linked(portal_app, database, cast, provider):
    link(database, "ben", provider, "asha-strong")
    client = Staff(portal_app, database, cast).client("asha")
    assert client.get(authorise(go_to_provider(client, "link", "/account"), "asha-strong")).status_code == 422


def test_only_accounts_that_nobody_knows_are_counted(portal_app, database, provider, monkeypatch):
    monkeypatch.setattr(sign_in_pages, "SIGN_IN_NETWORK", replace(throttle.SIGN_IN_NETWORK, count=2))
    link(database, "asha", provider, "asha-strong")
    for _ in range(4):
        assert sign_in(portal_app.test_client(), "asha-strong").headers["Location"] == "/home"
    for _ in range(2):
        assert "/sign-in" in sign_in(portal_app.test_client(), "stranger").headers["Location"]
    client = portal_app.test_client()
    token = csrf_token(client, "/sign-in")
    assert client.post("/sign-in/with/microsoft", data={"csrf_token": token, "errand": "enter"}).status_code == 429


def age_proof(database, seconds=700):
    with database.transaction() as session:
        for row in session.scalars(select(WebSession)):
            row.data = {**row.data, "proved_at": clock.now().timestamp() - seconds}


def links(database):
    with database.session() as session:
        return session.scalars(select(ExternalIdentity.subject)).all()


def test_linking_an_account_asks_for_a_fresh_proof_before_one_leaves(portal_app, database, cast):
    client = Staff(portal_app, database, cast).client("asha")
    age_proof(database)
    assert go_to_provider(client, "link", "/account") == "/confirm?next=/account"


def test_linking_an_account_asks_for_a_fresh_proof_when_one_comes_back(portal_app, database, cast):
    """Whoever finds a browser open could leave for the provider in time and come back whenever she liked."""
    client = Staff(portal_app, database, cast).client("asha")
    path = authorise(go_to_provider(client, "link", "/account"), "stranger")
    age_proof(database)
    assert client.get(path).headers["Location"] == "/confirm?next=/account"
    assert links(database) == []


@pytest.mark.parametrize("errand", ["link", "confirm"])
def test_a_stranger_has_nothing_to_link_or_to_confirm(portal_app, errand):
    client = portal_app.test_client()
    token = csrf_token(client, "/sign-in")
    answer = client.post("/sign-in/with/microsoft", data={"csrf_token": token, "errand": errand})
    assert answer.status_code == 404


def confirm(portal_app, database, provider, cast, subject):
    """Whether weighty pages open after proving oneself again with this account."""
    link(database, "asha", provider, subject)
    client = Staff(portal_app, database, cast).client("asha")
    age_proof(database)
    there = go_to_provider(client, "confirm", "/account")
    assert parse_qs(urlsplit(there).query)["max_age"] == ["0"]
    client.get(authorise(there, subject))
    return client.get("/account/password").status_code == 200


def test_an_account_with_two_fresh_proofs_shows_that_it_is_the_person(portal_app, database, provider, cast):
    assert confirm(portal_app, database, provider, cast, "asha-strong")


@pytest.mark.parametrize("subject", ["asha-at-school", "asha-yesterday", "asha-timeless"])
def test_an_account_without_a_second_or_a_fresh_proof_does_not(portal_app, database, provider, cast, subject):
    assert not confirm(portal_app, database, provider, cast, subject)


def test_whom_the_account_does_not_prove_a_code_does(portal_app, database, provider, cast):
    link(database, "asha", provider, "asha-yesterday")
    client = Staff(portal_app, database, cast).client("asha")
    age_proof(database)
    back = client.get(authorise(go_to_provider(client, "confirm", "/account"), "asha-yesterday"))
    page = client.get(back.headers["Location"])
    assert "Use a code" in page.text
    code = TOTP(cast["asha"].totp_secret).now()
    client.post("/confirm", data={"csrf_token": csrf_token(client, "/confirm"), "code": code})
    assert client.get("/account/password").status_code == 200
