"""Checks of what a school promises against what the shared wording promises."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from portal.notices.importing.blocks import Source, read_blocks
from portal.notices.importing.editions import Edition
from portal.notices.importing.meaning import meaningful_change
from portal.notices.importing.placeholders import with_placeholders
from portal.notices.importing.words import sentences, without_label, words
from portal.notices.lint.findings import Finding
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import compiled, said


def meaning_changed(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """A sentence is almost a shared one but promises another thing, or it narrows a shared promise.

    Compared with every edition: a school's wording may have been made from an older one. `narrower` lists, for a
    clause, words that limit its promise (`limit`) in a sentence `about` its matter.
    """
    for passage in notice.passages:
        if passage.is_heading or not passage.clause:
            continue
        shared = list(_shared_sentences(context.editions, passage.clause))
        for sentence in sentences(without_label(passage.plain)):
            yield from _differences(rule, passage, sentence, shared)
            yield from _narrowed(rule, passage, sentence, context)


def _differences(rule: Rule, passage: Passage, sentence: str, shared: Sequence[tuple[str, ...]]) -> Iterator[Finding]:
    own = words(with_placeholders(sentence))
    if not shared or own in shared:
        return
    matcher = SequenceMatcher(None, autojunk=False)
    matcher.set_seq2(own)
    closest, alike = shared[0], 0.0
    for candidate in shared:
        matcher.set_seq1(candidate)
        if matcher.real_quick_ratio() > alike and matcher.quick_ratio() > alike and (ratio := matcher.ratio()) > alike:
            closest, alike = candidate, ratio
    changes = meaningful_change(closest, own)
    if changes:
        start = max(passage.plain.find(sentence), 0)
        difference = "; ".join(f"“{change.before or '-'}” became “{change.after or '-'}”" for change in changes)
        yield said(rule, passage, start, start + len(sentence), difference=difference)


def _narrowed(rule: Rule, passage: Passage, sentence: str, context: Context) -> Iterator[Finding]:
    for row in rule.asks["narrower"]:
        if row["clause"] != passage.clause:
            continue
        about, limit = compiled((row["about"], row["limit"]))
        match = limit.search(sentence)
        if match and about.search(sentence) and not _is_limited_already(row, context.editions[:1]):
            start = max(passage.plain.find(sentence), 0)
            yield said(rule, passage, start, start + len(sentence), difference=f"“{match.group(0)}”")


def _is_limited_already(row: dict[str, str], editions: Sequence[Edition]) -> bool:
    limit = compiled((row["limit"],))[0]
    clauses = [clause for edition in editions if (clause := edition.clause(row["clause"]))]
    return any(limit.search(clause.text) for clause in clauses)


def _shared_sentences(editions: Sequence[Edition], key: str) -> Iterator[tuple[str, ...]]:
    for edition in editions:
        clause = edition.clause(key)
        if clause:
            yield from _sentences_of(clause.text)


@lru_cache(maxsize=2_000)
def _sentences_of(text: str) -> tuple[tuple[str, ...], ...]:
    blocks = read_blocks(text, Source.MARKDOWN) if text.strip() else ()
    return tuple(words(sentence) for block in blocks for sentence in sentences(without_label(block.text)))


PROMISE_CHECKS = {"meaning_changed": meaning_changed}
