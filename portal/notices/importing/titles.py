"""Headings settled by what the editions call their sections and clauses, where the look of a line left it open."""

import re
from collections.abc import Sequence
from dataclasses import replace

from portal.notices.importing.blocks import Block
from portal.notices.importing.lines import Kind
from portal.notices.importing.passages import Wording
from portal.notices.importing.words import ADDRESS, SITE, without_label, words

SENTENCE_END = re.compile(r"[.!?][\"')\]\s]*$")


def settle_titles(blocks: Sequence[Block], wording: Wording) -> tuple[Block, ...]:
    """A line that is a known title is a heading; one that is a known sentence, or a piece of one, is none.

    In a list that lost its bullets a line much like a known sentence is none either.
    """
    settled: list[Block] = []
    for block in blocks:
        above = settled[-1] if settled else None
        is_in_list = above is not None and above.kind is not Kind.HEADING and not SENTENCE_END.search(above.text)
        settled.append(_settled(block, wording, is_in_list=is_in_list))
    return tuple(settled)


def is_known_title(block: Block, wording: Wording) -> bool:
    has_address = ADDRESS.search(block.text) or SITE.search(block.text)
    return not has_address and _title(block) in wording.titles


def _settled(block: Block, wording: Wording, *, is_in_list: bool) -> Block:
    if block.kind in {Kind.PARAGRAPH, Kind.ITEM} and not block.marker and is_known_title(block, wording):
        return replace(block, kind=Kind.HEADING)
    if (
        block.kind is Kind.HEADING
        and not block.level
        and not is_known_title(block, wording)
        and (wording.is_part(block.words) or (is_in_list and wording.resembles(block.words)))
    ):
        return replace(block, kind=Kind.PARAGRAPH)
    return block


def _title(block: Block) -> str:
    return " ".join(words(without_label(block.text, heading=True)))
