"""Which language a page speaks: the one its address asks for (`?lang=pl`), kept in every public link, or English.

No cookie: the address is all there is, so that pages can be cached and shared.
"""

from dataclasses import dataclass
from typing import Any

from babel import Locale
from flask import Flask, g, request
from flask_babel import Babel, get_locale

from portal.settings import ROOT

ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Language:
    """A language by its own name, with its writing direction; unchecked ones say so on the page."""

    code: str
    name: str
    direction: str
    is_checked: bool


LANGUAGES = {
    "en": Language("en", "English", "ltr", is_checked=True),
    "pl": Language("pl", "Polski", "ltr", is_checked=False),
    "ur": Language("ur", "اردو", "rtl", is_checked=False),
}


def chosen_language() -> str:
    """The language of this request; never one the portal has no catalogue for. Pages of staff are in English."""
    wanted = request.args.get("lang")
    is_of_staff = request.endpoint is not None and not request.endpoint.startswith("public_")
    return str(wanted) if wanted in LANGUAGES and not is_of_staff else ENGLISH


def current_language() -> Language:
    locale = get_locale() or Locale(ENGLISH)
    return LANGUAGES.get(str(locale), LANGUAGES[ENGLISH])


def install(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(ROOT / "translations")
    app.config["BABEL_DEFAULT_TIMEZONE"] = "Europe/London"
    Babel(app, locale_selector=chosen_language)

    @app.url_defaults
    def complete(endpoint: str, values: dict[str, Any]) -> None:
        """Keep the language in public addresses and the acting tenant in a school's."""
        if endpoint.startswith("public_") and current_language().code != ENGLISH:
            values.setdefault("lang", current_language().code)
        desk = g.get("desk")
        if endpoint.startswith("school_") and desk is not None and desk.tenant is not None:
            values.setdefault("slug", desk.tenant.slug)
