"""Checks that look for words: patterns, terms with their replacement, gaps and left-overs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any

from portal.notices.importing.lines import Kind
from portal.notices.importing.placeholders import BLOCKS, OWN
from portal.notices.importing.words import addresses
from portal.notices.lint.findings import Finding, Fix
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule

GAP = re.compile(
    r"\[(?!\s*\]|x\]|\d+\]|see\b|(?:sic|i|we|you|he|she|it|they|the|a|an|our|your|his|her|its|their)\])[^\[\]\n]{2,120}\](?!\()"
    r"|(?<=\w )\[ ?\](?=[.,;)]|$)|<<[^<>]{2,60}>>|<(?:insert|enter|add)\b[^<>]{0,60}>"
    r"|\(insert\b[^()]{0,60}\)"
    r"|\((?:please )?(?:enter|add|type) (?:the |your )?(?:school|name|e-?mail|phone|number|contact)[^()]{0,60}\)"
    r"|(?-i:\bINSERT(?: [A-Z]+)+\b|\bTB[AC]\b)|\bx{3,}(?=[@.]\w)|%[a-z]+(?:_[a-z]+)+%"
    r"|(?<![/@.\w-])(?:school|academy|trust|dpo)_\w+\b(?![\w@/.-]*[@/])"
    r"|<(?:[\w' -]{1,40} )?(?:name|school|academy|e-?mail|telephone|phone|number|date|trust|council|website)"
    r"(?: [\w' -]{1,40})?>"
    r"|(?<!\{)\{[A-Za-z][\w' .-]{1,50}\}(?!\})|_{4,}|\bX{4,}\b",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"\ban? $", re.IGNORECASE)
NAME_GOES_ON = re.compile(r" (?:(?:for|of|and|the|in|at)\s+){0,2}[A-Z]")


def said(rule: Rule, passage: Passage, start: int, end: int, fix: Fix | None = None, **values: str) -> Finding:
    """A finding about some characters of a passage, shown as the whole sentences around them."""
    text = passage.sentences_at(start, end)
    return Finding(
        rule=rule.id,
        severity=rule.severity,
        message=rule.message.format(**values).strip() if values else rule.message,
        source=rule.source,
        clause=passage.clause,
        line=passage.block.line,
        text=text,
        fix=replace(fix, within=text) if fix else None,
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


def on_topic(rule: Rule, notice: Notice, wanted: Sequence[re.Pattern[str]]) -> Iterator[tuple[Passage, re.Match[str]]]:
    """Where `wanted` is said of the rule's matter: `about` stands in the sentence, its lead-in or its heading.

    `not_about` in the sentence says that it speaks of something else. Without `about` every place counts.
    """
    about, other = patterns(rule, "about"), patterns(rule, "not_about")
    heading = lead_in = ""
    for passage in notice.passages:
        if passage.is_heading:
            heading, lead_in = passage.plain, ""
        for match in (match for pattern in wanted for match in pattern.finditer(passage.plain)):
            sentence = passage.sentences_at(*match.span())
            around = (sentence, passage.plain, lead_in, heading)
            is_ours = not about or any(pattern.search(text) for pattern in about for text in around)
            if is_ours and not any(pattern.search(sentence) for pattern in other):
                yield passage, match
        if not passage.is_heading and passage.block.kind is not Kind.ITEM:
            lead_in = passage.plain


def says(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """`patterns` found in a passage; `unless` excuses a sentence, `unless_anywhere` the whole notice.

    What excuses the whole notice must speak of the rule's matter (`about`).
    """
    if any(passage for passage, _ in on_topic(rule, notice, patterns(rule, "unless_anywhere"))):
        return
    for passage in in_scope(rule, notice):
        for start, end in _matches(rule, passage):
            yield said(rule, passage, start, end)


def terms(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """Words of the table `terms` (find, instead, why), never inside an address.

    `instead` may take up groups of `find`. A fix is offered where it fits word for word. `unless` excuses a sentence,
    `unless_name` a capitalised name, and `keep_if` in the sentence says that an exchange would change its sense.
    """
    excuses = patterns(rule, "unless")
    for passage in in_scope(rule, notice):
        kept = addresses(passage.plain)
        for term in rule.asks["terms"]:
            for match in compiled((term["find"],))[0].finditer(passage.plain):
                sentence = passage.sentences_at(*match.span())
                is_excused = any(excuse.search(sentence) for excuse in (*excuses, *_term_patterns(term, "unless")))
                is_name = rule.asks.get("unless_name") and _is_name(passage.plain, match)
                if not is_excused and not is_name and not any(low <= match.start() < high for low, high in kept):
                    yield _term(rule, term, passage, match)


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


def _term(rule: Rule, term: Mapping[str, Any], passage: Passage, match: re.Match[str]) -> Finding:
    instead = match.expand(term.get("instead", ""))
    return said(
        rule,
        passage,
        match.start(),
        match.end(),
        _fix(term, passage, match, instead),
        found=match.group(0),
        instead=instead,
        why=term.get("why", ""),
        advice=f"Write “{instead}”." if instead else "",
    )


def _term_patterns(term: Mapping[str, Any], name: str) -> tuple[re.Pattern[str], ...]:
    return compiled((term[name],)) if term.get(name) else ()


def _is_name(plain: str, match: re.Match[str]) -> bool:
    """A capital letter within a sentence, or one that a capitalised word follows, as in `Center for Civics`."""
    if not match.group(0)[:1].isupper() or match.group(0).isupper():
        return False
    before, after = plain[: match.start()].rstrip("\"'([*_ "), plain[match.end() :]
    is_first = not before or before[-1] in ".!?:;|-"
    return not is_first or NAME_GOES_ON.match(after) is not None


def _fix(term: Mapping[str, Any], passage: Passage, match: re.Match[str], new: str) -> Fix | None:
    """An exchange that keeps the capitals; none where the source, an article or the sense stands against it."""
    old = match.group(0)
    sentence = passage.sentences_at(*match.span())
    if not new or old not in passage.block.text:
        return None
    if re.search(rf"\b{re.escape(new)}\b", sentence.replace(old, ""), re.IGNORECASE):
        return None
    if any(pattern.search(sentence) for pattern in _term_patterns(term, "keep_if")):
        return None
    has_article = ARTICLE.search(passage.plain[: match.start()])
    if has_article and (old[0].lower() in "aeiou") != (new[0].lower() in "aeiou"):
        return None
    if old.isupper() and len(old.split()) == 1:
        return Fix(old, new.upper() if new.islower() else new)
    return Fix(old, new[:1].upper() + new[1:] if old[:1].isupper() else new)


WORDING_CHECKS = {"says": says, "terms": terms, "gaps": gaps}
