"""A published release whose files were changed: which file, and where."""

from collections.abc import Sequence
from datetime import date, time
from pathlib import Path
from typing import Any, Protocol

from portal.core.clock import from_london
from portal.core.database import PortalSession
from portal.lifecycle.packs.reading import PackError, line_of
from portal.notices.models import Release, ReleaseClause, TextPart


class PackedRelease(Protocol):
    """A release as its files have it."""

    @property
    def path(self) -> Path: ...
    @property
    def name(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def kind_title(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def effective_from(self) -> date: ...
    @property
    def sections(self) -> Sequence[tuple[str, str]]: ...
    @property
    def clauses(self) -> Sequence[dict[str, Any]]: ...


def changed(session: PortalSession, published: Release, pack: PackedRelease) -> PackError:
    """Names the file, and the line where it can be known, that says something else than what was published."""
    reason = f"release {pack.name} is published and cannot change; make a new release"
    present = {clause.key: clause for clause in published.clauses}
    for clause in pack.clauses:
        path, row = pack.path.parent / f"{clause['key']}.md", present.pop(clause["key"], None)
        if row is None:
            return PackError(path, f"{reason} (it had no such clause)")
        found = _difference(session, row, clause, path)
        if found is not None:
            line, what = found
            return PackError(path, f"{reason} ({what})", line)
        if clause["reason"] != row.reason:
            return PackError(pack.path, f"{reason} (the reason of {clause['key']} was another)")
    if present:
        return PackError(pack.path.parent / f"{min(present)}.md", f"the file is missing: {reason}")
    says = (pack.kind, pack.kind_title, pack.title, pack.reason, from_london(pack.effective_from, time.min))
    said = (published.kind, published.kind_title, published.title, published.reason, published.effective_at)
    if says != said or list(pack.sections) != [(section.key, section.title) for section in published.sections]:
        return PackError(pack.path, reason)
    return PackError(pack.path.parent, f"{reason}; a file was changed, though not in what it says: put it back")


def _difference(
    session: PortalSession, row: ReleaseClause, clause: dict[str, Any], path: Path
) -> tuple[int | None, str] | None:
    """(line, what is another) of the first difference; None where all is the same."""
    was = {
        "title": row.title,
        "section": row.section_key,
        "policy": row.policy,
        "review": row.review,
        "confirm": row.confirm,
        "law": row.laws,
        "applies": row.applies,
    }
    for key, value in was.items():
        if clause[key] != value:
            return line_of(clause["head"], key), f"{key} was {value}"
    part = session.get_one(TextPart, row.part_hash)
    if part.text == clause["text"]:
        return None
    new = next((line for line in clause["text"].splitlines() if line not in part.text.splitlines()), "")
    lines = path.read_text("utf-8").splitlines()
    return next((at for at, line in enumerate(lines, 1) if new and line.strip() == new), clause["line"]), "its words"
