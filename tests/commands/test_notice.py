"""`portal notice` as it is typed: which of a school's notices, in which language."""

import json

import pytest
from click.testing import CliRunner

from portal.cli import main
from portal.core import clock
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.tenancy.scope import every_tenant


@pytest.fixture
def portal(settings, database, monkeypatch):
    for name, value in {
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_OWNER_URL": settings.database_owner_url or "",
        "PORTAL_DATA_DIR": str(settings.data_dir),
        "PORTAL_SECRET_KEY": settings.secret_keys[0],
    }.items():
        monkeypatch.setenv(name, value)
    with database.transaction() as session, every_tenant(session, "tests"):
        note_first_versions(session, now=clock.now())
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass
    return lambda *words: CliRunner().invoke(main, ["notice", *words])


def test_a_further_notice_is_shown_and_says_its_kind(portal):
    done = portal("show", "alder-primary", "--kind", "photographs", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["kind"], found["title"]) == ("photographs", "Photographs and video")
    assert found["sections"][0]["clauses"][0]["key"] == "photographs.about"
    assert json.loads(portal("show", "alder-primary", "--format", "json").stdout)["kind"] == "general"
    assert "Why we take pictures" in portal("show", "alder-primary", "--kind", "photographs").stdout


def test_the_notice_is_printed_in_a_language_of_the_school(portal):
    done = portal("show", "alder-primary", "--language", "pl", "--format", "json")
    found = json.loads(done.stdout)
    assert found["language"] == "pl"
    assert {one["language"] for section in found["sections"] for one in section["clauses"]} == {"en", "pl"}
    assert "Ktoś musi odpowiadać" in portal("show", "alder-primary", "--language", "pl").stdout
    page = portal("show", "alder-primary", "--language", "pl", "--format", "html").stdout
    assert '<div lang="en" dir="ltr">' in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--language", "xx"), "Its languages: en, pl."),
        (("--language", "ur"), "Its languages: en, pl."),
        (("--kind", "biscuits"), "Its notices: general, photographs."),
    ],
)
def test_what_a_school_does_not_have_is_refused_with_what_it_has(portal, words, says):
    done = portal("show", "birch-academy", *words)
    assert done.exit_code == 2
    assert says in done.stderr


def test_versions_are_listed_by_kind_with_their_languages(portal):
    rows = json.loads(portal("versions", "birch-academy", "--kind", "photographs", "--json").stdout)
    assert {(row["kind"], row["language"], row["number"]) for row in rows} == {
        ("photographs", "en", 1),
        ("photographs", "pl", 1),
    }
    assert all(len(row["sha256"]) == 64 for row in rows)
    assert portal("versions", "birch-academy", "--kind", "biscuits").exit_code == 2


def test_every_seal_of_every_kind_and_language_is_checked(portal):
    done = portal("verify", "--all", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["versions"] >= 24
