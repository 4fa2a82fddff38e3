"""A file that somebody hands in, as blocks. Whatever needs a parser is read by `reader` in a process of its own."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import PurePath

from portal.core.errors import Invalid
from portal.core.limits import FILE_BYTES, MEGABYTE
from portal.notices.importing.blocks import MOST_BLOCKS, Block, Source, read_blocks
from portal.notices.importing.lines import Kind

START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from portal.notices.importing.reader import main; main(sys.argv[2], *map(int, sys.argv[3:6]))"
)
KINDS = {".txt": "text", ".text": "text", ".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}
KINDS |= {".docx": "docx", ".pdf": "pdf"}
OLE_HEADER, ZIP_HEADER, PDF_HEADER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04", b"%PDF-"
LOCKED_PART = "EncryptedPackage".encode("utf-16-le")
PDF_HEADER_WITHIN = 1024
NOT_TEXT = "This is not a text file, although its name says so. Choose the notice itself."


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one document may take: bytes handed in, seconds by the wall, and seconds and bytes of the child."""

    file: int = FILE_BYTES
    wall: float = 30.0
    processor: int = 20
    memory: int = 768 * MEGABYTE
    output: int = 8 * MEGABYTE


def document_blocks(name: str, data: bytes, limits: Limits | None = None) -> tuple[Block, ...]:
    """Raises `Invalid`, with a sentence for the person who chose the file, when it cannot be read as a notice."""
    limits = limits or Limits()
    kind = _kind(name, data, limits)
    if kind in {"text", "markdown"}:
        return read_blocks(decoded(data), Source(kind))
    if kind == "html":
        data = decoded(data).encode()
    return _read_apart(kind, data, limits)


def pasted_blocks(text: str) -> tuple[Block, ...]:
    """Raises `Invalid` as `document_blocks` does."""
    return document_blocks("pasted.txt", text.encode("utf-8", "surrogatepass"))


def decoded(data: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or what old Windows programs write. Raises `Invalid` for bytes that are no text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ["utf-16"]
    elif b"\x00" in data:
        raise Invalid(NOT_TEXT)
    else:
        encodings = ["utf-8-sig", "cp1252", "latin-1"]
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid(NOT_TEXT)


def _kind(name: str, data: bytes, limits: Limits) -> str:
    if not data.strip():
        raise Invalid("This file is empty.")
    if len(data) > limits.file:
        raise Invalid(
            f"This file has {len(data) / MEGABYTE:.0f} MB. A notice may have at most {limits.file / MEGABYTE:.0f} MB."
        )
    kind = KINDS.get(PurePath(name).suffix.lower())
    if kind is None:
        raise Invalid("Choose a file that ends in .docx, .pdf, .html, .md or .txt.")
    _check_header(kind, data)
    return kind


def _check_header(kind: str, data: bytes) -> None:
    """What the first bytes say must fit the name."""
    if data.startswith(OLE_HEADER):
        if LOCKED_PART in data:
            raise Invalid("This document is protected by a password. Save a copy without one and try again.")
        raise Invalid("This was saved by an old version of Word or Excel. Save it as .docx and try again.")
    is_pdf = PDF_HEADER in data[:PDF_HEADER_WITHIN]
    if kind == "docx" and not data.startswith(ZIP_HEADER):
        raise Invalid("This Word document is damaged, or is no Word document. Save it again and retry.")
    if kind == "pdf" and not is_pdf:
        raise Invalid("This PDF file is damaged, or is no PDF file. Save it again and retry.")
    if kind not in {"docx", "pdf"} and (is_pdf or data.startswith(ZIP_HEADER)):
        raise Invalid(NOT_TEXT)


def _read_apart(kind: str, data: bytes, limits: Limits) -> tuple[Block, ...]:
    sizes = [str(limits.memory), str(limits.processor), str(limits.output)]
    command = [sys.executable, "-I", "-X", "utf8", "-c", START, json.dumps(sys.path), kind, *sizes]
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as answer:
        given.write(data)
        given.seek(0)
        try:
            done = subprocess.run(  # noqa: S603 - our own program, no shell; the document goes in as bytes
                command, stdin=given, stdout=answer, stderr=subprocess.DEVNULL, timeout=limits.wall, check=False, env={}
            )
        except subprocess.TimeoutExpired as expired:
            raise Invalid("This document takes too long to read. Save a simpler copy and try again.") from expired
        answer.seek(0)
        return _blocks(answer.read(limits.output + 1), is_done=done.returncode == 0)


def _blocks(answer: bytes, *, is_done: bool) -> tuple[Block, ...]:
    if not is_done or not answer:
        raise Invalid("This document is too large or too tangled to read. Save a simpler copy and try again.")
    told = json.loads(answer)
    if "refused" in told:
        raise Invalid(told["refused"])
    rows = told["blocks"][:MOST_BLOCKS]
    return tuple(Block(index, Kind(kind), *rest) for index, (kind, *rest) in enumerate(rows))
