"""What stands in the parts of a message, however they lie in each other: its text, its files, what it forwards. Pure.

Each step takes a time that grows with the size alone: whoever sends a message chooses how its parts lie in each other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesHeaderParser, BytesParser
from email.policy import EmailPolicy
from html import unescape
from mimetypes import guess_extension
from typing import cast

from portal.core.limits import NAME_LENGTH
from portal.core.text import BIDI_CONTROLS, INVISIBLE

DEEPEST = 40
HEADER_LENGTH = 10_000
HEAD_BYTES = 64 * 1024
TEXT_LENGTH = 1_000_000
MOST_PARTS = 5_000
MOST_WORK = 40_000_000
"""Lines times boundaries: the library compares each line with the boundary of every part around it."""
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_SLOW_CHARSETS = frozenset({"idna", "punycode"})
_HIDDEN = re.compile(r"<(?:!--|(script|style|title|template)\b)", re.IGNORECASE)
_BREAK = re.compile(r"<(?:br|/p|/div|/tr|/li|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_AS_TYPED = re.compile(r"<(?:pre|textarea)\b", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\r\n]+")
_TAG = re.compile(r"</?[a-z!?][^<>]*>", re.IGNORECASE)


class Unreadable(ValueError):
    """A message built to cost time or memory rather than to say something."""


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    content: bytes


@dataclass(slots=True)
class Content:
    """`texts` are the message's own, `forwarded` those of the messages in it; `original` is the first of these."""

    texts: list[str] = field(default_factory=list)
    forwarded: list[str] = field(default_factory=list)
    files: list[Part] = field(default_factory=list)
    original: EmailMessage | None = None


class _ShortHeaders(EmailPolicy):
    """Headers cut to a length that can be taken apart in no time."""

    def header_source_parse(self, sourcelines: list[str]) -> tuple[str, str]:
        name, value = super().header_source_parse(sourcelines)
        return name, value[:HEADER_LENGTH]


_POLICY = _ShortHeaders()


def parse_message(raw: bytes) -> EmailMessage:
    """Any bytes as a message. Raises `Unreadable`, and `RecursionError` for parts that lie hundreds deep."""
    boundaries = raw.lower().count(b"boundary")
    if raw.count(b"\n--") > MOST_PARTS or raw.count(b"\n") * (1 + boundaries) > MOST_WORK:
        raise Unreadable
    return cast("EmailMessage", BytesParser(EmailMessage, policy=_POLICY).parsebytes(raw))


def parse_head(raw: bytes) -> EmailMessage:
    """The headers alone."""
    return cast("EmailMessage", BytesHeaderParser(EmailMessage, policy=_POLICY).parsebytes(raw[:HEAD_BYTES]))


def read_content(message: EmailMessage) -> Content:
    """Texts and files of every part. Raises `Unreadable` for parts that lie too deep in each other."""
    return _read(message, 0)


def header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, TypeError, AttributeError, RecursionError):
        return ""  # the library gives up on some hostile headers


def one_line(text: str, length: int) -> str:
    """Text on one line, without controls and without what hides or reorders text."""
    hidden = BIDI_CONTROLS | INVISIBLE
    return " ".join("".join(each if each.isprintable() else " " for each in text if each not in hidden).split())[
        :length
    ]


def _read(part: EmailMessage, depth: int) -> Content:
    if depth > DEEPEST:
        raise Unreadable
    kind = part.get_content_type()
    if not part.is_multipart():
        return _read_leaf(part, kind)
    inside = [each for each in part.iter_parts() if isinstance(each, EmailMessage)]
    if kind == "message/rfc822" and inside:
        return _read_forwarded(inside[0], depth + 1)
    found = [_read(each, depth + 1) for each in inside]
    told = _best(inside, found) if kind == "multipart/alternative" else found
    return Content(
        [text for each in told for text in each.texts],
        [text for each in told for text in each.forwarded],
        [file for each in found for file in each.files],
        next((each.original for each in found if each.original is not None), None),
    )


def _read_leaf(part: EmailMessage, kind: str) -> Content:
    name = one_line(part.get_filename() or "", NAME_LENGTH)
    payload = part.get_payload(decode=True)
    content = payload if isinstance(payload, bytes) else b""
    if kind in {"text/plain", "text/html"} and not name and part.get_content_disposition() != "attachment":
        text = _decoded(content[:TEXT_LENGTH], part.get_content_charset() or "utf-8")
        text = _clean(_text_of_html(text) if kind == "text/html" else text)
        return Content([text] if text else [])
    if kind in _SIGNATURES or not (name or content):
        return Content()
    return Content(files=[Part(name or f"attachment{guess_extension(kind) or ''}", content)])


def _read_forwarded(message: EmailMessage, depth: int) -> Content:
    found = _read(message, depth)
    heading = [f"{name}: {one_line(header(message, name), NAME_LENGTH)}" for name in ("From", "Date", "Subject")]
    return Content([], ["\n\n".join(["\n".join(heading), *found.texts]), *found.forwarded], found.files, message)


def _best(parts: list[EmailMessage], found: list[Content]) -> list[Content]:
    """Of several ways to say the same: plain text, else the richest that says anything."""
    telling = [(part, each) for part, each in zip(parts, found, strict=True) if each.texts or each.forwarded]
    plain = [each for part, each in telling if part.get_content_type() == "text/plain"]
    return plain[:1] or [each for _, each in telling[-1:]]


def _decoded(content: bytes, charset: str) -> str:
    try:
        return content.decode("utf-8" if charset in _SLOW_CHARSETS | {"us-ascii"} else charset)
    except (LookupError, ValueError):
        return content.decode("cp1252", "replace")


def _text_of_html(html: str) -> str:
    """The words alone. They are shown as text, never as HTML, so nothing has to be made safe here."""
    shown = "".join(_shown(html))
    if not _AS_TYPED.search(shown):
        shown = _SPACE.sub(" ", shown)
    return unescape(_TAG.sub("", _BREAK.sub("\n", shown))).replace("\n ", "\n")


def _shown(html: str) -> Iterator[str]:
    """What is neither a comment nor a script or style; what is never closed hides all that follows."""
    at = 0
    while (hidden := _HIDDEN.search(html, at)) is not None:
        yield html[at : hidden.start()]
        name = hidden.group(1)
        end = re.compile(f"</{name}[^<>]*>" if name else "-->", re.IGNORECASE).search(html, hidden.end())
        if end is None:
            return
        at = end.end()
    yield html[at:]


def _clean(text: str) -> str:
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(_printable(each) for each in plain).strip()


def _printable(character: str) -> str:
    if character in "\n\t" or (character.isprintable() and character not in BIDI_CONTROLS):
        return character
    return " " if character.isspace() else ""
