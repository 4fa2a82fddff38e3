"""Open cases come over from a list: every line is checked, all are taken or none, and nobody is written to."""

from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from portal.casework.models import Case, Channel
from portal.casework.spreadsheet import read_cases
from portal.cli import main
from portal.core import clock
from portal.core.errors import Invalid
from portal.outbox.models import Letter
from portal.tenancy.scope import every_tenant

NOW = clock.now()
GOOD = (
    "Received,Kind,Name,About,Email\n"
    "16/11/2026,access,Priya Patel,Anil Patel,Priya@example.org\n2026-11-17,erasure,Nia Novak,,\n"
)


SHEET = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
LINKED = 'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"'


def workbook(rows, book="<workbookPr/>"):
    """A workbook as Excel writes it: words in a list of their own, days as numbers, empty cells left out."""
    words = sorted({cell for row in rows for cell in row if isinstance(cell, str) and cell})
    lines = []
    for line, row in enumerate(rows, start=1):
        cells = [
            f'<c r="{chr(65 + column)}{line}" t="s"><v>{words.index(cell)}</v></c>'
            if isinstance(cell, str)
            else f'<c r="{chr(65 + column)}{line}" s="1"><v>{cell}</v></c>'
            for column, cell in enumerate(row)
            if cell != ""
        ]
        lines.append(f'<row r="{line}">{"".join(cells)}</row>')
    strings = "".join(f"<si><t>{word}</t></si>" for word in words)
    parts = {
        "xl/workbook.xml": f'<workbook {SHEET} {LINKED}>{book}<sheets><sheet name="A" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships {LINKS}><Relationship Id="r1" Target="worksheets/one.xml"/>'
        "</Relationships>",
        "xl/sharedStrings.xml": f"<sst {SHEET}>{strings}</sst>",
        "xl/worksheets/one.xml": f"<worksheet {SHEET}><sheetData>{''.join(lines)}</sheetData></worksheet>",
    }
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return file.getvalue()


ROWS = [["Received", "Kind", "Name", "About", "Telephone"], [46342, "access", "Zoë O’Neil", "", 1632960001]]


@pytest.mark.parametrize(
    "content",
    [
        workbook(ROWS),
        workbook([[], *ROWS]),
        workbook([ROWS[0], [46342 - 1462, *ROWS[1][1:]]], '<workbookPr date1904="1"/>'),
        "Received;Kind;Name;About;Telephone\r\n16/11/2026;access;Zoë O’Neil;;1632960001\r\n".encode("cp1252"),
        "Received,Kind,Name,About,Telephone,,\n16/11/2026,access,Zoë O’Neil,,1632960001,,\n".encode("utf-8-sig"),
        "Received,Kind,Name,About,Telephone\n16.11.2026,access,Zoë O’Neil,,1632960001\n".encode(),
        "Received,Kind,Name,About,Telephone\n2026-11-16 00:00:00,access,Zoë O’Neil,,1632960001\n".encode(),
        "Received\tKind\tName\tAbout\tTelephone\n2026-11-16\taccess\tZoë O’Neil\t\t1632960001".encode("utf-16"),
    ],
    ids=[
        "xlsx",
        "xlsx that begins lower down",
        "xlsx of a Mac",
        "CSV of Excel",
        "CSV UTF-8",
        "days with dots",
        "days with midnight",
        "Unicode text",
    ],
)
def test_a_list_is_read_as_spreadsheet_programs_save_it(content):
    [(_, request)], wrong = read_cases(content, now=NOW)
    assert wrong == []
    assert (request.requester_name, request.received_at.date().isoformat(), request.telephone) == (
        "Zoë O’Neil", "2026-11-16", "1632960001",
    )  # fmt: skip


def bomb():
    file = BytesIO()
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", " " * 30_000_000)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"name,kind\nA,access\n", "no column “received”"),
        (b"received,kind,name,colour\n", "“colour” is no column"),
        (b"received,kind,name,kind\n", "“kind” is there twice"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"MZ\0\0", "UTF-8"),
        (b'received,kind,name\n"2026-11-17,access,A\n', "line 2: This is not a table in CSV"),
        (b"", "columns"),
        (b"PK", "cannot be read"),
        (workbook([]), "columns"),
        (workbook(ROWS)[:-40], "cannot be read"),
        (workbook(ROWS, "<!DOCTYPE a>"), "cannot be read"),
        (bomb(), "far larger inside"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "old format"),
        (b"received,kind,name\n" + b"2026-11-17,access,A\n" * 501, "at most 500"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_a_reason(content, word):
    with pytest.raises(Invalid) as refused:
        read_cases(content, now=NOW)
    assert word in str(refused.value)


def test_a_line_has_the_number_that_an_editor_shows():
    content = b'received,kind,name,details\n\n2026-11-17,access,A,"one\ntwo\nthree"\nnever,access,B,\n'
    found, wrong = read_cases(content, now=NOW)
    assert ([line for line, _ in found], [error.line for error in wrong]) == ([3], [6])


def test_each_wrong_line_is_named():
    lines = [
        "received,kind,name",
        "2026-11-17,access,Good Name",
        "yesterday,access,A",
        "2026-11-17,wish,A",
        "2126-01-01,access,A",
        "2026-11-17,access,",
        "2026-11-17,access,A,more",
    ]
    found, wrong = read_cases("\n".join(lines).encode(), now=NOW)
    assert [line for line, _ in found] == [2]
    assert [error.line for error in wrong] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize(("day", "is_taken"), [("2027-07-01", True), ("2027-07-02", False)])
def test_today_is_the_day_in_london(day, is_taken):
    now = datetime(2027, 6, 30, 23, 30, tzinfo=UTC)
    found, wrong = read_cases(f"received,kind,name\n{day},access,A\n".encode(), now=now)
    assert ([request.received_at for _, request in found], len(wrong)) == (([now], 0) if is_taken else ([], 1))


@pytest.fixture
def command(settings, tmp_path, monkeypatch):
    """Run the command on a list of a school's."""
    for name in ("data_dir", "database_url", "database_owner_url"):
        value = getattr(settings, name)
        if value:
            monkeypatch.setenv(f"PORTAL_{name.upper()}", str(value))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])

    def run(content, *options, school="alder-primary"):
        file = tmp_path / "open.csv"
        file.write_text(content)
        return CliRunner().invoke(main, ["cases", "import", str(file), "--school", school, *options])

    return run


@pytest.fixture
def stored(database):
    def read():
        with database.session() as session, every_tenant(session, "tests"):
            return list(session.scalars(select(Case).order_by(Case.id))), session.scalar(select(func.count(Letter.id)))

    return read


def test_the_command_tries_first_and_then_takes_all_lines_over_quietly(command, stored):
    tried = command(GOOD, "--dry-run")
    assert (tried.exit_code, tried.stdout.count("would be taken over")) == (0, 2)
    assert stored() == ([], 0)
    done = command(GOOD)
    assert done.exit_code == 0, done.output
    cases, letters = stored()
    assert [(case.channel, case.received_at.date().isoformat()) for case in cases] == [
        (Channel.SPREADSHEET, "2026-11-16"), (Channel.SPREADSHEET, "2026-11-17"),
    ]  # fmt: skip
    assert [case.reference in done.stdout for case in cases] == [True, True]
    assert letters == 0


def test_a_trial_refuses_what_the_real_run_refuses_and_names_every_line(command, stored):
    lines = GOOD + "2026-11-16,record,Bob Baker,,\nnever,access,X,,\n2026-11-16,access,Ada Bell,,\n"
    for options in (["--dry-run"], []):
        done = command(lines, *options, school="birch-academy")
        assert done.exit_code == 2
        said = done.stderr.splitlines()
        assert [line.partition(":")[0] for line in said] == ["line 4", "line 5", "Nothing is taken over"]
        assert "2 of 5" in said[-1]
        assert done.stdout == ""
    assert stored() == ([], 0)
