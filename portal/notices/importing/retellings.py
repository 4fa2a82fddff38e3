"""Paragraphs that a school has told again in its own words: known by the gap they fill and by their rarer words."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from portal.notices.importing.anchors import Place
from portal.notices.importing.blocks import Block
from portal.notices.importing.likeness import EVERYDAY
from portal.notices.importing.pairing import Pair
from portal.notices.importing.passages import Claim, Segment, Stream, Wording

LEAST_SHARED, LEAST_EVIDENCE = 0.12, 0.28
SPOKEN_FOR, NEXT_TO = 0.1, 0.08
NEIGHBOURS = 3
ENDINGS = (
    "ations",
    "ation",
    "ingly",
    "ings",
    "ing",
    "edly",
    "ies",
    "ied",
    "ers",
    "er",
    "est",
    "ed",
    "es",
    "ly",
    "s",
    "e",
    "y",
)
SHORTEST_STEM = 3


class Retellings:
    def __init__(self, wording: Wording, stream: Stream, placed: Mapping[int, Place], claims: Iterable[Claim]) -> None:
        self._wording = wording
        self._stream = stream
        self._placed = placed
        self._claimed = {segment for claim in claims for segment in claim.segments}
        self._rarity = _rarity(wording)

    def pair(self, blocks: Sequence[Block], pairs: dict[int, Pair], order: Sequence[str]) -> None:
        """Adds to `pairs` the blocks that fill a gap; each gap is filled once. `order` is how to prefer editions."""
        taken = {segment for pair in pairs.values() for segments in pair.segments.values() for segment in segments}
        found: list[tuple[float, int, str, str, int]] = []
        for block in blocks:
            if block.index not in pairs:
                found.extend(self._candidates(block, pairs, taken, order))
        filled: set[tuple[str, int]] = set()
        for score, index, key, edition, paragraph in sorted(found, reverse=True):
            if index not in pairs and (key, paragraph) not in filled and score >= LEAST_EVIDENCE:
                filled.add((key, paragraph))
                gap = tuple(segment for segment in self._wording.of(edition, key) if segment.paragraph == paragraph)
                pairs[index] = Pair(key, is_exact=False, ratios={edition: min(score, 1.0)}, segments={edition: gap})

    def _candidates(
        self, block: Block, pairs: Mapping[int, Pair], taken: set[Segment], order: Sequence[str]
    ) -> Iterable[tuple[float, int, str, str, int]]:
        words = _stems(self._stream.of(block))
        above, below = _neighbour(block.index, pairs, -1), _neighbour(block.index, pairs, 1)
        place = self._placed[block.index]
        for key in {place.key, place.headed, above, below} - {None}:
            edition = self._edition(str(key), pairs, order)
            if edition is None:
                continue
            bonus = (
                SPOKEN_FOR * (key == place.key) + NEXT_TO * (key == above) + NEXT_TO * (key in {below, place.headed})
            )
            for paragraph, gap in self._gaps(edition, str(key), taken).items():
                shared = self._shared(words, gap)
                if shared >= LEAST_SHARED:
                    yield shared + bonus, block.index, str(key), edition, paragraph

    def _edition(self, key: str, pairs: Mapping[int, Pair], order: Sequence[str]) -> str | None:
        """The edition that the clause's other blocks are most like, or the first of `order` that has the clause."""
        scores: Counter[str] = Counter()
        for pair in pairs.values():
            if pair.key == key:
                scores.update(pair.ratios)
        having = [edition for edition in order if self._wording.of(edition, key)]
        return max(having, key=lambda edition: scores[edition], default=None)

    def _gaps(self, edition: str, key: str, taken: set[Segment]) -> dict[int, set[str]]:
        paragraphs: dict[int, list[Segment]] = {}
        for segment in self._wording.of(edition, key):
            paragraphs.setdefault(segment.paragraph, []).append(segment)
        return {
            number: _stems(word for segment in segments for word in segment.spoken_words)
            for number, segments in paragraphs.items()
            if not any(segment in self._claimed or segment in taken for segment in segments)
        }

    def _shared(self, words: set[str], gap: set[str]) -> float:
        most = max(self._rarity.values(), default=1.0)
        shared = sum(self._rarity.get(word, most) for word in words & gap)
        total = sum(self._rarity.get(word, most) for word in words) + sum(self._rarity.get(word, most) for word in gap)
        return 2 * shared / total if total else 0.0


def _neighbour(index: int, pairs: Mapping[int, Pair], step: int) -> str | None:
    for near in range(index + step, index + step * (NEIGHBOURS + 1), step):
        if near in pairs:
            return pairs[near].key
    return None


def _rarity(wording: Wording) -> dict[str, float]:
    by_key: dict[str, set[str]] = {}
    for (_, key), segments in wording.clauses.items():
        by_key.setdefault(key, set()).update(_stems(word for segment in segments for word in segment.spoken_words))
    having = Counter(stem for stems in by_key.values() for stem in stems)
    return {stem: math.log(1 + len(by_key) / count) for stem, count in having.items()}


def _stems(words: Iterable[str]) -> set[str]:
    return {
        _stem(word)
        for word in words
        if word not in EVERYDAY and not word.startswith(("{{", "tel:")) and "@" not in word
    }


def _stem(word: str) -> str:
    ending = next(
        (ending for ending in ENDINGS if word.endswith(ending) and len(word) - len(ending) >= SHORTEST_STEM), ""
    )
    return word.removesuffix(ending) if ending else word
