"""Says where a link leads today, and whether a reader still finds there what was promised."""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from portal.core.i18n import N_
from portal.directory.fetch import Answer, NoAnswer, Trouble
from portal.directory.page_text import Page, read_page
from portal.directory.visits import PoliteVisitor, Unwelcome, is_page, sent_on

_MOST_HOPS: Final = 6
_SLOW_SECONDS: Final = 8.0
_CHECK_SECONDS: Final = 60.0
_FOUND: Final = 200
_SUCCESS: Final = range(200, 300)
_CLIENT_ERRORS: Final = range(400, 500)
_LASTING: Final = frozenset({301, 308})
_GONE: Final = frozenset({404, 410})
_NO_SUCH_PAGE: Final = "/no-such-page-portal-link-check"
_HOME: Final = re.compile(r"/(?:(?:home|homepage|welcome|index|default)(?:\.\w{2,5})?|en|en-gb)?/?", re.IGNORECASE)


_HOME_IN_FOLDER: Final = re.compile(
    r"(/(?:[\w.~-]+/){1,2})(?:home|home-?page|welcome)(?:\.\w{2,5})?/?|(/(?:pages|sitepages)/)(?:default|index)\.\w{2,5}",
    re.IGNORECASE,
)
"""A content system's home page kept in a folder, such as /Pages/Home.aspx."""


_SYSTEM_FOLDERS: Final = ("/pages/", "/sitepages/")


class LinkOutcome(StrEnum):
    OK = "ok"
    REDIRECTED = "redirected"
    CONTENT_CHANGED = "content-changed"
    HOME_PAGE = "redirected-to-home-page"
    SOFT_404 = "soft-404"
    BROKEN = "broken"
    BLOCKED = "blocked"
    LOOP = "loop"
    SLOW = "slow"
    BAD_CERTIFICATE = "bad-certificate"
    REFUSED = "refused"
    ROBOTS = "robots-disallowed"
    UNREACHABLE = "unreachable"


SENTENCES: Final = {
    LinkOutcome.OK: N_("The page is there."),
    LinkOutcome.REDIRECTED: N_("The page has moved to another address."),
    LinkOutcome.CONTENT_CHANGED: N_("The page is there, but its text has changed since the last check."),
    LinkOutcome.HOME_PAGE: N_("The address now leads to the site’s home page."),
    LinkOutcome.SOFT_404: N_("The site shows a page that says the page was not found."),
    LinkOutcome.BROKEN: N_("The page is not there."),
    LinkOutcome.BLOCKED: N_("The site does not answer programs. Open the page in a browser to check it."),
    LinkOutcome.LOOP: N_("The address leads round in a circle."),
    LinkOutcome.SLOW: N_("The site took too long to answer."),
    LinkOutcome.BAD_CERTIFICATE: N_("The site’s certificate cannot be trusted."),
    LinkOutcome.REFUSED: N_("The address leads somewhere that we do not follow."),
    LinkOutcome.ROBOTS: N_("The site asks programs to stay away. Open the page in a browser to check it."),
    LinkOutcome.UNREACHABLE: N_("The site cannot be reached."),
}


_OUTCOMES: Final = {
    Trouble.REFUSED: LinkOutcome.REFUSED,
    Trouble.UNREACHABLE: LinkOutcome.UNREACHABLE,
    Trouble.BAD_CERTIFICATE: LinkOutcome.BAD_CERTIFICATE,
    Trouble.SLOW: LinkOutcome.SLOW,
}


@dataclass(frozen=True, slots=True)
class Hop:
    url: str
    status: int


@dataclass(frozen=True, slots=True)
class LinkReport:
    """What became of one link. `proposal` is an address that the site itself says is the lasting new one."""

    url: str
    outcome: LinkOutcome
    detail: str
    status: int | None = None
    final_url: str = ""
    proposal: str = ""
    title: str = ""
    content_hash: str = ""
    hops: tuple[Hop, ...] = ()


@dataclass(slots=True)
class _Journey:
    url: str
    current: str
    until: float
    hops: list[Hop] = field(default_factory=list)
    is_lasting: bool = True


class _Ended(Exception):
    def __init__(self, outcome: LinkOutcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


@dataclass(slots=True)
class LinkChecker:
    """Checks one link after another. Keep one checker for a whole run: its visitor remembers sites and their rules."""

    visitor: PoliteVisitor
    slow_seconds: float = _SLOW_SECONDS
    _missing: dict[str, str] = field(default_factory=dict)

    def check(self, url: str, previous_hash: str = "") -> LinkReport:
        """Where `url` leads now; `previous_hash` is the `content_hash` of the last check that a person accepted."""
        journey = _Journey(url, url.partition("#")[0], self.visitor.clock() + _CHECK_SECONDS)
        try:
            answer = self._arrive(journey)
        except _Ended as ended:
            return _stopped(journey, ended.outcome, SENTENCES[ended.outcome])
        except Unwelcome:
            return _stopped(journey, LinkOutcome.ROBOTS, SENTENCES[LinkOutcome.ROBOTS])
        except NoAnswer as silence:
            return _stopped(journey, _OUTCOMES[silence.trouble], str(silence))
        return self._judge(journey, answer, previous_hash)

    def _arrive(self, journey: _Journey) -> Answer:
        seen: set[str] = set()
        while True:
            if journey.current in seen or len(journey.hops) > _MOST_HOPS:
                raise _Ended(LinkOutcome.LOOP)
            seen.add(journey.current)
            answer = self._ask(journey)
            journey.hops.append(Hop(journey.current, answer.status))
            onward = sent_on(answer)
            if not onward:
                return answer
            journey.is_lasting = journey.is_lasting and answer.status in _LASTING
            journey.current = onward

    def _ask(self, journey: _Journey) -> Answer:
        """HEAD first, to follow redirects without fetching pages; GET for what is a page or what HEAD cannot tell."""
        try:
            head = self._visit(journey, "HEAD")
        except NoAnswer as silence:
            if silence.trouble is not Trouble.UNREACHABLE:
                raise
        else:
            if sent_on(head) or (head.status == _FOUND and not is_page(head)):
                return head
        return self._visit(journey, "GET")

    def _visit(self, journey: _Journey, method: str) -> Answer:
        if self.visitor.clock() > journey.until:
            raise _Ended(LinkOutcome.SLOW)
        return self.visitor.visit(journey.current, method)

    def _judge(self, journey: _Journey, answer: Answer, previous_hash: str) -> LinkReport:
        page = _page(answer)
        outcome = _by_status(answer) or self._by_content(journey, answer, page, previous_hash)
        has_moved = outcome in {LinkOutcome.REDIRECTED, LinkOutcome.CONTENT_CHANGED} and len(journey.hops) > 1
        return LinkReport(
            journey.url,
            outcome,
            SENTENCES[outcome],
            answer.status,
            journey.current,
            proposal=journey.current if has_moved and journey.is_lasting else "",
            title=page.title if page is not None else "",
            content_hash=page.digest if page is not None else "",
            hops=tuple(journey.hops),
        )

    def _by_content(self, journey: _Journey, answer: Answer, page: Page | None, previous_hash: str) -> LinkOutcome:
        if _fell_back_to_home(journey.url, journey.current):
            return LinkOutcome.HOME_PAGE
        if page is not None and (page.says_not_found or self._is_page_for_nothing(answer, page)):
            return LinkOutcome.SOFT_404
        if page is not None and previous_hash and page.digest != previous_hash:
            return LinkOutcome.CONTENT_CHANGED
        if answer.seconds > self.slow_seconds:
            return LinkOutcome.SLOW
        return LinkOutcome.OK if _plain(journey.url) == _plain(journey.current) else LinkOutcome.REDIRECTED

    def _is_page_for_nothing(self, answer: Answer, page: Page) -> bool:
        """Whether the site answers an address that cannot exist with this very page."""
        parts = urlsplit(answer.url)
        if not page.says_enough or _HOME.fullmatch(parts.path):
            return False
        origin = f"{parts.scheme}://{parts.netloc}"
        if origin not in self._missing:
            self._missing[origin] = self._page_for_nothing(origin)
        return self._missing[origin] == page.digest

    def _page_for_nothing(self, origin: str) -> str:
        try:
            answer = self.visitor.visit(origin + _NO_SUCH_PAGE, "GET")
        except (NoAnswer, Unwelcome):
            return ""
        page = _page(answer) if answer.status == _FOUND else None
        return page.digest if page is not None else ""


def _stopped(journey: _Journey, outcome: LinkOutcome, detail: str) -> LinkReport:
    status = journey.hops[-1].status if journey.hops else None
    return LinkReport(journey.url, outcome, detail, status, journey.current, hops=tuple(journey.hops))


def _page(answer: Answer) -> Page | None:
    return read_page(answer.body, answer.headers.get("content-type", "")) if is_page(answer) else None


def _by_status(answer: Answer) -> LinkOutcome | None:
    if answer.status in _SUCCESS:
        return None
    return LinkOutcome.BLOCKED if answer.status in set(_CLIENT_ERRORS) - _GONE else LinkOutcome.BROKEN


def _fell_back_to_home(asked: str, arrived: str) -> bool:
    was, now = urlsplit(asked).path or "/", urlsplit(arrived).path or "/"
    if was == now or _HOME.fullmatch(was) or _HOME_IN_FOLDER.fullmatch(was):
        return False
    kept = _HOME_IN_FOLDER.fullmatch(now)
    if kept is None:
        return bool(_HOME.fullmatch(now))
    folder = kept[1] or kept[2]
    is_its_own = was.lower().startswith(folder.lower()) and not folder.lower().endswith(_SYSTEM_FOLDERS)
    return not is_its_own


def _plain(url: str) -> tuple[str, str, str]:
    """Http or https, with or without www and a last slash: the same address to a reader."""
    parts = urlsplit(url)
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/").lower(), parts.query
