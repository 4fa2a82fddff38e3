"""Files of a case: taken in, encrypted with the tenant's key, in quarantine until scanned, read back by their id."""

import hashlib
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from cryptography.fernet import InvalidToken
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal.audit.rules import AuditKind
from portal.casework.chunks import SIZE, Damaged, decrypt, encrypt
from portal.casework.file_kinds import Checked, check_file
from portal.casework.models import Attachment, Case, EventKind, FileKey, FileRemoval, IntakeDraft, ScanState
from portal.casework.once import take_key
from portal.casework.progress import add_event, changing
from portal.casework.queries import place_of
from portal.casework.scanning import is_clean
from portal.casework.stores import Store
from portal.casework.trail import leave_line
from portal.core.database import PortalSession
from portal.core.errors import Forbidden, Invalid, NotFound
from portal.core.limits import FILE_BYTES, FILES_PER_FORM
from portal.core.secrets import Keys
from portal.core.secrets import digest as digest_text
from portal.identity.permissions import PUBLIC, Action, Actor, require
from portal.tenancy.scope import tenant_scope

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
    fingerprint = digest_text("\0".join(f"{name}\0{_sha256(file)}" for name, file in uploads), purpose="files")
    if take_key(session, f"files:{case.id}", key, fingerprint, now=now) is not None:
        return []
    _refuse_too_many(session, case, len(uploads))
    checked = _checked(uploads)
    rows = []
    with changing(session, case, now=now):
        for facts, file in checked:
            row = _keep(session, case.tenant_id, actor, facts, file, filing=filing, now=now)
            row.case_id = case.id
            rows.append(row)
            _tell(session, actor, case, row, now=now)
    return rows


def add_draft_files(
    session: PortalSession, draft: IntakeDraft, uploads: list[tuple[str, BinaryIO]], *, filing: Filing, now: datetime
) -> None:
    """Keep files with a request that is not sent yet; one that is there already is not kept twice.

    Raises `Invalid` as `add_files` does.
    """
    held = draft_files(session, draft)
    if len(held) + len(uploads) > FILES_PER_FORM:
        raise Invalid(f"Send at most {FILES_PER_FORM} files at a time.", field="files")
    known = {(row.name, row.sha256) for row in held}
    for facts, file in _checked(uploads):
        digest = _sha256(file)
        if (facts.name, digest) not in known:
            known.add((facts.name, digest))
            _keep(session, draft.tenant_id, PUBLIC, facts, file, filing=filing, now=now).draft_id = draft.id


def draft_files(session: PortalSession, draft: IntakeDraft) -> list[Attachment]:
    """The files of a request that is not sent yet, oldest first."""
    statement = select(Attachment).where(Attachment.tenant_id == draft.tenant_id, Attachment.draft_id == draft.id)
    return list(session.scalars(statement.order_by(Attachment.id)))


def adopt_files(session: PortalSession, draft: IntakeDraft, case: Case, *, filing: Filing, now: datetime) -> None:
    """Let the files of a draft go with the case it became; under the DPO's own key where the school may not know it."""
    rows = draft_files(session, draft)
    if not rows:
        return
    if case.tenant_id != draft.tenant_id:
        _hand_over(session, rows, case, filing=filing, now=now)
        return
    with changing(session, case, now=now):
        for row in rows:
            row.draft_id, row.case_id = None, case.id
            _tell(session, PUBLIC, case, row, now=now)


def _hand_over(session: PortalSession, rows: list[Attachment], case: Case, *, filing: Filing, now: datetime) -> None:
    for row in rows:
        with SpooledTemporaryFile(max_size=FILE_BYTES) as plain:
            for part in read_plain(session, row, filing):
                plain.write(part)
            plain.seek(0)
            facts = Checked(row.name, row.media_type, row.size)
            with tenant_scope(session, case.tenant_id), changing(session, case, now=now):
                copy = _keep(session, case.tenant_id, PUBLIC, facts, cast("BinaryIO", plain), filing=filing, now=now)
                copy.case_id = case.id
                _tell(session, PUBLIC, case, copy, now=now)
        remove_file(session, row, now=now)


def remove_file(session: PortalSession, row: Attachment, *, now: datetime) -> None:
    """Drop a file; the worker empties the store once this is committed."""
    session.add(FileRemoval(tenant_id=row.tenant_id, storage_name=row.storage_name, asked_at=now))
    session.delete(row)


def forget_draft_files(session: PortalSession, *, now: datetime) -> None:
    """Drop the files of drafts whose day is over; the scope must be every tenant's."""
    ended = select(IntakeDraft.id).where(IntakeDraft.expires_at <= now)
    for row in session.scalars(select(Attachment).where(Attachment.draft_id.in_(ended))):
        remove_file(session, row, now=now)
    session.flush()  # the drafts go next


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
    """The decrypted bytes, whatever the scanner said; for the scanner, `open_file` and a school's export only.

    Raises `NotFound` where the store has it no more, `Damaged` at the start or on the way.
    """
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


def _checked(uploads: list[tuple[str, BinaryIO]]) -> list[tuple[Checked, BinaryIO]]:
    checked = []
    for name, file in uploads:
        try:
            checked.append((check_file(name, file), file))
        except Invalid as error:
            raise Invalid(f"{name[:100]}: {error.message}", field="files") from error
    return checked


def _sha256(file: BinaryIO) -> str:
    found = hashlib.sha256()
    for _ in _read(file, found):
        pass
    file.seek(0)
    return found.hexdigest()


def _tell(session: PortalSession, actor: Actor, case: Case, row: Attachment, *, now: datetime) -> None:
    session.flush()  # gives the id that event and audit line name
    add_event(session, case, EventKind.FILE_ADDED, now=now, actor_id=actor.person_id, file=row.id)
    leave_line(session, actor, case, AuditKind.FILE_ADDED, now=now, file=row.id)


def _keep(
    session: PortalSession,
    tenant_id: int,
    actor: Actor,
    facts: Checked,
    file: BinaryIO,
    *,
    filing: Filing,
    now: datetime,
) -> Attachment:
    number, key = _newest_key(session, tenant_id, filing.keys, now=now)
    storage_name, digest = secrets.token_hex(24), hashlib.sha256()
    filing.store.put(storage_name, encrypt(key, storage_name, _read(file, digest)))
    row = Attachment(
        tenant_id=tenant_id,
        name=facts.name,
        media_type=facts.media_type,
        size=facts.size,
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
    """Raises `Damaged` where the key was wrapped under a secret that this installation no longer has."""
    row = session.scalars(select(FileKey).where(FileKey.tenant_id == tenant_id, FileKey.number == number)).one()
    try:
        return keys.box(PURPOSE).decrypt(row.wrapped)
    except InvalidToken as error:
        raise Damaged("This file is damaged and cannot be opened.") from error
