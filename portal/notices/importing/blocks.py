"""A document as a list of blocks, nothing dropped: `reconstruct` prints the source again from them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from portal.core.errors import Invalid
from portal.notices.importing.headings import settle_kinds
from portal.notices.importing.lines import Kind, Line, marked_lines, plain_lines
from portal.notices.importing.markup import page_lines
from portal.notices.importing.words import SPACE, spoken, without_label, words

MOST_BLOCKS = 2_000
BULLETS = re.compile(r"(?m)^\s*(?:[·•◦‣▪▫●○■□➢➤✓✔→\uf0b7\uf0a7\u2043\u2219]|[*+–—o-](?=\s))")


class Source(StrEnum):
    TEXT = "text"
    MARKDOWN = "markdown"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Block:
    """`text` keeps the source's own characters, its white space collapsed, without the bullet that `marker` holds.

    `line` and `last_line` count from 1. `ruler` is a line of dashes or equals signs that stood below the block.
    """

    index: int
    kind: Kind
    text: str
    line: int
    last_line: int
    level: int = 0
    marker: str = ""
    ruler: str = ""

    @property
    def plain(self) -> str:
        """What a reader would read aloud, without number or bullet."""
        return without_label(spoken(self.text), heading=self.kind is Kind.HEADING)

    @property
    def words(self) -> tuple[str, ...]:
        return words(without_label(self.text, heading=self.kind is Kind.HEADING))


def read_blocks(text: str, source: Source = Source.TEXT) -> tuple[Block, ...]:
    """Raises `Invalid` for a document without words or with more than `MOST_BLOCKS` paragraphs."""
    readers = {Source.TEXT: plain_lines, Source.MARKDOWN: marked_lines, Source.HTML: page_lines}
    lines = settle_kinds(readers[source](text))
    if not any(line.text for line in lines):
        raise Invalid("This document has no words in it.")
    if len(lines) > MOST_BLOCKS:
        raise Invalid(
            f"This document has {len(lines):,} paragraphs. A privacy notice has at most {MOST_BLOCKS:,}: "
            "check that it is the right file."
        )
    return tuple(_block(index, line) for index, line in enumerate(lines))


def reconstruct(blocks: Iterable[Block]) -> str:
    """The source again, one block to a line, white space apart."""
    return "\n".join(_printed(block) for block in blocks) + "\n"


def renumbered(blocks: Sequence[Block]) -> tuple[Block, ...]:
    return tuple(replace(block, index=index) for index, block in enumerate(blocks))


def same_text(one: str, other: str) -> bool:
    """Equal but for white space and bullet characters."""
    return _bare(one) == _bare(other)


def _block(index: int, line: Line) -> Block:
    return Block(
        index=index,
        kind=line.kind or Kind.PARAGRAPH,
        text=SPACE.sub(" ", line.text).strip(),
        line=line.number,
        last_line=line.last,
        level=line.level,
        marker=line.marker,
        ruler=line.ruler,
    )


def _printed(block: Block) -> str:
    first = f"{block.marker} {block.text}" if block.marker else block.text
    closing = f" {block.marker}" if block.kind is Kind.HEADING and block.ruler == "#" else ""
    below = f"\n{block.ruler}" if block.ruler and not closing else ""
    return f"{first}{closing}{below}"


def _bare(text: str) -> str:
    return re.sub(r"\s+", "", BULLETS.sub("", text))
