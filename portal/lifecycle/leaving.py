"""A school that leaves: everything of it as one archive, then closing with a word on where its records are."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import IO, Any

from sqlalchemy import LargeBinary, not_, select

from portal.audit.actions import record
from portal.audit.models import AuditEntry
from portal.audit.rules import AuditKind
from portal.casework.chunks import Damaged
from portal.casework.files import Filing, read_plain
from portal.casework.models import Attachment, Case, ScanState
from portal.casework.queries import is_readable_by
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.directory.models import AuthorityRow, FormerUrn, SchoolAuthority, SchoolClosure
from portal.directory.queries import closure_of
from portal.identity.actions import witness
from portal.identity.models import Membership, Person
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.register_apply import close_school, reopen_school
from portal.notices.changes import note_tenant_change
from portal.notices.gathering import GENERAL
from portal.notices.models import Publication
from portal.notices.queries import version
from portal.outbox.models import Letter
from portal.tenancy.models import FormerSlug, Tenant, TenantStatus
from portal.tenancy.queries import service
from portal.tenancy.scope import TenantOwned, tenant_models

_SECRET_COLUMNS = frozenset({"token_digest", "digest", "salt", "data_key", "wrapped", "pin_hash", "token"})
_SECRET_OF_TABLES = {"letter": frozenset({"body", "headers"}), "intake_draft": frozenset({"key"})}
_WITHHELD = {
    ScanState.WAITING: "The virus scanner has not looked at it yet.",
    ScanState.INFECTED: "The virus scanner found something in it.",
}
_ABOUT = """What the portal held of this school, on the day of the export.

school.json        the school itself, with its former addresses
data/*.json        one file a kind of record, as JSON (for programs)
data/*.csv         the same as tables (for a spreadsheet)
publications/*.txt every version of the notice that was published, to the letter, named by language and number
publications/index.json  when each was in force, its SHA-256, and which one is damaged and has no text here
files/<request>/*  the files of each request, in a folder named by its reference
files/index.json, files/index.csv  whose each file is, its SHA-256, and why one is not here

Keys, codes and digests that open nothing outside the portal are left out, and so are the texts of the e-mails that the
portal sent, which carry private links; what was written to a requester is in data/case_message. An archive that the
school or its trust makes holds no request that is limited to people other than whoever makes it.
"""


def export_school(
    session: PortalSession, actor: Actor, school: Tenant, target: IO[bytes], *, filing: Filing, now: datetime
) -> int:
    """Write the archive; returns how many records it holds. The session must see the school. Raises `Forbidden`."""
    require(actor, Action.EXPORT_TENANT, Place(school.id, school.trust_id, service(session).id))
    withheld = _withheld(session, actor, school)
    count = 0
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", _ABOUT)
        archive.writestr("school.json", _json(_school(session, school)))
        for table, model in sorted(tenant_models().items(), key=lambda pair: pair[0].name):
            if model is not Publication:
                count += _keep(archive, f"data/{table.name}", list(_rows(session, school, model, withheld)))
        for name, rows in _about(session, school).items():
            count += _keep(archive, f"data/{name}", rows)
        count += _publications(session, school, archive)
        files = _files(session, school, archive, filing, withheld)
    record(
        session, witness(actor), AuditKind.EXPORT_MADE, tenant_id=school.id, subject=("tenant", school.id), now=now,
        records=count, files=files,
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
    """Close for good: no new requests; the public page says where the records went, past notices stay readable.

    Raises `Invalid` for a day still to come, `Conflict` for a school that is closed already.
    """
    require(actor, Action.CLOSE_TENANT, Place(school.id, school.trust_id, service(session).id))
    if on > london(now).date():
        raise Invalid(
            N_("That day is still to come, and the school closes at once. Come back on its last day."), field="on"
        )
    if school.status is TenantStatus.CLOSED:
        raise Conflict(N_("This school is closed already."))
    close_school(session, school, on=on, successor=None, records=records, now=now, has_left=True)
    _record(session, actor, school, AuditKind.TENANT_CLOSED, now)
    note_tenant_change(session, school, reason="The school closed.", now=now, made_by=actor.person_id)


def bring_back(session: PortalSession, actor: Actor, school: Tenant, *, now: datetime) -> None:
    """A school that was leaving stays, one that closed is as it was before. Raises `Conflict` for any other."""
    require(actor, Action.CLOSE_TENANT, Place(school.id, school.trust_id, service(session).id))
    if school.status not in {TenantStatus.LEAVING, TenantStatus.CLOSED}:
        raise Conflict(N_("This school is neither leaving nor closed."))
    reopen_school(session, school)
    if school.status is TenantStatus.LEAVING:
        school.status = TenantStatus.LIVE
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now)
    note_tenant_change(session, school, reason="The school came back.", now=now, made_by=actor.person_id)


def say_where_records_are(session: PortalSession, actor: Actor, school: Tenant, text: str, *, now: datetime) -> None:
    """Correct what the last page of a closed school says."""
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    closure = closure_of(session, school.id)
    if closure is None:
        raise Conflict(N_("This school is not closed."))
    closure.records = text
    _record(session, actor, school, AuditKind.TENANT_CHANGED, now)
    note_tenant_change(session, school, reason="The school closed.", now=now, made_by=actor.person_id)


def _school(session: PortalSession, school: Tenant) -> dict[str, Any]:
    former = list(session.scalars(select(FormerSlug.slug).where(FormerSlug.tenant_id == school.id)))
    return {**_values(school), "former_addresses": former}


def _withheld(session: PortalSession, actor: Actor, school: Tenant) -> dict[int, str]:
    """References by id of the requests that are limited to others; the service hands over a school whole."""
    centre = service(session).id
    if any(tenant_id == centre for tenant_id, _role in actor.roles):
        return {}
    statement = select(Case.id, Case.reference).where(Case.tenant_id == school.id, not_(is_readable_by(actor)))
    return dict(iter(session.execute(statement)))


def _rows(
    session: PortalSession, school: Tenant, model: type[TenantOwned], withheld: Mapping[int, str]
) -> Iterator[dict[str, Any]]:
    for row in session.scalars(select(model).where(model.tenant_id == school.id).order_by(model.id)):
        if not _is_about(row, withheld):
            yield _values(row)


def _is_about(row: TenantOwned, withheld: Mapping[int, str]) -> bool:
    """Whether a row is of one of these requests, as its part, its letter or a line of the trail."""
    match row:
        case Case():
            return row.id in withheld
        case AuditEntry():
            return row.subject_kind == "case" and row.subject_id in set(map(str, withheld))
        case Letter():
            return any(reference in row.subject for reference in withheld.values())
    return getattr(row, "case_id", None) in withheld


def _about(session: PortalSession, school: Tenant) -> dict[str, list[dict[str, Any]]]:
    """What stands about the school in tables that are nobody's own: councils, closure, numbers, who had access."""
    councils = session.execute(
        select(SchoolAuthority, AuthorityRow.key)
        .join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id)
        .where(SchoolAuthority.school_id == school.id)
        .order_by(SchoolAuthority.valid_from)
    )
    people = session.execute(
        select(Membership, Person.name, Person.email)
        .join(Person, Person.id == Membership.person_id)
        .where(Membership.tenant_id == school.id)
        .order_by(Membership.since)
    )
    return {
        "school_authority": [{**_values(row), "authority": key} for row, key in councils],
        "school_closure": [
            _values(row) for row in session.scalars(select(SchoolClosure).where(SchoolClosure.school_id == school.id))
        ],
        "former_urn": [
            _values(row) for row in session.scalars(select(FormerUrn).where(FormerUrn.tenant_id == school.id))
        ],
        "membership": [{**_values(row), "name": name, "email": email} for row, name, email in people],
    }


def _files(
    session: PortalSession, school: Tenant, archive: zipfile.ZipFile, filing: Filing, withheld: Mapping[int, str]
) -> int:
    """Every file of a request, decrypted piece by piece; one that waits for the scanner or failed it stays out."""
    references = {
        row.id: row.reference
        for row in session.execute(select(Case.id, Case.reference).where(Case.tenant_id == school.id))
    }
    index: list[dict[str, Any]] = []
    for row in session.scalars(select(Attachment).where(Attachment.tenant_id == school.id).order_by(Attachment.id)):
        if row.case_id in withheld:
            continue
        reference = references.get(row.case_id or 0, "")
        path = f"files/{reference or 'no-request'}/{row.id}-{_file_name(row.name)}"
        why = _WITHHELD.get(row.state, "") or _copied(session, row, archive, path, filing)
        index.append(
            {
                "request": reference, "file": "" if why else path, "name": row.name, "media_type": row.media_type,
                "size": row.size, "sha256": row.sha256, "added_at": row.added_at, "missing_because": why,
            }
        )  # fmt: skip
    _keep(archive, "files/index", index)
    return sum(not one["missing_because"] for one in index)


def _copied(session: PortalSession, row: Attachment, archive: zipfile.ZipFile, path: str, filing: Filing) -> str:
    """Why the file could not be copied, "" when it was; of one that is damaged on the way, what is sound is kept."""
    try:
        pieces = read_plain(session, row, filing)
        first = next(pieces, b"")
    except NotFound:
        return "The file is not in the store any more."
    except Damaged:
        return "The file is damaged and cannot be opened."
    try:
        with archive.open(path, "w", force_zip64=True) as target:
            target.write(first)
            for piece in pieces:
                target.write(piece)
    except Damaged:
        return "The file is damaged: the archive has only its beginning."
    return ""


def _file_name(name: str) -> str:
    """Safe to unpack anywhere: no folders, no leading dots, no control characters."""
    plain = "".join(
        character if character.isprintable() and character not in '/\\:*?"<>|' else "-" for character in name
    )
    return plain.strip(" .")[-120:] or "file"


def _keep(archive: zipfile.ZipFile, path: str, rows: list[dict[str, Any]]) -> int:
    """The same rows for programs and for a spreadsheet; nothing where there are none."""
    if rows:
        archive.writestr(f"{path}.json", _json(rows))
        archive.writestr(f"{path}.csv", _csv(rows))
    return len(rows)


def _values(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row of any table
    secret = _SECRET_COLUMNS | _SECRET_OF_TABLES.get(row.__table__.name, frozenset())
    return {
        column.name: getattr(row, column.key)
        for column in row.__table__.columns
        if not isinstance(column.type, LargeBinary) and column.name not in secret
    }


def _publications(session: PortalSession, school: Tenant, archive: zipfile.ZipFile) -> int:
    rows = session.execute(
        select(Publication.kind, Publication.language, Publication.number, Publication.effective_at, Publication.sha256)
        .where(Publication.tenant_id == school.id)
        .order_by(Publication.kind, Publication.language, Publication.number)
    )
    index = [row._asdict() for row in rows]
    for one in index:
        try:
            notice = version(session, school, one["number"], kind=one["kind"], language=one["language"])
        except KeyError:
            one["damaged"] = True
            continue
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
