"""An uploaded register: kept, read and planned by the worker, applied when a person says so."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy import Select, select

from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.errors import Conflict, NotFound, PortalError
from portal.core.i18n import N_
from portal.directory.models import ImportState, RegisterImport, UploadPurpose
from portal.identity.models import Person
from portal.identity.permissions import Action, Actor, Place, require
from portal.identity.queries import actor_for
from portal.lifecycle.register_import import ImportReport, Order, RefreshReport, import_register, refresh_register
from portal.settings import Settings
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant

log = structlog.get_logger("portal.register")
FAILED = N_("Something unexpected went wrong, so nothing was changed. Ask whoever runs the portal to look at its log.")
DISCARDED = N_("Somebody decided to change nothing. The file was deleted.")
FORGOTTEN = N_("Nobody applied this within seven days, so nothing was changed and the file was deleted.")
_KEPT_FOR = timedelta(days=7)
_MOST_LINES = 500


def keep_upload(
    session: PortalSession,
    actor: Actor,
    folder: Path,
    chunks: Iterable[bytes],
    *,
    name: str,
    authorities: list[str],
    now: datetime,
    purpose: UploadPurpose = UploadPurpose.IMPORT,
) -> RegisterImport:
    """Store the file under a name of our own; the worker then says what it would change, or keeps it for searching."""
    centre = service(session).id
    require(actor, Action.ADD_TENANT, Place(centre, None, centre))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    stored = f"{secrets.token_hex(16)}.upload"
    size = 0
    with (folder / stored).open("wb") as file:
        for chunk in chunks:
            size += file.write(chunk)
    row = RegisterImport(
        file_name=name[:200], stored_as=stored, purpose=purpose, authorities=authorities, state=ImportState.PLANNING,
        total=size, report={}, uploaded_at=now, uploaded_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()  # its address is shown next
    return row


def apply_upload(session: PortalSession, actor: Actor, row: RegisterImport) -> None:
    """Have the worker do what was planned. Raises `Conflict` when it is not at that point."""
    centre = service(session).id
    require(actor, Action.ADD_TENANT, Place(centre, None, centre))
    if row.state is not ImportState.PLANNED:
        raise Conflict(N_("This import is not waiting to be applied."))
    row.state, row.uploaded_by = ImportState.APPLYING, actor.person_id


def discard_upload(session: PortalSession, actor: Actor, folder: Path, row: RegisterImport, *, now: datetime) -> None:
    """Change nothing, and delete the file. Raises `Conflict` when it is not waiting for a person."""
    centre = service(session).id
    require(actor, Action.ADD_TENANT, Place(centre, None, centre))
    if row.state is not ImportState.PLANNED:
        raise Conflict(N_("This import is not waiting to be applied."))
    _refuse(folder, row, DISCARDED, now=now)


def upload_by_id(session: PortalSession, upload_id: int) -> RegisterImport:
    """Raises `NotFound`."""
    found: RegisterImport | None = session.get(RegisterImport, upload_id)
    if found is None:
        raise NotFound(N_("There is no such import."))
    return found


def uploads(session: PortalSession) -> list[RegisterImport]:
    """The last ones, newest first."""
    return list(session.scalars(select(RegisterImport).order_by(RegisterImport.id.desc()).limit(20)))


def uploads_wait(_settings: Settings, database: Database) -> bool:
    with database.session() as session:
        return session.scalar(_waiting().limit(1)) is not None or session.scalar(_old().limit(1)) is not None


def work_by_the_clock(settings: Settings, database: Database) -> None:
    """Timed work: plan or apply each upload that waits; forget those that nobody applied."""
    folder = settings.data_dir / "register"
    with database.session() as session:
        ids = list(session.scalars(_waiting().order_by(RegisterImport.id)))
    for upload_id in ids:
        try:
            _work_on(database, folder, upload_id)
        except PortalError as error:
            _note_refusal(database, folder, upload_id, str(error))
        except Exception:
            log.exception("register import failed", upload=upload_id)
            _note_refusal(database, folder, upload_id, FAILED)
    _forget(database, folder)


def _waiting() -> Select[int]:
    states = (ImportState.PLANNING, ImportState.APPLYING)
    return select(RegisterImport.id).where(RegisterImport.state.in_(states))


def _work_on(database: Database, folder: Path, upload_id: int) -> None:
    with database.session() as session:
        row = upload_by_id(session, upload_id)
        actor, purpose = _actor(session, row), row.purpose
        plans = row.state is ImportState.PLANNING
        order = Order(folder / row.stored_as, None, frozenset(row.authorities), is_dry_run=plans)
    if plans and purpose is UploadPurpose.IMPORT:
        with database.session() as session, every_tenant(session, "planning an import of schools"):
            planned = import_register(
                session, actor, order, today=clock.today(), now=clock.now(),
                progress=lambda read: _say(database, upload_id, read),
            )  # fmt: skip
        with database.transaction() as session:
            _keep_report(session, upload_id, ImportState.PLANNED, planned.as_dict())
        return
    with database.transaction() as session, every_tenant(session, "an import of schools"):
        report: ImportReport | RefreshReport
        if purpose is UploadPurpose.REFRESH:
            report = refresh_register(session, actor, order.path, now=clock.now())
        else:
            report = import_register(session, actor, order, today=clock.today(), now=clock.now())
        _keep_report(session, upload_id, ImportState.DONE, report.as_dict())
    order.path.unlink(missing_ok=True)


def _note_refusal(database: Database, folder: Path, upload_id: int, reason: str) -> None:
    with database.transaction() as session:
        _refuse(folder, upload_by_id(session, upload_id), reason, now=clock.now())


def _refuse(folder: Path, row: RegisterImport, reason: str, *, now: datetime) -> None:
    """The file names head teachers, so it is deleted whenever it is of no more use."""
    row.state, row.report, row.finished_at = ImportState.REFUSED, {"problem": reason}, now
    (folder / row.stored_as).unlink(missing_ok=True)


def _forget(database: Database, folder: Path) -> None:
    with database.session() as session:
        if session.scalar(_old().limit(1)) is None:
            return
    with database.transaction() as session:
        for row in session.scalars(_old()):
            _refuse(folder, row, FORGOTTEN, now=clock.now())


def _old() -> Select[RegisterImport]:
    before = clock.now() - _KEPT_FOR
    return select(RegisterImport).where(
        RegisterImport.state == ImportState.PLANNED, RegisterImport.finished_at < before
    )


def _actor(session: PortalSession, row: RegisterImport) -> Actor:
    person = session.get(Person, row.uploaded_by)
    if person is None:
        raise NotFound(N_("Whoever uploaded this is no longer here."))
    return actor_for(session, person)


def _say(database: Database, upload_id: int, read: int) -> None:
    with database.transaction() as session:
        upload_by_id(session, upload_id).done = read


def _keep_report(session: PortalSession, upload_id: int, state: ImportState, report: dict[str, object]) -> None:
    row = upload_by_id(session, upload_id)
    details = report.get("details")
    if isinstance(details, list) and len(details) > _MOST_LINES:
        report = {**report, "details": details[:_MOST_LINES], "more": len(details) - _MOST_LINES}
    row.state, row.report, row.done = state, report, row.total
    row.finished_at = clock.now()
