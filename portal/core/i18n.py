"""Marks text for translation in rooms; doors translate it for whoever reads a page, rooms what goes out as a letter.

A letter has a reader with a language of her own: her sentences are looked up in the catalogues when it is written.
"""

import gettext
from datetime import date, datetime
from functools import cache

from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime

from portal.core.clock import LONDON
from portal.settings import ROOT

DAY = "EEEE d MMMM y"
MOMENT = "EEEE d MMMM y, HH:mm"


def N_(message: str) -> str:  # noqa: N802 - the name every gettext tool looks for
    """Mark `message` for the catalogue and return it unchanged."""
    return message


def words(message: str, language: str, **values: object) -> str:
    """`message` in `language` (English where the catalogue has no such sentence), its places filled."""
    text = _catalogue(language).gettext(message) if message else ""
    return text % {name: shown(value, language) for name, value in values.items()} if values else text


def shown(value: object, language: str) -> object:
    """A date or an instant in London's time as words; anything else as it is."""
    try:
        if isinstance(value, datetime):
            return format_datetime(value, MOMENT, tzinfo=LONDON, locale=language)
        return format_date(value, DAY, locale=language) if isinstance(value, date) else value
    except UnknownLocaleError:
        return shown(value, "en")


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", str(ROOT / "translations"), [language], fallback=True)
