"""Statements that time has overtaken, from `obsolete.toml`."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

from portal.notices.importing.words import spoken


def why_obsolete(text: str) -> str | None:
    """Why a paragraph is out of date, as a sentence; None when nothing tells so."""
    lowered = spoken(text).lower()
    return next((why for why, patterns in _table() if any(pattern.search(lowered) for pattern in patterns)), None)


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, tuple[re.Pattern[str], ...]], ...]:
    rows = tomllib.loads(files("portal.notices.importing").joinpath("obsolete.toml").read_text(encoding="utf-8"))[
        "obsolete"
    ]
    return tuple((row["why"], tuple(re.compile(pattern) for pattern in row["patterns"])) for row in rows)
