"""`portal notice` as it is typed: which of a school's notices, in which language."""

import json

import pytest

from portal.core import clock
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.tenancy.scope import every_tenant


@pytest.fixture
def notice(portal, database):
    """`portal notice` where every school has its first versions."""
    with database.transaction() as session, every_tenant(session, "tests"):
        note_first_versions(session, now=clock.now())
    work = NoticeWork(database)
    while work.step(now=clock.now()):
        pass
    return lambda *words: portal("notice", *words)


def test_a_further_notice_is_shown_and_says_its_kind(notice):
    done = notice("show", "alder-primary", "--kind", "photographs", "--format", "json")
    found = json.loads(done.stdout)
    assert (found["kind"], found["title"]) == ("photographs", "Photographs and video")
    assert found["sections"][0]["clauses"][0]["key"] == "photographs.about"
    assert json.loads(notice("show", "alder-primary", "--format", "json").stdout)["kind"] == "general"
    assert "Why we take pictures" in notice("show", "alder-primary", "--kind", "photographs").stdout


def test_the_notice_is_printed_in_a_language_of_the_school(notice):
    done = notice("show", "alder-primary", "--language", "pl", "--format", "json")
    found = json.loads(done.stdout)
    assert found["language"] == "pl"
    assert {one["language"] for section in found["sections"] for one in section["clauses"]} == {"en", "pl"}
    assert "Ktoś musi odpowiadać" in notice("show", "alder-primary", "--language", "pl").stdout
    page = notice("show", "alder-primary", "--language", "pl", "--format", "html").stdout
    assert '<div lang="en" dir="ltr">' in page


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--language", "xx"), "Its languages: en, pl."),
        (("--language", "ur"), "Its languages: en, pl."),
        (("--kind", "biscuits"), "Its notices: general, photographs."),
    ],
)
def test_what_a_school_does_not_have_is_refused_with_what_it_has(notice, words, says):
    done = notice("show", "birch-academy", *words)
    assert done.exit_code == 2
    assert says in done.stderr


def test_an_empty_day_is_no_day(notice):
    done = notice("show", "birch-academy", "--on", "")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "'' is not a date" in done.stderr


def test_versions_are_listed_by_kind_with_their_languages(notice):
    rows = json.loads(notice("versions", "birch-academy", "--kind", "photographs", "--json").stdout)
    assert {(row["kind"], row["language"], row["number"]) for row in rows} == {
        ("photographs", "en", 1),
        ("photographs", "pl", 1),
    }
    assert all(len(row["sha256"]) == 64 for row in rows)
    assert notice("versions", "birch-academy", "--kind", "biscuits").exit_code == 2


def test_every_seal_of_every_kind_and_language_is_checked(notice):
    done = notice("verify", "--all", "--json")
    assert done.exit_code == 0
    assert json.loads(done.stdout)["versions"] >= 24
