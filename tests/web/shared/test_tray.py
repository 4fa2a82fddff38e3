"""The tray: the office says what a message is; the school sees its own messages, the centre what fitted nowhere."""

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
from tests.casework.test_mail import FORWARDS, message
from tests.conftest import csrf_token

TRAY = "/school/alder-primary/cases/mail"


@pytest.fixture
def came(database, settings):
    keys = Keys(settings.secret_keys)
    filing, sender = Filing(store_of(settings), keys, has_scanner=False), Sender(settings.base_url, keys)
    mails = [
        message("FW: My file", FORWARDS["gmail"], sender="ben@alder-primary.example"),
        message("Lost", to="nobody@elsewhere.example", message_id="<2@x>"),
    ]
    with database.transaction() as session, every_tenant(session, "tests"):
        return [
            receive(
                session, read_mail(each.as_bytes()), to=(), hosts=frozenset({"localhost"}), sender=sender,
                filing=filing, now=clock.now(),
            )[0].id
            for each in mails
        ]  # fmt: skip


def test_the_office_confirms_a_forwarded_request_and_it_counts_from_the_first_day(staff, database, came):
    ben = staff.client("ben")
    assert "FW: My file" in ben.get(TRAY).get_data(as_text=True)
    assert "Lost" not in ben.get(TRAY).get_data(as_text=True)
    path = f"{TRAY}/{came[0]}"
    page = ben.get(path).get_data(as_text=True)
    assert 'value="Priya Patel"' in page
    assert 'value="priya@example.org"' in page
    data = {
        "csrf_token": csrf_token(ben, path), "key": "a-key-for-this-form", "received_on": ["16", "11", "2026"],
        "channel": "email", "kind": "access", "requester_name": "Priya Patel", "relationship": "self",
        "details": "Everything", "email": "priya@example.org",
    }  # fmt: skip
    assert ben.post(path, data=data).status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        case = session.scalars(select(Case)).one()
        row = session.get(IncomingMail, came[0])
    assert (case.channel, case.contact_email, case.received_at.date().isoformat()) == (
        Channel.EMAIL, "priya@example.org", "2026-11-16",
    )  # fmt: skip
    assert (row.state, row.case_id) == (MailState.FILED, case.id)
    assert ben.get(path).status_code == 404


def test_what_fits_nowhere_is_the_centres_and_no_schools(staff, came):
    devi = staff.client("devi")
    page = devi.get("/central/cases/mail").get_data(as_text=True)
    assert "Lost" in page
    assert "FW: My file" not in page
    assert devi.get(f"/central/cases/mail/{came[1]}").status_code == 200
    assert staff.client("ben").get(f"{TRAY}/{came[1]}").status_code == 404
    assert staff.client("bea").get(TRAY).status_code in {403, 404}
