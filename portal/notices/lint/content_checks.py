"""Checks of what a notice must hold, judged over all of a school's notices, and of claims that cannot both be true."""

import re
from collections.abc import Iterable, Iterator, Sequence

from portal.notices.importing.names import school_name
from portal.notices.importing.words import sentences
from portal.notices.lint.findings import Finding
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import absent, in_scope, patterns, said

TITLE_BLOCKS = 8


def nowhere(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """No notice of the set says any of `patterns`; sentences that match `not_by` do not count.

    `only_if` must be said for the rule to matter. With `at`, the finding stands at the last passage that says it, and
    without such a passage there is none.
    """
    everything = [notice, *context.others]
    needed = patterns(rule, "only_if")
    if needed and not any(_is_said(one, needed, ()) for one in everything):
        return
    if any(_is_said(one, patterns(rule, "patterns"), patterns(rule, "not_by")) for one in everything):
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
    """`claim` and `against` are both said in one notice; told at the claim."""
    against = [
        (passage, match)
        for passage in notice.passages
        for match in _first(patterns(rule, "against"), passage)
        if not any(excuse.search(passage.plain) for excuse in patterns(rule, "against_unless"))
    ]
    if not against:
        return
    for passage in in_scope(rule, notice):
        for match in _first(patterns(rule, "claim"), passage):
            others = [other for other, _ in against if other is not passage]
            if others:
                yield said(rule, passage, match.start(), match.end(), other=others[0].plain)


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
