"""What comes by e-mail joins its request, waits for a person, or is set aside; it never loops and is never lost."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import func, select

from portal.casework.files import Filing, files_of
from portal.casework.incoming import (
    PURPOSE,
    file_mail,
    forget_old_mail,
    join_mail,
    leftovers,
    let_go,
    mail_by_id,
    open_original,
    receive,
    set_aside,
    take_back,
    take_in,
    tray,
)
from portal.casework.intake import NewRequest, open_case
from portal.casework.mail import read_heading, read_mail
from portal.casework.models import CaseKind, IncomingMail, MailMark, MailState
from portal.casework.queries import messages
from portal.casework.requester import requester_of, withdraw
from portal.casework.stores import FolderStore, StoreFailed
from portal.core import clock
from portal.core.errors import Forbidden, NotFound
from portal.identity.permissions import PUBLIC
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

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

    def take_all(mail, to=()):
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        return receive(everywhere, read_mail(raw), to=to, hosts=HOSTS, sender=sender, filing=filing, now=NOW)

    def take(mail, to=()):
        [row] = take_all(mail, to)
        return row

    take.all, take.filing = take_all, filing
    return take


def pdf(mail, name):
    mail.add_attachment(PDF + name.encode(), maintype="application", subtype="pdf", filename=name)
    return mail


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


def test_another_message_under_the_same_id_is_kept_too(everywhere, deliver, ask):
    case = ask().case
    first, second = message(f"Re: {case.reference}", "One"), message(f"Re: {case.reference}", "Something else")
    assert deliver(first) is not deliver(second)
    assert [each.body for each in messages(everywhere, case) if each.from_requester] == ["One", "Something else"]


def test_the_same_message_by_another_way_changes_nothing(deliver):
    raw = message().as_bytes()
    assert deliver(raw) is deliver(b"Received: from elsewhere\r\n" + raw.replace(b"\n", b"\r\n"))


def test_a_message_to_two_schools_waits_at_both(everywhere, deliver, school):
    both = message(to="alder-primary@localhost, birch-academy@localhost")
    assert len(deliver.all(both)) == 2
    assert len(deliver.all(both)) == 2
    for slug in ("alder-primary", "birch-academy"):
        assert [row.subject for row in tray(everywhere, school(slug))] == ["Please"]


def test_up_to_fifty_files_go_with_a_request(everywhere, deliver, ask):
    case, mail = ask().case, message()
    mail.replace_header("Subject", f"Re: {case.reference}")
    for number in range(51):
        pdf(mail, f"{number}.pdf")
    row = deliver(mail)
    assert len(files_of(everywhere, case)) == 50
    assert row.refused == ["50.pdf: A request can hold at most 50 files."]
    assert row.raw


def test_files_that_are_refused_are_named_and_the_message_is_kept_until_somebody_has_looked(
    everywhere, deliver, ask, actor, school
):
    case, alder = ask().case, school("alder-primary")
    mail = message(f"Re: {case.reference}", "Here it is")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe")
    row = deliver(pdf(mail, "good.pdf"))
    assert [held.name for held in files_of(everywhere, case)] == ["good.pdf"]
    assert "tool.exe" in messages(everywhere, case)[-1].body
    assert leftovers(everywhere, actor("ben"), alder) == [row]
    assert b"tool.exe" in open_original(everywhere, actor("ben"), row, filing=deliver.filing, now=NOW)
    let_go(everywhere, actor("ben"), row, now=NOW)
    assert leftovers(everywhere, actor("ben"), alder) == []
    assert (row.state, row.raw) == (MailState.FILED, None)


def test_a_message_in_a_limited_request_is_unknown_to_those_it_is_limited_from(everywhere, deliver, ask, actor, school):
    case, alder = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case, school("alder-primary")
    mail = message(f"Re: {case.reference}", "She did it again")
    mail.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="tool.exe")
    row = deliver(mail)
    assert row.state is MailState.PARTLY
    assert leftovers(everywhere, actor("asha"), alder) == []
    with pytest.raises(NotFound):
        mail_by_id(everywhere, actor("asha"), alder, row.id, MailState.PARTLY)


def test_a_message_of_the_central_tray_belongs_to_the_school_whose_request_it_becomes(everywhere, deliver, ask, actor):
    case, row = ask().case, deliver(message(to="who@elsewhere.example"))
    file_mail(everywhere, actor("devi"), row, case, filing=deliver.filing, now=NOW)
    everywhere.flush()
    assert (row.tenant_id, row.case_id) == (case.tenant_id, case.id)


def nested(depth):
    inner = "Content-Type: text/plain\n\nhello"
    for number in range(depth):
        mark = f"b{number}"
        inner = f"Content-Type: multipart/mixed; boundary={mark}\n\n--{mark}\n{inner}\n--{mark}--\n"
    return f"From: a@b.example\nSubject: Deep\nMessage-ID: <deep@x>\nMIME-Version: 1.0\n{inner}".encode()


@pytest.mark.parametrize("raw", [nested(1200), nested(100), b"From: a@b.example\n\n" + b"--\n" * 6000])
def test_a_hostile_message_waits_unread_with_all_that_came(everywhere, deliver, school, raw):
    row = deliver(raw)
    assert (row.state, row.mark, row.sender) == (MailState.WAITING, MailMark.UNREADABLE, "a@b.example")
    assert deliver.filing.keys.box(PURPOSE).decrypt(row.raw) == raw


def test_an_unreadable_message_stays_downloadable_once_it_is_in_a_request(everywhere, deliver, ask, actor):
    case, row = ask().case, deliver(nested(100), to=("alder-primary@localhost",))
    [said] = file_mail(everywhere, actor("ben"), row, case, filing=deliver.filing, now=NOW)
    assert "could not be read" in said
    assert open_original(everywhere, actor("ben"), row, filing=deliver.filing, now=NOW) == nested(100)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>" * 40_000 + "at the bottom", "at the bottom"),
        ("<p>One</p><p>Two &amp; three</p>", "One\nTwo & three"),
        ("<style>p {color: red}</style><!-- no --><b>Seen</b><script>alert(1)</script>", "Seen"),
        ("a&nbsp;b<br>c < d", "a b\nc < d"),
        ("Before <!-- never closed <b>hidden</b>", "Before"),
    ],
)
def test_html_is_read_as_its_words(html, text):
    mail = EmailMessage()
    mail.set_content(html, subtype="html", cte="8bit")
    assert read_mail(mail.as_bytes()).text == text


def test_a_message_that_cannot_be_put_in_its_place_waits_as_it_came(
    database, settings, sender, keys, tmp_path, monkeypatch
):
    class Full(FolderStore):
        def put(self, name, parts):
            raise StoreFailed

    filing = Filing(Full(tmp_path / "files"), keys, has_scanner=False)

    @contextmanager
    def begin():
        with database.transaction() as session, every_tenant(session, "tests"):
            yield session

    with begin() as session:
        school = session.scalars(select(Tenant).where(Tenant.slug == "alder-primary")).one()
        request = NewRequest(CaseKind.ACCESS, NOW, "Priya Patel", email="priya@example.org")
        reference = open_case(session, PUBLIC, school, request, sender=sender, now=NOW).case.reference
    mail = read_mail(pdf(message(f"Re: {reference}"), "proof.pdf").as_bytes())
    assert take_in(begin, mail, to=(), hosts=HOSTS, sender=sender, filing=filing, now=NOW) == [MailState.WAITING]
    with begin() as session:
        [row] = session.scalars(select(IncomingMail))
        assert (row.mark, row.subject) == (MailMark.UNREADABLE, f"Re: {reference}")
        assert b"proof.pdf" in keys.box(PURPOSE).decrypt(row.raw)


def test_a_heading_alone_says_who_wrote_when_and_about_what(everywhere, sender, keys, tmp_path):
    head = b"From: Priya <priya@example.org>\nTo: alder-primary@localhost\nSubject: Films\n"
    head += b"Date: Mon, 16 Nov 2026 14:03:00 +0000\n\nAAAA"
    mail = read_heading(head, MailMark.TOO_LARGE)
    filing = Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)
    [row] = receive(everywhere, mail, to=(), hosts=HOSTS, sender=sender, filing=filing, now=NOW)
    assert (row.state, row.mark, row.sender, row.subject) == (
        MailState.WAITING, MailMark.TOO_LARGE, "priya@example.org", "Films",
    )  # fmt: skip
    assert row.original_at.date().isoformat() == "2026-11-16"
    assert row.raw is None


def test_an_answer_of_the_requester_joins_her_request_with_its_files(everywhere, deliver, ask):
    case = ask().case
    mail = message(f"Re: Request {case.reference}", "It is about 2024.\n\nOn Monday the school wrote:\n> Hello")
    mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="../proof.pdf")
    row = deliver(mail)
    assert (row.state, row.case_id, row.raw) == (MailState.FILED, case.id, None)
    assert messages(everywhere, case)[-1].body == "It is about 2024."
    assert [held.name for held in files_of(everywhere, case)] == ["proof.pdf"]


def test_what_is_written_about_a_question_for_the_dpo_alone_reaches_no_schools_tray(
    everywhere, deliver, ask, school, sender
):
    case = ask(kind=CaseKind.QUESTION, is_confidential=True).case
    row = deliver(message(f"Re: {case.reference}", "More about the head"), to=("alder-primary@localhost",))
    assert (row.tenant_id, row.case_id) == (school("service").id, case.id)
    assert [each.body for each in messages(everywhere, case) if each.from_requester] == ["More about the head"]
    withdraw(everywhere, requester_of(case), case, sender=sender, now=NOW)
    late = message(f"Re: {case.reference}", "Thank you", message_id="<two@example.org>")
    assert deliver(late, to=("alder-primary@localhost",)).tenant_id == school("service").id
    assert tray(everywhere, school("alder-primary")) == []


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
        {"Auto_Submitted": "auto-generated"},
        {"Return_Path": "<>"},
        {"Precedence": "auto_reply"},
        {"X_Autoreply": "yes"},
        {"sender": "MAILER-DAEMON@example.org"},
        {"message_id": "<abc@localhost>"},
    ],
    ids=lambda headers: next(iter(headers.items())),
)
def test_automatic_answers_bounces_and_our_own_letters_are_set_aside_and_nobody_is_told(
    everywhere, deliver, ask, headers
):
    case = ask().case
    before = letters(everywhere)
    assert deliver(message(f"Re: Request {case.reference}", **headers)).state is MailState.DROPPED
    assert letters(everywhere) == before


def test_a_report_of_a_mail_server_is_set_aside(deliver):
    report = MIMEMultipart("report", report_type="delivery-status")
    report["From"], report["To"] = "postmaster@example.org", "alder-primary@localhost"
    report.attach(MIMEText("Your message could not be delivered."))
    assert deliver(report).state is MailState.DROPPED


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-forwarded"},
        {"Precedence": "list"},
        {"Precedence": "bulk"},
        {"List_Id": "<office.alder.example>"},
        {"sender": "no-reply@forms.example"},
    ],
    ids=lambda headers: next(iter(headers.items())),
)
def test_what_a_list_or_a_rule_sent_on_waits_for_a_person_with_its_files_and_nobody_is_told(
    everywhere, deliver, ask, headers
):
    case = ask().case
    before = letters(everywhere)
    row = deliver(pdf(message(f"Re: Request {case.reference}", **headers), "proof.pdf"))
    assert (row.state, row.mark) == (MailState.WAITING, MailMark.AUTOMATIC)
    assert row.raw
    assert letters(everywhere) == before


def test_what_was_set_aside_can_be_taken_back_for_thirty_days(everywhere, deliver, ask, actor, school):
    case, alder = ask().case, school("alder-primary")
    row = deliver(pdf(message(Auto_Submitted="auto-generated"), "proof.pdf"))
    forget_old_mail(everywhere, now=NOW + timedelta(days=29))
    assert tray(everywhere, alder, MailState.DROPPED) == [row]
    with pytest.raises(Forbidden):
        take_back(everywhere, actor("bea"), row, now=NOW)
    take_back(everywhere, actor("ben"), row, now=NOW)
    assert tray(everywhere, alder) == [row]
    file_mail(everywhere, actor("ben"), row, case, filing=deliver.filing, now=NOW)
    assert [held.name for held in files_of(everywhere, case)] == ["proof.pdf"]


def test_what_was_set_aside_is_deleted_after_thirty_days_and_the_rest_stays(everywhere, deliver, actor, school):
    alder = school("alder-primary")
    deliver(message(Auto_Submitted="auto-replied"))
    by_hand, waiting = deliver(message(message_id="<2@x>")), deliver(message(message_id="<3@x>"))
    set_aside(everywhere, actor("ben"), by_hand, now=NOW)
    forget_old_mail(everywhere, now=NOW + timedelta(days=31))
    assert tray(everywhere, alder, MailState.DROPPED) == []
    assert tray(everywhere, alder) == [waiting]


FORWARDS = {
    "gmail": "---------- Forwarded message ---------\nFrom: Priya Patel <priya@example.org>\n"
    "Date: Mon, 16 Nov 2026 at 14:03\nSubject: My file\nTo: <office@alder.example>\n\nPlease send me everything.",
    "outlook": "FYI\n\nFrom: Priya Patel <priya@example.org>\nSent: 16 November 2026 14:03\nTo: Office\n\nEverything",
    "apple": "Begin forwarded message:\n\n> From: Priya Patel <priya@example.org>\n"
    "> Date: 16 November 2026 at 14:03:00 GMT\n\n> Hi",
    "thunderbird": "-------- Forwarded Message --------\nSubject: \tMy file\nDate: \tMon, 16 Nov 2026 14:03:00 +0000\n"
    "From: \tPriya Patel <priya@example.org>\nTo: \tOffice\n\nEverything",
    "through two hands": "From: Class Teacher <teacher@alder.example>\nSent: 17 November 2026 08:30\nTo: Ben\n"
    "Subject: FW: My file\n\nFor you?\n\nFrom: Priya Patel <priya@example.org>\nSent: 16 November 2026 14:03\n"
    "To: Class Teacher\nSubject: My file\n\nEverything\n\nFrom: School <school@alder.example>\nSent: 2 November 2026",
    "German": "Von: Priya Patel <priya@example.org>\nGesendet: Montag, 16. November 2026 14:03\nAn: Office\n\nAlles",
    "French": "---------- Message transféré ---------\nDe : Priya Patel <priya@example.org>\n"
    "Date: lun. 16 nov. 2026 à 14:03\n\nTout",
    "Polish": "---------- Wiadomość przekazana ---------\nOd: Priya Patel <priya@example.org>\n"
    "Date: pon., 16 lis 2026 o 14:03\n\nWszystko",
    "Welsh": "Oddi wrth: Priya Patel <priya@example.org>\nAnfonwyd: 16 Tachwedd 2026 14:03\n\nPopeth",
}


@pytest.mark.parametrize("body", FORWARDS.values(), ids=FORWARDS)
def test_a_forwarded_message_proposes_its_first_sender_and_day(body):
    mail = read_mail(message("FW: My file", body, sender="Ben <ben@alder-primary.example>").as_bytes())
    original = mail.original
    assert (original.name, original.sender) == ("Priya Patel", "priya@example.org")
    assert original.at.astimezone(UTC) == datetime(2026, 11, 16, 14, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    "body",
    [
        "My data please.\n\nFrom: School Office <office@alder.example>\nSent: 2 November 2026 09:14\n\nDear parents",
        "My data please.\n\n-----Original Message-----\nFrom: School Office <office@alder.example>\n\nDear parents",
    ],
)
def test_a_parents_own_message_above_a_quoted_letter_proposes_the_parent(deliver, body):
    row = deliver(message("RE: newsletter", body))
    assert (row.original_sender, row.original_name, row.original_at) == ("", "Priya Patel", None)


@pytest.mark.parametrize("prefix", ["WG", "TR", "RV", "PD", "[External] Fw"])
def test_a_message_is_forwarded_whatever_the_program_puts_before_its_subject(prefix):
    mail = read_mail(message(f"{prefix}: My file", FORWARDS["outlook"]).as_bytes())
    assert mail.original.sender == "priya@example.org"


def test_a_heading_that_a_program_wrote_over_two_lines_of_html_is_read():
    mail = EmailMessage()
    mail["Subject"] = "FW: My file"
    html = "<p><b>From:</b> Priya Patel\r\n&lt;priya@example.org&gt;<br>\r\n<b>Sent:</b> 16 November\r\n2026 14:03</p>"
    mail.set_content(html, subtype="html")
    original = read_mail(mail.as_bytes()).original
    assert (original.sender, original.at) == ("priya@example.org", datetime(2026, 11, 16, 14, 3, tzinfo=UTC))


def test_an_attached_message_that_was_forwarded_before_proposes_its_first_sender():
    inner = message("FW: My file", FORWARDS["outlook"], sender="Class Teacher <teacher@alder.example>")
    outer = message("Please deal", "See below.", sender="ben@alder-primary.example")
    outer.add_attachment(inner)
    assert read_mail(outer.as_bytes()).original.sender == "priya@example.org"


@pytest.mark.parametrize("mark", [MailMark.UNREADABLE, MailMark.TOO_LARGE])
def test_a_date_of_no_place_on_earth_keeps_no_message_out(everywhere, sender, keys, tmp_path, mark):
    head = b"From: Priya <priya@example.org>\nSubject: Films\nDate: Mon, 16 Nov 2026 14:03:00 +2500\n\nAAAA"
    filing = Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)
    mail = read_heading(head, mark)
    [row] = receive(everywhere, mail, to=(), hosts=HOSTS, sender=sender, filing=filing, now=NOW)
    assert (row.state, row.original_at) == (MailState.WAITING, None)


@pytest.fixture
def forwarded():
    """A message of the office's that holds a parent's, with its file, as an attachment."""
    inner = pdf(message("My request", "Everything about Kit.", Date="Mon, 16 Nov 2026 14:03:00 +0000"), "authority.pdf")
    outer = message("FW: My request", "See below.", sender="ben@alder-primary.example", message_id="<out@x>")
    outer.add_attachment(inner)
    return outer


def test_a_message_forwarded_as_an_attachment_proposes_its_sender_and_shows_its_text(deliver, forwarded):
    row = deliver(forwarded)
    assert (row.original_sender, row.original_at.date().isoformat()) == ("priya@example.org", "2026-11-16")
    assert "See below." in row.body
    assert "Everything about Kit." in row.body


def test_the_files_inside_a_forwarded_message_go_with_the_request(everywhere, deliver, ask, actor, forwarded):
    case, row = ask().case, deliver(forwarded)
    assert file_mail(everywhere, actor("ben"), row, case, filing=deliver.filing, now=NOW) == []
    assert [held.name for held in files_of(everywhere, case)] == ["authority.pdf"]
    assert (row.state, row.raw) == (MailState.FILED, None)


def test_the_files_between_two_texts_of_an_apple_message_are_found():
    mixed = MIMEMultipart("mixed")
    mixed.attach(MIMEText("<p>Before</p>", "html"))
    mixed.attach(MIMEApplication(PDF, "pdf", name="between.pdf"))
    mixed.attach(MIMEText("<p>After</p>", "html"))
    outer = MIMEMultipart("alternative")
    outer.attach(mixed)
    mail = read_mail(outer.as_bytes())
    assert [file.name for file in mail.files] == ["between.pdf"]
    assert mail.text.split() == ["Before", "After"]


def test_what_does_not_fit_into_a_message_of_a_request_goes_with_it_as_a_file(everywhere, deliver, ask):
    case = ask().case
    deliver(message(f"Re: {case.reference}", "Word " * 5000 + "end"))
    assert [(held.name, held.size) for held in files_of(everywhere, case)] == [("message.txt", 25_003)]


def test_an_answer_inside_the_quoted_letter_is_not_cut_off(everywhere, deliver, ask):
    case = ask().case
    deliver(message(f"Re: {case.reference}", "Hi,\n\nOn Monday the school wrote:\n> Where was it?\n\nIn the hall."))
    assert "In the hall." in messages(everywhere, case)[-1].body


def test_a_day_in_the_future_is_not_proposed(deliver):
    late = NOW + timedelta(days=400)
    assert deliver(message("FW: x", f"From: a@example.org\nSent: {late:%d %B %Y} 10:00\n")).original_at is None


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
        mail_by_id(everywhere, actor("ben"), alder, first.id)
