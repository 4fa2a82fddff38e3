"""What an import would do: every block with its class, the clauses that are missing, the facts that were found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from portal.core.i18n import N_
from portal.notices.importing.blocks import Block


class Class(StrEnum):
    INHERITED = "inherited"
    OLDER = "older"
    REWORDED = "reworded"
    LOCAL = "local"
    FACT = "fact"
    MISSING = "missing"
    HEADING = "heading"
    OBSOLETE = "obsolete"


LABELS: Mapping[Class, str] = {
    Class.INHERITED: N_("Same as the shared wording now"),
    Class.OLDER: N_("Same as an older shared wording"),
    Class.REWORDED: N_("The school’s own words for a shared section"),
    Class.LOCAL: N_("Only in this school’s notice"),
    Class.FACT: N_("A contact, name or council, kept as data"),
    Class.MISSING: N_("A shared section that the document lacks"),
    Class.HEADING: N_("Heading"),
    Class.OBSOLETE: N_("Out of date"),
}


@dataclass(frozen=True, slots=True)
class Note:
    """A remark; `message` is translated first and filled with `values` afterwards."""

    message: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


@dataclass(frozen=True, slots=True)
class Entry:
    """One block and what was decided. `similarity` is 0 to 1; `also` are further clauses that the block takes up."""

    block: Block
    kind: Class
    clause: str | None = None
    edition: str | None = None
    similarity: float = 0.0
    authority: str | None = None
    notes: tuple[Note, ...] = ()
    also: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        return " ".join(str(note) for note in self.notes)


@dataclass(frozen=True, slots=True)
class Decision:
    """What applying would do with one clause: `edition` is an override's base, `text` the school's words (Markdown)."""

    key: str
    kind: Class
    edition: str | None
    blocks: tuple[int, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class LocalClause:
    """Text that only the school has, in its place: `after` is the clause above it, None at the top of the section."""

    title: str
    section: str
    after: str | None
    blocks: tuple[int, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    entries: tuple[Entry, ...]
    missing: tuple[str, ...]
    facts: Mapping[str, str]
    decisions: tuple[Decision, ...] = ()
    local_clauses: tuple[LocalClause, ...] = ()

    @property
    def accounted(self) -> int:
        return sum(1 for entry in self.entries if entry.kind)

    @property
    def total(self) -> int:
        return len(self.entries)

    def as_json(self) -> dict[str, Any]:
        return {
            "blocks": [_entry_json(entry) for entry in self.entries],
            "missing": list(self.missing),
            "facts": dict(self.facts),
            "accounted": self.accounted,
            "total": self.total,
        }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "index": entry.block.index,
        "text": entry.block.text,
        "class": entry.kind.value,
        "clause": entry.clause,
        "edition": entry.edition,
        "similarity": round(entry.similarity, 3),
        "authority": entry.authority,
        "note": entry.note,
    }
