"""Visiting other people's sites politely: their rules are kept, and a second passes between two visits to one host."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urljoin

from portal.core.errors import PortalError
from portal.core.i18n import N_
from portal.directory.addresses import Refused, Target, target_of
from portal.directory.fetch import Answer, Clock, NoAnswer, PublicFetcher, Trouble
from portal.directory.page_text import read_page
from portal.directory.robots import Robots, read_robots

_SECONDS_BETWEEN: Final = 1.0
_ROBOTS_HOPS: Final = 3
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_SUCCESS: Final = range(200, 300)
_SERVER_ERROR: Final = 500


class Unwelcome(PortalError):
    """The site's rules ask programs to stay away from this address."""


@dataclass(slots=True)
class PoliteVisitor:
    """Fetches one address at a time, and remembers each site's rules and when it was last visited.

    `agent` is the bare name that sites' rules may address us by.
    """

    fetcher: PublicFetcher
    agent: str = "portal-link-check"
    clock: Clock = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _rules: dict[str, Robots] = field(default_factory=dict)
    _next_visit: dict[str, float] = field(default_factory=dict)

    def visit(self, url: str, method: str) -> Answer:
        """One exchange, no redirect followed. Raises `NoAnswer` and `Unwelcome`."""
        target = _target(url)
        rules = self._rules_of(target)
        if not rules.allows(target.resource):
            raise Unwelcome(N_("The site asks programs to stay away from this page."))
        return self._fetch(target, method, rules.delay)

    def _rules_of(self, target: Target) -> Robots:
        if target.origin not in self._rules:
            self._rules[target.origin] = self._read_rules(f"{target.origin}/robots.txt")
        return self._rules[target.origin]

    def _read_rules(self, url: str) -> Robots:
        """RFC 9309 2.3.1: no file means no rules, a server in trouble means stay away."""
        answer = self._fetch(_target(url), "GET", 0)
        for _ in range(_ROBOTS_HOPS):
            onward = sent_on(answer)
            if not onward:
                break
            answer = self._fetch(_target(onward), "GET", 0)
        if answer.status >= _SERVER_ERROR:
            return Robots((("/", False),))
        text = answer.body.decode("utf-8", errors="replace") if answer.status in _SUCCESS else ""
        return read_robots(text, self.agent)

    def _fetch(self, target: Target, method: str, delay: float) -> Answer:
        waiting = self._next_visit.get(target.host, 0) - self.clock()
        if waiting > 0:
            self.sleep(waiting)
        try:
            return self.fetcher.fetch(target.url, method)
        finally:
            self._next_visit[target.host] = self.clock() + max(_SECONDS_BETWEEN, delay)


def is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "text/html").lower()
    return kind.startswith(("text/html", "application/xhtml")) and "content-encoding" not in answer.headers


def sent_on(answer: Answer) -> str:
    """Where the answer sends its reader, by a redirect or by a page that moves on by itself; else empty."""
    if answer.status in _REDIRECTS:
        location = answer.headers.get("location", "").encode("latin-1", errors="replace")
        return _joined(answer.url, location.decode("utf-8", errors="replace"))
    if answer.body and is_page(answer):
        onward = _joined(answer.url, read_page(answer.body, answer.headers.get("content-type", "")).refresh)
        return onward if onward != answer.url else ""
    return ""


def _joined(url: str, onward: str) -> str:
    try:
        return urljoin(url, onward.strip().replace(" ", "%20")).partition("#")[0] if onward.strip() else ""
    except ValueError:
        return onward


def _target(url: str) -> Target:
    try:
        return target_of(url)
    except Refused as refused:
        raise NoAnswer(Trouble.REFUSED, str(refused)) from refused
