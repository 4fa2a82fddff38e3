"""Slowing guessers down, by counts that all processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from portal.core.database import PortalSession
from portal.core.errors import PortalError
from portal.core.secrets import digest
from portal.identity.models import RateCount


class TooMany(PortalError):
    """Too many tries; `retry_after` says in seconds when the window ends."""

    def __init__(self, retry_after: int) -> None:
        super().__init__("That was tried too often. Wait a few minutes, then try again.")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` times in `minutes`, counted under `name` and a key such as an account or a network."""

    name: str
    count: int
    minutes: int


SIGN_IN_ACCOUNT = Rate("sign-in.account", 10, 15)
SIGN_IN_NETWORK = Rate("sign-in.network", 50, 15)
SIGN_IN_OVERALL = Rate("sign-in.overall", 2000, 15)
CODE_ACCOUNT = Rate("code.account", 10, 15)
REQUEST_NETWORK = Rate("request.network", 60, 60)
REQUESTER_CODE = Rate("requester.code", 5, 15)
REQUESTER_TRY = Rate("requester.try", 10, 15)
REQUESTER_NETWORK = Rate("requester.network", 60, 15)


def count(session: PortalSession, rate: Rate, key: str, *, now: datetime) -> None:
    """Count one try. Raises `TooMany` once the rate is used up; the try is then not counted again."""
    seconds = rate.minutes * 60
    window = int(now.timestamp()) // seconds
    name = digest(f"{rate.name}\0{key}", purpose="throttle")
    row = session.scalar(select(RateCount).where(RateCount.key == name, RateCount.window == window).with_for_update())
    if row is None:
        row = RateCount(key=name, window=window, count=0, expires_at=now + timedelta(seconds=2 * seconds))
        session.add(row)
    if row.count >= rate.count:
        raise TooMany((window + 1) * seconds - int(now.timestamp()))
    row.count += 1
    session.flush()  # the count must stand whatever becomes of the try


def forget_expired(session: PortalSession, *, now: datetime) -> None:
    """Drop counts of windows that ended."""
    session.execute(delete(RateCount).where(RateCount.expires_at < now))
