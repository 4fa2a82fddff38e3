"""Sealing what notices say: each version's manifest, canonical text and hash, written once and never changed.

Work is prepared with reads only and written in a short transaction together with the cursor, so that it can be killed
anywhere: nothing is doubled, nothing is missing.
"""

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, or_, select

from portal.audit.actions import SYSTEM, record_many
from portal.audit.actions import Line as AuditLine
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.directory.models import SchoolAuthority
from portal.notices.compose import COMPOSER_VERSION
from portal.notices.gathering import GENERAL, Shelf, Standing, standings
from portal.notices.languages import ENGLISH
from portal.notices.models import ChangeScope, ChangeStage, NoticeChange, Publication, Release, TextPart
from portal.notices.reading import (
    Notice,
    Version,
    hashes_of,
    instants,
    notice_of,
    parts_at,
    pattern,
    text_hash,
)
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES

BATCH = 50
_WINDOW = 32_000


@dataclass(frozen=True, slots=True)
class LastSeal:
    """The newest sealed version of a notice."""

    number: int
    effective_at: datetime
    sha256: str

    @property
    def version(self) -> Version:
        return Version(self.number, self.effective_at)


@dataclass(frozen=True, slots=True)
class Seal:
    """A version to be written: its notice with manifest, canonical text and hash.

    `parts` are the texts that it names; `dictionary` is the hash of the one that the compression starts from.
    """

    tenant_id: int
    notice: Notice
    manifest: dict[str, Any]
    parts: dict[str, str]
    text: str
    sha256: str
    dictionary: str
    reason: str


@dataclass(frozen=True, slots=True)
class SealingBatch:
    """The seals of some schools of `total`; `cursor` is where the work stood when they were prepared."""

    change_id: int
    cursor: int
    next_cursor: int
    schools: int
    total: int
    seals: tuple[Seal, ...]


def versions_since(
    session: PortalSession,
    shelf: Shelf,
    school: Standing,
    last: LastSeal | None,
    *,
    until: datetime,
    also: datetime | None = None,
    language: str = ENGLISH,
    begin: datetime | None = None,
) -> list[Seal]:
    """The versions that followed `last` up to `until`, oldest first; `also` is an instant to look at besides.

    Without a last one they begin when the school joined, or at `begin` where that is later.
    """
    school = school.of(shelf.kind)
    since = last.effective_at if last else max(begin or school.stance.joined, school.stance.joined)
    moments = instants(shelf, school, since, until, language)
    if last is None:
        moments = [since, *moments]
    if also is not None:
        moments = sorted({*moments, max(also, since)})
    found: list[Seal] = []
    for at in (moment for moment in moments if moment <= until):
        seal = _version_at(session, shelf, school, last, at, language)
        if seal is not None:
            found.append(seal)
            last = LastSeal(seal.notice.version.number, at, seal.sha256)
    return found


def _version_at(
    session: PortalSession, shelf: Shelf, school: Standing, last: LastSeal | None, at: datetime, language: str
) -> Seal | None:
    """The notice at `at` as the next version; None where it says what `last` said, or nothing at all."""
    parts = parts_at(shelf, school, at, language)
    if parts is None or not parts.layout.sections:
        return None
    texts = shelf.fetch(session, hashes_of(parts))
    if last is not None:
        same = notice_of(parts, texts, last.version, name=school.name)
        if same.sha256 == last.sha256:
            return None
    notice = notice_of(parts, texts, Version(last.number + 1 if last else 1, at), name=school.name)
    manifest, named = parts.manifest()
    dictionary = pattern(session, shelf, at, language)
    text = notice.text
    return Seal(
        school.id, notice, manifest, {**named, text_hash(dictionary): dictionary}, text, text_hash(text),
        text_hash(dictionary), _reason(shelf, school, last, at),
    )  # fmt: skip


def _reason(shelf: Shelf, school: Standing, last: LastSeal | None, at: datetime) -> str:
    """One plain sentence about what began or ended at that instant; "" where the change itself knows better."""
    if last is None:
        return N_("The first version kept in this portal.")
    for edition in shelf.editions:
        if edition.effective_at == at:
            return edition.reason
        if edition.withdrawn_at == at:
            return N_("Shared wording was withdrawn.")
    if any(at in (one.since, one.until) for one in school.locals_):
        return N_("The school changed its own wording.")
    others = (one for kind in shelf.library if kind != shelf.kind for one in shelf.library[kind])
    if any(at in (one.effective_at, one.withdrawn_at) for one in others):
        return N_("The list of the school’s other notices changed.")
    return ""


def last_seals(session: PortalSession, tenant_ids: Sequence[int]) -> dict[tuple[int, str, str], LastSeal]:
    """The newest version of each notice, by tenant, kind and language."""
    notice = (Publication.tenant_id, Publication.kind, Publication.language)
    newest = (
        select(*notice, func.max(Publication.number).label("number"))
        .where(Publication.tenant_id.in_(tenant_ids))
        .group_by(*notice)
        .subquery()
    )
    statement = select(*notice, Publication.number, Publication.effective_at, Publication.sha256).join(
        newest,
        (newest.c.tenant_id == Publication.tenant_id)
        & (newest.c.kind == Publication.kind)
        & (newest.c.language == Publication.language)
        & (newest.c.number == Publication.number),
    )
    return {
        (tenant_id, kind, language): LastSeal(number, at, sha256)
        for tenant_id, kind, language, number, at, sha256 in session.execute(statement)
    }


def prepare_batch(
    session: PortalSession, change: NoticeChange, shelf: Shelf, *, until: datetime, size: int = BATCH
) -> SealingBatch:
    """Compose what the next schools of a change say, without writing; the session must see every tenant."""
    schools = list(session.scalars(_schools(change).where(Tenant.id > change.cursor).order_by(Tenant.id).limit(size)))
    last = last_seals(session, [school.id for school in schools])
    kinds = _kinds(session, change, shelf)
    seals = [
        seal
        for school in standings(session, schools)
        for kind in kinds
        for language in school.languages
        for seal in _new_versions(session, shelf.of(kind), school, last, language, change.at, until)
    ]
    cursor = schools[-1].id if schools else change.cursor
    total = change.total if change.done else count_schools(session, change)
    return SealingBatch(change.id, change.cursor, cursor, len(schools), total, tuple(seals))


def _kinds(session: PortalSession, change: NoticeChange, shelf: Shelf) -> tuple[str, ...]:
    """Those that the change may touch: general wording stands in no other notice."""
    release = session.get(Release, change.release_id) if change.release_id is not None else None
    return (GENERAL,) if release is not None and release.kind == GENERAL else shelf.kinds


def _new_versions(
    session: PortalSession, shelf: Shelf, school: Standing, last: Mapping[tuple[int, str, str], LastSeal],
    language: str, at: datetime, until: datetime,
) -> list[Seal]:  # fmt: skip
    """A language that a school adds to a notice has no past: its versions begin with the change."""
    own, english = last.get((school.id, shelf.kind, language)), last.get((school.id, shelf.kind, ENGLISH))
    begin = at if english is not None else None
    return versions_since(session, shelf, school, own, until=until, also=at, language=language, begin=begin)


def write_batch(session: PortalSession, batch: SealingBatch, *, now: datetime) -> bool:
    """Write the seals and move the cursor; False when another worker was first, and then nothing is written."""
    change = session.scalar(
        select(NoticeChange)
        .where(NoticeChange.id == batch.change_id, NoticeChange.stage == ChangeStage.SEALING)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if change is None or change.cursor != batch.cursor:
        return False
    _keep_parts(session, batch.seals)
    rows = [_publication(seal, change, now) for seal in batch.seals]
    session.add_all(rows)
    record_many(session, SYSTEM, AuditKind.NOTICE_SEALED, [_line(row) for row in rows], now=now)
    change.cursor, change.done, change.total = batch.next_cursor, change.done + batch.schools, batch.total
    change.sealed += len(batch.seals)
    if not batch.schools:
        change.stage, change.finished_at = ChangeStage.DONE, now
    session.flush()  # the seals' own keys must hold before the cursor counts
    return True


def count_schools(session: PortalSession, change: NoticeChange) -> int:
    return session.scalar(select(func.count()).select_from(_schools(change).subquery())) or 0


def due_change(session: PortalSession, *, now: datetime) -> NoticeChange | None:
    """The oldest change that is not done; one a time, because a later one builds on what an earlier one merged."""
    statement = select(NoticeChange).where(NoticeChange.stage != ChangeStage.DONE, NoticeChange.at <= now)
    return session.scalar(statement.order_by(NoticeChange.at, NoticeChange.id).limit(1))


def _schools(change: NoticeChange) -> Any:  # noqa: ANN401 - a Select, whose generic form says nothing more
    statement = select(Tenant).where(Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_(PUBLIC_STATUSES))
    match change.scope:
        case ChangeScope.TENANT:
            return statement.where(Tenant.id == change.scope_id)
        case ChangeScope.TRUST:
            return statement.where(or_(Tenant.trust_id == change.scope_id, Tenant.id == change.scope_id))
        case ChangeScope.AUTHORITY:
            served = select(SchoolAuthority.school_id).where(SchoolAuthority.authority_id == change.scope_id)
            return statement.where(Tenant.id.in_(served))
        case _:
            return statement


def _keep_parts(session: PortalSession, seals: Sequence[Seal]) -> None:
    wanted = {digest: text for seal in seals for digest, text in seal.parts.items()}
    present = set(session.scalars(select(TextPart.hash).where(TextPart.hash.in_(wanted))))
    session.add_all(TextPart(hash=digest, text=text) for digest, text in wanted.items() if digest not in present)
    session.flush()  # publications refer to them


def _publication(seal: Seal, change: NoticeChange, now: datetime) -> Publication:
    return Publication(
        tenant_id=seal.tenant_id,
        language=seal.notice.language,
        kind=seal.notice.kind,
        number=seal.notice.version.number,
        effective_at=seal.notice.version.effective_at,
        published_at=now,
        manifest=seal.manifest,
        body=packed(seal.text, seal.parts[seal.dictionary]),
        dictionary=seal.dictionary,
        sha256=seal.sha256,
        composer=COMPOSER_VERSION,
        reason=seal.reason or change.reason,
    )


def seal_digests(row: Publication) -> tuple[str, str]:
    """The SHA-256 of what a version is and what is told about it, which stands in the trail beside its number.

    The second is the digest of the time before it covered the parts; older lines of the trail hold it.
    """
    moments = [at.astimezone(UTC).isoformat() for at in (row.effective_at, row.published_at)]
    told = [row.tenant_id, row.kind, row.language, row.number, *moments, row.sha256, row.composer, row.reason]
    whole = json.dumps([*told, row.manifest], ensure_ascii=False, sort_keys=True)
    return text_hash(whole), text_hash(json.dumps(told, ensure_ascii=False))


def _line(row: Publication) -> AuditLine:
    details: dict[str, str | int | bool | None] = {
        "notice": row.kind, "language": row.language, "number": row.number,
        "seal": seal_digests(row)[0],
    }  # fmt: skip
    return AuditLine(row.tenant_id, ("publication", row.number), details)


def packed(text: str, dictionary: str) -> bytes:
    """The text compressed from a dictionary, of which the last 32,000 bytes count (the window of RFC 1950)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 15, 9, zlib.Z_DEFAULT_STRATEGY, dictionary.encode()[-_WINDOW:])
    return packer.compress(text.encode()) + packer.flush()


def unpacked(body: bytes, dictionary: str) -> str:
    """Raises `zlib.error` where the bytes are not what was stored."""
    unpacker = zlib.decompressobj(15, dictionary.encode()[-_WINDOW:])
    text = (unpacker.decompress(body) + unpacker.flush()).decode()
    if not unpacker.eof or unpacker.unused_data:
        message = "bytes are missing at the end, or there are more than were stored"
        raise zlib.error(message)
    return text
