"""Merging tenants' own wording with changed shared wording, in the background: trusts first, then schools.

Prepared with reads only and written in a short transaction together with the cursor, like sealing. Until a person has
answered, a page keeps its own text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from portal.audit.actions import SYSTEM, record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.identity.permissions import SYSTEM as SYSTEM_ACTOR
from portal.notices.actions import keep_text, settle_open
from portal.notices.changes import new_generation
from portal.notices.gathering import Shelf, Standing, standings
from portal.notices.history import Edition, Local, Origin, SharedClause, editions_at
from portal.notices.models import (
    ChangeScope,
    ChangeStage,
    Decision,
    DecisionKind,
    DraftStatus,
    MergeResult,
    NoticeChange,
    Override,
    OverrideDraft,
    OverrideMode,
    PreferenceKind,
)
from portal.notices.planning import flags_of
from portal.notices.rules import ChangePlan, Outcome, Why, plan_change
from portal.tenancy.models import Tenant, TenantKind

TELL_DPO_AFTER = timedelta(days=28)
REMIND_AFTER = (timedelta(days=7), timedelta(days=14))
_NEXT = {ChangeStage.TRUSTS: ChangeStage.SCHOOLS, ChangeStage.SCHOOLS: ChangeStage.SEALING}
_KINDS = {ChangeStage.TRUSTS: TenantKind.TRUST, ChangeStage.SCHOOLS: TenantKind.SCHOOL}
_RETIRING = frozenset({Why.RETIRED, Why.SPLIT, Why.LOCKED})


@dataclass(frozen=True, slots=True)
class Work:
    """What becomes of one override: hashes name the texts it was worked out from."""

    tenant_id: int
    override: Local
    plan: ChangePlan
    local: str
    shared_hash: str
    release: str


@dataclass(frozen=True, slots=True)
class MergeBatch:
    change_id: int
    stage: ChangeStage
    cursor: int
    next_cursor: int
    tenants: int
    works: tuple[Work, ...]


def prepare_merges(
    session: PortalSession, change: NoticeChange, shelf: Shelf, *, now: datetime, size: int
) -> MergeBatch:
    """Work out what the next tenants' overrides become; the session must see every tenant."""
    tenants = list(session.scalars(_tenants(change).where(Tenant.id > change.cursor).order_by(Tenant.id).limit(size)))
    counting = {kind: editions_at(shelf.library.get(kind, ()), now) for kind in shelf.kinds}
    works: list[Work] = []
    for one in standings(session, tenants):
        for kind, editions in counting.items():
            works += _works(session, shelf.of(kind), editions[-1], one.of(kind), now) if editions else []
    cursor = tenants[-1].id if tenants else change.cursor
    return MergeBatch(change.id, change.stage, change.cursor, cursor, len(tenants), tuple(works))


def write_merges(session: PortalSession, batch: MergeBatch, *, now: datetime) -> bool:
    """Write what became of the overrides and move the cursor; False when another worker was first."""
    change = session.scalar(
        select(NoticeChange)
        .where(NoticeChange.id == batch.change_id, NoticeChange.stage == batch.stage)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if change is None or change.cursor != batch.cursor:
        return False
    for work in batch.works:
        _write(session, work, work.release, now)
    change.cursor, change.done = batch.next_cursor, change.done + batch.tenants
    if not batch.tenants:
        change.stage, change.cursor, change.done, change.total = _NEXT[batch.stage], 0, 0, 0
    if batch.works:
        new_generation(session)
    return True


def parent_of(newest: Edition, school: Standing, key: str, now: datetime) -> tuple[str | None, SharedClause | None]:
    """(hash of the words that a tenant's own wording stands on, the library's clause): its trust's words, or shared."""
    clause = newest.clauses.get(key)
    trusts = [
        one
        for one in school.locals_at(now)
        if one.origin is Origin.TRUST and one.key == key and one.mode is OverrideMode.ADAPT
    ]
    return (trusts[-1].part_hash if trusts else clause.part_hash if clause else None), clause


def _tenants(change: NoticeChange) -> Any:  # noqa: ANN401 - a Select, whose generic form says nothing more
    """Tenants of the stage with wording of their own that a change of shared wording can touch."""
    touched = select(Override.tenant_id).where(
        Override.ended_at.is_(None), Override.mode.in_((OverrideMode.ADAPT, OverrideMode.OMIT))
    )
    statement = select(Tenant).where(Tenant.kind == _KINDS[change.stage], Tenant.id.in_(touched))
    if change.scope is ChangeScope.TRUST:
        return statement.where(or_(Tenant.trust_id == change.scope_id, Tenant.id == change.scope_id))
    return statement


def _works(session: PortalSession, shelf: Shelf, newest: Edition, one: Standing, now: datetime) -> list[Work]:
    found: list[Work] = []
    for own in one.locals_at(now):
        if own.origin is not Origin.SCHOOL or own.until is not None:
            continue
        if own.mode not in {OverrideMode.ADAPT, OverrideMode.OMIT}:
            continue
        parent, clause = parent_of(newest, one, own.clause_key, now)
        is_locked = clause is not None and clause.policy == "locked"
        flags = flags_of(newest, own.clause_key, clause)
        if parent == own.base_hash and not is_locked and not (flags.is_split and own.base_release != newest.name):
            continue
        words = shelf.fetch(session, [digest for digest in (own.base_hash, parent, own.part_hash) if digest])
        known = clause or _last_known(shelf.editions, own.clause_key)
        if known is None:
            continue
        local = words[own.part_hash] if own.part_hash else ""
        plan = plan_change(
            policy=known.policy, flags=flags, preference=_preference(one, now), mode=own.mode,
            base_text=words.get(own.base_hash or ""), shared_text=words[parent] if parent else None,
            local_text=local if own.part_hash else None,
        )  # fmt: skip
        if plan.outcome is not Outcome.UNCHANGED:
            found.append(Work(one.id, own, plan, local, parent or "", newest.name))
    return found


def _preference(one: Standing, now: datetime) -> PreferenceKind:
    return one.stance.preference_at(now)


def _last_known(editions: Sequence[Edition], key: str) -> SharedClause | None:
    return next((one.clauses[key] for one in reversed(editions) if key in one.clauses), None)


def _write(session: PortalSession, work: Work, release: str, now: datetime) -> None:
    row = session.get(Override, work.override.id, with_for_update=True, populate_existing=True)
    if row is None or row.ended_at is not None or row.base_hash != work.override.base_hash:
        return  # somebody decided meanwhile
    if work.plan.merge is not None:
        _remember_merge(session, work)
    match work.plan.outcome:
        case Outcome.INHERIT:
            _end(session, work, row, now)
        case Outcome.OMITTED:
            row.base_hash, row.base_release = work.shared_hash or row.base_hash, release
        case Outcome.MERGED if work.plan.proposed == work.local:
            row.base_hash, row.base_release = work.shared_hash, release
        case Outcome.MERGED:
            replace_words(session, row, work.plan.proposed or "", work.shared_hash, release, now)
        case _:
            _ask(session, work, row, release, now)


def _remember_merge(session: PortalSession, work: Work) -> None:
    if not (work.override.base_hash and work.shared_hash and work.override.part_hash) or work.plan.merge is None:
        return
    identity = (work.override.base_hash, work.shared_hash, work.override.part_hash)
    if session.get(MergeResult, identity) is None:
        merged = keep_text(session, work.plan.merge.text)
        session.add(
            MergeResult(
                base_hash=identity[0], shared_hash=identity[1], local_hash=identity[2], merged_hash=merged,
                conflicts=conflicts_of(work.plan),
            )
        )  # fmt: skip


def conflicts_of(plan: ChangePlan) -> list[dict[str, Any]]:
    if plan.merge is None:
        return []
    return [{"base": one.base, "shared": one.shared, "local": one.local} for one in plan.merge.conflicts]


def replace_words(
    session: PortalSession, row: Override, text: str, base_hash: str, release: str, now: datetime, *,
    by: int | None = None,
) -> Override:  # fmt: skip
    """Other words for the same override from now on, standing on the shared words of today."""
    row.ended_at = max(now, row.effective_at)
    session.flush()  # one open row a key: the old one must be closed first
    new = Override(
        tenant_id=row.tenant_id, kind=row.kind, key=row.key, clause_key=row.clause_key, mode=row.mode, title=row.title,
        part_hash=keep_text(session, text), base_hash=base_hash or None, base_release=release,
        effective_at=row.ended_at, published_by=by, reason=row.reason,
    )  # fmt: skip
    session.add(new)
    record(
        session, SYSTEM, AuditKind.OVERRIDE_PUBLISHED, tenant_id=row.tenant_id, subject=("clause", row.key), now=now,
        contents={"text": text}, release=release,
    )  # fmt: skip
    return new


def _end(session: PortalSession, work: Work, row: Override, now: datetime) -> None:
    row.ended_at = max(now, row.effective_at)
    record(session, SYSTEM, AuditKind.OVERRIDE_ENDED, tenant_id=work.tenant_id, subject=("clause", row.key), now=now)


def _ask(session: PortalSession, work: Work, row: Override, release: str, now: datetime) -> None:
    """Store what a person must decide, once; an older question about the same clause is overtaken."""
    own, plan = work.override, work.plan
    known = session.scalar(
        select(func.count()).where(
            Decision.tenant_id == work.tenant_id, Decision.key == own.key, Decision.shared_hash == work.shared_hash,
            Decision.local_hash == own.part_hash, Decision.base_hash == own.base_hash,
        )
    )  # fmt: skip
    if known:
        return
    tenant = session.get(Tenant, work.tenant_id)
    assert tenant is not None
    settle_open(session, SYSTEM_ACTOR, tenant, own.key, choice=None, result_hash=None, now=now)
    session.add(
        Decision(
            tenant_id=work.tenant_id, release=release, key=own.key, clause_key=own.clause_key, kind=_kind(plan),
            override_id=row.id, base_hash=own.base_hash, shared_hash=work.shared_hash, local_hash=own.part_hash,
            merged_hash=keep_text(session, plan.proposed) if plan.proposed is not None else None,
            conflicts=conflicts_of(plan), opened_at=now, due_at=now + TELL_DPO_AFTER,
        )
    )  # fmt: skip
    if plan.why in _RETIRING:
        _keep_as_draft(session, work, now)
    if plan.why is Why.LOCKED:
        _end(session, work, row, now)


def _kind(plan: ChangePlan) -> DecisionKind:
    if plan.why in _RETIRING:
        return DecisionKind.RETIRED
    kinds: Mapping[Outcome, DecisionKind] = {
        Outcome.CONFLICT: DecisionKind.CONFLICT,
        Outcome.REVIEW: DecisionKind.REVIEW,
    }
    return kinds.get(plan.outcome, DecisionKind.MERGED)


def _keep_as_draft(session: PortalSession, work: Work, now: datetime) -> None:
    """The words of a clause that was split, retired or locked, at hand for another place."""
    own = work.override
    known = session.scalar(
        select(OverrideDraft.id).where(OverrideDraft.tenant_id == work.tenant_id, OverrideDraft.key == own.key)
    )
    if known is None and work.local:
        session.add(
            OverrideDraft(
                tenant_id=work.tenant_id, kind=own.kind, key=own.key, clause_key=own.clause_key, mode=own.mode,
                title=own.title, text=work.local, base_hash=own.base_hash, status=DraftStatus.DRAFT, saved_at=now,
                saved_by=None,
            )
        )  # fmt: skip
