"""A document against every edition of the library: what is inherited, older, reworded, local, a fact or missing."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.notices.importing.anchors import locate
from portal.notices.importing.blocks import Block
from portal.notices.importing.contacts import contacts
from portal.notices.importing.councils import Councils
from portal.notices.importing.covers import covers
from portal.notices.importing.decisions import clause_decisions, local_clauses
from portal.notices.importing.editions import AuthorityName, Edition, in_force, newest_first
from portal.notices.importing.facts import (
    address_lines,
    default_owners,
    facts,
    is_computed,
    is_contact,
    is_version_line,
    is_written_by_portal,
    placed_by_index,
)
from portal.notices.importing.likeness import EVERYDAY
from portal.notices.importing.lines import Kind
from portal.notices.importing.meaning import promising_words
from portal.notices.importing.names import school_name
from portal.notices.importing.obsolete import why_obsolete
from portal.notices.importing.origins import Origins
from portal.notices.importing.pairing import Pair, Pairing
from portal.notices.importing.passages import Wording, stream_of
from portal.notices.importing.report import Class, Entry, Note, Report
from portal.notices.importing.retellings import Retellings
from portal.notices.importing.titles import is_known_title, settle_titles
from portal.notices.importing.words import words

COUNCIL_CLAUSE = "sharing.authorities"
SENTENCE = 6
FEWEST_WORDS, LEAST_ENGLISH = 8, 0.12


def align(
    document: Sequence[Block],
    editions: Sequence[Edition],
    authorities: Sequence[AuthorityName],
    *,
    on: date | None = None,
) -> Report:
    """Every block of `document` classed, with the clause and the edition it comes from.

    The edition in force at `on` (the newest when None) is what `inherited` and `missing` mean.
    Raises `Invalid` without editions.
    """
    return Aligner(editions, authorities, on=on).align(document)


class Aligner:
    """Compares many documents with the same editions. Raises `Invalid` without any."""

    def __init__(
        self, editions: Sequence[Edition], authorities: Sequence[AuthorityName], *, on: date | None = None
    ) -> None:
        current = in_force(editions, on)
        if current is None:
            raise Invalid("There is no library to compare with yet: publish or import a release first.")
        self._current = current
        self._wording = Wording(newest_first(editions))
        self._councils = Councils(authorities)

    def align(self, document: Sequence[Block]) -> Report:
        return _Alignment(document, self._wording, self._current, self._councils).report()


class _Alignment:
    def __init__(self, document: Sequence[Block], wording: Wording, current: Edition, councils: Councils) -> None:
        self._current = current
        self._councils = councils
        self._wording = wording
        self._blocks = settle_titles(document, self._wording)
        self._places = locate(self._blocks, self._wording.titles)
        self._placed = placed_by_index(self._blocks, self._places)
        self._owners = default_owners(self._blocks, self._places)
        self._stream = stream_of(self._blocks, self._wording.vocabulary, promising_words())
        self._covers, self._claims = covers(
            self._blocks, self._stream, self._wording.claims(self._stream), self._placed, self._wording.titles
        )
        self._council_words: dict[int, str] = {}
        self._facts = self._fact_entries()
        self._pairs = self._paired()
        self._origins = Origins(self._wording, current.name, self._stream, self._covers, self._claims, self._pairs)

    def report(self) -> Report:
        entries = self._with_headings([self._entry(block) for block in self._blocks])
        local = {entry.block.index for entry in entries if entry.kind is Class.LOCAL}
        found = facts(self._blocks, self._places, self._claims, self._stream, self._councils, local)
        taken = {key for entry in entries if _takes_up(entry) for key in (entry.clause, *entry.also)}
        return Report(
            entries=tuple(entries),
            missing=tuple(clause.key for clause in self._current.clauses if clause.key not in taken),
            facts=found,
            decisions=clause_decisions(
                entries,
                self._current,
                self._origins.base,
                lambda key, edition: bool(self._origins.lacks(key, edition)),
                found,
            ),
            local_clauses=local_clauses(entries, self._places),
        )

    def _fact_entries(self) -> dict[int, Entry]:
        found: dict[int, Entry] = {}
        lines = address_lines(self._blocks)
        for block in self._blocks:
            councils = self._councils.line(block.text)
            if councils and self._councils.is_bare(block.text):
                found[block.index] = self._council_entry(block, councils)
            elif councils:
                self._council_words[block.index] = councils[0].dfe_code
            elif entry := self._contact_entry(block, is_address=block.index in lines):
                found[block.index] = entry
        return found

    def _council_entry(self, block: Block, councils: Sequence[AuthorityName]) -> Entry:
        names = ", ".join(f"{council.names[0]} ({council.dfe_code})" for council in councils)
        clause = COUNCIL_CLAUSE if self._current.clause(COUNCIL_CLAUSE) else None
        return Entry(
            block,
            Class.FACT,
            clause,
            authority=councils[0].dfe_code,
            notes=(Note(N_("Council: %(names)s."), {"names": names}), *_links(block)),
        )

    def _contact_entry(self, block: Block, *, is_address: bool) -> Entry | None:
        place = self._placed[block.index]
        found = contacts(block.text, self._owners[block.index])
        is_reach = block.kind is not Kind.HEADING and is_contact(block, found)
        if not (is_address or is_reach or is_version_line(block) or is_computed(block, place)):
            return None
        cover = self._covers.get(block.index)
        key = max(cover.places, key=cover.share, default=place.key) if cover else place.key
        names = ", ".join(contact.fact for contact in found if contact.owner != "other")
        notes = (Note(N_("Becomes data: %(facts)s."), {"facts": names}),) if names else ()
        return Entry(block, Class.FACT, key, notes=notes)

    def _paired(self) -> dict[int, Pair]:
        pairing = Pairing(self._wording, self._stream, self._covers, self._placed)
        bodies = [block for block in self._blocks if block.kind is not Kind.HEADING]
        rest = [block for block in bodies if block.index not in {*self._facts, *self._council_words}]
        free = [block for block in rest if _is_english(block) and not why_obsolete(block.text)]
        order = [self._current.name, *(edition.name for edition in self._wording.editions)]
        pairing.pair_exact(bodies)
        strays = self._drop_stray_copies(pairing)
        pairing.pair_alike([block for block in rest if block.index not in strays])
        free = [block for block in free if block.index not in strays]
        Retellings(self._wording, self._stream, self._placed, self._claims).pair(free, pairing.pairs, order)
        pairing.pair_placed(free, self._current.name)
        return pairing.pairs

    def _drop_stray_copies(self, pairing: Pairing) -> set[int]:
        """A sentence that its clause has already, standing by itself among other text, such as a table's first row."""
        strays: set[int] = set()
        taken = Counter(words for index in pairing.pairs for words in [self._stream.of(self._blocks[index])])
        for index, pair in list(pairing.pairs.items()):
            beside = {pairing.pairs[near].key for near in (index - 1, index + 1) if near in pairing.pairs}
            is_placed = pair.key in beside or self._placed[index].headed == pair.key
            if not is_placed and taken[self._stream.of(self._blocks[index])] > 1:
                taken[self._stream.of(self._blocks[index])] -= 1
                del pairing.pairs[index]
                strays.add(index)
        return strays

    def _entry(self, block: Block) -> Entry:
        if block.index in self._facts:
            return self._fact_entry(block)
        if block.kind is Kind.HEADING:
            return self._heading(block)
        if block.index in self._pairs:
            return self._paired_entry(block)
        return self._unpaired(block)

    def _paired_entry(self, block: Block) -> Entry:
        verdict = self._origins.verdict(block.index)
        pair = self._pairs[block.index]
        return Entry(
            block,
            verdict.kind,
            pair.key,
            verdict.edition,
            verdict.similarity,
            notes=(*verdict.notes, *_links(block)),
            also=pair.also,
        )

    def _heading(self, block: Block) -> Entry:
        if school_name(block.text) == block.plain.strip(" .:|#*"):
            return Entry(block, Class.FACT, notes=(Note(N_("Becomes data: %(facts)s."), {"facts": "school.name"}),))
        if not is_known_title(block, self._wording) and (why := why_obsolete(block.text)):
            return Entry(block, Class.OBSOLETE, notes=(Note(why),))
        return Entry(block, Class.HEADING)

    def _fact_entry(self, block: Block) -> Entry:
        entry = self._facts[block.index]
        above = self._clause_above(block) if is_written_by_portal(block) else None
        if above and (block.index not in self._pairs or self._pairs[block.index].key != above):
            return replace(entry, clause=above)
        if block.index not in self._pairs or entry.authority:
            return entry
        verdict = self._origins.verdict(block.index)
        is_sentence = self._origins.shared_words(block.index) >= SENTENCE or is_computed(
            block, self._placed[block.index]
        )
        if self._pairs[block.index].is_exact and is_sentence:
            return self._paired_entry(block)
        return replace(
            entry, clause=self._pairs[block.index].key, edition=verdict.edition, similarity=verdict.similarity
        )

    def _clause_above(self, block: Block) -> str | None:
        """The clause that the paragraphs above take up, no further than the heading."""
        for near in reversed(self._blocks[: block.index]):
            if near.kind is Kind.HEADING:
                return self._placed[near.index].headed
            if near.index in self._pairs:
                return self._pairs[near.index].key
        return None

    def _unpaired(self, block: Block) -> Entry:
        if why := why_obsolete(block.text):
            return Entry(block, Class.OBSOLETE, notes=(Note(why),))
        if not _is_english(block):
            return Entry(block, Class.LOCAL, notes=(Note(N_("This does not seem to be in English.")),))
        return Entry(block, Class.LOCAL, authority=self._council_words.get(block.index), notes=_links(block))

    def _with_headings(self, entries: list[Entry]) -> list[Entry]:
        """A heading names its clause only where a block below it takes that clause up."""
        found = list(entries)
        below: set[str] = set()
        for place in range(len(entries) - 1, -1, -1):
            entry = entries[place]
            if entry.kind is not Class.HEADING:
                below |= {entry.clause} if entry.clause else set()
                continue
            headed = self._placed[entry.block.index].headed
            if headed in below:
                found[place] = replace(entry, clause=headed)
            below = set()
        return found


def _takes_up(entry: Entry) -> bool:
    """Whether a block shows that its clause is there: a bare contact line does not."""
    return entry.kind is not Class.HEADING and (entry.kind is not Class.FACT or entry.authority is not None)


def _links(block: Block) -> tuple[Note, ...]:
    return (Note(N_("A link here has lost its target.")),) if "](#)" in block.text else ()


def _is_english(block: Block) -> bool:
    found = [word for word in words(block.text) if word.isalpha()]
    if len(found) < FEWEST_WORDS:
        return all(word.isascii() for word in found) or not found
    return sum(word in EVERYDAY for word in found) >= LEAST_ENGLISH * len(found)
