"""Signing in: two proofs, one answer for everybody else, no stranger who can lock anybody out."""

import os
import re
from collections import Counter
from dataclasses import replace

import pytest
import time_machine
from pyotp import TOTP
from sqlalchemy import delete, func, select, update

from portal.audit.models import AuditEntry
from portal.core import clock
from portal.identity import throttle
from portal.identity.models import KnownBrowser, Person, RateCount, TotpUse, WebSession
from portal.identity.rules import hash_password, password_matches
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant
from portal.web.shared import sign_in as sign_in_pages
from tests.conftest import csrf_token
from tests.incidents.requests_made import ask
from tests.tools.statements import statements

GUESSES = 10_000 if os.environ.get("DRILL") else 30
TOKEN = re.compile(rb'name="csrf_token" value="[^"]+"|value="Sign-in-address"')


def give_password(client, email, password, **headers):
    token = csrf_token(client, "/sign-in")
    return client.post("/sign-in", data={"csrf_token": token, "email": email, "password": password}, **headers)


def give_code(client, code):
    token = csrf_token(client, "/sign-in/code")
    return client.post("/sign-in/code", data={"csrf_token": token, "code": code})


def sign_in(client, member):
    give_password(client, member.email, member.password)
    return give_code(client, TOTP(member.totp_secret).now())


def without_tokens(response):
    return TOKEN.sub(b"", response.data)


def test_password_and_code_sign_in(client, cast):
    answer = sign_in(client, cast["asha"])
    assert answer.status_code == 302
    assert client.get("/home").headers["Location"] == "/school/alder-primary/today"


def test_a_password_alone_opens_nothing(client, cast):
    give_password(client, cast["asha"].email, cast["asha"].password)
    assert "/sign-in" in client.get("/school/alder-primary/today").headers["Location"]


def test_a_code_works_once(app, cast):
    code = TOTP(cast["asha"].totp_secret).now()
    first, second = app.test_client(), app.test_client()
    for client, status in ((first, 302), (second, 422)):
        give_password(client, cast["asha"].email, cast["asha"].password)
        assert give_code(client, code).status_code == status


def test_two_browsers_with_one_code_let_one_in(app, cast, database, keys):
    """The unique row decides, not a question asked before it is written."""
    code = TOTP(cast["asha"].totp_secret).now()
    clients = [app.test_client(), app.test_client()]
    tokens = []
    for client in clients:
        give_password(client, cast["asha"].email, cast["asha"].password)
        tokens.append(csrf_token(client, "/sign-in/code"))
    answers = [
        client.post("/sign-in/code", data={"csrf_token": token, "code": code}).status_code
        for client, token in zip(clients, tokens, strict=True)
    ]
    assert sorted(answers) == [302, 422]
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(TotpUse)) == 1


def test_known_and_unknown_accounts_get_the_same_bytes(app, cast):
    answers = []
    for email in (cast["asha"].email, "nobody@alder-primary.example"):
        answer = give_password(app.test_client(), email, "wrong password entirely")
        answers.append((answer.status_code, without_tokens(answer).replace(email.encode(), b"")))
        assert "is not right" in answer.text
    assert answers[0] == answers[1]


def test_known_and_unknown_accounts_cost_the_same_work(app, cast, database):
    numbers = []
    for email in ("warm@up.example", cast["asha"].email, "nobody@alder-primary.example"):
        client = app.test_client()
        token = csrf_token(client, "/sign-in")
        with statements(database) as seen:
            client.post("/sign-in", data={"csrf_token": token, "email": email, "password": "wrong password entirely"})
        numbers.append(len(seen))
    assert numbers[1] == numbers[2]


def test_a_disabled_account_answers_like_an_unknown_one(app, cast, database):
    with database.transaction() as session:
        session.execute(update(Person).where(Person.email == cast["asha"].email).values(disabled_at=clock.now()))
    answer = give_password(app.test_client(), cast["asha"].email, cast["asha"].password)
    assert answer.status_code == 422
    assert "is not right" in answer.text


def from_address(number):
    return {"environ_base": {"REMOTE_ADDR": f"203.0.113.{number}"}}


def test_ten_guesses_a_quarter_of_an_hour_from_any_number_of_addresses(app, cast):
    answers = [
        give_password(
            app.test_client(), cast["asha"].email, f"guess {number} of many", **from_address(number)
        ).status_code
        for number in range(12)
    ]
    assert answers == [422] * 10 + [429] * 2


def test_five_guesses_a_quarter_of_an_hour_from_one_network(app, cast):
    answers = [
        give_password(app.test_client(), cast["asha"].email, f"guess {number} of many").status_code
        for number in range(7)
    ]
    assert answers == [422] * 5 + [429] * 2
    elsewhere = give_password(app.test_client(), cast["asha"].email, cast["asha"].password, **from_address(1))
    assert elsewhere.status_code == 302


def anywhere(number):
    return {"environ_base": {"REMOTE_ADDR": f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"}}


def test_guesses_from_everywhere_within_a_quarter_of_an_hour(app, cast, database, settings, record_property):
    """R26: at a password, at a second factor, at a request whose reference is known; then the owners go on."""
    asha, ben = cast["asha"], cast["ben"]
    owner, stranger = app.test_client(), app.test_client()
    sign_in(owner, asha)
    owner.post("/sign-out", data={"csrf_token": csrf_token(owner, "/account")})
    give_password(stranger, ben.email, ben.password)
    opened = ask(database, settings, email="", telephone="01632 960001")
    targets = {
        "password": (app.test_client(), "/sign-in", {"email": asha.email}, "password"),
        "code": (stranger, "/sign-in/code", {}, "code"),
        "reference": (app.test_client(), "/requests", {"reference": opened.case.reference}, "code"),
    }
    with time_machine.travel(clock.now(), tick=False):
        for name, (client, path, facts, field) in targets.items():
            data = {"csrf_token": csrf_token(client, path), **facts}
            answers = Counter(
                client.post(path, data={**data, field: f"{number:06}"}, **anywhere(number)).status_code
                for number in range(GUESSES)
            )
            record_property(f"{name}_guesses", answers.total())
            record_property(f"{name}_tried", answers[422])
            assert set(answers) == {422, 429}, name
            assert answers[422] <= 10, name
        with database.transaction() as session:
            session.execute(delete(TotpUse))
        assert sign_in(owner, asha).status_code == 302
        link = opened.link.removeprefix(settings.base_url)
        for path, page, facts in (
            (f"{link}/admission", link, {}),
            ("/requests", "/requests", {"reference": opened.case.reference}),
        ):
            parent = app.test_client()
            data = {"csrf_token": csrf_token(parent, page), "code": opened.pin, **facts}
            assert parent.post(path, data=data).status_code == 302


def use_up(app, email):
    """What a stranger with a few networks does to an account."""
    for number in range(12):
        give_password(app.test_client(), email, f"guess {number} of many", **from_address(number))


def code_in_mail(database):
    with database.session() as session, every_tenant(session, "test"):
        body = session.scalars(select(Letter.body).order_by(Letter.id.desc())).first()
    return re.search(r"(\d{4} \d{4})", body).group(1)


def prove_mailbox(client, email, database):
    page = give_password(client, email, "whatever it is")
    assert page.status_code == 429
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
    asked = client.post("/sign-in/mailbox", data={"csrf_token": token, "email": email})
    assert asked.headers["Location"] == "/sign-in/mailbox/code"
    token = csrf_token(client, "/sign-in/mailbox/code")
    return client.post("/sign-in/mailbox/code", data={"csrf_token": token, "code": code_in_mail(database)})


def test_the_owner_goes_on_in_a_new_browser_with_a_code_from_her_mailbox(app, cast, database):
    use_up(app, cast["asha"].email)
    owner = app.test_client()
    assert prove_mailbox(owner, cast["asha"].email, database).headers["Location"] == "/sign-in"
    assert sign_in(owner, cast["asha"]).status_code == 302
    assert owner.get("/home").status_code == 302


def test_a_mailbox_is_no_password_and_has_ten_tries_of_its_own(app, cast, database):
    use_up(app, cast["asha"].email)
    holder = app.test_client()
    prove_mailbox(holder, cast["asha"].email, database)
    assert "/sign-in" in holder.get("/home").headers["Location"]
    answers = [give_password(holder, cast["asha"].email, f"guess {number}").status_code for number in range(11)]
    assert answers == [422] * 10 + [429]


def test_a_mailbox_helps_with_its_own_account_only(app, cast, database):
    use_up(app, cast["asha"].email)
    holder = app.test_client()
    prove_mailbox(holder, cast["asha"].email, database)
    use_up(app, cast["ben"].email)
    assert give_password(holder, cast["ben"].email, cast["ben"].password).status_code == 429


def test_being_slowed_tells_nobody_who_has_an_account(app, cast, database):
    answers = []
    for email in (cast["asha"].email, "nobody@alder-primary.example"):
        use_up(app, email)
        client = app.test_client()
        page = give_password(client, email, "whatever it is")
        token = re.search(r'name="csrf_token" value="([^"]+)"', page.text).group(1)
        with statements(database) as seen:
            asked = client.post("/sign-in/mailbox", data={"csrf_token": token, "email": email})
        answers.append(
            (
                page.status_code,
                without_tokens(page).replace(email.encode(), b""),
                asked.status_code,
                asked.headers["Location"],
                len(seen),
            )
        )
    assert answers[0] == answers[1]


def test_a_passkey_that_fails_is_counted_and_one_that_works_elsewhere_is_not_slowed(app, cast, monkeypatch):
    monkeypatch.setattr(sign_in_pages, "SIGN_IN_NETWORK", replace(throttle.SIGN_IN_NETWORK, count=3))

    def fail(client):
        token = csrf_token(client, "/sign-in")
        return client.post("/sign-in/passkey", data={"csrf_token": token, "credential": "{}"}).status_code

    known = app.test_client()
    sign_in(known, cast["asha"])
    known.delete_cookie("portal")
    assert [fail(app.test_client()) for _ in range(5)] == [422] * 3 + [429] * 2
    assert [fail(known) for _ in range(5)] == [422] * 5


def test_an_unknown_account_is_slowed_down_just_the_same(app):
    answers = [
        give_password(app.test_client(), "nobody@example.org", f"guess {number} of many").status_code
        for number in range(6)
    ]
    assert answers == [422] * 5 + [429]


def test_a_stranger_who_guesses_cannot_keep_the_owner_out(app, cast, database):
    owner = app.test_client()
    sign_in(owner, cast["asha"])
    owner.post("/sign-out", data={"csrf_token": csrf_token(owner, "/account")})
    for number in range(11):
        give_password(app.test_client(), cast["asha"].email, f"guess {number} of many", **from_address(number))
    with database.transaction() as session:
        session.execute(delete(TotpUse))
    assert sign_in(owner, cast["asha"]).status_code == 302


def test_a_stranger_with_the_password_cannot_lock_the_second_factor(app, cast, database):
    owner, stranger = app.test_client(), app.test_client()
    sign_in(owner, cast["asha"])
    give_password(stranger, cast["asha"].email, cast["asha"].password)
    assert [give_code(stranger, "000000").status_code for _ in range(11)][-1] == 429
    with database.transaction() as session:
        session.execute(delete(TotpUse))
    owner.post("/sign-out", data={"csrf_token": csrf_token(owner, "/account")})
    assert sign_in(owner, cast["asha"]).status_code == 302


def test_the_known_browser_of_one_person_is_nothing_to_another_account(app, cast, database):
    client = app.test_client()
    sign_in(client, cast["ben"])
    client.delete_cookie("portal")
    answers = [give_password(client, cast["asha"].email, f"guess {number} of many").status_code for number in range(6)]
    assert answers == [422] * 5 + [429]


def test_one_network_may_not_try_many_accounts(app, monkeypatch):
    monkeypatch.setattr(throttle, "SIGN_IN_NETWORK", replace(throttle.SIGN_IN_NETWORK, count=5))
    answers = [
        give_password(app.test_client(), f"person{number}@example.org", "a wrong password").status_code
        for number in range(6)
    ]
    assert answers == [422] * 5 + [429]


def test_a_forged_forwarded_address_changes_nothing(app, cast):
    answers = [
        give_password(
            app.test_client(),
            cast["asha"].email,
            f"guess {number}",
            headers={"X-Forwarded-For": f"198.51.100.{number}"},
        ).status_code
        for number in range(11)
    ]
    assert answers[-1] == 429


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "/\\evil.example",
        "https:evil.example",
        "/\tevil",
        "/\nevil",
        "https://evil.example/",
        "\\/evil",
        "///e",
    ],
)
def test_next_leads_nowhere_else(client, cast, address):
    give_password(client, cast["asha"].email, cast["asha"].password)
    token = csrf_token(client, "/sign-in/code")
    answer = client.post(
        "/sign-in/code",
        query_string={"next": address},
        data={"csrf_token": token, "code": TOTP(cast["asha"].totp_secret).now()},
    )
    assert answer.headers["Location"] == "/home"


def test_next_leads_back_to_the_page_that_was_asked_for(client, cast):
    answer = client.get("/school/alder-primary/school?x=1")
    assert answer.headers["Location"] == "/sign-in?next=/school/alder-primary/school?x%3D1"
    give_password(client, cast["asha"].email, cast["asha"].password)
    token = csrf_token(client, "/sign-in/code")
    answer = client.post(
        "/sign-in/code?next=/school/alder-primary/school",
        data={"csrf_token": token, "code": TOTP(cast["asha"].totp_secret).now()},
    )
    assert answer.headers["Location"] == "/school/alder-primary/school"


def test_counts_of_ended_windows_do_not_pile_up(database, client, cast):
    give_password(client, cast["asha"].email, "wrong password entirely")
    with database.session() as session:
        rows = session.scalars(select(RateCount)).all()
    assert len(rows) == 4
    assert all(row.expires_at > clock.now() for row in rows)


def test_the_browser_is_known_by_a_digest_only(client, cast, database):
    sign_in(client, cast["asha"])
    token = client.get_cookie("portal-known").value
    with database.session() as session:
        row = session.scalars(select(KnownBrowser)).one()
    assert token not in row.token_digest


def test_a_password_of_any_length_and_script_is_taken_as_it_is(database, cast):
    long = "ŵŷ 🎓 " * 30
    hashed = hash_password(long[:200] + "end")
    assert password_matches(hashed, long[:200] + "end")
    assert not password_matches(hashed, long[:197])


def test_sign_in_leaves_a_line_in_the_trail_and_failure_too(client, cast, database):
    give_password(client, cast["asha"].email, cast["asha"].password)
    give_code(client, "000000")
    give_code(client, TOTP(cast["asha"].totp_secret).now())
    with database.session() as session, every_tenant(session, "test"):
        kinds = session.scalars(
            select(AuditEntry.kind).where(AuditEntry.kind.like("sign-in%")).order_by(AuditEntry.id)
        ).all()
    assert kinds == ["sign-in.failed", "sign-in.done"]


def test_a_wrong_password_leaves_a_line_without_an_address_and_without_telling_who_is_there(client, cast, database):
    for email in (cast["asha"].email, "nobody@alder-primary.example"):
        give_password(client, email, "wrong password entirely")
    with database.session() as session, every_tenant(session, "test"):
        lines = session.scalars(
            select(AuditEntry).where(AuditEntry.kind == "sign-in.failed").order_by(AuditEntry.id)
        ).all()
        asha = session.scalars(select(Person.id).where(Person.email == cast["asha"].email)).one()
    assert [(line.actor_kind, line.actor_id, line.subject_id, line.details) for line in lines] == [
        ("person", asha, str(asha), {"how": "password"}),
        ("public", None, "unknown", {"how": "password"}),
    ]


def test_the_pending_session_is_a_new_one(client, cast, database):
    client.get("/sign-in")
    before = client.get_cookie("portal").value
    give_password(client, cast["asha"].email, cast["asha"].password)
    pending = client.get_cookie("portal").value
    give_code(client, TOTP(cast["asha"].totp_secret).now())
    after = client.get_cookie("portal").value
    assert len({before, pending, after}) == 3
    with database.session() as session:
        assert session.scalar(select(func.count()).select_from(WebSession)) == 1


def test_operators_see_which_bound_was_reached_and_how_often(app, cast, staff):
    use_up(app, cast["asha"].email)
    app.extensions["portal_tally"].write(now=clock.now(), at_once=True)
    page = staff.client("adi").get("/central/operations").text
    rows = {}
    for row in re.findall(r"<tr.*?</tr>", page, re.DOTALL):
        name, *cells = [text(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
        rows[name] = cells
    assert rows["Passwords for one account"] == ["10 in 15 minutes", "2", "2"]
    assert rows["Second factors of one account"] == ["10 in 15 minutes", "0", "0"]
    assert set(rows) >= {rate.label for rate in throttle.RATES}
    assert rows["Stopped for trying too often"] == ["2", "2"], "each stop counts once"


def text(cell):
    return re.sub(r"<[^>]*>", "", cell).strip()
