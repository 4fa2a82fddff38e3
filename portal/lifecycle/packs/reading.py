"""Reading pack files: TOML, and Markdown with a TOML head between `+++` lines."""

import tomllib
from collections.abc import Collection
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


def read_toml(path: Path) -> dict[str, Any]:
    """Raises `PackError`."""
    text = _read(path)
    try:
        return tomllib.loads(text)
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
        head = tomllib.loads("\n".join(lines[1:end]))
    except tomllib.TOMLDecodeError as error:
        raise PackError(path, str(error), (_line_in(str(error)) or 0) + 1) from error
    return head, "\n".join(lines[end + 1 :]).strip("\n"), end + 2


def check_keys(
    path: Path, table: dict[str, Any], *, needed: Collection[str], known: Collection[str], where: str = ""
) -> None:
    """Refuse a table that lacks a key or has one nobody reads (a typing error would otherwise pass in silence)."""
    for key in needed:
        if key not in table:
            raise PackError(path, f"{where}{key} is missing")
    for key in table:
        if key not in known:
            raise PackError(path, f"{where}{key} is not a key that is read here")


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


def _line_in(message: str) -> int | None:
    _, found, rest = message.partition("line ")
    digits = rest.split(",")[0].split(")")[0]
    return int(digits) if found and digits.isdecimal() else None
