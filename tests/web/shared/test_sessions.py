"""Sessions live on the server: they rotate, end, grow too old, and are the person's to see and to end."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from flask import request
from pyotp import TOTP
from sqlalchemy import func, select, update

from portal.app import create_app
from portal.core import clock
from portal.core.limits import DRAFT_HOURS, SESSION_HOURS
from portal.core.secrets import digest
from portal.identity.browsers import end_sessions, kept_drafts
from portal.identity.models import KeptDraft, Membership, Person, WebSession
from tests.conftest import csrf_token, form_marks

PAGE = "/school/alder-primary/school"
FACTS = "/school/alder-primary/school/facts"


def age(database, **changes):
    with database.transaction() as session:
        session.execute(update(WebSession).values(**changes))


def is_in(client):
    return client.get(PAGE).status_code == 200


def test_an_idle_session_ends_after_half_an_hour(staff, database):
    client = staff.client("asha")
    assert is_in(client)
    age(database, seen_at=clock.now() - timedelta(minutes=31))
    assert not is_in(client)


def test_no_session_lasts_longer_than_a_day_of_work(staff, database):
    client = staff.client("asha")
    age(database, created_at=clock.now() - timedelta(hours=12, minutes=1))
    assert not is_in(client)


def test_proving_oneself_again_gives_a_new_token_but_no_longer_life(staff, database, cast):
    client = staff.client("asha")
    began = clock.now() - timedelta(hours=11)
    age(database, created_at=began)
    before = client.get_cookie("portal").value
    token = csrf_token(client, "/confirm")
    client.post("/confirm", data={"csrf_token": token, "code": TOTP(cast["asha"].totp_secret).now()})
    assert client.get_cookie("portal").value != before
    assert is_in(client)
    age(database, created_at=began - timedelta(hours=2))
    assert not is_in(client)


def test_signing_out_ends_the_session_on_the_server(staff, app):
    client = staff.client("asha")
    token = client.get_cookie("portal").value
    answer = client.post("/sign-out", data={"csrf_token": csrf_token(client, "/account")})
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    thief = app.test_client()
    thief.set_cookie("portal", token)
    assert not is_in(thief)


def test_only_a_digest_of_the_token_is_stored(staff, database):
    client = staff.client("asha")
    token = client.get_cookie("portal").value
    with database.session() as session:
        stored = session.scalars(select(WebSession.token_digest)).all()
    assert stored == [digest(token, purpose="web-session")]


def test_a_person_sees_and_ends_her_own_sessions(staff):
    here, there = staff.client("asha"), staff.client("asha")
    page = here.get("/account").text
    assert page.count("/account/sessions/") == 2  # one to end, and all others
    here.post("/account/sessions/end", data={"csrf_token": csrf_token(here, "/account")})
    assert is_in(here)
    assert not is_in(there)


def test_nobody_ends_somebody_elses_session(staff, database):
    mine, theirs = staff.client("ben"), staff.client("asha")
    with database.session() as session:
        asha = session.scalars(select(Person.id).where(Person.email.like("asha%"))).one()
        number = session.scalars(select(WebSession.id).where(WebSession.person_id == asha)).one()
    answer = mine.post(f"/account/sessions/{number}/end", data={"csrf_token": csrf_token(mine, "/account")})
    absent = mine.post("/account/sessions/999999/end", data={"csrf_token": csrf_token(mine, "/account")})
    assert (answer.status_code, absent.status_code) == (404, 404)
    assert is_in(theirs)


def test_a_leaver_has_no_access_within_one_request(staff, database, record_property):
    """T5: fifty open sessions, and not one more read."""
    clients = [staff.client("ben") for _ in range(50)]
    assert is_in(clients[0])
    with database.transaction() as session:
        ben = session.scalars(select(Person.id).where(Person.email.like("ben%"))).one()
        session.execute(update(Membership).where(Membership.person_id == ben).values(ended_at=clock.now()))
    answers = [client.get(PAGE).status_code for client in clients]
    record_property("sessions", len(answers))
    record_property("later_reads", sum(status != 404 for status in answers))
    assert set(answers) == {404}


def test_a_disabled_person_is_out_within_one_request(staff, database):
    client = staff.client("asha")
    with database.transaction() as session:
        session.execute(update(Person).where(Person.email.like("asha%")).values(disabled_at=clock.now()))
    assert not is_in(client)


def test_what_was_typed_survives_being_signed_out(staff, database, cast):
    client = staff.client("asha")
    marks = form_marks(client, FACTS)
    age(database, seen_at=clock.now() - timedelta(minutes=40))
    typed = {
        **marks, "email": "office@alder.example", "telephone": "01632 960777",
        "address": "1 New Lane\nAlderham, a long address that somebody typed", "website": "",
        "controller": "The governors",
    }  # fmt: skip
    answer = client.post(FACTS, data=typed)
    assert answer.headers["Location"] == "/sign-in?next=/kept"
    assert not is_in(client)
    with database.session() as session:
        assert b"New Lane" not in session.scalars(select(KeptDraft)).one().fields
    token = csrf_token(client, "/sign-in")
    client.post("/sign-in", data={"csrf_token": token, "email": cast["asha"].email, "password": cast["asha"].password})
    token = csrf_token(client, "/sign-in/code")
    answer = client.post("/sign-in/code", data={"csrf_token": token, "code": TOTP(cast["asha"].totp_secret).now()})
    assert answer.headers["Location"] == "/kept"
    page = client.get("/kept").text
    assert "1 New Lane" in page
    typed["csrf_token"] = csrf_token(client, "/kept")
    assert client.post(FACTS + "?", data=typed).status_code == 302
    assert "01632 960777" in client.get(PAGE).text
    assert client.get("/kept").headers["Location"] == "/home"


def test_a_draft_is_for_its_author_only(staff, database):
    client = staff.client("asha")
    token = csrf_token(client, FACTS)
    age(database, seen_at=clock.now() - timedelta(minutes=40))
    client.post(FACTS, data={"csrf_token": token, "address": "canary words of asha"})
    assert "canary words" not in staff.client("ben").get("/kept", follow_redirects=True).text


def drafts(database, keys, name="asha"):
    """(path, what was typed) of what is kept for somebody."""
    with database.session() as session:
        person = session.scalars(select(Person.id).where(Person.email.like(f"{name}@%"))).one()
        found = kept_drafts(session, person, keys, now=clock.now())
        return {draft.path: [value for _name, value in draft.fields] for draft in found}


def test_signing_out_keeps_nothing(staff, database, keys):
    client = staff.client("asha")
    token = csrf_token(client, FACTS)
    client.post("/sign-out", data={"csrf_token": csrf_token(client, "/account")})
    assert client.post(FACTS, data={"csrf_token": token, "address": "somewhere"}).status_code == 400
    assert drafts(database, keys) == {}


def test_what_was_typed_in_a_session_that_was_ended_elsewhere_is_kept_for_its_person_only(staff, database, keys):
    here, there = staff.client("asha"), staff.client("asha")
    token = csrf_token(there, FACTS)
    here.post("/account/sessions/end", data={"csrf_token": csrf_token(here, "/account")})
    assert not is_in(there)
    answer = there.post(FACTS, data={"csrf_token": token, "address": "words of the other room"})
    assert answer.headers["Location"] == "/sign-in?next=/kept"
    assert not is_in(there)
    assert drafts(database, keys) == {f"{FACTS}?": ["words of the other room"]}
    assert drafts(database, keys, "ben") == {}
    assert "words of the other room" in here.get("/kept").text


def test_an_ended_session_stays_ended_while_it_writes(staff, database, app):
    """The request that was under way when the session was ended must not bring it back."""
    client = staff.client("asha")
    token = client.get_cookie("portal").value
    with app.test_request_context("/account", headers={"Cookie": f"portal={token}"}):
        opened = app.session_interface.open_session(app, request)
        assert opened["_user_id"]
        with database.transaction() as session:
            end_sessions(session, int(opened["_user_id"]))
        opened["note"] = "written late"
        app.session_interface.save_session(app, opened, app.make_response(""))
    assert not is_in(client)


def test_a_slow_request_of_the_old_token_brings_it_not_back(staff, app, cast):
    """It began before the person proved herself again and ends after."""
    client = staff.client("asha")
    old = client.get_cookie("portal").value
    with app.test_request_context("/account", headers={"Cookie": f"portal={old}"}):
        slow = app.session_interface.open_session(app, request)
    proof = {"csrf_token": csrf_token(client, "/confirm"), "code": TOTP(cast["asha"].totp_secret).now()}
    assert client.post("/confirm", data=proof).status_code == 302
    with app.test_request_context("/account"):
        slow["note"] = "written late"
        app.session_interface.save_session(app, slow, app.make_response(""))
    assert is_in(client)
    client.set_cookie("portal", old)
    assert not is_in(client)


def test_the_cookie_outlives_the_session_so_that_a_days_words_can_be_kept(client, cast):
    token = csrf_token(client, "/sign-in")
    answer = client.post(
        "/sign-in", data={"csrf_token": token, "email": cast["asha"].email, "password": cast["asha"].password}
    )
    age_of_cookie = int(re.search(r"Max-Age=(\d+)", answer.headers["Set-Cookie"]).group(1))
    assert age_of_cookie >= (SESSION_HOURS + DRAFT_HOURS) * 3600


def test_two_tabs_keep_a_draft_each(staff, database, keys):
    client = staff.client("asha")
    token, other = csrf_token(client, FACTS), f"{PAGE}/responsible"
    age(database, seen_at=clock.now() - timedelta(minutes=40))
    client.post(FACTS, data={"csrf_token": token, "address": "the first tab"})
    client.post(other, data={"csrf_token": token, "siro": "the second tab"})
    assert drafts(database, keys) == {f"{FACTS}?": ["the first tab"], f"{other}?": ["the second tab"]}
    back = staff.client("asha")
    page = back.get("/kept").text
    assert "the first tab" in page
    assert "the second tab" in page
    marks = form_marks(back, "/kept")
    back.post("/kept/discarded", data={"csrf_token": marks["csrf_token"], "path": f"{other}?"})
    assert drafts(database, keys) == {f"{FACTS}?": ["the first tab"]}


def test_a_draft_leaves_out_secrets_and_nothing_else(staff, database, keys):
    client = staff.client("asha")
    token = csrf_token(client, FACTS)
    age(database, seen_at=clock.now() - timedelta(minutes=40))
    client.post(FACTS, data={"csrf_token": token, "postcode": "CM1 1AB", "password": "hidden", "code": "123456"})
    assert drafts(database, keys) == {f"{FACTS}?": ["CM1 1AB"]}


def test_no_more_than_ten_drafts_are_kept(staff, database, keys):
    client = staff.client("asha")
    token = csrf_token(client, FACTS)
    age(database, seen_at=clock.now() - timedelta(minutes=40))
    for number in range(12):
        client.post(f"{FACTS}?tab={number}", data={"csrf_token": token, "address": f"words {number}"})
    kept = drafts(database, keys)
    assert len(kept) == 10
    assert f"{FACTS}?tab=0" not in kept


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_cookie_is_bound_to_the_host_where_there_is_https(settings, database, tmp_path):
    app = create_app(replace(settings, base_url="https://privacy.example.org"), database=database)
    answer = app.test_client().get("/sign-in", base_url="https://privacy.example.org")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-portal=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie


SCHOOL = "/schools/alder-primary"
FORMS = ("/sign-in", "/sign-in/forgotten", "/requests", f"{SCHOOL}/requests/start", f"{SCHOOL}/breach")


def rows(database):
    with database.session() as session:
        return session.scalar(select(func.count()).select_from(WebSession))


def test_looking_at_forms_fills_no_table_and_they_can_be_sent(app, database):
    for path in FORMS:
        assert app.test_client().get(path).status_code == 200, path
    assert rows(database) == 0
    client = app.test_client()
    token = csrf_token(client, "/sign-in")
    csrf_token(client, "/schools/alder-primary/breach")
    assert client.post("/sign-in", data={"csrf_token": token}).status_code == 422, "its form was not taken for its own"
    assert rows(database) == 0


@pytest.mark.parametrize(
    "changed",
    [
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value: "~" + "0" * 40 + value[41:],
        lambda value: value.replace(".", ".9", 1),
        lambda _value: "~",
        lambda _value: "~..",
        lambda value: value.replace("~", "~é"),
    ],
    ids=["signature", "token", "time", "empty", "dots", "letters"],
)
def test_a_form_cookie_that_we_did_not_write_is_none(app, changed):
    client = app.test_client()
    token = csrf_token(client, "/sign-in")
    client.set_cookie("portal", changed(client.get_cookie("portal").value))
    assert client.post("/sign-in", data={"csrf_token": token}).status_code == 400
    assert client.get("/sign-in").status_code == 200


def test_a_form_cookie_lasts_a_day(app):
    client = app.test_client()
    token = csrf_token(client, "/sign-in")
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=True):
        assert client.post("/sign-in", data={"csrf_token": token}).status_code == 400
        assert client.post("/sign-in", data={"csrf_token": csrf_token(client, "/sign-in")}).status_code == 422


def test_the_challenge_of_a_passkey_is_made_when_it_is_asked_for(app, database):
    client = app.test_client()
    token = csrf_token(client, "/sign-in")
    answer = client.post("/sign-in/passkey/options", data={"csrf_token": token})
    assert answer.json["challenge"]
    assert rows(database) == 1
    assert app.test_client().post("/sign-in/passkey/options").status_code == 400
