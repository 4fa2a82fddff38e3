"""What the central team sees over all schools: reviews that wait, questions that are late, drift, work in progress."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.core.database import PortalSession
from portal.notices.diff import drift
from portal.notices.gathering import Shelf, texts, translations
from portal.notices.languages import WORDS
from portal.notices.models import (
    ChangeStage,
    Decision,
    DecisionKind,
    DraftStatus,
    NoticeChange,
    Override,
    OverrideDraft,
    OverrideMode,
    Release,
)
from portal.notices.translating import Book, Source
from portal.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class QueueLine:
    """Something that waits for the DPO team. `decision_id` is None for a draft sent for review."""

    slug: str
    school: str
    key: str
    since: datetime
    why: str
    decision_id: int | None = None
    title: str = ""


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a school's or trust's own wording stands from the library: from 0 (the same) to 1 for each clause."""

    slug: str
    school: str
    clauses: int
    distance: float


@dataclass(frozen=True, slots=True)
class Translated:
    """How far a release stands in another language; `outdated` are titles of clauses that changed since."""

    language: str
    clauses: int
    unchecked: int
    outdated: tuple[str, ...]


def translated(session: PortalSession, release: Release) -> list[Translated]:
    """Every language that any clause of the release was ever translated to."""
    book = translations(session)
    ever = {(source.language, source.key) for source in book}
    return [
        _translated(book, release, language, ever)
        for language in WORDS
        if any((language, one.key) in ever for one in release.clauses)
    ]


def _translated(book: Book, release: Release, language: str, ever: set[tuple[str, str]]) -> Translated:
    found, outdated = [], []
    for one in release.clauses:
        made = book.get(Source(language, one.key, one.title, one.part_hash))
        if made:
            found.append(made[-1])
        elif (language, one.key) in ever:
            outdated.append(one.title)
    return Translated(language, len(found), sum(not one.is_checked for one in found), tuple(outdated))


def review_queue(session: PortalSession, *, now: datetime) -> list[QueueLine]:
    """Drafts in review, merges that need agreement, questions asked, answers that are late; the oldest first."""
    drafts = session.execute(
        select(OverrideDraft, Tenant)
        .join(Tenant, Tenant.id == OverrideDraft.tenant_id)
        .where(OverrideDraft.status == DraftStatus.IN_REVIEW)
    )
    lines = [
        QueueLine(tenant.slug, tenant.name, row.key, row.saved_at, "review", title=row.title) for row, tenant in drafts
    ]
    waiting = (Decision.kind == DecisionKind.REVIEW) | Decision.asked_dpo_at.is_not(None) | (Decision.due_at <= now)
    questions = session.execute(
        select(Decision, Tenant)
        .join(Tenant, Tenant.id == Decision.tenant_id)
        .where(Decision.settled_at.is_(None), waiting)
    )
    lines += [
        QueueLine(tenant.slug, tenant.name, row.key, row.asked_dpo_at or row.opened_at, _why(row), row.id)
        for row, tenant in questions
    ]
    return sorted(lines, key=lambda line: line.since)


def titles(shelf: Shelf) -> dict[str, str]:
    """What each shared clause is called, also one that is shared no more; the latest name counts."""
    every = (one for found in shelf.library.values() for one in found)
    editions = sorted(every, key=lambda one: (one.effective_at, one.id))
    return {key: clause.title for edition in editions for key, clause in edition.clauses.items()}


def draft_in_review(session: PortalSession, tenant: Tenant, key: str) -> OverrideDraft | None:
    statement = select(OverrideDraft).where(
        OverrideDraft.tenant_id == tenant.id, OverrideDraft.key == key, OverrideDraft.status == DraftStatus.IN_REVIEW
    )
    return session.scalar(statement)


def most_drifted(session: PortalSession, *, limit: int = 50) -> list[Drift]:
    """The tenants whose wording stands furthest from what it was made from, and by how much."""
    rows = _own_words(session)
    words = texts(session, {digest for row, _ in rows for digest in (row.part_hash, row.base_hash) if digest})
    far: dict[int, float] = {}
    count: Counter[int] = Counter()
    for row, _ in rows:
        base, own = words.get(row.base_hash or "", ""), words.get(row.part_hash or "", "")
        far[row.tenant_id] = far.get(row.tenant_id, 0.0) + (drift(base, own) if row.mode == OverrideMode.ADAPT else 1.0)
        count[row.tenant_id] += 1
    tenants = {row.tenant_id: tenant for row, tenant in rows}
    found = [Drift(tenants[one].slug, tenants[one].name, count[one], far[one]) for one in far]
    return sorted(found, key=lambda line: (-line.distance, line.school))[:limit]


def changed_clauses(session: PortalSession) -> list[tuple[str, int]]:
    """(clause, how many tenants have words of their own for it), the most changed first."""
    statement = select(Override.clause_key, func.count(Override.tenant_id.distinct())).where(
        Override.ended_at.is_(None)
    )
    rows = session.execute(statement.group_by(Override.clause_key)).all()
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def unfinished(session: PortalSession) -> list[NoticeChange]:
    """Changes whose merging or sealing goes on, the oldest first."""
    statement = select(NoticeChange).where(NoticeChange.stage != ChangeStage.DONE)
    return list(session.scalars(statement.order_by(NoticeChange.at, NoticeChange.id)))


def latest_changes(session: PortalSession, *, limit: int = 10) -> list[NoticeChange]:
    return list(session.scalars(select(NoticeChange).order_by(NoticeChange.id.desc()).limit(limit)))


def change_of(session: PortalSession, release: Release) -> NoticeChange | None:
    """How far the background work on a release has come."""
    statement = select(NoticeChange).where(NoticeChange.release_id == release.id)
    return session.scalar(statement.order_by(NoticeChange.id.desc()).limit(1))


def _why(row: Decision) -> str:
    if row.kind is DecisionKind.REVIEW:
        return "merge"
    return "asked" if row.asked_dpo_at is not None else "late"


def _own_words(session: PortalSession) -> list[tuple[Override, Tenant]]:
    statement = (
        select(Override, Tenant)
        .join(Tenant, Tenant.id == Override.tenant_id)
        .where(Override.ended_at.is_(None), Override.mode != OverrideMode.OMIT)
    )
    return [(row, tenant) for row, tenant in session.execute(statement)]
