"""What a school or trust settles about changed shared wording; every choice is recorded, nothing is silent."""

from datetime import datetime

from sqlalchemy import func, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.notices.actions import check_gaps, is_about_draft, keep_text, needs_review, place_of, put_in_force
from portal.notices.changes import note_tenant_change
from portal.notices.gathering import fill_shelf, texts
from portal.notices.markup import accept
from portal.notices.merge import Choice, Merge, merge_clause, settle
from portal.notices.merging import Replacement, replace_words, todays_parents
from portal.notices.models import (
    ClausePolicy,
    Decision,
    DecisionChoice,
    DecisionKind,
    DraftStatus,
    Override,
    OverrideDraft,
    OverrideMode,
    ReviewComment,
)
from portal.notices.rules import TELL_DPO_AFTER, refusal
from portal.notices.wording import ClauseWording, NoticeDesk, notice_desk
from portal.tenancy.models import Tenant

SETTLED = N_("The school decided about changed shared wording.")
CONFIRMED = N_("The school agreed to changed shared wording.")


def open_decisions(session: PortalSession, *, tenant_id: int | None = None) -> list[Decision]:
    """What waits for an answer, the oldest first; of one tenant or, in a wider scope, of all."""
    statement = select(Decision).where(Decision.settled_at.is_(None)).order_by(Decision.due_at, Decision.id)
    if tenant_id is not None:
        statement = statement.where(Decision.tenant_id == tenant_id)
    return list(session.scalars(statement))


def decision(session: PortalSession, tenant: Tenant, decision_id: int, *, lock: bool = False) -> Decision:
    """Raises `NotFound`, also for another tenant's."""
    statement = select(Decision).where(Decision.tenant_id == tenant.id, Decision.id == decision_id)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound("There is no such question.")
    return found


def question_about_draft(session: PortalSession, tenant: Tenant, key: str) -> Decision:
    """The open question about words that were typed while a release came out. Raises `NotFound`."""
    for row in open_decisions(session, tenant_id=tenant.id):
        if row.key == key and is_about_draft(row):
            return row
    raise NotFound("There is no such question.")


def three_texts(session: PortalSession, row: Decision) -> tuple[str, str, str]:
    """(shared before, shared now, ours)."""
    words = texts(session, [one for one in (row.base_hash, row.shared_hash, row.local_hash) if one])
    local = words.get(row.local_hash or "", "")
    if is_about_draft(row):
        draft = _draft(session, row)
        local = draft.text if draft else ""
    return words.get(row.base_hash or "", ""), words.get(row.shared_hash, ""), local


def merge_of(session: PortalSession, row: Decision) -> Merge:
    base, shared, local = three_texts(session, row)
    return merge_clause(base or None, shared or None, local or None)


def decide(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, choice: DecisionChoice, *, now: datetime,
    text: str = "", desk: NoticeDesk | None = None,
) -> str:  # fmt: skip
    """Settle a question about the tenant's own words; returns the text that then counts ("": the shared words).

    Keeping and sharing are about the sentences in dispute: the rest of both changes is merged already. `OWN` needs
    `text`; `ASK` leaves the question open and puts it before the DPO team. New words of a clause that needs review
    become a draft in review, and the question stays open until the DPO team agrees. The same press twice settles once;
    raises `Conflict` where somebody chose otherwise meanwhile or the shared words changed again, `Invalid` as
    publishing does.
    """
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    if row.settled_at is not None:
        if row.choice is choice:
            return _result_text(session, row)
        raise Conflict(N_("Somebody settled this meanwhile."), theirs=_result_text(session, row))
    if choice is DecisionChoice.ASK:
        row.asked_dpo_at = row.asked_dpo_at or now
        _record(session, actor, tenant, row, choice, now)
        return ""
    board = desk or _board(session, tenant, row, now)
    _check_today(board, row, now)
    own = accept(text, board.keys, name="text") if choice is DecisionChoice.OWN else ""
    result = _chosen(session, row, choice, own)
    if _is_locked(board, row) and choice is not DecisionChoice.SHARED:
        return _keep_aside(session, actor, tenant, row, choice, now)
    words = _words(session, tenant, row, result, now)
    _check(session, board, row, words, now)
    if _is_for_review(session, board, row, words, choice):
        return _send_for_review(session, actor, tenant, row, words, choice, now)
    _apply(session, actor, tenant, board, row, words, now)
    _settle(session, actor, tenant, row, choice, result, now)
    note_tenant_change(session, tenant, reason=SETTLED, now=now, made_by=actor.person_id)
    return result


def agree(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, *, now: datetime,
    desk: NoticeDesk | None = None,
) -> None:  # fmt: skip
    """The DPO team agrees to a merged text of a clause that needs review: it is published.

    Raises `Conflict` where the shared words changed again, or the school wrote other words that wait for review.
    """
    require(actor, Action.REVIEW_OVERRIDE, place_of(session, tenant))
    if row.settled_at is not None:
        return
    if row.kind is not DecisionKind.REVIEW:
        raise Invalid("This waits for the school, not for the DPO team.")
    board = desk or _board(session, tenant, row, now)
    _check_today(board, row, now)
    draft = _draft(session, row)
    if draft is not None and draft.status is DraftStatus.IN_REVIEW:
        raise Conflict(N_("The school wrote other words, which wait for review. Read these first."), theirs=draft.text)
    result = texts(session, [row.merged_hash or ""]).get(row.merged_hash or "", "")
    words = _words(session, tenant, row, result, now)
    _check(session, board, row, words, now)
    _apply(session, actor, tenant, board, row, words, now)
    _settle(session, actor, tenant, row, DecisionChoice.OWN, result, now)
    record(
        session, witness(actor), AuditKind.OVERRIDE_REVIEWED, tenant_id=tenant.id, subject=("clause", row.key), now=now,
        approved=True,
    )  # fmt: skip
    note_tenant_change(session, tenant, reason=SETTLED, now=now, made_by=actor.person_id)


def answer_change(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, key: str, *, shared_hash: str,
    takes: bool, now: datetime,
) -> None:  # fmt: skip
    """Say yes or no to new shared words of a clause that the tenant shares; `shared_hash` is what she had before her.

    Raises `Conflict` where the words changed again since, `Invalid` for a yes while a fact in them is missing.
    """
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    waiting = desk.shared.waiting.get(key)
    if waiting is None:
        return  # answered already, or the question is gone
    offered = waiting.clause.part_hash if waiting.clause else ""
    if offered != shared_hash:
        raise Conflict(N_("The shared words changed again meanwhile. Read them once more."))
    gaps = desk.clause(key).missing
    if takes and gaps:
        raise Invalid(f"{gaps[0].reason[:1].upper()}{gaps[0].reason[1:]}.")
    row = session.scalar(
        select(Decision).where(
            Decision.tenant_id == tenant.id, Decision.key == key, Decision.shared_hash == shared_hash,
            Decision.kind == DecisionKind.CONFIRM, Decision.override_id.is_(None), Decision.settled_at.is_(None),
        )
    )  # fmt: skip
    if row is None:
        row = open_question(session, tenant, desk.clause(key))
    choice = DecisionChoice.SHARED if takes else DecisionChoice.KEEP
    row.choice, row.settled_at, row.settled_by = choice, now, actor.person_id
    row.result_hash = shared_hash or None if takes else row.base_hash
    _record(session, actor, tenant, row, choice, now)
    note_tenant_change(session, tenant, reason=CONFIRMED if takes else SETTLED, now=now, made_by=actor.person_id)


def open_question(session: PortalSession, tenant: Tenant, wording: ClauseWording) -> Decision:
    """A row for a change that waits for the school's yes: for reminders, and for asking the DPO team."""
    waiting = wording.waiting
    assert waiting is not None
    row = Decision(
        tenant_id=tenant.id, release=waiting.edition.name, key=wording.key, clause_key=wording.clause_key,
        kind=DecisionKind.CONFIRM, base_hash=wording.parent_hash or None,
        shared_hash=waiting.clause.part_hash if waiting.clause else "", opened_at=waiting.edition.effective_at,
        due_at=waiting.edition.effective_at + TELL_DPO_AFTER, conflicts=[],
    )  # fmt: skip
    session.add(row)
    session.flush()  # gives the id that pages refer to
    return row


def ask_dpo(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, key: str, *, question: str, now: datetime
) -> None:
    """Put a question about a clause before the DPO team; the page stays as it is meanwhile."""
    require(actor, Action.ASK_DPO, place_of(session, tenant))
    wording = desk.clause(key)
    row = wording.decision
    if row is None and wording.waiting is not None:
        row = open_question(session, tenant, wording)
    if row is None:
        raise Invalid("There is nothing open about this clause.")
    row.asked_dpo_at = row.asked_dpo_at or now
    comment(session, actor, tenant, key, question, now=now)
    _record(session, actor, tenant, row, DecisionChoice.ASK, now)


def advise(session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, text: str, *, now: datetime) -> None:
    """The DPO team answers a school's question; the choice stays the school's. Raises `Invalid` without an answer."""
    require(actor, Action.REVIEW_OVERRIDE, place_of(session, tenant))
    if not text.strip():
        raise Invalid(N_("Write what the school should know."), field="comment")
    comment(session, actor, tenant, row.key, text, now=now)
    row.asked_dpo_at = None
    row.told_dpo_at = row.told_dpo_at or now
    _record(session, actor, tenant, row, DecisionChoice.ASK, now)


def comment(session: PortalSession, actor: Actor, tenant: Tenant, key: str, text: str, *, now: datetime) -> None:
    """A line in the talk between school and DPO team about a clause; nothing where it is empty."""
    if text.strip():
        session.add(
            ReviewComment(tenant_id=tenant.id, key=key, text=text.strip(), written_at=now, written_by=actor.person_id)
        )


def comments(session: PortalSession, tenant: Tenant, key: str) -> list[ReviewComment]:
    statement = select(ReviewComment).where(ReviewComment.tenant_id == tenant.id, ReviewComment.key == key)
    return list(session.scalars(statement.order_by(ReviewComment.id)))


def count_open(session: PortalSession) -> int:
    return session.scalar(select(func.count()).select_from(Decision).where(Decision.settled_at.is_(None))) or 0


def _chosen(session: PortalSession, row: Decision, choice: DecisionChoice, own: str) -> str:
    base, shared, local = three_texts(session, row)
    if choice is DecisionChoice.OWN:
        return own
    if row.kind is DecisionKind.RETIRED:
        return local if choice is DecisionChoice.KEEP else shared
    if row.kind in {DecisionKind.MERGED, DecisionKind.REVIEW}:
        return local if choice is DecisionChoice.KEEP else shared
    merged = merge_clause(base or None, shared or None, local or None)
    side = Choice.LOCAL if choice is DecisionChoice.KEEP else Choice.SHARED
    return settle(merged, [side] * len(merged.conflicts))


def _board(session: PortalSession, tenant: Tenant, row: Decision, now: datetime) -> NoticeDesk:
    """The tenant's notice that the question's clause belongs to."""
    shelf = fill_shelf(session)
    return notice_desk(session, tenant, now=now, shelf=shelf.of(shelf.kind_of(row.clause_key)))


def _check_today(board: NoticeDesk, row: Decision, now: datetime) -> None:
    if row.kind is DecisionKind.CONFIRM:
        waiting = board.shared.waiting.get(row.key)
        is_asked = waiting is not None and (waiting.clause.part_hash if waiting.clause else "") == row.shared_hash
    else:
        is_asked = row.shared_hash in todays_parents(board, row.clause_key, now)
    if not is_asked:
        raise Conflict(N_("The shared words changed again meanwhile, so this question is none any more."))


def _is_locked(board: NoticeDesk, row: Decision) -> bool:
    clause = board.shared.ruling(row.clause_key)
    return bool(row.shared_hash) and clause is not None and clause.policy is ClausePolicy.LOCKED


def _keep_aside(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, choice: DecisionChoice, now: datetime
) -> str:
    """Words for a locked clause cannot be published: kept, they stay a draft for another place."""
    if choice is DecisionChoice.OWN:
        raise Invalid(str(refusal(ClausePolicy.LOCKED, OverrideMode.ADAPT)), field="text")
    row.choice, row.settled_at, row.settled_by, row.result_hash = choice, now, actor.person_id, row.shared_hash
    _record(session, actor, tenant, row, choice, now)
    return ""


def _words(session: PortalSession, tenant: Tenant, row: Decision, text: str, now: datetime) -> OverrideDraft:
    """The chosen words as a draft that is not stored, to be checked and carried out."""
    own = _own(session, tenant, row)
    return OverrideDraft(
        tenant_id=tenant.id, key=row.key, clause_key=row.clause_key, mode=own.mode if own else OverrideMode.ADAPT,
        title=own.title if own else "", text=text, base_hash=row.shared_hash or row.base_hash,
        base_release=row.release, saved_at=now,
    )  # fmt: skip


def _check(session: PortalSession, board: NoticeDesk, row: Decision, words: OverrideDraft, now: datetime) -> None:
    """What the page says already is not checked again."""
    wording = board.clauses.get(row.key)
    if words.text and (wording is None or wording.own is None or wording.own_text != words.text):
        check_gaps(session, board, words, now)


def _is_for_review(
    session: PortalSession, board: NoticeDesk, row: Decision, words: OverrideDraft, choice: DecisionChoice
) -> bool:
    """Whoever chooses between two texts that the DPO team agreed to needs no further yes; new words do."""
    _, shared, local = three_texts(session, row)
    if is_about_draft(row):
        return words.text != shared and needs_review(board, words)
    return choice is DecisionChoice.OWN and words.text not in {shared, local} and needs_review(board, words)


def _send_for_review(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, words: OverrideDraft, choice: DecisionChoice,
    now: datetime,
) -> str:  # fmt: skip
    draft = _draft(session, row)
    is_other = draft is not None and draft.saved_by is not None and draft.text != words.text
    if draft is not None and is_other and not is_about_draft(row):
        raise Conflict(
            N_("There is a draft of this clause with other words. Publish it or throw it away first."),
            theirs=draft.text,
        )
    if draft is None:
        draft = words
        session.add(draft)
    draft.text, draft.base_hash, draft.base_release = words.text, words.base_hash, words.base_release
    draft.status, draft.saved_at, draft.saved_by = DraftStatus.IN_REVIEW, now, actor.person_id
    record(
        session, witness(actor), AuditKind.OVERRIDE_SAVED, tenant_id=tenant.id, subject=("clause", row.key), now=now,
        contents={"text": draft.text}, choice=choice.value,
    )  # fmt: skip
    return ""


def _apply(
    session: PortalSession, actor: Actor, tenant: Tenant, board: NoticeDesk, row: Decision, words: OverrideDraft,
    now: datetime,
) -> None:  # fmt: skip
    own, draft = _own(session, tenant, row), _draft(session, row)
    if is_about_draft(row):
        if draft is not None:
            draft.text, draft.base_hash = words.text, words.base_hash
            put_in_force(session, actor, tenant, board, draft, now=now)
        return
    if draft is not None and row.kind is DecisionKind.RETIRED:
        session.delete(draft)
    if own is None:
        return
    _, shared, _ = three_texts(session, row)
    if words.text == shared:
        own.ended_at = max(now, own.effective_at)
        return
    present = texts(session, [own.part_hash or ""]).get(own.part_hash or "", "")
    if words.text == present:
        own.base_hash, own.base_release = row.shared_hash or own.base_hash, row.release
        return
    replacement = Replacement(own, words.text, row.shared_hash or "", row.release)
    replace_words(session, [replacement], now, by=actor.person_id)


def _own(session: PortalSession, tenant: Tenant, row: Decision) -> Override | None:
    statement = select(Override).where(
        Override.tenant_id == tenant.id, Override.key == row.key, Override.ended_at.is_(None)
    )
    return session.scalar(statement.with_for_update())


def _draft(session: PortalSession, row: Decision) -> OverrideDraft | None:
    statement = select(OverrideDraft).where(OverrideDraft.tenant_id == row.tenant_id, OverrideDraft.key == row.key)
    return session.scalar(statement)


def _settle(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, choice: DecisionChoice, result: str,
    now: datetime,
) -> None:  # fmt: skip
    row.choice, row.settled_at, row.settled_by = choice, now, actor.person_id
    row.result_hash = keep_text(session, result) if result else None
    _record(session, actor, tenant, row, choice, now)


def _record(
    session: PortalSession, actor: Actor, tenant: Tenant, row: Decision, choice: DecisionChoice, now: datetime
) -> None:
    record(
        session, witness(actor), AuditKind.CHOICE_RECORDED, tenant_id=tenant.id, subject=("clause", row.key), now=now,
        choice=choice.value, release=row.release, question=row.kind.value,
    )  # fmt: skip


def _result_text(session: PortalSession, row: Decision) -> str:
    return texts(session, [row.result_hash]).get(row.result_hash, "") if row.result_hash else ""
