"""The law packs: rules as data, each with the days it holds, its source, and examples that fail and pass."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib.resources import files
from typing import Any

from portal.notices.lint.findings import Severity

ROOM = "portal.notices.lint"


@dataclass(frozen=True, slots=True)
class Example:
    """A made text and what surrounds it; `expect` are words that the finding's text must hold."""

    text: str
    expect: str = ""
    facts: Mapping[str, str] | None = None
    on: date | None = None
    shared: Mapping[str, str] | None = None
    situation: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """In force from `effective` to `until`, both included; None is open. `asks` are the check's own settings."""

    id: str
    severity: Severity
    check: str
    message: str
    source: str
    pack: str
    effective: date | None
    until: date | None
    asks: Mapping[str, Any]
    fails: tuple[Example, ...]
    passes: tuple[Example, ...]

    def holds(self, on: date) -> bool:
        return (self.effective is None or self.effective <= on) and (self.until is None or on <= self.until)


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule of every pack, whatever the day."""
    found: list[Rule] = []
    for path in sorted((files(ROOM) / "packs").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".toml"):
            pack = tomllib.loads(path.read_text(encoding="utf-8"))
            found.extend(_rule(pack, row) for row in pack["rules"])
    return tuple(found)


def rules_in_force(on: date) -> tuple[Rule, ...]:
    return tuple(rule for rule in all_rules() if rule.holds(on))


def _rule(pack: Mapping[str, Any], row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        severity=Severity(row["severity"]),
        check=row["check"],
        message=row["message"],
        source=row.get("source", pack["source"]),
        pack=pack["name"],
        effective=row.get("effective", pack.get("effective")),
        until=row.get("until", pack.get("until")),
        asks=row.get("asks", {}),
        fails=tuple(Example(**example) for example in row.get("fails", ())),
        passes=tuple(Example(**example) for example in row.get("passes", ())),
    )
