"""The child process that reads one document: bytes from standard input, blocks as JSON to standard output.

Started by `documents` only. It confines itself before it looks at the first byte.
"""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import mammoth
from pdfminer.converter import PDFPageAggregator
from pdfminer.layout import LAParams, LTFigure, LTImage, LTTextBoxHorizontal, LTTextLineHorizontal
from pdfminer.pdfdocument import PDFDocument, PDFEncryptionError, PDFPasswordIncorrect, PDFTextExtractionNotAllowed
from pdfminer.pdfinterp import PDFPageInterpreter, PDFResourceManager
from pdfminer.pdfpage import PDFPage
from pdfminer.pdfparser import PDFParser

from portal.core.errors import Invalid
from portal.notices.importing.archives import check_word_file
from portal.notices.importing.blocks import Block, Source, read_blocks
from portal.notices.importing.confinement import Refused, confine

MOST_PAGES = 100
FULL_LINE = 0.8
FEWEST_LETTERS = 20
ENCRYPTED = b"/Encrypt"
BLOCK_END = re.compile(r"(</(?:p|li|h\d|tr|ul|ol|table)>)")
LOCKED = "This document is protected by a password. Save a copy without one and try again."


def main(kind: str, memory: int, seconds: int, output: int) -> None:
    data = sys.stdin.buffer.read()
    confine(memory=memory, seconds=seconds, output=output)
    sys.stdout.write(json.dumps(_answer(kind, data), ensure_ascii=False))
    sys.stdout.flush()


def _answer(kind: str, data: bytes) -> dict[str, Any]:
    """`{"blocks": [...]}`, or `{"refused": sentence}`."""
    try:
        return {"blocks": [_as_json(block) for block in READERS[kind](data)]}
    except Invalid as refusal:
        return {"refused": refusal.message}
    except Refused:
        return {"refused": "This document tries to reach other files or the network, so it is not opened."}
    except (MemoryError, RecursionError):
        return {"refused": "This document is too large or too tangled to read."}


def _read_page(data: bytes) -> tuple[Block, ...]:
    return read_blocks(data.decode("utf-8"), Source.HTML)


def _read_word(data: bytes) -> tuple[Block, ...]:
    check_word_file(data)
    try:
        page = mammoth.convert_to_html(
            io.BytesIO(data),
            convert_image=mammoth.images.img_element(lambda _image: {}),
            include_embedded_style_map=False,
            external_file_access=False,
        ).value
    except (Invalid, Refused, MemoryError, RecursionError):
        raise
    except Exception as damage:
        raise Invalid("This Word document is damaged and cannot be read. Save it again and retry.") from damage
    return read_blocks(BLOCK_END.sub(r"\1\n", page), Source.HTML)


def _read_pdf(data: bytes) -> tuple[Block, ...]:
    try:
        text, pictures = _pdf_text(data)
    except (PDFPasswordIncorrect, PDFEncryptionError, PDFTextExtractionNotAllowed) as locked:
        raise Invalid(LOCKED) from locked
    except (Invalid, Refused, MemoryError, RecursionError):
        raise
    except Exception as damage:
        if ENCRYPTED in data:
            raise Invalid(LOCKED) from damage
        raise Invalid("This PDF file is damaged and cannot be read. Save it again and retry.") from damage
    if sum(letter.isalpha() for letter in text) < FEWEST_LETTERS:
        why = "only pictures of pages: it was probably scanned" if pictures else "no text in it"
        raise Invalid(f"This PDF file has {why}. Ask for the document that it was made from, or type the text.")
    return read_blocks(text, Source.TEXT)


def _pdf_text(data: bytes) -> tuple[str, bool]:
    """The text with a blank line between paragraphs, and whether there are pictures."""
    document = PDFDocument(PDFParser(io.BytesIO(data)))
    if not document.is_extractable:
        raise PDFTextExtractionNotAllowed
    resources = PDFResourceManager()
    device = PDFPageAggregator(resources, laparams=LAParams())
    interpreter = PDFPageInterpreter(resources, device)
    parts: list[str] = []
    pictures = False
    for number, page in enumerate(PDFPage.create_pages(document), start=1):
        if number > MOST_PAGES:
            raise Invalid(f"This PDF file has more than {MOST_PAGES} pages. Choose the notice itself.")
        interpreter.process_page(page)
        layout = device.get_result()
        pictures = pictures or any(isinstance(shape, LTFigure | LTImage) for shape in layout)
        parts.extend(_box_text(shape) for shape in layout if isinstance(shape, LTTextBoxHorizontal))
    return "\n\n".join(parts), pictures


def _box_text(box: LTTextBoxHorizontal) -> str:
    """One text box; a line that reaches the box's right edge goes on in the next."""
    lines = [line for line in box if isinstance(line, LTTextLineHorizontal) and line.get_text().strip()]
    return "".join(_joined(lines, box.x0, box.x1 - box.x0)).rstrip()


def _joined(lines: list[LTTextLineHorizontal], left: float, width: float) -> Iterator[str]:
    for place, line in enumerate(lines):
        text = " ".join(line.get_text().split())
        following = lines[place + 1].get_text().split() if place + 1 < len(lines) else []
        is_full = width > 0 and (line.x1 - left) >= FULL_LINE * width
        goes_on = bool(following) and (is_full or following[0][0].islower()) and not _starts_item(following)
        yield text + (" " if goes_on else "\n")


def _starts_item(following: list[str]) -> bool:
    return bool(re.match(r"[·•◦▪●\uf0b7o–-]$|\(?[0-9a-z]{1,2}[.)]$", following[0]))


def _as_json(block: Block) -> list[object]:
    return [block.kind.value, block.text, block.line, block.last_line, block.level, block.marker, block.ruler]


READERS: dict[str, Callable[[bytes], tuple[Block, ...]]] = {"html": _read_page, "docx": _read_word, "pdf": _read_pdf}
