"""Open cases from a list kept elsewhere: what each of its lines says. Pure."""

import re
from datetime import date, datetime, time

from portal.casework.intake import NewRequest
from portal.casework.kinds import Relationship
from portal.casework.models import CaseKind, Channel
from portal.casework.table import Table, read_table
from portal.core.clock import from_london, london
from portal.core.errors import Invalid
from portal.core.limits import EMAIL_LENGTH, MESSAGE_LENGTH, NAME_LENGTH, TELEPHONE_LENGTH
from portal.core.text import clean, clean_name

REQUIRED = ("received", "kind", "name")
OPTIONAL = ("about", "email", "telephone", "details")
MOST_LINES = 500
_LENGTHS = {"name": NAME_LENGTH, "about": NAME_LENGTH, "email": EMAIL_LENGTH, "telephone": TELEPHONE_LENGTH}


def read_cases(content: bytes, *, now: datetime) -> tuple[list[tuple[int, NewRequest]], list[Invalid]]:
    """(line, request) for what can be taken, and what is wrong with each other line.

    Raises `Invalid` for a file that is no such table at all.
    """
    table = read_table(content)
    first, heading = table.rows[0] if table.rows else (1, [])
    names = [name.strip().lower() for name in heading]
    while names and not names[-1]:
        names.pop()
    _check_columns(names, first)
    if len(table.rows) > MOST_LINES + 1:
        raise Invalid(f"Bring at most {MOST_LINES} requests at a time.")
    found: list[tuple[int, NewRequest]] = []
    wrong: list[Invalid] = []
    for line, cells in table.rows[1:]:
        try:
            found.append((line, _request(table, _named(names, cells), now)))
        except Invalid as error:
            wrong.append(Invalid(error.message, line=line))
    return found, wrong


def _check_columns(names: list[str], line: int) -> None:
    known = REQUIRED + OPTIONAL
    wrong = [
        *(f"There is no column “{name}”." for name in REQUIRED if name not in names),
        *(f"“{name[:40]}” is no column we know." for name in dict.fromkeys(names) if name not in known),
        *(f"The column “{name}” is there twice." for name in known if names.count(name) > 1),
    ]
    if wrong:
        allowed = f"The columns must be {', '.join(REQUIRED)}, and may be {', '.join(OPTIONAL)}."
        raise Invalid(" ".join([*wrong[:5], allowed]), line=line)


def _named(names: list[str], cells: list[str]) -> dict[str, str]:
    if any(cell.strip() for cell in cells[len(names) :]):
        raise Invalid("This line has more cells than the first.")
    return dict(zip(names, [*cells, *[""] * len(names)], strict=False))


def _request(table: Table, row: dict[str, str], now: datetime) -> NewRequest:
    cells = {name: _cell(name, value) for name, value in row.items()}
    if not cells["name"]:
        raise Invalid("The name is missing.")
    if cells["kind"] not in set(CaseKind):
        raise Invalid(f"The kind must be one of: {', '.join(CaseKind)}.")
    about = cells.get("about", "")
    return NewRequest(
        kind=CaseKind(cells["kind"]),
        received_at=_received(table, cells["received"], now),
        requester_name=cells["name"],
        channel=Channel.SPREADSHEET,
        relationship=Relationship.OTHER if about else Relationship.SELF,
        subject_name=about or cells["name"],
        email=cells.get("email", ""),
        telephone=cells.get("telephone", ""),
        details=cells.get("details", ""),
    )


def _cell(name: str, value: str) -> str:
    try:
        text = clean(value, multiline=True) if name == "details" else clean_name(value)
    except Invalid as error:
        raise Invalid(f"{name}: {error.message}") from error
    if len(text) > _LENGTHS.get(name, MESSAGE_LENGTH):
        raise Invalid(f"The {name} is too long.")
    if name == "email" and text and (text.count("@") != 1 or re.search(r"[\s,;]", text)):
        raise Invalid("This is not an e-mail address.")
    return text.lower() if name in {"kind", "email"} else text


def _received(table: Table, text: str, now: datetime) -> datetime:
    try:
        day = table.day(text) or _day(text)
    except ValueError as error:
        raise Invalid("Write the day it was received like 25/11/2026 or 2026-11-25.") from error
    if day > london(now).date():
        raise Invalid("A request cannot have been received in the future.")
    return min(from_london(day, time(12)), now)


def _day(text: str) -> date:
    """A day as people and programs write it; a program may write midnight after it."""
    text = text.removesuffix(" 00:00:00")
    return date.fromisoformat(text) if "-" in text else datetime.strptime(text.replace(".", "/"), "%d/%m/%Y").date()  # noqa: DTZ007 - a day has no zone
