"""Merging tenants' own wording with changed shared wording, in the background: trusts first, then schools.

Prepared with reads only and written in a short transaction together with the cursor, like sealing. Until a person has
answered, a page keeps its own text.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, func, or_, select, tuple_
from sqlalchemy.orm import aliased

from portal.audit.actions import SYSTEM, record, record_many
from portal.audit.actions import Line as AuditLine
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.identity.permissions import SYSTEM as SYSTEM_ACTOR
from portal.notices.actions import keep_text, keep_texts, settle_open
from portal.notices.changes import new_generation
from portal.notices.gaps import new_gaps
from portal.notices.gathering import Shelf, Standing, standings
from portal.notices.history import Edition, Local, Origin, Shared, SharedClause, editions_at, shared_at
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
from portal.notices.reading import text_hash
from portal.notices.rules import TELL_DPO_AFTER, ChangePlan, Outcome, Why, plan_change, refusal, until_filled_in
from portal.notices.wording import NoticeDesk
from portal.tenancy.models import Tenant, TenantKind

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
    """`total` counts the tenants of the stage. `revived` are ended overrides and `overtaken` open questions, by id.

    While there is something to revive nothing else is done: what comes back is merged like any other override.
    """

    change_id: int
    stage: ChangeStage
    cursor: int
    next_cursor: int
    tenants: int
    total: int
    works: tuple[Work, ...]
    revived: tuple[int, ...]
    overtaken: tuple[int, ...]


def prepare_merges(
    session: PortalSession, change: NoticeChange, shelf: Shelf, *, now: datetime, size: int
) -> MergeBatch:
    """Work out what the next tenants' overrides become; the session must see every tenant."""
    touched = _tenants(change, shelf, now)
    tenants = list(session.scalars(touched.where(Tenant.id > change.cursor).order_by(Tenant.id).limit(size)))
    total = change.total
    if not change.done:
        total = session.scalar(select(func.count()).select_from(touched.subquery())) or 0
    counting = {kind: editions_at(shelf.library.get(kind, ()), now) for kind in shelf.kinds}
    ids = [tenant.id for tenant in tenants]
    revived = tuple(session.scalars(_to_revive(shelf, now).where(Override.tenant_id.in_(ids))))
    works: list[Work] = []
    overtaken: list[int] = []
    questions = _questions(session, ids)
    for one in standings(session, tenants) if not revived else ():
        for kind, editions in counting.items():
            newest, own, kept = editions[-1] if editions else None, one.of(kind), shelf.of(kind)
            if newest is not None:
                works += _works(session, kept, newest, own, now)
            asked = [row for row in questions.get(one.id, ()) if shelf.kind_of(row.clause_key) == kind]
            overtaken += _overtaken(kept, newest, own, asked, now)
    cursor = tenants[-1].id if tenants and not revived else change.cursor
    return MergeBatch(
        change.id, change.stage, change.cursor, cursor, 0 if revived else len(tenants), total, tuple(works), revived,
        tuple(overtaken),
    )  # fmt: skip


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
    for override_id in batch.revived:
        _revive(session, override_id, now)
    for decision_id in batch.overtaken:
        _overtake(session, decision_id, now)
    _write_works(session, batch.works, now)
    change.cursor, change.done, change.total = batch.next_cursor, change.done + batch.tenants, batch.total
    if not batch.tenants and not batch.revived:
        change.stage, change.cursor, change.done, change.total = _NEXT[batch.stage], 0, 0, 0
    if batch.works or batch.revived:
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


def todays_parents(board: NoticeDesk, key: str, now: datetime) -> set[str]:
    """Hashes of the words that a tenant's own words of a clause may stand on today; "" where it is retired.

    A school that is asked first may hold older shared words than the newest, and then either counts.
    """
    newest, _clause = parent_of(board.shared.newest, board.school, key, now)
    held = board.clauses[key].parent_hash if key in board.clauses else ""
    return {newest or "", *([held] if held else [])}


def _questions(session: PortalSession, ids: Sequence[int]) -> dict[int, list[Decision]]:
    found: dict[int, list[Decision]] = {}
    for row in session.scalars(select(Decision).where(Decision.tenant_id.in_(ids), Decision.settled_at.is_(None))):
        found.setdefault(row.tenant_id, []).append(row)
    return found


def _overtaken(
    shelf: Shelf, newest: Edition | None, one: Standing, asked: Sequence[Decision], now: datetime
) -> list[int]:
    """Open questions about words of the shelf's kind that count no more."""
    if newest is None:
        return [row.id for row in asked]
    shared = shared_at(shelf.editions, one.stance, now, shelf.lacking(one, now))
    return [row.id for row in asked if not _is_asked(row, newest, one, shared, now)]


def _is_asked(row: Decision, newest: Edition, one: Standing, shared: Shared | None, now: datetime) -> bool:
    """Whether the words that an open question is about are still those that count, or that wait for a yes."""
    if row.kind is DecisionKind.CONFIRM:
        waiting = shared.waiting.get(row.key) if shared else None
        return waiting is not None and (waiting.clause.part_hash if waiting.clause else "") == row.shared_hash
    parent, _clause = parent_of(newest, one, row.clause_key, now)
    held = shared.held[row.clause_key].clause.part_hash if shared and row.clause_key in shared.held else parent
    return row.shared_hash in {parent or "", held or ""}


def _overtake(session: PortalSession, decision_id: int, now: datetime) -> None:
    row = session.get(Decision, decision_id, with_for_update=True, populate_existing=True)
    if row is None or row.settled_at is not None:
        return
    row.settled_at = now
    record(
        session, SYSTEM, AuditKind.CHOICE_RECORDED, tenant_id=row.tenant_id, subject=("clause", row.key), now=now,
        choice="overtaken", release=row.release, question=row.kind.value,
    )  # fmt: skip


def _to_revive(shelf: Shelf, now: datetime) -> Any:  # noqa: ANN401 - a Select, whose generic form says nothing more
    """Ids of overrides that a merge with a release ended which was withdrawn since; nothing came after them."""
    every = (one for editions in shelf.library.values() for one in editions)
    withdrawn = [one.name for one in every if one.withdrawn_at is not None and one.withdrawn_at <= now]
    later = aliased(Override)
    is_followed = exists().where(
        later.tenant_id == Override.tenant_id, later.kind == Override.kind, later.key == Override.key,
        later.id > Override.id,
    )  # fmt: skip
    return select(Override.id).where(Override.ended_by.in_(withdrawn), Override.ended_at.is_not(None), ~is_followed)


def _revive(session: PortalSession, override_id: int, now: datetime) -> None:
    """The same words again from now on, and not the draft that was kept of them meanwhile."""
    row = session.get(Override, override_id, with_for_update=True, populate_existing=True)
    if row is None or not row.ended_by:
        return
    row.ended_by = ""
    new = Override(
        tenant_id=row.tenant_id, kind=row.kind, key=row.key, clause_key=row.clause_key, mode=row.mode, title=row.title,
        part_hash=row.part_hash, base_hash=row.base_hash, base_release=row.base_release, effective_at=now,
        published_by=row.published_by, reason=row.reason,
    )  # fmt: skip
    session.add(new)
    kept = session.scalar(
        select(OverrideDraft).where(
            OverrideDraft.tenant_id == row.tenant_id, OverrideDraft.kind == row.kind, OverrideDraft.key == row.key,
            OverrideDraft.saved_by.is_(None),
        )
    )  # fmt: skip
    if kept is not None and text_hash(kept.text) == row.part_hash:
        session.delete(kept)
    record(session, SYSTEM, AuditKind.OVERRIDE_PUBLISHED, tenant_id=row.tenant_id, subject=("clause", row.key), now=now)


def _tenants(change: NoticeChange, shelf: Shelf, now: datetime) -> Any:  # noqa: ANN401 - a Select, as above
    """Tenants of the stage whose own wording, or an open question, a change of shared wording can touch."""
    touched = select(Override.tenant_id).where(
        Override.ended_at.is_(None), Override.mode.in_((OverrideMode.ADAPT, OverrideMode.OMIT))
    )
    asked = select(Decision.tenant_id).where(Decision.settled_at.is_(None))
    ended = _to_revive(shelf, now).with_only_columns(Override.tenant_id)
    statement = select(Tenant).where(
        Tenant.kind == _KINDS[change.stage], or_(Tenant.id.in_(touched), Tenant.id.in_(asked), Tenant.id.in_(ended))
    )
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
        flags = flags_of(newest, own.clause_key, clause)
        is_split = flags.is_split and own.base_release != newest.name
        if parent == own.base_hash and not is_split and not (clause and refusal(clause.policy, own.mode)):
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
        gaps = new_gaps(
            session, shelf, one, before=local, after=plan.proposed or "", clause=own.clause_key, at=now
        ) if plan.merge is not None else []  # fmt: skip
        if gaps:
            plan = until_filled_in(plan, local)
        if plan.outcome is not Outcome.UNCHANGED:
            found.append(Work(one.id, own, plan, local, parent or "", newest.name))
    return found


def _preference(one: Standing, now: datetime) -> PreferenceKind:
    return one.stance.preference_at(now)


def _last_known(editions: Sequence[Edition], key: str) -> SharedClause | None:
    return next((one.clauses[key] for one in reversed(editions) if key in one.clauses), None)


def _write_works(session: PortalSession, works: Sequence[Work], now: datetime) -> None:
    """The rows of all works are read at once, and what only gets other words is written at once."""
    rows = _locked(session, works)
    undecided = [
        work for work in works if (row := rows.get(work.override.id)) and row.base_hash == work.override.base_hash
    ]
    _remember_merges(session, undecided)
    replaced: list[Replacement] = []
    for work in undecided:
        row = rows[work.override.id]
        match work.plan.outcome:
            case Outcome.INHERIT:
                _end(session, work, row, work.release, now)
            case Outcome.OMITTED:
                row.base_hash, row.base_release = work.shared_hash or row.base_hash, work.release
            case Outcome.MERGED if work.plan.proposed == work.local:
                row.base_hash, row.base_release = work.shared_hash, work.release
            case Outcome.MERGED:
                replaced.append(Replacement(row, work.plan.proposed or "", work.shared_hash, work.release))
            case _:
                _ask(session, work, row, work.release, now)
    replace_words(session, replaced, now)


def _locked(session: PortalSession, works: Sequence[Work]) -> dict[int, Override]:
    """The overrides that are still in force, by id."""
    statement = select(Override).where(
        Override.id.in_([work.override.id for work in works]), Override.ended_at.is_(None)
    )
    statement = statement.order_by(Override.id).with_for_update().execution_options(populate_existing=True)
    return {row.id: row for row in session.scalars(statement)}


def _remember_merges(session: PortalSession, works: Sequence[Work]) -> None:
    merges: dict[tuple[str, str, str], ChangePlan] = {}
    for work in works:
        own = work.override
        if own.base_hash and work.shared_hash and own.part_hash and work.plan.merge is not None:
            merges[own.base_hash, work.shared_hash, own.part_hash] = work.plan
    identity = (MergeResult.base_hash, MergeResult.shared_hash, MergeResult.local_hash)
    known = {tuple(row) for row in session.execute(select(*identity).where(tuple_(*identity).in_(list(merges))))}
    fresh = {one: plan for one, plan in merges.items() if one not in known}
    hashes = keep_texts(session, [plan.merge.text for plan in fresh.values() if plan.merge is not None])
    for (base, shared, local), plan in fresh.items():
        assert plan.merge is not None
        session.add(
            MergeResult(
                base_hash=base, shared_hash=shared, local_hash=local, merged_hash=hashes[plan.merge.text],
                conflicts=conflicts_of(plan),
            )
        )  # fmt: skip


def conflicts_of(plan: ChangePlan) -> list[dict[str, Any]]:
    if plan.merge is None:
        return []
    return [{"base": one.base, "shared": one.shared, "local": one.local} for one in plan.merge.conflicts]


@dataclass(frozen=True, slots=True)
class Replacement:
    """Other words for an override, standing on the shared words with `base_hash` ("": none) of a release."""

    row: Override
    text: str
    base_hash: str
    release: str


def replace_words(
    session: PortalSession, replacements: Sequence[Replacement], now: datetime, *, by: int | None = None
) -> None:
    """From now on the overrides say other words; the rows must be locked, and be of different clauses or tenants."""
    for one in replacements:
        one.row.ended_at = max(now, one.row.effective_at)
    session.flush()  # one open row a key: the old one must be closed first
    hashes = keep_texts(session, [one.text for one in replacements])
    lines = []
    for one in replacements:
        row = one.row
        session.add(
            Override(
                tenant_id=row.tenant_id, kind=row.kind, key=row.key, clause_key=row.clause_key, mode=row.mode,
                title=row.title, part_hash=hashes[one.text], base_hash=one.base_hash or None, base_release=one.release,
                effective_at=row.ended_at, published_by=by, reason=row.reason,
            )
        )  # fmt: skip
        details = {"release": one.release}
        lines.append(AuditLine(row.tenant_id, ("clause", row.key), details, {"text": one.text}))
    record_many(session, SYSTEM, AuditKind.OVERRIDE_PUBLISHED, lines, now=now)


def _end(session: PortalSession, work: Work, row: Override, release: str, now: datetime) -> None:
    row.ended_at, row.ended_by = max(now, row.effective_at), release
    record(session, SYSTEM, AuditKind.OVERRIDE_ENDED, tenant_id=work.tenant_id, subject=("clause", row.key), now=now)


def _ask(session: PortalSession, work: Work, row: Override, release: str, now: datetime) -> None:
    """Store what a person must decide, once; an older question about the same clause is overtaken.

    One that was overtaken itself is asked again when the same words come back, and an open one when a lock leaves
    nothing of it to choose.
    """
    own, plan = work.override, work.plan
    known = session.scalar(
        select(Decision).where(
            Decision.tenant_id == work.tenant_id, Decision.key == own.key, Decision.shared_hash == work.shared_hash,
            Decision.local_hash == own.part_hash, Decision.base_hash == own.base_hash,
        )
    )  # fmt: skip
    is_locked = plan.why is Why.LOCKED
    if known is not None and (known.choice is not None or (known.settled_at is None and not is_locked)):
        if is_locked:
            _take_off(session, work, row, release, now)
        return
    tenant = session.get(Tenant, work.tenant_id)
    assert tenant is not None
    settle_open(session, SYSTEM_ACTOR, tenant, own.key, choice=None, result_hash=None, now=now)
    merged = keep_text(session, plan.proposed) if plan.proposed is not None else None
    if known is None:
        known = Decision(
            tenant_id=work.tenant_id, key=own.key, clause_key=own.clause_key, base_hash=own.base_hash,
            shared_hash=work.shared_hash, local_hash=own.part_hash,
        )  # fmt: skip
        session.add(known)
    known.release, known.kind, known.override_id, known.conflicts = release, _kind(plan), row.id, conflicts_of(plan)
    known.merged_hash = merged
    known.opened_at, known.due_at, known.settled_at, known.settled_by = now, now + TELL_DPO_AFTER, None, None
    known.reminded, known.told_dpo_at, known.asked_dpo_at = 0, None, None
    if is_locked:
        _take_off(session, work, row, release, now)
    elif plan.why in _RETIRING:
        _keep_as_draft(session, work, now)


def _take_off(session: PortalSession, work: Work, row: Override, release: str, now: datetime) -> None:
    """The page says the shared words, which may not be changed any more; the tenant's are at hand for another place."""
    _keep_as_draft(session, work, now)
    _end(session, work, row, release, now)


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
