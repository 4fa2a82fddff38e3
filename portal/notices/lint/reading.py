"""How hard a text is: the Flesch-Kincaid grade, about the years of schooling that it takes. English only."""

from collections.abc import Iterable
from functools import lru_cache

import pyphen

from portal.notices.importing.words import ADDRESS, EMAIL, LINK, sentences, spoken

FEWEST_WORDS = 15


def grade(texts: Iterable[str]) -> float | None:
    """Kincaid et al. 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59. None for too few words.

    Each text is a paragraph or an item; an item without a full stop counts as a sentence.
    """
    found = [sentence for text in texts for sentence in sentences(_readable(text))]
    words = [word for sentence in found for word in _words(sentence)]
    if len(words) < FEWEST_WORDS:
        return None
    syllables = sum(map(_syllables, words))
    return 0.39 * len(words) / max(len(found), 1) + 11.8 * syllables / len(words) - 15.59


def _readable(text: str) -> str:
    return EMAIL.sub("", ADDRESS.sub("", LINK.sub(r"\1", spoken(text))))


def _words(sentence: str) -> list[str]:
    return [word for word in sentence.replace("-", " ").split() if any(letter.isalpha() for letter in word)]


@lru_cache(maxsize=20_000)
def _syllables(word: str) -> int:
    letters = "".join(letter for letter in word.lower() if letter.isalpha())
    return len(_dictionary().positions(letters)) + 1


@lru_cache(maxsize=1)
def _dictionary() -> pyphen.Pyphen:
    return pyphen.Pyphen(lang="en_GB")
