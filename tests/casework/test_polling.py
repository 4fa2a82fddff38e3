"""A mailbox is emptied over IMAP: every message by itself, none twice, and what is too large is at least named."""

import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from imapclient import IMAPClient
from sqlalchemy import select

from portal.casework import incoming
from portal.casework.incoming import MOST_BYTES
from portal.casework.models import IncomingMail, MailMark
from portal.casework.polling import poll_by_the_clock
from portal.core.errors import PortalError
from portal.tenancy.scope import every_tenant
from tests.casework.test_mail import message, nested

USER, PASSWORD = "portal", "p@ss word"


@pytest.fixture(scope="module")
def server():
    """The address of an IMAP server (pymap, in memory) in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("pymap")
    command = [program, "--host", "127.0.0.1", "--port", str(port), "--no-tls", "dict"]
    command += ["--demo-user", USER, "--demo-password", PASSWORD]
    with subprocess.Popen(command) as process:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"127.0.0.1:{port}"
        process.terminate()


@pytest.fixture
def mailbox(server):
    host, _, port = server.partition(":")
    with IMAPClient(host, int(port), ssl=False, timeout=60) as client:
        client.login(USER, PASSWORD)
        client.select_folder("INBOX")
        yield client
        if everything := client.search(["ALL"]):
            client.delete_messages(everything)
            client.expunge()


@pytest.fixture
def poll(settings, database, server):
    polled = replace(settings, imap_url=f"imap://{USER}:p%40ss%20word@{server}/INBOX")

    def run():
        poll_by_the_clock(polled, database)
        with database.session() as session, every_tenant(session, "tests"):
            return list(session.scalars(select(IncomingMail).order_by(IncomingMail.id)))

    return run


def test_unread_messages_come_in_once_and_are_marked_as_read(mailbox, poll):
    for number in range(3):
        mailbox.append("INBOX", message(f"Number {number}", message_id=f"<{number}@x>").as_bytes())
    assert [row.subject for row in poll()] == ["Number 0", "Number 1", "Number 2"]
    assert len(poll()) == 3
    mailbox.noop()
    assert mailbox.search(["UNSEEN"]) == []


def test_a_hostile_message_does_not_keep_the_next_one_from_coming(mailbox, poll):
    mailbox.append("INBOX", nested(100))
    mailbox.append("INBOX", message("A real one").as_bytes())
    assert [(row.subject, row.mark) for row in poll()] == [
        ("Deep", MailMark.UNREADABLE), ("A real one", MailMark.NONE),
    ]  # fmt: skip
    mailbox.noop()
    assert mailbox.search(["UNSEEN"]) == []


def test_a_message_that_is_too_large_is_named_and_stays_in_the_mailbox(mailbox, poll):
    large = message("Films of the playground").as_bytes() + b"x" * MOST_BYTES
    mailbox.append("INBOX", large)
    mailbox.append("INBOX", message("A small one", message_id="<small@x>").as_bytes())
    [first, second] = poll()
    assert (first.subject, first.sender, first.mark, first.raw) == (
        "Films of the playground", "priya@example.org", MailMark.TOO_LARGE, None,
    )  # fmt: skip
    assert second.subject == "A small one"
    assert len(mailbox.search(["ALL"])) == 2


def test_what_cannot_be_kept_now_stays_unread_and_the_next_one_comes_in(mailbox, poll, monkeypatch):
    real = incoming.receive

    def receive(session, mail, **facts):
        if mail.subject == "Never":
            raise PortalError("no room")
        return real(session, mail, **facts)

    monkeypatch.setattr(incoming, "receive", receive)
    mailbox.append("INBOX", message("Never").as_bytes())
    mailbox.append("INBOX", message("Now", message_id="<2@x>").as_bytes())
    assert [row.subject for row in poll()] == ["Now"]
    monkeypatch.undo()
    assert [row.subject for row in poll()] == ["Now", "Never"]


def test_a_mailbox_that_does_not_answer_is_asked_again_the_next_time(settings, database, server, mailbox, poll):
    mailbox.append("INBOX", message().as_bytes())
    for address in (f"imap://{USER}:wrong@{server}/INBOX", "imap://a:b@127.0.0.1:1/INBOX"):
        poll_by_the_clock(replace(settings, imap_url=address), database)
    assert len(poll()) == 1
