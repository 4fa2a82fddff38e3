"""Views kept under a name, and due dates in a calendar, for their owner only."""

import re

import pytest
from icalendar import Calendar
from sqlalchemy import select

from portal.casework.models import Case, SavedView
from portal.identity.models import Person
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.web.shared.test_case import ask

SCHOOL = "/school/alder-primary/cases"


@pytest.fixture
def reference(database, settings):
    ask(database, settings, slug="birch-academy")
    return ask(database, settings)


def make_address(client, path=f"{SCHOOL}/calendar"):
    page = client.post(path, data={"csrf_token": csrf_token(client, path)}).get_data(as_text=True)
    return re.search(r"http://localhost:8000(/calendars/[^<\s]+)", page).group(1)


def test_a_view_is_kept_under_its_name_and_forgotten_by_its_owner_only(staff, database, reference):
    ben, asha = staff.client("ben"), staff.client("asha")
    token = csrf_token(ben, SCHOOL)
    assert (
        ben.post(f"{SCHOOL}/views?view=overdue&kind=access", data={"csrf_token": token, "name": "Late"}).status_code
        == 302
    )
    page = ben.get(SCHOOL).get_data(as_text=True)
    assert "Late" in page
    assert "view=overdue&amp;kind=access" in page
    assert "Late" not in asha.get(SCHOOL).get_data(as_text=True)
    with database.session() as session, every_tenant(session, "tests"):
        number = session.scalars(select(SavedView.id)).one()
    asha.post(f"{SCHOOL}/views/{number}/forget", data={"csrf_token": csrf_token(asha, SCHOOL)})
    assert "Late" in ben.get(SCHOOL).get_data(as_text=True), "somebody else's view was forgotten"
    ben.post(f"{SCHOOL}/views/{number}/forget", data={"csrf_token": token})
    assert "Late" not in ben.get(SCHOOL).get_data(as_text=True)


def test_the_calendar_holds_references_and_dates_of_the_own_school_only(staff, client, database, reference):
    answer = client.get(make_address(staff.client("ben")))
    assert answer.content_type.startswith("text/calendar")
    assert b"Priya" not in answer.data
    [entry] = Calendar.from_ical(answer.data).walk("VEVENT")
    with database.session() as session, every_tenant(session, "tests"):
        due = session.scalars(select(Case.due_on).where(Case.reference == reference)).one()
    assert (str(entry["summary"]), entry.decoded("dtstart")) == (reference, due)
    central = client.get(make_address(staff.client("devi"), "/central/cases/calendar"))
    assert len(Calendar.from_ical(central.data).walk("VEVENT")) == 2


def test_an_address_ends_when_a_new_one_is_made_when_it_is_ended_and_with_its_owner(
    staff, client, database, cast, reference
):
    ben = staff.client("ben")
    first = make_address(ben)
    second = make_address(ben)
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    ben.post(f"{SCHOOL}/calendar/end", data={"csrf_token": csrf_token(ben, SCHOOL)})
    assert client.get(second).status_code == 404
    third = make_address(ben)
    with database.transaction() as session:
        person = session.scalars(select(Person).where(Person.email == cast["ben"].email)).one()
        person.disabled_at = person.created_at
    assert client.get(third).status_code == 404
