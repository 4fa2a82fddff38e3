"""Checks of what a notice must hold, judged over all of a school's notices, and of claims that cannot both be true."""

import re
from collections.abc import Iterable, Iterator, Sequence

from portal.notices.importing.names import school_name
from portal.notices.importing.words import sentences
from portal.notices.lint.findings import Finding
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import absent, in_scope, on_topic, patterns, said

TITLE_BLOCKS = 8


def nowhere(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """No notice of the set says any of `patterns` of its matter (`about`); what `not_by` matches does not count.

    `only_if` must be said for the rule to matter. With `at`, the finding stands at the last passage that says it, and
    without such a passage there is none.
    """
    everything = [notice, *context.others]
    needed = patterns(rule, "only_if")
    if needed and not any(_is_said(one, needed, ()) for one in everything):
        return
    if any(_is_told(rule, one) for one in everything):
        return
    if "at" not in rule.asks:
        yield absent(rule)
        return
    spots = [(passage, match) for passage in in_scope(rule, notice) for match in _first(patterns(rule, "at"), passage)]
    if spots:
        passage, match = spots[0] if rule.asks.get("first") else spots[-1]
        yield said(rule, passage, match.start(), match.end())


def incomplete(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """The passages of `clauses` together lack one of the groups in `every`; told at the last passage that says `at`."""
    passages = [passage for one in (notice, *context.others) for passage in one.of_clause(*rule.asks["clauses"])]
    own = [passage for passage in notice.of_clause(*rule.asks["clauses"]) if not passage.is_heading]
    if not own:
        return
    text = "\n".join(passage.plain for passage in passages)
    lacking = [group["name"] for group in rule.asks["every"] if not re.search(group["pattern"], text, re.IGNORECASE)]
    spots = [(passage, match) for passage in own for match in _first(patterns(rule, "at"), passage)]
    if lacking and spots:
        passage, match = spots[0] if rule.asks.get("first") else spots[-1]
        yield said(rule, passage, match.start(), match.end(), lacking=", ".join(lacking))


def contradiction(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """`claim` and `against` are both said in one notice, each in a sentence of its own; told at the claim.

    `claim_unless` and `against_unless` excuse a sentence.
    """
    passages = list(in_scope(rule, notice))
    against = [sentence for _, _, sentence in _sentences_with(rule, "against", passages)]
    for passage, match, sentence in _sentences_with(rule, "claim", passages):
        others = [other for other in against if other != sentence]
        if others:
            yield said(rule, passage, match.start(), match.end(), other=others[0])


def _sentences_with(rule: Rule, name: str, passages: Iterable[Passage]) -> Iterator[tuple[Passage, re.Match[str], str]]:
    excuses = patterns(rule, f"{name}_unless")
    for passage in passages:
        told: set[str] = set()
        for match in (match for pattern in patterns(rule, name) for match in pattern.finditer(passage.plain)):
            sentence = passage.sentences_at(*match.span())
            if sentence not in told and not any(excuse.search(sentence) for excuse in excuses):
                told.add(sentence)
                yield passage, match, sentence


def no_controller(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Neither a controller nor a school is named in any notice of the set."""
    everything = [notice, *context.others]
    if any(_is_said(one, patterns(rule, "patterns"), patterns(rule, "not_by")) for one in everything):
        return
    names = [context.facts[key] for key in ("controller.name", "school.name") if context.facts.get(key)]
    text = "\n".join(one.text for one in everything)
    titles = [passage for one in everything for passage in one.passages[:TITLE_BLOCKS]]
    if not any(name in text for name in names) and not any(school_name(passage.plain) for passage in titles):
        yield absent(rule)


def _is_said(notice: Notice, wanted: Sequence[re.Pattern[str]], not_by: Sequence[re.Pattern[str]]) -> bool:
    return any(
        any(pattern.search(sentence) for pattern in wanted) and not any(pattern.search(sentence) for pattern in not_by)
        for passage in notice.passages
        for sentence in (sentences(passage.plain) if not_by else (passage.plain,))
    )


def _is_told(rule: Rule, notice: Notice) -> bool:
    not_by = patterns(rule, "not_by")
    return any(
        not any(pattern.search(passage.sentences_at(*match.span())) for pattern in not_by)
        for passage, match in on_topic(rule, notice, patterns(rule, "patterns"))
    )


def _first(wanted: Sequence[re.Pattern[str]], passage: Passage) -> Iterator[re.Match[str]]:
    found = [match for pattern in wanted if (match := pattern.search(passage.plain))]
    if found:
        yield min(found, key=lambda match: match.start())


CONTENT_CHECKS = {
    "nowhere": nowhere,
    "incomplete": incomplete,
    "contradiction": contradiction,
    "no_controller": no_controller,
}
