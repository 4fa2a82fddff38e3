"""Which shared wording a school holds at an instant, from the dated releases and what it said about them.

Nothing is written per school when a release is published: what a school holds is worked out here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from portal.notices.models import ClausePolicy, OverrideMode, PreferenceKind
from portal.tenancy.models import SchoolLaw


class Origin(StrEnum):
    LIBRARY = "library"
    TRUST = "trust"
    SCHOOL = "school"


@dataclass(frozen=True, slots=True)
class SharedClause:
    """A clause of one edition; `needs` are the facts in it that each school, trust or council has of its own."""

    key: str
    title: str
    section: str
    policy: ClausePolicy
    review: bool
    confirm: bool
    laws: tuple[str, ...]
    applies: tuple[str, ...]
    part_hash: str
    split_from: str = ""
    reason: str = ""
    needs: frozenset[str] = frozenset()

    def is_for(self, law: SchoolLaw | None) -> bool:
        return not self.applies or law is None or law in self.applies

    def says_the_same_as(self, other: "SharedClause") -> bool:
        return self.part_hash == other.part_hash and self.title == other.title

    def stricter(self, other: "SharedClause | None") -> "SharedClause":
        """The clause with the stricter of both policies and reviews."""
        if other is None or other is self:
            return self
        policy = min(self.policy, other.policy, key=_STRICTEST_FIRST.index)
        return replace(self, policy=policy, review=self.review or other.review)


_STRICTEST_FIRST = (ClausePolicy.LOCKED, ClausePolicy.ADAPTABLE, ClausePolicy.OPTIONAL)


@dataclass(frozen=True, eq=False)
class Edition:
    """A published release; `clauses` stand in their order. It counts until it is withdrawn."""

    id: int
    name: str
    title: str
    reason: str
    effective_at: datetime
    withdrawn_at: datetime | None
    sections: tuple[tuple[str, str], ...]
    clauses: Mapping[str, SharedClause]
    kind: str = "general"
    kind_title: str = ""

    def counts_at(self, at: datetime) -> bool:
        return self.effective_at <= at and (self.withdrawn_at is None or at < self.withdrawn_at)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a school said about a shared text ("" where the clause was retired)."""

    key: str
    shared_hash: str
    takes: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class Stance:
    """How a school stands to shared wording: since when it is here, what it prefers, what it answered."""

    joined: datetime
    preferences: tuple[tuple[datetime, PreferenceKind], ...] = ()
    answers: tuple[Answer, ...] = ()

    def preference_at(self, at: datetime) -> PreferenceKind:
        return next((value for since, value in reversed(self.preferences) if since <= at), PreferenceKind.TAKE)

    def took_between(self, first: datetime, last: datetime) -> bool:
        """Whether the school took shared wording as it came at any instant from `first` to `last`."""
        if self.preference_at(first) is PreferenceKind.TAKE:
            return True
        return any(first < since <= last and value is PreferenceKind.TAKE for since, value in self.preferences)

    def answer_on(self, key: str, shared_hash: str, at: datetime) -> Answer | None:
        given = [one for one in self.answers if one.key == key and one.shared_hash == shared_hash and one.at <= at]
        return max(given, key=lambda one: one.at, default=None)


@dataclass(frozen=True, slots=True)
class Held:
    """A shared clause as a school holds it, from which edition, since when."""

    clause: SharedClause
    edition: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A change that waits for the school's yes; `clause` is None where the release retires the clause.

    `lacks` are facts that must be filled in first: nobody is asked before.
    """

    key: str
    clause: SharedClause | None
    edition: Edition
    is_declined: bool
    lacks: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Shared:
    """What a school holds of the library: clauses by key, what waits, and the newest edition, which gives the order."""

    held: Mapping[str, Held]
    waiting: Mapping[str, Waiting]
    newest: Edition
    editions: tuple[Edition, ...]

    def ruling(self, key: str) -> SharedClause | None:
        """The clause as far as it says what a school may do with it: the newest edition rules also before a yes."""
        known = self.held[key].clause if key in self.held else self.last_known(key)
        return known.stricter(self.newest.clauses.get(key)) if known else None

    def last_known(self, key: str) -> SharedClause | None:
        """The clause as the last edition that had it says it."""
        return next((edition.clauses[key] for edition in reversed(self.editions) if key in edition.clauses), None)


@dataclass(frozen=True, slots=True)
class Local:
    """A published override in force."""

    id: int
    key: str
    clause_key: str
    mode: OverrideMode
    title: str
    part_hash: str | None
    base_hash: str | None
    since: datetime
    until: datetime | None
    origin: Origin
    base_release: str = ""
    kind: str = "general"

    def is_in_force(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Line:
    """One clause of a notice: its words by hash, whose they are, and the shared clause it belongs to."""

    key: str
    title: str
    part_hash: str
    origin: Origin
    clause_key: str


@dataclass(frozen=True, slots=True)
class Translated:
    """That a layout is in another language than English, and which of its sections and clauses are, by key."""

    language: str
    keys: tuple[str, ...]
    is_checked: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """A notice before it is filled in: sections (key, title, lines) that have something to say, in order.

    `absent` gives the titles of shared clauses that this notice leaves out, for the references to them.
    """

    sections: tuple[tuple[str, str, tuple[Line, ...]], ...]
    absent: tuple[tuple[str, str], ...] = ()
    translated: Translated | None = None

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for _, _, lines in self.sections for line in lines)


def editions_at(editions: Iterable[Edition], at: datetime) -> tuple[Edition, ...]:
    """Those that count at `at`, oldest first."""
    return tuple(sorted((one for one in editions if one.counts_at(at)), key=lambda one: (one.effective_at, one.id)))


def shared_at(
    editions: Sequence[Edition], stance: Stance, at: datetime, lacking: frozenset[str] = frozenset()
) -> Shared | None:
    """What the school holds at `at`; None where no release is in force yet.

    A change that brings in one of the `lacking` facts waits until the fact is there.
    """
    counting = editions_at(editions, at)
    return _walk(counting, stance, at, lacking) if counting else None


def changed_between(before: Edition, after: Edition) -> list[SharedClause]:
    """Clauses of `after` whose words or title differ from `before`, or that are new."""
    return [
        clause
        for key, clause in after.clauses.items()
        if key not in before.clauses or not clause.says_the_same_as(before.clauses[key])
    ]


def is_plain(stance: Stance) -> bool:
    """Whether the school holds what every such school of its time holds."""
    return not stance.answers and all(value is PreferenceKind.TAKE for _, value in stance.preferences)


def _walk(counting: tuple[Edition, ...], stance: Stance, at: datetime, lacking: frozenset[str]) -> Shared:
    """The first edition in force when the school joined is its baseline without asking.

    A further kind of notice that came later is offered to a school like any change; the general one it always has.
    """
    before = [edition for edition in counting if edition.effective_at <= stance.joined]
    later, held = counting, dict[str, Held]()
    if before or counting[0].kind == "general":
        baseline = before[-1] if before else counting[0]
        later = counting[counting.index(baseline) + 1 :]
        held = {key: Held(clause, baseline.name, baseline.effective_at) for key, clause in baseline.clauses.items()}
    waiting: dict[str, Waiting] = {}
    for edition in later:
        for key, clause in edition.clauses.items():
            present = held.get(key)
            if present is not None and clause.says_the_same_as(present.clause):
                held[key] = replace(present, clause=clause)
                waiting.pop(key, None)
            else:
                lacks = clause.needs & lacking - (present.clause.needs if present else frozenset())
                change = Waiting(key, clause, edition, is_declined=False, lacks=lacks)
                _offer(held, waiting, change, stance, at)
        for key in [key for key in held if key not in edition.clauses]:
            _offer(held, waiting, Waiting(key, None, edition, is_declined=False), stance, at)
        for key in [key for key in waiting if key not in held and key not in edition.clauses]:
            del waiting[key]
    return Shared(held, waiting, counting[-1], counting)


def _offer(held: dict[str, Held], waiting: dict[str, Waiting], change: Waiting, stance: Stance, at: datetime) -> None:
    clause, edition = change.clause, change.edition
    answer = stance.answer_on(change.key, clause.part_hash if clause else "", at)
    takes = answer.takes if answer else _takes_unasked(clause, edition, stance, at)
    if change.lacks or not takes:
        waiting[change.key] = replace(change, is_declined=answer is not None and not answer.takes)
        return
    waiting.pop(change.key, None)
    if clause is None:
        del held[change.key]
    else:
        held[change.key] = Held(clause, edition.name, edition.effective_at)


def _takes_unasked(clause: SharedClause | None, edition: Edition, stance: Stance, at: datetime) -> bool:
    return not (clause is not None and clause.confirm) and stance.took_between(edition.effective_at, at)


def layout(shared: Shared, law: SchoolLaw | None, locals_: Sequence[Local]) -> Layout:
    """The clauses in the newest edition's order, each with the words that count: the school's, its trust's, shared.

    `locals_` are the overrides in force; a clause that the newest edition lacks keeps its old place.
    """
    anchors = set(shared.held) | {one.clause_key for one in locals_ if one.mode is not OverrideMode.OMIT}
    order = _order(shared, anchors)
    titles = {key: title for edition in shared.editions for key, title in edition.sections}
    lines: dict[str, list[Line]] = {}
    for section, key in order:
        clause = shared.held[key].clause if key in shared.held else shared.last_known(key)
        if clause is None or not clause.is_for(law):
            continue
        clause = clause.stricter(shared.newest.clauses.get(key))
        beside = [one for one in locals_ if one.clause_key == key]
        lines.setdefault(section, []).extend(_lines(clause, beside, is_held=key in shared.held))
    present = {line.key for found in lines.values() for line in found}
    absent = tuple((key, one.title) for key, one in shared.newest.clauses.items() if key not in present)
    return Layout(tuple((key, titles.get(key, key), tuple(found)) for key, found in lines.items() if found), absent)


def _lines(clause: SharedClause, beside: Sequence[Local], *, is_held: bool) -> list[Line]:
    found = [_local_line(one) for origin in _OUTSIDE_IN for one in _of(beside, OverrideMode.BEFORE, origin)]
    own = _replacement(clause, beside)
    if own is None:
        if is_held:
            found.append(Line(clause.key, clause.title, clause.part_hash, Origin.LIBRARY, clause.key))
    elif own.mode is OverrideMode.ADAPT and own.part_hash is not None:
        found.append(Line(clause.key, own.title or clause.title, own.part_hash, own.origin, clause.key))
    return found + [_local_line(one) for origin in _INSIDE_OUT for one in _of(beside, OverrideMode.AFTER, origin)]


_OUTSIDE_IN = (Origin.TRUST, Origin.SCHOOL)
_INSIDE_OUT = (Origin.SCHOOL, Origin.TRUST)


def _replacement(clause: SharedClause, beside: Sequence[Local]) -> Local | None:
    """The school's own change, else its trust's. Nothing replaces a locked clause, whatever a row says."""
    if clause.policy is ClausePolicy.LOCKED:
        return None
    for origin in _INSIDE_OUT:
        for mode in (OverrideMode.ADAPT, OverrideMode.OMIT):
            if found := _of(beside, mode, origin):
                return found[-1]
    return None


def _of(beside: Sequence[Local], mode: OverrideMode, origin: Origin) -> list[Local]:
    return [one for one in beside if one.mode is mode and one.origin is origin]


def _local_line(one: Local) -> Line:
    return Line(one.key, one.title, one.part_hash or "", one.origin, one.clause_key)


def _order(shared: Shared, anchors: set[str]) -> Sequence[tuple[str, str]]:
    """(section, key) in order; a retired clause stands after the clause that it once followed."""
    return _ordered(shared.editions, frozenset(anchors))


@lru_cache(maxsize=256)
def _ordered(editions: tuple[Edition, ...], anchors: frozenset[str]) -> tuple[tuple[str, str], ...]:
    newest = editions[-1]
    sections = [key for key, _ in newest.sections]
    order = [(clause.section, key) for key, clause in newest.clauses.items() if key in anchors]
    for edition in reversed(editions[:-1]):
        placed = {key for _, key in order}
        old = list(edition.clauses.items())
        for index, (key, clause) in enumerate(old):
            if key not in anchors or key in placed:
                continue
            if clause.section not in sections:
                sections.insert(_section_place(clause.section, edition, sections), clause.section)
            before = {earlier for earlier, _ in old[:index]}
            at = next((place + 1 for place in range(len(order) - 1, -1, -1) if order[place][1] in before), 0)
            order.insert(at, (clause.section, key))
            placed.add(key)
    rank = {key: place for place, key in enumerate(sections)}
    return tuple(sorted(order, key=lambda one: rank[one[0]]))


def _section_place(section: str, edition: Edition, sections: Sequence[str]) -> int:
    old = [key for key, _ in edition.sections]
    before = [sections.index(key) for key in old[: old.index(section)] if key in sections]
    return max(before, default=-1) + 1
