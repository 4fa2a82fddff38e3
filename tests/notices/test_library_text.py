"""What the shared wording promises about itself: plain, our own, and true to the law of its day."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pyphen
import pytest

from portal.lifecycle.packs.reading import read_headed
from portal.notices.sentences import to_sentences
from portal.settings import ROOT

TENANTS = ROOT / "tenants"
RELEASES = sorted(folder.name for folder in (TENANTS / "library").iterdir() if folder.is_dir())
NEWEST = max(name for name in RELEASES if name.startswith("20"))
LONGEST_SENTENCE = 35
SHARED_RUN = 8
FACTS = {
    "school.name": "Alder Primary School",
    "controller.name": "the governing body of Alder Primary School",
    "dpo.name": "Data Protection Officer",
    "regulator.name": "Information Commissioner’s Office",
    "service.name": "Information Governance Service for Schools",
    "trust.name": "Rowan Trust",
}
AMERICAN = (
    r"analyz|authoriz|behavior|center\b|color|counsel(?:ed|ing)|defense|enroll|favor|fulfill|honor|judgment|labeled"
    r"|licens(?:e\b)|organiz|program\b|realiz|recogniz|traveled"
)
OBSOLETE = (
    r"Local Education Authority|\bLEA\b|Twitter|Wycliffe|(?<!data protection )(?:privacy )?impact assessment"
    r"|service specific notice|Data Protection Act 1998|Southend Borough|Primary Care Trust|the Organisation\b"
)
COUNCILS = r"Essex|Southend|Thurrock|Kent|Redbridge|Havering|Nottingham|Slough"

_SYLLABLES = pyphen.Pyphen(lang="en_GB", left=1, right=1)


@dataclass(frozen=True)
class Clause:
    release: str
    key: str
    head: dict
    body: str

    def __str__(self):
        return f"{self.release}/{self.key}"


def read_release(name: str) -> list[Clause]:
    found = []
    for path in sorted((TENANTS / "library" / name).glob("*.md")):
        head, body, _ = read_headed(path)
        found.append(Clause(name, path.stem, head, body))
    return found


CLAUSES = [clause for name in RELEASES for clause in read_release(name)]
TEXTS = {str(clause): clause.body for clause in CLAUSES} | {
    str(path.relative_to(TENANTS)): read_headed(path)[1] for path in sorted(TENANTS.glob("schools/*/overrides/*.md"))
}


def found_in_texts(pattern: str) -> dict[str, list[str]]:
    """Where the pattern stands in the text as readers meet it, by clause or override."""
    found = {name: re.findall(pattern, spoken(text)) for name, text in TEXTS.items()}
    return {name: hits for name, hits in found.items() if hits}


def spoken(text: str) -> str:
    """As a reader meets it: facts filled in, blocks and marks left out."""
    text = re.sub(r"(?m)^\{\{ \w+ \}\}$", "", text)
    text = re.sub(r"\{\{ see [\w.-]+ \}\}", "section 6", text)
    text = re.sub(r"\{\{ ([\w.]+) \}\}", lambda match: FACTS.get(match[1], "the office"), text)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("*", "")


def sentences(text: str) -> list[str]:
    """Items of a list and cells of a table each stand as a sentence of their own."""
    found = []
    for line in spoken(text).splitlines():
        bare = re.sub(r"^\s*(?:- |\d+\. |#+ )?", "", line)
        cells = [] if re.fullmatch(r"[|\s:-]*", bare) else bare.strip("|").split("|") if "|" in bare else [bare]
        found += [one for cell in cells for one in re.split(r"(?<=[.!?])\s+", cell.strip()) if one]
    return found


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower().replace("’", "'").replace("‘", "'"))


def reading_grade(text: str) -> float:
    """Flesch-Kincaid grade; a British reading age is about five years more."""
    parts = sentences(text)
    spoken_words = [word for part in parts for word in re.findall(r"[\w’'-]+", part)]
    syllables = sum(len(_SYLLABLES.positions(word)) + 1 for word in spoken_words)
    return 0.39 * len(spoken_words) / len(parts) + 11.8 * syllables / len(spoken_words) - 15.59


def runs(text: str) -> set[tuple[str, ...]]:
    said = words(text)
    return {tuple(said[start : start + SHARED_RUN]) for start in range(len(said) - SHARED_RUN + 1)}


@pytest.fixture(scope="module")
def old_notices(shared: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted((shared / "seeds").glob("*.txt"))}


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_as_a_whole_reads_at_grade_eight_or_below(release):
    assert reading_grade("\n".join(clause.body for clause in read_release(release))) <= 8


def test_no_clause_reads_above_grade_ten():
    assert {name: grade for name, text in TEXTS.items() if text.strip() and (grade := reading_grade(text)) > 10} == {}


def test_the_measure_finds_the_old_notices_harder_than_the_library(old_notices):
    ours = reading_grade("\n".join(clause.body for clause in read_release(NEWEST)))
    assert all(reading_grade(text) > ours + 3 for text in old_notices.values())


def test_no_sentence_is_longer_than_a_breath():
    assert [one for text in TEXTS.values() for one in sentences(text) if len(one.split()) > LONGEST_SENTENCE] == []


def test_no_eight_words_in_a_row_come_from_an_old_notice(old_notices):
    theirs = set().union(*(runs(text) for text in old_notices.values()))
    assert {name: shared for name, text in TEXTS.items() if (shared := runs(text) & theirs)} == {}


def test_text_is_stored_one_sentence_a_line():
    assert [name for name, text in TEXTS.items() if to_sentences(text) != text.strip("\n")] == []


def test_writing_is_asked_for_only_where_the_law_asks_for_it():
    """SI 2005/1437 reg 5 wants a written request for the educational record; nothing else does."""
    found = found_in_texts(r"in writing|written (?:request|application)|must write")
    assert {name.rpartition("/")[2] for name in found} == {"rights.educational-record"}


def test_nobody_agrees_to_anything_by_using_a_website():
    assert found_in_texts(r"(?i)by (?:using|visiting|continuing)|continu\w+ to use|deemed to") == {}


def test_link_words_say_where_they_lead():
    labels = {label for text in TEXTS.values() for label in re.findall(r"\[([^\]]*)\]\(", text)}
    assert labels
    assert [label for label in labels if len(label.split()) < 3] == []
    assert found_in_texts(r"(?i)click here|follow this link|\(here\)") == {}


def test_spelling_is_british():
    assert found_in_texts(AMERICAN) == {}


def test_no_abolished_body_name_or_term_is_used():
    assert found_in_texts(OBSOLETE) == {}


def test_places_are_named_by_section_and_not_by_position():
    assert found_in_texts(r"(?i)\b(?:above|below|overleaf|opposite|on the (?:left|right))\b") == {}


def test_contacts_people_and_councils_come_from_facts():
    assert found_in_texts(r"\S+@\S+|\d{5,}|\b\d{4} \d{3}\b|\b(?:Mr|Mrs|Ms|Dr)\b") == {}
    assert found_in_texts(COUNCILS) == {}


def test_no_template_words_are_left_over():
    assert found_in_texts(r"[\[\]{}]|\bTBC\b|\bXX+\b") == {}


def test_the_data_protection_officer_is_a_role_and_not_a_person():
    service = tomllib.loads((TENANTS / "service.toml").read_text(encoding="utf-8"))
    assert service["dpo"]["name"].startswith("Data Protection Officer")


def test_state_schools_never_rely_on_legitimate_interests():
    """UK GDPR Art 6(1), second paragraph: not for public authorities in the performance of their tasks."""
    said = [line for clause in CLAUSES for line in clause.body.splitlines() if "legitimate interests" in line]
    assert said
    assert all("never rely on" in line for line in said)


def test_every_clause_names_the_law_it_relies_on():
    assert [str(clause) for clause in CLAUSES if not clause.head["law"]] == []


def test_the_newest_release_states_the_law_of_2026():
    """DUAA 2025: s80 (5 Feb 2026), s103 (19 June 2026), Sch 7 (5 Feb 2026); PECR Sch A1 (5 Feb 2026)."""
    newest = {clause.key: clause for clause in read_release(NEWEST)}
    laws = {law for clause in newest.values() for law in clause.head["law"]}
    assert laws.isdisjoint({"UK GDPR Art 77", "UK GDPR Art 22"})
    assert "within 30 days" in newest["complaints.school"].body.lower()
    assert "at any time" in newest["complaints.regulator"].body
    assert "not be materially lower" in newest["transfers.abroad"].body
    for safeguard in ("tell you", "your side", "person", "challenge"):
        assert safeguard in newest["rights.automated"].body
    assert "count how people use" in newest["cookies.school-site"].body


def test_the_older_release_does_not_state_the_law_of_2026():
    older = {clause.key: clause for clause in read_release("2025-09")}
    assert "DPA 2018 s164A" not in older["complaints.school"].head["law"]
    assert "30 days" not in older["complaints.school"].body
    assert older["rights.automated"].head["law"] == ["UK GDPR Art 13(2)(f)", "UK GDPR Art 22"]
