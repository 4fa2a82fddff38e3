"""The inbox finds, sorts and gives out cases; it asks few questions of the database."""

import re

import pytest
from sqlalchemy import select

from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.models import Case, CaseKind
from portal.core import clock
from portal.core.secrets import Keys
from portal.identity.permissions import PUBLIC
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant
from tests.tools.statements import statements

SCHOOL = "/school/alder-primary/cases"


@pytest.fixture
def made(database, settings):
    """Open requests of several people, at two schools."""
    sender, now, references = Sender(settings.base_url, Keys(settings.secret_keys)), clock.now(), []
    with database.transaction() as session, every_tenant(session, "tests"):
        for slug in ("alder-primary", "birch-academy"):
            school = session.scalars(select(Tenant).where(Tenant.slug == slug)).one()
            for number in range(6):
                request = NewRequest(
                    CaseKind.ACCESS, now, f"Nia Person{number}", email=f"p{number}@example.org", details="Everything"
                )
                references.append(open_case(session, PUBLIC, school, request, sender=sender, now=now).case.reference)
    return references


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_the_dpo_sees_every_school_and_the_school_its_own(staff, made):
    central, own = text(staff.client("devi"), "/central/cases"), text(staff.client("ben"), SCHOOL)
    assert all(reference in central for reference in made)
    assert all((reference in own) == (place < 6) for place, reference in enumerate(made))


def test_search_by_reference_and_by_surname(staff, made):
    ben = staff.client("ben")
    assert made[0] in text(ben, f"{SCHOOL}?q={made[0].lower()}")
    assert made[3] in text(ben, f"{SCHOOL}?q=person3")
    assert made[0] not in text(ben, f"{SCHOOL}?q=person3")
    assert "No requests here." in text(ben, f"{SCHOOL}?q={made[9]}"), "a case of another school was found"


@pytest.mark.parametrize(
    "query", ["?view=nonsense", "?after=x~y", "?after=2026-13-01~1", "?school=9999999999", "?older=x"]
)
def test_an_address_that_makes_no_sense_is_the_plain_inbox(staff, made, query):
    assert text(staff.client("ben"), SCHOOL + query)


def test_ticked_requests_are_given_at_once_and_only_own_ones(staff, database, made):
    ben = staff.client("ben")
    page = text(ben, SCHOOL)
    token = page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
    me = re.search(r'<option value="(\d+)"[^>]*>\s*Ben', page).group(1)
    data = {"csrf_token": token, "cases": [made[0], made[1], made[9]], "person": me}
    assert ben.post(f"{SCHOOL}/assignments", data=data).status_code == 302
    with database.session() as session, every_tenant(session, "tests"):
        given = set(session.scalars(select(Case.reference).where(Case.assignee_id == int(me))))
    assert given == {made[0], made[1]}


@pytest.mark.parametrize(("name", "path"), [("ben", SCHOOL), ("devi", "/central/cases")])
def test_an_inbox_page_asks_a_constant_few_questions(staff, database, made, name, path):
    client = staff.client(name)
    text(client, path)
    with statements(database) as asked:
        text(client, path)
    assert len(asked) <= 8, asked
    assert len([statement for statement in asked if "case_file" in statement]) <= 2, asked
