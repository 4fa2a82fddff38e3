"""Three wordings of a clause become one: what the shared text was, what it is now, and what a tenant made of it.

Texts are canonical, one sentence a line (`sentences.py`), and are merged as `git merge-file` merges lines, which is
also the tests' oracle. Each side's changes to the base are found by `alignment.py`; changes that share no sentence and
do not touch are both taken, the same change on both sides is taken once, and anything else is a conflict for a person.
Changes to neighbouring sentences are a conflict too: a sentence leans on the one before it ("this", "such
information"), and a text that merges is not yet one that is true.

In the place of a conflict the merged text carries the local words, which are what the tenant's page says already.
Markers never enter a text. No edit of either side is lost without a conflict that records it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import and_

from portal.notices.alignment import Hunk, hunks
from portal.notices.sentences import to_sentences


class Choice(StrEnum):
    """A person's answer to one conflict; her own words are the third."""

    LOCAL = "local"
    SHARED = "shared"


@dataclass(frozen=True, slots=True)
class Conflict:
    """The same place in the three texts; lines, blank ones included, so that paragraphs stay apart."""

    base_lines: tuple[str, ...]
    shared_lines: tuple[str, ...]
    local_lines: tuple[str, ...]

    @property
    def base(self) -> str:
        return "\n".join(self.base_lines).strip("\n")

    @property
    def shared(self) -> str:
        return "\n".join(self.shared_lines).strip("\n")

    @property
    def local(self) -> str:
        return "\n".join(self.local_lines).strip("\n")


@dataclass(frozen=True, slots=True)
class Merge:
    """`passages` are, in order, lines that are settled and conflicts; `text` has the local words for these."""

    text: str
    passages: tuple[tuple[str, ...] | Conflict, ...]

    @property
    def clean(self) -> bool:
        return not self.conflicts

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        return tuple(passage for passage in self.passages if isinstance(passage, Conflict))


def merge(base: str, shared: str, local: str) -> Merge:
    """Both sides' changes to `base` in one text. An absent clause is an empty text."""
    if shared in (base, local):
        return _settled(local)
    if local == base:
        return _settled(shared)
    passages = tuple(passage for passage in _passages(_lines(base), _lines(shared), _lines(local)) if passage != ())
    return Merge(_canonical(_answered(passages, ()), (base, shared, local)), passages)


@lru_cache(maxsize=4096)
def merge_clause(base: str | None, shared: str | None, local: str | None) -> Merge:
    """The merge of one clause, done once for each distinct three texts: many schools paste the same wording.

    None is a clause that the text does not have: retired by the library, left out by the school, or not there yet.
    """
    return merge(base or "", shared or "", local or "")


def merge_notice(base: Mapping[str, str], shared: Mapping[str, str], local: Mapping[str, str]) -> dict[str, Merge]:
    """Clause by clause, by key: the order of clauses makes no difference. What no side has left is an empty text."""
    keys = dict.fromkeys((*shared, *local, *base))
    return {key: merge_clause(base.get(key), shared.get(key), local.get(key)) for key in keys}


def settle(merged: Merge, answers: Sequence[Choice | str]) -> str:
    """The text with each conflict answered in order, by a choice or by somebody's own words."""
    if len(answers) != len(merged.conflicts):
        message = f"{len(merged.conflicts)} answers needed, {len(answers)} given"
        raise ValueError(message)
    return to_sentences("\n".join(_answered(merged.passages, answers)))


def _settled(text: str) -> Merge:
    return Merge(text, (tuple(_lines(text)),))


def _lines(text: str) -> list[str]:
    return text.split("\n") if text else []


def _passages(base: list[str], shared: list[str], local: list[str]) -> Iterator[tuple[str, ...] | Conflict]:
    position = 0
    for place in _places(hunks(base, shared), hunks(base, local)):
        yield tuple(base[position : place.start])
        ours = tuple(_after(local, place, place.local))
        theirs = tuple(_after(shared, place, place.shared))
        if not place.shared or ours == theirs:
            yield ours
        elif not place.local:
            yield theirs
        else:
            yield Conflict(tuple(base[place.start : place.end]), theirs, ours)
        position = place.end
    yield tuple(base[position:])


@dataclass(slots=True)
class _Place:
    """Lines of the base that at least one side changed, with the hunks of each side in them."""

    start: int
    end: int
    shared: list[Hunk]
    local: list[Hunk]


def _places(shared: Sequence[Hunk], local: Sequence[Hunk]) -> Iterator[_Place]:
    """Hunks that overlap or touch belong to one place."""
    place: _Place | None = None
    both = [*((hunk, True) for hunk in shared), *((hunk, False) for hunk in local)]
    for hunk, is_shared in sorted(both, key=lambda pair: (pair[0].start, pair[0].end)):
        if place is None or hunk.start > place.end:
            if place:
                yield place
            place = _Place(hunk.start, hunk.end, [], [])
        place.end = max(place.end, hunk.end)
        (place.shared if is_shared else place.local).append(hunk)
    if place:
        yield place


def _after(lines: Sequence[str], place: _Place, side: Sequence[Hunk]) -> Sequence[str]:
    """What one side made of a place: its lines from the first hunk's to the last one's, and the unchanged around."""
    if not side:
        return ()
    first, last = side[0], side[-1]
    return lines[first.new_start - (first.start - place.start) : last.new_end + (place.end - last.end)]


def _answered(passages: Sequence[tuple[str, ...] | Conflict], answers: Sequence[Choice | str]) -> list[str]:
    """The lines with conflicts answered in order; those beyond the answers stay local."""
    waiting = iter(answers)
    lines: list[str] = []
    for passage in passages:
        lines += _answer(passage, next(waiting, Choice.LOCAL)) if isinstance(passage, Conflict) else passage
    return lines


def _answer(conflict: Conflict, answer: Choice | str) -> Sequence[str]:
    if answer is Choice.LOCAL:
        return conflict.local_lines
    if answer is Choice.SHARED:
        return conflict.shared_lines
    edges = conflict.local_lines or conflict.shared_lines
    return (*_blank(edges[:1]), *_lines(to_sentences(answer)), *_blank(edges[-1:]))


def _blank(edge: tuple[str, ...]) -> tuple[str, ...]:
    return edge if edge == ("",) else ()


def _canonical(lines: Sequence[str], sources: Sequence[str]) -> str:
    """The lines as one text, laid out anew where paragraphs lost their neighbours.

    A paragraph, list or table that one of the canonical sources has is canonical itself; two lists may have become one.
    """
    text = "\n".join(lines)
    known = {part for source in sources for part in source.split("\n\n")}
    parts = text.split("\n\n")
    is_list = [part.startswith(("- ", "1. ", " ")) for part in parts]
    if all(part in known or to_sentences(part) == part for part in parts) and not any(map(and_, is_list, is_list[1:])):
        return text
    return to_sentences(text)
