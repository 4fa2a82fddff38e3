"""The closed language of placeholders: facts, blocks and cross-references by clause key. Never a template language."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote

from portal.core.i18n import N_

PLACEHOLDER: Final = re.compile(
    r"\{\{\s*(?:(?P<see>see)\s+)?(?P<key>[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)*)\s*\}\}",
)
SLOT_WORD: Final = re.compile(r"x[0-9a-f]{20}x(\d+)x")
EMAIL: Final = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
WEBSITE: Final = re.compile(
    r"(?P<scheme>https?://)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::\d{1,5})?(?:[/?#][^\s<>\"'\\]*)?"
)
TELEPHONE: Final = re.compile(r"\+?[\d\s()-]{5,30}")


class Kind(StrEnum):
    FACT = "fact"
    BLOCK = "block"
    REFERENCE = "reference"
    UNKNOWN = "unknown"


class FactKind(StrEnum):
    WORDS = "words"
    EMAIL = "email"
    TELEPHONE = "telephone"
    WEBSITE = "website"


class Filler(StrEnum):
    """Who can put right what a placeholder lacks."""

    SCHOOL = "school"
    TRUST = "trust"
    SERVICE = "service"
    CENTRAL = "central"


class Context(StrEnum):
    """Where in the result a value goes: running text, the words of a link, its address, or plain text."""

    RUNNING = "running"
    LABEL = "label"
    ADDRESS = "address"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    filler: Filler
    kind: FactKind = FactKind.WORDS


@dataclass(frozen=True, slots=True)
class Block:
    label: str
    filler: Filler = Filler.SERVICE


@dataclass(frozen=True, slots=True)
class Placeholder:
    kind: Kind
    key: str
    line: int


@dataclass(frozen=True, slots=True)
class Slots:
    """The words that `tokenise` put in: the pattern whose first group is a number, and `kind|key` by that number."""

    pattern: re.Pattern[str]
    names: tuple[str, ...]


FILLERS: Final[Mapping[Filler, str]] = {
    Filler.SCHOOL: N_("the school"),
    Filler.TRUST: N_("the trust"),
    Filler.SERVICE: N_("our service"),
    Filler.CENTRAL: N_("the central team"),
}

FACTS: Final[Mapping[str, Fact]] = {
    "school.name": Fact(N_("the school’s name"), Filler.SCHOOL),
    "school.short_name": Fact(N_("the school’s short name"), Filler.SCHOOL),
    "school.email": Fact(N_("the school’s e-mail address"), Filler.SCHOOL, FactKind.EMAIL),
    "school.telephone": Fact(N_("the school’s telephone number"), Filler.SCHOOL, FactKind.TELEPHONE),
    "school.address": Fact(N_("the school’s postal address"), Filler.SCHOOL),
    "school.website": Fact(N_("the address of the school’s website"), Filler.SCHOOL, FactKind.WEBSITE),
    "controller.name": Fact(N_("the name of the controller"), Filler.SCHOOL),
    "controller.address": Fact(N_("the postal address of the controller"), Filler.SCHOOL),
    "dpo.name": Fact(N_("the name of the Data Protection Officer"), Filler.SERVICE),
    "dpo.email": Fact(N_("the Data Protection Officer’s e-mail address"), Filler.SERVICE, FactKind.EMAIL),
    "dpo.telephone": Fact(N_("the Data Protection Officer’s telephone number"), Filler.SERVICE, FactKind.TELEPHONE),
    "dpo.address": Fact(N_("the Data Protection Officer’s postal address"), Filler.SERVICE),
    "regulator.name": Fact(N_("the name of the regulator"), Filler.CENTRAL),
    "regulator.address": Fact(N_("the regulator’s postal address"), Filler.CENTRAL),
    "regulator.telephone": Fact(N_("the regulator’s telephone number"), Filler.CENTRAL, FactKind.TELEPHONE),
    "regulator.website": Fact(N_("the address of the regulator’s website"), Filler.CENTRAL, FactKind.WEBSITE),
    "service.name": Fact(N_("the name of our service"), Filler.SERVICE),
    "trust.name": Fact(N_("the name of the trust"), Filler.CENTRAL),
    "authority.name": Fact(N_("the name of the council"), Filler.CENTRAL),
}

COMMON: Final = ("dpo.", "regulator.", "service.")
"""Facts that are the same for all schools."""

BLOCKS: Final[Mapping[str, Block]] = {
    "authority_links": Block(N_("the links to the councils’ notices"), Filler.CENTRAL),
    "specific_notices": Block(N_("the list of the school’s other notices"), Filler.SCHOOL),
    "request_link": Block(N_("the link to make a request")),
    "version": Block(N_("the version of this notice")),
}


def kind_of(match: re.Match[str]) -> Kind:
    if match["see"]:
        return Kind.REFERENCE
    key = match["key"]
    return Kind.FACT if key in FACTS else Kind.BLOCK if key in BLOCKS else Kind.UNKNOWN


def slot_name(match: re.Match[str]) -> str:
    return f"{kind_of(match)}|{match['key']}"


def placeholders_in(text: str) -> tuple[Placeholder, ...]:
    """In order of appearance, with 1-based lines; what is malformed is not among them (see `markup.problems`)."""
    return tuple(
        Placeholder(kind_of(match), match["key"], text.count("\n", 0, match.start()) + 1)
        for match in PLACEHOLDER.finditer(text)
    )


@lru_cache(maxsize=4096)
def own_facts(text: str) -> frozenset[str]:
    """The facts in the text that one school may have and another lack."""
    found = (match["key"] for match in PLACEHOLDER.finditer(text) if kind_of(match) is Kind.FACT)
    return frozenset(key for key in found if not key.startswith(COMMON))


def is_block_placeholder(line: str) -> bool:
    """Whether the line holds a computed block and nothing else: it is a block of the text by itself."""
    found = PLACEHOLDER.fullmatch(line.strip())
    return found is not None and kind_of(found) is Kind.BLOCK


def tidy(text: str) -> str:
    """Each placeholder in its one spelling, `{{ school.name }}`."""
    return PLACEHOLDER.sub(lambda match: "{{ " + ("see " if match["see"] else "") + match["key"] + " }}", text)


def tokenise(text: str) -> tuple[str, Slots]:
    """The text with a plain word for each placeholder, and what these words stand for.

    The words hold a digest of the text, so that no text can hold them by itself; letters and digits pass through
    Markdown, addresses and the sanitiser unchanged.
    """
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]
    numbers: dict[str, int] = {}

    def word(match: re.Match[str]) -> str:
        return f"x{mark}x{numbers.setdefault(slot_name(match), len(numbers))}x"

    words = PLACEHOLDER.sub(word, text)
    return words, Slots(re.compile(rf"x{mark}x(\d+)x"), tuple(numbers))


@lru_cache(maxsize=8192)
def shown(key: str, value: str, context: Context) -> str:
    """A fact's value, made safe for the place it goes to; addresses of the fact's kind become links in running text."""
    words = _one_line(value)
    if context is Context.PLAIN:
        return words
    target = _address(FACTS[key].kind, words)
    if context is Context.ADDRESS:
        return escape(_bare_address(target) or "#")
    label = escape(words)
    if context is Context.LABEL or not target:
        return label
    return f'<a href="{escape(target)}" dir="ltr">{label}</a>'


def escape_markdown(words: str) -> str:
    """Words from outside for use in a computed block: they come out literally."""
    return re.sub(r"([\\`*_{}\[\]()#+.!|<>&~-])", r"\\\1", _one_line(words))


def _one_line(value: str) -> str:
    return ", ".join(part for line in value.splitlines() if (part := " ".join(line.split()).rstrip(",")))


def _address(kind: FactKind, words: str) -> str:
    match kind:
        case FactKind.EMAIL if EMAIL.fullmatch(words):
            return f"mailto:{quote(words, safe='@+')}"
        case FactKind.TELEPHONE if TELEPHONE.fullmatch(words):
            return "tel:" + re.sub(r"[^\d+]", "", re.sub(r"\(0\)", "", words))
        case FactKind.WEBSITE if found := WEBSITE.fullmatch(words):
            return words if found["scheme"] else f"https://{words}"
        case _:
            return ""


def _bare_address(target: str) -> str:
    """In `mailto:{{ school.email }}` the scheme is written already."""
    return target.removeprefix("mailto:").removeprefix("tel:")
