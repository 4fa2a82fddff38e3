"""The text boundary: every string from outside passes here before anything else sees it."""

import re
import unicodedata

from portal.core.errors import Invalid
from portal.core.limits import EMAIL_LENGTH

BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset("\u00ad\u200b\u2060\ufeff\ufff9\ufffa\ufffb")
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_FORMULA_STARTS = frozenset("=+-@\t\r\n|\uff1d\uff0b\uff0d\uff20")
_ALLOWED_CONTROLS = frozenset("\n\t")


def clean(value: str, *, multiline: bool = False) -> str:
    """NFC text with Unix line ends, without surrounding space.

    Raises `Invalid` for NUL and other control characters and for lone surrogates, which no honest input holds.
    """
    text = value.replace("\r\n", "\n").replace("\r", "\n")
    for character in text:
        category = unicodedata.category(character)
        if category == "Cs" or (category == "Cc" and character not in _ALLOWED_CONTROLS):
            raise Invalid("This contains a character that cannot be used. Type the text again.")
    text = unicodedata.normalize("NFC", text)
    if not multiline:
        text = re.sub(r"\s+", " ", text)
    return text.strip()


def clean_name(value: str) -> str:
    """A one-line name. Raises `Invalid` for characters that reorder or hide text (Unicode TR36)."""
    name = clean(value)
    if any(character in BIDI_CONTROLS or character in INVISIBLE for character in name):
        raise Invalid("This contains an invisible character that cannot be used in a name. Type it again.")
    return name


def is_email_address(value: str) -> bool:
    """Whether this is one address and nothing else, as operators give it; the host may be a single name."""
    return len(value) <= EMAIL_LENGTH and _EMAIL.fullmatch(value) is not None


def slugify(value: str) -> str:
    """An address part of ASCII letters, digits and hyphens; empty when nothing of `value` can be kept."""
    plain = unicodedata.normalize("NFKD", value).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")


def neutral_cell(value: object) -> str:
    """A CSV cell that no spreadsheet takes for a formula (OWASP, CSV injection)."""
    text = "" if value is None else str(value)
    stripped = text.lstrip(" \u00a0'\"")
    if stripped[:1] in _FORMULA_STARTS or text.startswith(("\t", "\r", "\n")):
        return "'" + text
    return text
