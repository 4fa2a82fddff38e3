"""Open requests come over from a list on screen: tried first, then taken over, by leaders and the DPO team alone."""

import re
from io import BytesIO

import pytest
from sqlalchemy import func, select

from portal.casework.models import Case
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token

LIST = "/school/alder-primary/cases/list"
GOOD = b"received,kind,name\n16/11/2026,access,Priya Patel\n2026-11-17,erasure,Nia Novak\n"


def send(client, content, path=LIST, **values):
    data = {"csrf_token": csrf_token(client, path), "file": (BytesIO(content), "open.csv"), **values}
    return client.post(path, data=data, content_type="multipart/form-data")


def taking(page):
    return dict(re.findall(r'name="(csrf_token|key|sealed)" value="([^"]*)"', page))


@pytest.fixture
def stored(database):
    def read():
        with database.session() as session, every_tenant(session, "tests"):
            names = list(session.scalars(select(Case.requester_name).order_by(Case.id)))
            return names, session.scalar(select(func.count(Letter.id)))

    return read


def test_a_list_is_tried_and_then_taken_over_once_without_a_word_to_anybody(staff, stored):
    asha = staff.client("asha")
    assert LIST in asha.get("/school/alder-primary/cases/new").get_data(as_text=True)
    tried = send(asha, GOOD)
    assert tried.status_code == 200
    page = tried.get_data(as_text=True)
    assert "Priya Patel" in page
    assert stored() == ([], 0)
    for _ in range(2):
        assert asha.post(f"{LIST}/taking", data=taking(page)).status_code == 302
    assert stored() == (["Priya Patel", "Nia Novak"], 0)


def test_wrong_lines_are_named_and_nothing_can_be_taken_over(staff, stored):
    answer = send(staff.client("asha"), GOOD + b"never,access,X\n2026-11-17,wish,Y\n")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Write the day it was received" in page
    assert "The kind must be one of" in page
    assert "Take them over" not in page
    assert stored() == ([], 0)


def test_a_list_without_the_columns_says_which(staff):
    answer = send(staff.client("asha"), b"received,kind\n")
    assert (answer.status_code, "There is no column “name”." in answer.get_data(as_text=True)) == (422, True)


def test_only_the_list_that_was_tried_is_taken_over_and_only_where_it_was_tried(staff, stored):
    asha = staff.client("asha")
    values = taking(send(asha, GOOD).get_data(as_text=True))
    elsewhere = send(staff.client("devi"), GOOD, "/central/cases/list", school="Birch Academy").get_data(as_text=True)
    for sealed in (values["sealed"][:-8], taking(elsewhere)["sealed"]):
        answer = asha.post(f"{LIST}/taking", data={**values, "sealed": sealed})
        assert answer.location == LIST
    assert stored() == ([], 0)


def test_the_dpo_team_names_the_school(staff, stored):
    devi, path = staff.client("devi"), "/central/cases/list"
    assert send(devi, GOOD, path, school="No such school").status_code == 422
    page = send(devi, GOOD, path, school="Alder Primary School").get_data(as_text=True)
    devi.post(f"{path}/taking", data=taking(page))
    assert stored()[0] == ["Priya Patel", "Nia Novak"]


@pytest.mark.parametrize("name", ["ben", "bea", "gus"])
def test_nobody_else_brings_requests_over(staff, name):
    assert staff.client(name).get(LIST).status_code in {403, 404}
    assert LIST not in staff.client(name).get("/school/alder-primary/cases/new").get_data(as_text=True)
