"""From which edition each clause of a document was made, and what its blocks are therefore to be called."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from portal.core.i18n import N_
from portal.notices.importing.covers import Cover
from portal.notices.importing.likeness import EVERYDAY
from portal.notices.importing.meaning import Change, meaningful_change
from portal.notices.importing.pairing import Pair
from portal.notices.importing.passages import Claim, Segment, Stream, Wording
from portal.notices.importing.report import Class, Note

TAKEN_UP = 0.6
SHOWN = 90


@dataclass(frozen=True, slots=True)
class Verdict:
    kind: Class
    edition: str | None
    similarity: float
    notes: tuple[Note, ...] = ()


class Origins:
    def __init__(
        self,
        wording: Wording,
        current: str,
        stream: Stream,
        covers: Mapping[int, Cover],
        claims: Iterable[Claim],
        pairs: Mapping[int, Pair],
    ) -> None:
        self._wording = wording
        self._current = current
        self._stream = stream
        self._covers = covers
        self._pairs = pairs
        self._claims = list(claims)
        self._claimed = {segment for claim in self._claims for segment in claim.segments}
        self._alike: defaultdict[str, list[Sequence[str]]] = defaultdict(list)
        for index, pair in pairs.items():
            if not pair.is_exact:
                start, end = stream.spans[index]
                self._alike[pair.key].append(stream.words[start:end])
        self._bases = {key: self._find_base(key) for key in {pair.key for pair in pairs.values()}}

    def base(self, key: str) -> str | None:
        """The edition that the document's wording of a clause was made from."""
        return self._bases.get(key)

    def verdict(self, index: int) -> Verdict:
        pair = self._pairs[index]
        if pair.is_exact:
            for edition in self._order(pair.key):
                if self._is_whole(index, pair, edition) and not self._omitted(index, pair.key, edition):
                    return self._same(pair.key, edition, index)
        base = self._bases[pair.key] or self._current
        omitted = self._omitted(index, pair.key, base)
        return Verdict(
            Class.REWORDED,
            base,
            self._similarity(pair, base, omitted),
            (*self._differences(index, pair.key, base), *_left_out(omitted)),
        )

    def shared_words(self, index: int) -> int:
        """How many words of a block are an edition's own rather than the values of its placeholders."""
        start, end = self._stream.spans[index]
        values = {
            place
            for claim in self._claims
            for _, low, high in claim.values
            for place in range(max(low, start), min(high, end))
        }
        return end - start - len(values)

    def lacks(self, key: str, edition: str) -> list[Segment]:
        """The sentences of an edition's clause that the document has nowhere, not even in other words."""
        return [segment for segment in self._wording.of(edition, key) if not self._is_taken_up(segment)]

    def _find_base(self, key: str) -> str | None:
        scores: dict[str, float] = {}
        for edition in self._order(None):
            if not self._wording.of(edition, key):
                continue
            gained = sum(
                pair.ratios.get(edition, 0.0) * self._covers[index].length
                for index, pair in self._pairs.items()
                if pair.key == key
            )
            lost = sum(len(segment.spoken_words) for segment in self.lacks(key, edition))
            scores[edition] = gained - lost / 2
        return max(scores, key=lambda edition: scores[edition], default=None)

    def _order(self, key: str | None) -> list[str]:
        """The edition in force, the clause's base, then all from the newest on."""
        first = [self._current, *([self._bases[key]] if key and self._bases.get(key) else [])]
        names = [edition.name for edition in self._wording.editions]
        return list(dict.fromkeys(name for name in (*first, *names) if name))

    def _is_whole(self, index: int, pair: Pair, edition: str) -> bool:
        cover = self._covers[index]
        covered = cover.of(pair.key, edition)
        for other in pair.also:
            covered |= cover.of(other, edition if edition == self._current else None)
        return cover.is_whole(covered)

    def _same(self, key: str, edition: str, index: int) -> Verdict:
        notes = tuple(
            Note(N_("Typing slip: “%(typed)s” for “%(meant)s”."), {"typed": typed, "meant": meant})
            for typed, meant in self._stream.slips.get(index, ())
        )
        if edition == self._current:
            return Verdict(Class.INHERITED, edition, 1.0, notes)
        is_reference = any(found.reference for found in self._wording.editions if found.name == edition)
        if not self._wording.of(self._current, key) and not is_reference:
            return Verdict(
                Class.OBSOLETE, edition, 1.0, (*notes, Note(N_("The shared library no longer has this section.")))
            )
        return Verdict(Class.OLDER, edition, 1.0, notes)

    def _omitted(self, index: int, key: str, edition: str) -> list[Segment]:
        """Sentences of the paragraphs that a block takes up which the document has nowhere."""
        start, end = self._stream.spans[index]
        touched = {
            segment.paragraph
            for claim in self._claims
            if claim.start < end and start < claim.end
            for segment in claim.segments
            if segment.key == key and segment.edition == edition
        }
        return [segment for segment in self.lacks(key, edition) if segment.paragraph in touched]

    def _is_taken_up(self, segment: Segment) -> bool:
        if segment in self._claimed:
            return True
        wanted = segment.spoken_words
        telling = {word for word in wanted if word not in EVERYDAY} or set(wanted)
        return any(
            _shared(wanted, words) >= TAKEN_UP * len(wanted)
            and len(telling.intersection(words)) >= TAKEN_UP * len(telling)
            for words in self._alike[segment.key]
        )

    def _similarity(self, pair: Pair, base: str, omitted: Sequence[Segment]) -> float:
        ratio = pair.ratios.get(base, 0.0)
        if not omitted:
            return min(ratio, 0.999)
        lost = sum(len(segment.words) for segment in omitted)
        kept = max((self._covers[index].length for index, found in self._pairs.items() if found is pair), default=0)
        return min(ratio, 0.999) * 2 * kept / (2 * kept + lost)

    def _differences(self, index: int, key: str, base: str) -> list[Note]:
        """What a reworded block promises differently from its base."""
        notes: list[Note] = []
        for words in self._stream.typed[index]:
            closest = max(
                self._wording.of(base, key), key=lambda segment: _alikeness(segment.words, words), default=None
            )
            if closest:
                notes.extend(_told(change) for change in meaningful_change(closest.words, words))
        return notes


def _told(change: Change) -> Note:
    values = {"kind": change.kind, "before": change.before or "-", "after": change.after or "-"}
    return Note(N_("May change the meaning (%(kind)s): “%(before)s” became “%(after)s”."), values)


def _alikeness(shared: Sequence[str], local: Sequence[str]) -> float:
    return SequenceMatcher(None, shared, local, autojunk=False).ratio()


def _shared(wanted: Sequence[str], words: Sequence[str]) -> int:
    return sum(match.size for match in SequenceMatcher(None, wanted, words, autojunk=False).get_matching_blocks())


def _left_out(omitted: Iterable[Segment]) -> list[Note]:
    return [Note(N_("Leaves out: “%(sentence)s”"), {"sentence": _short(segment.text)}) for segment in omitted]


def _short(text: str) -> str:
    return text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"
