"""Which lines of two texts are the same: the shortest script of changes, placed where `git merge-file` would place it.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), in linear space, after lines that stand on one
side only are set apart. Python's difflib looks for long runs instead of a shortest script, and of several equally short
scripts any may be chosen; both change what a merge calls a conflict, so the choices here follow git's: where lines
repeat, a change slides down as far as it can, or to the last place where the other side changes too.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

MOST_DIFFERENCES: Final = 1000

_NOWHERE: Final = -1
_BEYOND: Final = 1 << 40


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines `start` to `end` of the old text became lines `new_start` to `new_end`; ends are exclusive."""

    start: int
    end: int
    new_start: int
    new_end: int


def hunks(old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[Hunk, ...]:
    """What changed, in order; between two hunks stands at least one line that both texts have.

    Texts with more than about a thousand differences in a row come out as one hunk.
    """
    if old == new:
        return ()
    old_is_changed, new_is_changed = _Alignment(old, new).flags()
    removed, added = _gaps(old_is_changed), _gaps(new_is_changed)
    _slide(old, removed, added)
    _slide(new, added, removed)
    found: list[Hunk] = []
    start = new_start = 0
    for gone, come in zip(removed, added, strict=True):
        if gone or come:
            found.append(Hunk(start, start + gone, new_start, new_start + come))
        start += gone + 1
        new_start += come + 1
    return tuple(found)


@dataclass(slots=True)
class _Box:
    """A part of the edit graph: lines `left` to `right` of the old text against `top` to `bottom` of the new."""

    left: int
    right: int
    top: int
    bottom: int


class _Alignment:
    def __init__(self, old: Sequence[Hashable], new: Sequence[Hashable]) -> None:
        self.old_changed, self.new_changed = [True] * len(old), [True] * len(new)
        box = _Box(0, len(old), 0, len(new))
        first, last = _trim(box, old, new)
        for offset in range(first):
            self.old_changed[offset] = self.new_changed[offset] = False
        for offset in range(1, last + 1):
            self.old_changed[-offset] = self.new_changed[-offset] = False
        in_old, in_new = set(old), set(new)
        self.old_places = [place for place in range(box.left, box.right) if old[place] in in_new]
        self.new_places = [place for place in range(box.top, box.bottom) if new[place] in in_old]
        self.old = [old[place] for place in self.old_places]
        self.new = [new[place] for place in self.new_places]

    def flags(self) -> tuple[list[bool], list[bool]]:
        """For each line of either text whether it changed."""
        boxes = [_Box(0, len(self.old), 0, len(self.new))]
        while boxes:
            box = boxes.pop()
            left, top = box.left, box.top
            first, last = _trim(box, self.old, self.new)
            self._keep(left, top, first)
            self._keep(box.right, box.bottom, last)
            if box.left == box.right or box.top == box.bottom:
                continue
            middle = self._middle(box)
            if middle:
                across, down = middle
                boxes.append(_Box(box.left, across, box.top, down))
                boxes.append(_Box(across, box.right, down, box.bottom))
        return self.old_changed, self.new_changed

    def _keep(self, across: int, down: int, count: int) -> None:
        for offset in range(count):
            self.old_changed[self.old_places[across + offset]] = False
            self.new_changed[self.new_places[down + offset]] = False

    def _middle(self, box: _Box) -> tuple[int, int] | None:
        """A point in the middle of a shortest path through the box; None when it takes too many steps.

        Paths grow from both corners by one change at a time, on the diagonals `across - down`, until two of them meet.
        """
        old, new = self.old, self.new
        lowest, highest = box.left - box.bottom, box.right - box.top
        shift = 1 - lowest
        ahead = [_NOWHERE] * (highest - lowest + 3)
        back = [_BEYOND] * (highest - lowest + 3)
        from_start, from_end = box.left - box.top, box.right - box.bottom
        is_odd = (from_start - from_end) % 2 == 1
        ahead[from_start + shift], back[from_end + shift] = box.left, box.right
        low = high = from_start
        back_low = back_high = from_end
        for _ in range(MOST_DIFFERENCES):
            low, high = _widen(low, high, lowest, highest, ahead, shift, _NOWHERE)
            for diagonal in range(high, low - 1, -2):
                here = diagonal + shift
                across = max(ahead[here - 1] + 1, ahead[here + 1])
                while across < box.right and across - diagonal < box.bottom and old[across] == new[across - diagonal]:
                    across += 1
                ahead[here] = across
                if is_odd and back_low <= diagonal <= back_high and back[here] <= across:
                    return across, across - diagonal
            back_low, back_high = _widen(back_low, back_high, lowest, highest, back, shift, _BEYOND)
            for diagonal in range(back_high, back_low - 1, -2):
                here = diagonal + shift
                across = min(back[here - 1], back[here + 1] - 1)
                while (
                    across > box.left and across - diagonal > box.top and old[across - 1] == new[across - diagonal - 1]
                ):
                    across -= 1
                back[here] = across
                if not is_odd and low <= diagonal <= high and across <= ahead[here]:
                    return across, across - diagonal
        return None


def _trim(box: _Box, old: Sequence[Hashable], new: Sequence[Hashable]) -> tuple[int, int]:
    """Takes the lines that both sides begin and end with off the box; says how many these were."""
    left, right = box.left, box.right
    while box.left < box.right and box.top < box.bottom and old[box.left] == new[box.top]:
        box.left += 1
        box.top += 1
    while box.left < box.right and box.top < box.bottom and old[box.right - 1] == new[box.bottom - 1]:
        box.right -= 1
        box.bottom -= 1
    return box.left - left, right - box.right


def _widen(
    low: int, high: int, lowest: int, highest: int, reach: list[int], shift: int, unreached: int
) -> tuple[int, int]:
    """The diagonals of the next step; at the edge of the box they turn back."""
    if low > lowest:
        low -= 1
        reach[low - 1 + shift] = unreached
    else:
        low += 1
    if high < highest:
        high += 1
        reach[high + 1 + shift] = unreached
    else:
        high -= 1
    return low, high


def _gaps(is_changed: Sequence[bool]) -> list[int]:
    """How many changed lines stand before each kept line, and after the last: gap n of both texts is the same place."""
    found = [0]
    for changed in is_changed:
        if changed:
            found[-1] += 1
        else:
            found.append(0)
    return found


def _slide(lines: Sequence[Hashable], gaps: list[int], other: Sequence[int]) -> None:
    place = start = 0
    while place < len(gaps):
        if gaps[place]:
            place, start = _Group(lines, gaps, place, start).settle(other)
        start += gaps[place] + 1
        place += 1


class _Group:
    """A run of changed lines in gap `place`, from line `start` on; which can trade its edge for an equal line."""

    def __init__(self, lines: Sequence[Hashable], gaps: list[int], place: int, start: int) -> None:
        self.lines, self.gaps, self.place, self.start = lines, gaps, place, start

    def settle(self, other: Sequence[int]) -> tuple[int, int]:
        """Slides to its last possible place, or back to the last one where the other text changes too."""
        while True:
            size = self.gaps[self.place]
            while self._can_rise():
                self._move(-1)
            matching = self.place if other[self.place] else None
            while self._can_sink():
                self._move(1)
                matching = self.place if other[self.place] else matching
            if self.gaps[self.place] == size:
                break
        while matching is not None and self.place > matching:
            self._move(-1)
        return self.place, self.start

    def _can_rise(self) -> bool:
        return self.place > 0 and self.lines[self.start - 1] == self.lines[self.start + self.gaps[self.place] - 1]

    def _can_sink(self) -> bool:
        is_last = self.place + 1 == len(self.gaps)
        return not is_last and self.lines[self.start] == self.lines[self.start + self.gaps[self.place]]

    def _move(self, step: int) -> None:
        """One place up or down; a run that it meets there becomes part of it."""
        size, self.gaps[self.place] = self.gaps[self.place], 0
        self.place += step
        self.start += step
        if step < 0:
            self.start -= self.gaps[self.place]
        self.gaps[self.place] += size
