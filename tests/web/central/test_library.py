"""The clause editor's side: draft, dry run, read the merges, publish, withdraw; and the DPO team's queue."""

import html
import re

import pytest

from portal.core import clock
from portal.notices.background import NoticeWork

LIBRARY = "/central/library"
DRAFT = f"{LIBRARY}/releases/2027-01"
CLAUSE = f"{DRAFT}/clauses/information.held"
PUBLIC = "/schools/st-thomas-of-canterbury/privacy-notice"


@pytest.fixture(autouse=True)
def settle(database):
    def run():
        work = NoticeWork(database)
        while work.step(now=clock.now()):
            pass

    run()
    return run


def text(response):
    return response.get_data(as_text=True)


def token(page):
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


@pytest.fixture
def cal(staff):
    client = staff.client("cal")
    page = text(client.get(f"{LIBRARY}/releases/new"))
    day = {"effective_on": ["1", "1", "2026"]}
    data = {"csrf_token": token(page), "name": "2027-01", "title": "New year", "reason": "The law changed.", **day}
    assert client.post(f"{LIBRARY}/releases/new", data=data).status_code == 302
    return client


def edit(client, change, **values):
    page = text(client.get(CLAUSE))
    words = html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    data = {
        "csrf_token": token(page),
        "seen": seen,
        "title": "What we hold",
        "reason": "Because.",
        "policy": "adaptable",
    }
    return client.post(CLAUSE, data={**data, "text": change(words), "section": "information", **values})


def publish(client):
    page = text(client.get(f"{DRAFT}/plan"))
    data = {"csrf_token": token(page)}
    response = client.post(f"{DRAFT}/publication", data=data)
    if response.headers["Location"].endswith("/merges"):
        shown = re.findall(r'name="shown" value="([^"]*)"', text(client.get(f"{DRAFT}/merges")))
        assert client.post(f"{DRAFT}/merges", data={**data, "shown": shown}).status_code == 302
        response = client.post(f"{DRAFT}/publication", data=data)
    return response


def test_a_release_is_drafted_planned_published_and_withdrawn(cal, client, settle):
    assert edit(cal, lambda words: f"{words}\n\nA shared last line.").status_code == 302
    assert "A shared last line." not in text(client.get(PUBLIC))
    assert "Take the change as it is" in text(cal.get(f"{DRAFT}/plan"))
    assert publish(cal).status_code == 302
    settle()
    assert "A shared last line." in text(client.get(PUBLIC))
    page = text(cal.get(DRAFT))
    cal.post(f"{DRAFT}/withdrawal", data={"csrf_token": token(page)})
    assert "A shared last line." not in text(client.get(PUBLIC))


def test_a_fault_in_the_wording_is_refused_with_its_line(cal):
    response = edit(cal, lambda _: "Fine.\n\n[x](javascript:alert(1))")
    assert response.status_code == 422
    assert "Line 3" in text(response)


def test_a_name_is_used_once(cal):
    page = text(cal.get(f"{LIBRARY}/releases/new"))
    data = {"csrf_token": token(page), "name": "2027-01", "title": "Again", "effective_on": ["1", "1", "2027"]}
    assert cal.post(f"{LIBRARY}/releases/new", data=data).status_code == 422


def test_a_clause_is_added_moved_and_retired(cal):
    page = text(cal.get(f"{DRAFT}/additions"))
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    data = {
        "csrf_token": token(page), "seen": seen, "title": "Drones", "text": "We fly none.", "policy": "adaptable",
        "section": "information", "reason": "Asked.",
    }  # fmt: skip
    assert cal.post(f"{DRAFT}/additions", data=data).status_code == 302
    clause = f"{DRAFT}/clauses/information.drones"
    assert "We fly none." in text(cal.get(clause))
    moved = cal.post(f"{clause}/place", data={"csrf_token": data["csrf_token"], "after": "rights.intro"})
    assert moved.status_code == 302
    assert cal.post(f"{clause}/retirement", data={"csrf_token": data["csrf_token"]}).status_code == 302
    assert cal.get(clause).status_code == 404


def test_every_page_of_a_plan_can_be_read(cal):
    edit(cal, lambda words: f"{words}\n\nA shared last line.")
    for path in ("plan", "plan?outcome=inherit", "plan?outcome=nonsense", "merges", "details"):
        assert cal.get(f"{DRAFT}/{path}").status_code == 200
    assert cal.get(f"{DRAFT}/schools/alder-primary/information.held").status_code == 200
    assert cal.get(f"{DRAFT}/schools/alder-primary/no.such").status_code == 404


def test_the_dpo_team_reads_and_answers_what_waits(staff):
    asha, devi = staff.client("asha"), staff.client("devi")
    clause = "/school/alder-primary/notice/clauses/rights.how-to-ask"
    page = text(asha.get(clause))
    data = {"csrf_token": token(page), "text": "Ask us at the gate.\n\n{{ request_link }}", "do": "publish"}
    assert asha.post(clause, data=data).status_code == 302
    path = "/central/reviews/alder-primary/drafts/rights.how-to-ask"
    assert path in text(devi.get("/central/reviews"))
    page = text(devi.get(path))
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    without_reason = devi.post(path, data={"csrf_token": token(page), "seen": seen, "do": "return"})
    assert without_reason.status_code == 422
    approved = devi.post(path, data={"csrf_token": token(page), "seen": seen, "do": "approve"})
    assert approved.status_code == 302
    assert devi.get(path).status_code == 404


@pytest.mark.parametrize(
    ("name", "status"), [("cal", 200), ("devi", 200), ("audrey", 200), ("asha", 404), ("tom", 404)]
)
def test_who_may_see_the_library(staff, name, status):
    assert staff.client(name).get(LIBRARY).status_code == status


@pytest.mark.parametrize("path", ["", "/releases/2026-09", "/releases/2026-09/plan", "/drift", "/releases/new"])
def test_nobody_is_asked_to_sign_in(client, path):
    assert client.get(f"{LIBRARY}{path}").status_code == 302


@pytest.mark.parametrize("name", ["audrey", "adi"])
def test_who_may_not_write_shared_wording(staff, name):
    assert staff.client(name).get(f"{LIBRARY}/releases/new").status_code == 403


def test_the_editor_makes_a_new_notice_that_every_school_then_has(staff, client, settle):
    cal = staff.client("cal")
    page = text(cal.get(f"{LIBRARY}/releases/new?kind="))
    data = {
        "csrf_token": token(page), "kind": "", "kind_title": "Admissions", "name": "admissions-2027",
        "title": "Admissions", "reason": "New.", "effective_on": ["1", "1", "2026"],
    }  # fmt: skip
    assert cal.post(f"{LIBRARY}/releases/new", data=data).status_code == 302
    draft = f"{LIBRARY}/releases/admissions-2027"
    page = text(cal.get(f"{draft}/additions"))
    clause = {
        "csrf_token": token(page), "seen": re.search(r'name="seen"[^>]*value="(\d+)"', page)[1], "title": "Places",
        "text": "We offer places.", "reason": "New.", "policy": "adaptable", "section": "admissions-purpose",
    }  # fmt: skip
    assert cal.post(f"{draft}/additions", data=clause).status_code == 302
    devi = staff.client("cal")
    done = devi.post(f"{draft}/publication", data={"csrf_token": token(text(devi.get(f"{draft}/plan")))})
    assert done.status_code == 302
    settle()
    assert "We offer places." in text(client.get("/schools/birch-academy/privacy-notices/admissions"))
    assert "/privacy-notices/admissions" in text(client.get(PUBLIC))
    assert "admissions-2027" in text(cal.get(f"{LIBRARY}?kind=admissions"))
    assert "admissions-2027" not in text(cal.get(LIBRARY))


@pytest.mark.parametrize("title", ["", "Photographs"])
def test_a_new_notice_without_a_title_of_its_own_says_so_beside_the_field(staff, title):
    cal = staff.client("cal")
    data = {
        "csrf_token": token(text(cal.get(f"{LIBRARY}/releases/new"))), "kind": "", "kind_title": title, "name": "x-1",
        "title": "X", "effective_on": ["1", "1", "2026"],
    }  # fmt: skip
    response = cal.post(f"{LIBRARY}/releases/new", data=data)
    assert response.status_code == 422
    assert 'id="kind_title-error"' in text(response)


def test_a_further_release_of_a_chosen_notice_starts_from_its_words(staff):
    cal = staff.client("cal")
    page = text(cal.get(f"{LIBRARY}/releases/new?kind=photographs"))
    assert re.search(r'<option value="photographs" selected', page)
    data = {
        "csrf_token": token(page), "kind": "photographs", "name": "photographs-2027", "title": "Next",
        "effective_on": ["1", "1", "2027"],
    }  # fmt: skip
    assert cal.post(f"{LIBRARY}/releases/new", data=data).status_code == 302
    assert "Why we take pictures" in text(cal.get(f"{LIBRARY}/releases/photographs-2027"))


def test_a_notice_of_no_kind_is_not_found(staff):
    assert staff.client("cal").get(f"{LIBRARY}?kind=biscuits").status_code == 404


def test_a_release_says_how_far_its_translations_are(staff):
    page = text(staff.client("cal").get(f"{LIBRARY}/releases/2026-09"))
    assert "Polski" in page
    assert "Out of date" in page


RECORD = f"{DRAFT}/clauses/rights.educational-record"
ACADEMY = "/schools/birch-academy/privacy-notice"


def edit_record(client, **values):
    page = text(client.get(RECORD))
    words = html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])
    data = {
        "csrf_token": token(page), "seen": re.search(r'name="seen" value="(\d+)"', page)[1], "title": "The record",
        "reason": "Because.", "policy": "adaptable", "section": "rights", "text": f"{words}\n\nA shared last line.",
    }  # fmt: skip
    return client.post(RECORD, data={**data, **values})


def test_an_edited_clause_stays_with_the_schools_it_is_for(cal, client, settle):
    assert 'id="rights-educational-record"' not in text(client.get(ACADEMY))
    assert edit_record(cal).status_code == 302
    assert publish(cal).status_code == 302
    settle()
    assert 'id="rights-educational-record"' not in text(client.get(ACADEMY))
    assert "A shared last line." in text(client.get("/schools/alder-primary/privacy-notice"))


def test_the_editor_chooses_the_schools_that_a_clause_is_for(cal, client, settle):
    ticked = re.findall(r'name="applies"[^>]*value="(\w+)"[^>]*checked', text(cal.get(RECORD)))
    assert "maintained" in ticked
    assert "academy" not in ticked
    assert edit_record(cal, applies=["maintained", "academy"]).status_code == 302
    assert publish(cal).status_code == 302
    settle()
    assert 'id="rights-educational-record"' in text(client.get(ACADEMY))


def test_merged_texts_that_were_not_shown_are_not_read(cal, staff, settle):
    asha = staff.client("asha")
    clause = "/school/alder-primary/notice/clauses/information.held"
    page = text(asha.get(clause))
    words = html.unescape(re.search(r'<textarea[^>]*name="text"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1])
    data = {"csrf_token": token(page), "text": f"Something before.\n\n{words}", "do": "publish"}
    assert asha.post(clause, data=data).status_code == 302
    settle()
    edit(cal, lambda words: f"{words}\n\nA shared last line.")
    data = {"csrf_token": token(text(cal.get(f"{DRAFT}/plan")))}
    assert cal.post(f"{DRAFT}/publication", data=data).headers["Location"].endswith("/merges")
    cal.post(f"{DRAFT}/merges", data=data)
    assert cal.post(f"{DRAFT}/publication", data=data).headers["Location"].endswith("/merges")
    assert publish(cal).headers["Location"].endswith("/2027-01")


def test_a_clause_is_not_split_from_one_that_is_not_there(cal):
    assert cal.get(f"{DRAFT}/additions?from=no.such").status_code == 404
    assert cal.get(f"{DRAFT}/additions?from=information.held").status_code == 200


def test_a_conflict_over_a_clause_has_a_way_out(cal, staff):
    page = text(cal.get(CLAUSE))
    assert edit(cal, lambda words: f"{words}\n\nA colleague's line.").status_code == 302
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    mine = edit(cal, lambda _: "My line.", seen=seen)
    assert mine.status_code == 409
    assert "A colleague" in text(mine)
    again = re.search(r'name="seen" value="(\d+)"', text(mine))[1]
    assert edit(cal, lambda _: "My line.", seen=again).status_code == 302


def test_a_draft_is_brought_up_to_date_at_the_press_of_a_button(cal, settle):
    page = text(cal.get(f"{LIBRARY}/releases/new"))
    day = {"effective_on": ["1", "1", "2026"]}
    data = {"csrf_token": token(page), "name": "2027-02", "title": "Later", "reason": "Why.", **day}
    assert cal.post(f"{LIBRARY}/releases/new", data=data).status_code == 302
    edit(cal, lambda words: f"{words}\n\nA shared last line.")
    publish(cal)
    later = f"{LIBRARY}/releases/2027-02"
    assert "Bring the draft up to date" in text(cal.get(later))
    assert cal.post(f"{later}/foundation", data={"csrf_token": data["csrf_token"]}).status_code == 302
    assert "Bring the draft up to date" not in text(cal.get(later))
    assert "A shared last line." in text(cal.get(f"{later}/clauses/information.held"))
