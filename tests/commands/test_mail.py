"""`portal mail receive` takes what a mail server hands over on standard input, and says what became of it."""

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from portal.casework.incoming import MOST_BYTES
from portal.casework.models import IncomingMail, MailMark
from portal.cli import main
from portal.tenancy.scope import every_tenant
from tests.casework.test_mail import message, nested


@pytest.fixture
def receive(settings, monkeypatch):
    for name in ("data_dir", "database_url", "database_owner_url"):
        value = getattr(settings, name)
        if value:
            monkeypatch.setenv(f"PORTAL_{name.upper()}", str(value))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])

    def run(raw, *recipients):
        command = ["mail", "receive", *[part for each in recipients for part in ("--to", each)]]
        return CliRunner().invoke(main, command, input=raw)

    return run


@pytest.fixture
def rows(database):
    def read():
        with database.session() as session, every_tenant(session, "tests"):
            return list(session.scalars(select(IncomingMail).order_by(IncomingMail.id)))

    return read


def test_a_message_to_two_schools_is_kept_for_each(receive, rows):
    done = receive(message().as_bytes(), "alder-primary@localhost", "<birch-academy@localhost>")
    assert (done.exit_code, done.output.split()) == (0, ["waiting", "waiting"])
    assert len({row.tenant_id for row in rows()}) == 2


def test_a_message_built_to_break_the_reader_is_kept_unread(receive, rows):
    assert receive(nested(1200)).exit_code == 0
    [row] = rows()
    assert row.mark is MailMark.UNREADABLE
    assert row.raw


def test_a_message_that_is_too_large_goes_back_to_its_sender_and_the_tray_says_that_it_came(receive, rows):
    done = receive(message("Films").as_bytes() + b"x" * MOST_BYTES)
    assert (done.exit_code, "25 MB" in done.output) == (2, True)
    [row] = rows()
    assert (row.subject, row.mark, row.raw) == ("Films", MailMark.TOO_LARGE, None)
