"""What may be inside a Word file before anything reads it: a zip counted as it unpacks, its XML without tricks."""

import io
import re
import struct
import zipfile
import zlib

from portal.core.errors import Invalid
from portal.core.limits import MEGABYTE

MOST_ENTRIES = 2_000
MOST_UNPACKED = 60 * MEGABYTE
MOST_XML = 20 * MEGABYTE
STEP = 64 * 1024
ENCRYPTED = 0x1
MACROS = re.compile(rb"vbaProject|macroEnabled", re.IGNORECASE)
DECLARATION = re.compile(rb"<!(?:DOCTYPE|ENTITY)", re.IGNORECASE)
RELATIONSHIP = re.compile(rb"<Relationship\b[^>]*>", re.IGNORECASE)
EXTERNAL = re.compile(rb"TargetMode\s*=\s*[\"']External[\"']", re.IGNORECASE)
HYPERLINK = re.compile(rb"Type\s*=\s*[\"'][^\"']*/hyperlink[\"']", re.IGNORECASE)
DAMAGED = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, RuntimeError, EOFError, OSError,
    ValueError, KeyError,
)  # fmt: skip
OTHERS = {
    "xl/workbook.xml": "This is a spreadsheet, not a Word document. Save the notice as a Word document (.docx).",
    "ppt/presentation.xml": "This is a set of slides, not a Word document. Save the notice as a Word document (.docx).",
    "content.xml": "This is an OpenDocument file. Save it as a Word document (.docx) and try again.",
}


def check_word_file(data: bytes) -> None:
    """Raises `Invalid` for anything but a plain Word document: damaged, locked, huge, with macros or outside parts."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_entries(archive)
            _check_parts(archive)
    except DAMAGED as damage:
        raise Invalid("This Word document is damaged and cannot be opened. Save it again and retry.") from damage


def _check_entries(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise _too_large()
    if any(entry.flag_bits & ENCRYPTED for entry in entries):
        raise Invalid("This document is protected by a password. Save a copy without one and try again.")
    for name, sentence in OTHERS.items():
        if name in names:
            raise Invalid(sentence)
    if "word/document.xml" not in names:
        raise Invalid("This is not a Word document, although its name says so. Choose the notice itself.")
    if any(MACROS.search(name.encode()) for name in names):
        raise _has_macros()


def _check_parts(archive: zipfile.ZipFile) -> None:
    """Unpacks every entry once, counting: the sizes that a zip states may be lies."""
    unpacked = 0
    for entry in archive.infolist():
        part = _unpacked(archive, entry, MOST_UNPACKED - unpacked)
        unpacked += len(part)
        if not entry.filename.lower().endswith((".xml", ".rels")):
            continue
        if len(part) > MOST_XML:
            raise _too_large()
        if DECLARATION.search(part):
            raise Invalid("This document holds declarations that no Word document needs, so it is not opened.")
        if entry.filename == "[Content_Types].xml" and MACROS.search(part):
            raise _has_macros()
        if any(EXTERNAL.search(found) and not HYPERLINK.search(found) for found in RELATIONSHIP.findall(part)):
            raise Invalid(
                "This document takes parts from other places, such as a linked picture or template. "
                "Save a copy without them and try again."
            )


def _unpacked(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    found = bytearray()
    with archive.open(entry) as stream:
        while chunk := stream.read(STEP):
            found += chunk
            if len(found) > most:
                raise _too_large()
    return bytes(found)


def _too_large() -> Invalid:
    return Invalid("This file unpacks to far more than any notice needs, so it is not opened.")


def _has_macros() -> Invalid:
    return Invalid("This document contains macros. Save it as a plain Word document (.docx) and try again.")
