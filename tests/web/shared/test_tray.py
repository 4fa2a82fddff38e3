"""The tray: the office says what a message is; the school sees its own messages, the centre what fitted nowhere."""

import re

import pytest
from sqlalchemy import select

from portal.casework.files import Filing
from portal.casework.incoming import receive
from portal.casework.letters import Sender
from portal.casework.mail import read_mail
from portal.casework.models import Case, Channel, IncomingMail, MailState
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.secrets import Keys
from portal.tenancy.scope import every_tenant
from tests.casework.test_mail import FORWARDS, message, nested
from tests.conftest import csrf_token

TRAY = "/school/alder-primary/cases/mail"


@pytest.fixture
def deliver(database, settings):
    keys = Keys(settings.secret_keys)
    filing, sender = Filing(store_of(settings), keys, has_scanner=False), Sender(settings.base_url, keys)

    def take(raw):
        with database.transaction() as session, every_tenant(session, "tests"):
            [row] = receive(
                session, read_mail(raw), to=(), hosts=frozenset({"localhost"}), sender=sender, filing=filing,
                now=clock.now(),
            )  # fmt: skip
            return row.id

    return take


@pytest.fixture
def came(deliver):
    mails = [
        message("FW: My file", FORWARDS["gmail"], sender="ben@alder-primary.example"),
        message("Lost", to="nobody@elsewhere.example", message_id="<2@x>"),
    ]
    return [deliver(each.as_bytes()) for each in mails]


def request_from(client, path, **answers):
    return {
        "csrf_token": csrf_token(client, path), "key": "a-key-for-this-form", "received_on": ["16", "11", "2026"],
        "channel": "email", "kind": "access", "requester_name": "Priya Patel", "relationship": "self",
        "details": "Everything", "email": "priya@example.org", **answers,
    }  # fmt: skip


def test_the_office_confirms_a_forwarded_request_and_it_counts_from_the_first_day(staff, database, came):
    ben = staff.client("ben")
    assert "FW: My file" in ben.get(TRAY).get_data(as_text=True)
    assert "Lost" not in ben.get(TRAY).get_data(as_text=True)
    path = f"{TRAY}/{came[0]}"
    page = ben.get(path).get_data(as_text=True)
    assert 'value="Priya Patel"' in page
    assert 'value="priya@example.org"' in page
    assert ben.post(path, data=request_from(ben, path)).status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        case = session.scalars(select(Case)).one()
        row = session.get(IncomingMail, came[0])
    assert (case.channel, case.contact_email, case.received_at.date().isoformat()) == (
        Channel.EMAIL, "priya@example.org", "2026-11-16",
    )  # fmt: skip
    assert (row.state, row.case_id) == (MailState.FILED, case.id)
    assert ben.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "door", "number", "more"),
    [("ben", "/school/alder-primary", 0, {}), ("devi", "/central", 1, {"school": "Alder Primary School"})],
)
def test_recording_a_message_twice_makes_one_request_and_other_answers_are_refused(
    staff, database, came, name, door, number, more
):
    client = staff.client(name)
    path = f"{door}/cases/mail/{came[number]}"
    values = request_from(client, path, **more)
    first, again = client.post(path, data=values), client.post(path, data=values)
    assert (first.status_code, again.location) == (302, first.location)
    assert client.post(path, data={**values, "details": "Something else"}).status_code == 409
    assert client.post(path, data={**values, "key": "another-key-for-this"}).status_code == 404
    with database.session() as session, every_tenant(session, "tests"):
        assert len(session.scalars(select(Case)).all()) == 1


def test_what_fits_nowhere_is_the_centres_and_no_schools(staff, came):
    devi = staff.client("devi")
    page = devi.get("/central/cases/mail").get_data(as_text=True)
    assert "Lost" in page
    assert "FW: My file" not in page
    assert devi.get(f"/central/cases/mail/{came[1]}").status_code == 200
    assert staff.client("ben").get(f"{TRAY}/{came[1]}").status_code == 404
    assert staff.client("bea").get(TRAY).status_code in {403, 404}


def test_a_message_that_was_set_aside_is_found_again_and_taken_back(staff, deliver):
    number, ben = deliver(message("Away", Auto_Submitted="auto-replied").as_bytes()), staff.client("ben")
    assert "Away" not in ben.get(TRAY).get_data(as_text=True)
    assert "Away" in ben.get(f"{TRAY}/aside").get_data(as_text=True)
    path = f"{TRAY}/{number}/aside"
    assert staff.client("bea").get(path).status_code in {403, 404}
    assert ben.post(path, data={"csrf_token": csrf_token(ben, path)}).status_code == 302
    assert "Away" in ben.get(TRAY).get_data(as_text=True)
    assert ben.get(path).status_code == 404


def test_files_that_could_not_be_taken_are_named_and_the_message_can_be_downloaded_until_it_is_let_go(staff, deliver):
    mail = message("My file", "Everything")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe")
    number, ben = deliver(mail.as_bytes()), staff.client("ben")
    path = f"{TRAY}/{number}"
    filed = ben.post(path, data=request_from(ben, path), follow_redirects=True)
    assert "tool.exe" in filed.get_data(as_text=True)
    assert "My file" in ben.get(TRAY).get_data(as_text=True)
    page = ben.get(f"{path}/rest").get_data(as_text=True)
    assert "tool.exe" in page
    assert f"{path}/original" in page
    original = ben.get(f"{path}/original")
    assert original.data == mail.as_bytes()
    assert original.headers["Content-Disposition"].startswith("attachment")
    assert staff.client("bea").get(f"{path}/original").status_code in {403, 404}
    assert ben.post(f"{path}/rest", data={"csrf_token": csrf_token(ben, f"{path}/rest")}).status_code == 302
    assert "My file" not in ben.get(TRAY).get_data(as_text=True)
    assert ben.get(f"{path}/original").status_code == 404


def test_a_message_that_could_not_be_read_says_so(staff, deliver):
    number = deliver(b"To: alder-primary@localhost\n" + nested(100))
    ben = staff.client("ben")
    assert "Unreadable" in ben.get(TRAY).get_data(as_text=True)
    assert "could not be read" in ben.get(f"{TRAY}/{number}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("subject", "sender"),
    [
        ("FW: My file", "The office <office@alder-primary.example>"),
        ("My file", "Ben Brown <BEN@alder-primary.example>"),
        ("My file", "Devi <devi@service.example>"),
    ],
)
def test_whoever_passed_a_message_on_is_not_proposed_as_the_one_who_asks(staff, deliver, cast, subject, sender):
    if "devi" in sender:
        sender = cast["devi"].email
    elif "BEN" in sender:
        sender = f"Ben Brown <{cast['ben'].email.upper()}>"
    number = deliver(message(subject, "See the letter I scanned", sender=sender).as_bytes())
    page = staff.client("ben").get(f"{TRAY}/{number}").get_data(as_text=True)
    assert "Enter what is missing" in page
    assert not re.search(r'name="(?:requester_name|email|received_on|received_time)"[^>]*value="[^"]', page)


def test_a_name_is_proposed_where_a_forwarded_heading_tells_no_address(staff, deliver):
    body = "-----Original Message-----\nFrom: Priya Patel\nSent: 16 November 2026 09:12\nSubject: My file\n\nPlease"
    number = deliver(message("FW: My file", body, sender="ben@alder-primary.example").as_bytes())
    page = staff.client("ben").get(f"{TRAY}/{number}").get_data(as_text=True)
    assert 'value="Priya Patel"' in page
    assert 'value="ben@alder-primary.example"' not in page


def test_whoever_wrote_without_an_address_gets_a_pin_from_the_office(staff, database, came):
    ben = staff.client("ben")
    path = f"{TRAY}/{came[0]}"
    answer = ben.post(path, data=request_from(ben, path, email="", address="1 High Street"), follow_redirects=True)
    assert re.search(r"this PIN: \w{4}-\w{4}-\w{4}", answer.text)


def test_a_message_about_the_head_leads_whoever_recorded_it_to_no_empty_page(staff, came):
    ben = staff.client("ben")
    path = f"{TRAY}/{came[0]}"
    data = request_from(ben, path, kind="complaint", about_head="y", email="", telephone="01632 960001")
    for _ in range(2):
        answer = ben.post(path, data=data, follow_redirects=True)
        assert answer.status_code == 200
        assert "You cannot open it: it is limited." in answer.text
        assert "PIN" not in answer.text, "with it she could open the request by the requester's door"
