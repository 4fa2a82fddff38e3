"""Finished public pages in memory, compressed, for as long as they are true.

A write that may change a notice gives the database a new generation number, which each process looks at once a second
at most; pages also expire at the next instant at which something begins or ends by itself.
"""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Response, current_app, request

from portal.core.database import PortalSession
from portal.notices.gathering import Shelf, fill_shelf, generation
from portal.web.session import desk

PAGES_KEPT = 2000
LOOK_EVERY = timedelta(seconds=1)
Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Page:
    body: bytes
    etag: str
    expires: datetime


class PageCache:
    """One a process; threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pages: OrderedDict[Key, Page] = OrderedDict()
        self._generation = -1
        self._looked: datetime | None = None
        self._shelf: Shelf | None = None

    def page(self, key: Key, now: datetime, look: Callable[[], int]) -> Page | None:
        """The page, if it is still true; `look` asks the database for the generation."""
        self._look(now, look)
        with self._lock:
            page = self._pages.get(key)
            if page is None or page.expires <= now:
                return None
            self._pages.move_to_end(key)
            return page

    def keep(self, key: Key, page: Page, of_generation: int) -> None:
        """A page made while the generation changed is shown once and not kept."""
        with self._lock:
            if of_generation != self._generation:
                return
            self._pages[key] = page
            while len(self._pages) > PAGES_KEPT:
                self._pages.popitem(last=False)

    def shelf(self, session: PortalSession) -> Shelf:
        """What all notices share, as of the present generation."""
        number = generation(session)
        if self._shelf is None or self._shelf.generation != number:
            self._shelf = fill_shelf(session)
        return self._shelf

    def forget(self) -> None:
        """Look at the generation at the next read: whoever publishes sees it at once."""
        self._looked = None

    def _look(self, now: datetime, look: Callable[[], int]) -> None:
        if self._looked is not None and now - self._looked < LOOK_EVERY:
            return
        self._looked = now
        number = look()
        if number != self._generation:
            with self._lock:
                self._pages.clear()
                self._generation = number


def pages() -> PageCache:
    """The cache of the process."""
    found: PageCache = current_app.extensions.setdefault("portal_page_cache", PageCache())
    return found


def cached(key: Key, render: Callable[[Shelf], tuple[str, datetime]]) -> Response:
    """The page from memory, else rendered now; `render` gives the HTML and the instant until which it is true."""
    cache = pages()
    page = cache.page(key, desk.now, lambda: generation(desk.session))
    if page is None:
        shelf = cache.shelf(desk.session)
        html, expires = render(shelf)
        body = html.encode()
        page = Page(gzip.compress(body, 5, mtime=0), f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', expires)
        cache.keep(key, page, shelf.generation)
    return _answer(page)


def _answer(page: Page) -> Response:
    headers = {
        "ETag": page.etag,
        "Cache-Control": "public, max-age=1",
        "Vary": "Accept-Encoding",
        "Content-Type": "text/html; charset=utf-8",
    }
    if page.etag in request.headers.get("If-None-Match", ""):
        return Response(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        return Response(page.body, headers={**headers, "Content-Encoding": "gzip"})
    return Response(gzip.decompress(page.body), headers=headers)
