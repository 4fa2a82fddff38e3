"""Which words of each block are word for word some edition's, and whose."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from portal.notices.importing.anchors import Place
from portal.notices.importing.blocks import Block
from portal.notices.importing.lines import Kind
from portal.notices.importing.passages import Claim, Segment, Stream

JOINING = frozenset({"or", "and"})
SHORT = 3
LEAST_JOINED = 4
NEIGHBOURS = 4
LONGEST_TITLE = 14


@dataclass(slots=True)
class Cover:
    """The places in the stream that the sentences of a clause account for: key -> edition -> places."""

    start: int
    end: int
    spare: frozenset[int] = frozenset()
    places: dict[str, dict[str, set[int]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))

    @property
    def length(self) -> int:
        return self.end - self.start

    def of(self, key: str, edition: str | None = None) -> set[int]:
        """The words that a clause accounts for, in one edition or in any."""
        by_edition = self.places.get(key, {})
        return set(by_edition.get(edition, ())) if edition else set().union(*by_edition.values())

    def share(self, key: str, edition: str | None = None) -> float:
        return len(self.of(key, edition)) / self.length if self.length else 0.0

    def is_whole(self, covered: set[int]) -> bool:
        return bool(self.length) and all(
            place in covered or place in self.spare for place in range(self.start, self.end)
        )


def covers(
    blocks: Sequence[Block],
    stream: Stream,
    claims: Iterable[Claim],
    placed: Mapping[int, Place],
    titles: Collection[str] = (),
) -> tuple[dict[int, Cover], list[Claim]]:
    """A cover for each block that is not a heading, and the claims that count.

    A sentence of `SHORT` words or fewer counts only where the clause is spoken of anyway, and as a whole sentence or
    right beside another of its clause. A title that was joined to the block below it needs no account.
    """
    found = {block.index: _empty(block, stream, titles) for block in blocks if block.index in stream.spans}
    owner = [index for index, (start, end) in stream.spans.items() for _ in range(start, end)]
    long_claims = [claim for claim in claims if not _is_short(claim)]
    for claim in long_claims:
        _add(found, owner, claim, claim.segments)
    kept = list(long_claims)
    for claim in claims:
        if _is_short(claim):
            context = _context(owner[claim.start], found, placed)
            is_whole = claim.start in stream.sentence_starts and stream.sentence_end(claim.start) == claim.end
            beside = _beside(claim, owner, found)
            segments = tuple(
                segment for segment in claim.segments if segment.key in context and (is_whole or segment.key in beside)
            )
            if segments:
                _add(found, owner, claim, segments)
                kept.append(Claim(claim.start, claim.end, segments, claim.values))
    return found, kept


def _empty(block: Block, stream: Stream, titles: Collection[str]) -> Cover:
    start, end = stream.spans[block.index]
    spare = set(range(start, start + _title_length(stream.words[start:end], titles)))
    if block.kind is Kind.ITEM and end > start and stream.words[end - 1] in JOINING:
        spare.add(end - 1)
    return Cover(start, end, frozenset(spare))


def _title_length(words: Sequence[str], titles: Collection[str]) -> int:
    """How many words at a block's start are a title run together with it."""
    longest = min(LONGEST_TITLE, len(words) - 1)
    return next((length for length in range(longest, 1, -1) if " ".join(words[:length]) in titles), 0)


def _is_short(claim: Claim) -> bool:
    return len(claim.segments[0].spoken_words) <= SHORT


def _add(found: Mapping[int, Cover], owner: Sequence[int], claim: Claim, segments: Iterable[Segment]) -> None:
    for place in range(claim.start, claim.end):
        for segment in segments:
            found[owner[place]].places[segment.key][segment.edition].add(place)


def _beside(claim: Claim, owner: Sequence[int], found: Mapping[int, Cover]) -> set[str]:
    """The clauses that account for the word before a claim, or for the word after it."""
    return {
        key
        for place in (claim.start - 1, claim.end)
        if 0 <= place < len(owner)
        for key, editions in found[owner[place]].places.items()
        if any(place in places for places in editions.values())
    }


def _context(index: int, found: Mapping[int, Cover], placed: Mapping[int, Place]) -> set[str]:
    """The clauses spoken of at a block: by its heading, its own words or its neighbours."""
    place = placed[index]
    context = {key for key in (place.key, place.headed) if key}
    for near in range(index - NEIGHBOURS, index + NEIGHBOURS + 1):
        if near in found and near != index:
            context.update(key for key in found[near].places if found[near].share(key) > 1 / 2)
    return context
