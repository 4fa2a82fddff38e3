"""Councils told apart by their names, never by the words around them; `entities.toml` holds the table."""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from importlib.resources import files
from typing import Any

from portal.notices.importing.editions import AuthorityName
from portal.notices.importing.words import ADDRESS, SITE, sentences, spoken, words

MASK = "COUNCIL"
LONGEST_LINE = 60
ROOM_FOR_A_WORD = 7
SHORTEST_TYPED, LEAST_TYPED = 4, 0.8
SIGNPOST = re.compile(r"\b(?:privacy|notices?|polic(?:y|ies)|statement)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mention:
    """A council's name in a text. `full`: with `council` or the like, so that it can mean nothing else."""

    authority: AuthorityName
    name: str
    start: int
    end: int
    full: bool


class Councils:
    """The directory's names, ready to be found in a text."""

    def __init__(self, authorities: Iterable[AuthorityName]) -> None:
        self._by_core: dict[str, AuthorityName] = {}
        self._by_name: dict[str, AuthorityName] = {}
        for authority in authorities:
            for name in authority.names:
                self._by_name.setdefault(_even(name), authority)
                for core in _cores(name):
                    self._by_core.setdefault(core, authority)
        self._pattern = _pattern(self._by_core) if self._by_core else None

    def mentions(self, text: str) -> list[Mention]:
        """Every council named in `text` (which is straightened first; the places are in that form)."""
        plain = spoken(text)
        if self._pattern is None:
            return []
        return [mention for match in self._pattern.finditer(plain) if (mention := self._mention(plain, match))]

    def line(self, text: str) -> list[AuthorityName]:
        """The councils of a council line, in order; nothing for a paragraph that only happens to name one."""
        plain = _without_addresses(text)
        found = self.mentions(plain)
        if not found or len(plain.split()) > LONGEST_LINE * len({mention.authority.key for mention in found}):
            return []
        masked = _masked(plain, found)
        if not any(pattern.search(masked) for pattern in _line_patterns()):
            return []
        return list({mention.authority.key: mention.authority for mention in found}.values())

    def is_bare(self, text: str) -> bool:
        """Whether a council line says nothing beside who the council is and where its notice stands.

        A sentence that leads to a notice may hold a stray word; one that tells what becomes of information may not.
        """
        return all(_says_nothing_else(sentence) for sentence in sentences(self.masked(text)))

    def masked(self, text: str) -> str:
        """The text without web addresses, each council's name replaced by COUNCIL."""
        plain = _without_addresses(text)
        return _masked(plain, self.mentions(plain))

    def _mention(self, plain: str, match: re.Match[str]) -> Mention | None:
        core = _even(match["core"])
        full = bool(match["suffix"] or match["prefix"])
        authority = self._by_name.get(_even(match.group(0))) or self._by_core.get(core)
        is_name = full or (
            match["core"][:1].isupper()
            and core not in councils_table()["ambiguous"]
            and not _is_elsewhere(plain, match.end())
        )
        if authority is None or not is_name:
            return None
        return Mention(authority, match.group(0), match.start(), match.end(), full)


@lru_cache(maxsize=1)
def entity_table() -> dict[str, Any]:
    return tomllib.loads(files("portal.notices.importing").joinpath("entities.toml").read_text(encoding="utf-8"))


def councils_table() -> dict[str, Sequence[str]]:
    table: dict[str, Sequence[str]] = entity_table()["councils"]
    return table


@lru_cache(maxsize=1)
def _boilerplate() -> frozenset[str]:
    return frozenset(councils_table()["boilerplate"])


def _says_nothing_else(masked: str) -> bool:
    found = [word for word in words(masked) if word != MASK.lower()]
    others = sum(not _is_boilerplate(word) for word in found)
    return others == 0 or (others <= len(found) // ROOM_FOR_A_WORD and SIGNPOST.search(masked) is not None)


@lru_cache(maxsize=5_000)
def _is_boilerplate(word: str) -> bool:
    """Whether a word is one of a council line's, also where it was mistyped."""
    if word in _boilerplate():
        return True
    if len(word) < SHORTEST_TYPED:
        return False
    near = (known for known in _boilerplate() if abs(len(known) - len(word)) <= 1 and known[0] == word[0])
    return any(
        sorted(known) == sorted(word) or SequenceMatcher(None, known, word).ratio() >= LEAST_TYPED for known in near
    )


@lru_cache(maxsize=1)
def _line_patterns() -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern.replace(MASK, MASK.lower()), re.IGNORECASE) for pattern in councils_table()["line"])


def _without_addresses(text: str) -> str:
    return re.sub(r"\s*\(\s*\)", "", SITE.sub("", ADDRESS.sub("", spoken(text)))).strip()


def _masked(plain: str, mentions: Iterable[Mention]) -> str:
    for mention in reversed(list(mentions)):
        tail = re.match(r"(?:'s)?(?:\s+area)?", plain[mention.end :])
        plain = plain[: mention.start] + MASK + plain[mention.end + (tail.end() if tail else 0) :]
    return plain


def _pattern(cores: Iterable[str]) -> re.Pattern[str]:
    table = councils_table()
    names = "|".join(_loose(core) for core in sorted(cores, key=len, reverse=True))
    prefixes = "|".join(_loose(prefix) for prefix in table["prefixes"] if prefix != "the")
    suffixes = "|".join(_loose(suffix) for suffix in sorted(table["suffixes"], key=len, reverse=True))
    tails = "|".join(_loose(tail.strip(" -")) for tail in table["tails"])
    return re.compile(
        rf"(?<![\w@.-])(?:(?P<prefix>{prefixes})\s+)?(?P<core>{names})(?:[\s-](?:{tails}))?(?:\s+(?P<suffix>{suffixes}))?(?![\w@]|-\w|\.\w)",
        re.IGNORECASE,
    )


def _cores(name: str) -> set[str]:
    core = _even(name)
    for prefix in councils_table()["prefixes"]:
        core = core.removeprefix(f"{prefix} ")
    for suffix in councils_table()["suffixes"]:
        core = core.removesuffix(f" {suffix}")
    cores = {core}
    for tail in councils_table()["tails"]:
        cores.add(core.removesuffix(_even(tail)).strip(" -"))
    return {found for found in cores if len(found) > 2}


def _even(name: str) -> str:
    plain = spoken(name).lower().replace("&", "and")
    return re.sub(r"[\s-]+", " ", re.sub(r"\bst\.", "st", plain)).strip(" .,")


def _loose(name: str) -> str:
    loose = {"and": "(?:and|&)", "st": r"st\.?"}
    return r"[\s-]+".join(loose.get(word) or re.escape(word) for word in re.split(r"[\s-]+", name))


def _is_elsewhere(plain: str, end: int) -> bool:
    following = plain[end:].lower().split(maxsplit=2)[:2]
    return any(word.strip(".,;:()") in councils_table()["elsewhere"] for word in following)
