"""A school of the register as JSON keeps it, and back."""

from dataclasses import fields
from datetime import date
from typing import Any

from portal.directory.gias import SchoolRecord, SchoolStatus

_FIELDS = tuple(one.name for one in fields(SchoolRecord))


def stored_record(record: SchoolRecord) -> dict[str, Any]:
    """A record as JSON keeps it."""
    values = {name: getattr(record, name) for name in _FIELDS}
    for key in ("open_date", "close_date"):
        values[key] = values[key].isoformat() if values[key] else None
    return {**values, "status": record.status.value}


def record_from(stored: dict[str, Any]) -> SchoolRecord:
    """The reverse of `stored_record`."""
    values = {name: stored[name] for name in _FIELDS if name in stored}
    for key in ("open_date", "close_date"):
        values[key] = date.fromisoformat(values[key]) if values.get(key) else None
    return SchoolRecord(**{**values, "status": SchoolStatus(values["status"])})
