"""Verbs on a tenant's own wording: save, send for review, publish, leave out, go back to the shared words, prefer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import or_, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.core.limits import TITLE_LENGTH
from portal.core.text import slugify
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.notices.changes import note_tenant_change
from portal.notices.gaps import new_gaps
from portal.notices.gathering import GENERAL
from portal.notices.markup import accept
from portal.notices.merge import Merge, merge_clause
from portal.notices.models import (
    ClausePolicy,
    Decision,
    DecisionChoice,
    DecisionKind,
    DraftStatus,
    Override,
    OverrideDraft,
    OverrideMode,
    Preference,
    PreferenceKind,
    ReleaseClause,
    ReviewComment,
    TextPart,
)
from portal.notices.queries import release_in_force
from portal.notices.reading import text_hash
from portal.notices.rules import TELL_DPO_AFTER
from portal.notices.wording import NoticeDesk, preview
from portal.tenancy.models import Tenant
from portal.tenancy.queries import service

OWN_WORDING = N_("The school changed its own wording.")
REPLACING = frozenset({OverrideMode.ADAPT, OverrideMode.OMIT})


class Outcome(StrEnum):
    """What became of an attempt to publish."""

    PUBLISHED = "published"
    SAME_AS_SHARED = "same-as-shared"
    SENT_FOR_REVIEW = "sent-for-review"
    MERGED = "merged"
    DIFFERS = "differs"
    ALREADY_DONE = "already-done"


@dataclass(frozen=True, slots=True)
class Words:
    """What an editor typed for a clause: `base_hash` is the shared text she had before her, `seen` the draft's version.

    `seen` is 0 where she saw no draft, `own` the published override that she saw (0: none; None: it does not matter).
    """

    key: str
    clause_key: str
    mode: OverrideMode
    text: str
    title: str = ""
    base_hash: str = ""
    seen: int = 0
    reason: str = ""
    own: int | None = None


def keep_text(session: PortalSession, text: str) -> str:
    """Store a canonical text once; returns its hash."""
    return keep_texts(session, [text])[text]


def keep_texts(session: PortalSession, wanted: Iterable[str]) -> dict[str, str]:
    """Store canonical texts once; returns the hash of each."""
    hashes = {text: text_hash(text) for text in wanted}
    known = set(session.scalars(select(TextPart.hash).where(TextPart.hash.in_(hashes.values()))))
    session.add_all(TextPart(hash=digest, text=text) for text, digest in hashes.items() if digest not in known)
    session.flush()  # rows that refer to them follow
    return hashes


def place_of(session: PortalSession, tenant: Tenant) -> Place:
    return Place(tenant.id, tenant.trust_id, service(session).id)


def adopt_override(  # noqa: PLR0913 - a published row has this many fields
    session: PortalSession,
    tenant: Tenant,
    *,
    clause_key: str,
    mode: OverrideMode,
    text: str,
    now: datetime,
    base_release: str = "",
    title: str = "",
    key: str = "",
    reason: str = "",
    published_by: int | None = None,
) -> Override:
    """Put a tenant's wording of a clause in force, from a pack or an import; the caller notes the change.

    Raises `Invalid` for a locked clause or one that does not exist.
    """
    clause, kind = _clause(session, clause_key, base_release, now)
    _check_policy(clause.policy, clause_key, mode)
    own_key = key or (clause_key if mode in REPLACING else f"local.{clause_key}.{mode}")
    _close(session, tenant, own_key, now)
    override = Override(
        tenant_id=tenant.id,
        kind=kind,
        key=own_key,
        clause_key=clause_key,
        mode=mode,
        title=title,
        part_hash=keep_text(session, text) if mode is not OverrideMode.OMIT else None,
        base_hash=clause.part_hash,
        base_release=base_release,
        effective_at=now,
        published_by=published_by,
        reason=reason,
    )
    session.add(override)
    return override


def save_draft(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, words: Words, *, now: datetime
) -> OverrideDraft:
    """Keep wording that is not published yet.

    Raises `Invalid` with the line of the first fault, `Conflict` with the stored text where somebody saved meanwhile.
    """
    require(actor, Action.EDIT_OVERRIDE, place_of(session, tenant))
    draft = _store(session, actor, tenant, desk, words, now=now)
    draft.status = DraftStatus.DRAFT
    _record(session, actor, tenant, AuditKind.OVERRIDE_SAVED, draft.key, now, text=draft.text)
    return draft


def publish(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, words: Words, *, now: datetime
) -> Outcome:
    """Put the words in force, or send them for review where the clause asks for it.

    Where the shared words changed since she began, both changes are put together in the draft, which must be read
    first: `MERGED`; or `DIFFERS` where they touch the same sentence, and then a question is open about both. Raises
    `Invalid` also for a placeholder with nothing to show, naming what is missing and who can fill it in.
    """
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    present = _own(session, tenant, words.key)
    if words.seen and _draft(session, tenant, words.key) is None and _says(present, words):
        return Outcome.ALREADY_DONE
    draft = _store(session, actor, tenant, desk, words, now=now)
    stale = _catch_up(session, actor, tenant, desk, draft, now)
    if stale is not None:
        return stale
    check_gaps(session, desk, draft, now)
    if needs_review(desk, draft):
        draft.status = DraftStatus.IN_REVIEW
        _record(session, actor, tenant, AuditKind.OVERRIDE_SAVED, draft.key, now, text=draft.text)
        return Outcome.SENT_FOR_REVIEW
    return put_in_force(session, actor, tenant, desk, draft, now=now, reason=words.reason)


def put_in_force(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, draft: OverrideDraft, *, now: datetime,
    reason: str = "",
) -> Outcome:  # fmt: skip
    """The draft's words from now on; the draft itself is used up. Words equal to the shared ones end the override."""
    parent = desk.clauses[draft.key].parent if draft.key in desk.clauses else ""
    is_same = draft.mode is OverrideMode.ADAPT and draft.text == parent
    _close(session, tenant, draft.key, now)
    digest = keep_text(session, draft.text)
    if not is_same:
        session.add(
            Override(
                tenant_id=tenant.id, kind=desk.kind, key=draft.key, clause_key=draft.clause_key, mode=draft.mode,
                title=draft.title, part_hash=digest, base_hash=draft.base_hash or None,
                base_release=desk.shared.newest.name, effective_at=now, published_by=actor.person_id, reason=reason,
            )
        )  # fmt: skip
    settle_open(session, actor, tenant, draft.key, choice=DecisionChoice.OWN, result_hash=digest, now=now)
    session.delete(draft)
    kind = AuditKind.OVERRIDE_ENDED if is_same else AuditKind.OVERRIDE_PUBLISHED
    _record(session, actor, tenant, kind, draft.key, now, text=draft.text)
    note_tenant_change(session, tenant, reason=reason or OWN_WORDING, now=now, made_by=actor.person_id)
    return Outcome.SAME_AS_SHARED if is_same else Outcome.PUBLISHED


def leave_out(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, key: str, *, now: datetime,
    reason: str = "", own: int | None = None,
) -> None:  # fmt: skip
    """Omit an optional clause. Raises `Invalid` for any other, `Conflict` where `own` is not the override in force."""
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    wording = desk.clause(key)
    if not wording.may_be_omitted:
        raise Invalid("This clause cannot be left out.")
    if wording.own is not None and wording.own.mode is OverrideMode.OMIT:
        return
    _check_own(session, tenant, key, own)
    _close(session, tenant, key, now)
    session.add(
        Override(
            tenant_id=tenant.id, kind=desk.kind, key=key, clause_key=key, mode=OverrideMode.OMIT,
            base_hash=wording.parent_hash or None, base_release=desk.shared.newest.name, effective_at=now,
            published_by=actor.person_id, reason=reason,
        )
    )  # fmt: skip
    _record(session, actor, tenant, AuditKind.OVERRIDE_PUBLISHED, key, now, mode=OverrideMode.OMIT.value)
    note_tenant_change(session, tenant, reason=reason or OWN_WORDING, now=now, made_by=actor.person_id)


def use_shared(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, key: str, *, now: datetime, seen: int = 0,
    own: int | None = None,
) -> None:  # fmt: skip
    """End the tenant's own wording of a clause; the words stay in the record. Harmless where there is none.

    Raises `Conflict` for a draft of another version than `seen`, or where `own` is not the override in force.
    """
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    draft = _draft(session, tenant, key)
    if draft is not None and draft.version != seen:
        raise Conflict(N_("Somebody else saved this clause meanwhile."), theirs=_titled(draft.title, draft.text))
    _check_own(session, tenant, key, own)
    if draft is not None:
        session.delete(draft)
        _forget_question(session, tenant, key, now)
    if not _close(session, tenant, key, now):
        return
    shared = desk.clauses[key].shared if key in desk.clauses else None
    settle_open(
        session, actor, tenant, key, choice=DecisionChoice.SHARED, result_hash=shared.part_hash if shared else None,
        now=now,
    )  # fmt: skip
    _record(session, actor, tenant, AuditKind.OVERRIDE_ENDED, key, now)
    note_tenant_change(session, tenant, reason=OWN_WORDING, now=now, made_by=actor.person_id)


def drop_draft(session: PortalSession, actor: Actor, tenant: Tenant, key: str, *, now: datetime) -> None:
    """Throw unpublished words away. Harmless where there are none."""
    require(actor, Action.EDIT_OVERRIDE, place_of(session, tenant))
    draft = _draft(session, tenant, key)
    if draft is not None:
        session.delete(draft)
        _forget_question(session, tenant, key, now)
        _record(session, actor, tenant, AuditKind.OVERRIDE_SAVED, key, now, text="")


def _forget_question(session: PortalSession, tenant: Tenant, key: str, now: datetime) -> None:
    """A question about a draft goes with it; one about the published words that it overtook is open again."""
    rows = list(
        session.scalars(
            select(Decision)
            .where(Decision.tenant_id == tenant.id, Decision.key == key, Decision.choice.is_(None))
            .order_by(Decision.id)
        )
    )
    asked = next((row for row in rows if row.settled_at is None and is_about_draft(row)), None)
    if asked is None:
        return
    asked.settled_at = now
    own = _own(session, tenant, key)
    for row in rows:
        if own is not None and row.override_id == own.id and row.shared_hash == asked.shared_hash:
            row.settled_at = row.settled_by = None


def is_about_draft(row: Decision) -> bool:
    """Whether a question was asked while words were typed, and not about published ones."""
    return row.kind is DecisionKind.CONFLICT and row.local_hash is None


def approve(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, key: str, *, seen: int, comment: str,
    now: datetime,
) -> Outcome:  # fmt: skip
    """The DPO team agrees: the reviewed words are published. Raises `Conflict` where the school changed them since."""
    require(actor, Action.REVIEW_OVERRIDE, place_of(session, tenant))
    draft = _in_review(session, tenant, key, seen)
    stale = _catch_up(session, actor, tenant, desk, draft, now)
    if stale is not None:
        raise Conflict(N_("The shared words changed meanwhile. Read both changes together first."), theirs=draft.text)
    check_gaps(session, desk, draft, now)
    _comment(session, actor, tenant, key, comment, now)
    _record(session, actor, tenant, AuditKind.OVERRIDE_REVIEWED, key, now, approved=True)
    return put_in_force(session, actor, tenant, desk, draft, now=now)


def send_back(
    session: PortalSession, actor: Actor, tenant: Tenant, key: str, *, seen: int, comment: str, now: datetime
) -> None:
    """The DPO team does not agree yet and says why. Raises `Invalid` without a reason."""
    require(actor, Action.REVIEW_OVERRIDE, place_of(session, tenant))
    if not comment.strip():
        raise Invalid("Say what the school should change.", field="comment")
    draft = _in_review(session, tenant, key, seen)
    draft.status = DraftStatus.RETURNED
    _comment(session, actor, tenant, key, comment, now)
    _record(session, actor, tenant, AuditKind.OVERRIDE_REVIEWED, key, now, approved=False)


def prefer(session: PortalSession, actor: Actor, tenant: Tenant, value: PreferenceKind, *, now: datetime) -> None:
    """Take new shared wording as it comes, or be asked first; from now on."""
    require(actor, Action.PUBLISH_OVERRIDE, place_of(session, tenant))
    last = session.scalar(
        select(Preference).where(Preference.tenant_id == tenant.id).order_by(Preference.effective_at.desc()).limit(1)
    )
    if (last.value if last else PreferenceKind.TAKE) is value:
        return
    session.add(Preference(tenant_id=tenant.id, value=value, effective_at=now, recorded_by=actor.person_id))
    record(
        session, witness(actor), AuditKind.SETTING_CHANGED, tenant_id=tenant.id, subject=("preference", value.value),
        now=now,
    )  # fmt: skip
    reason = N_("The school now takes new shared wording as it comes.")
    if value is PreferenceKind.ASK:
        reason = N_("The school is now asked before shared wording changes.")
    note_tenant_change(session, tenant, reason=reason, now=now, made_by=actor.person_id)


def settle_open(
    session: PortalSession, actor: Actor, tenant: Tenant, key: str, *, choice: DecisionChoice | None,
    result_hash: str | None, now: datetime,
) -> None:  # fmt: skip
    """Settle what is open about a clause, because its words were decided; without a choice it was overtaken."""
    statement = select(Decision).where(
        Decision.tenant_id == tenant.id, Decision.key == key, Decision.settled_at.is_(None)
    )
    for row in session.scalars(statement.with_for_update()):
        row.choice, row.result_hash, row.settled_at, row.settled_by = choice, result_hash, now, actor.person_id


def local_key(title: str, taken: frozenset[str], *, kind: str = GENERAL) -> str:
    """A new key for a local clause, made from its title; no two notices of a tenant share one."""
    name = f"local.{'' if kind == GENERAL else f'{kind}.'}{slugify(title)[: 60 - len(kind)] or 'clause'}"
    return next(key for key in (name, *(f"{name}-{number}" for number in range(2, 1000))) if key not in taken)


def _store(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, words: Words, *, now: datetime
) -> OverrideDraft:
    anchor = desk.shared.ruling(words.clause_key)
    if anchor is None:
        raise NotFound("There is no such clause.")
    _check_policy(anchor.policy, words.clause_key, words.mode)
    if words.mode not in REPLACING and not words.title:
        raise Invalid(N_("Give the clause a title."), field="title")
    if len(words.title) > TITLE_LENGTH:
        raise Invalid(N_("The title is too long."), field="title")
    text = accept(words.text, desk.keys, name="text")
    base = _base(session, desk, words)
    draft = _draft(session, tenant, words.key)
    is_same = draft is not None and (draft.text, draft.title) == (text, words.title)
    if draft is not None and draft.version != words.seen and not is_same:
        raise Conflict(N_("Somebody else saved this clause meanwhile."), theirs=_titled(draft.title, draft.text))
    _check_own(session, tenant, words.key, words.own, text)
    if draft is None:
        draft = OverrideDraft(
            tenant_id=tenant.id, kind=desk.kind, key=words.key, clause_key=words.clause_key, mode=words.mode,
            base_hash=base,
        )  # fmt: skip
        session.add(draft)
    draft.text, draft.title, draft.base_hash = text, words.title, base or draft.base_hash
    draft.base_release, draft.saved_at, draft.saved_by = desk.shared.newest.name, now, actor.person_id
    session.flush()  # the version that the next reader sees
    return draft


def _base(session: PortalSession, desk: NoticeDesk, words: Words) -> str:
    """The shared text that the words were made from; one that never was counts as the text of today."""
    if not words.base_hash or desk.shelf.fetch(session, [words.base_hash]).get(words.base_hash) is not None:
        return words.base_hash
    return desk.clauses[words.key].parent_hash if words.key in desk.clauses else ""


def _check_own(session: PortalSession, tenant: Tenant, key: str, seen: int | None, text: str | None = None) -> None:
    """Raises `Conflict` where other words were published since she read the page, unless they say what she says."""
    present = _own(session, tenant, key)
    if seen is None or seen == (present.id if present else 0):
        return
    words = session.get(TextPart, present.part_hash) if present and present.part_hash else None
    if text is None or words is None or words.text != text:
        theirs = _titled(present.title, words.text) if present and words else ""
        raise Conflict(N_("Somebody else published this clause meanwhile."), theirs=theirs)


def _titled(title: str, text: str) -> str:
    return f"{title}\n\n{text}" if title else text


def _check_policy(policy: ClausePolicy, key: str, mode: OverrideMode) -> None:
    if policy is ClausePolicy.LOCKED and mode in REPLACING:
        raise Invalid(f"The clause {key} is locked and cannot be changed.")
    if mode is OverrideMode.OMIT and policy is not ClausePolicy.OPTIONAL:
        raise Invalid(f"The clause {key} cannot be left out.")


def _catch_up(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, draft: OverrideDraft, now: datetime
) -> Outcome | None:
    """Bring a draft onto the shared words of today; None where it was made from them.

    Where both changed the same sentence the draft stays as it is, and a question is open about the three texts.
    """
    wording = desk.clauses.get(draft.key)
    if draft.mode is not OverrideMode.ADAPT or wording is None or not wording.parent_hash or not draft.base_hash:
        return None
    newest = desk.shared.newest.clauses.get(draft.key)
    if draft.base_hash == wording.parent_hash or (wording.waiting and newest and draft.base_hash == newest.part_hash):
        return None
    base = desk.shelf.fetch(session, [draft.base_hash]).get(draft.base_hash, "")
    merged = merge_clause(base, wording.parent, draft.text)
    if not merged.clean:
        _ask_about_draft(session, actor, tenant, desk, draft, wording.parent_hash, merged, now)
        return Outcome.DIFFERS
    draft.base_hash, draft.text = wording.parent_hash, merged.text
    session.flush()  # the version that the next reader sees
    return Outcome.MERGED


def _ask_about_draft(
    session: PortalSession, actor: Actor, tenant: Tenant, desk: NoticeDesk, draft: OverrideDraft, shared_hash: str,
    merged: Merge, now: datetime,
) -> None:  # fmt: skip
    """The draft's words stay the tenant's own: the question names no hash of them."""
    row = session.scalar(
        select(Decision).where(
            Decision.tenant_id == draft.tenant_id, Decision.key == draft.key, Decision.settled_at.is_(None),
            Decision.shared_hash == shared_hash, Decision.base_hash == draft.base_hash, Decision.local_hash.is_(None),
        )
    )  # fmt: skip
    if row is None:
        settle_open(session, actor, tenant, draft.key, choice=None, result_hash=None, now=now)
        row = Decision(
            tenant_id=draft.tenant_id, key=draft.key, clause_key=draft.clause_key, kind=DecisionKind.CONFLICT,
            release=desk.shared.newest.name, base_hash=draft.base_hash, shared_hash=shared_hash, opened_at=now,
            due_at=now + TELL_DPO_AFTER,
        )  # fmt: skip
        session.add(row)
    row.conflicts = [{"base": one.base, "shared": one.shared, "local": one.local} for one in merged.conflicts]
    session.flush()  # gives the id that the page leads to


def check_gaps(session: PortalSession, desk: NoticeDesk, draft: OverrideDraft, now: datetime) -> None:
    """Raises `Invalid` for a placeholder with nothing to show, naming what is missing and who can fill it in."""
    _, gaps = preview(
        session, desk, draft.key, mode=draft.mode, clause_key=draft.clause_key, title=draft.title, text=draft.text,
        now=now,
    )  # fmt: skip
    is_school = desk.school.law is not None
    blocking = [gap.reason for gap in gaps if gap.blocks_publishing and (is_school or gap.kind != "fact")]
    if not is_school:
        before = desk.clauses[draft.key].text if draft.key in desk.clauses else ""
        found = new_gaps(session, desk.shelf, desk.school, before=before, after=draft.text, clause=draft.key, at=now)
        blocking += [f"{school}: {gap.reason}" for school, gap in found]
    if blocking:
        raise Invalid(f"{blocking[0][:1].upper()}{blocking[0][1:]}.", field="text")


def needs_review(desk: NoticeDesk, draft: OverrideDraft) -> bool:
    anchor = desk.shared.ruling(draft.clause_key)
    return anchor is not None and anchor.review and draft.mode in REPLACING


def _in_review(session: PortalSession, tenant: Tenant, key: str, seen: int) -> OverrideDraft:
    draft = _draft(session, tenant, key)
    if draft is None or draft.status is not DraftStatus.IN_REVIEW:
        raise NotFound("Nothing waits for review here.")
    if draft.version != seen:
        raise Conflict(N_("The school changed these words meanwhile."), theirs=draft.text)
    return draft


def _draft(session: PortalSession, tenant: Tenant, key: str) -> OverrideDraft | None:
    statement = select(OverrideDraft).where(OverrideDraft.tenant_id == tenant.id, OverrideDraft.key == key)
    return session.scalar(statement.with_for_update())


def _own(session: PortalSession, tenant: Tenant, key: str) -> Override | None:
    statement = select(Override).where(
        Override.tenant_id == tenant.id, Override.key == key, Override.ended_at.is_(None)
    )
    return session.scalar(statement)


def _says(present: Override | None, words: Words) -> bool:
    digest = text_hash(accept(words.text))
    return present is not None and present.part_hash == digest


def _close(session: PortalSession, tenant: Tenant, key: str, now: datetime) -> bool:
    """End what is in force, or was to come into force; returns whether there was anything."""
    statement = select(Override).where(
        Override.tenant_id == tenant.id,
        Override.key == key,
        or_(Override.ended_at.is_(None), Override.ended_at > now),
    )
    rows = list(session.scalars(statement.with_for_update()))
    for row in rows:
        row.ended_at = max(now, row.effective_at)
    session.flush()  # one open row a key: the old one must be closed first
    return bool(rows)


def _comment(session: PortalSession, actor: Actor, tenant: Tenant, key: str, text: str, now: datetime) -> None:
    if text.strip():
        session.add(
            ReviewComment(tenant_id=tenant.id, key=key, text=text.strip(), written_at=now, written_by=actor.person_id)
        )


def _record(
    session: PortalSession, actor: Actor, tenant: Tenant, kind: AuditKind, key: str, now: datetime, *,
    text: str | None = None, **details: str | bool,
) -> None:  # fmt: skip
    contents = {"text": text} if text is not None else None
    record(
        session, witness(actor), kind, tenant_id=tenant.id, subject=("clause", key), now=now, contents=contents,
        **details,
    )  # fmt: skip


def _clause(session: PortalSession, key: str, release_name: str, now: datetime) -> tuple[ReleaseClause, str]:
    """(the clause, the kind of notice it stands in)."""
    release = release_in_force(session, now, name=release_name)
    clause = next((clause for clause in release.clauses if clause.key == key), None) if release else None
    if release is None or clause is None:
        raise Invalid(f"There is no clause {key} in the release.")
    return clause, release.kind
