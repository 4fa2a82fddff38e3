"""What a message says: from whom, to whom, its text, its files, and whom it was first from when somebody forwarded it.

Pure. Nothing a message claims is believed here; who may join a case by it is decided in `incoming.py`.
"""

import hashlib
import re
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import getaddresses, parseaddr

import structlog

from portal.casework.forwarded import Original, address, original_in, original_of
from portal.casework.mail_parts import Content, Part, header, one_line, parse_head, parse_message, read_content
from portal.casework.models import MailMark
from portal.core.i18n import N_
from portal.core.limits import MESSAGE_LENGTH, NAME_LENGTH

log = structlog.get_logger("portal.casework.mail")
MOST_RECIPIENTS = 50
_REFERENCE = re.compile(r"\b[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}\b")
_MACHINES = frozenset({"postmaster", "no-reply", "noreply", "do-not-reply", "bounce", "bounces"})
_BULK = frozenset({"bulk", "junk", "list"})

MARKS: dict[MailMark, str] = {
    MailMark.AUTOMATIC: N_("Perhaps automatic"),
    MailMark.UNREADABLE: N_("Unreadable"),
    MailMark.TOO_LARGE: N_("Too large"),
}
EXPLAINED: dict[MailMark, str] = {
    MailMark.AUTOMATIC: N_("A list, a rule or a machine sent this on, so nothing was done with it by itself."),
    MailMark.UNREADABLE: N_("This message could not be read. Download it to see what it says."),
    MailMark.TOO_LARGE: N_(
        "This message is larger than 25 MB, so only its heading is kept. Look in the mailbox, or ask the sender "
        "to send it in parts."
    ),
}


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message, cleaned and cut to what is kept; what of its text is cut off stands in one of its `files`.

    `digest` is of what its writer wrote, without what servers add on the way: the same message by two ways has one.
    `is_answer` is that of a machine to a message, `mark` says what else is odd. `raw` is None where it is too large.
    """

    message_id: str
    digest: str
    sender: str
    name: str
    recipients: tuple[str, ...]
    subject: str
    text: str
    newest_text: str
    is_answer: bool
    mark: MailMark
    reference: str
    original: Original | None
    files: tuple[Part, ...]
    raw: bytes | None


def read_mail(raw: bytes) -> Incoming:
    """Read any bytes at all as a message; of one that cannot be read the heading alone, marked as such."""
    try:
        message = parse_message(raw)
        return _incoming(message, read_content(message), raw)
    except Exception as error:  # noqa: BLE001 - whatever a hostile message breaks, it is kept and the next one is read
        log.warning("message cannot be read", error=type(error).__name__)
        return read_heading(raw, MailMark.UNREADABLE)


def read_heading(raw: bytes, mark: MailMark) -> Incoming:
    """Who wrote, when and about what. `raw` may be the beginning of a message that is too large to be kept."""
    message = parse_head(raw)
    name, sender = parseaddr(header(message, "From"))
    is_too_large = mark is MailMark.TOO_LARGE
    digest = _digest(message, b"" if is_too_large else raw)
    return Incoming(
        message_id=_message_id(message, digest),
        digest=digest,
        sender=address(sender),
        name=one_line(name, NAME_LENGTH),
        recipients=_recipients(message),
        subject=_subject(message),
        text="",
        newest_text="",
        is_answer=False,
        mark=mark,
        reference="",
        original=original_in(header(message, "From"), header(message, "Date")),
        files=(),
        raw=None if is_too_large else raw,
    )


def _incoming(message: EmailMessage, content: Content, raw: bytes) -> Incoming:
    name, sender = parseaddr(header(message, "From"))
    subject, own = _subject(message), "\n\n".join(content.texts)
    text = "\n\n".join([*content.texts, *content.forwarded])
    found = _REFERENCE.search(subject.upper())
    digest = _digest(message, raw)
    whole = [Part("message.txt", text.encode())] if len(text) > MESSAGE_LENGTH else []
    return Incoming(
        message_id=_message_id(message, digest),
        digest=digest,
        sender=address(sender),
        name=one_line(name, NAME_LENGTH),
        recipients=_recipients(message),
        subject=subject,
        text=text[:MESSAGE_LENGTH],
        newest_text="\n\n".join(filter(None, [_newest(own), *content.forwarded]))[:MESSAGE_LENGTH],
        is_answer=_is_answer(message, sender),
        mark=MailMark.AUTOMATIC if _may_be_automatic(message, sender) else MailMark.NONE,
        reference=found.group() if found else "",
        original=original_of(content, own[: 4 * MESSAGE_LENGTH], subject),
        files=(*content.files, *whole),
        raw=raw,
    )


def _subject(message: EmailMessage) -> str:
    return one_line(header(message, "Subject"), 300)


def _message_id(message: EmailMessage, digest: str) -> str:
    return one_line(header(message, "Message-ID"), 300) or f"<{digest}@no-message-id>"


def _digest(message: EmailMessage, raw: bytes) -> str:
    heading = "\0".join(header(message, name) for name in ("From", "Subject", "Date"))
    _, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    return hashlib.sha256(heading.encode("utf-8", "surrogatepass") + b"\0" + body).hexdigest()


def _recipients(message: EmailMessage) -> tuple[str, ...]:
    lines = [header(message, name) for name in ("Delivered-To", "X-Original-To", "To", "Cc")]
    found = [address(each) for line in lines if line.strip() for _, each in getaddresses([line])]
    return tuple(dict.fromkeys(each for each in found if each))[:MOST_RECIPIENTS]


def _is_answer(message: EmailMessage, sender: str) -> bool:
    """RFC 3834 and RFC 3464, and what mail systems do beside them: a machine says that a message came, or did not."""
    path = message.get("Return-Path")
    return (
        header(message, "Auto-Submitted").strip().lower().startswith(("auto-replied", "auto-generated"))
        or (path is not None and parseaddr(header(message, "Return-Path"))[1] == "")
        or header(message, "Precedence").strip().lower() == "auto_reply"
        or any(message.get(name) is not None for name in ("X-Autoreply", "X-Autorespond"))
        or sender.lower().partition("@")[0] == "mailer-daemon"
        or message.get_content_type() in {"multipart/report", "message/delivery-status"}
    )


def _may_be_automatic(message: EmailMessage, sender: str) -> bool:
    """A list, a rule that forwards or a machine sent it on: a person may have written it, but nothing answers it."""
    return (
        header(message, "Auto-Submitted").strip().lower() not in {"", "no"}
        or header(message, "Precedence").strip().lower() in _BULK
        or message.get("List-Id") is not None
        or sender.lower().partition("@")[0] in _MACHINES
    )


def _newest(text: str) -> str:
    """What was written now, without the letter quoted below it; all of it where an answer may stand inside that."""
    lines = text.split("\n")
    for start, line in enumerate(lines):
        end = _introduction(lines, start) if line.startswith("On ") else None
        if end is None:
            continue
        kept = "\n".join(lines[:start]).strip()
        is_quoted = all(not each.strip() or each.startswith(">") for each in lines[end:])
        return kept if kept and is_quoted else text
    return text


def _introduction(lines: list[str], start: int) -> int | None:
    """Where "On (day), (name) wrote:", which programs put above what they quote, ends; None where it is none."""
    ends = (number + 1 for number in range(start, min(start + 3, len(lines))) if lines[number].endswith("wrote:"))
    return next(ends, None)
