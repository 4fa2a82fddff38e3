"""Being asked again before a release, an export or a change of who sees what; what was typed is not lost by it."""

import io
import re

import pytest
from pyotp import TOTP
from sqlalchemy import select

from portal.casework.models import Case, CaseStatus
from portal.core import clock
from portal.identity.models import WebSession
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.incidents.requests_made import ALDER, PDF, ask, hidden

ANSWER = "Here is everything that we hold about Anil, with our reasons."


@pytest.fixture
def reference(database, settings):
    return ask(database, settings).case.reference


@pytest.fixture
def unproved(staff, database):
    """Signs somebody in whose last proof is twenty minutes old."""

    def client(name):
        made = staff.client(name)
        with database.transaction() as session:
            for row in session.scalars(select(WebSession)):
                row.data = {**row.data, "proved_at": clock.now().timestamp() - 1200}
        return made

    return client


def state(database, reference):
    with database.session() as session, every_tenant(session, "test"):
        return session.scalars(select(Case.status).where(Case.reference == reference)).one()


def fields(page, **typed):
    return {**{name: hidden(page, name) for name in ("csrf_token", "key", "seen")}, **typed}


def prove(client, member, wanted):
    code = TOTP(member.totp_secret).now()
    return client.post(
        f"/confirm?next={wanted}", data={"csrf_token": csrf_token(client, "/confirm"), "code": code}
    ).headers["Location"]


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("asha", f"{ALDER}/cases/export.csv"),
        ("devi", "/central/cases/export.csv"),
        ("asha", f"{ALDER}/audit.csv"),
        ("adi", "/central/schools/alder-primary/invite"),
    ],
)
def test_exports_and_invitations_ask_again(unproved, name, path):
    assert unproved(name).get(path).headers["Location"] == f"/confirm?next={path}"


@pytest.mark.parametrize("base", [f"{ALDER}/cases/calendar", "/central/cases/calendar"])
def test_a_new_calendar_address_asks_again_and_its_page_does_not(unproved, base):
    client = unproved("devi")
    answer = client.post(base, data={"csrf_token": csrf_token(client, base)})
    assert answer.headers["Location"].startswith("/confirm")


def test_closing_asks_again_and_keeps_the_answer(unproved, database, reference, cast):
    asha, path = unproved("asha"), f"{ALDER}/cases/{reference}/closure"
    page = asha.get(path)
    assert page.status_code == 200
    choice = re.search(r'name="outcome"[^>]*value="([^"]+)"', page.text).group(1)
    sent = asha.post(path, data=fields(page.text, outcome=choice, body=ANSWER))
    assert sent.headers["Location"] == "/confirm?next=/kept"
    assert state(database, reference) is CaseStatus.OPEN
    assert prove(asha, cast["asha"], "/kept") == "/kept"
    kept = asha.get("/kept").text
    assert ANSWER in kept
    done = asha.post(f"{path}?", data=fields(kept, outcome=choice, body=ANSWER))
    assert done.status_code == 302
    assert state(database, reference) is CaseStatus.CLOSED


def test_an_ordinary_message_does_not_ask_again(unproved, reference):
    asha, path = unproved("asha"), f"{ALDER}/cases/{reference}/letters/message"
    sent = asha.post(path, data=fields(asha.get(path).text, body="We are looking for the e-mails."))
    assert sent.headers["Location"] == f"{ALDER}/cases/{reference}"


def test_files_are_asked_for_only_from_whoever_showed_that_it_is_she(unproved, staff, reference):
    """The requester sees added files at once, and files do not survive being asked for a proof."""
    path = f"{ALDER}/cases/{reference}"
    asha = unproved("asha")
    page = asha.get(path).text
    assert "Add the files" not in page
    assert "Show that it is you to add files" in page
    token = hidden(page, "csrf_token")
    answer = asha.post(f"{path}/files", data={"csrf_token": token, "files": (io.BytesIO(PDF), "a.pdf")})
    assert answer.headers["Location"].startswith("/confirm")
    assert "Add the files" in staff.client("asha").get(path).text
