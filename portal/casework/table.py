"""A table from a file, whatever a spreadsheet program saved it as: CSV of several kinds, or an Excel workbook. Pure."""

import csv
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO, StringIO
from xml.etree.ElementTree import Element, ParseError, fromstring
from zipfile import BadZipFile, ZipFile

from portal.core.errors import Invalid
from portal.core.limits import MEGABYTE

MOST_ROWS = 5000
MOST_COLUMNS = 100
MOST_UNPACKED = 5 * MEGABYTE
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8-sig"}
_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINKED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_ORIGIN = date(1899, 12, 30)
_ORIGIN_1904 = date(1904, 1, 1)
_BROKEN = (BadZipFile, LookupError, ParseError, ValueError, RuntimeError, EOFError, zlib.error)
_LAST_SERIAL = 2_958_465  # 31 December 9999, the last day Excel knows

Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Lines with their 1-based numbers, empty ones left out. `origin` is day 0 of a workbook's numbers for days."""

    rows: list[Row]
    origin: date | None = None

    def day(self, text: str) -> date | None:
        """The day that a number of a workbook stands for."""
        if self.origin is None or not re.fullmatch(r"\d{1,7}(?:\.\d+)?", text) or float(text) > _LAST_SERIAL:
            return None
        return self.origin + timedelta(days=int(float(text)))


def read_table(content: bytes) -> Table:
    """Raises `Invalid` for what is no table, with the line where one is to blame."""
    if content.startswith(_OLD_EXCEL):
        raise Invalid("This workbook is in an old format or has a password. Save it as .xlsx without, or as CSV UTF-8.")
    return _read_workbook(content) if content.startswith(b"PK") else Table(list(_read_csv(_text(content))))


def _text(content: bytes) -> str:
    try:
        text = _decoded(content)
    except UnicodeDecodeError as error:
        raise Invalid("This file is not a table. Save it as CSV UTF-8, or as an Excel workbook (.xlsx).") from error
    if "\0" in text:
        raise Invalid("This file is not a table. Save it as CSV UTF-8, or as an Excel workbook (.xlsx).")
    return text


def _decoded(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding)
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("cp1252")  # what Excel calls CSV


def _read_csv(text: str) -> Iterator[Row]:
    heading = text.partition("\n")[0]
    delimiter = max(",;\t", key=heading.count)
    reader = csv.reader(StringIO(text, newline=""), strict=True, delimiter=delimiter)
    line = 1
    try:
        for number, cells in enumerate(reader):
            if number > MOST_ROWS:
                raise Invalid(f"This table has more than {MOST_ROWS} lines.")
            if any(cell.strip() for cell in cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(f"This is not a table in CSV: {error}.", line=line) from error


def _read_workbook(content: bytes) -> Table:
    """The first sheet of an Excel workbook (ECMA-376)."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            return _read_sheet(archive)
    except _BROKEN as error:
        raise Invalid("This workbook cannot be read. Save it as .xlsx anew, or as CSV UTF-8.") from error


def _read_sheet(archive: ZipFile) -> Table:
    book = _xml(archive, "xl/workbook.xml")
    properties, sheet = book.find(f"{_MAIN}workbookPr"), book.find(f".//{_MAIN}sheet")
    if sheet is None:
        raise ValueError
    is_1904 = properties is not None and properties.get("date1904") in {"1", "true"}
    links = {link.get("Id", ""): link.get("Target", "") for link in _xml(archive, "xl/_rels/workbook.xml.rels")}
    target = links[sheet.get(_LINKED, "")]
    path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    strings = []
    if "xl/sharedStrings.xml" in archive.namelist():
        strings = [_words(each) for each in _xml(archive, "xl/sharedStrings.xml").iter(f"{_MAIN}si")]
    rows = list(_rows(_xml(archive, path), strings))
    return Table(rows, _ORIGIN_1904 if is_1904 else _ORIGIN)


def _rows(sheet: Element, strings: list[str]) -> Iterator[Row]:
    line = 0
    for number, row in enumerate(sheet.iter(f"{_MAIN}row")):
        if number > MOST_ROWS:
            raise Invalid(f"This table has more than {MOST_ROWS} lines.")
        line = int(row.get("r", line + 1))
        cells: list[str] = []
        for cell in row.iter(f"{_MAIN}c"):
            column = _column(cell.get("r", "")) or len(cells)
            cells += [""] * (min(column, MOST_COLUMNS) - len(cells))
            cells.append(_value(cell, strings))
        if any(cell.strip() for cell in cells):
            yield line, cells


def _column(reference: str) -> int:
    """0 for A, 26 for AA; of "C5" the C counts."""
    number = 0
    for letter in reference.rstrip("0123456789")[:3]:
        number = number * 26 + ord(letter.upper()) - ord("A") + 1
    return max(number - 1, 0)


def _value(cell: Element, strings: list[str]) -> str:
    kind, held = cell.get("t", "n"), cell.findtext(f"{_MAIN}v", "")
    if kind == "s":
        return strings[int(held)] if held else ""
    if kind == "inlineStr":
        return _words(cell)
    if kind == "n" and re.fullmatch(r"-?[\d.]+(?:E\+?\d{1,2})?", held):
        number = float(held)
        return str(int(number)) if number.is_integer() else held
    return held


def _words(element: Element) -> str:
    """The text of a string, without how it is pronounced."""
    spoken = {each for part in element.iter(f"{_MAIN}rPh") for each in part.iter(f"{_MAIN}t")}
    return "".join(each.text or "" for each in element.iter(f"{_MAIN}t") if each not in spoken)


def _xml(archive: ZipFile, path: str) -> Element:
    with archive.open(path) as file:
        content = file.read(MOST_UNPACKED + 1)
    if len(content) > MOST_UNPACKED:
        raise Invalid("This workbook is far larger inside than outside, so it is not taken.")
    if b"<!DOCTYPE" in content[:1000] or b"<!ENTITY" in content:
        raise Invalid("This workbook cannot be read. Save it as .xlsx anew, or as CSV UTF-8.")
    return fromstring(content)  # noqa: S314 - entities are refused above
