"""A notice's layout in another language: what has a translation takes it, what has none stays English. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from portal.notices.history import Layout, Line, Origin, Translated


@dataclass(frozen=True, slots=True)
class Source:
    """The English that a translation was made from: without a hash a title alone."""

    language: str
    key: str
    title: str
    part_hash: str = ""


@dataclass(frozen=True, slots=True)
class Rendering:
    """A translation from an instant on; `part_hash` is "" for a title alone."""

    at: datetime
    title: str
    part_hash: str
    is_checked: bool


Book = Mapping[Source, Sequence[Rendering]]


def rendering(book: Book, source: Source, at: datetime) -> Rendering | None:
    """The newest that counts at `at`."""
    return next((one for one in reversed(book.get(source, ())) if one.at <= at), None)


def in_language(found: Layout, book: Book, language: str, at: datetime) -> Layout:
    """A clause with other words than those translated, the school's own or newer shared ones, stays English."""
    used: dict[str, Rendering] = {}

    def titled(key: str, title: str) -> str:
        other = rendering(book, Source(language, key, title), at)
        if other is not None:
            used[key] = other
        return other.title if other else title

    def worded(line: Line) -> Line:
        other = rendering(book, Source(language, line.key, line.title, line.part_hash), at)
        if other is None:
            return line
        used[line.key] = other
        return replace(line, title=other.title, part_hash=other.part_hash)

    sections = tuple((key, titled(key, title), tuple(map(worded, lines))) for key, title, lines in found.sections)
    is_checked = all(one.is_checked for one in used.values())
    return replace(found, sections=sections, translated=Translated(language, tuple(used), is_checked))


def outdated(found: Layout, book: Book, language: str, at: datetime) -> list[str]:
    """The keys of clauses in the shared English words of a layout whose translation was made from other words."""
    made = {source.key for source, known in book.items() if source.language == language and source.part_hash and known}
    return [
        line.key
        for line in found.lines
        if line.origin is Origin.LIBRARY
        and line.key in made
        and rendering(book, Source(language, line.key, line.title, line.part_hash), at) is None
    ]
