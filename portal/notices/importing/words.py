"""Words and sentences as they are compared: what a pen, a keyboard or Word changes by itself is not a difference."""

import re
import unicodedata
from functools import lru_cache

QUOTES = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'", "\u00b4": "'", "`": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2033": '"', "\u00ab": '"', "\u00bb": '"',
    "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-",
    "\u2026": "...", "\u00ad": None, "\u200b": None, "\u200c": None, "\u200d": None, "\u2060": None, "\ufeff": None,
})  # fmt: skip

LINK = re.compile(r"\[([^\]\[]{1,300})\]\(\s*([^()\n]{0,2000}?)\s*\)")
EMAIL = re.compile(r"(?<![\w.+-])[A-Za-z0-9][\w.+'-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,6}[A-Za-z]{2,24}")
TELEPHONE = re.compile(
    r"(?<![\w.])(?:\+44[ -]{0,2}(?:\(0\)[ -]{0,2})?|\(?0)\d{2,5}\)?(?:[ \u00a0-]{0,2}\d{2,6}){1,3}(?![\w-]|\.\d)"
)
ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>()\[\]\"']{2,500}", re.IGNORECASE)
SITE = re.compile(
    r"(?<![@\w.-])(?:https?://)?(?:www\.)?(?:[a-z0-9-]{1,63}\.){1,5}(?:uk|com|org|net|info|school|academy)"
    r"(?:/[^\s()<>\[\]]*)?(?![\w@])",
    re.IGNORECASE,
)
TARGET = re.compile(r"(?<=\]\()[^()\n]{0,2000}(?=\))")
SPACE = re.compile(r"\s+")
EMPHASIS = re.compile(r"(?<!\w)(\*{1,3}|_{1,3})(?=\S)(.{1,2000}?)(?<=\S)\1(?!\w)", re.DOTALL)
LABEL = re.compile(
    r"^\s*(?:section\s+)?(?:\(?\d{1,2}(?:\.\d{1,2}){0,3}[.):]|\d{1,2}(?:\.\d{1,2}){1,3}|\(?[a-z]\)|\(?(?:x|ix|iv|v?i{1,3})[.)]|[A-Z]\))\s+(?=\S)",
    re.IGNORECASE,
)
BARE_NUMBER = re.compile(r"^\s*(?:section\s+)?\d{1,2}\s+(?=[A-Z])", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]{0,2}\s+(?=[\"'(\[]{0,2}[A-Z0-9{])")
ABBREVIATIONS = re.compile(
    r"(?:^|[\s(\"'])(?:e\.g|i\.e|etc|mr|mrs|ms|miss|dr|st|no|tel|art|arts|ltd|rev|fr|sr|prof|para|reg|ext|sch|vs|[a-z])\.$",
    re.IGNORECASE,
)
WORD = re.compile(r"\{\{[^{}]{1,80}\}\}|tel:\d+|[^\s<>()\[\]]+@[^\s<>()\[\]]+|[^\W_]+(?:'[^\W_]+)*|[£$€%&]")


def straighten(text: str) -> str:
    """Straight quotes, plain hyphens, single spaces; the letters stay as they are."""
    return SPACE.sub(" ", unicodedata.normalize("NFKC", text).translate(QUOTES)).strip()


@lru_cache(maxsize=20_000)
def spoken(text: str) -> str:
    """What a reader would read aloud: no link targets, no emphasis marks, straight quotes."""
    text = straighten(text)
    text = LINK.sub(r"\1", text)
    for _ in range(2):
        text = EMPHASIS.sub(r"\2", text)
    return text


def without_label(text: str, *, heading: bool = False) -> str:
    """`3. Your rights` without its number; a heading also without a bare `3 `."""
    shorter = LABEL.sub("", text, count=1)
    return BARE_NUMBER.sub("", shorter, count=1) if heading else shorter


def addresses(text: str) -> list[tuple[int, int]]:
    """Where link targets, web addresses and e-mail addresses stand: letters there are no words."""
    return [match.span() for pattern in (TARGET, ADDRESS, EMAIL, SITE) for match in pattern.finditer(text)]


@lru_cache(maxsize=20_000)
def words(text: str) -> tuple[str, ...]:
    """The words to compare: lower case, no punctuation; an e-mail or telephone is one word, a web address none."""
    text = ADDRESS.sub(" ", spoken(text))
    text = TELEPHONE.sub(lambda match: f" tel:{re.sub(r'[^0-9]', '', match.group(0))} ", text)
    return tuple(_word(match.group(0)) for match in WORD.finditer(text))


def sentences(text: str) -> tuple[str, ...]:
    """The sentences of one paragraph, in its own characters."""
    found: list[str] = []
    start = 0
    for end in _sentence_ends(text):
        found.append(text[start:end].strip())
        start = end
    found.append(text[start:].strip())
    return tuple(sentence for sentence in found if sentence)


def _sentence_ends(text: str) -> list[int]:
    plain = text.translate({0xA0: " ", 0x2019: "'", 0x201D: '"', 0x2018: "'", 0x201C: '"'})
    return [
        match.end() for match in SENTENCE_END.finditer(plain) if not ABBREVIATIONS.search(plain[: match.start()][-12:])
    ]


def _word(found: str) -> str:
    if found.startswith("{{"):
        return "{{" + ":".join(found[2:-2].lower().split()) + "}}"
    if "@" in found:
        return found.strip(".,;:()<>\"'").lower()
    return found.replace("'", "").lower()
