"""Bringing a notice in through the pages, without JavaScript: hand over, read, decide, apply, take back."""

import io
import re
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.notices.models import ImportRun, Override, OverrideDraft, Waiver
from portal.tenancy.scope import every_tenant
from tests.conftest import csrf_token
from tests.lifecycle.bringing import document

HOME = "/school/alder-primary"
CLUB = "Our gardening club keeps a list of who waters the beans, because beans do not wait."
TYPO = "We use an organization chart to show who answers questions about the beans, so ask at the desk."


@pytest.fixture
def rows(database):
    def find(model):
        with database.session() as session, every_tenant(session, "tests"):
            return session.scalars(select(model).order_by(model.id)).all()

    return find


@pytest.fixture
def asha(staff):
    return staff.client("asha")


def hand_over(client, *, text="", file=None):
    data = {"csrf_token": csrf_token(client, f"{HOME}/bring"), "text": text}
    if file:
        data["file"] = (io.BytesIO(file[1]), file[0])
    return client.post(f"{HOME}/bring", data=data, content_type="multipart/form-data")


def brought(client, text):
    answer = hand_over(client, text=text)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return answer.location.split("#")[0]


def version(client, path):
    return re.search(r'name="seen" value="(\d+)"', client.get(path).get_data(as_text=True))[1]


def press(client, path, button, **fields):
    data = {"csrf_token": csrf_token(client, path), "seen": version(client, path), **fields}
    return client.post(f"{path}/{button}", data=data, follow_redirects=True)


def test_a_pasted_notice_is_shown_beside_the_shared_wording_and_nothing_changes(asha, rows):
    before = len(rows(Override))
    page = asha.get(brought(asha, document(add=[("sources.where", CLUB)]))).get_data(as_text=True)
    assert CLUB in page
    assert "Same as the shared wording now" in page
    assert "Only in this school" in page
    assert len(rows(Override)) == before


def test_applying_and_taking_back(asha, rows):
    path = brought(asha, document(add=[("sources.where", CLUB)]))
    assert "Applied" in press(asha, path, "application").get_data(as_text=True)
    assert CLUB in asha.get("/schools/alder-primary/privacy-notice").get_data(as_text=True)
    assert "Taken back" in asha.post(
        f"{path}/undoing", data={"csrf_token": csrf_token(asha, path)}, follow_redirects=True
    ).get_data(as_text=True)
    assert CLUB not in asha.get("/schools/alder-primary/privacy-notice").get_data(as_text=True)


def test_a_paragraph_can_be_decided_about_by_hand(asha, rows):
    path = brought(asha, document(add=[("sources.where", CLUB)]))
    page = asha.get(path).get_data(as_text=True)
    index = re.search(rf'id="block-(\d+)">\s*<p[^>]*>{re.escape(CLUB)}', page)[1]
    form = asha.get(f"{path}/blocks/{index}").get_data(as_text=True)
    assert CLUB in form
    answer = asha.post(
        f"{path}/blocks/{index}",
        data={
            "csrf_token": csrf_token(asha, f"{path}/blocks/{index}"),
            "seen": version(asha, path),
            "kind": "obsolete",
        },
        follow_redirects=True,
    )
    assert "Decided by hand." in answer.get_data(as_text=True)


def test_what_becomes_of_a_clause_can_be_chosen(asha):
    text = document(change=[("sources.where", "you", "you and yours")])
    path = brought(asha, text)
    answer = press(asha, path, "choices", what="clause", key="sources.where", value="shared")
    assert "Go back to our proposal" in answer.get_data(as_text=True)


def test_a_decision_on_an_old_page_is_refused(asha):
    path = brought(asha, document())
    press(asha, path, "choices", what="clause", key="sources.where", value="shared")
    data = {"csrf_token": csrf_token(asha, path), "seen": "1"}
    assert asha.post(f"{path}/application", data=data).status_code == 409


def soon():
    day = clock.today() + timedelta(days=30)
    return day.day, day.month, day.year


def zipped(**files):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return packed.getvalue()


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("notice.txt", b"", "empty"),
        ("notice.txt", b" \n \n", "empty"),
        ("notice.docx", b"PK\x03\x04 not really", "damaged"),
        ("notice.docx", zipped(xl__workbook_xml="<x/>"), "spreadsheet"),
        ("notice.pdf", b"%PDF-1.4 broken", "damaged"),
        ("notice.exe", b"MZ", "ends in"),
        ("notice.txt", b"Paragraph about nothing.\n\n" * 10_000, "paragraphs"),
        ("notice.txt", ("Wir speichern die Daten der Kinder nur auf Papier. " * 40).encode(), "English"),
        ("notice.txt", b"A cake needs eggs and flour and a warm oven for an hour. " * 40, "privacy notice"),
    ],
)
def test_a_bad_file_gets_a_sentence_and_nothing_is_kept(asha, rows, name, data, said):
    answer = hand_over(asha, file=(name, data))
    assert answer.status_code == 422
    assert said in answer.get_data(as_text=True)
    assert rows(ImportRun) == []
    assert asha.get(f"{HOME}/bring").status_code == 200


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_word_document_is_read(asha, tmp_path):
    docx = pytest.importorskip("docx")
    made = docx.Document()
    for paragraph in document().split("\n\n"):
        made.add_paragraph(paragraph)
    made.save(tmp_path / "notice.docx")
    answer = hand_over(asha, file=("notice.docx", (tmp_path / "notice.docx").read_bytes()))
    assert answer.status_code == 302


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(("name", "status"), [("ben", 403), ("gus", 403), ("bea", 404), ("tom", 404), ("cal", 200)])
def test_who_may_bring_a_notice_in(staff, name, status):
    assert staff.client(name).get(f"{HOME}/bring").status_code == status


@pytest.mark.parametrize("backend", ["sqlite"])
def test_nobody_sees_another_schools_import(asha, staff):
    path = brought(asha, document())
    number = path.rsplit("/", 1)[1]
    assert staff.client("bea").get(f"/school/birch-academy/bring/{number}").status_code == 404


def test_a_finding_is_shown_mended_and_gone(asha, rows):
    path = brought(asha, document(add=[("sources.where", TYPO)]))
    press(asha, path, "application")
    page = asha.get(f"{HOME}/check").get_data(as_text=True)
    assert "organisation" in page
    data = {"csrf_token": csrf_token(asha, f"{HOME}/check"), "finding": "all"}
    assert "Mended" in asha.post(f"{HOME}/check/mending", data=data, follow_redirects=True).get_data(as_text=True)
    assert "We use an organization" not in asha.get("/schools/alder-primary/privacy-notice").get_data(as_text=True)


def test_a_finding_can_stay_with_a_reason_until_a_day(asha, rows):
    page = asha.get(f"{HOME}/check").get_data(as_text=True)
    link = re.search(r'href="([^"]+/waiver)"', page)[1]
    empty = asha.post(link, data={"csrf_token": csrf_token(asha, link)})
    assert empty.status_code == 422
    answer = asha.post(
        link,
        data={
            "csrf_token": csrf_token(asha, link),
            "reason": "We asked and were told to wait.",
            "expires_on": [str(part) for part in soon()],
        },
        follow_redirects=True,
    )
    text = answer.get_data(as_text=True)
    assert "We asked and were told to wait." in text
    assert "Asha" in text
    assert len(rows(Waiver)) == 1
    assert link not in text


def test_only_leaders_waive(staff):
    bea = staff.client("bea")
    page = bea.get("/school/birch-academy/check").get_data(as_text=True)
    assert "/waiver" not in page
    assert bea.post("/school/birch-academy/check/waivers/1/end", data={}).status_code in {400, 403}


def test_nothing_of_a_draft_is_lost_when_the_import_is_thrown_away(asha, rows):
    path = brought(asha, document())
    drafts = len(rows(OverrideDraft))
    press(asha, path, "removal")
    assert rows(ImportRun) == []
    assert len(rows(OverrideDraft)) == drafts
