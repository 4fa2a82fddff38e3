"""Paragraphs of a document that applying would not put into the notice: data the portal lacks, and what is out of date.

A contact or a council line that the portal already knows, or that becomes a fact, is not left over.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from portal.notices.importing.contacts import contact_words
from portal.notices.importing.councils import Councils
from portal.notices.importing.editions import AuthorityName
from portal.notices.importing.facts import is_written_by_portal
from portal.notices.importing.report import Class, Entry
from portal.notices.importing.words import spoken

SHORTEST_PIECE = 4


class Known:
    """What the portal writes by itself: facts as they will be, and the councils that the notice lists."""

    def __init__(self, values: Iterable[str], authorities: Sequence[AuthorityName], council_lines: str) -> None:
        self._values = sorted({_squeezed(value) for value in values} - {""}, key=len, reverse=True)
        self._councils = Councils(authorities)
        self._listed = {mention.authority.key for mention in self._councils.mentions(council_lines)}

    def has(self, entry: Entry) -> bool:
        block = entry.block
        if entry.authority:
            return {council.key for council in self._councils.line(block.text)} <= self._listed
        return is_written_by_portal(block) or self._says(spoken(block.plain))

    def _says(self, plain: str) -> bool:
        squeezed = _squeezed(plain)
        if len(squeezed) >= SHORTEST_PIECE and any(squeezed in value for value in self._values):
            return True
        for value in self._values:
            pattern = r"[\W_]*".join(map(re.escape, value))
            plain = re.sub(rf"(?<!\w){pattern}(?!\w)", " ", plain, flags=re.IGNORECASE)
        left = re.findall(r"\w+", plain.lower().replace("'", ""))
        return all(word in contact_words() for word in left)


def leftovers(entries: Sequence[Entry], placed: set[int], known: Known) -> Iterator[list[Entry]]:
    """Runs of neighbouring paragraphs of one kind; `placed` are the blocks whose words some step shows already."""
    run: list[Entry] = []
    for entry in entries:
        is_left = (
            entry.kind in {Class.FACT, Class.OBSOLETE}
            and entry.block.index not in placed
            and (entry.kind is Class.OBSOLETE or not known.has(entry))
        )
        if run and (not is_left or run[-1].kind is not entry.kind or run[-1].notes != entry.notes):
            yield run
            run = []
        if is_left:
            run.append(entry)
    if run:
        yield run


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", spoken(text).lower())
