"""Everything the worker does by the clock: name, how often, and the function (settings, database)."""

from collections.abc import Callable
from datetime import timedelta

from portal.core.database import Database
from portal.settings import Settings

TIMED: dict[str, tuple[timedelta, Callable[[Settings, Database], None]]] = {}
