"""Whom a forwarded message was first from, and when, by what mail programs write above what they forward. Pure.

Programs write it in the language of whoever forwards. Nothing of it is believed: it is what a person is shown first.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import cache

from babel.dates import get_month_names
from dateutil.parser import ParserError, parse

from portal.casework.mail_parts import Content, header, one_line
from portal.core.clock import LONDON
from portal.core.limits import EMAIL_LENGTH, NAME_LENGTH

_LANGUAGES = ("cy", "de", "es", "fr", "it", "nl", "pl", "pt")
_FROM_WORDS = ("From", "Da", "De", "Od", "Oddi wrth", "Van", "Von")
_SENT_WORDS = (
    "Date", "Sent", "Anfonwyd", "Data", "Datum", "Dyddiad", "Enviado", "Enviado el", "Enviada em", "Envoyé", "Fecha",
    "Gesendet", "Inviato", "Verzonden", "Wysłano",
)  # fmt: skip
_SUBJECT_WORDS = ("Subject", "Assunto", "Asunto", "Betreff", "Objet", "Oggetto", "Onderwerp", "Pwnc", "Temat")
_RULED = (
    "Doorgestuurd bericht", "Forwarded message", "Mensagem encaminhada", "Mensaje reenviado", "Message transféré",
    "Messaggio inoltrato", "Wiadomość przekazana", "Weitergeleitete Nachricht",
)  # fmt: skip
_BEGUN = (
    "Anfang der weitergeleiteten Nachricht", "Begin doorgestuurd bericht", "Begin forwarded message",
    "Début du message transféré", "Inicio del mensaje reenviado", "Início da mensagem reenviada",
    "Inizio messaggio inoltrato", "Początek przekazywanej wiadomości",
)  # fmt: skip
_SUBJECTS = re.compile(r"\s*(?:\[[^\]]{0,40}\]\s*)?(?:fwd?|forwarded|enc|pd|rv|tr|wg)\s*:", re.IGNORECASE)
_MARK = re.compile(
    rf"^[> ]*(?:-{{2,}} ?(?:{'|'.join(_RULED)}) ?-{{2,}}|(?:{'|'.join(_BEGUN)})[ \u00a0]?:)",
    re.MULTILINE | re.IGNORECASE,
)
_QUOTED = re.compile(r"^[> ]*-{2,} ?Original message ?-{2,}", re.MULTILINE | re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+\.?")
_KNOWN = frozenset({"am", "pm", "gmt", "utc", "bst"})
_HEADING_LENGTH = 4000
_ABOVE = 300
_DEEPEST = 10


def _line(words: Iterable[str], length: int) -> re.Pattern[str]:
    """A line of a heading, its value as the group. Capitals count: "from:" in a sentence is no heading."""
    return re.compile(rf"^[> *]*(?:{'|'.join(words)})[ \u00a0]?:[ *]*(.{{1,{length}}})$", re.MULTILINE)


_FROM = _line(_FROM_WORDS, 400)
_SENT = _line(_SENT_WORDS, 120)
_SUBJECT = _line(_SUBJECT_WORDS, 300)


@dataclass(frozen=True, slots=True)
class Original:
    """Whom a forwarded message was first from, and when; `at` is None where no date could be read."""

    sender: str
    name: str
    at: datetime | None


def original_of(content: Content, own: str, subject: str) -> Original | None:
    """The first sender of what a message forwards, through however many hands it came; None where it forwards nothing.

    `own` is the message's own text. A letter quoted below somebody's own words is not forwarded.
    """
    inner = content.original
    if inner is not None:
        named = original_in(header(inner, "From"), header(inner, "Date"))
        if not is_forwarded(header(inner, "Subject")):
            return named
        return _first("\n\n".join(content.forwarded)[: _DEEPEST * _HEADING_LENGTH], 0) or named
    mark = _MARK.search(own)
    if mark is None and not is_forwarded(subject):
        return None
    mark = mark or _QUOTED.search(own)
    return _first(own, mark.start() if mark else 0)


def is_forwarded(subject: str) -> bool:
    """Whether a subject says that its message was passed on."""
    return bool(_SUBJECTS.match(subject))


def original_in(sender: str, sent: str) -> Original | None:
    """What the two lines of a heading say; None where they name nobody. Some programs write a name and no address."""
    name, given = parseaddr(sender.replace("[mailto:", "<").replace("]", ">"))
    found = address(given)
    if not found and not name and "@" not in sender:
        name = sender.strip(" \"'<>")
    return Original(found, one_line(name, NAME_LENGTH), _instant(sent)) if name or found else None


def address(text: str) -> str:
    """An address in the form in which addresses are compared; empty for what is none."""
    plain = one_line(text, EMAIL_LENGTH).lower()
    return plain if plain.count("@") == 1 and " " not in plain else ""


def _first(text: str, start: int) -> Original | None:
    """What the innermost heading says: where one says that its message was itself forwarded, the next one counts."""
    found, heads = None, list(_FROM.finditer(text, start))[:_DEEPEST]
    for number, head in enumerate(heads):
        following = heads[number + 1].start() if number + 1 < len(heads) else len(text)
        below = text[head.end() : min(following, head.end() + _HEADING_LENGTH)]
        above = text[max(start, head.start() - _ABOVE) : head.start()]
        sent = _SENT.search(below) or _SENT.search(above)
        named = original_in(head.group(1), sent.group(1) if sent else "")
        if named is None:
            break
        found, start = named, head.end()
        subject = _SUBJECT.search(below) or _SUBJECT.search(above)
        if subject is None or not is_forwarded(subject.group(1)):
            break
    return found


def _instant(text: str) -> datetime | None:
    plain = text.replace(" at ", " ").strip()[:120]
    for words in (plain, _in_english(plain)):
        try:
            found = parse(words, dayfirst=not re.match(r"\d{4}-", words))
            return (found if found.tzinfo is not None else found.replace(tzinfo=LONDON)).astimezone(UTC)
        except (ParserError, OverflowError, ValueError):
            continue
    return None


def _in_english(text: str) -> str:
    """A date with its month in English, and without words that say nothing of it."""

    def word(found: re.Match[str]) -> str:
        plain = found.group().rstrip(".").casefold()
        return _months().get(plain, plain if plain in _KNOWN else "")

    return _WORD.sub(word, text)


@cache
def _months() -> dict[str, str]:
    """The English month for each name of it in the languages known, long and short."""
    english = get_month_names("wide", locale="en")
    return {
        name.rstrip(".").casefold(): english[number]
        for language in ("en", *reversed(_LANGUAGES))
        for width in ("abbreviated", "wide")
        for number, name in get_month_names(width, locale=language).items()
    }
