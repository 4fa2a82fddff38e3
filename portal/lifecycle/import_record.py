"""An import's report as it is stored, and back: plain JSON, so that it is read the same whatever the code becomes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from portal.notices.importing.blocks import Block
from portal.notices.importing.lines import Kind
from portal.notices.importing.report import Class, Decision, Entry, LocalClause, Note, Report


def as_record(report: Report) -> dict[str, Any]:
    return {
        "entries": [_entry_record(entry) for entry in report.entries],
        "missing": list(report.missing),
        "facts": dict(report.facts),
        "decisions": [asdict(decision) for decision in report.decisions],
        "local": [asdict(local) for local in report.local_clauses],
    }


def from_record(record: Mapping[str, Any]) -> Report:
    return Report(
        entries=tuple(_entry(row) for row in record["entries"]),
        missing=tuple(record["missing"]),
        facts=dict(record["facts"]),
        decisions=tuple(
            Decision(row["key"], Class(row["kind"]), row["edition"], tuple(row["blocks"]), row["text"])
            for row in record["decisions"]
        ),
        local_clauses=tuple(
            LocalClause(row["title"], row["section"], row["after"], tuple(row["blocks"]), row["text"])
            for row in record["local"]
        ),
    )


def _entry_record(entry: Entry) -> dict[str, Any]:
    block = entry.block
    return {
        "block": [block.kind.value, block.text, block.line, block.last_line, block.level, block.marker, block.ruler],
        "kind": entry.kind.value,
        "clause": entry.clause,
        "edition": entry.edition,
        "similarity": round(entry.similarity, 4),
        "authority": entry.authority,
        "notes": [[note.message, dict(note.values)] for note in entry.notes],
        "also": list(entry.also),
        "index": block.index,
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    kind, *rest = row["block"]
    return Entry(
        Block(row["index"], Kind(kind), *rest),
        Class(row["kind"]),
        row["clause"],
        row["edition"],
        row["similarity"],
        row["authority"],
        _notes(row["notes"]),
        tuple(row["also"]),
    )


def _notes(rows: Sequence[Sequence[Any]]) -> tuple[Note, ...]:
    return tuple(Note(message, values) for message, values in rows)
