"""Letters reach a real mail server once; what fails is tried again later or given up, and is never lost."""

import socket
import threading
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from aiosmtpd.controller import Controller
from sqlalchemy import select

from portal.core import clock
from portal.core.errors import Invalid
from portal.outbox.actions import ATTEMPTS, LEASE, claim, retry, write_letter
from portal.outbox.delivery import FolderMailer, SmtpMailer, mailbox, make_message
from portal.outbox.models import Letter, LetterStatus
from portal.tenancy.scope import every_tenant, tenant_scope
from portal.worker import deliver


class MailServer:
    """Takes letters, or answers as told."""

    def __init__(self):
        self.taken = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - aiosmtpd's name
        if self.answer.startswith("250"):
            self.taken.append(envelope.content.decode())
        return self.answer


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@pytest.fixture
def server():
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    handler.port = controller.port
    yield handler
    controller.stop()


@pytest.fixture
def mailing(settings, server):
    return replace(settings, smtp_url=f"smtp://127.0.0.1:{server.port}")


@pytest.fixture
def mailer(mailing):
    return SmtpMailer(mailing.smtp_url, mailing.mail_from, timeout=5)


@pytest.fixture
def letter(database):
    return add_letter(database)


def add_letter(database, subject="Dzień dobry, شکریہ", recipient="priya@family.example"):
    with database.transaction() as session, tenant_scope(session, 1):
        made = write_letter(
            session, tenant_id=1, kind="test", recipient=recipient, subject=subject,
            body="Text — with more than ASCII.",
            now=clock.now(), host="portal.example",
        )  # fmt: skip
        session.flush()
        return made.id


def stored(database, letter_id):
    with database.session() as session, every_tenant(session, "a test"):
        return session.scalars(select(Letter).where(Letter.id == letter_id)).one()


def test_a_letter_arrives_with_its_words_and_is_not_sent_again(database, mailing, mailer, server, letter):
    assert deliver(mailing, database, mailer) == 1
    assert deliver(mailing, database, mailer) == 0
    assert len(server.taken) == 1
    assert stored(database, letter).status is LetterStatus.SENT
    assert "auto-generated" in server.taken[0]


def test_a_server_that_is_busy_is_asked_again_later(database, mailing, mailer, server, letter):
    server.answer = "451 try later"
    deliver(mailing, database, mailer)
    assert stored(database, letter).status is LetterStatus.WAITING
    assert deliver(mailing, database, mailer) == 0, "not before its time"
    server.answer = "250 OK"
    with time_machine.travel(clock.now() + timedelta(minutes=1), tick=True):
        deliver(mailing, database, mailer)
    assert stored(database, letter).status is LetterStatus.SENT


def test_a_letter_refused_for_good_is_given_up_at_once_and_can_be_tried_again(
    database, mailing, mailer, server, letter
):
    server.answer = "550 no such person"
    deliver(mailing, database, mailer)
    assert stored(database, letter).status is LetterStatus.DEAD
    server.answer = "250 OK"
    with database.transaction() as session, every_tenant(session, "a test"):
        retry(session.get(Letter, letter), now=clock.now())
    deliver(mailing, database, mailer)
    assert len(server.taken) == 1


def test_without_a_server_a_letter_waits_longer_each_time_and_is_given_up_in_the_end(database, mailing, letter):
    nobody = SmtpMailer("smtp://127.0.0.1:9", "portal@example", timeout=1)
    now = clock.now()
    for _ in range(ATTEMPTS):
        with time_machine.travel(now, tick=False):
            deliver(mailing, database, nobody)
        now = max(now, stored(database, letter).run_at) + timedelta(seconds=1)
    assert stored(database, letter).status is LetterStatus.DEAD


def test_a_sender_that_dies_leaves_its_letter_to_the_next_with_the_same_message_id(
    database, mailing, mailer, server, letter
):
    with database.transaction() as session, every_tenant(session, "a test"):
        message_id = claim(session, now=clock.now())[0].message_id
    assert deliver(mailing, database, mailer) == 0, "the lease still holds"
    with time_machine.travel(clock.now() + LEASE + timedelta(seconds=1), tick=True):
        deliver(mailing, database, mailer)
    assert message_id in server.taken[0]


def test_four_workers_send_each_letter_once(database, mailing, mailer, server):
    for number in range(40):
        add_letter(database, subject=f"number {number:02}")

    def work():
        while deliver(mailing, database, mailer):
            pass

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    subjects = sorted(line for text in server.taken for line in text.splitlines() if line.startswith("Subject: number"))
    assert subjects == sorted(f"Subject: number {number:02}" for number in range(40))


def test_a_rolled_back_action_leaves_no_letter(database, mailing, mailer, server):
    with pytest.raises(RuntimeError), database.transaction() as session, tenant_scope(session, 1):
        write_letter(
            session, tenant_id=1, kind="test", recipient="a@b.example", subject="s", body="b", now=clock.now(), host="h"
        )
        session.flush()
        raise RuntimeError
    assert deliver(mailing, database, mailer) == 0
    assert server.taken == []


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize("field", ["recipient", "subject"])
def test_a_line_break_in_a_header_is_refused(session, field):
    values = {"recipient": "a@b.example", "subject": "s", field: "a@b.example\r\nBcc: all@b.example"}
    with tenant_scope(session, 1), pytest.raises(Invalid):
        write_letter(session, tenant_id=1, kind="test", body="b", now=clock.now(), host="h", **values)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_password_goes_to_no_server_without_tls(settings, server, letter, database):
    url = f"smtp://user:password@127.0.0.1:{server.port}"
    deliver(settings, database, SmtpMailer(url, settings.mail_from, timeout=5))
    assert server.taken == []
    assert stored(database, letter).status is not LetterStatus.SENT


def test_the_development_mailbox_keeps_letters_as_files(database, settings, letter, tmp_path):
    found = stored(database, letter)
    FolderMailer(tmp_path / "mail").send(make_message(found, sender="portal@example"), found.recipient)
    assert len(mailbox(tmp_path / "mail")) == 1


def test_a_host_with_an_accent_is_written_as_every_mail_server_knows_it(database, mailing, mailer, server):
    add_letter(database, recipient="priya@bücher.example")
    deliver(mailing, database, mailer)
    [taken] = server.taken
    assert "To: priya@xn--bcher-kva.example" in taken
