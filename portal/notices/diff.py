"""What changed between two texts and between two notices, as data: templates decide how it looks."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from portal.core.i18n import N_
from portal.notices.alignment import Hunk, hunks
from portal.notices.sentences import to_sentences

LIKE_ENOUGH: Final = 0.5

_SIGNS: Final = '\\s,.;:!?()\\[\\]{}"“”«»*_|/…\u060c\u061b\u061f\u06d4\u0964\u3001\u3002\uff01\uff1f'
_IDEOGRAPHS: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_LETTERS: Final = f"[^{_SIGNS}{_IDEOGRAPHS}]+"
_WORD: Final = re.compile(rf"\{{\{{.{{0,200}}?\}}\}}|\s+|[{_IDEOGRAPHS}]|{_LETTERS}(?:\.{_LETTERS})*|.", re.DOTALL)
_MOST_WORDS: Final = 1500
_MOST_PAIRS: Final = 2500
_SMALL_WORD: Final = 3


class Op(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CHANGED = "changed"


Words = tuple[tuple[Op, str], ...]


@dataclass(frozen=True, slots=True)
class SentenceDiff:
    """A line of either text or, when changed, of both, with the words that differ; a blank line ends a block."""

    op: Op
    old: str
    new: str
    words: Words


class ClauseText(Protocol):
    """A clause of a composed notice or of a stored one."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def section(self) -> str: ...
    @property
    def text(self) -> str: ...


class ChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    LAID_OUT = "laid-out"
    RENAMED = "renamed"
    MOVED = "moved"


MESSAGES: Final[Mapping[ChangeKind, str]] = {
    ChangeKind.ADDED: N_("“%(title)s” is new."),
    ChangeKind.REMOVED: N_("“%(title)s” was taken out."),
    ChangeKind.CHANGED: N_("“%(title)s” has new wording: %(counts)s."),
    ChangeKind.LAID_OUT: N_("“%(title)s” is set out differently; its words are the same."),
    ChangeKind.RENAMED: N_("“%(old_title)s” is now called “%(title)s”."),
    ChangeKind.MOVED: N_("“%(title)s” stands in another place."),
}


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One kind of change to one clause; `sentences` holds its text from beginning to end where words changed."""

    kind: ChangeKind
    key: str
    title: str
    old_title: str
    sentences: tuple[SentenceDiff, ...] = ()

    @property
    def message(self) -> str:
        """Marked for translation, to be filled with the titles and, where words changed, with what `counts` says."""
        return MESSAGES[self.kind]

    @property
    def counts(self) -> Counter[Op]:
        """How many sentences were changed, added and removed, and how many are the same."""
        return Counter(sentence.op for sentence in self.sentences if (sentence.old or sentence.new).strip())


def word_diff(old: str, new: str) -> Words:
    """Runs of words with what became of them; what is not added makes up `old`, what is not removed makes up `new`."""
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > _MOST_WORDS:
        return tuple((op, words) for op, words in ((Op.REMOVED, old), (Op.ADDED, new)) if words)
    return tuple(_runs(before, after, _joined(before, hunks(before, after))))


def text_diff(old: str, new: str) -> tuple[SentenceDiff, ...]:
    """Two canonical texts line by line; of the lines that changed, those that are alike are shown as one."""
    before, after = old.split("\n") if old else [], new.split("\n") if new else []
    found: list[SentenceDiff] = []
    position = 0
    for hunk in hunks(before, after):
        found += map(_same, before[position : hunk.start])
        found += _changed(before[hunk.start : hunk.end], after[hunk.new_start : hunk.new_end])
        position = hunk.end
    return (*found, *map(_same, before[position:]))


def drift(shared: str, local: str) -> float:
    """How far a wording is from the shared one: 0 when each sentence is the same, 1 when none is."""
    before = [line for line in shared.split("\n") if line]
    after = [line for line in local.split("\n") if line]
    if not before and not after:
        return 0.0
    differing = sum(hunk.end - hunk.start + hunk.new_end - hunk.new_start for hunk in hunks(before, after))
    return differing / (len(before) + len(after))


def notice_changes(old: Sequence[ClauseText], new: Sequence[ClauseText]) -> tuple[ClauseChange, ...]:
    """What became of each clause, by key, in the order of the new notice; what was taken out comes last."""
    before, after = {clause.key: clause for clause in old}, {clause.key: clause for clause in new}
    moved = _moved(before, after)
    found: list[ClauseChange] = []
    for key, clause in after.items():
        if key in before:
            found += _clause_changes(before[key], clause, is_moved=key in moved)
        else:
            sentences = text_diff("", to_sentences(clause.text))
            found.append(ClauseChange(ChangeKind.ADDED, key, clause.title, "", sentences))
    for key, clause in before.items():
        if key not in after:
            sentences = text_diff(to_sentences(clause.text), "")
            found.append(ClauseChange(ChangeKind.REMOVED, key, clause.title, clause.title, sentences))
    return tuple(found)


def _clause_changes(old: ClauseText, new: ClauseText, *, is_moved: bool) -> Iterator[ClauseChange]:
    if old.title != new.title:
        yield ClauseChange(ChangeKind.RENAMED, new.key, new.title, old.title)
    if is_moved:
        yield ClauseChange(ChangeKind.MOVED, new.key, new.title, old.title)
    before, after = to_sentences(old.text), to_sentences(new.text)
    if before != after:
        changed = ClauseChange(ChangeKind.CHANGED, new.key, new.title, old.title, text_diff(before, after))
        is_worded = changed.counts.keys() - {Op.SAME}
        yield changed if is_worded else ClauseChange(ChangeKind.LAID_OUT, new.key, new.title, old.title)


def _moved(before: Mapping[str, ClauseText], after: Mapping[str, ClauseText]) -> set[str]:
    """The fewest clauses whose moving explains the new order, and those that changed section."""
    kept, now = [key for key in before if key in after], [key for key in after if key in before]
    found = {key for key in kept if before[key].section != after[key].section}
    for hunk in hunks(kept, now):
        found.update(kept[hunk.start : hunk.end])
    return found


def _joined(before: Sequence[str], found: Sequence[Hunk]) -> list[Hunk]:
    """Hunks with nothing but spaces, signs or one small word between them read better as one."""
    whole: list[Hunk] = []
    for hunk in found:
        between = before[whole[-1].end : hunk.start] if whole else []
        if whole and sum(len(word) for word in between if word[0].isalnum()) <= _SMALL_WORD:
            whole[-1] = Hunk(whole[-1].start, hunk.end, whole[-1].new_start, hunk.new_end)
        else:
            whole.append(hunk)
    return whole


def _runs(before: Sequence[str], after: Sequence[str], found: Sequence[Hunk]) -> Iterator[tuple[Op, str]]:
    position = 0
    for hunk in found:
        if hunk.start > position:
            yield Op.SAME, "".join(before[position : hunk.start])
        if hunk.end > hunk.start:
            yield Op.REMOVED, "".join(before[hunk.start : hunk.end])
        if hunk.new_end > hunk.new_start:
            yield Op.ADDED, "".join(after[hunk.new_start : hunk.new_end])
        position = hunk.end
    if position < len(before):
        yield Op.SAME, "".join(before[position:])


def _same(line: str) -> SentenceDiff:
    return SentenceDiff(Op.SAME, line, line, ((Op.SAME, line),) if line else ())


def _removed(line: str) -> SentenceDiff:
    return SentenceDiff(Op.REMOVED, line, "", ((Op.REMOVED, line),) if line else ())


def _added(line: str) -> SentenceDiff:
    return SentenceDiff(Op.ADDED, "", line, ((Op.ADDED, line),) if line else ())


def _changed(before: Sequence[str], after: Sequence[str]) -> Iterator[SentenceDiff]:
    position = new_position = 0
    for here, there in _pairs(before, after):
        yield from map(_removed, before[position:here])
        yield from map(_added, after[new_position:there])
        yield SentenceDiff(Op.CHANGED, before[here], after[there], word_diff(before[here], after[there]))
        position, new_position = here + 1, there + 1
    yield from map(_removed, before[position:])
    yield from map(_added, after[new_position:])


def _pairs(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Which lines are the same sentence in other words: the most alike in all, in order, none twice."""
    if len(before) * len(after) > _MOST_PAIRS:
        return []
    bags, new_bags = [_bag(line) for line in before], [_bag(line) for line in after]
    best: list[list[tuple[float, tuple[tuple[int, int], ...]]]] = [[(0.0, ())] * (len(after) + 1)]
    for here, bag in enumerate(bags):
        row = [best[-1][0]]
        for there, new_bag in enumerate(new_bags):
            likeness = _likeness(bag, new_bag)
            candidates = [best[-1][there + 1], row[there]]
            if likeness >= LIKE_ENOUGH:
                score, pairs = best[-1][there]
                candidates.append((score + likeness, (*pairs, (here, there))))
            row.append(max(candidates, key=lambda candidate: candidate[0]))
        best.append(row)
    return list(best[-1][-1][1])


def _bag(line: str) -> Counter[str]:
    return Counter(word.casefold() for word in _WORD.findall(line) if word[0].isalnum())


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0
