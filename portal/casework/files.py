"""Files of a case: taken in, encrypted with the tenant's key, in quarantine until scanned, read back by their id."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.audit.rules import AuditKind
from portal.casework.chunks import SIZE, decrypt, encrypt
from portal.casework.file_kinds import check_file
from portal.casework.models import Attachment, Case, EventKind, FileKey, ScanState
from portal.casework.once import take_key
from portal.casework.progress import add_event, changing
from portal.casework.queries import place_of
from portal.casework.scanning import is_clean
from portal.casework.stores import Store
from portal.casework.trail import leave_line
from portal.core.database import PortalSession
from portal.core.errors import Forbidden, Invalid, NotFound
from portal.core.limits import FILES_PER_FORM
from portal.core.secrets import Keys
from portal.core.secrets import digest as digest_text
from portal.identity.permissions import Action, Actor, require

PURPOSE = "file-key"
FILES_PER_CASE = 50


@dataclass(frozen=True, slots=True)
class Filing:
    """Where files go and how: the store, the installation's keys, and whether a scanner will look at them."""

    store: Store
    keys: Keys
    has_scanner: bool


def add_files(
    session: PortalSession,
    actor: Actor,
    case: Case,
    uploads: list[tuple[str, BinaryIO]],
    *,
    key: str,
    filing: Filing,
    now: datetime,
) -> list[Attachment]:
    """Take files in, all or none; the same `key` again changes nothing.

    Raises `Invalid`, naming the file that cannot be taken and why.
    """
    if actor.kind != "requester":
        require(actor, Action.ADVISE_CASE, place_of(session, case))
    if not uploads:
        raise Invalid("Choose a file.", field="files")
    fingerprint = digest_text("\0".join(name for name, _ in uploads), purpose="files")
    if take_key(session, f"files:{case.id}", key, fingerprint, now=now) is not None:
        return []
    _refuse_too_many(session, case, len(uploads))
    checked = []
    for name, file in uploads:
        try:
            checked.append((check_file(name, file), file))
        except Invalid as error:
            raise Invalid(f"{name[:100]}: {error.message}", field="files") from error
    rows = []
    with changing(session, case, now=now):
        for facts, file in checked:
            row = _keep(session, case, actor, facts.name, facts.media_type, facts.size, file, filing=filing, now=now)
            rows.append(row)
            session.flush()  # gives the id that event and audit line name
            add_event(session, case, EventKind.FILE_ADDED, now=now, actor_id=actor.person_id, file=row.id)
            leave_line(session, actor, case, AuditKind.FILE_ADDED, now=now, file=row.id)
    return rows


def files_of(session: PortalSession, case: Case) -> list[Attachment]:
    """The files of a case, oldest first."""
    statement = select(Attachment).where(Attachment.tenant_id == case.tenant_id, Attachment.case_id == case.id)
    return list(session.scalars(statement.order_by(Attachment.id)))


def open_file(
    session: PortalSession, actor: Actor, case: Case, file_id: int, *, filing: Filing, now: datetime
) -> tuple[Attachment, Iterator[bytes]]:
    """A file and its bytes, with a line that it was read; the only way to them.

    Raises `NotFound` for a file of another case, `Forbidden` for one in quarantine.
    """
    if actor.kind != "requester":
        require(actor, Action.READ_CASE, place_of(session, case))
    row = session.scalar(
        select(Attachment).where(
            Attachment.tenant_id == case.tenant_id, Attachment.case_id == case.id, Attachment.id == file_id
        )
    )
    if row is None:
        raise NotFound("There is no such file.")
    if row.state not in {ScanState.CLEAN, ScanState.UNSCANNED}:
        raise Forbidden("This file waits for the virus scanner, or the scanner found something in it.")
    leave_line(session, actor, case, AuditKind.FILE_READ, now=now, file=row.id)
    return row, read_plain(session, row, filing)


def read_plain(session: PortalSession, row: Attachment, filing: Filing) -> Iterator[bytes]:
    """The decrypted bytes, whatever the scanner said; for the scanner and `open_file` only."""
    key = _key(session, row.tenant_id, row.key_number, filing.keys)
    return decrypt(key, row.storage_name, filing.store.get(row.storage_name))


def files_to_scan(session: PortalSession, *, limit: int = 20) -> list[Attachment]:
    """Files in quarantine, oldest first; the scope must be every tenant's."""
    statement = select(Attachment).where(Attachment.state == ScanState.WAITING)
    return list(session.scalars(statement.order_by(Attachment.id).limit(limit)))


def scan(session: PortalSession, row: Attachment, address: str, *, filing: Filing) -> None:
    """Let the scanner decide. Raises `ScannerSilent`, and the file stays in quarantine."""
    row.state = ScanState.CLEAN if is_clean(address, read_plain(session, row, filing)) else ScanState.INFECTED


def _refuse_too_many(session: PortalSession, case: Case, number: int) -> None:
    if number > FILES_PER_FORM:
        raise Invalid(f"Send at most {FILES_PER_FORM} files at a time.", field="files")
    statement = select(func.count()).select_from(Attachment)
    held = session.scalar(statement.where(Attachment.tenant_id == case.tenant_id, Attachment.case_id == case.id)) or 0
    if held + number > FILES_PER_CASE:
        raise Invalid(f"A request can hold at most {FILES_PER_CASE} files.", field="files")


def _keep(
    session: PortalSession,
    case: Case,
    actor: Actor,
    name: str,
    media_type: str,
    size: int,
    file: BinaryIO,
    *,
    filing: Filing,
    now: datetime,
) -> Attachment:
    number, key = _newest_key(session, case.tenant_id, filing.keys, now=now)
    storage_name, digest = secrets.token_hex(24), hashlib.sha256()
    filing.store.put(storage_name, encrypt(key, storage_name, _read(file, digest)))
    row = Attachment(
        tenant_id=case.tenant_id,
        case_id=case.id,
        name=name,
        media_type=media_type,
        size=size,
        sha256=digest.hexdigest(),
        storage_name=storage_name,
        key_number=number,
        state=ScanState.WAITING if filing.has_scanner else ScanState.UNSCANNED,
        added_at=now,
        added_by=actor.person_id,
    )
    session.add(row)
    return row


def _read(file: BinaryIO, digest: "hashlib._Hash") -> Iterable[bytes]:
    while part := file.read(SIZE):
        digest.update(part)
        yield part


def _newest_key(session: PortalSession, tenant_id: int, keys: Keys, *, now: datetime) -> tuple[int, bytes]:
    statement = select(FileKey).where(FileKey.tenant_id == tenant_id).order_by(FileKey.number.desc()).limit(1)
    row = session.scalar(statement)
    if row is None:
        wrapped = keys.box(PURPOSE).encrypt(secrets.token_bytes(32))
        row = FileKey(tenant_id=tenant_id, number=1, wrapped=wrapped, made_at=now)
        try:
            with session.begin_nested():
                session.add(row)
        except IntegrityError:
            row = session.scalars(statement).one()  # another writer was first
    return row.number, keys.box(PURPOSE).decrypt(row.wrapped)


def _key(session: PortalSession, tenant_id: int, number: int, keys: Keys) -> bytes:
    row = session.scalars(select(FileKey).where(FileKey.tenant_id == tenant_id, FileKey.number == number)).one()
    return keys.box(PURPOSE).decrypt(row.wrapped)
