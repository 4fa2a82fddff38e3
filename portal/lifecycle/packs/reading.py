"""Reading pack files: TOML, and Markdown with a TOML head between `+++` lines."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from portal.core.errors import Invalid, PortalError
from portal.core.text import clean


class PackError(PortalError):
    """A pack that cannot be loaded: names the file, the line where known, and the reason."""

    def __init__(self, path: Path, reason: str, line: int | None = None) -> None:
        place = f"{path}, line {line}" if line else str(path)
        super().__init__(f"{place}: {reason}")
        self.path, self.reason, self.line = path, reason, line


class Table(dict[str, Any]):
    """A table of a TOML file that knows the lines of its keys, and its own."""

    def __init__(self, values: Mapping[str, Any], line: int, lines: Mapping[str, int]) -> None:
        super().__init__(values)
        self.line, self.lines = line, lines


def line_of(table: Mapping[str, Any], key: str = "") -> int | None:
    """The line of a key, else that of its table; None where it is not known, as inside `{ ... }`."""
    return table.lines.get(key, table.line) or None if isinstance(table, Table) else None


def read_toml(path: Path) -> dict[str, Any]:
    """Raises `PackError`."""
    text = _read(path)
    try:
        return _located(tomllib.loads(text), text, 0)
    except tomllib.TOMLDecodeError as error:
        raise PackError(path, str(error), _line_in(str(error))) from error


def read_headed(path: Path) -> tuple[dict[str, Any], str, int]:
    """The head, the body, and the line on which the body starts. Raises `PackError`."""
    lines = _read(path).splitlines()
    if not lines or lines[0].strip() != "+++":
        raise PackError(path, "the first line must be +++", 1)
    try:
        end = next(index for index, line in enumerate(lines[1:], 1) if line.strip() == "+++")
    except StopIteration:
        raise PackError(path, "the head is not closed by a line of +++", len(lines)) from None
    try:
        text = "\n".join(lines[1:end])
        head = _located(tomllib.loads(text), text, 1)
    except tomllib.TOMLDecodeError as error:
        raise PackError(path, str(error), (_line_in(str(error)) or 0) + 1) from error
    body = lines[end + 1 :]
    empty = next((index for index, line in enumerate(body) if line), 0)
    return head, "\n".join(body).strip("\n"), end + 2 + empty


def check_keys(
    path: Path, table: dict[str, Any], *, needed: Collection[str], known: Collection[str], where: str = ""
) -> None:
    """Refuse a table that lacks a key or has one nobody reads (a typing error would otherwise pass in silence)."""
    for key in needed:
        if key not in table:
            raise PackError(path, f"{where}{key} is missing", line_of(table))
    for key in table:
        if key not in known:
            raise PackError(path, f"{where}{key} is not a key that is read here", line_of(table, key))


def _read(path: Path) -> str:
    try:
        return clean(path.read_text("utf-8"), multiline=True) + "\n"
    except FileNotFoundError as error:
        raise PackError(path, "the file is missing") from error
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise PackError(path, "the file is not UTF-8", line) from error
    except Invalid as error:
        raise PackError(path, str(error)) from error


_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_.-]+)\s*\]")
_LONG_QUOTES = ('"""', "'''")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")


def _located(values: dict[str, Any], text: str, before: int) -> Table:
    """The tables of a sound file with their lines; `before` lines of the file come before `text`."""
    here: Mapping[str, Any] = values
    found: dict[int, tuple[int, dict[str, int]]] = {id(values): (before + 1, {})}
    counts: dict[str, int] = {}
    quote = ""
    for number, line in enumerate(text.splitlines(), before + 1):
        if quote:
            quote = "" if quote in line else quote
            continue
        if header := _HEADER.match(line):
            here = _named(values, header[2], counts, is_next=header[1] == "[[")
            found.setdefault(id(here), (number, {}))
        elif (key := _KEY.match(line)) and key[1] in here:
            found[id(here)][1].setdefault(key[1], number)
        quote = next((mark for mark in _LONG_QUOTES if line.count(mark) % 2), "")
    return Table(_rebuilt(values, found), *found[id(values)])


def _named(values: Mapping[str, Any], name: str, counts: dict[str, int], *, is_next: bool) -> Mapping[str, Any]:
    """The table that a header names; of `[[name]]` the one after the last."""
    if is_next:
        counts[name] = counts.get(name, -1) + 1
        for inner in [each for each in counts if each.startswith(f"{name}.")]:
            del counts[inner]
    here: Any = values
    parts = name.split(".")
    for depth, part in enumerate(parts, 1):
        here = here.get(part) if isinstance(here, dict) else None
        if isinstance(here, list):
            index = counts.get(".".join(parts[:depth]), 0)
            here = here[index] if index < len(here) else None
    return here if isinstance(here, dict) else {}


def _rebuilt(value: Any, found: Mapping[int, tuple[int, dict[str, int]]]) -> Any:  # noqa: ANN401 - any TOML value
    if isinstance(value, list):
        return [_rebuilt(each, found) for each in value]
    if not isinstance(value, dict):
        return value
    inner = {key: _rebuilt(each, found) for key, each in value.items()}
    return Table(inner, *found[id(value)]) if id(value) in found else inner


def _line_in(message: str) -> int | None:
    _, found, rest = message.partition("line ")
    digits = rest.split(",")[0].split(")")[0]
    return int(digits) if found and digits.isdecimal() else None
