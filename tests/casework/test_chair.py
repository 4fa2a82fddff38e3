"""A complaint about the head goes to the chair of governors, who sees it and nothing else of the inbox."""

import pytest

from portal.casework import actions
from portal.casework.inbox import Filters, page
from portal.casework.models import CaseKind
from portal.casework.queries import case_by_reference, workers
from portal.core import clock
from portal.core.errors import Forbidden, NotFound
from portal.identity.actions import grant
from portal.identity.models import Person
from portal.identity.permissions import Role
from portal.identity.queries import actor_for

NOW = clock.now()


@pytest.fixture
def chair(everywhere, school):
    person = Person(email="chris@alder-primary.example", name="Chris Chair", created_at=NOW)
    everywhere.add(person)
    everywhere.flush()
    grant(everywhere, person, school("alder-primary").id, Role.CHAIR, now=NOW, granted_by=None)
    everywhere.flush()
    return actor_for(everywhere, person)


def test_the_chair_opens_and_answers_a_complaint_about_the_head_and_no_other(everywhere, ask, actor, chair):
    about_head = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case
    other = ask(requester_name="Nia Novak", email="nia@example.org").case
    assert case_by_reference(everywhere, chair, about_head.reference) is about_head
    actions.read_case(everywhere, chair, about_head, is_writing=False, now=NOW)
    with pytest.raises(NotFound):
        case_by_reference(everywhere, chair, other.reference)
    listed = page(everywhere, chair, Filters(), now=NOW).lines
    assert [line.reference for line in listed] == [about_head.reference]
    assert chair.person_id in {person.id for person in workers(everywhere, about_head)}
    assert chair.person_id not in {person.id for person in workers(everywhere, other)}
    with pytest.raises(NotFound):
        case_by_reference(everywhere, actor("asha"), about_head.reference)


def test_a_governor_still_opens_nothing(everywhere, ask, actor):
    case = ask(kind=CaseKind.COMPLAINT, is_about_head=True).case
    with pytest.raises(Forbidden):
        actions.read_case(everywhere, actor("gus"), case, is_writing=False, now=NOW)
