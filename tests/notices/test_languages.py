"""A notice in each language that a school declares: translated where there are words, English where there are none."""

import shutil

import pytest
from sqlalchemy import func, select

from portal.core import clock
from portal.core.errors import NotFound
from portal.identity.permissions import SYSTEM
from portal.lifecycle.packs.load import load_packs
from portal.lifecycle.packs.reading import PackError
from portal.lifecycle.school_setup import keep_languages
from portal.notices.models import Translation
from portal.notices.overview import translated
from portal.notices.releases import release_named
from portal.notices.verifying import verify
from portal.settings import ROOT
from portal.tenancy.scope import every_tenant, tenant_scope

ALDER, BIRCH = "alder-primary", "birch-academy"
ACCESS = "rights.access"


def clause(notice, key):
    return next(one for one in notice.composed.clauses if one.key == key)


def load(press, packs):
    with press.database.transaction() as session, every_tenant(session, "tests"):
        return load_packs(session, packs, now=clock.now())


@pytest.fixture
def packs(tmp_path):
    return shutil.copytree(ROOT / "tenants", tmp_path / "tenants")


@pytest.fixture
def polish(packs):
    return packs / "library" / "2026-09" / "pl"


def test_a_notice_is_sealed_in_each_language_that_its_school_declares(press):
    for slug, languages in ((ALDER, ("en", "pl", "ur")), (BIRCH, ("en", "pl"))):
        for kind in ("general", "photographs"):
            sealed = {one.language for one in press.versions(slug, kind, language=None)}
            assert sealed == set(languages)


def test_a_translation_says_that_english_counts_that_nobody_checked_it_and_what_is_still_english(press):
    notice = press.notice(ALDER, language="pl")
    counts, unchecked, english = notice.preamble
    assert "angielski" in counts
    assert unchecked
    assert clause(notice, "information.held").number in english
    assert clause(notice, ACCESS).number not in english.split(": ")[1].rstrip(".").split(", ")
    assert notice.text.startswith(counts)


def test_translated_clauses_and_the_portals_own_words_are_in_the_language_and_facts_are_filled_in(press):
    notice = press.notice(ALDER, language="pl")
    assert clause(notice, "about.controller").text.startswith("Ktoś musi odpowiadać")
    assert "office@alder-primary.example" in clause(notice, "about.controller").text
    assert "To jest wersja" in clause(notice, "changes.version").text
    assert 'href="/schools/alder-primary/requests/start?lang=pl"' in clause(notice, "complaints.school").html
    assert [one.language for one in notice.composed.sections] == ["pl"] * len(notice.composed.sections)


def test_a_clause_without_a_translation_and_a_schools_own_words_stay_english(press):
    notice = press.notice(ALDER, language="pl")
    english = press.notice(ALDER)
    for key in ("information.meaning", "about.welcome"):  # Alder has words of its own for the second
        assert clause(notice, key).language == "en"
        assert clause(notice, key).text == clause(english, key).text
    assert clause(press.notice("st-thomas-of-canterbury", language="pl"), "about.welcome").language == "pl"


def test_a_clause_that_changed_is_english_until_it_is_translated_again(press, packs, polish):
    before = press.notice(BIRCH, language="pl")
    press.release("2027-01", {ACCESS: lambda text: f"{text}\n\nThis is new."})
    press.settle()
    after = press.notice(BIRCH, language="pl")
    assert clause(before, ACCESS).language == "pl"
    assert clause(after, ACCESS).language == "en"
    assert "This is new." in after.text
    assert clause(after, ACCESS).number in after.preamble[-1]
    assert press.notice(BIRCH, before.version.effective_at, language="pl").sha256 == before.sha256
    with press.database.session() as session, every_tenant(session, "tests"):
        states = {one.language: one for one in translated(session, release_named(session, "2027-01"))}
    assert states["pl"].outdated == ("Seeing the information we hold about you",)
    assert states["pl"].unchecked == states["pl"].clauses


def test_a_new_translation_makes_a_version_in_its_language_only(press, packs, polish):
    numbers = {code: press.versions(ALDER, language=code)[0].number for code in ("en", "pl", "ur")}
    (polish / "limits.sale.md").write_text(
        '+++\nkey = "limits.sale"\ntitle = "Nie sprzedajemy danych"\nchecked = true\n+++\n'
        "Nigdy nie sprzedajemy danych.\n"
    )
    load(press, packs)
    press.settle()
    assert "Nigdy nie sprzedajemy danych." in press.text(ALDER, language="pl")
    assert press.versions(ALDER, language="pl")[0].number == numbers["pl"] + 1
    assert press.versions(ALDER, language="pl")[0].reason == "A translation of the notice was added or changed."
    for code in ("en", "ur"):
        assert press.versions(ALDER, language=code)[0].number == numbers[code]


def test_translations_are_loaded_once_and_a_mended_one_follows(press, packs, polish):
    def count():
        with press.database.session() as session:
            return session.scalar(select(func.count()).select_from(Translation))

    before = count()
    assert load(press, packs).created == []
    assert count() == before
    path = polish / f"{ACCESS}.md"
    path.write_text(path.read_text().replace("Szukamy uczciwie i rozsądnie.", "Szukamy uczciwie."))
    assert load(press, packs).created == ["1 translations of clauses and titles"]
    press.settle()
    assert "Szukamy uczciwie. Pomaga" in press.text(ALDER, language="pl")


def test_a_language_that_a_school_adds_begins_then_and_has_no_past(press):
    first = press.versions(BIRCH)[-1].effective_at
    with press.database.transaction() as session:
        school = press.school(session, BIRCH)
        with tenant_scope(session, school.id):
            keep_languages(session, SYSTEM, school, ["en", "pl", "ur"], known=["en", "pl", "ur"], now=clock.now())
    shown = press.notice(BIRCH, language="ur")
    press.settle()
    (version,) = press.versions(BIRCH, language="ur")
    assert version.number == shown.version.number == 1
    assert version.effective_at > press.versions(BIRCH)[0].effective_at
    with pytest.raises(NotFound):
        press.notice(BIRCH, first, language="ur")


def test_every_seal_in_every_language_verifies(press, packs, polish):
    press.release("2027-01", {ACCESS: lambda text: f"{text}\n\nThis is new."})
    press.adapt(ALDER, "information.held", lambda text: f"{text}\n\nOurs.")
    press.settle()
    with press.database.session() as session, every_tenant(session, "tests"):
        assert verify(session).findings == ()


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("nothing.here.md", '+++\nkey = "nothing.here"\ntitle = "X"\n+++\nX.\n', "there is no clause nothing.here"),
        ("limits.sale.md", '+++\nkey = "limits.sale"\ntitle = "X"\n+++\n<b>X</b>\n', "line 5"),
        ("titles.toml", '[titles]\nnowhere = "X"\n', "there is no section nowhere"),
    ],
)
def test_a_bad_translation_names_its_file_and_the_reason(press, packs, polish, name, text, says):
    (polish / name).write_text(text)
    with pytest.raises(PackError, match=says):
        load(press, packs)


def test_a_language_that_the_portal_does_not_speak_is_refused(press, packs):
    (packs / "library" / "2026-09" / "xx").mkdir()
    with pytest.raises(PackError, match="cannot show a notice in xx"):
        load(press, packs)
