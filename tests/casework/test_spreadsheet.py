"""Open cases come over from a list: every line is checked, all are taken or none, and nobody is written to."""

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


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"name,kind\nA,access\n", "columns"),
        (b"received,kind,name,colour\n", "columns"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b'received,kind,name\n"2026-11-17,access,A\n', "CSV"),
        (b"", "columns"),
    ],
)
def test_a_file_that_is_no_such_table_is_refused_with_a_reason(content, word):
    with pytest.raises(Invalid, match=word):
        read_cases(content, now=NOW)


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


def test_the_command_checks_first_and_then_takes_all_lines_over_quietly(database, settings, tmp_path, monkeypatch):
    file = tmp_path / "open.csv"
    file.write_text(GOOD)
    for name in ("data_dir", "database_url", "database_owner_url"):
        value = getattr(settings, name)
        if value:
            monkeypatch.setenv(f"PORTAL_{name.upper()}", str(value))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    command = ["cases", "import", str(file), "--school", "alder-primary"]

    def stored():
        with database.session() as session, every_tenant(session, "tests"):
            return list(session.scalars(select(Case).order_by(Case.id))), session.scalar(select(func.count(Letter.id)))

    assert CliRunner().invoke(main, [*command, "--dry-run"]).exit_code == 0
    assert stored() == ([], 0)
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.output
    cases, letters = stored()
    assert [(case.channel, case.received_at.date().isoformat()) for case in cases] == [
        (Channel.SPREADSHEET, "2026-11-16"), (Channel.SPREADSHEET, "2026-11-17"),
    ]  # fmt: skip
    assert letters == 0
    file.write_text(GOOD + "never,access,X,,\n")
    assert CliRunner().invoke(main, command).exit_code == 2
    assert len(stored()[0]) == 2
