"""The demonstration's history of notices: most schools said yes to statements of fact, some still owe an answer."""

from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.notices.changes import note_change
from portal.notices.gathering import editions
from portal.notices.history import changed_between
from portal.notices.models import Decision, DecisionChoice, DecisionKind
from portal.tenancy.models import Tenant, TenantKind

_OWING = frozenset({"alder-primary"})
_OWES_ONE_IN = 25
_WITHIN_DAYS = 20


def answer_in_the_past(session: PortalSession, *, now: datetime) -> int:
    """Record the yes of most schools to each statement of fact in a past release; returns how many answers were new."""
    schools = list(session.scalars(select(Tenant).where(Tenant.kind == TenantKind.SCHOOL).order_by(Tenant.id)))
    known = set(session.execute(select(Decision.tenant_id, Decision.key, Decision.shared_hash)))
    added = 0
    past = [one for one in editions(session) if one.effective_at <= now]
    for before, after in pairwise(past):
        asked = [one for one in changed_between(before, after) if one.confirm]
        for index, school in enumerate(schools):
            if school.created_at > before.effective_at or school.slug in _OWING or index % _OWES_ONE_IN == 0:
                continue
            at = after.effective_at + timedelta(days=1 + index % _WITHIN_DAYS)
            for clause in asked:
                if at < now and (school.id, clause.key, clause.part_hash) not in known:
                    session.add(_answer(school, clause.key, clause.part_hash, after.name, after.effective_at, at))
                    added += 1
    if added:
        reason = "Schools agreed to changed shared wording."
        note_change(session, reason=reason, at=now, now=now)
    return added


def _answer(school: Tenant, key: str, part_hash: str, release: str, asked_at: datetime, at: datetime) -> Decision:
    return Decision(
        tenant_id=school.id, release=release, key=key, clause_key=key, kind=DecisionKind.CONFIRM, shared_hash=part_hash,
        conflicts=[], opened_at=asked_at, due_at=asked_at + timedelta(days=28), choice=DecisionChoice.SHARED,
        result_hash=part_hash, settled_at=at,
    )  # fmt: skip
