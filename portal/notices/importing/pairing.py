"""Which clause each block takes up: exact sentences first, then headings and turns of phrase, likeness last."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from portal.notices.importing.anchors import STRONG, Place, evidence
from portal.notices.importing.blocks import Block
from portal.notices.importing.covers import LEAST_JOINED, Cover
from portal.notices.importing.likeness import EVERYDAY, likeness
from portal.notices.importing.passages import Segment, Stream, Wording

ALIKE, ALIKE_IN_PLACE, NEARLY_SAME = 0.52, 0.4, 0.8
PLACED, HEADED, BESIDE = 0.15, 0.1, 0.05
SHORTLIST = 3
LEAST_SHARE = 0.25
SHORT_ITEM = 6
RIGHTS = "rights."


@dataclass(frozen=True, slots=True)
class Pair:
    """`ratios`: how alike the block is to each edition of the clause; `also`: further clauses joined into it."""

    key: str
    is_exact: bool
    ratios: Mapping[str, float]
    also: tuple[str, ...] = ()
    segments: Mapping[str, tuple[Segment, ...]] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        return max(self.ratios.values(), default=0.0)


class Pairing:
    """Pairs blocks with clauses; `pairs` maps a block's index to what was found."""

    def __init__(
        self, wording: Wording, stream: Stream, covers: Mapping[int, Cover], placed: Mapping[int, Place]
    ) -> None:
        self.pairs: dict[int, Pair] = {}
        self._wording = wording
        self._stream = stream
        self._covers = covers
        self._placed = placed
        self._weights = _weights(wording)

    def pair_exact(self, blocks: Iterable[Block]) -> None:
        """Twice, because what a block's neighbours take up decides between clauses that share a sentence."""
        listed = list(blocks)
        for _ in range(2):
            for block in listed:
                pair = self._exact(block)
                if pair:
                    self.pairs[block.index] = pair

    def pair_alike(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            if block.index not in self.pairs and (pair := self._alike(block)):
                self.pairs[block.index] = pair

    def pair_placed(self, blocks: Iterable[Block], current: str) -> None:
        """A clause that the document words in its own way throughout: told by heading and turn of phrase alone."""
        listed = [block for block in blocks if block.index not in self.pairs]
        taken = self._settled()
        begun = {key for block in listed if (key := self._spoken_for(block, current)) and key not in taken}
        for block in listed:
            place = self._placed[block.index]
            if place.key in begun:
                ratios = {current: likeness(self._stream.of(block), self._wording.of(current, place.key)).ratio}
                self.pairs[block.index] = Pair(place.key, is_exact=False, ratios=ratios)

    def _settled(self) -> set[str]:
        """Clauses that some block takes up word for word or nearly, and not merely in a short item."""
        sure = [
            pair
            for index, pair in self.pairs.items()
            if pair.ratio >= NEARLY_SAME and self._covers[index].length > SHORT_ITEM
        ]
        return {key for pair in sure for key in (pair.key, *pair.also)}

    def _exact(self, block: Block) -> Pair | None:
        cover = self._covers[block.index]
        if not cover.places:
            return None
        key = max(cover.places, key=lambda candidate: (self._support(block, cover, candidate), candidate))
        covered = cover.of(key)
        also = []
        for other in sorted(cover.places, key=lambda candidate: -len(cover.of(candidate))):
            if len(cover.of(other) - covered) >= LEAST_JOINED:
                covered |= cover.of(other)
                also.append(other)
        if not cover.is_whole(covered):
            return None
        editions = cover.places[key]
        return Pair(
            key, is_exact=True, ratios={edition: cover.share(key, edition) for edition in editions}, also=tuple(also)
        )

    def _support(self, block: Block, cover: Cover, key: str) -> float:
        place = self._placed[block.index]
        beside = sum(
            1 for near in (block.index - 1, block.index + 1) if near in self.pairs and self.pairs[near].key == key
        )
        return cover.share(key) + 0.3 * (place.headed == key) + 0.2 * (place.key == key) + 0.15 * beside

    def _alike(self, block: Block) -> Pair | None:
        words = self._stream.of(block)
        found = [pair for key in self._shortlist(block, words) if (pair := self._compared(block, words, key))]
        if not found:
            return None
        best = max(found, key=lambda pair: pair.ratio + self._bonus(block, pair.key))
        return best if self._is_accepted(block, best) else None

    def _compared(self, block: Block, words: Sequence[str], key: str) -> Pair | None:
        cover = self._covers[block.index]
        ratios, segments = {}, {}
        for edition in self._wording.editions:
            found = likeness(words, self._wording.of(edition.name, key))
            exact = len(cover.of(key, edition.name))
            ratios[edition.name] = max(found.ratio, 2 * exact / (cover.length + exact) if exact else 0.0)
            segments[edition.name] = found.segments
        also = tuple(
            other for other in cover.places if other != key and len(cover.of(other) - cover.of(key)) > LEAST_JOINED
        )
        return Pair(key, is_exact=False, ratios=ratios, also=also, segments=segments) if any(ratios.values()) else None

    def _shortlist(self, block: Block, words: Sequence[str]) -> set[str]:
        place = self._placed[block.index]
        listed = {key for key in (place.key, place.headed) if key}
        listed |= {
            key for key in self._covers[block.index].places if self._covers[block.index].share(key) >= LEAST_SHARE
        }
        rare = Counter({key: self._common(words, key) for key in self._weights})
        return listed | {key for key, weight in rare.most_common(SHORTLIST) if weight > 0}

    def _common(self, words: Iterable[str], key: str) -> float:
        weights = self._weights[key]
        return sum(weights.get(word, 0.0) for word in set(words))

    def _bonus(self, block: Block, key: str) -> float:
        place = self._placed[block.index]
        beside = any(near in self.pairs and self.pairs[near].key == key for near in (block.index - 1, block.index + 1))
        return PLACED * (place.key == key) + HEADED * (place.headed == key) + BESIDE * beside

    def _is_accepted(self, block: Block, pair: Pair) -> bool:
        place = self._placed[block.index]
        spoken = place.key if place.score >= STRONG else None
        if (
            spoken
            and spoken != pair.key
            and spoken.startswith(RIGHTS)
            and pair.key.startswith(RIGHTS)
            and pair.ratio < NEARLY_SAME
        ):
            return False
        in_place = pair.key in {place.key, place.headed}
        return pair.ratio >= (ALIKE_IN_PLACE if in_place else ALIKE)

    def _spoken_for(self, block: Block, current: str) -> str | None:
        """The clause of the current edition that a block's own words speak of, in the section where they should."""
        place = self._placed[block.index]
        if place.key is None or not self._wording.of(current, place.key):
            return None
        own = evidence(block.plain).get(place.key, 0.0)
        return (
            place.key
            if own >= STRONG and (place.key == place.headed or place.key.startswith(f"{place.section}."))
            else None
        )


def _weights(wording: Wording) -> dict[str, dict[str, float]]:
    """For each clause its words, each weighted by how few clauses have it."""
    by_key: dict[str, set[str]] = {}
    for (_, key), segments in wording.clauses.items():
        by_key.setdefault(key, set()).update(
            word for segment in segments for word in segment.spoken_words if word not in EVERYDAY
        )
    clauses_with = Counter(word for found in by_key.values() for word in found)
    return {
        key: {word: math.log(1 + len(by_key) / clauses_with[word]) for word in found} for key, found in by_key.items()
    }
