"""The tray: the office says what a message is; the school sees its own messages, the centre what fitted nowhere."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from sqlalchemy import select

from portal.casework.correspondence import write_to_requester
from portal.casework.files import Filing
from portal.casework.incoming import receive
from portal.casework.letters import LetterKind, Sender
from portal.casework.mail import read_mail
from portal.casework.models import Case, CaseEvent, Channel, EventKind, IncomingMail, MailState
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.models import Person
from portal.identity.queries import actor_for
from portal.tenancy.scope import every_tenant
from tests.casework.test_mail import FORWARDS, message, nested
from tests.conftest import csrf_token
from tests.incidents.requests_made import ask

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
    assert ben.get(path).location.endswith(f"/cases/{case.reference}")
    assert ben.get(f"{TRAY}/99999").status_code == 404


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
    other = client.post(path, data={**values, "key": "another-key-for-this"})
    if name == "devi":  # it is the school's now
        assert other.status_code == 404
    else:
        assert other.location == first.location
        assert "dealt with this message already" in client.get(other.location).text
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


def test_a_message_goes_into_somebody_elses_request_only_when_that_is_meant(staff, database, settings, came):
    ben, other = staff.client("ben"), ask(database, settings, requester_name="Omar Haddad", email="omar@example.org")
    path = f"{TRAY}/{came[0]}"
    data = {"csrf_token": csrf_token(ben, path), "reference": other.case.reference}
    doubtful = ben.post(f"{path}/joining", data=data)
    assert doubtful.status_code == 422
    assert "Omar Haddad" in doubtful.text
    assert f'value="{other.case.reference}"' in doubtful.text
    assert "all the same" in doubtful.text
    assert ben.post(f"{path}/joining", data={**data, "reference": "0000-0000"}).status_code == 422
    assert ben.post(f"{path}/joining", data={**data, "sure": "y"}).status_code == 302


def test_an_answer_counts_from_the_day_on_which_it_came(staff, database, settings, deliver):
    """However long it lay in the tray."""
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC), tick=False):
        case = ask(database, settings).case
    with time_machine.travel(datetime(2026, 11, 9, 10, tzinfo=UTC), tick=False):
        write(database, settings, case, "Which?", LetterKind.CLARIFICATION)
    with time_machine.travel(datetime(2026, 11, 11, 10, tzinfo=UTC), tick=False):
        number = deliver(message("The letters of May", sender="priya@example.org").as_bytes())
    with time_machine.travel(datetime(2026, 11, 25, 10, tzinfo=UTC), tick=False):
        ben, path = staff.client("ben"), f"{TRAY}/{number}"
        data = {"csrf_token": csrf_token(ben, path), "reference": case.reference}
        assert ben.post(f"{path}/joining", data=data).status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        events = session.scalars(select(CaseEvent).where(CaseEvent.kind == EventKind.CLARIFICATION_ANSWERED)).all()
        due = session.get_one(Case, case.id).due_on
    assert [event.day for event in events] == [date(2026, 11, 11)]
    assert due == date(2026, 12, 7)


def test_what_came_before_the_question_does_not_answer_it(staff, database, settings, deliver):
    with time_machine.travel(datetime(2026, 11, 2, 10, tzinfo=UTC), tick=False):
        case = ask(database, settings).case
        number = deliver(message("Thank you", sender="priya@example.org").as_bytes())
    with time_machine.travel(datetime(2026, 11, 9, 10, tzinfo=UTC), tick=False):
        write(database, settings, case, "Which?", LetterKind.CLARIFICATION)
        ben, path = staff.client("ben"), f"{TRAY}/{number}"
        data = {"csrf_token": csrf_token(ben, path), "reference": case.reference}
        assert ben.post(f"{path}/joining", data=data).status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        assert not session.scalars(select(CaseEvent).where(CaseEvent.kind == EventKind.CLARIFICATION_ANSWERED)).all()


def write(database, settings, case, body, kind):
    with database.transaction() as session, every_tenant(session, "tests"):
        ben = session.scalars(select(Person).where(Person.email == "ben@alder-primary.example")).one()
        found = session.get_one(Case, case.id)
        write_to_requester(
            session, actor_for(session, ben), found, body, kind=kind, reason="Ten thousand messages.",
            seen=found.last_sequence, key="k" * 20, sender=Sender(settings.base_url, Keys(settings.secret_keys)),
            now=clock.now(),
        )  # fmt: skip
