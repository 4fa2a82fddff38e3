"""What casework does by the clock; called by the worker, each piece in its own transaction."""

from contextlib import suppress

from sqlalchemy import select

from portal.casework.files import Filing, files_to_scan, scan
from portal.casework.letters import Sender
from portal.casework.models import Attachment, Case, FileRemoval
from portal.casework.reminders import digest_tenants, due_for_reminder, remind, send_digest
from portal.casework.scanning import ScannerSilent
from portal.casework.stores import StoreFailed, store_of
from portal.casework.tidying import tidy
from portal.core import clock
from portal.core.database import Database
from portal.core.secrets import Keys
from portal.settings import Settings
from portal.tenancy.scope import every_tenant

AT_ONCE = 100


def remind_by_the_clock(settings: Settings, database: Database) -> None:
    """Reminders that are due; one that fails leaves the others."""
    now, sender = clock.now(), _sender(settings)
    with database.session() as session, every_tenant(session, "reminders"):
        waiting = due_for_reminder(session, today=clock.today())
    for case_id in waiting:
        with database.transaction() as session, every_tenant(session, "reminders"):
            case = session.get(Case, case_id)
            if case is not None:
                remind(session, case, sender=sender, now=now)


def digest_by_the_clock(settings: Settings, database: Database) -> None:
    """The morning's digests, one tenant at a time."""
    now, sender = clock.now(), _sender(settings)
    with database.session() as session, every_tenant(session, "morning digest"):
        tenants = digest_tenants(session, now=now)
    for tenant_id in tenants:
        with database.transaction() as session, every_tenant(session, "morning digest"):
            send_digest(session, tenant_id, sender=sender, now=now)


def scans_wait(settings: Settings, database: Database) -> bool:
    """Whether there is a scanner, and a file in quarantine."""
    if not settings.clamd:
        return False
    with database.session() as session, every_tenant(session, "virus scan"):
        return bool(files_to_scan(session, limit=1))


def removals_wait(_settings: Settings, database: Database) -> bool:
    with database.session() as session, every_tenant(session, "removing files"):
        return session.scalar(select(FileRemoval.id).limit(1)) is not None


def scan_by_the_clock(settings: Settings, database: Database) -> None:
    """Files in quarantine; a silent scanner leaves them there for the next time."""
    if not settings.clamd:
        return
    filing = Filing(store_of(settings), Keys(settings.secret_keys), has_scanner=True)
    with database.session() as session, every_tenant(session, "virus scan"):
        waiting = [row.id for row in files_to_scan(session)]
    for file_id in waiting:
        with database.transaction() as session, every_tenant(session, "virus scan"):
            row = session.get(Attachment, file_id)
            if row is not None:
                with suppress(ScannerSilent):
                    scan(session, row, settings.clamd, filing=filing)


def remove_by_the_clock(settings: Settings, database: Database) -> None:
    """Empty the store of files that no row names any more; a store that does not answer is asked again next time."""
    with database.session() as session, every_tenant(session, "removing files"):
        waiting = [(row.id, row.storage_name) for row in session.scalars(select(FileRemoval).limit(AT_ONCE))]
    store = store_of(settings)
    for row_id, name in waiting:
        try:
            store.delete(name)
        except StoreFailed:
            return
        with database.transaction() as session, every_tenant(session, "removing files"):
            row = session.get(FileRemoval, row_id)
            if row is not None:
                session.delete(row)


def tidy_by_the_clock(_settings: Settings, database: Database) -> None:
    with database.transaction() as session, every_tenant(session, "forgetting what need not be kept"):
        tidy(session, now=clock.now())


def _sender(settings: Settings) -> Sender:
    return Sender(settings.base_url, Keys(settings.secret_keys))
