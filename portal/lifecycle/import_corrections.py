"""A person's decision about one block of an import, and what follows from it for the clauses it touches. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.notices.importing.anchors import locate
from portal.notices.importing.decisions import clause_decisions, local_clauses
from portal.notices.importing.editions import Edition, in_force, newest_first
from portal.notices.importing.report import Class, Decision, Entry, Note, Report
from portal.notices.importing.words import words

BY_HAND = N_("Decided by hand.")
CHOICES = (Class.REWORDED, Class.INHERITED, Class.LOCAL, Class.FACT, Class.HEADING, Class.OBSOLETE)
WITH_CLAUSE = frozenset({Class.REWORDED, Class.INHERITED, Class.OLDER})


@dataclass(frozen=True, slots=True)
class Correction:
    """What block `index` is; `clause` for wording that belongs to one."""

    index: int
    kind: Class
    clause: str = ""


def corrected(report: Report, correction: Correction, editions: Sequence[Edition], on: date) -> Report:
    """Raises `Invalid` for a block or clause that does not exist."""
    current = in_force(editions, on)
    place = next((at for at, one in enumerate(report.entries) if one.block.index == correction.index), None)
    if current is None or place is None:
        raise Invalid("There is no such paragraph in this document.")
    if correction.kind in WITH_CLAUSE and not any(edition.clause(correction.clause) for edition in editions):
        raise Invalid("Choose the section that this paragraph belongs to.", field="clause")
    entries = list(report.entries)
    old = entries[place]
    entries[place] = _decided(old, correction, current)
    left = old.clause if old.clause != entries[place].clause else None
    touched = {key for key in (old.clause, entries[place].clause) if key}
    fresh = {
        one.key: one
        for one in clause_decisions(
            entries, current, lambda key: _base(key, report, editions), lambda key, _edition: key == left, report.facts
        )
    }
    kept = {one.key: one for one in report.decisions if one.key not in touched}
    decisions = [kept.get(key) or _settled(one, editions, current) for key, one in fresh.items()]
    blocks = [entry.block for entry in entries]
    taken = {entry.clause or "" for entry in entries if entry.kind is not Class.HEADING}
    missing = [clause.key for clause in current.clauses if _is_missing(clause.key, report, touched, taken)]
    return replace(
        report,
        entries=tuple(entries),
        missing=tuple(missing),
        decisions=tuple(decisions),
        local_clauses=local_clauses(entries, locate(blocks)),
    )


def _decided(entry: Entry, correction: Correction, current: Edition) -> Entry:
    clause = correction.clause if correction.kind in WITH_CLAUSE else None
    edition = current.name if correction.kind is Class.INHERITED else entry.edition if clause == entry.clause else None
    return replace(
        entry, kind=correction.kind, clause=clause, edition=edition, authority=None, notes=(Note(BY_HAND),), also=()
    )


def _base(key: str, report: Report, editions: Sequence[Edition]) -> str | None:
    """The edition that the report found; else the one that most of the document comes from and that has the clause."""
    known = next((one.edition for one in report.decisions if one.key == key), None)
    if known:
        return known
    used = [entry.edition for entry in report.entries if entry.edition]
    having = [edition.name for edition in newest_first(editions) if edition.clause(key)]
    return max(having, key=used.count, default=None)


def _settled(decision: Decision, editions: Sequence[Edition], current: Edition) -> Decision:
    """Wording that says word for word what an edition says is that edition's."""
    if not decision.text or decision.kind is Class.OBSOLETE:
        return decision
    spoken = words(decision.text)
    for edition in (current, *newest_first(editions)):
        clause = edition.clause(decision.key)
        if clause is not None and words(clause.text) == spoken:
            kind = Class.INHERITED if edition.name == current.name else Class.OLDER
            return replace(decision, kind=kind, edition=edition.name)
    return decision


def _is_missing(key: str, report: Report, touched: set[str], taken: set[str]) -> bool:
    return key not in taken if key in touched else key in report.missing
