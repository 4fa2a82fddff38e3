"""What comes by e-mail joins its request, waits for a person, or is set aside; it never loops and is never lost."""

from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.casework.files import Filing, files_of
from portal.casework.incoming import join_mail, mail_by_id, receive, set_aside, tray
from portal.casework.mail import read_mail
from portal.casework.models import IncomingMail, MailState
from portal.casework.queries import messages
from portal.casework.stores import FolderStore
from portal.core import clock
from portal.core.errors import Forbidden, NotFound
from portal.outbox.models import Letter

NOW = clock.now()
HOSTS = frozenset({"localhost"})
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def message(
    subject="Please", body="Hello", sender="Priya Patel <priya@example.org>", to="alder-primary@localhost", **headers
):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    made["Message-ID"] = headers.pop("message_id", "<one@example.org>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made


@pytest.fixture
def deliver(everywhere, sender, keys, tmp_path):
    filing = Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)

    def take(mail, to=()):
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        return receive(everywhere, raw, to=to, hosts=HOSTS, sender=sender, filing=filing, now=NOW)

    take.filing = filing
    return take


def letters(session):
    return session.scalar(select(func.count()).select_from(Letter))


def test_a_message_to_a_school_waits_in_its_tray_and_elsewhere_in_the_central_one(everywhere, deliver, school):
    ours = deliver(message())
    lost = deliver(message(to="who@elsewhere.example", message_id="<two@example.org>"))
    by_envelope = deliver(message(to="who@elsewhere.example", message_id="<3@x>"), to=("birch-academy+x@LOCALHOST",))
    assert [row.id for row in tray(everywhere, school("alder-primary"))] == [ours.id]
    assert [row.id for row in tray(everywhere, school("service"))] == [lost.id]
    assert [row.id for row in tray(everywhere, school("birch-academy"))] == [by_envelope.id]


def test_the_same_message_again_changes_nothing(everywhere, deliver):
    assert deliver(message()) is deliver(message())
    nameless = b"From: a@example.org\r\n\r\nhello"
    assert deliver(nameless) is deliver(nameless)
    assert everywhere.scalar(select(func.count()).select_from(IncomingMail)) == 2


def test_an_answer_of_the_requester_joins_her_request_with_its_files(everywhere, deliver, ask):
    case = ask().case
    mail = message(f"Re: Request {case.reference}", "It is about 2024.\n\nOn Monday the school wrote:\n> Hello")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="../proof.pdf")
    row = deliver(mail)
    assert (row.state, row.case_id, row.raw) == (MailState.FILED, case.id, None)
    assert messages(everywhere, case)[-1].body == "It is about 2024."
    assert [held.name for held in files_of(everywhere, case)] == ["proof.pdf"]


def test_nobody_else_writes_into_a_request_by_naming_it(everywhere, deliver, ask):
    case = ask().case
    row = deliver(message(f"Re: Request {case.reference}", sender="ex@example.org"))
    assert row.state is MailState.WAITING
    foreign = deliver(message(f"Re: {case.reference}", to="birch-academy@localhost", message_id="<2@x>"))
    assert foreign.state is MailState.WAITING
    assert not [each for each in messages(everywhere, case) if each.from_requester]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Return_Path": "<>"},
        {"Precedence": "bulk"},
        {"X_Autoreply": "yes"},
        {"sender": "MAILER-DAEMON@example.org"},
        {"message_id": "<abc@localhost>"},
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_automatic_answers_bounces_and_our_own_letters_are_set_aside_and_nobody_is_told(
    everywhere, deliver, ask, headers
):
    case = ask().case
    before = letters(everywhere)
    assert deliver(message(f"Re: Request {case.reference}", **headers)).state is MailState.DROPPED
    assert letters(everywhere) == before


FORWARDS = {
    "gmail": "---------- Forwarded message ---------\nFrom: Priya Patel <priya@example.org>\n"
    "Date: Mon, 16 Nov 2026 at 14:03\nSubject: My file\nTo: <office@alder.example>\n\nPlease send me everything.",
    "outlook": "FYI\n\nFrom: Priya Patel <priya@example.org>\nSent: 16 November 2026 14:03\nTo: Office\n\nEverything",
    "apple": "Begin forwarded message:\n\n> From: Priya Patel <priya@example.org>\n"
    "> Date: 16 November 2026 at 14:03:00 GMT\n\n> Hi",
}


@pytest.mark.parametrize("body", FORWARDS.values(), ids=FORWARDS)
def test_a_forwarded_message_proposes_its_first_sender_and_day(body):
    original = read_mail(message("FW: My file", body, sender="Ben <ben@alder-primary.example>").as_bytes()).original
    assert (original.name, original.sender) == ("Priya Patel", "priya@example.org")
    assert original.at.astimezone(UTC) == datetime(2026, 11, 16, 14, 3, tzinfo=UTC)


def test_a_message_forwarded_as_an_attachment_proposes_the_same():
    outer = message("FW", sender="ben@alder-primary.example")
    outer.add_attachment(message(Date="Mon, 16 Nov 2026 14:03:00 +0000"))
    original = read_mail(outer.as_bytes()).original
    assert (original.sender, original.at.date().isoformat()) == ("priya@example.org", "2026-11-16")


def test_a_day_in_the_future_is_not_proposed(deliver):
    late = NOW + timedelta(days=400)
    assert deliver(message("FW", f"From: a@example.org\nSent: {late:%d %B %Y} 10:00\n")).original_at is None


@trying(deadline=None, max_examples=150)
@given(
    st.binary(max_size=400),
    st.sampled_from(
        [b"", b"From: ", b"Subject: =?utf-8?q?", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n"]
    ),
)
def test_any_bytes_are_read_as_some_message(noise, start):
    mail = read_mail(start + noise)
    assert mail.message_id
    assert "\n" not in mail.subject + mail.sender + mail.name
    assert "\0" not in mail.text + mail.subject


def test_the_office_joins_a_message_or_sets_it_aside_and_others_cannot(everywhere, deliver, ask, actor, school, sender):
    case, alder = ask().case, school("alder-primary")
    first = deliver(message("my file", "More about it", sender="priya.work@example.net"))
    second = deliver(message(message_id="<2@x>"))
    with pytest.raises(Forbidden):
        set_aside(everywhere, actor("bea"), second, now=NOW)
    join_mail(everywhere, actor("ben"), first, case, sender=sender, filing=deliver.filing, now=NOW)
    set_aside(everywhere, actor("ben"), second, now=NOW)
    assert messages(everywhere, case)[-1].body == "More about it"
    assert tray(everywhere, alder) == []
    with pytest.raises(NotFound):
        mail_by_id(everywhere, alder, first.id)
