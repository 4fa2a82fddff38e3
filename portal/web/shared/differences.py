"""Two texts as what was taken out and put in, in the words that the diff component shows."""

from collections.abc import Iterable, Sequence

from portal.notices.diff import Op, text_diff
from portal.notices.merge import Conflict, Merge

Pieces = list[tuple[str, str]]
_KINDS = {Op.SAME: "same", Op.ADDED: "insert", Op.REMOVED: "delete"}


def pieces(old: str, new: str) -> list[Pieces]:
    """One list of pieces a line; blank lines are left out."""
    return [[(_KINDS[op], words) for op, words in line.words] for line in text_diff(old, new) if line.old or line.new]


def passages(merged: Merge) -> list[tuple[bool, Sequence[str], Conflict | None]]:
    """A merge in order: (in dispute, settled lines, conflict)."""
    found: list[tuple[bool, Sequence[str], Conflict | None]] = []
    for passage in merged.passages:
        if isinstance(passage, Conflict):
            found.append((True, (), passage))
        elif lines := [line for line in passage if line]:
            found.append((False, lines, None))
    return found


def disputed(merged: Merge, side: str) -> list[tuple[bool, str]]:
    """(in dispute, line) of one of the three texts: `base`, `shared` or `local`; settled lines are the merged ones."""
    found: list[tuple[bool, str]] = []
    for passage in merged.passages:
        lines: Iterable[str] = passage if isinstance(passage, tuple) else getattr(passage, f"{side}_lines")
        found += [(isinstance(passage, Conflict), line) for line in lines if line]
    return found
