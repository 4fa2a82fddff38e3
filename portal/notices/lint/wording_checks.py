"""Checks that look for words: patterns, terms with their replacement, gaps and left-overs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

from portal.notices.importing.placeholders import BLOCKS, OWN
from portal.notices.lint.findings import Finding, Fix
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule

GAP = re.compile(
    r"\[(?!\s*\]|x\]|\d+\])[^\[\]\n]{2,120}\](?!\()|<<[^<>]{2,60}>>|<(?:insert|enter|add)\b[^<>]{0,60}>|_{4,}|\bX{4,}\b",
    re.IGNORECASE,
)


def said(rule: Rule, passage: Passage, start: int, end: int, fix: Fix | None = None, **values: str) -> Finding:
    """A finding about some characters of a passage, shown as the whole sentences around them."""
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        message=rule.message.format(**values).strip() if values else rule.message,
        source=rule.source,
        clause=passage.clause,
        line=passage.block.line,
        text=passage.sentences_at(start, end),
        fix=fix,
    )


def absent(rule: Rule, **values: str) -> Finding:
    message = rule.message.format(**values) if values else rule.message
    return Finding(rule.id, rule.severity, message, rule.source)


def patterns(rule: Rule, name: str) -> tuple[re.Pattern[str], ...]:
    return compiled(tuple(rule.asks.get(name, ())))


@lru_cache(maxsize=2_000)
def compiled(sources: Sequence[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def in_scope(rule: Rule, notice: Notice) -> Iterator[Passage]:
    """The passages a rule looks at: `clauses` or `sections` narrow them, `except_clauses` leaves some out."""
    clauses, sections = set(rule.asks.get("clauses", ())), set(rule.asks.get("sections", ()))
    left_out = set(rule.asks.get("except_clauses", ()))
    for passage in notice.passages:
        is_in = not (clauses or sections) or passage.clause in clauses or passage.place.section in sections
        if is_in and passage.clause not in left_out and not (passage.is_heading and rule.asks.get("not_headings")):
            yield passage


def says(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """`patterns` found in a passage; `unless` excuses a sentence, `unless_anywhere` the whole notice."""
    if any(pattern.search(notice.text) for pattern in patterns(rule, "unless_anywhere")):
        return
    for passage in in_scope(rule, notice):
        for start, end in _matches(rule, passage):
            yield said(rule, passage, start, end)


def terms(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """Words of the table `terms` (find, instead, why); a fix is offered where `instead` fits word for word."""
    for passage in in_scope(rule, notice):
        for term in rule.asks["terms"]:
            for match in compiled((term["find"],))[0].finditer(passage.plain):
                if not _is_excused(term, passage, match):
                    yield said(
                        rule,
                        passage,
                        match.start(),
                        match.end(),
                        _fix(passage, match.group(0), term.get("instead", "")),
                        found=match.group(0),
                        instead=term.get("instead", ""),
                        why=term.get("why", ""),
                        advice=f"Write “{term['instead']}”." if term.get("instead") else "",
                    )


def gaps(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Places that somebody should have filled in. In our own library `{{ ... }}` is how a fact is written."""
    for passage in notice.passages:
        for match in GAP.finditer(passage.plain):
            yield said(rule, passage, match.start(), match.end(), gap=match.group(0))
        if not context.is_library:
            for match in OWN.finditer(passage.plain):
                if match.group(1) not in BLOCKS:
                    yield said(rule, passage, match.start(), match.end(), gap=match.group(0))


def _matches(rule: Rule, passage: Passage) -> Iterator[tuple[int, int]]:
    excuses = patterns(rule, "unless")
    ends = -1
    found = sorted(match.span() for pattern in patterns(rule, "patterns") for match in pattern.finditer(passage.plain))
    for start, end in found:
        sentence = passage.sentences_at(start, end)
        if start >= ends and not any(excuse.search(sentence) for excuse in excuses):
            ends = end
            yield start, end


def _is_excused(term: Mapping[str, str], passage: Passage, match: re.Match[str]) -> bool:
    excuse = term.get("unless")
    return bool(excuse and compiled((excuse,))[0].search(passage.sentences_at(match.start(), match.end())))


def _fix(passage: Passage, old: str, new: str) -> Fix | None:
    """An exchange that keeps a capital letter; none where the source writes the words otherwise."""
    if not new or old not in passage.block.text:
        return None
    return Fix(old, new[:1].upper() + new[1:] if old[:1].isupper() else new)


WORDING_CHECKS = {"says": says, "terms": terms, "gaps": gaps}
