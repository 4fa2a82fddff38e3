"""A school that leaves: everything of it as one archive, then closing with a word on where its records are."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import LargeBinary, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict
from portal.core.i18n import N_
from portal.directory.queries import closure_of
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.register_apply import close_school
from portal.notices.changes import note_tenant_change
from portal.notices.gathering import GENERAL
from portal.notices.models import Publication
from portal.notices.queries import version
from portal.tenancy.models import FormerSlug, Tenant, TenantStatus
from portal.tenancy.queries import service
from portal.tenancy.scope import TenantOwned, tenant_models

_SECRET_COLUMNS = frozenset({"token_digest", "digest", "salt", "data_key", "wrapped"})
_ABOUT = """What the portal held of this school, on the day of the export.

school.json        the school itself, with its former addresses
data/*.json        one file a kind of record, as JSON (for programs)
data/*.csv         the same as tables (for a spreadsheet)
publications/*.txt every version of the notice that was published, to the letter, named by language and number
publications/index.json  when each was in force, and its SHA-256

Keys, codes and digests that open nothing outside the portal are left out.
"""


def export_school(session: PortalSession, actor: Actor, school: Tenant, target: IO[bytes], *, now: datetime) -> int:
    """Write the archive; returns how many records it holds. The session must see the school. Raises `Forbidden`."""
    require(actor, Action.EXPORT_TENANT, Place(school.id, school.trust_id, service(session).id))
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _ABOUT)
        archive.writestr("school.json", _json(_school(session, school)))
        for table, model in sorted(tenant_models().items(), key=lambda pair: pair[0].name):
            rows = list(_rows(session, school, model))
            if rows and model is not Publication:
                archive.writestr(f"data/{table.name}.json", _json(rows))
                archive.writestr(f"data/{table.name}.csv", _csv(rows))
                count += len(rows)
        count += _publications(session, school, archive)
    record(
        session, witness(actor), AuditKind.EXPORT_MADE, tenant_id=school.id, subject=("tenant", school.id), now=now,
        records=count,
    )  # fmt: skip
    return count


def begin_leaving(session: PortalSession, actor: Actor, school: Tenant, *, now: datetime) -> None:
    """The school is on its way out: its pages stay until it is closed. Raises `Conflict` for one that is not live."""
    require(actor, Action.CLOSE_TENANT, Place(school.id, school.trust_id, service(session).id))
    if school.status is not TenantStatus.LIVE:
        raise Conflict(N_("Only a school with public pages can begin to leave."))
    school.status = TenantStatus.LEAVING
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now)


def close_tenant(
    session: PortalSession, actor: Actor, school: Tenant, *, on: date, records: str, now: datetime
) -> None:
    """Close for good: no new requests; the public page says where the records went, past notices stay readable."""
    require(actor, Action.CLOSE_TENANT, Place(school.id, school.trust_id, service(session).id))
    if school.status is TenantStatus.CLOSED:
        raise Conflict(N_("This school is closed already."))
    close_school(session, school, on=on, successor=None, records=records, now=now)
    _record(session, actor, school, AuditKind.TENANT_CLOSED, now)
    note_tenant_change(session, school, reason="The school closed.", now=now, made_by=actor.person_id)


def say_where_records_are(session: PortalSession, actor: Actor, school: Tenant, text: str, *, now: datetime) -> None:
    """Correct what the last page of a closed school says."""
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    closure = closure_of(session, school.id)
    if closure is None:
        raise Conflict(N_("This school is not closed."))
    closure.records = text
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now)


def _school(session: PortalSession, school: Tenant) -> dict[str, Any]:
    former = list(session.scalars(select(FormerSlug.slug).where(FormerSlug.tenant_id == school.id)))
    return {**_values(school), "former_addresses": former}


def _rows(session: PortalSession, school: Tenant, model: type[TenantOwned]) -> Iterator[dict[str, Any]]:
    for row in session.scalars(select(model).where(model.tenant_id == school.id).order_by(model.id)):
        yield _values(row)


def _values(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of any table
    return {
        column.name: getattr(row, column.key)
        for column in row.__table__.columns
        if not isinstance(column.type, LargeBinary) and column.name not in _SECRET_COLUMNS
    }


def _publications(session: PortalSession, school: Tenant, archive: zipfile.ZipFile) -> int:
    rows = session.execute(
        select(Publication.kind, Publication.language, Publication.number, Publication.effective_at, Publication.sha256)
        .where(Publication.tenant_id == school.id)
        .order_by(Publication.kind, Publication.language, Publication.number)
    )
    index = [row._asdict() for row in rows]
    for one in index:
        notice = version(session, school, one["number"], kind=one["kind"], language=one["language"])
        folder = "publications" if one["kind"] == GENERAL else f"publications/{one['kind']}"
        archive.writestr(f"{folder}/{one['language']}-{one['number']:04}.txt", notice.text)
    archive.writestr("publications/index.json", _json(index))
    return len(index)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=str)


def _csv(rows: list[dict[str, Any]]) -> str:
    """With a byte-order mark, which spreadsheets need; cells that begin like a formula get an apostrophe."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(rows[0].keys())
    for row in rows:
        writer.writerow([_cell(value) for value in row.values()])
    return "\ufeff" + text.getvalue()


def _cell(value: object) -> str:
    text = (
        "" if value is None else json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)
    )
    return "'" + text if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


def _record(session: PortalSession, actor: Actor, school: Tenant, kind: AuditKind, now: datetime) -> None:
    record(
        session, witness(actor), kind, tenant_id=school.id, subject=("tenant", school.id), now=now,
        status=school.status.value,
    )  # fmt: skip
