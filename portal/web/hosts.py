"""Schools' own host names: which school a host is, remembered for a minute."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from portal.core.database import Database
from portal.tenancy.queries import present_slug, slug_of_host

_SECONDS: Final = 60.0
_MOST: Final = 2000
_OF_ALL_SCHOOLS: Final = frozenset({"public_front.front", "public_front.find"})


class Hosts:
    """Asks the database once a minute for each host; forgets everything when strangers' names fill it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, tuple[float, str | None]] = {}
        self._lock = threading.Lock()

    def school(self, host: str) -> str | None:
        """The slug of the school with public pages that this host is, or None."""
        now = time.monotonic()
        with self._lock:
            kept = self._known.get(host)
        if kept is not None and now - kept[0] < _SECONDS:
            return kept[1]
        with self._database.session() as session:
            found = slug_of_host(session, host)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[host] = (now, found)
        return found

    def serves(self, school: str, endpoint: str | None, values: Mapping[str, Any]) -> bool:
        """Whether a page belongs on the school's own host: its own pages, and public ones that are of no school."""
        slug = values.get("slug")
        if slug is None:
            return endpoint not in _OF_ALL_SCHOOLS
        if slug == school:
            return True
        with self._database.session() as session:
            return present_slug(session, slug) == school
