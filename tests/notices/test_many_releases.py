"""Twenty releases over hundreds of schools with random wording of their own: everything ends, nothing is lost."""

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from portal.core import clock
from portal.identity.permissions import SYSTEM
from portal.lifecycle.demo_schools import add_invented_schools
from portal.notices import decisions
from portal.notices.actions import adopt_override
from portal.notices.background import NoticeWork
from portal.notices.changes import note_first_versions
from portal.notices.gathering import texts
from portal.notices.models import (
    ChangeStage,
    Decision,
    DecisionChoice,
    NoticeChange,
    Override,
    OverrideDraft,
    OverrideMode,
    ReleaseClause,
)
from portal.notices.queries import notice_at, release_in_force
from portal.notices.verifying import verify
from portal.settings import ROOT
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import every_tenant, tenant_scope

RELEASES = 20
SCHOOLS = 300
KEYS = ("about.welcome", "limits.minimise", "purposes.why", "information.meaning", "security.measures")


def settle(database, now):
    work = NoticeWork(database, size=400)
    while work.step(now=now):
        pass


def mark(number):
    return f"Own words {number} of this school."


@pytest.mark.parametrize("backend", ["sqlite"])
def test_twenty_releases_over_three_hundred_schools(press, database):
    made = random.Random(4)
    start = clock.now()
    with database.transaction() as session, every_tenant(session, "tests"):
        add_invented_schools(session, ROOT / "tenants" / "demo", now=start)
        schools = list(
            session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL).order_by(Tenant.id).limit(SCHOOLS))
        )
        release = release_in_force(session, start)
        clauses = {
            row.key: row.part_hash
            for row in session.scalars(select(ReleaseClause).where(ReleaseClause.release_id == release.id))
        }
        words = texts(session, {clauses[key] for key in KEYS})
        marks = {}
        for number, school in enumerate(schools):
            if number % 3:
                continue
            key = made.choice(KEYS)
            lines = words[clauses[key]].split("\n")
            place = made.choice([index for index, line in enumerate(lines) if line and not line.startswith(("|", "#"))])
            lines[place] = f"{'- ' if lines[place].startswith('- ') else ''}{mark(number)}"
            adopt_override(
                session, school, clause_key=key, mode=OverrideMode.ADAPT, text="\n".join(lines), now=start,
                base_release=release.name,
            )  # fmt: skip
            marks[school.id] = (key, mark(number))
        note_first_versions(session, now=start)
    settle(database, start + timedelta(hours=1))

    for count in range(RELEASES):
        now = start + timedelta(days=count + 1)
        key = made.choice(KEYS)
        press.release(f"r{count:02}", {key: lambda text, count=count: changed(text, count, made)}, now=now)
        settle(database, now + timedelta(hours=1))

    end = start + timedelta(days=RELEASES + 1)
    with database.transaction() as session, every_tenant(session, "tests"):
        for row in decisions.open_decisions(session):
            tenant = session.get(Tenant, row.tenant_id)
            choice = made.choice([DecisionChoice.KEEP, DecisionChoice.SHARED])
            with tenant_scope(session, tenant.id):
                decisions.decide(session, SYSTEM, tenant, row, choice, now=end)
    settle(database, end + timedelta(hours=1))

    with database.session() as session, every_tenant(session, "tests"):
        assert not session.scalars(select(NoticeChange).where(NoticeChange.stage != ChangeStage.DONE)).all()
        assert not session.scalars(select(Decision).where(Decision.settled_at.is_(None))).all()
        checked = verify(session)
        assert checked.findings == ()
        assert checked.versions > len(schools) * RELEASES / 2
        lost = [found for found in marks.items() if not is_accounted_for(session, *found, end)]
        assert not lost
        present = list(session.scalars(select(Override).where(Override.ended_at.is_(None))))
        newest = {row.key: row.part_hash for row in release_in_force(session, end).clauses}
        stale = [row for row in present if row.mode is OverrideMode.ADAPT and row.base_hash != newest[row.clause_key]]
        assert not [row for row in stale if row.clause_key in KEYS]


def changed(text, count, made):
    lines = text.split("\n")
    place = made.choice([index for index, line in enumerate(lines) if line and not line.startswith(("|", "#"))])
    lines[place] = f"{'- ' if lines[place].startswith('- ') else ''}Shared words of release {count}."
    return "\n".join(lines)


def is_accounted_for(session, tenant_id, own, end):
    """The words stand on the page, or somebody chose otherwise, or they wait in a draft."""
    key, words = own
    tenant = session.get(Tenant, tenant_id)
    if words in notice_at(session, tenant, end).text:
        return True
    settled = select(Decision.id).where(
        Decision.tenant_id == tenant_id, Decision.key == key, Decision.choice == DecisionChoice.SHARED
    )
    drafted = select(OverrideDraft.id).where(OverrideDraft.tenant_id == tenant_id, OverrideDraft.key == key)
    return session.scalar(settled) is not None or session.scalar(drafted) is not None
