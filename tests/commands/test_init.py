"""What `portal init` prints: who can sign in, in columns, and how to get a code."""

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.commands import init

pytestmark = pytest.mark.parametrize("backend", ["sqlite"])


def test_the_cast_is_printed_in_columns(cast, capsys):
    init._print_cast("http://localhost:8000", list(cast.values()))
    printed = capsys.readouterr().out
    rows = [line for line in printed.splitlines() if "@" in line]
    assert len(rows) == len(cast)
    for value in ("role", "tenant", "email", "password"):
        places = {
            row.index(f"  {getattr(member, value)}") for row, member in zip(rows, cast.values(), strict=True)
        }  # fmt: skip
        assert len(places) == 1, value


def test_the_command_for_codes_is_printed_as_it_can_be_typed(cast, capsys):
    init._print_cast("http://localhost:8000", list(cast.values()))
    assert "`.venv/bin/portal code NAME`" in capsys.readouterr().out


@pytest.mark.parametrize("is_staffed", [False, True])
def test_the_first_invitation_is_named_where_the_central_team_is_empty(
    empty_database, tmp_path, monkeypatch, is_staffed
):
    for name, value in {**empty_database, "PORTAL_DATA_DIR": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    done = CliRunner().invoke(main, ["init", *(["--demo"] if is_staffed else [])])
    assert done.exit_code == 0, done.output
    assert (".venv/bin/portal person invite ADDRESS --role administrator" in done.stdout) is not is_staffed


def test_a_member_of_the_cast_has_a_code_by_first_name(settings, monkeypatch, cast):
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    done = CliRunner().invoke(main, ["code", "ben"])
    assert done.stdout.strip().isdecimal()
    assert "Nobody in the cast is called zoe." in CliRunner().invoke(main, ["code", "zoe"]).stderr
