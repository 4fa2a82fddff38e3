"""A document's wording of a clause, with what the portal fills in put back as the placeholders of the clause it is.

A school's copy shows facts, cross-references and computed parts as they read on the day it was copied. Kept like that
they would never change again.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from portal.notices.importing.placeholders import BLOCKS, OWN
from portal.notices.importing.words import addresses

LINK = re.compile(r"\[(?P<label>[^\[\]]*)\]\((?P<target>[^()\n]*)\)")
FACT_ALONE = re.compile(r"\{\{ [\w.]+ \}\}")
SECTION = r"section\s+\d+(?:\.\d+)*[,:]?\s+"
QUOTE_CHARACTERS = "'\u2018\u2019\u02bc"
COMPUTED = {
    "request_link": (r"(?:- |#+ )?\[?use our online form\]?\W*(?:\([^()]*\)\W*)?",),
    "version": (
        r"this is version \d+ of our notice\W*(?:it has applied since [\w ]+\W*)?",
        r"it has applied since \d[\w ]*\W*",
        r"\[?(?:see )?all versions and what changed\]?\W*(?:\([^()]*\)\W*)?",
        r"this is a draft\W*",
    ),
    "specific_notices": (
        r"ask us for the notice about an activity, and we will give it to you\W*",
        r"- (?:\[[^\[\]]+\]|[^()]{3,80} ?)\((?:https?://[^/()]+)?/schools/[^()]+\)\W*",
    ),
    "authority_links": (r"ask us, and we will tell you where your council.s notice is\W*",),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """What is written for placeholders: facts as the portal knows them, and as the document has them (tried second).

    `titles` are what cross-references show, by the key of a section or clause.
    """

    facts: Mapping[str, tuple[str, ...]]
    own: Mapping[str, tuple[str, ...]]
    titles: Mapping[str, str]


def rebuilt(text: str, base: str, filled: Filled, *, names_councils: bool = False) -> str:
    """`base` is the clause that the words were made from; `names_councils`: the document lists councils here."""
    wanted = [match.group(1) for match in OWN.finditer(base)]
    for facts in (filled.facts, filled.own):
        text = _facts_back(text, {key: facts.get(key, ()) for key in wanted})
    text = _references_back(text, filled.titles)
    blocks = [key for key in dict.fromkeys(wanted) if key in BLOCKS]
    for key in blocks:
        text = _computed_back(text, key)
    if names_councils and "authority_links" in blocks and "{{ authority_links }}" not in text:
        text = f"{text.rstrip()}\n\n{{{{ authority_links }}}}\n"
    return text


def _facts_back(text: str, facts: Mapping[str, Iterable[str]]) -> str:
    pairs = sorted(((value, key) for key, values in facts.items() for value in values if value), reverse=True)
    for value, key in sorted(pairs, key=lambda pair: len(pair[0]), reverse=True):
        text = _exchanged(text, _tolerant(value), f"{{{{ {key} }}}}")
    return LINK.sub(_unlinked, text)


def _exchanged(text: str, pattern: str, new: str) -> str:
    """`new` for whole matches outside the addresses of links."""
    kept = addresses(text)

    def exchange(match: re.Match[str]) -> str:
        start, end = match.span()
        is_part = any(low <= start and end <= high and (low, high) != (start, end) for low, high in kept)
        return match.group(0) if is_part else new

    return re.sub(rf"(?<![\w@]){pattern}(?![\w@])", exchange, text, flags=re.IGNORECASE)


def _unlinked(match: re.Match[str]) -> str:
    """A fact links itself."""
    label, target = match["label"].strip(), match["target"]
    if FACT_ALONE.fullmatch(label) and (target.startswith(("tel:", "mailto:", "http")) or "{{" in target):
        return label
    return match.group(0)


def _references_back(text: str, titles: Mapping[str, str]) -> str:
    def linked(match: re.Match[str]) -> str:
        anchor = match["target"].removeprefix("#")
        key = next((key for key in titles if key.replace(".", "-") == anchor), None)
        return f"{{{{ see {key} }}}}" if key and match["target"].startswith("#") else match.group(0)

    text = LINK.sub(linked, text)
    for key, title in sorted(titles.items(), key=lambda item: len(item[1]), reverse=True):
        pattern = rf"\b{SECTION}[\"\u201c]?{_tolerant(title)}[\"\u201d]?"
        text = re.sub(pattern, f"{{{{ see {key} }}}}", text, flags=re.IGNORECASE)
    return text


def _computed_back(text: str, key: str) -> str:
    """The lines that the portal wrote become its placeholder, once, where the first of them stood."""
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in COMPUTED[key]]
    lines: list[str] = []
    is_found = f"{{{{ {key} }}}}" in text
    for line in text.split("\n"):
        if not any(pattern.fullmatch(line.strip()) for pattern in patterns) or _is_way(line, key):
            lines.append(line)
        elif not is_found:
            is_found = True
            lines += ["", f"{{{{ {key} }}}}", ""]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _is_way(line: str, key: str) -> bool:
    """`use our online form` among the ways to ask is a sentence of the clause, not the link."""
    return key == "request_link" and line.strip() == line.strip().lower()


def _tolerant(value: str) -> str:
    """A value whatever its white space, its apostrophes and, where it is a number, its gaps."""
    if re.fullmatch(r"[\d\s()+-]{7,}", value):
        return r"[\s()-]*".join(re.escape(digit) for digit in re.sub(r"[^\d+]", "", value))
    escaped = r"\s+".join(map(re.escape, value.split()))
    return re.sub(f"[{QUOTE_CHARACTERS}]", f"[{QUOTE_CHARACTERS}]", escaped)
