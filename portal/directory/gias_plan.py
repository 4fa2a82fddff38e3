"""What an import of the school register would change. Pure: the same records in any order give the same plan."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum

from portal.directory.extracts import Skipped
from portal.directory.gias import SchoolRecord, SchoolStatus
from portal.directory.gias_matching import Evidence, Outcome, find_successor, likely_successors


class ChangeKind(StrEnum):
    UPDATED = "updated"
    RENAMED = "renamed"
    LAW_CHANGED = "law-changed"
    CLOSED = "closed"
    REOPENED = "reopened"
    PROPOSED_TO_CLOSE = "proposed-to-close"
    MOVED_TRUST = "moved-trust"
    MOVED_AUTHORITY = "moved-authority"


class IgnoredReason(StrEnum):
    """Why a record of the register became no tenant."""

    CLOSED = "closed"
    PROPOSED = "proposed"
    OTHER_KIND = "other-kind"


@dataclass(frozen=True, slots=True)
class KnownSchool:
    """A tenant as the last import left it: its `record`, and the URNs it had before it converted.

    `has_left`: it left the service, so the register changes nothing of it any more.
    """

    record: SchoolRecord
    former_urns: tuple[str, ...] = ()
    has_left: bool = False


@dataclass(frozen=True, slots=True)
class Difference:
    field: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class SchoolChange:
    """A known school whose record differs; `record` is what to keep from now on."""

    record: SchoolRecord
    kinds: frozenset[ChangeKind]
    differences: tuple[Difference, ...]


@dataclass(frozen=True, slots=True)
class Conversion:
    """The same school under a new URN: same tenant, history kept, another law may apply.

    `old` is what we knew, `closed` what the register now says under the old number, `record` the new one.
    """

    old: SchoolRecord
    closed: SchoolRecord
    record: SchoolRecord
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Merger:
    """Known schools closed into another, which is known already or among the created."""

    closed: tuple[SchoolRecord, ...]
    into: SchoolRecord
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Unmatched:
    """Closed in favour of a successor that cannot be told for certain; nothing is done until a person says which."""

    known: SchoolRecord
    record: SchoolRecord
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Everything an import would do, each part sorted by URN. `missing`: known URNs that the file does not hold."""

    created: tuple[SchoolRecord, ...] = ()
    changed: tuple[SchoolChange, ...] = ()
    converted: tuple[Conversion, ...] = ()
    merged: tuple[Merger, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    missing: tuple[str, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    ignored: tuple[tuple[IgnoredReason, int], ...] = ()

    def of_kind(self, kind: ChangeKind) -> tuple[SchoolChange, ...]:
        return tuple(change for change in self.changed if kind in change.kinds)

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.changed or self.converted or self.merged)


def plan_import(
    existing: Iterable[KnownSchool],
    records: Iterable[SchoolRecord],
    today: date,
    *,
    successors: Mapping[str, frozenset[str]] | None = None,
    skipped: Sequence[Skipped] = (),
    authorities: frozenset[str] = frozenset(),
    absent: frozenset[str] = frozenset(),
) -> ImportPlan:
    """Compare what we know with the register. `successors` comes from the register's own file of links, where at hand.

    A school absent from the file is reported, never closed: the file may have been cut short or filtered. `existing`
    are all schools we know; with `authorities` only those that are, were or come under one of these codes change.
    Of the fields in `absent` the file says nothing: what we know of them stays.
    """
    register = {record.urn: as_of(record, today) for record in records}
    everybody = {school.record.urn: school for school in existing}
    ours = everybody.keys() | {urn for school in everybody.values() for urn in school.former_urns}
    newcomers = [register[urn] for urn in sorted(register.keys() - ours)]
    known = {urn: school for urn, school in everybody.items() if not school.has_left}
    for urn in known.keys() & register.keys():
        register[urn] = _completed(register[urn], known[urn].record, absent)
    if authorities:
        known = {urn: one for urn, one in known.items() if _concerns(authorities, one.record, register.get(urn))}
    outcomes = _outcomes(known, register, newcomers, successors or {})
    questions = {urn: outcome for urn, outcome in outcomes.items() if outcome.is_open_question}
    converted, merged = _converted_and_merged(outcomes, known, everybody.keys(), register, absent)
    gone = (
        {one.old.urn for one in converted} | {record.urn for one in merged for record in one.closed} | questions.keys()
    )
    into = {one.into.urn for one in merged} - everybody.keys()
    asked = {urn for one in questions.values() for urn in one.candidates} - into
    taken = {one.record.urn for one in converted} | asked
    changes = [
        change_between(known[urn].record, register[urn]) for urn in sorted(known.keys() & register.keys() - gone)
    ]
    return ImportPlan(
        created=tuple(
            one
            for one in newcomers
            if one.urn not in taken
            and _reason_to_ignore(one) is None
            and (one.urn in into or not authorities or one.la_code in authorities)
        ),
        changed=tuple(change for change in changes if change is not None),
        converted=converted,
        merged=merged,
        unmatched=tuple(
            Unmatched(known[urn].record, register[urn], outcome.candidates) for urn, outcome in questions.items()
        ),
        missing=tuple(
            urn
            for urn in sorted(known.keys() - register.keys())
            if not authorities or known[urn].record.la_code in authorities
        ),
        skipped=tuple(sorted(skipped, key=lambda one: (one.line, one.reason))),
        ignored=_ignored(one for one in newcomers if not authorities or one.la_code in authorities),
    )


def _completed(record: SchoolRecord, known: SchoolRecord, absent: frozenset[str]) -> SchoolRecord:
    """What we know stands in for a column that is missing; another council's district does not."""
    values = {name: getattr(known, name) for name in absent}
    if "district_code" in absent and record.la_code != known.la_code:
        values["district_code"] = ""
    return replace(record, **values) if values else record


def _concerns(authorities: frozenset[str], known: SchoolRecord, found: SchoolRecord | None) -> bool:
    return known.la_code in authorities or (found is not None and found.la_code in authorities)


def as_of(record: SchoolRecord, today: date) -> SchoolRecord:
    """The record with the status it has today: the register announces closures and openings ahead of their day."""
    if record.status is SchoolStatus.CLOSED and record.close_date is not None and record.close_date > today:
        return replace(record, status=SchoolStatus.CLOSING)
    if record.status.is_running and record.open_date is not None and record.open_date > today:
        return replace(record, status=SchoolStatus.PROPOSED)
    return record


def _outcomes(
    known: Mapping[str, KnownSchool],
    register: Mapping[str, SchoolRecord],
    newcomers: Iterable[SchoolRecord],
    successors: Mapping[str, frozenset[str]],
) -> dict[str, Outcome]:
    by_authority: dict[str, list[SchoolRecord]] = {}
    for record in newcomers:
        for code in {record.la_code, record.previous_la_code} - {""}:
            by_authority.setdefault(code, []).append(record)
    outcomes = {
        urn: find_successor(register[urn], register, by_authority.get(register[urn].la_code, ()), successors)
        for urn in sorted(known.keys() & register.keys())
        if _just_closed(known[urn].record, register[urn])
    }
    claimed = {one.successor for one in outcomes.values() if one.successor is not None}
    for urn, outcome in outcomes.items():
        if outcome.is_open_question and not outcome.candidates:
            near = by_authority.get(register[urn].la_code, ())
            outcomes[urn] = replace(outcome, candidates=likely_successors(register[urn], near, claimed))
    return outcomes


def _just_closed(old: SchoolRecord, new: SchoolRecord) -> bool:
    return new.status is SchoolStatus.CLOSED and old.status is not SchoolStatus.CLOSED


def _converted_and_merged(
    outcomes: Mapping[str, Outcome],
    known: Mapping[str, KnownSchool],
    everybody: AbstractSet[str],
    register: Mapping[str, SchoolRecord],
    absent: frozenset[str],
) -> tuple[tuple[Conversion, ...], tuple[Merger, ...]]:
    """One school into one new URN is a conversion; several into one, or one into a school already known, a merger."""
    claimed: dict[str, list[str]] = {}
    for urn, outcome in outcomes.items():
        if outcome.successor is not None:
            claimed.setdefault(outcome.successor, []).append(urn)
    converted: list[Conversion] = []
    merged: list[Merger] = []
    for successor, closed in claimed.items():
        evidence = max(outcomes[urn].evidence for urn in closed)
        if len(closed) > 1 or successor in everybody or outcomes[closed[0]].is_merger:
            merged.append(Merger(tuple(register[urn] for urn in closed), register[successor], evidence))
        else:
            old = known[closed[0]].record
            record = _completed(register[successor], old, absent)
            converted.append(Conversion(old, register[closed[0]], record, evidence))
    converted.sort(key=lambda one: one.old.urn)
    merged.sort(key=lambda one: one.into.urn)
    return tuple(converted), tuple(merged)


def change_between(old: SchoolRecord, new: SchoolRecord) -> SchoolChange | None:
    """What became of a known school, or `None` where the register says the same as before."""
    differences = tuple(
        Difference(one.name, _shown(getattr(old, one.name)), _shown(getattr(new, one.name)))
        for one in fields(SchoolRecord)
        if getattr(old, one.name) != getattr(new, one.name)
    )
    return SchoolChange(new, _kinds(old, new), differences) if differences else None


def _kinds(old: SchoolRecord, new: SchoolRecord) -> frozenset[ChangeKind]:
    tests = {
        ChangeKind.RENAMED: old.name != new.name,
        ChangeKind.LAW_CHANGED: old.law is not new.law,
        ChangeKind.CLOSED: _just_closed(old, new),
        ChangeKind.REOPENED: old.status is SchoolStatus.CLOSED and new.status.is_running,
        ChangeKind.PROPOSED_TO_CLOSE: new.status is SchoolStatus.CLOSING and old.status is not SchoolStatus.CLOSING,
        ChangeKind.MOVED_TRUST: not _is_same_trust(old, new),
        ChangeKind.MOVED_AUTHORITY: old.la_code != new.la_code,
    }
    kinds = frozenset(kind for kind, holds in tests.items() if holds)
    return kinds or frozenset({ChangeKind.UPDATED})


def _is_same_trust(old: SchoolRecord, new: SchoolRecord) -> bool:
    """By its number, for a trust may be renamed; by name where one of the two gives none."""
    if old.trust_code and new.trust_code:
        return old.trust_code == new.trust_code
    if old.trust_name and new.trust_name:
        return old.trust_name.casefold() == new.trust_name.casefold()
    return (old.trust_code, old.trust_name) == (new.trust_code, new.trust_name)


def _reason_to_ignore(record: SchoolRecord) -> IgnoredReason | None:
    if record.status is SchoolStatus.CLOSED:
        return IgnoredReason.CLOSED
    if record.law is None:
        return IgnoredReason.OTHER_KIND
    return None if record.status.is_running else IgnoredReason.PROPOSED


def _ignored(newcomers: Iterable[SchoolRecord]) -> tuple[tuple[IgnoredReason, int], ...]:
    reasons = Counter(reason for record in newcomers if (reason := _reason_to_ignore(record)) is not None)
    return tuple(sorted(reasons.items()))


def _shown(value: object) -> str:
    return "" if value is None else str(value)
