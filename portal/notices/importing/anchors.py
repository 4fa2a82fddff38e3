"""What each block is about, told from headings and turns of phrase alone; `anchors.toml` is the table."""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from portal.notices.importing.blocks import Block
from portal.notices.importing.lines import Kind

STRONG, WEAK, MOST_WEAK = 1.0, 0.25, 3
HEADED, IN_SECTION, SAME_AS_ABOVE, UNDER_LEAD_IN = 0.7, 0.3, 0.25, 1.0
ENOUGH = 0.75
UNMISTAKABLE = 2
FIRST_SECTION = "about"
COMMON_SECTIONS = frozenset({"about", "information", "purposes"})
RULED_OUT = -9.0


@dataclass(frozen=True, slots=True)
class Anchor:
    key: str
    section: str
    rank: int
    titles: tuple[re.Pattern[str], ...]
    strong: tuple[re.Pattern[str], ...]
    weak: tuple[re.Pattern[str], ...]
    never: tuple[re.Pattern[str], ...]

    def evidence(self, text: str) -> float:
        """How much `text` alone, straightened and in lower case, speaks for this clause; below 0 when ruled out."""
        if _any(self.never, text):
            return RULED_OUT
        hits = sum(1 for pattern in self.weak if pattern.search(text))
        return STRONG * _any(self.strong, text) + WEAK * min(hits, MOST_WEAK)


@dataclass(frozen=True, slots=True)
class Place:
    """`key` is the clause that a block speaks of, `headed` the clause that the heading above it names."""

    key: str | None
    section: str | None
    headed: str | None = None
    score: float = 0.0


@lru_cache(maxsize=1)
def anchors() -> tuple[Anchor, ...]:
    return tuple(
        Anchor(
            row["key"],
            row["section"],
            row.get("rank", 1),
            *(_compiled(row.get(name, ())) for name in ("titles", "strong", "weak", "never")),
        )
        for row in _table()["clauses"]
    )


@lru_cache(maxsize=1)
def section_titles() -> Mapping[str, tuple[re.Pattern[str], ...]]:
    return {row["key"]: _compiled(row["titles"]) for row in _table()["sections"]}


def evidence(text: str) -> dict[str, float]:
    """Clause key to the weight of evidence for it, without the keys that nothing speaks for."""
    return dict(_evidence(text.lower()))


def heading_place(text: str, section: str | None, titles: Mapping[str, str]) -> Place:
    """What a heading announces. `titles` maps known titles, in lower case, to clause keys or `section:` keys."""
    title = text.lower().strip(" .:")
    known = titles.get(title)
    if known and known.startswith("section:"):
        return Place(None, known.removeprefix("section:"))
    if known:
        return Place(None, known.split(".", 1)[0], known)
    announced = _best_section(title)
    clause = _best_clause(title, announced or section)
    if clause is None:
        return Place(None, announced)
    if announced not in {None, clause.section} and clause.rank < UNMISTAKABLE:
        return Place(None, announced)
    return Place(None, clause.section, clause.key)


def locate(blocks: Sequence[Block], titles: Mapping[str, str] | None = None) -> list[Place]:
    """A place for each block, in order."""
    places: list[Place] = []
    headed, section, above, lead_in = None, FIRST_SECTION, None, None
    for block in blocks:
        if block.kind is Kind.HEADING:
            place = heading_place(block.plain, section, titles or {})
            headed, above, lead_in = place.headed, None, None
            section = place.section or section
            places.append(Place(None, section, headed))
            continue
        if block.kind is not Kind.ITEM:
            lead_in = None
        place = _paragraph_place(block, Place(above, section, headed), lead_in)
        places.append(place)
        above = place.key or above
        if block.plain.endswith(":"):
            lead_in = place.key
    return places


@lru_cache(maxsize=20_000)
def _evidence(text: str) -> tuple[tuple[str, float], ...]:
    weights = ((anchor.key, anchor.evidence(text)) for anchor in anchors())
    return tuple((key, weight) for key, weight in weights if weight)


def _paragraph_place(block: Block, above: Place, lead_in: str | None) -> Place:
    weights = evidence(block.plain)
    spoken_for = max(weights.values(), default=0.0)
    if spoken_for <= 0:
        key = lead_in or above.key or above.headed
        return Place(key, above.section, above.headed, ENOUGH if key else 0.0)
    same_as_above = SAME_AS_ABOVE if spoken_for >= STRONG else HEADED + WEAK
    for key, bonus in ((above.headed, HEADED), (above.key, same_as_above), (lead_in, UNDER_LEAD_IN)):
        if key is not None and (key in weights or spoken_for < STRONG or key == lead_in):
            weights[key] = weights.get(key, 0.0) + bonus
    for key in weights:
        weights[key] += IN_SECTION if above.section and key.startswith(f"{above.section}.") else 0.0
    best = max(weights, key=lambda candidate: weights[candidate])
    return Place(best if weights[best] >= ENOUGH else None, above.section, above.headed, weights[best])


def _best_section(title: str) -> str | None:
    matching = [key for key, patterns in section_titles().items() if _any(patterns, title)]
    return next((key for key in matching if key not in COMMON_SECTIONS), matching[0] if matching else None)


def _best_clause(title: str, section: str | None) -> Anchor | None:
    matching = [anchor for anchor in anchors() if _any(anchor.titles, title)]
    return max(matching, key=lambda anchor: (anchor.rank, anchor.section == section), default=None)


def _any(patterns: Iterable[re.Pattern[str]], text: str) -> bool:
    return any(pattern.search(text) for pattern in patterns)


def _compiled(patterns: Iterable[str]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


def _table() -> dict[str, list[dict[str, Any]]]:
    return tomllib.loads(files("portal.notices.importing").joinpath("anchors.toml").read_text(encoding="utf-8"))
