"""The directory on the command line: what a script reads, and how a wrong word ends."""

import json

import pytest
from click.testing import CliRunner

from portal.cli import main
from tests.directory.builders import postcode_file, postcode_row, register_file, register_row


@pytest.fixture
def portal(settings, monkeypatch):
    """Runs a command on the test's database; returns exit status, standard output and standard error."""
    monkeypatch.setenv("PORTAL_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("PORTAL_SECRET_KEY", settings.secret_keys[0])
    monkeypatch.setenv("PORTAL_DATABASE_URL", settings.database_url)
    if settings.database_owner_url:
        monkeypatch.setenv("PORTAL_DATABASE_OWNER_URL", settings.database_owner_url)

    def run(*arguments):
        done = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
        return done.exit_code, done.stdout, done.stderr

    return run


@pytest.fixture
def postcodes(tmp_path):
    path = tmp_path / "NSPL_AUG_2026_UK.csv"
    rows = [
        postcode_row("CM1 1AA", "E07000070", cty="E10000012"),
        postcode_row("SS9 1AA", "E06000033"),
        postcode_row("SS9 2AA", "E07000075", cty="E10000012"),
        postcode_row("CM1 1AB", "E07000070", cty="E10000012", doterm="202001"),
    ]
    path.write_bytes(postcode_file(rows).getvalue())
    return path


def test_a_school_and_a_postcode_give_both_relations(portal, postcodes):
    assert portal("directory", "import-postcodes", postcodes, "--json")[0] == 0
    code, out, _ = portal("directory", "resolve", "--school", "birch-academy", "--postcode", "cm11aa", "--json")
    found = json.loads(out)
    assert code == 0
    assert (found["attends"]["key"], found["lives"]["key"]) == ("thurrock", "essex")
    assert {"name", "short_name", "dfe", "gss", "website", "links", "contacts"} <= found["lives"].keys()


def test_a_postcode_district_in_another_nation_says_which(portal, tmp_path):
    path = tmp_path / "NSPL_AUG_2026_UK.csv"
    rows = [
        postcode_row("CH5 1AA", "W06000005", cty="W99999999", ctry="W92000004"),
        postcode_row("CH4 8AA", "E06000050"),
        postcode_row("CH4 7AA", "W06000006", cty="W99999999", ctry="W92000004"),
    ]
    path.write_bytes(postcode_file(rows).getvalue())
    assert portal("directory", "import-postcodes", path)[0] == 0
    assert "in Wales" in portal("directory", "resolve", "--postcode", "CH5")[2]
    found = json.loads(portal("directory", "resolve", "--postcode", "CH4", "--json")[1])
    assert found["lives"]["key"] == "cheshire-west-and-chester"


def test_what_was_not_asked_is_null(portal):
    found = json.loads(portal("directory", "resolve", "--school", "alder-primary", "--json")[1])
    assert found["lives"] is None


def test_a_code_stands_for_both_relations(portal):
    found = json.loads(portal("directory", "resolve", "--authority", "882", "--on", "2021-01-01", "--json")[1])
    assert found["attends"] == found["lives"]
    assert found["lives"]["name"] == "Southend-on-Sea Borough Council"


def test_a_district_in_two_councils_gives_both_as_candidates(portal, postcodes):
    portal("directory", "import-postcodes", postcodes, "--json")
    lives = json.loads(portal("directory", "resolve", "--postcode", "SS9", "--json")[1])["lives"]
    assert lives["key"] is None
    assert {one["key"] for one in lives["candidates"]} == {"southend", "essex"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--school", "nowhere"], "There is no school 'nowhere'"),
        (["--authority", "999"], "999"),
        (["--postcode", "CF10 1AA"], "Wales"),
        (["--school", "alder-primary", "--on", "soon"], "--on"),
        ([], "Give --school"),
    ],
)
def test_a_wrong_word_ends_with_a_sentence_and_two(portal, arguments, words):
    code, out, err = portal("directory", "resolve", *arguments)
    assert (code, out) == (2, "")
    assert words in err


def test_links_are_listed_as_json(portal):
    lines = json.loads(portal("directory", "links", "--json")[1])
    assert {line["authority"] for line in lines} >= {"essex", "kent"}
    assert json.loads(portal("directory", "links", "--broken", "--json")[1]) == []


def test_an_order_is_planned_from_a_file(portal, tmp_path):
    path = tmp_path / "order.toml"
    path.write_text('on = 2028-04-01\ntitle = "One"\n[[moves]]\nfrom = "thurrock"\nto = "Estuary Council"\n')
    code, out, _ = portal("directory", "succession", "plan", path, "--json")
    plan = json.loads(out)
    assert code == 0
    assert {"school": "birch-academy", "from": "thurrock", "to": "estuary"} in plan["moves"]


def test_an_order_saved_by_another_program_is_planned_too(portal, tmp_path):
    path = tmp_path / "order.json"
    order = {"on": "2028-04-01T00:00:00", "title": "One", "moves": [{"from": "883", "to": "Estuary Council"}]}
    path.write_text(json.dumps(order), encoding="utf-8-sig")
    code, out, _ = portal("directory", "succession", "plan", path, "--json")
    assert (code, json.loads(out)["on"]) == (0, "2028-04-01")


def test_an_order_with_a_gap_says_so_and_ends_with_two(portal, tmp_path):
    path = tmp_path / "order.json"
    moves = [{"from": "essex", "to": "North Essex", "districts": ["Braintree"]}]
    path.write_text(json.dumps({"on": "2028-04-01", "title": "Gap", "moves": moves}))
    code, out, err = portal("directory", "succession", "plan", path, "--json")
    assert code == 2
    assert json.loads(out)["problems"]
    assert "given to no council" in err


def test_the_register_is_imported_twice_with_the_counts_asked_for(portal, tmp_path):
    path = tmp_path / "edubasealldata.csv"
    rows = [register_row(190001, "St John\u2019s Primary School"), register_row("x", "Bad")]
    path.write_bytes(register_file(rows).getvalue())
    dry = json.loads(portal("schools", "import-gias", path, "--dry-run", "--json")[1])
    first = json.loads(portal("schools", "import-gias", path, "--authority", "881", "--json")[1])
    again = json.loads(portal("schools", "import-gias", path, "--authority", "881", "--json")[1])
    assert (dry["created"], dry["dry_run"]) == (1, True)
    assert [first[key] for key in ("created", "updated", "converted", "closed")] == [1, 0, 0, 0]
    assert [skipped["line"] for skipped in first["skipped"]] == [3]
    assert [again[key] for key in ("created", "updated", "converted", "closed")] == [0, 0, 0, 0]
    slugs = [line["slug"] for line in json.loads(portal("school", "list", "--json")[1])]
    assert "st-johns-primary-school" in slugs


def test_the_register_is_kept_for_searching_without_making_a_school(portal, tmp_path):
    path = tmp_path / "edubasealldata.csv"
    path.write_bytes(register_file([register_row(190001, "Fir School"), register_row("x", "Bad")]).getvalue())
    report = json.loads(portal("schools", "refresh-register", path, "--json")[1])
    assert (report["schools"], report["changed"]) == (1, 1)
    assert [skipped["line"] for skipped in report["skipped"]] == [3]
    again = json.loads(portal("schools", "refresh-register", path, "--json")[1])
    assert again["changed"] == 0
    assert "fir-school" not in {line["slug"] for line in json.loads(portal("school", "list", "--json")[1])}
