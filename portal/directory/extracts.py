"""Reading the public registers' CSV files line by line, in bounded memory, whatever somebody did to them on the way."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO, Final

from portal.core.errors import Invalid
from portal.core.i18n import N_

LINE_BYTES: Final = 256 * 1024
CONTINUATION_LINES: Final = 20
SKIPPED_LINES: Final = 5000
SKIPPED_SHARE: Final = 0.1
"""More than so many lines that cannot be read, and more than this share of all, mean that it is not the right file."""
SKIPPED_AT_MOST: Final = 100_000
PROGRESS_BYTES: Final = 1024 * 1024

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_TOO_MANY: Final = N_("Too many lines cannot be read, so nothing in the file was used.")
NO_ROWS: Final = N_("The file has a header and nothing below it, so nothing was changed.")

Progress = Callable[[int], None]
"""Called with the number of bytes read so far, about once a megabyte and once at the end."""


class Encoding(StrEnum):
    """What the bytes turned out to be; `mixed` when some lines are one and some the other."""

    ASCII = "ascii"
    WINDOWS = "windows-1252"
    UTF8 = "utf-8"
    MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A line (1 is the header) that was left out, and the reason as a sentence."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    cells: Sequence[str]


@dataclass(slots=True)
class Extract:
    """One pass over a CSV file: iterate `rows()`, then ask what was found.

    `header` is read at once. Raises `Invalid` for an empty file, one that is not text, or an unreadable header.
    """

    stream: BinaryIO
    progress: Progress | None = None
    header: Sequence[str] = ()
    skipped: list[Skipped] = field(default_factory=list)
    has_byte_order_mark: bool = False
    is_cut_short: bool = False
    rows_read: int = 0
    _encodings: set[Encoding] = field(default_factory=set)
    _line: int = 0
    _bytes: int = 0
    _reported: int = 0
    _waiting: list[tuple[int, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        first = self._next_line()
        if first is None or not first[1].strip():
            raise Invalid(N_("The file is empty."))
        raw = first[1]
        self.has_byte_order_mark = raw.startswith(BYTE_ORDER_MARK)
        if self.has_byte_order_mark:
            self._encodings.add(Encoding.UTF8)
        if len(raw) > LINE_BYTES:
            raise Invalid(N_("The first line is too long to be a header."), line=1)
        cells = self._cells(1, raw.removeprefix(BYTE_ORDER_MARK))
        if cells is None:
            raise Invalid(self.skipped[-1].reason, line=1)
        self.header = [cell.strip() for cell in cells]

    @property
    def encoding(self) -> Encoding:
        if len(self._encodings) > 1:
            return Encoding.MIXED
        return next(iter(self._encodings), Encoding.ASCII)

    def rows(self) -> Iterator[Row]:
        """Rows with exactly as many cells as the header; every other line goes to `skipped`.

        Raises `Invalid` at the end where these are too many of all.
        """
        while record := self._next_record():
            line, raw = record[0]
            if len(record) > 1:
                raw = b"".join(part for _, part in record)
            elif not raw.strip():
                continue
            cells = self._cells(line, raw)
            if cells is not None and len(cells) == len(self.header):
                self.rows_read += 1
                yield Row(line, cells)
                continue
            if cells is not None:
                self._count_wrong(line, raw, len(cells))
            self._waiting[:0] = record[1:]
        if self.progress is not None:
            self.progress(self._bytes)
        if len(self.skipped) > max(SKIPPED_LINES, self._line * SKIPPED_SHARE):
            raise Invalid(_TOO_MANY, line=self.skipped[-1].line)

    def skip(self, line: int, reason: str) -> None:
        """Report a line as left out. Raises `Invalid` when so many are that this cannot be the right file."""
        if len(self.skipped) >= SKIPPED_AT_MOST:
            raise Invalid(_TOO_MANY, line=line)
        self.skipped.append(Skipped(line, reason))

    def _count_wrong(self, line: int, raw: bytes, count: int) -> None:
        if not raw.endswith(b"\n") and count < len(self.header):
            self.is_cut_short = True
            self.skip(line, N_("The file stops in the middle of this line."))
        else:
            reason = N_("This line has %(count)s cells, but the header has %(expected)s.")
            self.skip(line, reason % {"count": count, "expected": len(self.header)})

    def _cells(self, line: int, raw: bytes) -> list[str] | None:
        if b"\0" in raw:
            if line == 1:
                raise Invalid(N_("This is not a CSV file saved as Windows-1252 or UTF-8 text."), line=1)
            self.skip(line, N_("This line holds bytes that are not text."))
            return None
        text = self._decode(raw)
        if text is None:
            self.skip(line, N_("This line is neither Windows-1252 nor UTF-8 text."))
            return None
        text = text.rstrip("\r\n")
        if '"' not in text:
            return text.split(",")
        try:
            return next(csv.reader([text], strict=True))
        except csv.Error:
            self.skip(line, N_("The quotation marks on this line do not match."))
            return None

    def _decode(self, raw: bytes) -> str | None:
        """Each line tells its own encoding: accented Windows-1252 text is practically never valid UTF-8."""
        if raw.isascii():
            return raw.decode("ascii")
        for encoding in (Encoding.UTF8, Encoding.WINDOWS):
            try:
                text = raw.decode(encoding)
            except UnicodeDecodeError:
                continue
            self._encodings.add(encoding)
            return text
        return None

    def _next_record(self) -> list[tuple[int, bytes]]:
        """One line, or several where a quoted cell holds line breaks; none at the end."""
        first = self._next_line()
        if first is None:
            return []
        record = [first]
        if first[1].count(b'"') % 2 == 0:
            return record
        size = len(first[1])
        while len(record) <= CONTINUATION_LINES and size <= LINE_BYTES and (following := self._next_line()) is not None:
            record.append(following)
            size += len(following[1])
            if following[1].count(b'"') % 2:
                return record
        self._waiting[:0] = record[1:]
        return [first]

    def _next_line(self) -> tuple[int, bytes] | None:
        if self._waiting:
            return self._waiting.pop(0)
        while True:
            raw = self.stream.readline(LINE_BYTES + 1)
            if not raw:
                return None
            self._line += 1
            self._count(len(raw))
            if len(raw) <= LINE_BYTES or self._line == 1:
                return self._line, raw
            self._drain(raw)
            self.skip(self._line, N_("This line is far too long."))

    def _drain(self, raw: bytes) -> None:
        while raw and not raw.endswith(b"\n"):
            raw = self.stream.readline(LINE_BYTES)
            self._count(len(raw))

    def _count(self, size: int) -> None:
        self._bytes += size
        if self.progress is not None and self._bytes - self._reported >= PROGRESS_BYTES:
            self._reported = self._bytes
            self.progress(self._bytes)


def column_places(header: Sequence[str], patterns: Mapping[str, str], required: Sequence[str]) -> dict[str, int]:
    """Where each wanted column stands. `patterns` maps our name to a regular expression for theirs.

    Where several columns match (the year is part of the name), the last in alphabetical order, the newest, is taken.
    Raises `Invalid` naming every required column that is missing.
    """
    places: dict[str, int] = {}
    for name, pattern in patterns.items():
        matching = sorted(
            (column, place) for place, column in enumerate(header) if re.fullmatch(pattern, column, re.IGNORECASE)
        )
        if matching:
            places[name] = matching[-1][1]
    missing = [name for name in required if name not in places]
    if missing:
        raise Invalid(N_("These columns are missing: %(columns)s.") % {"columns": ", ".join(missing)}, line=1)
    return places
