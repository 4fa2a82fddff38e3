"""Headings settled by what the editions call their sections and clauses, where the look of a line left it open."""

from collections.abc import Sequence
from dataclasses import replace

from portal.notices.importing.blocks import Block
from portal.notices.importing.lines import Kind
from portal.notices.importing.passages import Wording
from portal.notices.importing.words import ADDRESS, without_label, words


def settle_titles(blocks: Sequence[Block], wording: Wording) -> tuple[Block, ...]:
    """A line that is a known title is a heading; one that is a known sentence, or a piece of one, is none."""
    return tuple(_settled(block, wording) for block in blocks)


def is_known_title(block: Block, wording: Wording) -> bool:
    return not ADDRESS.search(block.text) and _title(block) in wording.titles


def _settled(block: Block, wording: Wording) -> Block:
    if block.kind is Kind.PARAGRAPH and not block.marker and is_known_title(block, wording):
        return replace(block, kind=Kind.HEADING)
    if (
        block.kind is Kind.HEADING
        and not block.level
        and not is_known_title(block, wording)
        and wording.is_part(block.words)
    ):
        return replace(block, kind=Kind.PARAGRAPH)
    return block


def _title(block: Block) -> str:
    return " ".join(words(without_label(block.text, heading=True)))
