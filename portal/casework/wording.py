"""Sentences of the rooms in a reader's language: looked up in the catalogues, dates written as people write them."""

import gettext
from datetime import date, datetime
from functools import cache

from babel.core import UnknownLocaleError
from babel.dates import format_date, format_datetime

from portal.casework.rules import ClockReading
from portal.core.clock import LONDON
from portal.settings import ROOT

DAY = "EEEE d MMMM y"
MOMENT = "EEEE d MMMM y, HH:mm"


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


def explained(reading: ClockReading, language: str) -> list[dict[str, str]]:
    """The steps of a clock as text with the law behind each."""
    return [{"text": words(step.message, language, **step.values), "law": step.source} for step in reading.steps]


@cache
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("messages", str(ROOT / "translations"), [language], fallback=True)
