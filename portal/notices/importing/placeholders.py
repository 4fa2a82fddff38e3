"""Gaps of a template, `[school email address]`, as the portal's own placeholders, `{{ school.email }}`."""

import re
import tomllib
from functools import lru_cache
from importlib.resources import files

GAP = re.compile(
    r"\[(?!\s*\])([^\[\]\n()]{2,80})\](?!\()|<<([^<>]{2,60})>>|<((?:insert|enter|add|school|name)[^<>]{0,60})>",
    re.IGNORECASE,
)
OWN = re.compile(r"\{\{\s*([^{}]{1,80}?)\s*\}\}")
BLOCKS = frozenset({"authority_links", "specific_notices", "request_link", "version"})


def fact_of(gap: str) -> str | None:
    """The fact that a gap's words ask for, or None when they ask for none that we know."""
    words = f" {re.sub(r'[^a-z-]+', ' ', gap.lower())} "
    for fact, alternatives in _table():
        if all(any(f" {word} " in words for word in group) for group in alternatives):
            return fact
    return None


def with_placeholders(text: str) -> str:
    """The text with every gap that we understand written as a placeholder; other brackets stay."""
    return GAP.sub(_placeholder, text)


def is_block(text: str) -> bool:
    """Whether a paragraph is only a computed part such as `{{ authority_links }}`."""
    own = OWN.fullmatch(text.strip())
    return bool(own and own.group(1) in BLOCKS)


def _placeholder(match: re.Match[str]) -> str:
    fact = fact_of(next(group for group in match.groups() if group))
    return f"{{{{ {fact} }}}}" if fact else match.group(0)


@lru_cache(maxsize=1)
def _table() -> tuple[tuple[str, tuple[tuple[str, ...], ...]], ...]:
    rows = tomllib.loads(files("portal.notices.importing").joinpath("placeholders.toml").read_text(encoding="utf-8"))[
        "placeholders"
    ]
    return tuple((row["fact"], tuple(tuple(group) for group in row["words"])) for row in rows)
