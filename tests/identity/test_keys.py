"""Secrets are rotated without forcing anybody out: the first key writes, all read, an old one ends with the setting."""

from dataclasses import replace

import pytest
from pyotp import TOTP
from sqlalchemy import select

from portal.app import create_app
from portal.core.secrets import Keys
from portal.identity.actions import TOTP_PURPOSE
from portal.identity.models import Person
from portal.identity.renewal import renew_secrets
from tests.conftest import SECRET, csrf_token

NEW = "the secret key that comes after the first"
FACTS = "/school/alder-primary/school/facts"


def with_keys(settings, database, *keys):
    return create_app(replace(settings, secret_keys=keys), database=database)


def moved(client, app):
    other = app.test_client()
    other.set_cookie("portal", client.get_cookie("portal").value)
    return other


def test_nobody_is_forced_out_and_no_open_form_is_lost(app, settings, database, staff):
    """R25: session, form token and second factor of before go on working."""
    before = staff.client("asha")
    token = csrf_token(before, FACTS)
    client = moved(before, with_keys(settings, database, NEW, SECRET))
    assert client.get(FACTS).status_code == 200
    assert client.post(FACTS, data={"csrf_token": token, "email": "not an address"}).status_code == 422


def test_a_second_factor_of_before_goes_on_working(settings, database, cast):
    client = with_keys(settings, database, NEW, SECRET).test_client()
    member = cast["asha"]
    token = csrf_token(client, "/sign-in")
    client.post("/sign-in", data={"csrf_token": token, "email": member.email, "password": member.password})
    token = csrf_token(client, "/sign-in/code")
    answer = client.post("/sign-in/code", data={"csrf_token": token, "code": TOTP(member.totp_secret).now()})
    assert answer.headers["Location"] == "/home"


def test_an_old_key_ends_with_the_window(app, settings, database, staff):
    before = staff.client("asha")
    token = csrf_token(before, FACTS)
    client = moved(before, with_keys(settings, database, NEW))
    assert client.post(FACTS, data={"csrf_token": token, "email": "not an address"}).status_code == 400


def test_everything_is_encrypted_afresh_and_again_does_no_harm(settings, database, cast):
    keys = Keys((NEW, SECRET))
    with database.transaction() as session:
        assert renew_secrets(session, keys) > 0
        renew_secrets(session, keys)
    with database.session() as session:
        person = session.scalars(select(Person).where(Person.email == cast["asha"].email)).one()
        assert Keys((NEW,)).box(TOTP_PURPOSE).decrypt(person.totp_secret).decode() == cast["asha"].totp_secret


def test_the_first_key_writes_and_every_key_is_read():
    old, both, new = Keys((SECRET,)), Keys((NEW, SECRET)), Keys((NEW,))
    assert both.is_signed("x", b"text", old.signature("x", b"text"))
    assert new.is_signed("x", b"text", both.signature("x", b"text"))
    assert not new.is_signed("x", b"text", old.signature("x", b"text"))
    assert both.box("x").decrypt(old.box("x").encrypt(b"text")) == b"text"


@pytest.mark.parametrize(("purpose", "message"), [("y", b"text"), ("x", b"other")])
def test_a_signature_serves_one_purpose_and_one_message(purpose, message):
    keys = Keys((SECRET,))
    assert not keys.is_signed(purpose, message, keys.signature("x", b"text"))


def test_two_installations_share_nothing():
    assert Keys((SECRET,)).derive("x") != Keys((NEW,)).derive("x")
    assert Keys((SECRET,)).derive("x") != Keys((SECRET,)).derive("y")
