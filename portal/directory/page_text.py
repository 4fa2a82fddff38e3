"""What a page says: enough of it to tell "not found" from a page, and a changed page from the same one."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import Final

_RAW: Final = frozenset({"script", "style", "noscript", "template", "svg"})
_FURNITURE: Final = frozenset({"nav", "header", "footer", "aside", "form"})
_WORDS_ENOUGH: Final = 40
_OPENING: Final = 300
_TITLE_LENGTH: Final = 200
_REFRESH_SECONDS: Final = 10
_REFRESH: Final = re.compile(r"\s*(\d{1,4})[^;,]{0,9}[;,]\s*(?:url\s*=\s*)?['\"]?([^'\"\s]+)", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_TAG_LENGTH: Final = 4000
_NOT_FOUND: Final = re.compile(
    r"""
    \b404\b
    | \bnot\ found\b
    | \bno\ longer\ (?:exists?|available|here)\b
    | \b(?:can(?:no|['’])?t|could\ not|couldn['’]t|unable\ to)\ (?:be\ (?:found|located|displayed)
        |(?:seem\ to\ )?(?:find|locate))\b
    | \bno\ such\ page\b | \bmissing\ page\b | \bpage\ (?:missing|unavailable)\b | \bnothing\ (?:was\ )?found\b
    | \bpage\ (?:(?:that\ )?you(?:['’][rv]e|\ are|\ were|\ have)?\ (?:looking\ for|requested|want(?:ed)?|asked\ for)\ )?
        (?:(?:does\ not|doesn['’]t)\ exist
        |(?:has\ been|was|is|may\ have\ been)\ (?:moved\ or\ )?(?:removed|deleted|missing|unavailable|withdrawn)
        |(?:is\ not|isn['’]t)\ (?:available|here))\b
    | \bheb\ ei\ (?:ch?anfod|g?anfod|chael)\b
    | \b(?:ni|na)\ (?:chanfuwyd|ddaethpwyd\ o\ hyd|ellir\ dod\ o\ hyd|allwn\ ddod\ o\ hyd)\b
    | \bddim\ (?:ar\ gael|yn\ bodoli)\b
    | \bnid\ yw['’]r\ dudalen\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


_APOLOGY: Final = re.compile(r"\W*(?:oops|whoops|oh\ dear|uh[ -]oh|sorry|wps|mae'n\ ddrwg\ gennym)\W*", re.IGNORECASE)
_APOLOGY_WORDS: Final = 8


@dataclass(frozen=True, slots=True)
class Page:
    """`text` is the main part without menus; `refresh` where the page sends its reader after a few seconds."""

    title: str
    heading: str
    text: str = field(repr=False)
    refresh: str = ""

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.text.casefold().encode()).hexdigest()

    @property
    def says_not_found(self) -> bool:
        """Told from the title and main heading; from the opening words where the page is short or apologises."""
        if _NOT_FOUND.search(f"{self.title} . {self.heading}"):
            return True
        if _APOLOGY.match(self.heading) and len(self.heading.split()) <= _APOLOGY_WORDS:
            return bool(_NOT_FOUND.search(self.text[: 2 * _OPENING])) or _APOLOGY.fullmatch(self.heading) is not None
        return not self.says_enough and bool(_NOT_FOUND.search(self.text[:_OPENING]))

    @property
    def says_enough(self) -> bool:
        """Whether there is text to compare at all: a page drawn by scripts has next to none."""
        return len(self.text.split()) >= _WORDS_ENOUGH


def read_page(body: bytes, content_type: str) -> Page:
    named = re.search(r"charset=[\"']?([\w-]+)", content_type, re.IGNORECASE)
    html = _decode(body, named.group(1) if named else "utf-8")
    parts: dict[str, list[str]] = {"title": [], "h1": [], "main": [], "whole": []}
    inside: Counter[str] = Counter()
    refresh = ""
    for tag, attributes, text in _pieces(html):
        if tag == "meta":
            refresh = refresh or _refresh(attributes)
        inside[tag.removeprefix("/")] += -1 if tag.startswith("/") else 1
        for name in _where(inside):
            parts[name].append(text)
    title, heading, main, whole = (
        _squeeze(unescape(" ".join(parts[name]))) for name in ("title", "h1", "main", "whole")
    )
    return Page(title, heading, main or whole, refresh)


def _pieces(html: str) -> Iterator[tuple[str, str, str]]:
    """Tag, its attributes and the text after it. Only ever looks ahead, so that no input takes long."""
    lower = html.lower()
    place = 0
    while (start := lower.find("<", place)) >= 0:
        if lower.startswith("<!--", start):
            end = lower.find("-->", start + 4)
            place = end + 3
        else:
            end = lower.find(">", start)
            place = end + 1
        if end < 0:
            return
        tag, _, attributes = html[start + 1 : min(end, start + _TAG_LENGTH)].partition(" ")
        tag = tag.strip("\r\n\t ").removesuffix("/").lower()
        if tag in _RAW:
            place = lower.find(f"</{tag}", place)
            if place < 0:
                return
            continue
        following = lower.find("<", place)
        yield tag, attributes, html[place : following if following >= 0 else len(html)]


def _where(inside: Counter[str]) -> Iterator[str]:
    if inside["title"] > 0:
        yield "title"
        return
    if inside["h1"] > 0:
        yield "h1"
    if inside["main"] > 0:
        yield "main"
    if not any(inside[name] > 0 for name in _FURNITURE):
        yield "whole"


def _refresh(attributes: str) -> str:
    values = {name.lower(): double or single or bare for name, double, single, bare in _ATTRIBUTE.findall(attributes)}
    found = _REFRESH.match(unescape(values.get("content", "")))
    if values.get("http-equiv", "").lower() != "refresh" or not found or int(found.group(1)) > _REFRESH_SECONDS:
        return ""
    return found.group(2)


def _decode(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, errors="replace")
    except LookupError:
        return body.decode("utf-8", errors="replace")


def _squeeze(text: str) -> str:
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
