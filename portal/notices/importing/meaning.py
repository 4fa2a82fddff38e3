"""Differences of a word or two that change what a sentence promises; `meaning.toml` lists the words."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from importlib.resources import files
from typing import Any

LEAST_ALIKE = 0.55
NUMBER = re.compile(r"\d+(?:st|nd|rd|th)?")
NEGATING = frozenset({"un", "in", "im", "il", "ir", "dis", "non", "mis", "de"})
SHORTEST_OPPOSITE = 4
FACT = "{{}}"


@dataclass(frozen=True, slots=True)
class Change:
    """`kind` says in words what the difference touches, such as `a negative`."""

    kind: str
    before: str
    after: str


def changes(shared: Sequence[str], local: Sequence[str]) -> list[Change]:
    """What differs between two wordings of a sentence and may change its meaning; both as `words.words` gives them.

    What stands where the shared wording has a placeholder alone is its value, and no difference.
    """
    old, new = tuple(_even(shared, keeps_gaps=True)), _evened(local)
    found = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        removed, added = [word for word in old[i1:i2] if word != FACT], new[j1:j2]
        is_filled = FACT in old[i1:i2] and not removed
        if tag != "equal" and not is_filled and (kind := _kind_of(removed, added)):
            found.append(Change(kind, " ".join(removed), " ".join(added)))
    return found


def meaningful_change(shared: Sequence[str], local: Sequence[str]) -> list[Change]:
    """The changes of two sentences alike enough to be one another's; nothing for strangers."""
    old, new = _evened(shared), _evened(local)
    if SequenceMatcher(None, old, new, autojunk=False).ratio() < LEAST_ALIKE:
        return []
    return changes(shared, local)


@lru_cache(maxsize=1)
def promising_words() -> frozenset[str]:
    """Every word that carries a promise or a condition."""
    contractions = {word for group in _table()["same"] for word in group if " " not in word}
    return frozenset(word for kind in _table()["kinds"] for word in kind["words"]) | contractions


def _kind_of(removed: Sequence[str], added: Sequence[str]) -> str | None:
    same = {word.removesuffix("s") for word in removed} & {word.removesuffix("s") for word in added}
    differing = {word for word in (*removed, *added) if word.removesuffix("s") not in same}
    if any(NUMBER.fullmatch(word) for word in differing) or _counts(removed, added):
        return "a number"
    if any(_is_opposite(one, other) for one in removed for other in added):
        return "its opposite"
    return next((kind["name"] for kind in _table()["kinds"] if differing & set(kind["words"])), None)


def _counts(removed: Sequence[str], added: Sequence[str]) -> bool:
    """Whether one number became another, also written in words; `one` alone may be no number at all."""
    old, new = (set(side) & _number_words() for side in (removed, added))
    return old != new and bool((old | new) - {"one"} or (old and new))


def _is_opposite(one: str, other: str) -> bool:
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= SHORTEST_OPPOSITE and longer.removesuffix(shorter) in NEGATING


@lru_cache(maxsize=1)
def _number_words() -> frozenset[str]:
    return frozenset(group[0] for group in _table()["same"] if len(group) > 1 and group[1].isdigit())


def _evened(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(_even(words))


def _even(words: Sequence[str], *, keeps_gaps: bool = False) -> Iterator[str]:
    same = _same()
    for word in words:
        if keeps_gaps and word.startswith("{{"):
            yield FACT
        elif not word.startswith(("{{", "tel:")) and "@" not in word:
            yield from same.get(word, (word,))


@lru_cache(maxsize=1)
def _table() -> Mapping[str, Any]:
    return tomllib.loads(files("portal.notices.importing").joinpath("meaning.toml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _same() -> Mapping[str, tuple[str, ...]]:
    """A word to the word it is compared as: contractions to their long form, the others to the first of their group."""
    found: dict[str, tuple[str, ...]] = {}
    for group in _table()["same"]:
        meant = next((word for word in group if " " in word), group[0])
        found |= {word: tuple(meant.split()) for word in group if word != meant and " " not in word}
    return found
