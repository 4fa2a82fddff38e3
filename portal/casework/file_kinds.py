"""What a file is, by its content; and what may not come in, each with a sentence that says why."""

import re
import unicodedata
from codecs import getincrementaldecoder
from dataclasses import dataclass
from typing import BinaryIO
from zipfile import BadZipFile, ZipFile

import puremagic

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import FILE_BYTES, MEGABYTE
from portal.core.text import BIDI_CONTROLS, INVISIBLE

HEAD = 8192
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UNPACKED = 100 * MEGABYTE
_TYPES = {
    "pdf": "application/pdf",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "heic": "image/heic",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "txt": "text/plain",
    "csv": "text/csv",
    "eml": "message/rfc822",
}
_ZIPPED = {"docx": "word/", "xlsx": "xl/", "odt": "content.xml", "ods": "content.xml"}
_PLAIN = frozenset({"txt", "csv", "eml"})
_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_UTF_8_MARK = b"\xef\xbb\xbf"
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_LOCKED = re.compile(rb"/Encrypt(?:[\s\0]+\d+[\s\0]+\d+[\s\0]+R|[\s\0]*<<)")
_OTHERWISE = N_("This file is not what its name says. Save it anew and send that.")
ACCEPT = ",".join(f".{ending}" for ending in _TYPES)


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that may come in. `size` in bytes."""

    name: str
    media_type: str
    size: int


def check_file(name: str, file: BinaryIO) -> Checked:
    """Look at the content; leaves the file at its start. Raises `Invalid` with what to do instead."""
    kept = clean_file_name(name)
    ending = kept.rpartition(".")[2].lower()
    if ending not in _TYPES:
        raise Invalid("This kind of file is not taken. Send a PDF, a Word or Excel file, a picture or plain text.")
    size = file.seek(0, 2)
    file.seek(0)
    if size == 0:
        raise Invalid("This file is empty.")
    if size > FILE_BYTES:
        raise Invalid(f"This file is too large: the most is {FILE_BYTES // MEGABYTE} megabytes.")
    _check_content(ending, file)
    file.seek(0)
    return Checked(kept, _TYPES[ending], size)


def clean_file_name(name: str) -> str:
    """The last part of a path, without controls and without marks that reorder it; never empty."""
    last = re.split(r"[/\\]", name)[-1]
    unwanted = BIDI_CONTROLS | INVISIBLE
    kept = "".join(each for each in last if each not in unwanted and unicodedata.category(each)[0] != "C")
    kept = unicodedata.normalize("NFC", kept).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    return f"{stem[:150]}{dot}{ending[:20]}" or "file"


def _check_content(ending: str, file: BinaryIO) -> None:
    head = file.read(HEAD)
    if ending in _PLAIN:
        if not _is_text(head):
            raise Invalid("This file says it is text, but it is something else.")
        return
    if head.startswith(_OLE):
        raise Invalid("This file is protected by a password or in an old format. Save it anew without, and send that.")
    if ending in _ZIPPED:
        _check_zip(ending, file)
        return
    if not _is_kind(ending, head):
        raise Invalid(_OTHERWISE)
    if ending == "pdf" and _is_locked_pdf(file):
        raise Invalid("This PDF is protected by a password. Save it without, and send that.")


def _is_text(head: bytes) -> bool:
    """Whether nothing but text is in it; two bytes a letter only behind the mark that says so."""
    encoding = _MARKS.get(head[:2])
    if encoding is None:
        return b"\0" not in head
    try:
        return "\0" not in getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return False


def _is_kind(ending: str, head: bytes) -> bool:
    if ending == "pdf":
        return head.removeprefix(_UTF_8_MARK).lstrip().startswith(b"%PDF-")
    if ending == "heic":
        return _is_heic(head)
    alike = {"jpg", "jpeg", "jfif", "jpe"} if ending in {"jpg", "jpeg"} else {ending}
    if ending in {"tif", "tiff"}:
        alike = {"tif", "tiff"}
    try:
        found = {match.extension.lstrip(".").lower() for match in puremagic.magic_string(head)}
    except (puremagic.PureError, ValueError):
        return False
    return bool(found & alike)


def _is_heic(head: bytes) -> bool:
    """ISO/IEC 14496-12: the file begins with a box "ftyp" that lists its brands, the first of them before a version."""
    if head[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, end - 3, 4))}
    return bool(brands & _HEIC_BRANDS) and not brands & _AVIF_BRANDS


def _is_locked_pdf(file: BinaryIO) -> bool:
    file.seek(0)
    return _LOCKED.search(file.read()) is not None


def _check_zip(ending: str, file: BinaryIO) -> None:
    file.seek(0)
    try:
        with ZipFile(file) as archive:
            entries = archive.infolist()
    except (BadZipFile, ValueError, RuntimeError) as error:  # the last for a way of packing that zipfile does not know
        raise Invalid(_OTHERWISE) from error
    if any(entry.flag_bits & 1 for entry in entries):
        raise Invalid("This file is protected by a password. Save it without, and send that.")
    if sum(entry.file_size for entry in entries) > _UNPACKED or len(entries) > HEAD:
        raise Invalid("This file is far larger inside than outside, so it is not taken.")
    if not any(entry.filename.startswith(_ZIPPED[ending]) for entry in entries):
        raise Invalid(_OTHERWISE)
    if any(entry.filename.lower().endswith("vbaproject.bin") for entry in entries):
        raise Invalid("This file holds macros. Save it without, and send that.")
