"""Everything the worker does by the clock: name, how often, and the function (settings, database)."""

from collections.abc import Callable
from datetime import timedelta

from portal.casework.polling import has_mailbox, poll_by_the_clock
from portal.casework.timed import (
    digest_by_the_clock,
    remind_by_the_clock,
    removals_wait,
    remove_by_the_clock,
    scan_by_the_clock,
    scans_wait,
    tidy_by_the_clock,
)
from portal.casework.wanted import codes_wait, send_wanted_codes
from portal.core.database import Database
from portal.identity import timed as identity
from portal.lifecycle.link_checks import check_by_the_clock, links_wait
from portal.lifecycle.register_uploads import uploads_wait, work_by_the_clock
from portal.lifecycle.succession import apply_by_the_clock, orders_wait
from portal.notices import timed as notices
from portal.settings import Settings

TIMED: dict[str, tuple[timedelta, Callable[[Settings, Database], None]]] = {
    "councils' links": (timedelta(minutes=2), check_by_the_clock),
    "reminders of requests": (timedelta(minutes=30), remind_by_the_clock),
    "morning digests": (timedelta(minutes=30), digest_by_the_clock),
    "incoming mail": (timedelta(seconds=30), poll_by_the_clock),
    "codes asked for by reference": (timedelta(seconds=3), send_wanted_codes),
    "virus scans": (timedelta(seconds=10), scan_by_the_clock),
    "removal of files": (timedelta(minutes=1), remove_by_the_clock),
    "casework's tidying": (timedelta(minutes=30), tidy_by_the_clock),
    "successions of councils": (timedelta(minutes=5), apply_by_the_clock),
    "signed audit heads": (timedelta(days=1), identity.seal_by_the_clock),
    "access reviews": (timedelta(days=7), identity.review_by_the_clock),
    "identity's tidying": (timedelta(hours=6), identity.tidy_by_the_clock),
    "letters about changed notices": (timedelta(minutes=5), notices.tell_readers_by_the_clock),
    "reminders about wording": (timedelta(hours=12), notices.remind_by_the_clock),
    "register uploads": (timedelta(seconds=5), work_by_the_clock),
}

WAITING: dict[str, Callable[[Settings, Database], bool]] = {
    "incoming mail": has_mailbox,
    "codes asked for by reference": codes_wait,
    "virus scans": scans_wait,
    "removal of files": removals_wait,
    "councils' links": links_wait,
    "letters about changed notices": notices.readers_wait,
    "successions of councils": orders_wait,
    "register uploads": uploads_wait,
}
"""Of the frequent pieces: whether anything waits. They only read, so that an idle portal writes nothing."""
