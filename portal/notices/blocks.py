"""The computed parts of a notice as Markdown. Pure: whoever composes brings councils, kinds and version."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from portal.notices.languages import ENGLISH_WORDS, NoticeWords
from portal.notices.placeholders import escape_markdown


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


def authority_links(councils: Sequence[CouncilLine], words: NoticeWords = ENGLISH_WORDS) -> str:
    if not councils:
        return words.no_councils
    return "\n".join(f"- {_council(one, words)}" for one in councils)


def _council(one: CouncilLine, words: NoticeWords) -> str:
    name = escape_markdown(one.name)
    named = f"[{name}]({one.url})" if one.url else name
    return words.own_council.format(council=named) if one.is_own else named


def specific_notices(notices: Sequence[OtherNotice], words: NoticeWords = ENGLISH_WORDS) -> str:
    if not notices:
        return words.no_notices
    return "\n".join(f"- [{escape_markdown(one.title)}]({one.path})" for one in notices)


def request_link(path: str, words: NoticeWords = ENGLISH_WORDS) -> str:
    return f"[{words.request}]({path})"


def version(number: int, effective_on: date, versions_path: str, words: NoticeWords = ENGLISH_WORDS) -> str:
    """Without a number while the notice is a draft."""
    if not number:
        return words.draft
    said = words.version.format(number=number, day=words.day(effective_on))
    return f"{said}\n[{words.versions}]({versions_path})"
