"""Checks of a notice's build: numbers and headings, dates that have passed, translations, how hard it reads."""

import re
from collections.abc import Iterable, Iterator
from datetime import date

from portal.notices.importing.anchors import STRONG, evidence
from portal.notices.importing.lines import Kind
from portal.notices.lint.findings import Finding
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.reading import grade
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import absent, in_scope, patterns, said

NUMBER = re.compile(r"^(?:section\s+)?(\d{1,2}(?:\.\d{1,2})*)(?:[.):]+\s*|\s+)\S", re.IGNORECASE)
MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
DATE = re.compile(
    rf"(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+)?(?P<month>{'|'.join(MONTHS)})\s+(?P<year>20\d\d)"
    r"|(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>20\d\d)",
    re.IGNORECASE,
)
LEAST_NUMBERED = 3


def number_missing(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """A heading that opens a section of its own has no number while the other sections have one."""
    headings = [passage for passage in notice.passages if passage.is_heading]
    numbered = [passage for passage in headings if NUMBER.match(passage.plain)]
    if len(numbered) < LEAST_NUMBERED:
        return
    section: str | None = None
    has_begun = False
    for passage in headings:
        is_numbered = NUMBER.match(passage.plain) is not None
        if has_begun and not is_numbered and passage.place.section not in {None, section}:
            yield said(rule, passage, 0, len(passage.plain))
        has_begun = has_begun or is_numbered
        section = passage.place.section or section


def number_sequence(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """Section numbers skip or repeat."""
    before: int | None = None
    for passage in notice.passages:
        match = NUMBER.match(passage.plain) if passage.is_heading else None
        if match is None or "." in match.group(1):
            continue
        number = int(match.group(1))
        if before is not None and number not in {before + 1, 1}:
            yield said(rule, passage, 0, len(passage.plain), number=str(number), before=str(before))
        before = number


def section_missing(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """A section is referred to by a number that no heading has, where the headings are numbered."""
    matches = [NUMBER.match(passage.plain) for passage in notice.passages if passage.is_heading]
    numbers = {match.group(1) for match in matches if match}
    if len(numbers) < LEAST_NUMBERED:
        return
    for passage in notice.passages:
        if not passage.is_heading:
            for pattern in patterns(rule, "patterns"):
                for match in pattern.finditer(passage.plain):
                    if match.group(1) not in numbers:
                        yield said(rule, passage, match.start(), match.end(), number=match.group(1))


def heading_missing(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """A right is described below the heading of another right and has none of its own.

    Below a heading for all rights none needs its own.
    """
    announced = {passage.place.headed for passage in notice.passages if passage.is_heading}
    told: set[str] = set()
    for passage in notice.passages:
        key, headed = passage.place.key, passage.place.headed
        is_general = headed == f"{rule.asks['section']}.intro"
        if passage.is_heading or not key or not headed or is_general or key == headed or key in announced | told:
            continue
        if all(name.startswith(f"{rule.asks['section']}.") for name in (key, headed)) and _speaks_of(passage, key):
            told.add(key)
            yield said(rule, passage, 0, min(len(passage.plain), 1))


def expired(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """A date after words such as `until` (`patterns`) has passed."""
    for passage in in_scope(rule, notice):
        for start, end, day in _dates(passage, patterns(rule, "patterns")):
            if day < context.on:
                yield said(rule, passage, start, end, day=day.isoformat())


def hard_reading(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """The whole notice reads above the grade `most`."""
    found = grade(passage.plain for passage in notice.passages if passage.block.kind is not Kind.HEADING)
    if found is not None and found > rule.asks["most"]:
        yield absent(rule, grade=f"{found:.1f}", most=str(rule.asks["most"]))


def hard_paragraph(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """One paragraph reads above the grade `most`."""
    for passage in notice.passages:
        found = grade([passage.plain]) if passage.block.kind is Kind.PARAGRAPH else None
        if found is not None and found > rule.asks["most"]:
            yield said(rule, passage, 0, len(passage.plain), grade=f"{found:.1f}", most=str(rule.asks["most"]))


def stale_translation(rule: Rule, _notice: Notice, context: Context) -> Iterable[Finding]:
    for translation in context.translations:
        if translation.is_stale:
            message = rule.message.format(language=translation.language)
            yield Finding(rule.id, rule.severity, message, rule.source, clause=translation.clause)


def _speaks_of(passage: Passage, key: str) -> bool:
    return evidence(passage.block.plain).get(key, 0.0) >= STRONG


def _dates(passage: Passage, before: Iterable[re.Pattern[str]]) -> Iterator[tuple[int, int, date]]:
    for pattern in before:
        for lead in pattern.finditer(passage.plain):
            match = DATE.match(passage.plain, lead.end())
            if match and (day := _day(match)):
                yield lead.start(), match.end(), day


def _day(match: re.Match[str]) -> date | None:
    """The last day that a written date can mean; None for one that no calendar has."""
    try:
        if match["m"]:
            return date(int(match["y"]), int(match["m"]), int(match["d"]))
        month = MONTHS.index(match["month"].lower()) + 1
        return date(int(match["year"]), month, int(match["day"] or 28))
    except ValueError:
        return None


STRUCTURE_CHECKS = {
    "number_missing": number_missing,
    "number_sequence": number_sequence,
    "section_missing": section_missing,
    "heading_missing": heading_missing,
    "expired": expired,
    "hard_reading": hard_reading,
    "hard_paragraph": hard_paragraph,
    "stale_translation": stale_translation,
}
