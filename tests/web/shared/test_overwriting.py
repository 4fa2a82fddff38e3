"""Two people at one form: the second sees what the first saved, beside what she typed, and decides."""

import re

import pytest
from sqlalchemy import select

from portal.casework.models import Case
from portal.identity.models import Membership, Person
from portal.tenancy.scope import every_tenant
from tests.conftest import form_marks
from tests.incidents.requests_made import ALDER, ask

SETUP = f"{ALDER}/school"
RECORD = "/central/schools/alder-primary"
FACTS = {"email": "office@alder.example", "telephone": "01632 960001", "controller": "The governors"}


@pytest.fixture
def reference(database, settings):
    return ask(database, settings).case.reference


@pytest.mark.parametrize(
    ("people", "path", "first", "second", "field"),
    [
        (("asha", "ben"), f"{SETUP}/facts", {**FACTS, "website": "https://first.example"}, FACTS, "website"),
        (("asha", "ben"), f"{SETUP}/responsible", {"siro": "First Person"}, {"siro": "Second Person"}, "siro"),
        (("asha", "ben"), f"{SETUP}/branding", {"colour": "#1d3a5c"}, {"colour": "#5c1d3a"}, "colour"),
        (("asha", "ben"), f"{SETUP}/terms", {"days": "4/1/2027"}, {"days": "5/1/2027"}, "days"),
        (("asha", "ben"), f"{SETUP}/languages", {"languages": ["ur"]}, {"languages": ["pl"]}, "languages"),
        (("adi", "devi"), f"{RECORD}/host", {"host": "one.alder.example"}, {"host": "two.alder.example"}, "host"),
        (
            ("adi", "devi"),
            f"{RECORD}/package",
            {"name": "Full", "officer": "0"},
            {"name": "Small", "officer": "0"},
            "name",
        ),
        (
            ("dora", "adi"),
            "/central/councils/kent/contacts",
            {"email": "one@kent.example"},
            {"email": "two@kent.example"},
            "email",
        ),
    ],
)
def test_the_second_of_two_editors_is_shown_both_texts(staff, people, path, first, second, field):
    early, late = staff.client(people[0]), staff.client(people[1])
    marks = form_marks(early, path), form_marks(late, path)
    assert early.post(path, data={**marks[0], **first}).status_code == 302
    refused = late.post(path, data={**marks[1], **second})
    assert refused.status_code == 409
    assert "As it is now" in refused.text
    for value in (first.get(field), second.get(field)):
        for word in value if isinstance(value, list) else [value or ""]:
            assert word in refused.text
    assert early.post(path, data={**form_marks(early, path), **first}).status_code == 302, "it was overwritten"
    again = {**marks[1], "seen": re.search(r'name="seen" value="([^"]*)"', refused.text).group(1)}
    assert late.post(path, data={**again, **second}).status_code == 302


def test_the_same_form_sent_twice_is_no_quarrel(staff):
    asha, path = staff.client("asha"), f"{SETUP}/responsible"
    marks = form_marks(asha, path)
    assert [asha.post(path, data={**marks, "siro": "Asha Rao"}).status_code for _ in range(2)] == [302, 302]


def test_a_form_without_its_mark_overwrites_nothing(staff):
    asha, path = staff.client("asha"), f"{SETUP}/responsible"
    token = form_marks(asha, path)["csrf_token"]
    assert asha.post(path, data={"csrf_token": token, "siro": "Asha Rao"}).status_code == 409


@pytest.mark.parametrize(
    ("page", "first", "second"),
    [("kind", {"kind": "complaint"}, {"kind": "record"}), ("limits", {"people": []}, {"people": []})],
)
def test_the_second_to_change_a_request_sees_what_the_first_did(staff, database, reference, page, first, second):
    path = f"{ALDER}/cases/{reference}/{page}"
    asha, tom = staff.client("asha"), staff.client("asha")
    numbers = re.findall(r'name="people"[^>]*value="(\d+)"', asha.get(path).text)
    if page == "limits":
        first, second = {"people": numbers[:1]}, {"people": numbers[1:2]}
    marks = form_marks(asha, path), form_marks(tom, path)
    assert asha.post(path, data={**marks[0], **first}).status_code == 302
    assert tom.post(path, data={**marks[1], **second}).status_code == 409


def person_id(database, name):
    with database.session() as session:
        return session.scalars(select(Person.id).where(Person.email.like(f"{name}@%"))).one()


def assignee(database, reference):
    with database.session() as session, every_tenant(session, "test"):
        return session.scalars(select(Case.assignee_id).where(Case.reference == reference)).one()


def test_who_works_on_it_is_not_given_away_unseen(staff, database, reference):
    page, path = f"{ALDER}/cases/{reference}", f"{ALDER}/cases/{reference}/assignment"
    asha, ben = staff.client("asha"), staff.client("ben")
    marks = form_marks(asha, page), form_marks(ben, page)
    assert asha.post(path, data={**marks[0], "person": person_id(database, "asha")}).status_code == 302
    refused = ben.post(path, data={**marks[1], "person": person_id(database, "ben")})
    assert refused.status_code == 409
    assert "As it is now" in refused.text
    assert assignee(database, reference) == person_id(database, "asha")


def test_ticked_requests_that_somebody_else_took_meanwhile_are_left_alone(staff, database, reference):
    asha, ben = staff.client("asha"), staff.client("ben")
    page = ben.get(f"{ALDER}/cases").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', page).group(1)
    seen = re.findall(r'name="seen" value="([^"]*)"', page)
    assert f"{reference}:0" in seen
    case = f"{ALDER}/cases/{reference}"
    asha.post(f"{case}/assignment", data={**form_marks(asha, case), "person": person_id(database, "asha")})
    data = {"csrf_token": token, "seen": seen, "cases": [reference], "person": person_id(database, "ben")}
    answer = ben.post(f"{ALDER}/cases/assignments", data=data, follow_redirects=True)
    assert f"left as they are: {reference}" in answer.text
    assert assignee(database, reference) == person_id(database, "asha")


def test_a_role_that_changed_meanwhile_is_not_changed_unseen(staff, database):
    with database.session() as session:
        number = session.scalars(select(Membership.id).where(Membership.person_id == person_id(database, "ben"))).one()
    path = f"{ALDER}/people/{number}/role"
    asha, again = staff.client("asha"), staff.client("asha")
    marks = form_marks(asha, path), form_marks(again, path)
    assert asha.post(path, data={**marks[0], "role": "governor"}).status_code == 302
    refused = again.post(path, data={**marks[1], "role": "editor"})
    assert refused.status_code == 409
    assert "Governor (figures only)" in refused.text
    action = re.search(r'action="(/school[^"]*/role)"', refused.text).group(1)
    assert again.post(action, data={**form_marks(again, action), "role": "editor"}).status_code == 302


def test_the_details_of_a_draft_release_are_not_overwritten_unseen(staff):
    cal, devi = staff.client("cal"), staff.client("devi")
    words = {"title": "Spring", "reason": "New law.", "effective_on": ["1", "4", "2032"]}
    made = cal.post(
        "/central/library/releases/new",
        data={**form_marks(cal, "/central/library/releases/new"), "name": "2032-04", **words},
    )
    assert made.status_code == 302
    path = "/central/library/releases/2032-04/details"
    marks = form_marks(cal, path), form_marks(devi, path)
    assert cal.post(path, data={**marks[0], **words, "name": "2032-04", "title": "Summer"}).status_code == 302
    refused = devi.post(path, data={**marks[1], **words, "name": "2032-04", "title": "Autumn"})
    assert refused.status_code == 409
    assert "Summer" in refused.text
