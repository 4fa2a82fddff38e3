"""Typing slips: a word that nobody uses, one or two letters away from one that the editions use."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from difflib import SequenceMatcher

SHORTEST, SHORTEST_FOR_TWO = 5, 9
SHORTEST_PART = 3
SHORTEST_PROMISING = 7
ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "er", "r", "al")
BEGINNINGS = ("un", "in", "im", "non", "dis", "re", "de", "mis")


class Slips:
    """`promising` words carry a meaning of their own: they are no slips, and the short ones are not what was meant.

    `names` are no slips either.
    """

    def __init__(
        self, vocabulary: Collection[str], promising: Collection[str] = (), names: Collection[str] = ()
    ) -> None:
        self._promising = frozenset(promising)
        self._right = self._promising.union(names)
        self._known = frozenset(vocabulary)
        self._near: defaultdict[str, list[str]] = defaultdict(list)
        for word in self._known:
            if len(word) >= SHORTEST - 1 and word.isalpha():
                for variant in _variants(word):
                    self._near[variant].append(word)

    def mend(self, typed: Sequence[str]) -> tuple[list[str], list[tuple[str, str]]]:
        """The words as they were meant, and each `(typed, meant)` that differs."""
        found: list[str] = []
        changes: list[tuple[str, str]] = []
        skip = False
        for index, word in enumerate(typed):
            if skip:
                skip = False
                continue
            following = typed[index + 1] if index + 1 < len(typed) else ""
            meant, skip = self._meant(word, following)
            found.extend(meant)
            if list(meant) != [word]:
                changes.append((f"{word} {following}" if skip else word, " ".join(meant)))
        return found, changes

    def _meant(self, word: str, following: str) -> tuple[Sequence[str], bool]:
        if word in self._known:
            if following == word and word.isalpha():
                return [word], True
            if not (following.isalpha() and following not in self._known and word.isalpha()):
                return [word], False
        if (
            following.isalpha()
            and word.isalpha()
            and f"{word}{following}" in self._known
            and len(word) + len(following) > SHORTEST
        ):
            return [f"{word}{following}"], True
        if word in self._known or word in self._right or not word.isalpha() or len(word) < SHORTEST - 1:
            return [word], False
        near = self._nearest(word)
        return ([near], False) if near else (self._parts(word) or [word], False)

    def _nearest(self, word: str) -> str | None:
        candidates = {found for variant in _variants(word) for found in self._near.get(variant, ())}
        good = [found for found in candidates if self._may_be_meant(found) and _is_slip(word, found)]
        return max(good, key=lambda found: (SequenceMatcher(None, word, found).ratio(), found), default=None)

    def _may_be_meant(self, word: str) -> bool:
        return word not in self._promising or len(word) >= SHORTEST_PROMISING

    def _parts(self, word: str) -> list[str] | None:
        for cut in range(SHORTEST_PART, len(word) - SHORTEST_PART + 1):
            if word[:cut] in self._known and word[cut:] in self._known:
                return [word[:cut], word[cut:]]
        return None


def _is_slip(typed: str, meant: str) -> bool:
    if len(meant) < SHORTEST or _is_inflected(typed, meant) or _is_inflected(meant, typed):
        return False
    most = 2 if min(len(typed), len(meant)) >= SHORTEST_FOR_TWO else 1
    return _distance(typed, meant) <= most


def _is_inflected(one: str, other: str) -> bool:
    """`pupils` is no slip for `pupil`, nor `unfair` for `fair`: those are other words."""
    return any(
        one == f"{other}{ending}" or (other.endswith(("e", "y")) and one == f"{other[:-1]}{ending}")
        for ending in (*ENDINGS, "ies")
    ) or any(one == f"{beginning}{other}" for beginning in BEGINNINGS)


def _variants(word: str) -> Iterator[str]:
    """The word itself and each of its forms with one letter left out; two for a long word."""
    yield word
    for place in range(len(word)):
        shorter = word[:place] + word[place + 1 :]
        yield shorter
        if len(word) >= SHORTEST_FOR_TWO:
            for next_place in range(place, len(shorter)):
                yield shorter[:next_place] + shorter[next_place + 1 :]


def _distance(one: str, other: str) -> int:
    """Damerau-Levenshtein: letters put in, left out, changed, or swapped with a neighbour."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
