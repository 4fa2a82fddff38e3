"""What an import compares with: every edition of the library and every council, as plain values."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.clock import london
from portal.core.database import PortalSession
from portal.directory.queries import read_book
from portal.directory.rules import Authority, CodeScheme
from portal.notices.gathering import GENERAL, texts
from portal.notices.importing.editions import AuthorityName, Edition, EditionClause
from portal.notices.models import Release, ReleaseStatus

IN_FORCE = (ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED)


def library_editions(session: PortalSession, *, now: datetime, kind: str = GENERAL) -> list[Edition]:
    """Every edition of a kind that was or is in force, and every reference edition; none that is still to come.

    A withdrawn edition counts as a reference: schools may have copied it.
    """
    statement = (
        select(Release)
        .where(Release.kind == kind, Release.status != ReleaseStatus.DRAFT)
        .options(selectinload(Release.sections), selectinload(Release.clauses))
        .order_by(Release.effective_at, Release.id)
    )
    rows = [row for row in session.scalars(statement) if row.status not in IN_FORCE or row.effective_at <= now]
    words = texts(session, {clause.part_hash for row in rows for clause in row.clauses})
    return [_edition(row, words) for row in rows]


def authority_names(session: PortalSession) -> list[AuthorityName]:
    """Every council that has or had a DfE code, with every name it ever had, the newest first."""
    return [named for authority in read_book(session).authorities if (named := _named(authority))]


def _edition(row: Release, words: dict[str, str]) -> Edition:
    sections = tuple((section.key, section.title) for section in row.sections)
    places = {key: place for place, (key, _) in enumerate(sections)}
    clauses = sorted(row.clauses, key=lambda one: (places.get(one.section_key, len(places)), one.position))
    return Edition(
        row.name,
        london(row.effective_at).date(),
        sections,
        tuple(
            EditionClause(one.key, one.title, one.section_key, order, words[one.part_hash])
            for order, one in enumerate(clauses, start=1)
        ),
        reference=row.status not in IN_FORCE,
    )


def _named(authority: Authority) -> AuthorityName | None:
    code = next((one.code for one in reversed(authority.codes) if one.scheme is CodeScheme.DFE), None)
    names = dict.fromkeys(_all_names(authority))
    return AuthorityName(authority.key, code, tuple(names), authority.valid_to) if code else None


def _all_names(authority: Authority) -> Iterable[str]:
    for dated in reversed(authority.names):
        yield from (name for name in (dated.name, dated.short_name) if name)
