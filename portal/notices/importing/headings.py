"""Which unmarked lines are headings, which are items that lost their bullets, and which are lines of an address."""

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from portal.notices.importing.lines import NUMBERED, Kind, Line
from portal.notices.importing.words import ADDRESS, EMAIL, SITE, TELEPHONE, spoken, without_label

MOST_WORDS, MOST_LETTERS = 14, 110
POSTCODE = re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b")
CONTACT = re.compile(
    r"^(?:tel|telephone|phone|fax|e-?mail|address|post|website|web|call|dpo|mobile)\b\s*[:.-]?", re.IGNORECASE
)
SENTENCE_START = re.compile(
    r"^(?:we|you|they|it|please|there|this|these|he|she|i|our .*\b(?:is|are|has|have|will))\b\s", re.IGNORECASE
)
NUMBER_START = re.compile(r"^\s*(?:section\s+)?\d{1,2}(?:\.\d{1,2})*(?:[.):]|\s)\s*(?=[A-Z])", re.IGNORECASE)
GOES_ON = re.compile(r"[\s;,](?:and|or|but)$", re.IGNORECASE)
BOLD = re.compile(r"^(\*\*|__)(?=\S)[^*_]{2,120}(?<=\S)\1:?$")
LIST_RUN = 2
ADDRESS_RUN = 3
LONG_SENTENCE = 5


def settle_kinds(lines: Sequence[Line]) -> list[Line]:
    """Every line with its kind."""
    settled = list(lines)
    for run in _runs(settled):
        _settle_run(settled, run)
    return [line if line.kind else replace(line, kind=_numbered_kind(line)) for line in settled]


def could_be_heading(text: str) -> bool:
    """Whether one line, seen alone, reads like a title."""
    title = spoken(text)
    if not title or BOLD.match(text.strip()):
        return bool(title)
    bare = without_label(title, heading=True)
    if _is_contact(title) or not _is_short(bare) or title[-1] in ".;,:" or "](" in text or GOES_ON.search(title):
        return False
    if not bare[:1].isupper() and not bare[:1].isdigit() and bare[:1] not in "\"'(":
        return False
    if NUMBER_START.match(title) or title.endswith("?"):
        return True
    return not (SENTENCE_START.match(bare) and len(bare.split()) >= LONG_SENTENCE)


def _runs(lines: Sequence[Line]) -> list[list[int]]:
    """Neighbouring short lines without a kind and without a blank between them."""
    groups: list[list[int]] = []
    for is_short, indexes in groupby(range(len(lines)), key=lambda index: _is_unsettled(lines[index])):
        if not is_short:
            continue
        for index in indexes:
            if lines[index].gap or not groups or groups[-1][-1] != index - 1:
                groups.append([index])
            else:
                groups[-1].append(index)
    return groups


def _settle_run(lines: list[Line], run: list[int]) -> None:
    texts = [lines[index].text for index in run]
    if _is_address(texts):
        kinds = [Kind.PARAGRAPH] * len(run)
    elif _is_bare_list(lines, run):
        kinds = [Kind.ITEM] * len(run)
    else:
        kinds = [Kind.HEADING if could_be_heading(text) else Kind.PARAGRAPH for text in texts]
    for index, kind in zip(run, kinds, strict=True):
        if kind is Kind.HEADING and not _has_something_below(lines, index):
            lines[index] = replace(lines[index], kind=Kind.PARAGRAPH)
        elif kind is not Kind.PARAGRAPH or not NUMBERED.match(lines[index].text):
            lines[index] = replace(lines[index], kind=kind)


def _is_unsettled(line: Line) -> bool:
    return line.kind is None and _is_short(spoken(line.text))


def _is_short(text: str) -> bool:
    return len(text.split()) <= MOST_WORDS and len(text) <= MOST_LETTERS


def _is_contact(text: str) -> bool:
    return any(pattern.search(text) for pattern in (EMAIL, TELEPHONE, ADDRESS, SITE, POSTCODE, CONTACT))


def _is_address(texts: list[str]) -> bool:
    return len(texts) >= ADDRESS_RUN and any(
        POSTCODE.search(spoken(text)) or _is_contact(spoken(text)) for text in texts
    )


def _is_bare_list(lines: Sequence[Line], run: list[int]) -> bool:
    """Short lines below `...:` that lost their bullets."""
    above = lines[run[0] - 1] if run[0] else None
    if (
        len(run) >= LIST_RUN
        and above is not None
        and spoken(above.text).endswith(":")
        and above.kind in {None, Kind.PARAGRAPH}
    ):
        return not any(NUMBER_START.match(lines[index].text) for index in run)
    return len(run) > LIST_RUN and all(spoken(lines[index].text)[:1].islower() for index in run)


def _has_something_below(lines: Sequence[Line], index: int) -> bool:
    return index + 1 < len(lines)


def _numbered_kind(line: Line) -> Kind:
    return Kind.ITEM if NUMBERED.match(line.text) else Kind.PARAGRAPH
