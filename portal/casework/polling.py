"""Fetching messages from a mailbox (IMAP) for `incoming.receive`; each is marked as read only once it is kept."""

from urllib.parse import unquote, urlsplit

import structlog
from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError

from portal.casework.files import Filing
from portal.casework.incoming import receive
from portal.casework.letters import Sender
from portal.casework.stores import store_of
from portal.core import clock
from portal.core.database import Database
from portal.core.errors import Invalid
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
    raw = client.fetch([number], ["BODY.PEEK[]"])[number][b"BODY[]"]
    keys = Keys(settings.secret_keys)
    filing = Filing(store_of(settings), keys, has_scanner=bool(settings.clamd))
    sender = Sender(settings.base_url, keys)
    try:
        with database.transaction() as session, every_tenant(session, "incoming mail"):
            receive(session, raw, to=(), hosts=mail_hosts(settings), sender=sender, filing=filing, now=clock.now())
    except Invalid as error:
        log.warning("message not taken", reason=error.message)
    client.add_flags([number], [_SEEN])
