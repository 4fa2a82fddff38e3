"""The register as it is kept for searching: every school of the last file, and what it said of each of ours."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update

from portal.core.database import PortalSession
from portal.directory.gias import SchoolRecord
from portal.directory.models import RegisterSchool
from portal.lifecycle.register_records import record_from, stored_record
from portal.tenancy.models import Tenant, TenantKind

_ROWS_AT_ONCE = 500
_Row = dict[str, Any]


@dataclass(slots=True)
class RegisterRows:
    """What is kept, by URN, and what to write at the end: `ours` by URN, with the tenant each row then belongs to."""

    held: dict[str, _Row]
    ours: dict[str, _Row] = field(default_factory=dict)

    def before(self, urn: str) -> SchoolRecord | None:
        """What the register said of one of our schools when it was last applied to it."""
        row = self.held.get(urn)
        return record_from(row["record"]) if row is not None and row["tenant_id"] is not None else None

    def remember(self, school_id: int, record: SchoolRecord, *, now: datetime) -> None:
        """What the register says of our school from now on; nothing about it is open any more."""
        self.ours[record.urn] = _row(record, now, tenant_id=school_id)

    def ask(self, school_id: int, known: SchoolRecord, question: _Row, *, now: datetime) -> None:
        """The school stays as it is known until a person answers."""
        self.ours[known.urn] = {**_row(known, now, tenant_id=school_id), "question": question}

    def release(self, urn: str, record: SchoolRecord, *, now: datetime) -> None:
        """The number is none of ours any more: the school goes on under another."""
        self.ours[urn] = _row(record, now, tenant_id=None)


def held_rows(session: PortalSession) -> RegisterRows:
    """The register as it is kept; tens of thousands of rows, so they are read as plain values."""
    columns = (RegisterSchool.urn, RegisterSchool.record, RegisterSchool.tenant_id, RegisterSchool.question)
    return RegisterRows({row.urn: row._asdict() for row in session.execute(select(*columns))})


def write_rows(
    session: PortalSession,
    rows: RegisterRows,
    records: Iterable[SchoolRecord],
    *,
    absent: frozenset[str],
    now: datetime,
) -> int:
    """Keep every record of the file; of our schools only what was applied to them. Returns how many rows changed."""
    our_urns = set(session.scalars(select(Tenant.urn).where(Tenant.kind == TenantKind.SCHOOL, Tenant.urn.is_not(None))))
    new: list[_Row] = []
    changed: list[_Row] = []
    for record in records:
        held = rows.held.get(record.urn)
        if record.urn in rows.ours or record.urn in our_urns or (held is not None and held["tenant_id"] is not None):
            continue
        _sort(_row(_filled(record, held, absent), now, tenant_id=None), held, new, changed)
    for urn, row in rows.ours.items():
        _sort(row, rows.held.get(urn), new, changed)
    for start in range(0, len(new), _ROWS_AT_ONCE):
        session.execute(insert(RegisterSchool), new[start : start + _ROWS_AT_ONCE])
    for start in range(0, len(changed), _ROWS_AT_ONCE):
        session.execute(update(RegisterSchool), changed[start : start + _ROWS_AT_ONCE])
    return len(new) + len(changed)


def _sort(row: _Row, held: _Row | None, new: list[_Row], changed: list[_Row]) -> None:
    if held is None:
        new.append(row)
    elif any(row[key] != held[key] for key in ("record", "tenant_id", "question")):
        changed.append(row)


def _filled(record: SchoolRecord, held: Mapping[str, Any] | None, absent: frozenset[str]) -> SchoolRecord:
    if held is None or not absent:
        return record
    return replace(record, **{name: held["record"].get(name, "") for name in absent})


def _row(record: SchoolRecord, now: datetime, *, tenant_id: int | None) -> _Row:
    return {
        "urn": record.urn, "name": record.name, "la_code": record.la_code, "postcode": record.postcode,
        "status": record.status.value, "record": stored_record(record), "read_at": now, "tenant_id": tenant_id,
        "question": {},
    }  # fmt: skip
