"""Secrets are rotated without forcing anybody out: the first key writes, all read, an old one ends with the setting."""

import os
import re
import threading
import time
from dataclasses import replace

import pytest
from pyotp import TOTP
from sqlalchemy import select

from portal.app import create_app
from portal.casework.codes import ask_code, post_code, use_code
from portal.casework.files import Filing
from portal.casework.incoming import PURPOSE as MAIL
from portal.casework.incoming import receive, renew_mail
from portal.casework.letters import Sender
from portal.casework.mail import read_mail
from portal.casework.models import Case
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.actions import TOTP_PURPOSE
from portal.identity.models import Person
from portal.identity.queries import actor_for, person_by_email
from portal.identity.renewal import renew_secrets
from portal.lifecycle.renewal import renew_everything
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant
from tests.conftest import SECRET, csrf_token
from tests.incidents.requests_made import ask

ROTATIONS = 20 if os.environ.get("DRILL") else 1
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


def test_a_message_in_a_tray_is_encrypted_afresh(settings, database):
    """It may wait for months; with the old key gone nobody could read it any more."""
    mail = read_mail(b"From: priya@example.org\nTo: alder-primary@localhost\nSubject: My file\n\nPlease")
    old, both, new = Keys((SECRET,)), Keys((NEW, SECRET)), Keys((NEW,))
    with database.transaction() as session, every_tenant(session, "tests"):
        [row] = receive(
            session, mail, to=(), hosts=frozenset({"localhost"}), sender=Sender(settings.base_url, old),
            filing=Filing(store_of(settings), old, has_scanner=False), now=clock.now(),
        )  # fmt: skip
        for _ in range(2):
            assert renew_mail(session, both) == row.id
            assert renew_mail(session, both, after=row.id) is None
        session.refresh(row)
        assert new.box(MAIL).decrypt(row.raw) == mail.raw
        row.raw = None
        session.flush()
        assert renew_mail(session, both) is None, "what was deleted stays deleted"


@pytest.mark.parametrize("by_post", [False, True])
def test_a_code_that_was_sent_before_still_opens_the_request(settings, database, cast, by_post):
    facts = {"email": "", "address": "1 Lane"} if by_post else {"email": "priya@example.org"}
    case = ask(database, settings, **facts).case
    before, after = Keys((SECRET,)), Keys((NEW, SECRET))
    with database.transaction() as session, every_tenant(session, "tests"):
        case = session.get_one(Case, case.id)
        if by_post:
            asha = actor_for(session, person_by_email(session, cast["asha"].email))
            code = post_code(session, asha, case, before, now=clock.now())
        else:
            ask_code(session, case, sender=Sender(settings.base_url, before), now=clock.now())
            body = session.scalars(select(Letter.body).order_by(Letter.id.desc())).first()
            code = re.search(r"\b\d{6}\b", body).group()
        assert not use_code(session, case, "1" * len(code), after, now=clock.now())
        assert use_code(session, case, code, after, now=clock.now())
        assert not use_code(session, case, code, after, now=clock.now())


def test_under_load_nobody_is_forced_out(app, settings, database, staff, record_property):
    """R25: while the key is changed, people go on opening and sending forms, each with the cookie of before."""
    serving = [app]
    people = [staff.client(name) for name in ("asha", "ben", "tom", "devi")]
    pages = (FACTS, FACTS, "/school/rowan/cases", "/central/cases")
    errors, asked, stop = [], [0], threading.Event()

    def work(client, path):
        while not stop.is_set():
            here = moved(client, serving[0])
            page = here.get(path)
            statuses = [page.status_code]
            if path == FACTS:
                token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
                form = {"csrf_token": token.group(1) if token else "", "email": "not an address"}
                statuses.append(moved(client, serving[0]).post(path, data=form).status_code)
            errors.extend(status for status in statuses if status not in {200, 422})
            asked[0] += len(statuses)

    threads = [threading.Thread(target=work, args=pair) for pair in zip(people, pages, strict=True)]
    for thread in threads:
        thread.start()
    for _ in range(ROTATIONS):
        for keys in ((SECRET,), (NEW, SECRET), (NEW, SECRET), (SECRET, NEW)):
            serving[0] = with_keys(settings, database, *keys)
            with database.transaction() as session, every_tenant(session, "tests"):
                renew_everything(session, Keys(keys))
            time.sleep(0.3)
    stop.set()
    for thread in threads:
        thread.join()
    record_property("requests", asked[0])
    record_property("forced_errors", len(errors))
    assert not errors
    assert asked[0] > ROTATIONS
