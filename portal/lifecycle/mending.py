"""What people do about findings: waive one with a reason, end a waiver, make a safe fix in one school or in all."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.clock import from_london, london
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.core.limits import MESSAGE_LENGTH
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.lifecycle.linting import Checked
from portal.notices.actions import keep_text, place_of
from portal.notices.changes import note_tenant_change
from portal.notices.gathering import GENERAL, texts
from portal.notices.lint.findings import Finding, Fix, mended
from portal.notices.markup import accept
from portal.notices.models import Override, Release, ReleaseClause, TextPart, Waiver
from portal.notices.queries import release_in_force
from portal.notices.releases import ClauseWords, new_draft, notice_kinds, save_clause
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import tenant_scope

LONGEST_WAIVER_DAYS = 366
DAYS_TO_READ_A_DRAFT = 28
MENDED_SHARED = N_("A small fault in the shared words was mended.")
MENDED = N_("A small fault in the school’s own words was mended.")


@dataclass(frozen=True, slots=True)
class NewWaiver:
    """A finding by its rule, clause ("" where something is absent) and words, and for how long it is lived with."""

    rule: str
    clause: str
    quote: str
    reason: str
    expires_on: date


def waive(session: PortalSession, actor: Actor, tenant: Tenant, new: NewWaiver, *, now: datetime) -> Waiver:
    """Raises `Invalid` without a reason and for a last day that is past or more than a year away."""
    _require_waiving(session, actor, tenant)
    if not new.reason.strip():
        raise Invalid("Say why this can stay as it is.", field="reason")
    if len(new.reason) > MESSAGE_LENGTH:
        raise Invalid("The reason is too long.", field="reason")
    ahead = (new.expires_on - london(now).date()).days
    if not 0 <= ahead <= LONGEST_WAIVER_DAYS:
        raise Invalid("Choose a last day within a year from today.", field="expires_on")
    present = session.scalar(
        select(Waiver).where(
            Waiver.tenant_id == tenant.id, Waiver.rule == new.rule, Waiver.clause == new.clause,
            Waiver.quote == new.quote, Waiver.ended_at.is_(None), Waiver.expires_on == new.expires_on,
            Waiver.reason == new.reason.strip(),
        )
    )  # fmt: skip
    if present is not None:
        return present
    row = Waiver(
        tenant_id=tenant.id, rule=new.rule, clause=new.clause, quote=new.quote, reason=new.reason.strip(),
        expires_on=new.expires_on, made_at=now, made_by=actor.person_id,
    )  # fmt: skip
    session.add(row)
    session.flush()  # gives the id that the audit line names
    record(
        session, witness(actor), AuditKind.WAIVER_RECORDED, tenant_id=tenant.id, subject=("waiver", row.id), now=now,
        contents={"reason": row.reason}, rule=row.rule, until=row.expires_on.isoformat(),
    )  # fmt: skip
    return row


def end_waiver(session: PortalSession, actor: Actor, tenant: Tenant, waiver_id: int, *, now: datetime) -> None:
    """The finding stands again. Raises `NotFound`, also for another tenant's; harmless the second time."""
    _require_waiving(session, actor, tenant)
    row = session.scalar(select(Waiver).where(Waiver.tenant_id == tenant.id, Waiver.id == waiver_id))
    if row is None:
        raise NotFound("There is no such waiver.")
    if row.ended_at is None:
        row.ended_at, row.ended_by = now, actor.person_id
        record(
            session, witness(actor), AuditKind.WAIVER_RECORDED, tenant_id=tenant.id, subject=("waiver", row.id),
            now=now, rule=row.rule, ended=True,
        )  # fmt: skip


def open_waivers(session: PortalSession, tenant: Tenant, on: date) -> list[Waiver]:
    """Those that still hold, the first to run out first."""
    statement = select(Waiver).where(Waiver.tenant_id == tenant.id, Waiver.ended_at.is_(None), Waiver.expires_on >= on)
    return list(session.scalars(statement.order_by(Waiver.expires_on, Waiver.id)))


def can_mend(checked: Checked, finding: Finding) -> bool:
    """Whether a fix is safe and the words are the school's own; shared words are mended by a release."""
    return finding.fix is not None and finding.clause in checked.mendable


def mend(
    session: PortalSession,
    actor: Actor,
    school: Tenant,
    checked: Checked,
    findings: Iterable[Finding],
    *,
    now: datetime,
) -> int:
    """Put the fixes of these findings in force in the school's own words; returns how many clauses changed.

    Raises `Conflict` where the words are no longer those that were looked at.
    """
    require(actor, Action.IMPORT_NOTICE, place_of(session, school))
    by_clause: dict[str, list[Finding]] = {}
    for finding in findings:
        if can_mend(checked, finding):
            by_clause.setdefault(str(finding.clause), []).append(finding)
    with tenant_scope(session, school.id):
        changed = sum(_mend_clause(session, actor, school, key, found, now) for key, found in by_clause.items())
    if changed:
        note_tenant_change(session, school, reason=MENDED, now=now, made_by=actor.person_id)
    return changed


def draft_mended_library(session: PortalSession, actor: Actor, checked: Checked, *, now: datetime) -> list[Release]:
    """For each kind of notice a draft of its shared wording with every safe fix of `checked` made; none without a fix.

    Pressed twice on one day, it goes on with the same drafts.
    """
    fixes: dict[str, list[Fix]] = {}
    for finding in checked.standing:
        if finding.fix is not None and finding.clause:
            fixes.setdefault(finding.clause, []).append(finding.fix)
    present = [release_in_force(session, now, kind=one.kind) for one in notice_kinds(session)]
    return [
        _draft_mended(session, actor, release, better, now)
        for release in present
        if release is not None and (better := _mended_words(session, release, fixes))
    ]


def _mended_words(session: PortalSession, release: Release, fixes: Mapping[str, list[Fix]]) -> dict[str, str]:
    """The better words of each clause that has a fix."""
    words = texts(session, [one.part_hash for one in release.clauses])
    better = {one.key: mended(words[one.part_hash], fixes.get(one.key, ())) for one in release.clauses}
    return {one.key: better[one.key] for one in release.clauses if better[one.key] != words[one.part_hash]}


def _draft_mended(
    session: PortalSession, actor: Actor, release: Release, better: Mapping[str, str], now: datetime
) -> Release:
    day = london(now).date()
    name = f"mended-{'' if release.kind == GENERAL else release.kind + '-'}{day.isoformat()}"
    draft = session.scalar(select(Release).where(Release.name == name))
    if draft is None:
        begins = from_london(day + timedelta(days=DAYS_TO_READ_A_DRAFT), time.min)
        draft = new_draft(session, actor, name=name, title=name, effective_at=begins, now=now, kind=release.kind)
    for row in [one for one in draft.clauses if one.key in better]:
        save_clause(session, actor, draft, _words(row, better[row.key], draft), now=now)
        session.flush()  # the version that the next clause must have seen
    return draft


def _words(row: ReleaseClause, text: str, draft: Release) -> ClauseWords:
    return ClauseWords(
        row.key, row.title, text, MENDED_SHARED, draft.version, row.policy, row.review, row.confirm, tuple(row.laws),
        tuple(row.applies),
    )  # fmt: skip


def _require_waiving(session: PortalSession, actor: Actor, tenant: Tenant) -> None:
    """Findings of the shared wording are for those who write it."""
    action = Action.EDIT_RELEASE if tenant.kind is TenantKind.SERVICE else Action.WAIVE_FINDING
    require(actor, action, place_of(session, tenant))


def _mend_clause(
    session: PortalSession, actor: Actor, school: Tenant, key: str, findings: list[Finding], now: datetime
) -> bool:
    row = session.scalar(
        select(Override)
        .where(Override.tenant_id == school.id, Override.key == key, Override.ended_at.is_(None))
        .with_for_update()
    )
    part = session.get(TextPart, row.part_hash) if row is not None and row.part_hash else None
    if row is None or part is None:
        raise Conflict(N_("These words were changed meanwhile. Look at the check again."))
    fixes = [finding.fix for finding in findings if finding.fix]
    text, title = mended(part.text, fixes), mended(row.title, fixes)
    if (text, title) == (part.text, row.title):
        return False
    digest = keep_text(session, accept(text))
    row.ended_at = now
    session.flush()  # one open row a key: the old one must be closed first
    session.add(
        Override(
            tenant_id=school.id, kind=row.kind, key=row.key, clause_key=row.clause_key, mode=row.mode, title=title,
            part_hash=digest, base_hash=row.base_hash, base_release=row.base_release, effective_at=now,
            published_by=actor.person_id, reason=MENDED,
        )
    )  # fmt: skip
    record(
        session, witness(actor), AuditKind.OVERRIDE_PUBLISHED, tenant_id=school.id, subject=("clause", key), now=now,
        contents={"text": text}, mended=len(findings),
    )  # fmt: skip
    return True
