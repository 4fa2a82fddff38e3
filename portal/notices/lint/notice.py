"""A notice as the linter looks at it: passages with their clauses, and what is known around it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from portal.notices.importing.anchors import Place, locate
from portal.notices.importing.blocks import Block, Source, read_blocks
from portal.notices.importing.editions import AuthorityName, Edition
from portal.notices.importing.lines import Kind
from portal.notices.importing.words import sentences, straighten


@dataclass(frozen=True, slots=True)
class Passage:
    """One block. `plain` has straight quotes and single spaces and keeps links as `[text](target)`."""

    block: Block
    place: Place
    plain: str

    @property
    def clause(self) -> str | None:
        return self.place.key or self.place.headed

    @property
    def is_heading(self) -> bool:
        return self.block.kind is Kind.HEADING

    def sentences_at(self, start: int, end: int) -> str:
        """The whole sentences that the characters from `start` to `end` belong to."""
        found: list[str] = []
        position = 0
        for sentence in sentences(self.plain):
            low = self.plain.find(sentence, position)
            position = low + len(sentence)
            if low < end and position > start:
                found.append(sentence)
        return " ".join(found) or self.plain


@dataclass(frozen=True, slots=True)
class Notice:
    name: str
    passages: tuple[Passage, ...]

    @property
    def text(self) -> str:
        return "\n".join(passage.plain for passage in self.passages)

    def of_clause(self, *keys: str) -> list[Passage]:
        return [passage for passage in self.passages if passage.clause in keys]


@dataclass(frozen=True, slots=True)
class Translation:
    """`is_stale`: the English wording changed after this translation was made."""

    language: str
    clause: str | None
    is_stale: bool


@dataclass(frozen=True, slots=True)
class Context:
    """What surrounds a notice on the day `on`.

    `others` are the school's further notices: what the law wants may stand in any of them. `facts` are the school's and
    the service's own data, `editions` the library with the one in force first, `listed` the DfE codes of the councils
    that a notice should list, `dead_links` addresses known not to answer. `is_library`: the text is our own wording,
    with placeholders.
    """

    on: date
    others: tuple[Notice, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    editions: tuple[Edition, ...] = ()
    authorities: tuple[AuthorityName, ...] = ()
    listed: frozenset[str] = frozenset()
    dead_links: frozenset[str] = frozenset()
    translations: tuple[Translation, ...] = ()
    is_library: bool = False


def notice_of_blocks(blocks: Sequence[Block], name: str = "", keys: Mapping[int, str] | None = None) -> Notice:
    """`keys` gives clauses by block index where they are known; the others are told by their words."""
    places = locate(blocks)
    known = keys or {}
    return Notice(
        name,
        tuple(
            Passage(block, _known(place, known.get(block.index)), straighten(block.text))
            for block, place in zip(blocks, places, strict=True)
        ),
    )


def notice_of_text(text: str, name: str = "", source: Source = Source.TEXT) -> Notice:
    return notice_of_blocks(read_blocks(text, source), name)


def notice_of_clauses(clauses: Iterable[tuple[str, str, str]], name: str = "") -> Notice:
    """`clauses` are `(key, title, text)`; lines count within each clause's text."""
    passages: list[Passage] = []
    for key, title, text in clauses:
        place = Place(key, key.split(".")[0], key)
        heading = Block(0, Kind.HEADING, title, 1, 1)
        passages.append(Passage(heading, Place(None, place.section, key), straighten(title)))
        passages.extend(
            Passage(block, place, straighten(block.text)) for block in read_blocks(text or title, Source.MARKDOWN)
        )
    return Notice(name, tuple(passages))


def _known(place: Place, key: str | None) -> Place:
    return Place(key, key.split(".")[0], place.headed, place.score) if key else place
