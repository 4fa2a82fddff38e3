"""A notice's own facts, blocks and cross-references, put between the finished pieces of its clauses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Final

from portal.core.i18n import N_
from portal.notices.fragments import Fragment, fragment
from portal.notices.markup import Rendered
from portal.notices.placeholders import BLOCKS, FACTS, FILLERS, Context, Filler, Kind, shown

REFERENCE_WORDING: Final = N_("section {number}, {title}")

_MISSING: Final = N_("%(label)s is missing; %(filler)s can fill it in")
_UNKNOWN: Final = N_("“%(label)s” is no placeholder that we know; %(filler)s can correct the text")
_ABSENT: Final = N_(
    "“%(label)s” is not part of this notice, so the reference to it leads nowhere; %(filler)s can correct the text"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a cross-reference leads: the number and title of the section or clause, the anchor.

    Without a number it is a part that this notice leaves out.
    """

    number: str
    title: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A placeholder of the clause with key `clause` that has nothing to show.

    `message` is marked for translation and names `%(label)s` and `%(filler)s`, whose own words are marked too.
    """

    kind: Kind
    key: str
    label: str
    filler: Filler
    message: str
    clause: str = ""

    @property
    def reason(self) -> str:
        return self.message % {"label": self.label, "filler": FILLERS[self.filler]}

    @property
    def blocks_publishing(self) -> bool:
        """A reference to a part that this notice leaves out still reads well: it keeps the title."""
        return self.kind is not Kind.REFERENCE


def missing(key: str, clause: str = "") -> Unresolved:
    """A fact that nobody has filled in."""
    return Unresolved(Kind.FACT, key, FACTS[key].label, FACTS[key].filler, _MISSING, clause)


@dataclass(frozen=True, slots=True)
class Filled:
    html: str
    text: str
    unresolved: tuple[Unresolved, ...]


class SlotValues(dict[str, str]):
    """What goes into the slots of one notice, worked out at the first use of each slot.

    What a draft cannot fill is shown in square brackets.
    """

    def __init__(
        self,
        facts: Mapping[str, str],
        blocks: Mapping[str, Rendered],
        references: Mapping[str, Reference],
        wording: str = REFERENCE_WORDING,
    ) -> None:
        super().__init__()
        self.facts, self.blocks, self.references, self.wording = facts, blocks, references, wording

    def __missing__(self, slot: str) -> str:
        kind, key, place = slot.split("|")
        context = Context(place)
        match Kind(kind):
            case Kind.FACT:
                value = fact_value(self.facts, key, context)
            case Kind.BLOCK:
                value = block_value(self.blocks, key, context)
            case Kind.REFERENCE:
                value = self._reference(key, context)
            case Kind.UNKNOWN:
                value = _gap(key, context)
        self[slot] = value
        return value

    def _reference(self, key: str, context: Context) -> str:
        reference = self.references.get(key)
        if reference is None:
            return _gap(key, context)
        words = reference.title
        if reference.number:
            words = self.wording.format(number=reference.number, title=reference.title)
        if context is Context.PLAIN:
            return words
        if context is Context.RUNNING and reference.number:
            return f'<a href="#{escape(reference.anchor)}">{escape(words)}</a>'
        return escape(words)


def fact_value(facts: Mapping[str, str], key: str, context: Context) -> str:
    value = facts.get(key)
    return shown(key, value, context) if value and not value.isspace() else _gap(FACTS[key].label, context)


def block_value(blocks: Mapping[str, Rendered], key: str, context: Context) -> str:
    block = blocks.get(key)
    if block is None:
        return _gap(BLOCKS[key].label, context)
    return block.text if context is Context.PLAIN else block.html


def fill(
    text: str, facts: Mapping[str, str], blocks: Mapping[str, Rendered], references: Mapping[str, Reference]
) -> Filled:
    """One clause by itself, as an editor previews it. Facts come out literally, whatever they hold."""
    made = fragment(text)
    values = SlotValues(facts, blocks, references)
    gaps = tuple(unresolved(made, values))
    return Filled(made.html.filled(values), made.text.filled(values), gaps)


def unresolved(
    made: Fragment, values: SlotValues, clause: str = "", author: Filler = Filler.CENTRAL
) -> Iterator[Unresolved]:
    """Each placeholder of the fragment that has nothing to show, once; `author` can change the clause's text."""
    for name in dict.fromkeys(slot.rsplit("|", 1)[0] for slot in made.text.slots):
        kind, key = name.split("|")
        match Kind(kind):
            case Kind.FACT if not values.facts.get(key, "").strip():
                yield missing(key, clause)
            case Kind.BLOCK if key not in values.blocks:
                yield Unresolved(Kind.BLOCK, key, BLOCKS[key].label, BLOCKS[key].filler, _MISSING, clause)
            case Kind.REFERENCE if key not in values.references:
                yield Unresolved(Kind.UNKNOWN, key, key, author, _ABSENT, clause)
            case Kind.REFERENCE if not values.references[key].number:
                yield Unresolved(Kind.REFERENCE, key, values.references[key].title, author, _ABSENT, clause)
            case Kind.UNKNOWN:
                yield Unresolved(Kind.UNKNOWN, key, key, author, _UNKNOWN, clause)
            case _:
                continue


def _gap(words: str, context: Context) -> str:
    match context:
        case Context.PLAIN:
            return f"[{words}]"
        case Context.ADDRESS:
            return ""
        case _:
            return f"<mark>[{escape(words)}]</mark>"
