"""What was refused, counted by hour, kind and network, so that operators see an attack without reading logs."""

import threading
from collections import Counter
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select

from portal.core.database import Database, PortalSession
from portal.core.i18n import N_
from portal.identity.counting import upsert
from portal.identity.models import RefusalCount

KEEP_DAYS = 30
_PAUSE_SECONDS = 1.0
RATE = "rate"
LABELS = {
    "sign-in": N_("Failed sign-ins"),
    "second-factor": N_("Failed second factors"),
    RATE: N_("Stopped for trying too often"),
    "forbidden": N_("Refused: the role does not include it"),
    "foreign": N_("Refused: not theirs, or absent"),
    "form": N_("Forms without a valid token, or from another site"),
    "host": N_("Unknown host names"),
    "malformed": N_("Malformed input"),
}


class Tally:
    """Counts in memory and writes at most once a second, so that a flood costs no more than that."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._counts: Counter[tuple[datetime, str, str]] = Counter()
        self._written = 0.0

    def add(self, kind: str, network: str, *, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            self._counts[hour, kind, network[:64]] += 1

    def write(self, *, now: datetime, at_once: bool = False) -> None:
        """Move the counts to the table; call it outside any transaction."""
        with self._lock:
            if not self._counts or (not at_once and now.timestamp() - self._written < _PAUSE_SECONDS):
                return
            counts, self._counts, self._written = self._counts, Counter(), now.timestamp()
        try:
            with self._database.transaction() as session:
                for (hour, kind, network), number in counts.items():
                    _add(session, hour, kind, network, number)
        except BaseException:
            with self._lock:
                self._counts += counts
            raise


def of_rate(name: str) -> str:
    """The kind of refusal of one rate, which counts among those of trying too often too."""
    return f"{RATE} {name}"


def refusals(session: PortalSession, *, since: datetime) -> dict[str, int]:
    """How often each kind was refused since an instant."""
    statement = select(RefusalCount.kind, func.sum(RefusalCount.count)).where(RefusalCount.hour >= since)
    found = {kind: int(number) for kind, number in session.execute(statement.group_by(RefusalCount.kind))}
    slowed = sum(number for kind, number in found.items() if kind.partition(" ")[0] == RATE)
    return {**found, RATE: slowed} if slowed else found


def busiest_networks(session: PortalSession, *, since: datetime, limit: int = 10) -> list[tuple[str, int]]:
    """The networks most was refused to."""
    total = func.sum(RefusalCount.count)
    statement = select(RefusalCount.network, total).where(RefusalCount.hour >= since).group_by(RefusalCount.network)
    return [
        (network, int(number)) for network, number in session.execute(statement.order_by(total.desc()).limit(limit))
    ]


def forget_old_refusals(session: PortalSession, *, now: datetime) -> None:
    session.execute(delete(RefusalCount).where(RefusalCount.hour < now - timedelta(days=KEEP_DAYS)))


def _add(session: PortalSession, hour: datetime, kind: str, network: str, number: int) -> None:
    values = {"hour": hour, "kind": kind, "network": network, "count": number}
    counted = {"index_elements": ["hour", "kind", "network"], "set_": {"count": RefusalCount.count + number}}
    session.execute(upsert(session, RefusalCount, values, counted))
