"""How alike a block and a clause are, 0 to 1, counting only the sentences of the clause that the block takes up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from portal.notices.importing.passages import Segment

EVERYDAY = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "do",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "her",
        "his",
        "how",
        "i",
        "if",
        "in",
        "is",
        "it",
        "its",
        "may",
        "might",
        "more",
        "not",
        "of",
        "on",
        "or",
        "our",
        "out",
        "she",
        "should",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "why",
        "will",
        "with",
        "would",
        "you",
        "your",
    ]
)
LEAST_SHARE = 0.34
LEAST_RUN = 2


@dataclass(frozen=True, slots=True)
class Likeness:
    """`segments` are the sentences of the clause that the block takes up, in the clause's order."""

    ratio: float
    segments: tuple[Segment, ...]


def likeness(block: Sequence[str], clause: Sequence[Segment]) -> Likeness:
    plain = [word for word in block if not _is_value(word)]
    flat = [word for segment in clause for word in segment.spoken_words]
    owner = [number for number, segment in enumerate(clause) for _ in segment.spoken_words]
    if not plain or not flat:
        return Likeness(0.0, ())
    shared: Counter[int] = Counter()
    for match in SequenceMatcher(None, flat, plain, autojunk=False).get_matching_blocks():
        run = flat[match.a : match.a + match.size]
        if len(run) >= LEAST_RUN or any(word not in EVERYDAY for word in run):
            shared.update(owner[match.a : match.a + match.size])
    taken = [number for number, count in shared.items() if count >= LEAST_SHARE * len(clause[number].spoken_words)]
    if not taken:
        taken = [number for number, _ in shared.most_common(1)]
    matched = sum(shared[number] for number in taken)
    length = sum(len(clause[number].spoken_words) for number in taken)
    ratio = 2 * matched / (len(plain) + length) if length else 0.0
    return Likeness(ratio, tuple(clause[number] for number in sorted(taken)))


def common_weight(block: Iterable[str], clause: Iterable[str]) -> float:
    """A quick upper guess of the likeness: the share of the block's rarer words that the clause has."""
    rare = {word for word in block if word not in EVERYDAY and not _is_value(word)}
    return len(rare & set(clause)) / len(rare) if rare else 0.0


def _is_value(word: str) -> bool:
    return word.startswith(("{{", "tel:")) or "@" in word
