"""Questions about releases, overrides and what a notice says or said."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.core import clock
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.notices.gathering import GENERAL, KnownTexts, Shelf, Standing, fill_shelf, standing
from portal.notices.languages import ENGLISH
from portal.notices.models import ChangeStage, NoticeChange, Publication, Release, ReleaseStatus
from portal.notices.reading import (
    Notice,
    Version,
    has_notice,
    hashes_of,
    manifest_hashes,
    notice_of,
    parts_at,
    parts_from,
)
from portal.notices.sealing import LastSeal, versions_since
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


def release_in_force(session: PortalSession, at: datetime, *, kind: str = GENERAL, name: str = "") -> Release | None:
    """The release of a kind in force at an instant, or the one with this name, of whatever kind."""
    if name:
        return session.scalar(select(Release).where(Release.name == name))
    statement = select(Release).where(
        Release.kind == kind,
        Release.status.in_((ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED)),
        Release.effective_at <= at,
    )
    return session.scalar(statement.order_by(Release.effective_at.desc(), Release.id.desc()).limit(1))


def release_without(session: PortalSession, release: Release, now: datetime) -> Release | None:
    """What would be in force if this one were not."""
    counting = (ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED)
    statement = select(Release).where(
        Release.kind == release.kind,
        Release.id != release.id,
        Release.status.in_(counting),
        Release.effective_at <= now,
    )
    return session.scalar(statement.order_by(Release.effective_at.desc(), Release.id.desc()).limit(1))


def notice_at(
    session: PortalSession, school: Tenant, instant: datetime, language: str = ENGLISH, *, kind: str = GENERAL,
    shelf: Shelf | None = None,
) -> Notice:  # fmt: skip
    """What the school's notice says at `instant`, or said. Raises `NotFound` where it had none, or not in the language.

    A version that another one followed, and one that was read on a day that is past, is put together again from its own
    manifest, to the letter: what was corrected since, a council's name or its successor, was not read then.
    """
    with tenant_scope(session, school.id):
        row = _publication_at(session, school.id, instant, kind, language)
        was_followed = row is not None and _number(session, school.id, row.number + 1, kind, language) is not None
        begin = _beginning(session, school.id, instant, kind, language) if row is None else None
    is_final = was_followed or (row is not None and _is_settled(session, instant))
    if row is not None and is_final and kind == GENERAL:
        return sealed_notice(session, school, row)
    kept = (shelf or fill_shelf(session)).of(kind)
    own = standing(session, school)
    if kind != GENERAL and not has_notice(kept, own, instant):
        raise NotFound("This school had no such notice here then.")
    if row is not None and is_final:
        return sealed_notice(session, school, row)
    last = LastSeal(row.number, row.effective_at, row.sha256) if row else None
    since = versions_since(session, kept, own, last, until=instant, language=language, begin=begin)
    if since:
        return since[-1].notice
    notice = _present(session, kept, own, last, instant, language) if last else None
    if notice is None:
        raise NotFound("This school had no notice here then.")
    return notice


def _beginning(session: PortalSession, school_id: int, instant: datetime, kind: str, language: str) -> datetime | None:
    """When a language that has no version yet begins: with the school, or now where the English notice came first.

    Raises `NotFound` where its first version came later.
    """
    if language == ENGLISH or _publication_at(session, school_id, instant, kind, ENGLISH) is None:
        return None
    if _number(session, school_id, 1, kind, language) is not None:
        raise NotFound("This school had no notice in this language then.")
    return instant


def sealed_notice(session: PortalSession, school: Tenant, row: Publication, known: KnownTexts | None = None) -> Notice:
    """A publication put together from the parts that its manifest names. Raises `KeyError` where one is gone."""
    words = (known if known is not None else KnownTexts()).fetch(session, manifest_hashes(row.manifest))
    parts = parts_from(row.manifest, words)
    words.fetch(session, hashes_of(parts))
    version = Version(row.number, row.effective_at)
    return notice_of(parts, words, version, name=school.name)


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One line of the list of versions."""

    number: int
    language: str
    published_at: datetime
    effective_at: datetime
    sha256: str
    reason: str
    composer: str

    @property
    def effective_on(self) -> date:
        return london(self.effective_at).date()


def versions(
    session: PortalSession, school: Tenant, *, kind: str = GENERAL, language: str | None = None
) -> list[PublishedVersion]:
    """Every sealed version, newest first."""
    with tenant_scope(session, school.id):
        statement = select(Publication).where(Publication.tenant_id == school.id, Publication.kind == kind)
        if language is not None:
            statement = statement.where(Publication.language == language)
        rows = session.scalars(statement.order_by(Publication.number.desc(), Publication.language))
        return [
            PublishedVersion(
                row.number, row.language, row.published_at, row.effective_at, row.sha256, row.reason, row.composer
            )
            for row in rows
        ]


def notices_of(session: PortalSession, school: Tenant, now: datetime) -> tuple[list[str], list[str]]:
    """(kinds, languages) of the notices that the school has or once had; the general one and English come first."""
    with tenant_scope(session, school.id):
        statement = select(Publication.kind, Publication.language).where(Publication.tenant_id == school.id)
        sealed = sorted((kind, language) for kind, language in session.execute(statement.distinct()))
    shelf, own = fill_shelf(session), standing(session, school)
    present = [kind for kind in shelf.kinds if has_notice(shelf.of(kind), own, now)]
    kinds = dict.fromkeys([GENERAL, *present, *(kind for kind, _ in sealed)])
    return list(kinds), list(dict.fromkeys([*own.languages, *(language for _, language in sealed)]))


def version(
    session: PortalSession, school: Tenant, number: int, *, kind: str = GENERAL, language: str = ENGLISH
) -> Notice:
    """One sealed version. Raises `NotFound`."""
    with tenant_scope(session, school.id):
        row = _number(session, school.id, number, kind, language)
        if row is None:
            raise NotFound("There is no such version.")
        return sealed_notice(session, school, row)


def _present(
    session: PortalSession, shelf: Shelf, school: Standing, last: LastSeal, instant: datetime, language: str
) -> Notice | None:
    parts = parts_at(shelf, school, instant, language)
    if parts is None or not parts.layout.sections:
        return None
    return notice_of(parts, shelf.fetch(session, hashes_of(parts)), last.version, name=school.name)


def _publication_at(
    session: PortalSession, school_id: int, at: datetime, kind: str, language: str
) -> Publication | None:
    statement = select(Publication).where(
        Publication.tenant_id == school_id, Publication.kind == kind, Publication.language == language,
        Publication.effective_at <= at,
    )  # fmt: skip
    return session.scalar(statement.order_by(Publication.effective_at.desc(), Publication.number.desc()).limit(1))


def _is_settled(session: PortalSession, instant: datetime) -> bool:
    """Whether the day is past and everything that changed notices by then has been sealed."""
    if london(instant).date() >= clock.today():
        return False
    waiting = select(NoticeChange.id).where(NoticeChange.stage != ChangeStage.DONE, NoticeChange.at <= instant)
    return session.scalar(waiting.limit(1)) is None


def _number(session: PortalSession, school_id: int, number: int, kind: str, language: str) -> Publication | None:
    statement = select(Publication).where(
        Publication.tenant_id == school_id, Publication.kind == kind, Publication.language == language,
        Publication.number == number,
    )  # fmt: skip
    return session.scalar(statement)
