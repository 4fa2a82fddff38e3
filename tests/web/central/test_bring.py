"""Many notices at once, templates, proposals and the check over all schools."""

import csv
import io
import re

import pytest
from sqlalchemy import select

from portal.notices.models import ImportRun, Override, Release, ReviewComment, WordingProposal
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.lifecycle.bringing import document

TYPO = "We use an organization chart to show who answers questions about the beans, so ask at the desk."


@pytest.fixture
def rows(database):
    def find(model, *conditions):
        with database.session() as session, every_tenant(session, "tests"):
            return session.scalars(select(model).where(*conditions).order_by(model.id)).all()

    return find


@pytest.fixture
def cal(staff):
    return staff.client("cal")


def send(client, *files):
    data = {
        "csrf_token": csrf_token(client, "/central/bring"),
        "files": [(io.BytesIO(content.encode()), name) for name, content in files],
    }
    return client.post("/central/bring", data=data, content_type="multipart/form-data", follow_redirects=True)


def apply(client, path):
    page = client.get(path).get_data(as_text=True)
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    return client.post(f"{path}/application", data={"csrf_token": csrf_token(client, path), "seen": seen})


def test_each_file_goes_to_its_school_and_bad_ones_are_named(cal, rows):
    strange = document().replace("Alder Primary School", "Nowhere Infant School")
    good = [("birch-academy.txt", document()), ("ours.txt", document())]
    answer = send(cal, *good, ("cake.txt", "Eggs. " * 90), ("x.txt", strange))
    text = answer.get_data(as_text=True)
    assert "cake.txt: " in text
    assert "x.txt: " in text
    assert len(rows(ImportRun)) == 2
    names = {row["file"]: row["school"] for row in table(cal)}
    assert names == {"birch-academy.txt": "birch-academy", "ours.txt": "alder-primary"}


def table(client):
    answer = client.get("/central/bring/table.csv")
    assert answer.content_type.startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_a_template_is_kept_to_compare_with(cal, rows):
    path = "/central/bring/templates"
    data = {
        "csrf_token": csrf_token(cal, path),
        "name": "county-2021",
        "file": (io.BytesIO(document(1).encode()), "t.txt"),
        "effective_on": ["1", "9", "2021"],
    }
    answer = cal.post(path, data=data, content_type="multipart/form-data", follow_redirects=True)
    assert "county-2021" in answer.get_data(as_text=True)
    assert [row.status.value for row in rows(Release, Release.name == "county-2021")] == ["reference"]


def test_a_proposal_for_locked_wording_is_answered(cal, staff, rows):
    send(cal, ("alder-primary.txt", document(change=[("rights.intro", "rights", "rights and wishes")])))
    apply(cal, f"/school/alder-primary/bring/{rows(ImportRun)[0].id}")
    devi = staff.client("devi")
    page = devi.get("/central/bring/proposals").get_data(as_text=True)
    assert "Alder Primary School" in page
    number = rows(WordingProposal)[0].id
    data = {"csrf_token": csrf_token(devi, "/central/bring/proposals"), "answer": "We keep the shared words."}
    devi.post(f"/central/bring/proposals/{number}", data=data)
    assert rows(WordingProposal)[0].settled_at
    assert [row.text for row in rows(ReviewComment)] == ["We keep the shared words."]


def test_one_press_mends_a_fault_in_every_school(cal, rows):
    slugs = ("alder-primary", "birch-academy")
    send(cal, *((f"{slug}.txt", document(add=[("sources.where", TYPO)])) for slug in slugs))
    for run, slug in zip(rows(ImportRun), slugs, strict=True):
        apply(cal, f"/school/{slug}/bring/{run.id}")
    page = cal.get("/central/check").get_data(as_text=True)
    assert "American spelling" in page
    data = {"csrf_token": csrf_token(cal, "/central/check"), "rule": "wording.us-spelling"}
    answer = cal.post("/central/check/mending", data=data, follow_redirects=True).get_data(as_text=True)
    assert "in 2 schools" in answer
    assert "American spelling" not in answer
    open_rows = rows(Override, Override.ended_at.is_(None), Override.key.startswith("local.we-use"))
    assert [row.title for row in open_rows] == ["We use an organisation chart to show…"] * 2


@pytest.mark.parametrize(("name", "status"), [("cal", 302), ("devi", 302), ("asha", 404)])
def test_who_may_have_the_shared_words_mended_in_a_draft(staff, rows, name, status):
    client = staff.client(name)
    path = "/central/check" if status != 404 else "/school/alder-primary/bring"
    answer = client.post("/central/check/drafting", data={"csrf_token": csrf_token(client, path)})
    assert answer.status_code == status
    assert rows(Release, Release.name.startswith("mended-")) == []


def test_a_long_check_shows_how_far_it_came_and_goes_on(cal, monkeypatch):
    monkeypatch.setattr("portal.web.central.check.LOOK_SECONDS", 0.0)
    page = cal.get("/central/check").get_data(as_text=True)
    assert "schools are checked so far" in page
    assert "Go on with the others" in page
    monkeypatch.undo()
    assert "so far" not in cal.get("/central/check").get_data(as_text=True)


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(("name", "status"), [("asha", 404), ("tom", 404), ("dora", 403), ("devi", 200)])
def test_who_may_bring_notices_in(staff, name, status):
    assert staff.client(name).get("/central/bring").status_code == status
