"""Fetching messages from a mailbox (IMAP) for `incoming`; each is marked as read only once it is kept."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import unquote, urlsplit

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError

from portal.casework.files import Filing
from portal.casework.incoming import MOST_BYTES, take_in
from portal.casework.letters import Sender
from portal.casework.mail import Incoming, read_heading, read_mail
from portal.casework.mail_parts import HEAD_BYTES
from portal.casework.models import MailMark
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.secrets import Keys
from portal.settings import Settings
from portal.tenancy.scope import every_tenant

log = structlog.get_logger("portal.casework.polling")
AT_ONCE = 50
TIMEOUT_SECONDS = 20
_SEEN = b"\\Seen"


def mail_hosts(settings: Settings) -> frozenset[str]:
    """The names under which this installation gets mail."""
    ours = {urlsplit(settings.base_url).hostname or "", settings.mail_from.rpartition("@")[2], *settings.hosts}
    return frozenset(host.lower() for host in ours if host)


def has_mailbox(settings: Settings, _database: Database) -> bool:
    return bool(settings.imap_url)


def poll_by_the_clock(settings: Settings, database: Database) -> None:
    """Take in what is unread in the mailbox; a mailbox that does not answer is asked again the next time."""
    if not settings.imap_url:
        return
    parts = urlsplit(settings.imap_url)
    try:
        client = IMAPClient(
            parts.hostname or "",
            port=parts.port or (993 if parts.scheme == "imaps" else 143),
            ssl=parts.scheme == "imaps",
            timeout=TIMEOUT_SECONDS,
        )
        with client:
            client.login(unquote(parts.username or ""), unquote(parts.password or ""))
            client.select_folder(unquote(parts.path.strip("/")) or "INBOX")
            for number in client.search(["UNSEEN"])[:AT_ONCE]:
                _take(settings, database, client, number)
    except (OSError, IMAPClientError) as error:
        log.warning("mailbox does not answer", error=type(error).__name__)


def _take(settings: Settings, database: Database, client: IMAPClient, number: int) -> None:
    """Keep one message; whatever is wrong with it, the next ones come in."""
    keys = Keys(settings.secret_keys)
    try:
        mail = _fetch(client, number)
        if mail is None:
            return
        take_in(
            partial(_writing, database), mail, to=(), hosts=mail_hosts(settings),
            sender=Sender(settings.base_url, keys),
            filing=Filing(store_of(settings), keys, has_scanner=bool(settings.clamd)), now=clock.now(),
        )  # fmt: skip
        client.add_flags([number], [_SEEN])
    except (OSError, IMAPClientAbortError):
        raise  # the connection is gone
    except Exception:
        log.exception("message not taken", number=number)


def _fetch(client: IMAPClient, number: int) -> Incoming | None:
    """The message, or its heading where it is too large; None when it is gone meanwhile."""
    size = client.fetch([number], ["RFC822.SIZE"]).get(number, {}).get(b"RFC822.SIZE", 0)
    if size > MOST_BYTES:
        found = client.fetch([number], [f"BODY.PEEK[]<0.{HEAD_BYTES}>"]).get(number, {})
        return read_heading(found.get(b"BODY[]<0>") or b"", MailMark.TOO_LARGE)
    raw = client.fetch([number], ["BODY.PEEK[]"]).get(number, {}).get(b"BODY[]")
    return None if raw is None else read_mail(raw)


@contextmanager
def _writing(database: Database) -> Iterator[PortalSession]:
    with database.transaction() as session, every_tenant(session, "incoming mail"):
        yield session
