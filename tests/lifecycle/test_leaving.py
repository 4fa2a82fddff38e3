"""A school that leaves takes everything with it: its councils, who had access, its requests' files in the clear."""

import csv
import io
import json
import re
import zipfile

import pytest
from sqlalchemy import select, update

from portal.casework.files import Filing, add_files
from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.models import CaseKind, CaseReader, FileKey, ScanState
from portal.casework.requester import requester_of
from portal.casework.stores import FolderStore
from portal.core import clock
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.identity.permissions import PUBLIC
from portal.lifecycle.leaving import close_tenant, export_school
from portal.notices.models import Publication, Subscription, TextPart
from portal.outbox.models import Letter
from portal.tenancy.models import TenantStatus
from portal.tenancy.scope import every_tenant

NOW = clock.now()
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def filing(tmp_path, keys):
    return Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)


@pytest.fixture
def alder(session, school):
    with every_tenant(session, "tests"):
        yield school("alder-primary")


@pytest.fixture
def exported(session, actor, alder, filing):
    """The archive as an administrator gets it."""

    def export():
        target = io.BytesIO()
        export_school(session, actor("adi"), alder, target, filing=filing, now=NOW)
        return zipfile.ZipFile(target)

    return export


def a_case(session, school, keys, filing, *names):
    request = NewRequest(
        kind=CaseKind.ACCESS, received_at=NOW, requester_name="Priya Patel", email="priya@example.org", details="All"
    )
    sender = Sender("http://localhost:8000", keys)
    case = open_case(session, PUBLIC, school, request, sender=sender, now=NOW).case
    uploads = [(name, io.BytesIO(PDF + name.encode())) for name in names]
    return case, add_files(session, requester_of(case), case, uploads, key="k" * 20, filing=filing, now=NOW)


def test_the_files_of_requests_are_in_the_export_in_the_clear_with_an_index(session, alder, keys, filing, exported):
    case, rows = a_case(session, alder, keys, filing, "letter.pdf", "second letter.pdf")
    archive = exported()
    index = json.loads(archive.read("files/index.json"))
    assert [one["request"] for one in index] == [case.reference] * 2
    for one, row in zip(index, rows, strict=True):
        assert one["file"].startswith(f"files/{case.reference}/")
        assert archive.read(one["file"]) == PDF + row.name.encode()
        assert one["sha256"] == row.sha256
    table = list(csv.DictReader(io.StringIO(archive.read("files/index.csv").decode("utf-8-sig"))))
    assert [one["name"] for one in table] == ["letter.pdf", "second letter.pdf"]


@pytest.mark.parametrize("state", [ScanState.WAITING, ScanState.INFECTED])
def test_a_file_the_scanner_did_not_pass_stays_out_and_the_index_says_why(
    session, alder, keys, filing, exported, state
):
    _case, (row,) = a_case(session, alder, keys, filing, "letter.pdf")
    row.state = state
    archive = exported()
    (line,) = json.loads(archive.read("files/index.json"))
    assert line["file"] == ""
    assert "scanner" in line["missing_because"]
    assert not [name for name in archive.namelist() if name.endswith(".pdf")]


def test_a_file_that_is_gone_from_the_store_does_not_stop_the_export(session, alder, keys, filing, exported):
    _case, (row, _other) = a_case(session, alder, keys, filing, "letter.pdf", "other.pdf")
    filing.store.delete(row.storage_name)
    index = json.loads(exported().read("files/index.json"))
    assert [bool(one["missing_because"]) for one in index] == [True, False]


def test_a_file_that_cannot_be_decrypted_does_not_stop_the_export(session, alder, keys, filing, exported):
    _case, (torn, cut, whole) = a_case(session, alder, keys, filing, "torn.pdf", "cut.pdf", "whole.pdf")
    filing.store.put(torn.storage_name, [b"not what was written, but long enough to be a file"])
    cut_bytes = b"".join(filing.store.get(cut.storage_name))
    filing.store.put(cut.storage_name, [cut_bytes[:-1]])
    archive = exported()
    index = {one["name"]: one for one in json.loads(archive.read("files/index.json"))}
    assert {name: bool(one["missing_because"]) for name, one in index.items()} == {
        torn.name: True, cut.name: True, whole.name: False,
    }  # fmt: skip
    session.execute(update(FileKey).values(wrapped=b"wrapped under a secret that is gone"))
    index = json.loads(exported().read("files/index.json"))
    assert all("damaged" in one["missing_because"] for one in index)


def test_a_version_whose_words_are_lost_does_not_stop_the_export(session, alder, exported):
    lost = {"plan": "0" * 64, "common": "0" * 64, "blocks": {}}
    session.add(
        Publication(
            tenant_id=alder.id, number=1, published_at=NOW, effective_at=NOW, manifest=lost, sha256="0" * 64,
            body=b"", dictionary=session.scalar(select(TextPart.hash).limit(1)), composer="1",
        )
    )  # fmt: skip
    session.flush()
    archive = exported()
    (line,) = json.loads(archive.read("publications/index.json"))
    assert line["damaged"] is True
    assert not [name for name in archive.namelist() if name.startswith("publications/") and name.endswith(".txt")]


def test_no_name_of_a_file_leaves_its_folder(session, alder, keys, filing, exported):
    _case, (row,) = a_case(session, alder, keys, filing, "letter.pdf")
    row.name = "../../..\\etc/passwd"
    (line,) = json.loads(exported().read("files/index.json"))
    assert line["file"].count("/") == 2
    assert ".." not in line["file"].split("/")[-1][:2]


def everything(archive):
    return b"".join(name.encode() + archive.read(name) for name in archive.namelist())


def test_a_head_does_not_take_out_what_is_limited_to_others(session, actor, alder, keys, filing, exported):
    """A complaint about her, say: neither its words nor its files, letters and lines, nor that it is there."""
    case, _files = a_case(session, alder, keys, filing, "letter.pdf")
    case.is_limited, case.details, reference = True, "quizzical", case.reference
    session.flush()
    target = io.BytesIO()
    export_school(session, actor("asha"), alder, target, filing=filing, now=NOW)
    archive = zipfile.ZipFile(target)
    found = everything(archive)
    assert reference.encode() not in found
    assert b"quizzical" not in found
    assert b"Priya" not in found
    assert "data/audit_entry.json" not in archive.namelist(), "its lines were the only ones"
    session.add(CaseReader(tenant_id=alder.id, case_id=case.id, person_id=actor("asha").person_id))
    session.flush()
    export_school(session, actor("asha"), alder, named := io.BytesIO(), filing=filing, now=NOW)
    assert b"quizzical" in everything(zipfile.ZipFile(named))
    assert b"quizzical" in everything(exported()), "whoever hands over a school that leaves hands over all of it"


def test_nothing_in_the_export_opens_anything(session, alder, keys, filing, exported):
    """Private links, PINs and the tokens of subscriptions stay behind."""
    now, sender = NOW, Sender("http://localhost:8000", keys)
    request = NewRequest(kind=CaseKind.ACCESS, received_at=now, requester_name="Priya Patel", address="1 High Street")
    opened = open_case(session, PUBLIC, alder, request, sender=sender, now=now)
    written, _rows = a_case(session, alder, keys, filing, "letter.pdf")
    session.add(Subscription(tenant_id=alder.id, email="priya@example.org", token="a" * 40, asked_at=now))
    session.flush()
    letters = session.scalars(select(Letter).where(Letter.tenant_id == alder.id)).all()
    links = {link for letter in letters for link in re.findall(r"/requests/([\w-]{20,})", letter.body)}
    assert links
    found = everything(exported()).decode()
    assert written.reference in found
    assert opened.case.pin_hash
    for secret in (*links, opened.case.pin_hash, "a" * 40):
        assert secret not in found


def test_councils_and_who_had_access_are_in_the_export(session, alder, exported, cast):
    archive = exported()
    (assignment,) = json.loads(archive.read("data/school_authority.json"))
    assert assignment["authority"] == "essex"
    people = json.loads(archive.read("data/membership.json"))
    assert {cast["asha"].email, cast["ben"].email} <= {one["email"] for one in people}
    assert cast["bea"].email not in {one["email"] for one in people}


def test_the_closing_of_a_school_is_in_its_export(session, actor, alder, exported):
    close_tenant(session, actor("adi"), alder, on=clock.london(NOW).date(), records="With Essex.", now=NOW)
    (closure,) = json.loads(exported().read("data/school_closure.json"))
    assert (closure["records"], closure["has_left"]) == ("With Essex.", True)


def test_nobody_else_exports_a_school(session, actor, alder, filing):
    for name in ("ben", "bea", "cal"):
        with pytest.raises(Forbidden):
            export_school(session, actor(name), alder, io.BytesIO(), filing=filing, now=NOW)


def test_a_school_closes_on_its_last_day_or_later_and_once(session, actor, alder):
    tomorrow = clock.today().replace(year=clock.today().year + 1)
    with pytest.raises(Invalid, match="still to come"):
        close_tenant(session, actor("adi"), alder, on=tomorrow, records="With Essex.", now=NOW)
    assert alder.status is TenantStatus.LIVE
    close_tenant(session, actor("adi"), alder, on=clock.london(NOW).date(), records="With Essex.", now=NOW)
    with pytest.raises(Conflict):
        close_tenant(session, actor("adi"), alder, on=clock.london(NOW).date(), records="With Essex.", now=NOW)
