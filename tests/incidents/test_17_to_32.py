"""What happened to others (reliability, section 3), one test each: mail, links, hostile input, the trail, the clock."""

import ast
import contextlib
import csv
import io
import os
import re
import socket
import sqlite3
import subprocess
import sys
import threading
import zipfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from email.message import EmailMessage
from functools import partial
from hashlib import sha256
from types import SimpleNamespace
from urllib.parse import urlencode
from zlib import crc32

import docx
import pytest
from hypothesis import given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import delete, func, make_url, select, update
from werkzeug.serving import make_server

from portal.app import create_app
from portal.audit.actions import Witness, record
from portal.audit.models import AuditEntry
from portal.audit.queries import verify
from portal.audit.rules import GENESIS, AuditKind
from portal.casework.file_kinds import HEAD, check_file
from portal.casework.files import Filing
from portal.casework.incoming import receive
from portal.casework.mail import read_mail
from portal.casework.models import Case, CaseEvent, CaseMessage, CaseStatus, EventKind, FileKey, IncomingMail
from portal.casework.rules import ClockKind, explain
from portal.casework.stores import store_of
from portal.casework.table import read_table
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import Conflict, Invalid
from portal.core.limits import MEGABYTE
from portal.core.secrets import Keys
from portal.core.text import neutral_cell
from portal.core.working_days import england_and_wales
from portal.identity.throttle import SIGN_IN_NETWORK
from portal.lifecycle.branding import image_kind
from portal.lifecycle.schema import is_current, migrate
from portal.notices.importing.archives import MOST_UNPACKED, STEP, check_word_file
from portal.notices.importing.documents import Limits, document_blocks, pasted_blocks
from portal.outbox.actions import ATTEMPTS
from portal.outbox.delivery import FolderMailer
from portal.outbox.models import Letter, LetterStatus
from portal.settings import ROOT
from portal.tenancy.models import SchoolLaw, Tenant
from portal.tenancy.scope import every_tenant, tenant_scope
from portal.tenancy.walls import check_serving_role
from portal.worker import deliver
from tests.conftest import Staff, csrf_token
from tests.incidents.requests_made import ALDER, ask, attach, hidden, sender, token
from tests.isolation.samples import address
from tests.isolation.world import build
from tests.tools.statements import statements

SQLITE = pytest.mark.parametrize("backend", ["sqlite"])
HOSTS = frozenset({"localhost"})
FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are full-width


def look(database, statement):
    with database.session() as session, every_tenant(session, "tests"):
        return session.scalars(statement).all()


def count(database, model):
    return look(database, select(func.count()).select_from(model))[0]


@SQLITE
def test_incident_17_a_crash_while_sending_is_tried_again_and_ends_where_people_see_it(
    database, settings, staff, tmp_path
):
    ask(database, settings)

    class Broken(FolderMailer):
        def send(self, message, recipient):
            raise OSError("no route")

    for _ in range(ATTEMPTS + 2):
        with database.transaction() as session, every_tenant(session, "tests"):
            session.execute(update(Letter).values(run_at=clock.now()))
        deliver(settings, database, Broken(tmp_path))
    letters = look(database, select(Letter))
    assert {letter.status for letter in letters} == {LetterStatus.DEAD}
    assert {letter.attempts for letter in letters} == {ATTEMPTS}
    assert "Try again" in staff.client("adi").get("/central/operations").text


def mail(subject="Please", body="Hello", **headers):
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "priya@example.org", "alder-primary@localhost", subject
    made["Message-ID"] = headers.pop("message_id", "<one@example.org>")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(body)
    return made.as_bytes()


def take_in(database, settings, *messages):
    filing = Filing(store_of(settings), Keys(settings.secret_keys), has_scanner=False)
    for raw in messages:
        with database.transaction() as session, every_tenant(session, "tests"):
            mail = read_mail(raw)
            receive(session, mail, to=(), hosts=HOSTS, sender=sender(settings), filing=filing, now=clock.now())


@SQLITE
@pytest.mark.parametrize(
    "headers",
    [{"Auto_Submitted": "auto-replied"}, {"Return_Path": "<>"}, {"Precedence": "bulk"}, {"X_Autoreply": "yes"}],
)
def test_incident_18_no_answer_to_a_machine_and_one_effect_of_one_message(database, settings, headers):
    reference = ask(database, settings).case.reference
    before = count(database, Letter)
    take_in(database, settings, mail(f"Re: {reference}", **headers))
    assert count(database, Letter) == before
    take_in(database, settings, *[mail(f"Re: {reference}", message_id="<two@example.org>")] * 3)
    assert look(
        database, select(func.count()).select_from(IncomingMail).where(IncomingMail.message_id == "<two@example.org>")
    ) == [1]


@SQLITE
def test_incident_19_a_scanner_that_opens_and_clicks_spends_no_link(app, database, settings):
    """HEAD, GETs and the first button, from elsewhere: the link and a code still work, the scanner saw nothing."""
    opened = ask(database, settings)
    scanner = app.test_client()
    for method in ("HEAD", "GET", "GET", "GET"):
        scanner.open(opened.link, method=method, environ_base={"REMOTE_ADDR": "203.0.113.9"})
    page = scanner.get(opened.link).text
    action = re.search(r'<form[^>]*action="([^"]+)"', page).group(1)
    scanner.post(action, data={"csrf_token": hidden(page, "csrf_token")}, follow_redirects=True)
    assert "Priya" not in scanner.get(opened.link).text
    parent = app.test_client()
    page = parent.get(opened.link).text
    parent.post(f"{opened.link}/codes", data={"csrf_token": hidden(page, "csrf_token")})
    letter = look(database, select(Letter).order_by(Letter.id.desc()).limit(1))[0]
    code = re.search(r"\b(\d[\d ]{4,9}\d)\b", letter.body).group(1)
    parent.post(
        f"{opened.link}/admission",
        data={"csrf_token": hidden(parent.get(opened.link).text, "csrf_token"), "code": code},
    )
    assert opened.case.reference in parent.get(opened.link).text


A_GET_MAY_WRITE = {
    "audit_entry": "that somebody read is a line of the trail",
    "audit_head": "the trail's newest line",
    "case_presence": "who looks at a case just now",
    "web_session": "when the session was last used, and what a form gave away",
    "rate_count": "how often something was tried",
    "refusal_count": "how often something was refused",
}


def all_rows(connection):
    """A digest of the rows of each table, also of those that no model knows (the search's, the migrations')."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {}
    for name in tables:
        if name not in A_GET_MAY_WRITE:
            rows = connection.execute(f'SELECT * FROM "{name}"')
            found[name] = sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
    return found


def openable(app, world, opened, number):
    """(who may try, path) of every address that answers GET, with what is there for each of its arguments."""
    for rule in app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static":
            continue
        filled = address(rule, world, slug="alder-primary", target="alder-primary")
        known = rule.rule.replace("<reference>", opened.case.reference).replace("files/<int:number>", f"files/{number}")
        known = known.replace("/requests/<token>", f"/requests/{opened.link.rpartition('/')[2]}")
        known = known.replace("/councils/<key>", "/councils/kent").replace("<key>", "information.held")
        for path in {filled, address(replace_rule(rule, known), world, slug="alder-primary", target="alder-primary")}:
            yield (("adi", "devi", "cal", "audrey") if path.startswith("/central/") else ("asha",)), path


def replace_rule(rule, text):
    return SimpleNamespace(rule=text, arguments=set(re.findall(r"<(?:[^:<>]+:)?(\w+)>", text)), methods=rule.methods)


@SQLITE
def test_incident_20_no_address_changes_anything_by_being_opened(app, staff, database, settings):
    """Every GET, by somebody who may and with her real links: the same rows, to the letter, before and after."""
    world = build(database)
    with database.transaction() as session, every_tenant(session, "tests"):
        session.execute(delete(FileKey))  # the world's is a row only
    opened = ask(database, settings)
    number = attach(database, settings, opened.case.reference)
    clients = {name: staff.client(name) for name in ("asha", "adi", "devi", "cal", "audrey")}
    watching = sqlite3.connect(settings.data_dir / "portal.sqlite")

    def version():
        return watching.execute("PRAGMA data_version").fetchone()

    well_opened = 0
    last, before = version(), all_rows(watching)
    for names, path in openable(app, world, opened, number):
        answers = (clients[name].get(path, buffered=True).status_code for name in names)
        well_opened += next((answer for answer in answers if answer != 403), 403) == 200
        if (newest := version()) != last:  # something was committed
            last, after = newest, all_rows(watching)
            assert {table for table in after if after[table] != before.get(table)} == set(), path
    assert well_opened > 120, well_opened
    watching.close()


def at_once(*actions):
    """What each returns when all begin together, in threads of their own; the first error is raised."""
    together = threading.Barrier(len(actions))

    def start(action):
        together.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [running.result(60) for running in [pool.submit(start, action) for action in actions]]


def letters_about(database, reference):
    """Letters to the requester that name this request; the notices to the school are not hers."""
    letters = look(database, select(Letter).where(Letter.recipient == "priya@example.org").order_by(Letter.id))
    return [letter for letter in letters if reference in letter.subject + letter.body]


def code_for(app, opened, database):
    """A browser in front of the private page, and the code that came by letter."""
    browser = app.test_client()
    page = browser.get(opened.link).text
    assert browser.post(f"{opened.link}/codes", data={"csrf_token": hidden(page, "csrf_token")}).status_code == 302
    body = letters_about(database, opened.case.reference)[-1].body
    return browser, re.search(r"\b(\d[\d ]{4,9}\d)\b", body).group(1)


def enter(browser, opened, code):
    kept = hidden(browser.get(opened.link).text, "csrf_token")
    return browser.post(f"{opened.link}/admission", data={"csrf_token": kept, "code": code})


def test_incident_21_the_same_request_twice_is_two_that_can_be_followed_and_none_is_lost(
    app, staff, database, settings
):
    """Sent four times at once, then again by somebody whose first one was verified: each counts from its own day."""
    opened = at_once(*[partial(ask, database, settings)] * 4)
    first, second = opened[0], opened[1]
    browser, code = code_for(app, first, database)
    _, other_code = code_for(app, second, database)
    assert "Priya" not in browser.get(second.link).text
    if code != other_code:  # the code of one opens no other
        assert enter(app.test_client(), second, code).status_code == 422
    assert enter(browser, first, code).status_code == 302
    assert first.case.reference in browser.get(first.link).text
    assert enter(app.test_client(), first, code).status_code == 422  # and it opens once
    opened += at_once(*[partial(ask, database, settings)] * 3)
    cases = look(database, select(Case))
    assert len({case.reference for case in cases}) == len(cases) == len({each.link for each in opened}) == 7
    today = clock.today()
    due = explain(ClockKind.ACCESS, today, calendar=england_and_wales(), school_law=SchoolLaw.MAINTAINED).due
    assert {(case.status, clock.london(case.received_at).date(), case.sort_on) for case in cases} == {
        (CaseStatus.OPEN, today, due)
    }
    linked = look(database, select(CaseEvent.case_id).where(CaseEvent.kind == EventKind.LINKED))
    assert set(linked) == {case.id for case in cases}
    asha = staff.client("asha")
    for each in opened:
        assert letters_about(database, each.case.reference)
        assert asha.get(f"{ALDER}/cases/{each.case.reference}").status_code == 200
        closed = app.test_client().get(each.link)
        assert (closed.status_code, "Priya" in closed.text) == (200, False)
        assert each is first or "Priya" not in browser.get(each.link).text


@SQLITE
def test_incident_22_nothing_in_answer_or_work_says_who_has_an_account(app, database, cast):
    answers = []
    for email in ("warm@up.example", cast["asha"].email, "nobody@example.org"):
        client = app.test_client()
        kept = csrf_token(client, "/sign-in/forgotten")
        with statements(database) as work:
            answer = client.post("/sign-in/forgotten", data={"csrf_token": kept, "email": email})
        answers.append((answer.status_code, answer.headers["Location"], answer.data, len(work)))
    assert answers[1] == answers[2]


EVIL = "evil.example"
OWN_HOST = "Host: localhost:8000"
INVITING = f"{ALDER}/people/invitations/new"


@contextlib.contextmanager
def served(app):
    """The port of a real server of the application, which reads what comes in byte by byte."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def post_raw(port, target, lines, cookie, fields):
    """The status of a request whose lines are sent as they stand here."""
    body = urlencode(fields)
    more = [f"Cookie: {cookie}", "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"]
    head = "\r\n".join([f"POST {target} HTTP/1.1", *lines, *more, "Connection: close", "", ""])
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall((head + body).encode())
        return int(connection.makefile("rb").readline().split()[1])


@SQLITE
@pytest.mark.parametrize(
    ("target", "lines"),
    [
        (INVITING, [f"Host: {EVIL}"]),
        (INVITING, [OWN_HOST, f"Host: {EVIL}"]),
        (INVITING, [f"Host: {EVIL}", OWN_HOST]),
        (f"http://{EVIL}{INVITING}", [OWN_HOST]),
        (f"http://{EVIL}{INVITING}", [f"Host: {EVIL}"]),
        (INVITING, [OWN_HOST, f"X-Forwarded-Host: {EVIL}", "X-Forwarded-For: 192.0.2.1"]),
        (INVITING, [OWN_HOST, f"Forwarded: host={EVIL};proto=http;for=192.0.2.1"]),
        (INVITING, [OWN_HOST, f"X-Forwarded-Server: {EVIL}", f"X-Original-Host: {EVIL}", f"X-Host: {EVIL}"]),
        (INVITING, [f"Host: localhost:8000@{EVIL}"]),
        (INVITING, [f"Host: localhost:{EVIL}"]),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_incident_23_links_in_letters_are_built_from_the_configured_address(
    settings, database, cast, target, lines, proxies
):
    """Another host is refused; who merely says she was forwarded is served, and her letter names the configured one."""
    app = create_app(replace(settings, trusted_proxies=proxies), database=database)
    asha = Staff(app, database, cast).client("asha")
    kept = token(asha, INVITING)
    fields = {"csrf_token": kept, "name": "Nia", "email": "nia@x.example", "role": "office"}
    with served(app) as port:
        status = post_raw(port, target, lines, f"portal={asha.get_cookie('portal').value}", fields)
    letters = look(database, select(Letter))
    written = [letter for letter in letters if letter.recipient == "nia@x.example"]
    lies_about_host = EVIL in target or any(line.startswith("Host:") and EVIL in line for line in lines)
    assert (status, len(written)) in ({(404, 0), (400, 0)} if lies_about_host else {(302, 1)})
    assert not any(EVIL in f"{letter.subject}{letter.body}{letter.headers}" for letter in letters)
    assert all("http://localhost:8000/invitations/" in letter.body for letter in written)


def guesses(app, addresses):
    """How each try is answered: every one at another account, from one connection, with what the header claims."""
    client = app.test_client()
    kept = csrf_token(client, "/sign-in")
    for number, claimed in enumerate(addresses):
        headers = {"X-Forwarded-For": claimed, "Forwarded": f"for={claimed}", "X-Real-IP": claimed}
        data = {"csrf_token": kept, "email": f"nobody{number}@example.org", "password": "a guess"}
        yield client.post(
            "/sign-in", data=data, headers=headers, environ_base={"REMOTE_ADDR": "203.0.113.7"}
        ).status_code


@SQLITE
def test_incident_24_the_first_forwarded_address_is_not_believed(app, settings, database, monkeypatch):
    """Without a proxy of ours no header counts; behind one, its own (last) entry does, and what stood before not."""
    monkeypatch.setattr("portal.web.shared.sign_in.check_password", lambda *_: None)  # slow by intent; not the matter
    bounded = [422] * SIGN_IN_NETWORK.count + [429] * 12
    rotating = [f"198.51.100.{number}" for number in range(len(bounded))]
    assert list(guesses(app, [f"{address}, 192.0.2.1" for address in rotating])) == bounded
    behind = create_app(replace(settings, trusted_proxies=1), database=database)
    assert list(guesses(behind, [f"{address}, 192.0.2.9" for address in rotating])) == bounded
    assert set(guesses(behind, [f"192.0.2.9, {address}" for address in rotating])) == {422}
    origins = look(database, select(AuditEntry.origin).where(AuditEntry.kind == AuditKind.SIGN_IN_FAILED))
    assert set(origins) == {"203.0.113.7", "192.0.2.9", *rotating}
    assert origins.count("203.0.113.7") == origins.count("192.0.2.9") == SIGN_IN_NETWORK.count


@trying(deadline=None, max_examples=300)
@given(
    st.sampled_from([*FORMULA, "\t", "\r", "\n", '"=', " =", "'+", "|"]),
    st.text(max_size=30),
)
def test_incident_25_no_cell_becomes_a_formula(start, rest):
    out = io.StringIO()
    csv.writer(out).writerow([neutral_cell(start + rest)])
    cell = next(csv.reader(io.StringIO(out.getvalue())))[0] if out.getvalue().strip() else ""
    assert not cell.lstrip(' \u00a0"').startswith((*FORMULA, "\t", "\r"))


@SQLITE
def test_incident_25_no_exported_name_becomes_a_formula(staff, database, settings):
    ask(database, settings, requester_name='=HYPERLINK("http://evil.example")')
    rows = list(csv.reader(io.StringIO(staff.client("asha").get(f"{ALDER}/cases/export.csv").text.lstrip("\ufeff"))))
    cells = [cell for row in rows for cell in row if "HYPERLINK" in cell]
    assert cells
    assert all(cell.startswith("'") for cell in cells)


def imported(path):
    """Every module and every part of a package that a file imports, however it spells it and wherever it stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("__import__", "import_module")):
            names = [each.value for each in node.args if isinstance(each, ast.Constant)]
        else:
            continue
        for name in names:
            parts = str(name).split(".")
            found |= {".".join(parts[:length]) for length in range(1, len(parts) + 1)}
    return found


FETCHERS = {
    "requests", "urllib.request", "urllib3", "http.client", "httpx", "aiohttp", "socket", "ftplib", "asyncio",
    "webbrowser", "pycurl", "telnetlib", "xmlrpc", "weasyprint", "portal.directory.fetch",
}  # fmt: skip
SPEAKS_TO = {"scanning.py": {"socket"}}
"""The virus scanner is spoken to; nothing of what it is sent is looked into."""


def hostile(address):
    """A page that fetches by every means that HTML knows."""
    return f"""<!DOCTYPE html SYSTEM "{address}dtd"><html manifest="{address}m"><head><base href="{address}">
    <link rel="attachment" href="{address}a"><link rel="stylesheet" href="{address}c"><style>@import "{address}i";
    p {{ background: url({address}u) }}</style><meta http-equiv="refresh" content="0;url={address}r">
    <script src="{address}s"></script></head><body background="{address}b"><h1>Privacy notice</h1>
    <p style="background:url({address}p)">Your rights <img src="{address}g" srcset="{address}h 2x"> and more words.</p>
    <iframe src="{address}f"></iframe><object data="{address}o"></object><embed src="{address}e">
    <video src="{address}v" poster="{address}w"></video><svg><image xlink:href="{address}x"/></svg>
    <form action="{address}y"><input type="image" src="{address}z"></form><a ping="{address}q" href="{address}l">A</a>
    </body></html>"""


def as_word(address, page):
    """A Word document whose page, relationships and embedded HTML all point outside."""
    made = docx.Document()
    made.add_heading("Privacy notice", 1)
    for line in page.splitlines():
        made.add_paragraph(line)
    made.part.relate_to(f"{address}image", "http://schemas.openxmlformats.org/x/hyperlink", is_external=True)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def pointing_outside(address):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", f'<!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]><a>&x;</a>')
        archive.writestr("word/_rels/document.xml.rels", f'<r Target="{address}" TargetMode="External"/>')
        archive.writestr("xl/workbook.xml", f'<!DOCTYPE a [<!ENTITY x SYSTEM "{address}">]><a>&x;</a>')
    return file.getvalue()


@contextlib.contextmanager
def nobody_knocks():
    """An address of this machine at which nobody may have knocked in the end."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.settimeout(0.5)
        with pytest.raises(TimeoutError):
            listener.accept()


def test_incident_26_what_reads_documents_opens_no_connection():
    """A document that points outside: nobody knocks, and no reader of documents knows how to fetch."""
    with nobody_knocks() as address:
        page, outside = hostile(address), pointing_outside(address)
        read = [
            document_blocks("notice.html", page.encode()),
            document_blocks("notice.md", f"# Privacy notice\n\n![a]({address}g)\n\n{page}".encode()),
            document_blocks("notice.txt", page.encode()),
            document_blocks("notice.docx", as_word(address, page)),
            pasted_blocks(page),
        ]
        assert all("Your rights" in " ".join(block.text for block in blocks) for blocks in read)
        for refuse in (check_word_file, read_table, partial(document_blocks, "notice.docx")):
            with pytest.raises(Invalid):
                refuse(outside)
        check_file("letter.docx", io.BytesIO(outside))
    readers = [*(ROOT / "portal/casework").rglob("*.py"), *(ROOT / "portal/notices").rglob("*.py")]
    for path in readers:
        assert not imported(path) & (FETCHERS - SPEAKS_TO.get(path.name, set())), path


@SQLITE
def test_incident_26_a_page_of_hostile_text_asks_for_nothing_from_outside(staff, database, settings):
    """What a school or a parent wrote, as it stands in pages that are shown and printed: text that loads nothing."""
    asha, clause = staff.client("asha"), f"{ALDER}/notice/clauses/information.held"
    with nobody_knocks() as address:
        reference = ask(
            database, settings, details=hostile(address), requester_name=f"<img src={address}n>"
        ).case.reference
        letter = look(database, select(CaseMessage.id))[0]
        page = asha.get(clause).text
        data = {name: hidden(page, name) for name in ("csrf_token", "base", "seen")}
        case = f"{ALDER}/cases/{reference}"
        answers = [asha.post(clause, data={**data, "text": hostile(address), "do": "save"})]
        answers += [asha.get(path) for path in (clause, case, f"{case}/letters/message", f"{case}/letters/{letter}")]
        answers.append(asha.get("/schools/alder-primary/privacy-notice"))
        for answer in answers:
            assert not re.search(rf"<[^>]*=\s*[\"']?[^\"'>]*{address}", answer.text)
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert [answer.status_code for answer in answers[1:]] == [200] * 5
        assert address in answers[2].text  # it is there, as text


class Watched(io.BytesIO):
    """A file that counts what is read of it."""

    taken = 0

    def read(self, size=-1):
        got = super().read(size)
        self.taken += len(got)
        return got


@pytest.fixture
def unpacked(monkeypatch):
    """How many bytes came out of any zip in this process."""
    total = [0]
    read = zipfile.ZipExtFile.read

    def counting(stream, size=-1):
        got = read(stream, size)
        total[0] += len(got)
        return got

    monkeypatch.setattr(zipfile.ZipExtFile, "read", counting)
    return total


def bomb(entries, size, *, lie=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", "<a/>")
        archive.writestr("xl/workbook.xml", bytes(size))
        for number in range(entries):
            archive.writestr(f"word/{number}.xml", bytes(size))
    content = bytearray(file.getvalue())
    if lie:
        place = content.rindex(b"PK\x01\x02")
        content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    return bytes(content)


def nested():
    """Zips in zips, five deep and eight wide, each of the innermost a million times larger inside."""
    inner = bomb(1, 8_000_000)
    for _ in range(5):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", "<a/>")
            for number in range(8):
                archive.writestr(f"word/{number}.zip", inner)
        inner = file.getvalue()
    return inner


BOMBS = {
    "many": partial(bomb, 100_000, 1),
    "large": partial(bomb, 3, 80_000_000),
    "lying": partial(bomb, 2, 80_000_000, lie=True),
    "nested": nested,
}


@pytest.fixture(scope="module")
def bombs():
    return {name: make() for name, make in BOMBS.items()}


@pytest.mark.parametrize("name", ["letter.docx", "letter.xlsx", "letter.odt", "letter.doc", "letter.zip", "letter.pdf"])
@pytest.mark.parametrize("made", BOMBS)
def test_incident_27_a_bomb_is_refused_at_once(name, made, bombs, unpacked):
    """As an attachment nothing is unpacked, whatever it is; what stays is a file that nobody here opens."""
    file = Watched(bombs[made])
    is_kept = made == "nested" and name == "letter.docx"  # small inside too, for zips in it are never opened
    with contextlib.nullcontext() if is_kept else pytest.raises(Invalid):
        check_file(name, file)
    assert unpacked == [0]
    assert file.taken <= 2 * len(bombs[made]) + 100_000


@pytest.mark.parametrize("made", BOMBS)
def test_incident_27_a_document_that_is_read_is_counted_while_it_unpacks(made, bombs, unpacked):
    """What the zip says of its sizes is not believed, and a zip in it is not opened."""
    with contextlib.nullcontext() if made == "nested" else pytest.raises(Invalid):
        check_word_file(bombs[made])
    assert unpacked[0] <= MOST_UNPACKED + STEP
    with pytest.raises(Invalid):
        read_table(bombs[made])
    assert unpacked[0] <= 3 * MOST_UNPACKED
    with pytest.raises(Invalid):
        document_blocks("notice.docx", bombs[made])


def pages_bomb(*, shared):
    """A PDF of very many pages: 20 000 of them, or a million by a tree whose branches are one and the same."""
    parts = [b"%PDF-1.4", b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj"]
    if shared:
        for level in range(2, 8):
            kids = b" ".join([b"%d 0 R" % (level + 1)] * 10)
            parts.append(b"%d 0 obj<</Type/Pages/Count %d/Kids[%s]>>endobj" % (level, 10 ** (8 - level), kids))
        parts.append(b"8 0 obj<</Type/Page/MediaBox[0 0 9 9]>>endobj")
    else:
        kids = b" ".join(b"%d 0 R" % number for number in range(3, 20_003))
        parts.append(b"2 0 obj<</Type/Pages/Count 1000000/Kids[%s]>>endobj" % kids)
        parts += [b"%d 0 obj<</Type/Page/MediaBox[0 0 9 9]>>endobj" % number for number in range(3, 20_003)]
    return b"\n".join([*parts, b"trailer<</Root 1 0 R>>", b"%%EOF"])


@pytest.mark.parametrize("shared", [False, True])
def test_incident_27_a_pdf_of_a_million_pages_is_refused_in_a_process_with_bounds(shared):
    content = pages_bomb(shared=shared)
    assert check_file("letter.pdf", io.BytesIO(content)).size == len(content)  # a file to hand on; nobody counts pages
    with pytest.raises(Invalid):
        document_blocks("notice.pdf", content)


def test_incident_27_the_process_that_reads_documents_has_no_more_memory_than_it_was_given():
    large = b"<p>" + b"Your rights " * 200_000 + b"</p>"
    with pytest.raises(Invalid, match="too large or too tangled"):
        document_blocks("notice.html", large, Limits(memory=16 * MEGABYTE))
    assert document_blocks("notice.html", large)
    start = (
        "from portal.notices.importing.confinement import confine; "
        f"confine(memory={Limits().memory}, seconds=5, output=1000); bytearray({Limits().memory})"
    )
    done = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.strip().endswith("MemoryError")


def test_incident_27_a_picture_of_fifty_thousand_by_fifty_thousand_is_decoded_by_nobody():
    """It is told by its first bytes; nothing here knows how to unpack its points."""
    header = b"IHDR" + (50_000).to_bytes(4, "big") * 2 + b"\x08\x06\x00\x00\x00"
    png = b"\x89PNG\r\n\x1a\n" + (13).to_bytes(4, "big") + header + crc32(header).to_bytes(4, "big") + bytes(100_000)
    file = Watched(png)
    assert check_file("scan.png", file).media_type == "image/png"
    assert file.taken <= HEAD
    with pytest.raises(Invalid, match="points"):
        image_kind(png)  # a crest is shown to everybody, whose browsers would unpack it
    for path in (ROOT / "portal").rglob("*.py"):
        assert not imported(path) & {"PIL", "cv2", "wand", "pyvips"}, path


NUL = ["\0", "a\0b", "\ud800"]


@pytest.mark.parametrize("text", NUL)
def test_incident_28_nul_anywhere_is_answered_and_never_our_fault(staff, database, settings, text):
    asha = staff.client("asha")
    encoded = text.encode("utf-8", "surrogatepass")
    for path in (f"{ALDER}/cases", "/find", f"{ALDER}/audit"):
        assert asha.get(path, query_string={"q": encoded, "kind": encoded, "before": encoded}).status_code < 500
    for name in ("name", "email", "role"):
        path = f"{ALDER}/people/invitations/new"
        data = {"csrf_token": token(asha, path), "name": "Nia", "email": "n@x.example", "role": "office", name: encoded}
        assert asha.post(path, data=data).status_code < 500
    file = (io.BytesIO(b"text"), f"a{text[:1]}b.txt" if text.isprintable() else "a\0b.txt")
    reference = ask(database, settings).case.reference
    page = asha.get(f"{ALDER}/cases/{reference}").text
    data = {"csrf_token": hidden(page, "csrf_token"), "key": hidden(page, "key"), "files": file}
    assert (
        asha.post(f"{ALDER}/cases/{reference}/files", data=data, content_type="multipart/form-data").status_code < 500
    )
    assert asha.get("/find", headers={"X-Anything": "a\x7fb"}).status_code < 500


def test_incident_29_writers_at_once_make_one_line(database):
    """Eight writers: numbers without a gap, each line naming the one before, in one line from first to head."""
    lines = 500 if "DRILL" in os.environ else 100
    with database.session() as session:
        tenant = session.scalars(select(Tenant.id).where(Tenant.slug == "alder-primary")).one()
    before = len(look(database, select(AuditEntry.id).where(AuditEntry.tenant_id == tenant)))

    def write(writer):
        for number in range(lines):
            with database.transaction() as session, tenant_scope(session, tenant):
                record(
                    session, Witness("person", writer), AuditKind.CASE_READ, tenant_id=tenant,
                    subject=("case", number), now=clock.now(),
                )  # fmt: skip

    at_once(*[partial(write, writer) for writer in range(8)])
    entries = look(database, select(AuditEntry).where(AuditEntry.tenant_id == tenant).order_by(AuditEntry.sequence))
    assert [entry.sequence for entry in entries] == list(range(1, before + 8 * lines + 1))
    assert [entry.previous_hash for entry in entries] == [GENESIS, *(entry.hash for entry in entries[:-1])]
    written = Counter((entry.actor_id, entry.subject_id) for entry in entries[before:])
    assert written == {(writer, str(number)): 1 for writer in range(8) for number in range(lines)}
    with database.session() as session, tenant_scope(session, tenant):
        found = verify(session, tenant)
    assert (found.broken_at, found.entries, found.head) == (None, len(entries), entries[-1].hash)


def test_incident_30_nodes_that_start_together_migrate_once(settings, database):
    problems = []

    def start():
        try:
            migrate(settings)
        except Exception as error:  # noqa: BLE001 - the test reports whatever it was
            problems.append(error)

    nodes = [threading.Thread(target=start) for _ in range(3)]
    for node in nodes:
        node.start()
    for node in nodes:
        node.join()
    assert not problems
    assert is_current(database)


def patient(url):
    """The database as requests see it, but one that is kept from a table for five seconds fails."""
    if url.startswith("sqlite"):
        return Database(url)
    return Database(
        make_url(url).update_query_dict({"options": "-c lock_timeout=5000"}).render_as_string(hide_password=False)
    )


def test_incident_30_requests_do_not_queue_behind_a_migration_that_waits(settings, database, monkeypatch):
    """Somebody holds a table: the migration lets go and begins anew, others read on, and in the end it is done."""
    gave_way = threading.Event()

    def pause(seconds):
        gave_way.set()
        threading.Event().wait(min(seconds, 0.2))

    monkeypatch.setattr("portal.lifecycle.schema.time", SimpleNamespace(sleep=pause))
    requests = patient(settings.database_url)
    with ThreadPoolExecutor(1) as pool:
        with database.transaction() as holding, every_tenant(holding, "tests"):
            holding.execute(select(Case.id)).all()
            running = pool.submit(migrate, settings)
            reads = 0
            while (
                not running.done() and reads < 2000 and not (reads > 50 and (database.is_sqlite or gave_way.is_set()))
            ):
                look(requests, select(Case.id))
                reads += 1
            assert not running.done()
        running.result(60)
    requests.dispose()
    assert gave_way.is_set() is not database.is_sqlite
    assert is_current(database)


@pytest.mark.parametrize("backend", ["postgresql"])
def test_incident_30_a_migration_that_found_no_quiet_moment_can_be_run_again(settings, database, monkeypatch):
    monkeypatch.setattr("portal.lifecycle.schema._TRIES", 2)
    monkeypatch.setattr("portal.lifecycle.schema._PAUSE_SECONDS", 0)
    with database.transaction() as holding, every_tenant(holding, "tests"):
        holding.execute(select(Case.id)).all()
        with pytest.raises(Conflict, match="Nothing was changed"):
            migrate(settings)
    migrate(settings)
    assert is_current(database)
    with database.engine.connect() as connection:
        check_serving_role(connection)  # raises where a wall is missing


def test_incident_31_the_matrix_is_made_from_the_address_map_and_not_from_a_list():
    source = (ROOT / "tests/isolation/test_matrix.py").read_text()
    assert "url_map.iter_rules()" in source
    assert not re.findall(r'"/(?:school|central)/', source)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        (date(2026, 1, 31), date(2026, 3, 2)),  # no 31 February, then a Saturday: the end of the month, moved to Monday
        (date(2027, 1, 4), date(2027, 2, 4)),
        (date(2026, 11, 25), date(2026, 12, 29)),  # 25, 26, 27 and 28 December do not count
    ],
)
def test_incident_32_a_month_ends_on_a_working_day(received, due):
    """UK GDPR Art 12(3), read with Regulation 1182/71 as the ICO does."""
    reading = explain(ClockKind.ACCESS, received, calendar=england_and_wales(), school_law=SchoolLaw.MAINTAINED)
    assert reading.due == due
