"""Plain values that stand for an edition of the library and for the directory, whoever keeps them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class EditionClause:
    """`text` is in the Markdown subset, with placeholders."""

    key: str
    title: str
    section: str
    order: int
    text: str


@dataclass(frozen=True, slots=True)
class Edition:
    """`sections` are keys and titles, in order. A `reference` edition was imported to compare with, never in force."""

    name: str
    effective_from: date | None
    sections: tuple[tuple[str, str], ...]
    clauses: tuple[EditionClause, ...]
    reference: bool = False

    def clause(self, key: str) -> EditionClause | None:
        return next((clause for clause in self.clauses if clause.key == key), None)


@dataclass(frozen=True, slots=True)
class AuthorityName:
    """A council with every name it ever had, the present official one first. `ended`: the first day without it."""

    key: str
    dfe_code: str
    names: tuple[str, ...]
    ended: date | None = None


def in_force(editions: Sequence[Edition], on: date | None = None) -> Edition | None:
    """The newest edition in force at `on` (always, when None); the newest reference edition when there is no other."""
    own = [edition for edition in editions if not edition.reference]
    started = [
        edition for edition in own if on is None or edition.effective_from is None or edition.effective_from <= on
    ]
    return max(started or own or editions, key=_age, default=None)


def newest_first(editions: Iterable[Edition]) -> list[Edition]:
    return sorted(editions, key=_age, reverse=True)


def _age(edition: Edition) -> tuple[date, str]:
    return (edition.effective_from or date.min, edition.name)
