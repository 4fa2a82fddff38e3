"""`portal library import`, `portal notice import` and `portal notice lint`, as they are typed."""

import csv
import io
import json

import pytest

from portal.notices.importing.blocks import same_text
from tests.lifecycle.bringing import document

SCHOOL = "st-thomas-of-canterbury"
COLUMNS = {"rule", "severity", "clause", "line", "text", "message", "source", "fix"}
CLUB = "Our gardening club keeps a list of who waters the beans, because beans do not wait."


@pytest.fixture
def told(portal):
    def run(*words):
        done = portal(*words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return run


@pytest.fixture
def file(tmp_path):
    def make(text, name="notice.txt"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make


@pytest.fixture
def seeds(shared):
    return [shared / "seeds" / "000_52385221c419b91d.txt", shared / "seeds" / "002_52a1567c0775bba5.txt"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_published_notice_is_read_as_promised(told, portal, seeds):
    told("library", "import", seeds[0], "--release", "igs-template")
    report = told("notice", "import", SCHOOL, seeds[1])
    assert set(report) == {"blocks", "missing", "facts", "accounted", "total"}
    assert set(report["blocks"][0]) == {
        "index", "text", "class", "clause", "edition", "similarity", "authority", "note",
    }  # fmt: skip
    assert report["accounted"] == report["total"] == len(report["blocks"])
    councils = [(one["class"], one["authority"]) for one in report["blocks"] if one["authority"]]
    assert councils == [("fact", "881"), ("fact", "882"), ("fact", "883")]
    assert report["facts"]["school.email"].endswith(".sch.uk")
    for path in seeds:
        again = portal("notice", "import", SCHOOL, path, "--reconstruct").stdout
        assert same_text(again, path.read_text("utf-8"))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_every_known_defect_of_the_published_notices_is_found(told, seeds, shared):
    rows = list(csv.DictReader((shared / "domain" / "seed-defects.csv").read_text("utf-8").splitlines()))
    for path in seeds:
        found = told("notice", "lint", "--file", path)
        known = [row for row in rows if row["seed"] == path.name]
        absent = [row for row in known if not any(_is(row, one) for one in found)]
        assert known
        assert absent == []


def _is(row, finding):
    words = next(value for name, value in row.items() if name.startswith("text"))
    return (row["rule"], row["severity"]) == (finding["rule"], finding["severity"]) and words in finding["text"]


def test_applying_shows_the_schools_words(told, portal, file):
    path = file(document(add=[("sources.where", CLUB)]))
    done = told("notice", "import", SCHOOL, path, "--apply")
    assert {"deed", "key", "title", "text", "base", "why"} <= set(done["applied"][0])
    assert CLUB in portal("notice", "show", SCHOOL).stdout


def test_without_apply_nothing_changes(told, portal, file):
    before = portal("notice", "show", SCHOOL).stdout
    told("notice", "import", SCHOOL, file(document(add=[("sources.where", CLUB)])))
    assert portal("notice", "show", SCHOOL).stdout == before


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_folder_gives_a_table_with_a_line_for_each_file(portal, file, tmp_path):
    folder = tmp_path / "notices"
    folder.mkdir()
    file(document(), f"notices/{SCHOOL}.txt")
    file("", "notices/empty.txt")
    table = tmp_path / "report.csv"
    assert portal("notice", "import", "--folder", folder, "--report", table).exit_code == 0
    rows = {row["file"]: row for row in csv.DictReader(io.StringIO(table.read_text("utf-8-sig")))}
    assert rows[f"{SCHOOL}.txt"]["school"] == SCHOOL
    assert int(rows[f"{SCHOOL}.txt"]["inherited"]) > 100
    assert rows["empty.txt"]["problem"]


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_folder_says_how_far_it_has_come_and_which_school_has_two_files(portal, file, tmp_path):
    folder = tmp_path / "notices"
    folder.mkdir()
    file(document(), f"notices/{SCHOOL}.txt")
    file(document().replace("Alder Primary School", "St Thomas of Canterbury Church of England Junior School"),
         "notices/second copy.txt")  # fmt: skip
    done = portal("notice", "import", "--folder", folder, "--json")
    assert "0 of 2" in done.stderr
    assert "2 of 2" in done.stderr
    rows = {row["file"]: row for row in json.loads(done.stdout)}
    assert [bool(row["warning"]) for row in rows.values()].count(True) == 1
    assert "Another file" in done.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Stir the flour into the milk and let the dough rest for an hour in the cupboard. " * 20, "privacy notice"),
        ("Die Schule bewahrt alle Angaben auf, die sie nach dem Gesetz braucht. " * 20, "English"),
    ],
)
def test_only_a_notice_in_english_is_linted(portal, file, text, said):
    done = portal("notice", "lint", "--file", file(text))
    assert done.exit_code == 2
    assert said in done.stderr


@pytest.mark.parametrize("backend", ["sqlite"])
def test_schools_and_library_have_no_errors(told):
    assert [one for one in told("notice", "lint", "--library") if one["severity"] == "error"] == []
    everywhere = told("notice", "lint", "--all")
    assert set(everywhere[0]) == {"school", *COLUMNS}
    assert set(told("notice", "lint", "alder-primary")[0]) == COLUMNS


@pytest.mark.parametrize("backend", ["sqlite"])
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("notice", "import", SCHOOL, "absent.txt"), "absent.txt"),
        (("notice", "import", "no-such-school", "{file}"), "no-such-school"),
        (("notice", "import", SCHOOL), "file"),
        (("notice", "lint"), "--all"),
        (("library", "import", "{file}", "--release", "2026-09"), "another name"),
        (("library", "import", "{file}", "--release", ""), "name"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_two(portal, file, words, said):
    path = file(document())
    done = portal(*(word.format(file=path) for word in words))
    assert done.exit_code == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
