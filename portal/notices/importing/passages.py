"""A document as one stream of words, and every edition's sentences found in it wherever its lines were broken."""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from portal.notices.importing.blocks import Block, Source, read_blocks
from portal.notices.importing.editions import Edition, EditionClause
from portal.notices.importing.lines import Kind
from portal.notices.importing.placeholders import is_block, with_placeholders
from portal.notices.importing.slips import Slips
from portal.notices.importing.words import sentences, straighten, without_label, words

NAME = re.compile(r"(?<=[a-z,;] )[A-Z][a-z]+")
LONGEST_NAME, LONGEST_TAIL = 18, 20
LEAST_PIECE, RUN = 4, 3


@dataclass(frozen=True, slots=True)
class Segment:
    """One sentence or item of an edition's clause. `paragraph` counts the blocks of that clause."""

    edition: str
    key: str
    paragraph: int
    kind: Kind
    text: str
    words: tuple[str, ...]

    @property
    def spoken_words(self) -> tuple[str, ...]:
        """Without placeholders."""
        return tuple(word for word in self.words if not word.startswith("{{"))


@dataclass(frozen=True, slots=True)
class Claim:
    """The words `start` to `end` of the stream are exactly those of the segments; `values` fill their placeholders."""

    start: int
    end: int
    segments: tuple[Segment, ...]
    values: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Stream:
    """The words of a document, headings left out and typing slips mended, and where each block's begin and end.

    `slips` are the mended words of each block, `typed` its sentences as they were typed.
    """

    words: tuple[str, ...]
    spans: Mapping[int, tuple[int, int]]
    sentence_starts: tuple[int, ...]
    slips: Mapping[int, tuple[tuple[str, str], ...]]
    typed: Mapping[int, tuple[tuple[str, ...], ...]]

    def of(self, block: Block) -> tuple[str, ...]:
        start, end = self.spans.get(block.index, (0, 0))
        return self.words[start:end]

    def sentence_end(self, place: int) -> int:
        """The end of the sentence that the word at `place` belongs to."""
        following = bisect_right(self.sentence_starts, place)
        return self.sentence_starts[following] if following < len(self.sentence_starts) else len(self.words)

    def sentence_start(self, place: int) -> int:
        return self.sentence_starts[max(bisect_right(self.sentence_starts, place) - 1, 0)]


class Wording:
    """The sentences of all editions."""

    def __init__(self, editions: Iterable[Edition]) -> None:
        self.editions = tuple(editions)
        self.clauses: dict[tuple[str, str], tuple[Segment, ...]] = {}
        self.titles: dict[str, str] = {}
        self._equal: defaultdict[tuple[str, ...], list[Segment]] = defaultdict(list)
        for edition in self.editions:
            self._add(edition)
        self._said = " | ".join(f" {' '.join(found)} " for found in self._equal)
        self.vocabulary = frozenset(word for found in self._equal for word in found) | {
            word for title in self.titles for word in words(title)
        }

    def of(self, edition: str, key: str) -> tuple[Segment, ...]:
        return self.clauses.get((edition, key), ())

    def is_part(self, found: tuple[str, ...]) -> bool:
        """Whether these words are a known sentence or, when there are enough of them, a piece of one."""
        return found in self._equal or (len(found) >= LEAST_PIECE and f" {' '.join(found)} " in self._said)

    def resembles(self, found: tuple[str, ...]) -> bool:
        """Whether at least half of every three words in a row stand so in a known sentence."""
        runs = [f" {' '.join(found[start : start + RUN])} " for start in range(len(found) - RUN + 1)]
        return len(found) >= LEAST_PIECE and 2 * sum(run in self._said for run in runs) >= len(runs)

    def claims(self, stream: Stream) -> list[Claim]:
        """Every exact occurrence of every sentence."""
        text = f" {' '.join(stream.words)} "
        places = _word_places(text)
        found: list[Claim] = []
        for sentence, segments in self._equal.items():
            for start, end, values in _occurrences(sentence, text, places, stream):
                found.append(Claim(start, end, tuple(segments), values))
        return found

    def _add(self, edition: Edition) -> None:
        for key, title in edition.sections:
            self.titles.setdefault(_title(title), f"section:{key}")
        for clause in edition.clauses:
            self.titles[_title(clause.title)] = clause.key
            segments = tuple(_segments(edition.name, clause))
            self.clauses[edition.name, clause.key] = segments
            for segment in segments:
                self._equal[segment.words].append(segment)


def stream_of(blocks: Sequence[Block], vocabulary: Collection[str], promising: Collection[str]) -> Stream:
    """Words outside `vocabulary` are taken for typing slips where they come near enough to one of it."""
    slips = Slips(vocabulary, promising, _names(blocks))
    found: list[str] = []
    spans: dict[int, tuple[int, int]] = {}
    starts: list[int] = [0]
    mended: dict[int, tuple[tuple[str, str], ...]] = {}
    typed: dict[int, tuple[tuple[str, ...], ...]] = {}
    for block in blocks:
        if block.kind is Kind.HEADING:
            continue
        begin = len(found)
        block_slips: list[tuple[str, str]] = []
        typed[block.index] = tuple(
            words(sentence) for sentence in sentences(with_placeholders(without_label(block.text)))
        )
        for sentence in typed[block.index]:
            starts.append(len(found))
            corrected, changes = slips.mend(sentence)
            found.extend(corrected)
            block_slips.extend(changes)
        spans[block.index] = (begin, len(found))
        mended[block.index] = tuple(block_slips)
    return Stream(tuple(found), spans, tuple(sorted(set(starts))), mended, typed)


def _segments(edition: str, clause: EditionClause) -> Iterator[Segment]:
    if not clause.text.strip():
        return
    for number, block in enumerate(read_blocks(clause.text, Source.MARKDOWN)):
        if block.kind is Kind.HEADING or is_block(block.text):
            continue
        for sentence in sentences(without_label(block.text)):
            found = words(sentence)
            if any(not word.startswith("{{") for word in found):
                yield Segment(edition, clause.key, number, block.kind, sentence, found)


def _names(blocks: Iterable[Block]) -> set[str]:
    """Words that the document writes with a capital letter within a sentence: names are no slips."""
    return {match.group(0).lower() for block in blocks for match in NAME.finditer(straighten(block.text))}


def _title(title: str) -> str:
    return " ".join(words(without_label(title, heading=True)))


def _word_places(text: str) -> list[int]:
    return [match.start() for match in re.finditer(r"\S+", text)]


def _occurrences(
    sentence: tuple[str, ...], text: str, places: Sequence[int], stream: Stream
) -> Iterator[tuple[int, int, tuple[tuple[str, int, int], ...]]]:
    if not any(word.startswith("{{") for word in sentence):
        literal = f" {' '.join(sentence)} "
        position = text.find(literal)
        while position >= 0:
            start = bisect_right(places, position)
            yield start, start + len(sentence), ()
            position = text.find(literal, position + len(literal) - 1)
        return
    pattern, names = _wild(sentence)
    for match in pattern.finditer(text):
        start, end = bisect_left(places, match.start()), bisect_right(places, match.end() - 1)
        values = [
            (name, bisect_right(places, match.start(group + 1) - 1), bisect_right(places, match.end(group + 1) - 1))
            for group, name in enumerate(names)
        ]
        if _is_open(sentence[0]):
            begin = max(stream.sentence_start(start), start - LONGEST_NAME)
            values.append((sentence[0][2:-2], begin, start))
            start = begin
        if _is_open(sentence[-1]):
            finish = min(stream.sentence_end(max(end - 1, 0)), end + LONGEST_TAIL)
            values.append((sentence[-1][2:-2], end, finish))
            end = finish
        yield start, end, tuple(values if _is_apart(sentence) else [("", low, high) for _, low, high in values])


@lru_cache(maxsize=4_000)
def _wild(sentence: tuple[str, ...]) -> tuple[re.Pattern[str], tuple[str, ...]]:
    """A pattern from the first to the last word that is no open placeholder; a group for each placeholder between."""
    first = 1 if _is_open(sentence[0]) else 0
    last = len(sentence) - 1 if _is_open(sentence[-1]) else len(sentence)
    parts, names = [], []
    for word in sentence[first:last]:
        if word.startswith("{{"):
            parts.append(_gap(word))
            names.append(word[2:-2])
        else:
            parts.append(re.escape(word) + " ")
    return re.compile("(?<= )" + "".join(parts)), tuple(names)


def _is_apart(sentence: Sequence[str]) -> bool:
    """Whether words stand between its placeholders, so that their values can be told apart."""
    return not any(one.startswith("{{") and other.startswith("{{") for one, other in pairwise(sentence))


def _is_open(word: str) -> bool:
    """A placeholder whose value has no form of its own, so that only the sentence's end bounds it."""
    return word.startswith("{{") and not word.endswith((".email}}", ".telephone}}"))


def _gap(word: str) -> str:
    if word.endswith(".email}}"):
        return r"(\S+@\S+|\{\{\S+\}\}) "
    if word.endswith(".telephone}}"):
        return r"(tel:\d+|\{\{\S+\}\}|(?:\d+ ){0,4}\d+) "
    least = 0 if word.endswith(".website}}") else 1
    return rf"((?:\S+ ){{{least},{LONGEST_NAME}}}?)"
