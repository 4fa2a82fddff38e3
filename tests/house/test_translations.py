"""The catalogues hold what the code says, their sentences fit, and the public pages speak Polish and Urdu."""

import inspect
import re
import shlex
from gettext import GNUTranslations
from html import unescape
from io import BytesIO
from pathlib import Path

import pytest
from babel.dates import format_date
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.frontend import CommandLineInterface
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask.testing import FlaskClient
from sqlalchemy import select

from portal.casework.models import Case
from portal.outbox.models import Letter
from portal.settings import ROOT
from portal.tenancy.scope import every_tenant
from portal.web.forms import cases, councils, notices, recording
from portal.web.languages import ENGLISH, LANGUAGES

FOLDER = ROOT / "translations"
TRANSLATED = sorted(set(LANGUAGES) - {ENGLISH})
PLURAL_FORMS = {"pl": {0: (1,), 1: (2, 3, 4, 22), 2: (0, 5, 11, 12, 20, 25)}, "ur": {0: (1,), 1: (0, 2, 5, 11)}}
PLACES = re.compile(r"%\((\w+)\)[sd]|%\{(\w+)\}")

PUBLIC_TEXTS = (
    "portal/templates/public/",
    "portal/templates/errors/",
    "portal/templates/components/clock.html",
    "portal/templates/components/diff.html",
    "portal/templates/components/forms.html",
    "portal/templates/components/page.html",
    "portal/templates/layout.html",
    "portal/templates/shared/case/files.html",
    "portal/web/public/",
    "portal/web/forms/fields.py",
    "portal/web/forms/intake.py",
    "portal/casework/clock/wording.py",
    "portal/casework/file_kinds.py",
    "portal/casework/files.py",
    "portal/casework/kinds.py",
    "portal/casework/once.py",
    "portal/casework/presenting.py",
    "portal/casework/requester.py",
    "portal/core/text.py",
    "portal/directory/postcodes.py",
    "portal/notices/diff.py",
)
PUBLIC_FORMS = (
    cases.AdmissionForm,
    cases.FilesForm,
    cases.ReferenceForm,
    cases.RequesterMessageForm,
    councils.WrongLinkForm,
    notices.SubscriptionForm,
    recording.BreachForm,
    recording.WhenForm,
)
ANSWERS = {
    "start": {"goal": "see"},
    "kind": {"kind": "access"},
    "who": {"relationship": "child"},
    "person": {"subject_name": "Anil Patel", "connection": "mother", "responsibility": "yes"},
    "details": {"details": "E-mails about Anil"},
    "name": {"requester_name": "Priya Patel"},
    "contact": {"email": "priya@example.org", "telephone": "01632 960001"},
    "answer": {"answer_form": "any"},
}
SCHOOL = "/schools/alder-primary"

pages_in = pytest.mark.parametrize(("backend", "language"), [("sqlite", language) for language in TRANSLATED])
each_language = pytest.mark.parametrize("language", TRANSLATED)


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make translations` would collect now."""
    [arguments] = re.findall(r"pybabel -q extract (.*) -o \S+ \.$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = tmp_path_factory.mktemp("catalogue") / "messages.pot"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run(["pybabel", "-q", "extract", *shlex.split(arguments), "-o", str(made), "."])
    return catalogue(made)


def catalogue(path: Path, language: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=language)


def translations(language: str) -> Catalog:
    return catalogue(FOLDER / language / "LC_MESSAGES" / "messages.po", language)


def ids(source: Catalog) -> set[tuple[str, ...]]:
    return {source_forms(message) for message in source if message.id}


def source_forms(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def translated_forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def is_translated(message: Message) -> bool:
    return all(translated_forms(message))


def public_messages(source: Catalog) -> set[str]:
    """The first form of every text that somebody without an account can meet."""
    from_files = {
        source_forms(message)[0]
        for message in source
        if message.id and any(place.startswith(PUBLIC_TEXTS) for place, _line in message.locations)
    }
    return from_files | {text for form in PUBLIC_FORMS for text in texts_of(form)}


def texts_of(form: type) -> set[str]:
    source = BytesIO(inspect.getsource(form).encode())
    return {str(text) for _line, text, _comments, _context in extract("python", source)}


def test_the_source_catalogue_holds_exactly_what_the_code_says(extracted):
    committed = catalogue(FOLDER / "messages.pot")
    assert not ids(extracted) - ids(committed), "run `make translations` and commit the catalogues"
    assert not ids(committed) - ids(extracted), "run `make translations` and commit the catalogues"


def test_texts_of_templates_of_forms_and_of_rooms_are_collected(extracted):
    places = {place for message in extracted for place, _line in message.locations}
    assert {"portal/templates/layout.html", "portal/web/forms/intake.py", "portal/casework/kinds.py"} <= places
    assert any(len(forms) == 2 for forms in ids(extracted))


@each_language
def test_every_text_has_its_line_in_each_catalogue(language):
    assert ids(translations(language)) == ids(catalogue(FOLDER / "messages.pot"))


def test_no_catalogue_tells_of_the_machine_or_the_hour():
    for path in FOLDER.rglob("*.po*"):
        text = path.read_text(encoding="utf-8")
        assert str(ROOT) not in text
        assert not re.search(r"^#: (?!portal/)", text, re.MULTILINE)
        assert not re.search(r"-Date: (?!2026-01-01 00:00\+0000)", text)


@each_language
def test_every_place_to_fill_stands_in_the_translation_too(language):
    for message in filter(is_translated, translations(language)):
        wanted = {name for form in source_forms(message) for name in PLACES.findall(form)}
        for form in translated_forms(message) if message.id else ():
            assert set(PLACES.findall(form)) == wanted, message.id


@each_language
def test_a_translation_keeps_the_lines_of_its_source(language):
    """A letter's blank line is where a person writes; a stray one would break its list."""
    for message in filter(is_translated, translations(language)):
        for form in translated_forms(message) if message.id else ():
            assert form.count("\n") == source_forms(message)[0].count("\n"), message.id


@each_language
def test_the_catalogue_has_no_error_and_compiles(language):
    source = translations(language)
    assert not list(source.check())
    binary = BytesIO()
    write_mo(binary, source)
    binary.seek(0)
    made = GNUTranslations(binary)
    assert made.gettext("Find a school") == source.get("Find a school").string


@each_language
def test_numbers_take_the_form_their_language_asks_for(language):
    source = translations(language)
    binary = BytesIO()
    write_mo(binary, source)
    binary.seek(0)
    made = GNUTranslations(binary)
    forms = source.get("%(num)d school found").string
    assert len(forms) == source.num_plurals == len(PLURAL_FORMS[language])
    for form, numbers in PLURAL_FORMS[language].items():
        for number in numbers:
            assert made.ngettext("%(num)d school found", "%(num)d schools found", number) == forms[form], number


@each_language
def test_everything_that_the_public_can_meet_is_translated(extracted, language):
    source = translations(language)
    missing = {text for text in public_messages(extracted) if (found := source.get(text)) and not is_translated(found)}
    assert not missing


@each_language
def test_latin_words_in_a_sentence_from_right_to_left_are_kept_apart_from_it(language):
    """U+2068 and U+2069 around what may be in Latin letters: without them a mark or a number jumps to the wrong end."""
    latin = {"school", "reference", "name", "email", "address", "code", "title"}
    for message in filter(is_translated, translations(language)) if LANGUAGES[language].direction == "rtl" else ():
        for form in translated_forms(message) if message.id else ():
            assert not latin & set(re.findall(r"(?<!\u2068)%\((\w+)\)s", form)), form


def test_public_templates_look_up_only_words_of_the_house():
    """In templates gettext gives markup and fills places, so what a person typed has to be escaped first."""
    constants = {"case.state", "case.kind", "entry.message", "look_up.problem", "problem"}
    for path in (ROOT / "portal" / "templates" / "public").rglob("*.html"):
        for words in re.findall(r"\b_\((?![\"'])([^)]*)\)", path.read_text()):
            assert words in constants or "| e |" in words, f"{path.name}: {words}"


def words_of(html: str) -> str:
    """What a person reads: no tags, no scripts, one space between words."""
    plain = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(plain))


def read(client: FlaskClient, path: str, language: str, status: int = 200) -> str:
    answer = client.get(path if "lang=" in path else f"{path}{'&' if '?' in path else '?'}lang={language}")
    assert answer.status_code == status
    page = str(answer.get_data(as_text=True))
    speaks(page, language)
    return page


def speaks(page: str, language: str) -> None:
    """The page says which language it is in, says that nobody checked it, and holds no sentence left in English."""
    direction = LANGUAGES[language].direction
    assert f'lang="{language}" dir="{direction}"' in page
    assert ("portal.rtl.css" in page) is (direction == "rtl")
    text = words_of(page)
    source = translations(language)
    assert (
        source.get(
            "This translation has not been checked by a person yet. The English text is the one that counts."
        ).string
        in text
    )
    whole = {
        message.id
        for message in source
        if isinstance(message.id, str) and message.id.count(" ") > 2 and is_translated(message)
    }
    assert not {sentence for sentence in whole if sentence in text and not PLACES.search(sentence)}


def ask(client: FlaskClient, language: str) -> str:
    """Answer every question, reading each page; returns the address of the page to check."""
    where = f"{SCHOOL}/requests/start?lang={language}"
    while "/check" not in where:
        page = read(client, where, language)
        token = re.search(r'name="csrf_token" value="([^"]+)"', page).group(1)
        step = where.split("?", maxsplit=1)[0].rpartition("/")[2]
        answer = client.post(where, data={"csrf_token": token, **ANSWERS[step]})
        assert answer.status_code == 302
        where = answer.location
        assert f"lang={language}" in where
    return where


@pages_in
def test_the_way_to_a_school_is_in_the_readers_language(client, language):
    source = translations(language)
    assert source.get("Your child’s school and your information").string in words_of(read(client, "/", language))
    found = words_of(read(client, "/find?q=alder primary", language))
    assert source.get("%(num)d school found").string[0] % {"num": 1} in found
    assert source.get("Read our privacy notice").string in words_of(read(client, SCHOOL, language))
    for path in ("/privacy", "/accessibility", "/requests", "/councils", f"{SCHOOL}/privacy-notice/versions"):
        read(client, path, language)
    assert source.get("There is no such page").string in words_of(read(client, "/schools/none", language, 404))


@pages_in
def test_a_request_is_asked_checked_and_sent_in_the_readers_language(client, database, language):
    check = ask(client, language)
    page = read(client, check, language)
    hidden = {
        name: re.search(rf'name="{name}" value="([^"]*)"', page).group(1) for name in ("csrf_token", "key", "seen")
    }
    sent = words_of(read(client, client.post(check, data=hidden).location, language))
    with database.session() as session, every_tenant(session, "tests"):
        case = session.scalars(select(Case)).one()
        [letter] = session.scalars(select(Letter).where(Letter.recipient == "priya@example.org"))
    assert case.language == language
    assert case.reference in sent
    day = format_date(case.due_on, "EEEE d MMMM y", locale=language)
    assert day in sent
    assert day in letter.body
    assert "received" not in letter.body
    assert case.reference in letter.subject


@pages_in
def test_what_is_wrong_with_an_answer_is_said_in_the_readers_language(client, language):
    where = f"{SCHOOL}/requests/start?lang={language}"
    token = re.search(r'name="csrf_token" value="([^"]+)"', read(client, where, language)).group(1)
    page = client.post(where, data={"csrf_token": token}).get_data(as_text=True)
    speaks(page, language)
    assert translations(language).get("Choose what you would like to happen.").string in words_of(page)
