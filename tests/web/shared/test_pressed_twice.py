"""A button that is pressed twice, from the same page at the same moment: an effect or a plain word, never a fault."""

import threading
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import func, select

from portal.casework.models import CasePresence, FeedToken
from portal.identity.models import KeptDraft, WebSession
from portal.notices.models import Release
from portal.tenancy.scope import every_tenant
from tests.conftest import form_marks
from tests.incidents.requests_made import ALDER, ask

TIMES = 3
RELEASE = {"name": "2032-04", "title": "Spring", "reason": "New law.", "effective_on": ["1", "4", "2032"]}


def at_once(app, client, method, path, data=None):
    """What the same request is answered, sent by as many connections of one browser."""
    together, cookie = threading.Barrier(TIMES), client.get_cookie("portal").value

    def send(_number):
        browser = app.test_client()
        browser.set_cookie("portal", cookie)
        together.wait(30)
        return browser.open(path, method=method, data=data, buffered=True).status_code

    with ThreadPoolExecutor(TIMES) as pool:
        return set(pool.map(send, range(TIMES)))


def count(database, model, *conditions):
    with database.session() as session, every_tenant(session, "tests"):
        return session.scalar(select(func.count()).select_from(model).where(*conditions))


def test_a_new_calendar_address(app, staff, database):
    asha, path = staff.client("asha"), f"{ALDER}/cases/calendar"
    assert at_once(app, asha, "POST", path, form_marks(asha, path)) == {200}
    assert count(database, FeedToken) == 1


def test_a_new_release(app, staff, database):
    cal, path = staff.client("cal"), "/central/library/releases/new"
    assert at_once(app, cal, "POST", path, {**form_marks(cal, path), **RELEASE}) == {302, 422}
    assert count(database, Release, Release.name == RELEASE["name"]) == 1


def test_closing_a_school(app, staff):
    adi, path = staff.client("adi"), "/central/schools/alder-primary/close"
    data = {**form_marks(adi, path), "on": ["1", "9", "2026"], "records": "With the council."}
    assert at_once(app, adi, "POST", path, data) == {302, 409}


def test_opening_a_request_in_several_tabs(app, staff, database, settings):
    reference = ask(database, settings).case.reference
    assert at_once(app, staff.client("asha"), "GET", f"{ALDER}/cases/{reference}") == {200}
    assert count(database, CasePresence) == 1


def test_a_form_that_asks_for_a_proof_first(app, staff, database, settings):
    reference = ask(database, settings).case.reference
    asha, path = staff.client("asha"), f"{ALDER}/cases/{reference}/closure"
    data = {**form_marks(asha, path), "outcome": "answered", "body": "What you asked for."}
    with database.transaction() as session:
        for row in session.scalars(select(WebSession)):
            row.data = {**row.data, "proved_at": 0}
    assert at_once(app, asha, "POST", path, data) == {302}
    assert count(database, KeptDraft) == 1
