"""Open cases from a list kept elsewhere (CSV): every line is checked before any is taken. Pure."""

import csv
from datetime import date, datetime, time
from io import StringIO

from portal.casework.intake import NewRequest
from portal.casework.kinds import Relationship
from portal.casework.models import CaseKind, Channel
from portal.core.clock import from_london
from portal.core.errors import Invalid
from portal.core.limits import EMAIL_LENGTH, MESSAGE_LENGTH, NAME_LENGTH, TELEPHONE_LENGTH
from portal.core.text import clean, clean_name

REQUIRED = ("received", "kind", "name")
OPTIONAL = ("about", "email", "telephone", "details")
MOST_LINES = 2000
_LENGTHS = {"name": NAME_LENGTH, "about": NAME_LENGTH, "email": EMAIL_LENGTH, "telephone": TELEPHONE_LENGTH}


def read_cases(content: bytes, *, now: datetime) -> tuple[list[tuple[int, NewRequest]], list[Invalid]]:
    """(line, request) for what can be taken, and what is wrong with each other line.

    Raises `Invalid` for a file that is no such table at all.
    """
    reader = csv.DictReader(StringIO(_text(content), newline=""), strict=True)
    try:
        names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
        _check_columns(names)
        reader.fieldnames = names
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise Invalid(f"This is not a table in CSV: {error}.", line=reader.line_num) from error
    if len(rows) > MOST_LINES:
        raise Invalid(f"Bring at most {MOST_LINES} requests at a time.")
    found: list[tuple[int, NewRequest]] = []
    wrong: list[Invalid] = []
    for line, row in rows:
        try:
            found.append((line, _request(row, now)))
        except Invalid as error:
            wrong.append(Invalid(error.message, line=line))
    return found, wrong


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid("This file is not text in UTF-8. Save it as CSV UTF-8.") from error


def _check_columns(names: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in names]
    unknown = [name for name in names if name not in REQUIRED + OPTIONAL]
    if missing or unknown or len(set(names)) != len(names):
        raise Invalid(f"The columns must be {', '.join(REQUIRED)}, and may be {', '.join(OPTIONAL)}.", line=1)


def _request(row: dict[str, str | None], now: datetime) -> NewRequest:
    if None in row:
        raise Invalid("This line has more cells than the first.")
    cells = {name: _cell(name, value or "") for name, value in row.items()}
    if not cells["name"]:
        raise Invalid("The name is missing.")
    if cells["kind"] not in set(CaseKind):
        raise Invalid(f"The kind must be one of: {', '.join(CaseKind)}.")
    about = cells.get("about", "")
    return NewRequest(
        kind=CaseKind(cells["kind"]),
        received_at=_received(cells["received"], now),
        requester_name=cells["name"],
        channel=Channel.SPREADSHEET,
        relationship=Relationship.OTHER if about else Relationship.SELF,
        subject_name=about or cells["name"],
        email=cells.get("email", ""),
        telephone=cells.get("telephone", ""),
        details=cells.get("details", ""),
    )


def _cell(name: str, value: str) -> str:
    text = clean(value, multiline=True) if name == "details" else clean_name(value)
    if len(text) > _LENGTHS.get(name, MESSAGE_LENGTH):
        raise Invalid(f"The {name} is too long.")
    if name == "email" and text and ("@" not in text or " " in text):
        raise Invalid("This is not an e-mail address.")
    return text.lower() if name in {"kind", "email"} else text


def _received(text: str, now: datetime) -> datetime:
    try:
        day = date.fromisoformat(text) if "-" in text else datetime.strptime(text, "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise Invalid("Write the day it was received like 25/11/2026 or 2026-11-25.") from error
    received = from_london(day, time(12))
    if received.date() > now.date():
        raise Invalid("A request cannot have been received in the future.")
    return min(received, now)
