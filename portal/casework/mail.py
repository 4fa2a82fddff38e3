"""What a message says: from whom, to whom, its text, its files, and whom it was first from when somebody forwarded it.

Pure. Nothing a message claims is believed here; who may join a case by it is decided in `incoming.py`.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr
from html import unescape

import nh3
from dateutil.parser import ParserError, parse
from mailparser_reply.parser import EmailReplyParser

from portal.core.clock import LONDON
from portal.core.limits import EMAIL_LENGTH, MESSAGE_LENGTH, NAME_LENGTH
from portal.core.text import BIDI_CONTROLS, INVISIBLE

MOST_RECIPIENTS = 50
_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
_FORWARDED = re.compile(
    r"^[> ]*(?:-{2,} ?(?:Forwarded message|Original [Mm]essage) ?-{2,}|Begin forwarded message:)",
    re.MULTILINE,
)
_FROM = re.compile(r"^[> *]*From:[ *]*(.{1,400})$", re.MULTILINE)
_SENT = re.compile(r"^[> *]*(?:Date|Sent):[ *]*(.{1,120})$", re.MULTILINE)
_MACHINES = frozenset({"mailer-daemon", "postmaster", "no-reply", "noreply", "do-not-reply", "bounce", "bounces"})
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True)
class Original:
    """Whom a forwarded message was first from, and when; `at` is None where no date could be read."""

    sender: str
    name: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message, cleaned and cut to what is kept."""

    message_id: str
    sender: str
    name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    newest_text: str
    is_automatic: bool
    reference: str
    original: Original | None
    files: tuple[Part, ...]


def read_mail(raw: bytes) -> Incoming:
    """Read any bytes at all as a message; what cannot be read is empty."""
    message = message_from_bytes(raw, policy=policy.default)
    name, sender = parseaddr(_header(message, "From"))
    text = _text(message)
    subject = one_line(_header(message, "Subject"), 300)
    found = _REFERENCE.search(subject.upper())
    given = one_line(_header(message, "Message-ID"), 300)
    return Incoming(
        message_id=given or f"<{hashlib.sha256(raw).hexdigest()}@no-message-id>",
        sender=address(sender),
        name=one_line(name, NAME_LENGTH),
        recipients=_recipients(message),
        subject=subject,
        text=text[:MESSAGE_LENGTH],
        newest_text=_newest(text)[:MESSAGE_LENGTH],
        is_automatic=_is_automatic(message, sender),
        reference=found.group() if found else "",
        original=_attached_original(message) or _quoted_original(text),
        files=tuple(_files(message)),
    )


def address(text: str) -> str:
    """An address in the form in which addresses are compared; empty for what is none."""
    plain = one_line(text, EMAIL_LENGTH).lower()
    return plain if plain.count("@") == 1 and " " not in plain else ""


def one_line(text: str, length: int) -> str:
    """Text on one line, without controls and without what hides or reorders text."""
    hidden = BIDI_CONTROLS | INVISIBLE
    return " ".join("".join(each if each.isprintable() else " " for each in text if each not in hidden).split())[
        :length
    ]


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message.get(name, ""))
    except (ValueError, IndexError, TypeError, AttributeError):
        return ""  # the library gives up on some hostile headers


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    lines = [_header(message, name) for name in ("Delivered-To", "X-Original-To", "To", "Cc")]
    found = [address(each) for _, each in getaddresses(lines[:4])]
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_RECIPIENTS]


def _is_automatic(message: EmailMessage, sender: str) -> bool:
    """RFC 3834 and what mail systems do beside it: nobody is to answer these, so nothing ever loops."""
    said = _header(message, "Auto-Submitted").strip().lower()
    path = message.get("Return-Path")
    return (
        (said not in {"", "no"})
        or (path is not None and parseaddr(_header(message, "Return-Path"))[1] == "")
        or _header(message, "Precedence").strip().lower() in _BULK
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond", "List-Id"))
        or sender.lower().partition("@")[0] in _MACHINES
        or message.get_content_type() in {"multipart/report", "message/delivery-status"}
    )


def _text(message: EmailMessage) -> str:
    try:
        part = message.get_body(("plain", "html"))
        content = part.get_content() if part is not None else ""
    except (LookupError, ValueError, AttributeError, TypeError):
        part, content = None, ""
    if not isinstance(content, str):
        content = ""
    if part is not None and part.get_content_type() == "text/html":
        spaced = re.sub(r"(?i)<(?:br|/p|/div|/tr|/li)\b[^>]{0,200}>", "\n", content[: 20 * MESSAGE_LENGTH])
        content = unescape(nh3.clean(spaced, tags=set()))
    content = content[: 4 * MESSAGE_LENGTH].replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        each for each in content if each in "\n\t" or (each.isprintable() and each not in BIDI_CONTROLS)
    ).strip()


def _newest(text: str) -> str:
    """What was written now, without the quoted letters below it; all of it where nothing would remain."""
    found = EmailReplyParser(languages=["en"]).parse_reply(text[: 2 * MESSAGE_LENGTH]) or ""
    return found.strip() or text


def _attached_original(message: EmailMessage) -> Original | None:
    for part in message.walk():
        if part.get_content_type() == "message/rfc822":
            inner = part.get_payload(0) if part.is_multipart() else None
            if isinstance(inner, EmailMessage):
                return _original(_header(inner, "From"), _header(inner, "Date"))
    return None


def _quoted_original(text: str) -> Original | None:
    mark = _FORWARDED.search(text)
    sender = _FROM.search(text, mark.start() if mark else 0)
    if sender is None:
        return None
    sent = _SENT.search(text, sender.start())
    return _original(sender.group(1), sent.group(1) if sent else "")


def _original(sender: str, sent: str) -> Original | None:
    name, given = parseaddr(sender.replace("[mailto:", "<").replace("]", ">"))
    return Original(address(given), one_line(name, NAME_LENGTH), _instant(sent)) if name or address(given) else None


def _instant(text: str) -> datetime | None:
    plain = text.replace(" at ", " ").strip()
    try:
        found = parse(plain, dayfirst=not re.match(r"\d{4}-", plain))
    except (ParserError, OverflowError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=LONDON)


def _files(message: EmailMessage) -> Iterator[Part]:
    for part in message.iter_attachments():
        try:
            content = part.get_content()
        except (LookupError, ValueError, AttributeError, TypeError):
            continue
        if isinstance(content, str):
            content = content.encode()
        if isinstance(content, bytes):
            yield Part(one_line(part.get_filename() or "", 200) or "attachment", content)
