"""The computed parts of a notice as Markdown. Pure: whoever composes brings councils, kinds and version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.notices.placeholders import escape_markdown

_MONTHS = (
    "January February March April May June July August September October November December".split()  # noqa: SIM905
)


@dataclass(frozen=True, slots=True)
class CouncilLine:
    """A council with the address of its notice ("" where none is known)."""

    name: str
    url: str
    is_own: bool = False


@dataclass(frozen=True, slots=True)
class OtherNotice:
    title: str
    path: str


def authority_links(councils: Sequence[CouncilLine]) -> str:
    if not councils:
        return "Ask us, and we will tell you where your council’s notice is."
    return "\n".join(f"- {_council(one)}" for one in councils)


def _council(one: CouncilLine) -> str:
    name = escape_markdown(one.name)
    words = f"[{name}]({one.url})" if one.url else name
    return f"{words}, the council for our school’s area" if one.is_own else words


def specific_notices(notices: Sequence[OtherNotice]) -> str:
    if not notices:
        return "Ask us for the notice about an activity, and we will give it to you."
    return "\n".join(f"- [{escape_markdown(one.title)}]({one.path})" for one in notices)


def request_link(path: str) -> str:
    return f"[Use our online form]({path})"


def version(number: int, effective_on: date, versions_path: str) -> str:
    """Without a number while the notice is a draft."""
    if not number:
        return "This is a draft."
    day = f"{effective_on.day} {_MONTHS[effective_on.month - 1]} {effective_on.year}"
    return (
        f"This is version {number} of our notice.\nIt has applied since {day}.\n"
        f"[See all versions and what changed]({versions_path})"
    )
