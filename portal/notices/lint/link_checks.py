"""Checks of links: where they lead, what they are called, and those that were lost on the way."""

import re
from collections.abc import Iterable, Sequence

from portal.notices.importing.lines import Kind
from portal.notices.importing.placeholders import OWN
from portal.notices.importing.words import ADDRESS, LINK
from portal.notices.lint.findings import Finding
from portal.notices.lint.notice import Context, Notice, Passage
from portal.notices.lint.rules import Rule
from portal.notices.lint.wording_checks import in_scope, patterns, said

EMPTY = re.compile(r"\]\(\s*(?:#|about:blank|javascript:[^)]*|https?://|mailto:|tel:)?\s*\)", re.IGNORECASE)
SAYS_NOTHING = re.compile(
    r"^(?:please )?(?:click |press |see |go |read )?(?:on )?(?:here|this|this link|the link|link|this page|more|details"
    r"|(?:read|find out|learn|see) more|more (?:info|information|details)|page|website|this website|follow this link"
    r"|further information)\W*$|^(?:please )?(?:click|press|tap)(?: on)? (?:here|this|the link|below)\b",
    re.IGNORECASE,
)
LINKS_BELOW = re.compile(r"\b(?:links?|websites?|pages)\b.{0,60}:$|\bbelow are\b.{0,40}\blinks?\b", re.IGNORECASE)


def empty_links(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    for passage in notice.passages:
        for match in EMPTY.finditer(passage.plain):
            yield said(rule, passage, match.start(), match.end())


def meaningless_links(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """Links whose words do not say where they lead (WCAG 2.4.4), and `here` that was such a link before pasting."""
    for passage in notice.passages:
        for match in LINK.finditer(passage.plain):
            if SAYS_NOTHING.match(match.group(1).strip()):
                yield said(rule, passage, match.start(), match.end())
        spoken = LINK.sub(lambda match: "-" * len(match.group(0)), passage.plain)
        for pattern in patterns(rule, "patterns"):
            for match in pattern.finditer(spoken):
                yield said(rule, passage, match.start(), match.end())


def lost_links(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Words that were a link before they were pasted: a page title with its site, or a list of links without links."""
    for place, passage in enumerate(notice.passages):
        if passage.block.kind is Kind.ROW:
            continue
        for pattern in patterns(rule, "patterns"):
            for match in pattern.finditer(passage.plain):
                yield said(rule, passage, match.start(), match.end())
        if LINKS_BELOW.search(passage.plain) and "](" not in passage.plain:
            for item in _items_below(notice, place):
                if "](" not in item.plain and not ADDRESS.search(item.plain) and not context.is_library:
                    yield said(rule, item, 0, len(item.plain))


def missing_links(rule: Rule, notice: Notice, _context: Context) -> Iterable[Finding]:
    """A page is promised (`patterns`), but neither its paragraph nor the list below it links to one."""
    for place, passage in enumerate(notice.passages):
        nearby = [passage, *_items_below(notice, place), *notice.passages[place + 1 : place + 2]]
        if any("](h" in near.plain or "](/" in near.plain or OWN.search(near.plain) for near in nearby):
            continue
        for pattern in patterns(rule, "patterns"):
            for match in pattern.finditer(passage.plain):
                yield said(rule, passage, match.start(), match.end())


def dead_links(rule: Rule, notice: Notice, context: Context) -> Iterable[Finding]:
    """Addresses that the caller knows not to answer."""
    for passage in in_scope(rule, notice):
        for match in LINK.finditer(passage.plain):
            if match.group(2) in context.dead_links:
                yield said(rule, passage, match.start(), match.end(), address=match.group(2))


def _items_below(notice: Notice, place: int) -> Sequence[Passage]:
    items: list[Passage] = []
    for passage in notice.passages[place + 1 :]:
        if passage.block.kind not in {Kind.ITEM, Kind.ROW}:
            break
        items.append(passage)
    return items


LINK_CHECKS = {
    "empty_links": empty_links,
    "meaningless_links": meaningless_links,
    "lost_links": lost_links,
    "missing_links": missing_links,
    "dead_links": dead_links,
}
