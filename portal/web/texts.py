"""Texts of forms, translated when they are shown."""

from typing import cast

from flask_babel import lazy_gettext


def later(message: str, **values: object) -> str:
    """`message` in the reader's language, looked up only when it is shown; counts as a string."""
    return cast("str", lazy_gettext(message, **values))
