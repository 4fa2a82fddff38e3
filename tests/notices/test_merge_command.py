"""`portal merge`: three files in, one answer out."""

import json

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.commands.merge import LARGEST


@pytest.fixture
def run(tmp_path):
    def merged(base, shared, local, *options):
        for name, content in (("base", base), ("shared", shared), ("local", local)):
            (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return CliRunner().invoke(
            main, ["merge", *(str(tmp_path / name) for name in ("base", "shared", "local")), *options]
        )

    return merged


def test_changes_apart_come_out_as_one_text(run):
    result = run(
        "One is. Two is. Three is.\n", "One was. Two is. Three is.\n", "One is. Two is. Three was.\n", "--json"
    )
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {"clean": True, "text": "One was.\nTwo is.\nThree was.\n", "conflicts": []}


def test_a_conflict_is_an_answer_with_the_local_words_in_the_text(run):
    result = run("Zwölf is.", "Zwölf was.", "Zwölf will be.", "--json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "clean": False,
        "text": "Zwölf will be.",
        "conflicts": [{"base": "Zwölf is.", "shared": "Zwölf was.", "local": "Zwölf will be."}],
    }
    assert "Zwölf" in result.stdout


def test_without_json_a_person_can_read_it(run):
    result = run("One is. Two is.", "", "One is. Two was.")
    assert result.exit_code == 0
    assert result.stdout == (
        "One is.\nTwo was.\n\nConflict 1 of 1\n"
        "  before: One is.\n          Two is.\n  shared: (nothing)\n  local:  One is.\n          Two was.\n"
    )


def test_wrapping_and_the_line_ends_of_other_systems_make_no_difference(run):
    result = run("\ufeffOne is\r\nhere. Two is.\r\n", "One is here.\nTwo was.\n", "One is here. Two is.\n", "--json")
    assert json.loads(result.stdout) == {"clean": True, "text": "One is here.\nTwo was.\n", "conflicts": []}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"One.\nTwo \xff.", "shared: line 2 is not UTF-8 text."),
        (b"One.\nTwo\x00 is.", "shared: line 2 holds a NUL byte, so this is no text."),
        (b"x" * (LARGEST + 1), "shared: the file is larger than 256 kB."),
    ],
)
def test_a_file_that_is_no_text_ends_with_a_line_and_status_2(run, content, reason):
    result = run("One.", content, "One.")
    assert result.exit_code == 2
    assert result.stderr.strip().endswith(reason)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_missing_file_ends_with_a_line_and_status_2(tmp_path):
    result = CliRunner().invoke(main, ["merge", *[str(tmp_path / "none")] * 3, "--json"])
    assert result.exit_code == 2
    assert result.stderr == f"portal: {tmp_path / 'none'}: No such file or directory.\n"


def test_a_folder_is_no_file(tmp_path):
    result = CliRunner().invoke(main, ["merge", *[str(tmp_path)] * 3])
    assert result.exit_code == 2
    assert "Is a directory" in result.stderr


def test_a_line_that_ends_in_a_backslash_stays_a_line(run):
    base = "Alder School\\\nMill Lane\n\nWe hold your name. We keep it.\n"
    shared = base.replace("\n\n", "\n")
    local = base.replace("We keep it.", "We keep it for a year.")
    result = run(base, shared, local, "--json")
    assert json.loads(result.stdout)["text"].startswith("Alder School\\\nMill Lane")
