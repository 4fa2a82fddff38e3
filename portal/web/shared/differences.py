"""Two texts as what was taken out and put in, in the words that the diff component shows."""

from collections.abc import Iterable

from portal.notices.diff import Op, SentenceDiff, text_diff
from portal.notices.merge import Conflict, Merge

Pieces = list[tuple[str, str]]
_GAP: Pieces = [("same", "…")]
_KINDS = {Op.SAME: "same", Op.ADDED: "insert", Op.REMOVED: "delete"}


def pieces(old: str, new: str) -> list[Pieces]:
    """One list of pieces a line; blank lines are left out."""
    return lines(text_diff(old, new))


def lines(found: Iterable[SentenceDiff]) -> list[Pieces]:
    """Changed lines with one line around them; a longer stretch that stayed the same is three dots."""
    kept = [line for line in found if line.old or line.new]
    near = {index + step for index, line in enumerate(kept) if line.op is not Op.SAME for step in (-1, 0, 1)}
    shown: list[Pieces] = []
    for index, line in enumerate(kept):
        if index in near:
            shown.append([(_KINDS[op], words) for op, words in line.words])
        elif not shown or shown[-1] != _GAP:
            shown.append(_GAP)
    return shown


def disputed(merged: Merge, side: str) -> list[tuple[bool, str]]:
    """(in dispute, line) of one of the three texts: `base`, `shared` or `local`; settled lines are the merged ones."""
    found: list[tuple[bool, str]] = []
    for passage in merged.passages:
        own: Iterable[str] = passage if isinstance(passage, tuple) else getattr(passage, f"{side}_lines")
        found += [(isinstance(passage, Conflict), line) for line in own if line]
    return found


def three_sides(merged: Merge, base: str, shared: str, local: str) -> dict[str, list[tuple[bool, str]]]:
    """(in dispute, line) of the three texts; with a conflict what is settled is shown merged, without one as it is."""
    if merged.conflicts:
        return {side: disputed(merged, side) for side in ("base", "shared", "local")}
    texts = {"base": base, "shared": shared, "local": local}
    return {side: [(False, line) for line in text.splitlines() if line] for side, text in texts.items()}
