"""Notices in earnest: the background work done, drafts made as an editor makes them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.identity.permissions import SYSTEM
from portal.notices import queries
from portal.notices.actions import Words, publish
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.notices.gathering import fill_shelf, texts
from portal.notices.models import OverrideMode, ReleaseClause
from portal.notices.releases import ClauseWords, new_draft, publish_release, release_named, save_clause
from portal.notices.wording import notice_desk
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant, tenant_scope


class Press:
    """Writes, publishes and reads notices, each step in a transaction of its own as in real life."""

    def __init__(self, database):
        self.database = database

    def settle(self, now=None):
        """Do all background work that is due."""
        work = NoticeWork(self.database)
        steps = 0
        while work.step(now=now or clock.now()):
            steps += 1
        return steps

    def seal_first(self):
        with self.database.transaction() as session, every_tenant(session, "tests"):
            note_first_versions(session, now=clock.now())
        self.settle()

    def school(self, session, slug):
        return session.scalars(select(Tenant).where(Tenant.slug == slug)).one()

    def shared_text(self, key, release=None):
        with self.database.session() as session:
            statement = select(ReleaseClause.part_hash).where(ReleaseClause.key == key)
            found = release_named(session, release) if release else queries.release_in_force(session, clock.now())
            digest = session.scalar(statement.where(ReleaseClause.release_id == found.id))
            return texts(session, [digest])[digest]

    def adapt(self, slug, key, change, *, actor=SYSTEM, now=None, kind="general"):
        """Publish what `change` makes of the clause's present words."""
        now = now or clock.now()
        with self.database.transaction() as session:
            tenant = self.school(session, slug)
            with tenant_scope(session, tenant.id):
                board = notice_desk(session, tenant, now=now, shelf=fill_shelf(session).of(kind))
                wording = board.clause(key)
                words = Words(key, key, OverrideMode.ADAPT, change(wording.text), base_hash=wording.parent_hash)
                return publish(session, actor, tenant, board, words, now=now)

    def release(self, name, changes, *, flags=None, now=None, effective_at=None, publishes=True):
        """Draft a release in which each clause of `changes` reads as its function makes of the words before."""
        now = now or clock.now()
        with self.database.transaction() as session, every_tenant(session, "tests"):
            draft = new_draft(session, SYSTEM, name=name, title=name, effective_at=effective_at or now, now=now)
            draft.reason = f"Because of {name}."
            rows = {row.key: row for row in draft.clauses}
            words = texts(session, {row.part_hash for row in draft.clauses})
            for key, change in changes.items():
                row = rows[key]
                session.flush()
                clause = ClauseWords(
                    key, row.title, change(words[row.part_hash]), "Because.", draft.version, row.policy, row.review,
                    row.confirm, tuple(row.laws), tuple(row.applies), row.section_key,
                )  # fmt: skip
                save_clause(session, SYSTEM, draft, replace(clause, **(flags or {})), now=now)
            if publishes:
                publish_release(session, SYSTEM, draft, now=now)

    def text(self, slug, at=None, **which):
        return self.notice(slug, at, **which).text

    def notice(self, slug, at=None, **which):
        with self.database.session() as session:
            return queries.notice_at(session, self.school(session, slug), at or clock.now(), **which)

    def versions(self, slug, kind="general", language="en"):
        with self.database.session() as session:
            return queries.versions(session, self.school(session, slug), kind=kind, language=language)


@pytest.fixture
def press(database):
    found = Press(database)
    found.settle()
    found.seal_first()
    return found


@pytest.fixture
def later():
    """An instant some days from now."""
    start = clock.now()
    return lambda days=0, **rest: start + timedelta(days=days, **rest)
