"""The invented pieces that made notices are put together from, and invented facts; `made/` holds the tables."""

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

from portal.notices.importing.editions import Edition, EditionClause
from portal.notices.importing.words import sentences, words

LEAST_REWORDED = 6


@lru_cache(maxsize=1)
def bank() -> Mapping[str, Any]:
    return _made("made/pieces.toml")


def made_editions() -> tuple[Edition, ...]:
    """An older edition and a reference edition, written for the measurements."""
    return tuple(_made_edition(f"made/{name}.toml") for name in ("older", "reference"))


def made_facts(draw: random.Random) -> dict[str, str]:
    pieces = bank()
    name = draw.choice(pieces["schools"])
    host = re.sub(r"[^a-z]", "", name.lower())[:12] + ".sch.uk"
    return {
        "school.name": name,
        "school.email": f"{draw.choice(['office', 'admin', 'enquiries'])}@{host}",
        "school.telephone": f"0{draw.randint(1200, 1999)} {draw.randint(100000, 999999)}",
        "school.address": f"{draw.randint(1, 90)} {_place(draw)}",
        "controller.name": draw.choice(pieces["controllers"]),
        "dpo.name": draw.choice(pieces["officers"]),
        "dpo.email": draw.choice(["dpo@example.gov.uk", "schools.dpo@council.example.gov.uk", "IGS@essex.gov.uk"]),
        "dpo.telephone": f"0333 0{draw.randint(10, 99)} {draw.randint(1000, 9999)}",
        "dpo.address": f"County Hall, {_place(draw)}",
        "regulator.name": "Information Commissioner's Office",
        "regulator.telephone": "0303 123 1113",
        "regulator.website": "https://ico.org.uk/make-a-complaint/",
        "regulator.address": "Wycliffe House, Water Lane, Wilmslow, Cheshire, SK9 5AF",
        "service.name": "Information Governance Service for Schools",
    }


def reworded(draw: random.Random, text: str, additions: Sequence[str]) -> str | None:
    """`text` changed by hand as a school would: a word or a promise exchanged, a sentence added or left out."""
    changes = bank()["rewording"]
    ways: list[Callable[[], str | None]] = [
        lambda: _swapped(draw, text, changes["swaps"], 3),
        lambda: _swapped(draw, text, changes["meanings"], 1),
        lambda: f"{text} {draw.choice(additions)}" if text.endswith(".") else None,
        lambda: _shortened(draw, text),
    ]
    draw.shuffle(ways)
    return next((changed for way in ways if (changed := way())), None)


def _place(draw: random.Random) -> str:
    return ", ".join(draw.choice(bank()[name]) for name in ("streets", "towns", "postcodes"))


def _swapped(draw: random.Random, text: str, swaps: Sequence[Sequence[str]], most: int) -> str | None:
    able = [swap for swap in swaps if re.search(rf"\b{swap[0]}\b", text)]
    for old, new in draw.sample(able, min(len(able), draw.randint(1, most))):
        text = re.sub(rf"\b{old}\b", new, text, count=1)
    return text if able else None


def _shortened(draw: random.Random, text: str) -> str | None:
    found = list(sentences(text))
    if len(found) == 1 or any(len(words(sentence)) < LEAST_REWORDED for sentence in found):
        return None
    found.pop(draw.randrange(len(found)))
    return " ".join(found)


def _made_edition(path: str) -> Edition:
    table = _made(path)
    clauses = tuple(
        EditionClause(row["key"], row["title"], row["key"].split(".")[0], order, row["text"].strip())
        for order, row in enumerate(table["clauses"], start=1)
    )
    sections = tuple((key, title) for key, title in table["sections"])
    return Edition(table["name"], table.get("effective_from"), sections, clauses, reference=table["reference"])


def _made(path: str) -> Mapping[str, Any]:
    return tomllib.loads(files("portal.notices.importing").joinpath(path).read_text(encoding="utf-8"))
