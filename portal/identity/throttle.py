"""Slowing guessers down, by counts that all processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, func, select

from portal.core.database import PortalSession
from portal.core.errors import PortalError
from portal.core.i18n import N_
from portal.core.secrets import digest
from portal.identity.counting import upsert
from portal.identity.models import RateCount

_PARTS = 3


class TooMany(PortalError):
    """Too many tries; `retry_after` says in seconds when one is free again, `rate` which bound was reached."""

    def __init__(self, retry_after: int, rate: str = "") -> None:
        super().__init__("That was tried too often. Wait a few minutes, then try again.")
        self.retry_after = retry_after
        self.rate = rate


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` times in any span of `minutes`, counted under `name` and a key such as an account.

    `label` tells operators what is counted.
    """

    name: str
    count: int
    minutes: int
    label: str = ""


SIGN_IN_ACCOUNT = Rate("sign-in.account", 10, 15, N_("Passwords for one account"))
SIGN_IN_ACCOUNT_NETWORK = Rate("sign-in.account-network", 5, 15, N_("Passwords for one account from one network"))
SIGN_IN_MAILBOX = Rate("sign-in.mailbox", 10, 15, N_("Passwords for one account by whoever reads its mail"))
SIGN_IN_KNOWN = Rate("sign-in.known", 10, 15, N_("Passwords for one account in a browser known from before"))
SIGN_IN_NETWORK = Rate("sign-in.network", 50, 15, N_("Failed sign-ins from one network"))
SIGN_IN_OVERALL = Rate("sign-in.overall", 2000, 15, N_("Failed sign-ins altogether"))
CODE_ACCOUNT = Rate("code.account", 10, 15, N_("Second factors of one account"))
CHALLENGE_NETWORK = Rate("challenge.network", 300, 15, N_("Passkeys and accounts elsewhere asked for from one network"))
PROOF_ADDRESS = Rate("proof.address", 40, 60, N_("Codes sent to one member of staff"))
PROOF_ADDRESS_NETWORK = Rate("proof.address-network", 4, 60, N_("Codes sent to one member of staff, one network asks"))
PROOF_KNOWN = Rate("proof.known", 4, 60, N_("Codes sent to one member of staff, a known browser asks"))
PROOF_NETWORK = Rate("proof.network", 20, 60, N_("Codes for staff asked for from one network"))
PROOF_TRY = Rate("proof.try", 10, 15, N_("Tries at a code for one member of staff"))
DRAFT_NETWORK = Rate("draft.network", 300, 60, N_("Requests begun from one network"))
REQUEST_NETWORK = Rate("request.network", 60, 60, N_("Requests sent from one network"))
UPLOAD_NETWORK = Rate("upload.network", 30, 60, N_("Files attached from one network"))
REQUESTER_CODE = Rate("requester.code", 5, 15, N_("Codes sent for one request"))
REQUESTER_TRY = Rate("requester.try", 10, 15, N_("Tries at the code of one request"))
REQUESTER_PIN = Rate("requester.pin", 200, 15, N_("Tries at the PIN of one request"))
REQUESTER_NETWORK = Rate("requester.network", 60, 15, N_("Tries at requests from one network"))
SUBSCRIPTION_ADDRESS = Rate("subscription.address", 6, 60, N_("Letters about subscribing to one address"))
WRONG_LINK_NETWORK = Rate("wrong-link.network", 10, 60, N_("Wrong links told of from one network"))
RATES = tuple(one for one in vars().values() if isinstance(one, Rate))


def count(session: PortalSession, rate: Rate, key: str, *, now: datetime) -> None:
    """Count one try. Raises `TooMany` once the rate is used up; the try is then not counted again.

    The span is cut into three windows and the four youngest are added, so that no span ever holds more than the rate.
    """
    seconds = rate.minutes * 60 // _PARTS
    window = int(now.timestamp()) // seconds
    name = digest(f"{rate.name}\0{key}", purpose="throttle")
    earlier, oldest = _earlier(session, name, window)
    present = session.scalar(select(RateCount.count).where(RateCount.key == name, RateCount.window == window)) or 0
    if earlier + present < rate.count:
        expires = now + timedelta(seconds=2 * _PARTS * seconds)
        present = _add_one(session, RateCount(key=name, window=window, count=1, expires_at=expires))
        if earlier + present <= rate.count:
            return
    first = oldest if oldest is not None else window
    raise TooMany((first + _PARTS + 1) * seconds - int(now.timestamp()), rate.name)


def refuse_used_up(session: PortalSession, rate: Rate, key: str, *, now: datetime) -> None:
    """Raises `TooMany` once the rate is used up, and counts nothing: where only what failed is counted."""
    seconds = rate.minutes * 60 // _PARTS
    window = int(now.timestamp()) // seconds
    total, oldest = _earlier(session, digest(f"{rate.name}\0{key}", purpose="throttle"), window + 1)
    if total >= rate.count:
        first = oldest if oldest is not None else window
        raise TooMany((first + _PARTS + 1) * seconds - int(now.timestamp()), rate.name)


def network(address: str | None) -> str:
    """What stands for the network of an address: the address itself, or the first 64 bits of an IPv6 one."""
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(found, IPv6Address):
        return str(found.ipv4_mapped or ip_network((found, 64), strict=False).network_address)
    return str(found)


def forget_expired(session: PortalSession, *, now: datetime) -> None:
    """Drop counts of windows that ended."""
    session.execute(delete(RateCount).where(RateCount.expires_at < now))


def _earlier(session: PortalSession, name: str, window: int) -> tuple[int, int | None]:
    statement = select(func.sum(RateCount.count), func.min(RateCount.window)).where(
        RateCount.key == name, RateCount.window >= window - _PARTS, RateCount.window < window
    )
    total, oldest = session.execute(statement).one()
    return int(total or 0), oldest


def _add_one(session: PortalSession, row: RateCount) -> int:
    """One statement, so that two first tries at the same moment do not collide."""
    values = {"key": row.key, "window": row.window, "count": row.count, "expires_at": row.expires_at}
    counted = {"index_elements": ["key", "window"], "set_": {"count": RateCount.count + row.count}}
    return int(session.execute(upsert(session, RateCount, values, counted).returning(RateCount.count)).scalar_one())
