"""Applying an import and taking it back: facts, overrides, drafts and proposals, each from its step of the plan."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict
from portal.core.i18n import N_
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.lifecycle.bring_notice import MEANWHILE, steps_of
from portal.lifecycle.import_plan import Deed, Step
from portal.notices.actions import adopt_override, place_of, settle_open
from portal.notices.changes import note_tenant_change
from portal.notices.models import (
    DecisionChoice,
    DraftStatus,
    ImportRun,
    Override,
    OverrideDraft,
    OverrideMode,
    WordingProposal,
)
from portal.tenancy.actions import record_facts
from portal.tenancy.models import Tenant
from portal.tenancy.queries import facts_at
from portal.tenancy.scope import tenant_scope

REASON = N_("The school’s own notice was brought into this portal.")
TAKEN_BACK = N_("Bringing in the school’s own notice was taken back.")
PUBLISHING = frozenset({Deed.OVERRIDE, Deed.LOCAL, Deed.OMITTED})
DRAFTING = frozenset({Deed.DRAFT, Deed.REVIEW})


@dataclass
class _Result:
    """Rows by id that applying made; facts with their values before; by override, the one that it took the place of."""

    facts: dict[str, list[str]] = field(default_factory=dict)
    overrides: list[int] = field(default_factory=list)
    replaced: dict[str, int] = field(default_factory=dict)
    drafts: list[list[int]] = field(default_factory=list)
    proposals: list[int] = field(default_factory=list)
    deeds: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "facts": self.facts,
            "overrides": self.overrides,
            "replaced": self.replaced,
            "drafts": self.drafts,
            "proposals": self.proposals,
            "deeds": self.deeds,
        }


def apply_import(
    session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, *, now: datetime, seen: int | None = None
) -> list[Step]:
    """Do what `steps_of` says; a run is applied once, and what the portal holds already is not made twice.

    Facts count from now on, never backdated. Raises `Conflict` where somebody decided something since version `seen`.
    """
    require(actor, Action.IMPORT_NOTICE, place_of(session, school))
    if run.applied_at is not None:
        return []
    if seen is not None and run.version != seen:
        raise Conflict(MEANWHILE)
    steps = steps_of(session, school, run, now=now)
    with tenant_scope(session, school.id):
        result = _Result(deeds=[step.as_json() for step in steps])
        _record_facts(session, actor, school, steps, result, now)
        for step in steps:
            _do(session, actor, school, step, result, now)
        run.applied_at, run.applied_by, run.result = now, actor.person_id, result.as_json()
        counts = Counter(step.deed for step in steps)
        record(
            session, witness(actor), AuditKind.NOTICE_IMPORTED, tenant_id=school.id, subject=("import", run.id),
            now=now, contents={"document": run.sha256}, overrides=counts[Deed.OVERRIDE] + counts[Deed.LOCAL],
            drafts=counts[Deed.DRAFT] + counts[Deed.REVIEW], proposals=counts[Deed.PROPOSAL], facts=counts[Deed.FACT],
        )  # fmt: skip
    if result.facts or result.overrides:
        note_tenant_change(session, school, reason=REASON, now=now, made_by=actor.person_id)
    return steps


def undo_import(session: PortalSession, actor: Actor, school: Tenant, run: ImportRun, *, now: datetime) -> int:
    """Take back what applying made and nobody touched since; returns how many things. Harmless the second time."""
    require(actor, Action.IMPORT_NOTICE, place_of(session, school))
    if run.applied_at is None or run.undone_at is not None:
        return 0
    with tenant_scope(session, school.id):
        done = _end_overrides(session, actor, school, run.result, now)
        done += _drop_drafts(session, school, run.result["drafts"])
        done += _withdraw(session, actor, school, run.result["proposals"], now)
        present = facts_at(session, school.id, now)
        before = {key: old for key, (old, new) in run.result["facts"].items() if present.get(key, "") == new}
        done += len(record_facts(session, school, before, now=now, recorded_by=actor.person_id))
        run.undone_at, run.undone_by = now, actor.person_id
        record(
            session, witness(actor), AuditKind.NOTICE_IMPORTED, tenant_id=school.id, subject=("import", run.id),
            now=now, undone=True, things=done,
        )  # fmt: skip
    note_tenant_change(session, school, reason=TAKEN_BACK, now=now, made_by=actor.person_id)
    return done


def _record_facts(
    session: PortalSession, actor: Actor, school: Tenant, steps: Iterable[Step], result: _Result, now: datetime
) -> None:
    chosen = {step.key: step for step in steps if step.deed is Deed.FACT}
    values = {key: step.text for key, step in chosen.items()}
    for key in record_facts(session, school, values, now=now, recorded_by=actor.person_id):
        result.facts[key] = [chosen[key].now, chosen[key].text]
        record(
            session, witness(actor), AuditKind.FACT_RECORDED, tenant_id=school.id, subject=("fact", key), now=now,
            contents={"value": chosen[key].text},
        )  # fmt: skip


def _do(session: PortalSession, actor: Actor, school: Tenant, step: Step, result: _Result, now: datetime) -> None:
    if step.deed in PUBLISHING:
        before = session.scalar(
            select(Override.id).where(
                Override.tenant_id == school.id, Override.key == step.key, Override.ended_at.is_(None)
            )
        )
        row = adopt_override(
            session, school, clause_key=step.clause_key, mode=step.mode, text=step.text, now=now,
            base_release=step.base_release, title=step.title if step.deed is Deed.LOCAL else "",
            key=step.key if step.deed is Deed.LOCAL else "", reason=REASON, published_by=actor.person_id,
        )  # fmt: skip
        session.flush()  # gives the id that taking back needs
        result.overrides.append(row.id)
        if before is not None:
            result.replaced[str(row.id)] = before
        settle_open(session, actor, school, step.key, choice=DecisionChoice.OWN, result_hash=row.part_hash, now=now)
        kind = AuditKind.OVERRIDE_PUBLISHED
    elif step.deed in DRAFTING:
        draft = _draft(session, actor, school, step, now)
        result.drafts.append([draft.id, draft.version])
        kind = AuditKind.OVERRIDE_SAVED
    elif step.deed is Deed.PROPOSAL:
        proposal = _proposal(session, actor, school, step, now)
        if proposal is None:
            return
        result.proposals.append(proposal.id)
        kind = AuditKind.OVERRIDE_SAVED
    else:
        return
    record(
        session, witness(actor), kind, tenant_id=school.id, subject=("clause", step.key), now=now,
        contents={"text": step.text}, imported=True,
    )  # fmt: skip


def _draft(session: PortalSession, actor: Actor, school: Tenant, step: Step, now: datetime) -> OverrideDraft:
    row = OverrideDraft(
        tenant_id=school.id,
        key=step.key,
        clause_key=step.clause_key or step.key,
        mode=step.mode,
        title=step.title if step.mode in {OverrideMode.BEFORE, OverrideMode.AFTER} else "",
        text=step.text,
        base_hash=step.base_hash or None,
        base_release=step.base_release,
        status=DraftStatus.IN_REVIEW if step.deed is Deed.REVIEW else DraftStatus.DRAFT,
        saved_at=now,
        saved_by=actor.person_id,
    )
    session.add(row)
    session.flush()  # gives the id and the version
    return row


def _proposal(
    session: PortalSession, actor: Actor, school: Tenant, step: Step, now: datetime
) -> WordingProposal | None:
    """None where the same words were proposed before."""
    statement = select(WordingProposal).where(
        WordingProposal.tenant_id == school.id, WordingProposal.key == step.key, WordingProposal.text == step.text
    )
    if session.scalar(statement.limit(1)) is not None:
        return None
    row = WordingProposal(
        tenant_id=school.id,
        key=step.key,
        text=step.text,
        base_hash=step.base_hash,
        base_release=step.base_release,
        proposed_at=now,
        proposed_by=actor.person_id,
    )
    session.add(row)
    session.flush()  # gives the id that taking back needs
    return row


def _end_overrides(
    session: PortalSession, actor: Actor, school: Tenant, result: Mapping[str, Any], now: datetime
) -> int:
    """What stood in an override's place before counts again from now on, unless somebody published words since."""
    statement = select(Override).where(
        Override.tenant_id == school.id, Override.id.in_(result["overrides"]), Override.ended_at.is_(None)
    )
    rows = list(session.scalars(statement.with_for_update()))
    for row in rows:
        row.ended_at = max(now, row.effective_at)
    session.flush()  # one open row a key: what ends must be closed before anything stands in its place
    for row in rows:
        earlier_id = result.get("replaced", {}).get(str(row.id))
        earlier = session.get(Override, earlier_id) if earlier_id is not None else None
        if earlier is not None and row.ended_at is not None:
            session.add(_again(earlier, actor, row.ended_at))
    return len(rows)


def _again(earlier: Override, actor: Actor, at: datetime) -> Override:
    return Override(
        tenant_id=earlier.tenant_id,
        kind=earlier.kind,
        key=earlier.key,
        clause_key=earlier.clause_key,
        mode=earlier.mode,
        title=earlier.title,
        part_hash=earlier.part_hash,
        base_hash=earlier.base_hash,
        base_release=earlier.base_release,
        effective_at=at,
        published_by=actor.person_id,
        reason=TAKEN_BACK,
    )


def _drop_drafts(session: PortalSession, school: Tenant, made: list[list[int]]) -> int:
    versions = {draft_id: version for draft_id, version in made}  # noqa: C416 - pairs come from JSON as lists
    statement = select(OverrideDraft).where(OverrideDraft.tenant_id == school.id, OverrideDraft.id.in_(versions))
    rows = [row for row in session.scalars(statement.with_for_update()) if row.version == versions[row.id]]
    for row in rows:
        session.delete(row)
    return len(rows)


def _withdraw(session: PortalSession, actor: Actor, school: Tenant, ids: list[int], now: datetime) -> int:
    statement = select(WordingProposal).where(
        WordingProposal.tenant_id == school.id, WordingProposal.id.in_(ids), WordingProposal.settled_at.is_(None)
    )
    rows = list(session.scalars(statement.with_for_update()))
    for row in rows:
        row.settled_at, row.settled_by, row.answer = now, actor.person_id, TAKEN_BACK
    return len(rows)
