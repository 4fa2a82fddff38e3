"""Checks of what a school promises against what the shared wording promises."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from portal.notices.importing.blocks import Source, read_blocks
from portal.notices.importing.editions import Edition
from portal.notices.importing.lines import Kind
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
        is_row = passage.block.kind is Kind.ROW
        shared = list(_shared_sentences(context.editions, passage.clause, is_row=is_row))
        for sentence in (passage.plain,) if is_row else sentences(without_label(passage.plain)):
            found = list(_differences(rule, passage, sentence, shared))
            yield from found or _narrowed(rule, passage, sentence, context)


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


def _shared_sentences(editions: Sequence[Edition], key: str, *, is_row: bool) -> Iterator[tuple[str, ...]]:
    for edition in editions:
        clause = edition.clause(key)
        if clause:
            yield from _sentences_of(clause.text, is_row=is_row)


@lru_cache(maxsize=2_000)
def _sentences_of(text: str, *, is_row: bool) -> tuple[tuple[str, ...], ...]:
    """A row of a table is compared with rows alone, and as a whole."""
    blocks = read_blocks(text, Source.MARKDOWN) if text.strip() else ()
    if is_row:
        return tuple(block.words for block in blocks if block.kind is Kind.ROW)
    return tuple(
        words(sentence)
        for block in blocks
        if block.kind is not Kind.ROW
        for sentence in sentences(without_label(block.text))
    )


PROMISE_CHECKS = {"meaning_changed": meaning_changed}
