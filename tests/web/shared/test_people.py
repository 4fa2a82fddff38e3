"""Inviting, accepting, changing and ending: by e-mail that scanners may open, and effective at once."""

import re
from datetime import timedelta

import pytest
from pyotp import TOTP
from sqlalchemy import func, select, update

from portal.core import clock
from portal.identity.models import Invitation, Membership, Person, ProofCode, WebSession
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token, form_marks

PEOPLE = "/school/alder-primary/people"
PASSWORD = "kettle violin mossy"


def post(client, path, page=None, **fields):
    return client.post(path, data={**form_marks(client, page or path), **fields})


def letters(database):
    with database.session() as session, every_tenant(session, "test"):
        return list(session.scalars(select(Letter).order_by(Letter.id)))


def invite(client, database, email="nia@alder.example", role="office"):
    assert post(client, f"{PEOPLE}/invitations/new", name="Nia Evans", email=email, role=role).status_code == 302
    return re.search(r"http://[^/]+(/invitations/\S+)", letters(database)[-1].body).group(1)


def code_in(letter):
    return re.search(r"(\d{4} \d{4})", letter.body).group(1)


def prove_mailbox(guest, link, database):
    post(guest, f"{link}/codes", link)
    return post(guest, f"{link}/proof", link, code=code_in(letters(database)[-1]))


def set_up_with_password(guest):
    assert post(guest, "/set-up/password", password=PASSWORD).status_code == 302
    page = guest.get("/set-up/authenticator").get_data(as_text=True)
    secret = re.search(r"<code>([A-Z2-7 ]+)</code>", page).group(1).replace(" ", "")
    return post(guest, "/set-up/authenticator", code=TOTP(secret).now()), secret


def test_an_invited_person_sets_up_and_is_in(staff, app, database):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    assert prove_mailbox(guest, link, database).headers["Location"] == "/set-up"
    answer, _secret = set_up_with_password(guest)
    assert answer.status_code == 200
    assert len(re.findall(r"<code>[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}</code>", answer.text)) == 10
    assert guest.get("/home").headers["Location"] == "/school/alder-primary/today"
    assert "Nia Evans" in staff.client("asha").get(PEOPLE).text


def test_a_printed_recovery_code_works_once(staff, app, database):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    prove_mailbox(guest, link, database)
    answer, _secret = set_up_with_password(guest)
    code = re.search(r"<code>([0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})</code>", answer.text).group(1)
    for status in (302, 422):
        browser = app.test_client()
        post(browser, "/sign-in", email="nia@alder.example", password=PASSWORD)
        assert post(browser, "/sign-in/code", code=code.lower()).status_code == status


def test_a_scanner_that_opens_everything_and_presses_the_button_takes_nothing(staff, app, database):
    """Incident 19: a link opened by HEAD, GET and a click leaves the invitation unspent, and no session signed in."""
    link = invite(staff.client("asha"), database)
    scanner = app.test_client()
    for method in ("HEAD", "GET", "GET", "GET"):
        assert scanner.open(link, method=method, environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code == 200
    post(scanner, f"{link}/codes", link)
    assert scanner.get("/home").status_code == 302
    with database.session() as session:
        assert session.scalars(select(Invitation)).one().accepted_at is None
        assert session.scalar(select(func.count()).select_from(Person).where(Person.email.like("nia%"))) == 0
    guest = app.test_client()
    assert prove_mailbox(guest, link, database).headers["Location"] == "/set-up"


def test_a_code_works_in_the_browser_that_asked_for_it_only(staff, app, database):
    link = invite(staff.client("asha"), database)
    asked, other = app.test_client(), app.test_client()
    post(asked, f"{link}/codes", link)
    code = code_in(letters(database)[-1])
    post(other, f"{link}/proof", link, code=code)
    assert other.get("/set-up").status_code == 404
    assert post(asked, f"{link}/proof", link, code=code).status_code == 302


def test_a_code_works_once_and_for_ten_minutes(staff, app, database):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    post(guest, f"{link}/codes", link)
    code = code_in(letters(database)[-1])
    with database.transaction() as session:
        session.execute(update(ProofCode).values(expires_at=clock.now() - timedelta(seconds=1)))
    assert post(guest, f"{link}/proof", link, code=code).status_code == 422


def test_five_wrong_codes_end_a_code(staff, app, database):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    post(guest, f"{link}/codes", link)
    code = code_in(letters(database)[-1])
    for _ in range(5):
        assert post(guest, f"{link}/proof", link, code="00000000").status_code == 422
    assert post(guest, f"{link}/proof", link, code=code).status_code == 422


def test_tokens_and_codes_are_stored_as_digests(staff, app, database):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    post(guest, f"{link}/codes", link)
    code = code_in(letters(database)[-1]).replace(" ", "")
    with database.session() as session:
        assert link.rpartition("/")[2] not in session.scalars(select(Invitation.token_digest)).one()
        assert code not in session.scalars(select(ProofCode.signature)).one()


@pytest.mark.parametrize("ending", ["accepted", "withdrawn", "expired"])
def test_an_invitation_that_ended_looks_like_one_that_never_was(staff, app, database, ending):
    link = invite(staff.client("asha"), database)
    changes = {
        "accepted": {"accepted_at": clock.now()},
        "withdrawn": {"withdrawn_at": clock.now()},
        "expired": {"expires_at": clock.now()},
    }
    with database.transaction() as session:
        session.execute(update(Invitation).values(**changes[ending]))
    ended, absent = app.test_client().get(link), app.test_client().get("/invitations/" + "x" * 32)
    assert (ended.status_code, ended.data) == (absent.status_code, absent.data) == (404, absent.data)


@pytest.mark.parametrize(
    "password", ["short", "Password1234!", "alderprimary2026", "qwertyuiop123456", "nia evans nia evans"]
)
def test_an_easy_password_is_refused(staff, app, database, password):
    link = invite(staff.client("asha"), database)
    guest = app.test_client()
    prove_mailbox(guest, link, database)
    assert post(guest, "/set-up/password", password=password).status_code == 422


def test_a_person_with_an_account_accepts_by_a_button(staff, app, database, cast):
    link = invite(staff.client("asha"), database, email=cast["bea"].email, role="editor")
    bea = staff.client("bea")
    prove_mailbox(bea, link, database)
    assert bea.get(f"{link}/acceptance").status_code == 200
    assert bea.get("/school/alder-primary/people").status_code == 404
    assert post(bea, f"{link}/acceptance").status_code == 302
    assert bea.get("/school/alder-primary/people").status_code == 200


def test_an_invitation_cannot_be_accepted_by_somebody_else(staff, database, cast):
    link = invite(staff.client("asha"), database, email=cast["bea"].email)
    assert post(staff.client("ben"), f"{link}/acceptance").status_code == 422


def test_an_invitation_does_not_reset_how_somebody_signs_in(staff, app, database, cast):
    """A mailbox alone never replaces a second factor (ASVS 6.4.3)."""
    link = invite(staff.client("asha"), database, email=cast["bea"].email)
    thief = app.test_client()
    assert prove_mailbox(thief, link, database).headers["Location"].endswith("/acceptance")
    assert thief.get("/set-up").status_code == 404
    assert "/sign-in" in thief.get(f"{link}/acceptance").headers["Location"]


def membership_of(database, name):
    with database.session() as session:
        return session.scalars(
            select(Membership.id)
            .join(Person, Person.id == Membership.person_id)
            .where(Person.email.like(f"{name}@%"), Membership.ended_at.is_(None))
        ).one()


def test_a_role_changes_at_once(staff, database):
    asha, ben = staff.client("asha"), staff.client("ben")
    assert ben.get("/school/alder-primary/cases").status_code == 200
    post(asha, f"{PEOPLE}/{membership_of(database, 'ben')}/role", role="governor")
    assert ben.get("/school/alder-primary/cases").status_code == 403


def test_ended_access_ends_within_one_request(staff, database):
    asha, ben = staff.client("asha"), staff.client("ben")
    post(asha, f"{PEOPLE}/{membership_of(database, 'ben')}/end")
    assert ben.get("/school/alder-primary/today").status_code in {302, 404}
    with database.session() as session:
        ben_id = session.scalars(select(Person.id).where(Person.email.like("ben@%"))).one()
        assert session.scalars(select(WebSession).where(WebSession.person_id == ben_id)).all() == []


def test_the_last_leader_stays(staff, database):
    asha = staff.client("asha")
    number = membership_of(database, "asha")
    assert post(asha, f"{PEOPLE}/{number}/end").status_code == 422
    assert post(asha, f"{PEOPLE}/{number}/role", role="office").status_code == 422


def test_the_last_leader_stays_when_she_is_invited_to_less(staff, database, cast):
    asha = staff.client("asha")
    link = invite(asha, database, email=cast["asha"].email, role="office")
    refused = post(asha, f"{link}/acceptance")
    assert refused.status_code == 422
    assert "last person who can manage access" in refused.text
    assert asha.get(f"{PEOPLE}/invitations/new").status_code == 200
    with database.session() as session:
        assert session.scalars(select(Invitation)).one().accepted_at is None


def test_a_leader_who_is_not_the_last_may_take_a_lower_role(staff, database, cast):
    asha = staff.client("asha")
    post(asha, f"{PEOPLE}/{membership_of(database, 'ben')}/role", role="lead")
    link = invite(asha, database, email=cast["asha"].email, role="office")
    assert post(asha, f"{link}/acceptance").status_code == 302
    assert asha.get(f"{PEOPLE}/invitations/new").status_code == 403


@pytest.mark.parametrize("role", ["dpo-officer", "administrator", "auditor", "nonsense", ""])
def test_a_school_cannot_give_a_role_of_the_central_team(staff, database, role):
    path = f"{PEOPLE}/invitations/new"
    assert post(staff.client("asha"), path, name="Nia", email="nia@x.example", role=role).status_code == 422
    path = f"{PEOPLE}/{membership_of(database, 'ben')}/role"
    assert post(staff.client("asha"), path, role=role).status_code == 422


def test_another_schools_roles_are_absent(staff, database):
    number = membership_of(database, "bea")
    asha = staff.client("asha")
    for page in ("role", "end"):
        assert (
            asha.get(f"{PEOPLE}/{number}/{page}").status_code == asha.get(f"{PEOPLE}/987654/{page}").status_code == 404
        )
        assert post(asha, f"{PEOPLE}/{number}/{page}", PEOPLE, role="office").status_code == 404


def test_weighty_changes_ask_for_a_fresh_proof(staff, database, cast):
    asha = staff.client("asha")
    with database.transaction() as session:
        for row in session.scalars(select(WebSession)):
            row.data = {**row.data, "proved_at": clock.now().timestamp() - 700}
    path = f"{PEOPLE}/invitations/new"
    assert asha.get(path).headers["Location"].startswith("/confirm?next=")
    confirmed = post(asha, f"/confirm?next={path}", "/confirm", code=TOTP(cast["asha"].totp_secret).now())
    assert confirmed.headers["Location"] == path
    assert asha.get(path).status_code == 200


def test_the_yearly_review_is_of_the_list_that_was_seen(staff, database):
    asha = staff.client("asha")
    page = asha.get(PEOPLE).text
    seen = re.search(r'name="memberships" value="([\d,]+)"', page).group(1)
    assert post(asha, f"{PEOPLE}/review", PEOPLE, memberships="1,2").status_code == 422
    assert post(asha, f"{PEOPLE}/review", PEOPLE, memberships=seen).status_code == 302
    assert "Asha Rahman confirmed" in asha.get(PEOPLE).text


def test_a_forgotten_password_needs_the_mailbox_and_the_second_factor(app, database, cast):
    client = app.test_client()
    post(client, "/sign-in/forgotten", email=cast["ben"].email)
    post(client, "/sign-in/forgotten/code", code=code_in(letters(database)[-1]))
    assert post(client, "/sign-in/forgotten/password", password=PASSWORD, code="000000").status_code == 422
    code = TOTP(cast["ben"].totp_secret).now()
    assert post(client, "/sign-in/forgotten/password", password=PASSWORD, code=code).headers["Location"] == "/home"
    fresh = app.test_client()
    assert post(fresh, "/sign-in", email=cast["ben"].email, password=PASSWORD).status_code == 302


def test_forgetting_tells_nobody_who_has_an_account(app, database, cast):
    answers = []
    for email in (cast["ben"].email, "nobody@example.org"):
        client = app.test_client()
        answer = post(client, "/sign-in/forgotten", email=email)
        answers.append((answer.status_code, answer.headers["Location"], answer.data))
    assert answers[0] == answers[1]
    assert [letter.kind for letter in letters(database)[-2:]] == ["code", "no-account"]


def ask_for_reset(client, email, number):
    token = csrf_token(client, "/sign-in/forgotten")
    address = {"REMOTE_ADDR": f"203.0.113.{number}"}
    return client.post(
        "/sign-in/forgotten", data={"csrf_token": token, "email": email}, environ_base=address
    ).status_code


def test_a_stranger_cannot_use_up_the_resets_of_others(app, cast):
    stranger = [ask_for_reset(app.test_client(), cast["ben"].email, 1) for _ in range(5)]
    assert stranger == [302] * 4 + [429]
    assert ask_for_reset(app.test_client(), cast["ben"].email, 2) == 302


def test_a_flood_of_resets_ends_and_the_owners_browser_goes_on(app, cast):
    owner = app.test_client()
    post(owner, "/sign-in", email=cast["ben"].email, password=cast["ben"].password)
    post(owner, "/sign-in/code", code=TOTP(cast["ben"].totp_secret).now())
    owner.delete_cookie("portal")
    flood = [ask_for_reset(app.test_client(), cast["ben"].email, number % 14) for number in range(42)]
    assert flood[-2:] == [429, 429]
    assert ask_for_reset(owner, cast["ben"].email, 99) == 302
