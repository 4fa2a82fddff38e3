"""Names as people type them: without accents and marks, `St` for `Saint`, `&` for `and`. Pure."""

import re
import unicodedata
from collections.abc import Iterable

_APOSTROPHES = re.compile(r"['\u2018\u2019\u02bc`]")
_NO_WORD = re.compile(r"[^a-z0-9]+")
_SAME = (("st", "saint"), ("cofe", "church of england"), ("rc", "roman catholic"))
_LOOKALIKES = str.maketrans(
    "АВЕЅІЈКМНОРСТУХаеѕіјкморсухԁһӏԛԝΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχıɑɡ",
    "ABESIJKMHOPCTYXaesijkmopcyxdhlqwABEZHIKMNOPTYXaikvoptuxiag",
)
_PASSES_FOR = (("0", "o"), ("1", "l"), ("i", "l"), ("5", "s"), ("rn", "m"), ("vv", "w"))
_UNSPACED = re.compile(r"\bc of e\b")


def plain(text: str) -> str:
    """Small letters and digits with single spaces, the way a name is compared."""
    marked = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(character for character in marked if not unicodedata.combining(character))
    words = _NO_WORD.sub(" ", _APOSTROPHES.sub("", letters).replace("&", " and ")).strip()
    return _UNSPACED.sub("cofe", words)


def findable(name: str, town: str, postcode: str) -> str:
    """All that a school can be found by, in one line; words that mean the same stand beside each other."""
    code = plain(postcode)
    line = f" {plain(name)} {plain(town)} {code} {code.replace(' ', '')} "
    pairs = (*_SAME, *((after, before) for before, after in _SAME))
    return line + " ".join(other for one, other in pairs if f" {one} " in line)


def looks(text: str) -> str:
    """What is left of a name when everything that looks alike is one: for telling a copy from the name it copies.

    After the skeleton of Unicode TS 39, section 4, with the letters of its table that occur in names: Cyrillic and
    Greek letters, digits and pairs that pass for a Latin letter, capitals, marks and spaces.
    """
    marked = unicodedata.normalize("NFKD", text).translate(_LOOKALIKES).casefold()
    letters = "".join(each for each in marked if each.isalnum())
    for seen, taken_for in _PASSES_FOR:
        letters = letters.replace(seen, taken_for)
    return letters


def holds(line: str, words: Iterable[str]) -> bool:
    """Whether every word typed stands in the line, be it as a part of one."""
    return all(word in line for word in words)
