"""Files come in checked, lie encrypted, wait for the scanner, and leave by one way only."""

import io
import os
import socketserver
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from moto.server import ThreadedMotoServer
from sqlalchemy import select

from portal.casework import files
from portal.casework.chunks import PREFIX, SIZE, TAG, Damaged, decrypt, encrypt
from portal.casework.file_kinds import check_file, clean_file_name
from portal.casework.files import Filing, add_files, files_of, files_to_scan, open_file, scan
from portal.casework.models import FileKey, ScanState
from portal.casework.requester import requester_of
from portal.casework.scanning import ScannerSilent
from portal.casework.stores import FolderStore, ObjectStore, store_of
from portal.core import clock
from portal.core.errors import Forbidden, Invalid, NotFound
from portal.core.secrets import Keys
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant

NOW = clock.now()
KEY = bytes(32)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60)


def zipped(names, password=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    content = bytearray(file.getvalue())
    if password:
        place = content.index(b"PK\x01\x02")
        content[place + 8] |= 1
    return bytes(content)


@trying(deadline=None)
@given(st.integers(0, 3 * SIZE + 5), st.integers(1, SIZE * 2))
def test_a_stream_comes_back_as_it_went(size, step):
    plain = os.urandom(size)
    parts = [plain[start : start + step] for start in range(0, size, step)]
    stored = b"".join(encrypt(KEY, "name", parts))
    assert b"".join(decrypt(KEY, "name", [stored[:3], stored[3:]])) == plain


@pytest.mark.parametrize(
    "harm",
    [
        lambda stored: stored[:-1],
        lambda stored: stored[: PREFIX + SIZE + TAG],
        lambda stored: stored[:40] + bytes([stored[40] ^ 1]) + stored[41:],
        lambda stored: stored[:PREFIX] + stored[PREFIX + SIZE + TAG :] + stored[PREFIX : PREFIX + SIZE + TAG],
        lambda stored: stored[:3],
    ],
    ids=["cut", "cut between chunks", "changed", "moved", "nearly nothing"],
)
def test_harmed_streams_are_noticed(harm):
    stored = b"".join(encrypt(KEY, "name", [os.urandom(2 * SIZE + 9)]))
    with pytest.raises(Damaged):
        b"".join(decrypt(KEY, "name", [harm(stored)]))
    with pytest.raises(Damaged):
        b"".join(decrypt(KEY, "another name", [stored]))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.pdf", b"", "empty"),
        ("a.exe", b"MZ", "not taken"),
        ("noending", PDF, "not taken"),
        ("a.pdf", PNG, "not what its name says"),
        ("a.png", PDF, "not what its name says"),
        ("a.docx", PDF, "not what its name says"),
        ("a.docx", zipped(["xl/workbook.xml"]), "not what its name says"),
        ("a.docx", zipped(["word/document.xml"], password=True), "password"),
        ("a.docx", zipped(["word/document.xml", "word/vbaProject.bin"]), "macros"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "password"),
        ("a.pdf", PDF + b"/Encrypt 5 0 R", "password"),
        ("a.pdf", PDF + b"/Encrypt <</Filter /Standard>>", "password"),
        ("a.pdf", PDF + b"/Encrypt<</Filter /Standard>>", "password"),
        ("a.pdf", b"MZ " + PDF, "not what its name says"),
        ("a.heic", HEIC.replace(b"heic", b"isom").replace(b"mif1", b"mp42"), "not what its name says"),
        ("a.heic", HEIC.replace(b"heic", b"avif"), "not what its name says"),
        ("a.heic", PNG, "not what its name says"),
        ("a.txt", b"MZ\0\0", "something else"),
        ("a.txt", b"\xff\xfe\0\0M\0\0\0", "something else"),
        ("a.pdf", PDF + bytes(10 * 1024 * 1024), "too large"),
    ],
)
def test_hostile_and_broken_files_get_a_clear_answer(name, content, said):
    with pytest.raises(Invalid, match=said):
        check_file(name, io.BytesIO(content))


@pytest.mark.parametrize("name", ["a.PDF", "b.docx", "c.jpg", "d.txt"])
def test_usual_files_come_in(name):
    contents = {"PDF": PDF, "docx": zipped(["word/document.xml"]), "jpg": b"\xff\xd8\xff\xe0\0\x10JFIF\0" + bytes(50)}
    checked = check_file(name, io.BytesIO(contents.get(name.rpartition(".")[2], b"plain words")))
    assert checked.size > 0


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"hevc", b"mif1", b"msf1"])
def test_a_picture_as_an_iphone_makes_it_comes_in(brand):
    content = HEIC.replace(b"ftypheic", b"ftyp" + brand).replace(b"mif1heic", b"miaf" + brand)
    assert check_file("IMG_0001.HEIC", io.BytesIO(content)).media_type == "image/heic"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be"])
def test_text_as_windows_saves_it_comes_in(encoding):
    mark = "\ufeff" if encoding.endswith("be") else ""
    content = (mark + "Zoë’s words 🙂 " * 1000).encode(encoding)
    assert check_file("words.txt", io.BytesIO(content)).size == len(content)


def test_a_pdf_behind_a_byte_order_mark_comes_in():
    assert check_file("letter.pdf", io.BytesIO(b"\xef\xbb\xbf" + PDF)).media_type == "application/pdf"


@given(st.text(max_size=300))
def test_any_file_name_becomes_a_safe_one(name):
    kept = clean_file_name(name)
    assert kept
    assert not set(kept) & set("/\\\0\u202e\n")
    assert kept not in {".", ".."}


def test_a_path_and_a_reversed_ending_are_taken_off():
    assert clean_file_name("../../etc/passwd\u202efdp.exe") == "passwdfdp.exe"


@pytest.fixture
def filing(tmp_path, keys):
    return Filing(FolderStore(tmp_path / "files"), keys, has_scanner=False)


def put(session, case, filing, *uploads, key="f" * 20):
    files = [(name, io.BytesIO(content)) for name, content in uploads]
    return add_files(session, requester_of(case), case, files, key=key, filing=filing, now=NOW)


def test_a_file_lies_encrypted_under_a_random_name_and_is_read_back(everywhere, ask, actor, filing, tmp_path):
    case = ask().case
    [row] = put(everywhere, case, filing, ("letter.pdf", PDF))
    stored = [path for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert [path.name for path in stored] == [row.storage_name]
    assert PDF[:20] not in stored[0].read_bytes()
    found, parts = open_file(everywhere, actor("ben"), case, row.id, filing=filing, now=NOW)
    assert (found.name, b"".join(parts)) == ("letter.pdf", PDF)


def test_all_or_none_come_in_and_the_same_press_adds_nothing(everywhere, ask, filing):
    case = ask().case
    with pytest.raises(Invalid, match=r"bad\.exe"):
        put(everywhere, case, filing, ("good.pdf", PDF), ("bad.exe", b"MZ"), key="g" * 20)
    assert not files_of(everywhere, case)
    for _ in range(2):
        put(everywhere, case, filing, ("good.pdf", PDF))
    assert len(files_of(everywhere, case)) == 1


def test_fifty_files_are_too_many_at_once(everywhere, ask, filing):
    case = ask().case
    with pytest.raises(Invalid, match="at most 10"):
        put(everywhere, case, filing, *[(f"{number}.pdf", PDF) for number in range(50)])


def test_a_file_of_another_case_is_not_found(everywhere, ask, actor, filing):
    case, other = ask().case, ask("birch-academy").case
    [row] = put(everywhere, other, filing, ("letter.pdf", PDF))
    with pytest.raises(NotFound):
        open_file(everywhere, actor("ben"), case, row.id, filing=filing, now=NOW)


class Clamd(socketserver.StreamRequestHandler):
    """Speaks clamd's INSTREAM: finds a virus where the content says so."""

    def handle(self):
        assert self.rfile.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(self.rfile.read(4), "big"):
            content += self.rfile.read(size)
        answer = b"stream: Eicar FOUND\0" if b"EICAR" in content else b"stream: OK\0"
        self.wfile.write(answer)


@pytest.fixture
def clamd():
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Clamd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_files_stay_in_quarantine_until_the_scanner_has_spoken(everywhere, ask, actor, tmp_path, keys, clamd):
    filing = Filing(FolderStore(tmp_path / "files"), keys, has_scanner=True)
    case = ask().case
    good, bad = put(everywhere, case, filing, ("good.txt", b"hello"), ("bad.txt", b"EICAR"))
    with pytest.raises(Forbidden):
        open_file(everywhere, actor("ben"), case, good.id, filing=filing, now=NOW)
    with pytest.raises(ScannerSilent):
        scan(everywhere, good, "127.0.0.1:1", filing=filing)
    assert good.state is ScanState.WAITING
    for row in files_to_scan(everywhere):
        scan(everywhere, row, clamd, filing=filing)
    assert (good.state, bad.state) == (ScanState.CLEAN, ScanState.INFECTED)
    assert b"".join(open_file(everywhere, actor("ben"), case, good.id, filing=filing, now=NOW)[1]) == b"hello"
    with pytest.raises(Forbidden):
        open_file(everywhere, actor("ben"), case, bad.id, filing=filing, now=NOW)


def test_files_can_lie_in_an_object_store():
    server = ThreadedMotoServer(port=0)
    server.start()
    try:
        host, port = server.get_host_and_port()
        store = ObjectStore(f"http://key:secret@{host}:{port}/files")
        store._client.create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        store.put("name", [b"one ", b"two"])
        assert b"".join(store.get("name")) == b"one two"
        store.delete("name")
        with pytest.raises(NotFound):
            b"".join(store.get("name"))
    finally:
        server.stop()


def test_two_first_files_at_once_of_one_school_share_one_key(database, settings):
    """On PostgreSQL both writers find no key; on SQLite the second waits for the first."""
    filing = Filing(store_of(settings), Keys(settings.secret_keys), has_scanner=False)
    start = threading.Barrier(2)

    def first_key() -> int:
        with database.transaction() as session, every_tenant(session, "tests"):
            school_id = session.scalars(select(Tenant.id).where(Tenant.slug == "alder-primary")).one()
            if not database.is_sqlite:
                start.wait(10)
            return files._newest_key(session, school_id, filing.keys, now=clock.now())

    with ThreadPoolExecutor(2) as pool:
        assert [each.result() for each in [pool.submit(first_key), pool.submit(first_key)]] == [(1, ANY), (1, ANY)]
    with database.session() as session, every_tenant(session, "tests"):
        assert len(session.scalars(select(FileKey)).all()) == 1
