"""Drafting, publishing and withdrawing releases of the shared wording."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.i18n import N_
from portal.core.limits import NAME_LENGTH
from portal.core.text import slugify
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.notices.actions import keep_text
from portal.notices.changes import note_change
from portal.notices.gathering import GENERAL, texts
from portal.notices.markup import accept
from portal.notices.models import (
    ClausePolicy,
    MergeResult,
    NoticeChange,
    Release,
    ReleaseClause,
    ReleaseSection,
    ReleaseStatus,
)
from portal.notices.placeholders import FACTS, Filler, Kind, placeholders_in
from portal.notices.queries import release_in_force
from portal.tenancy.queries import facts_at, service
from portal.tenancy.scope import tenant_scope

KIND_LENGTH = 30
KEY_LENGTH = 76  # of a clause: four more may tell it from another
_FIRST_SECTIONS = (
    ("purpose", "What we do and why"),
    ("information", "What we use"),
    ("sharing", "Who else sees it"),
    ("keeping", "How long we keep it"),
    ("rights", "Your choices and rights"),
)


@dataclass(frozen=True, slots=True)
class ClauseWords:
    """A clause of a draft as its editor leaves it; `seen` is the release's version that she had before her."""

    key: str
    title: str
    text: str
    reason: str
    seen: int
    policy: ClausePolicy = ClausePolicy.ADAPTABLE
    review: bool = False
    confirm: bool = False
    laws: tuple[str, ...] = ()
    applies: tuple[str, ...] = ()
    section: str = ""
    split_from: str = ""


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notice: the word in its address, and what readers call it; "" for the general one."""

    kind: str
    title: str = ""


def notice_kinds(session: PortalSession) -> list[NoticeKind]:
    """Every kind that there is shared wording for, also as a draft, with its newest title; the general one first."""
    statement = select(Release.kind, Release.kind_title).where(
        Release.kind != GENERAL, Release.status != ReleaseStatus.REFERENCE
    )
    titles = dict(session.execute(statement.order_by(Release.effective_at, Release.id)).all())
    return [NoticeKind(GENERAL), *(NoticeKind(kind, titles[kind]) for kind in sorted(titles))]


def releases(session: PortalSession, *, kind: str | None = GENERAL) -> list[Release]:
    """All of a kind, or all; the newest first."""
    statement = select(Release).where(Release.status != ReleaseStatus.REFERENCE)
    if kind is not None:
        statement = statement.where(Release.kind == kind)
    return list(session.scalars(statement.order_by(Release.effective_at.desc(), Release.id.desc())))


def release_named(session: PortalSession, name: str, *, lock: bool = False) -> Release:
    """Raises `NotFound`."""
    statement = select(Release).where(Release.name == name)
    found = session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(f"There is no release {name}.")
    return found


def new_draft(
    session: PortalSession, actor: Actor, *, name: str, title: str, effective_at: datetime, now: datetime,
    kind: str = GENERAL, kind_title: str = "",
) -> Release:  # fmt: skip
    """A copy of the shared words of a kind in force, to be changed; without `kind` a new one, called `kind_title`.

    Raises `Invalid` for a name that is taken, and for a new kind without a title or with that of another.
    """
    require(actor, Action.EDIT_RELEASE, _place(session))
    wanted = slugify(name)
    if not wanted or len(wanted) > 60:
        raise Invalid(N_("Give a short name in Latin letters, such as 2027-01."), field="name")
    if session.scalar(select(Release.id).where(Release.name == wanted)) is not None:
        raise Invalid(N_("There is a release with this name."), field="name")
    draft = Release(name=wanted, title=title, status=ReleaseStatus.DRAFT, effective_at=effective_at)
    if not kind:
        _begin_kind(session, draft, kind_title)
    else:
        _copy_present(session, draft, kind, now)
    session.add(draft)
    session.flush()  # gives the id that pages refer to
    _record(session, actor, draft, AuditKind.RELEASE_CHANGED, now)
    return draft


def _begin_kind(session: PortalSession, draft: Release, title: str) -> None:
    draft.kind, draft.kind_title = slugify(title), title.strip()
    known = {one.kind for one in notice_kinds(session)}
    if not draft.kind[:1].isalpha() or len(draft.kind) > KIND_LENGTH:
        raise Invalid(N_("Give the new notice a short title, such as Admissions."), field="kind_title")
    if draft.kind in known:
        raise Invalid(N_("There is a notice with this title."), field="kind_title")
    draft.sections = [
        ReleaseSection(key=f"{draft.kind}-{key}", title=words, position=position)
        for position, (key, words) in enumerate(_FIRST_SECTIONS)
    ]


def _copy_present(session: PortalSession, draft: Release, kind: str, now: datetime) -> None:
    present = release_in_force(session, now, kind=kind) or next(iter(releases(session, kind=kind)), None)
    if present is None:
        raise NotFound("There is no shared wording yet.")
    draft.kind, draft.kind_title = present.kind, present.kind_title
    draft.sections = [ReleaseSection(key=one.key, title=one.title, position=one.position) for one in present.sections]
    draft.clauses = [_copy(one) for one in present.clauses]


def save_clause(session: PortalSession, actor: Actor, release: Release, words: ClauseWords, *, now: datetime) -> None:
    """Change or add a clause of a draft. Raises `Invalid` with the line, `Conflict` where somebody saved meanwhile."""
    _may_edit(session, actor, release)
    row = _clause(release, words.key)
    if row is None and _is_elsewhere(session, release, words.key):
        raise Invalid(N_("Another notice has a clause with this key. Choose another title."), field="title")
    known = {one.key for one in release.clauses} | {one.key for one in release.sections} | {words.key}
    text = accept(words.text, known, name="text")
    if not words.title.strip() or len(words.title) > NAME_LENGTH:
        raise Invalid(N_("Give the clause a title."), field="title")
    if release.version != words.seen and (row is None or texts(session, [row.part_hash])[row.part_hash] != text):
        theirs = texts(session, [row.part_hash])[row.part_hash] if row else ""
        raise Conflict(N_("Somebody else saved this release meanwhile."), theirs=theirs)
    digest = keep_text(session, text)
    if row is None:
        row = _new_clause(release, words, digest)
    row.title, row.part_hash, row.reason = words.title.strip(), digest, words.reason.strip()
    row.policy, row.review, row.confirm = words.policy, words.review, words.confirm
    row.laws, row.applies, row.split_from = list(words.laws), list(words.applies), words.split_from
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now, clause=words.key, text=text)


def retire_clause(session: PortalSession, actor: Actor, release: Release, key: str, *, now: datetime) -> None:
    """Take a clause out of a draft. Raises `Invalid` where another clause refers to it. Harmless the second time."""
    _may_edit(session, actor, release)
    row = _clause(release, key)
    if row is None:
        return
    words = texts(session, {one.part_hash for one in release.clauses})
    for other in release.clauses:
        named = {one.key for one in placeholders_in(words[other.part_hash]) if one.kind is Kind.REFERENCE}
        if other.key != key and key in named:
            raise Invalid(f"“{other.title}” refers to this clause. Change that first.")
    release.clauses.remove(row)
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now, clause=key)


def move_clause(
    session: PortalSession, actor: Actor, release: Release, key: str, *, section: str, after: str, now: datetime
) -> None:
    """Put a clause of a draft after another one ("": first) of a section."""
    _may_edit(session, actor, release)
    row = _clause(release, key)
    if row is None or section not in {one.key for one in release.sections}:
        raise NotFound("There is no such clause or section.")
    row.section_key = section
    others = [one for one in sorted(release.clauses, key=lambda one: one.position) if one is not row]
    place = next((index + 1 for index, one in enumerate(others) if one.key == after), 0)
    for position, one in enumerate([*others[:place], row, *others[place:]]):
        one.position = position
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now, clause=key)


def describe(
    session: PortalSession, actor: Actor, release: Release, *, title: str, reason: str, effective_at: datetime,
    now: datetime,
) -> None:  # fmt: skip
    """Say what a draft is called, why it is made and from when it counts."""
    _may_edit(session, actor, release)
    release.title, release.reason, release.effective_at = title.strip(), reason.strip(), effective_at
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now)


def mark_merge_read(
    session: PortalSession, actor: Actor, identity: tuple[str, str, str], merged: str, *, now: datetime
) -> None:
    """Somebody read what a merge makes of three texts, before the release goes out."""
    require(actor, Action.EDIT_RELEASE, _place(session))
    row = session.get(MergeResult, identity)
    if row is None:
        base, shared, local = identity
        row = MergeResult(
            base_hash=base, shared_hash=shared, local_hash=local, merged_hash=keep_text(session, merged), conflicts=[]
        )
        session.add(row)
    row.read_at, row.read_by = row.read_at or now, row.read_by or actor.person_id


def publish_release(session: PortalSession, actor: Actor, release: Release, *, now: datetime) -> NoticeChange | None:
    """Let a draft count from its date on, or from now where that lies behind; None where that was done already.

    Writes a handful of rows, however many schools there are. Raises `Invalid` for a change without a reason, and for a
    placeholder that nobody has filled in for all schools, naming who can.
    """
    require(actor, Action.PUBLISH_RELEASE, _place(session))
    if release.status in {ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED}:
        return None
    if release.status is not ReleaseStatus.DRAFT:
        raise Invalid(f"The release {release.name} was withdrawn; make a new one.")
    present = release_in_force(session, now, kind=release.kind)
    _check_changes(release, present)
    _check_facts(session, release, now)
    release.effective_at = max(release.effective_at, now)
    release.status = ReleaseStatus.SCHEDULED if release.effective_at > now else ReleaseStatus.PUBLISHED
    release.published_at, release.published_by = now, actor.person_id
    _record(session, actor, release, AuditKind.RELEASE_PUBLISHED, now)
    return note_change(
        session, reason=release.reason or release.title, at=release.effective_at, now=now, release_id=release.id,
        made_by=actor.person_id,
    )  # fmt: skip


def withdraw_release(session: PortalSession, actor: Actor, release: Release, *, now: datetime) -> NoticeChange | None:
    """From now on the release counts no more; what it said before stays on record. None where that was done already."""
    require(actor, Action.PUBLISH_RELEASE, _place(session))
    if release.status is ReleaseStatus.WITHDRAWN:
        return None
    if release.status not in {ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED}:
        raise Invalid(f"The release {release.name} was never published.")
    if release.kind == GENERAL and release_without(session, release, now) is None:
        raise Invalid("This is the only release: without it no school would have a notice.")
    release.status, release.withdrawn_at = ReleaseStatus.WITHDRAWN, now
    _record(session, actor, release, AuditKind.RELEASE_WITHDRAWN, now)
    return note_change(
        session, reason=N_("Shared wording was withdrawn."), at=now, now=now, release_id=release.id,
        made_by=actor.person_id,
    )  # fmt: skip


def release_without(session: PortalSession, release: Release, now: datetime) -> Release | None:
    """What would be in force if this one were not."""
    counting = (ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED)
    statement = select(Release).where(
        Release.kind == release.kind,
        Release.id != release.id,
        Release.status.in_(counting),
        Release.effective_at <= now,
    )
    return session.scalar(statement.order_by(Release.effective_at.desc(), Release.id.desc()).limit(1))


def release_before(session: PortalSession, release: Release, now: datetime) -> Release | None:
    """What a release is compared with: for a draft the one in force, else the one that counted before it."""
    at = now if release.status is ReleaseStatus.DRAFT else release.effective_at
    return release_without(session, release, at)


def _check_changes(release: Release, present: Release | None) -> None:
    old: Mapping[str, ReleaseClause] = {one.key: one for one in present.clauses} if present else {}
    for one in release.clauses:
        before = old.get(one.key)
        if (before is None or before.part_hash != one.part_hash) and not (one.reason or release.reason):
            raise Invalid(f"Give a reason for the change of “{one.title}”.", field="reason")
    if not release.clauses:
        raise Invalid("The release has no clauses.")


def _check_facts(session: PortalSession, release: Release, now: datetime) -> None:
    """Facts that are the same for all schools must be there; what one school lacks stops only that school."""
    owner = service(session)
    with tenant_scope(session, owner.id):
        known = {**facts_at(session, owner.id, now), "service.name": owner.name}
    common = ("dpo.", "regulator.", "service.")
    for digest, text in texts(session, {one.part_hash for one in release.clauses}).items():
        for one in placeholders_in(text):
            if one.kind is Kind.FACT and one.key.startswith(common) and not known.get(one.key):
                title = next(clause.title for clause in release.clauses if clause.part_hash == digest)
                fact = FACTS[one.key]
                who = "our service" if fact.filler is Filler.SERVICE else "the central team"
                raise Invalid(f"“{title}” needs {fact.label}, which is missing; {who} can fill it in.")


def _place(session: PortalSession) -> Place:
    found = service(session)
    return Place(found.id, None, found.id)


def _may_edit(session: PortalSession, actor: Actor, release: Release) -> None:
    require(actor, Action.EDIT_RELEASE, _place(session))
    if release.status is not ReleaseStatus.DRAFT:
        raise Invalid(f"The release {release.name} is published and cannot change; make a new one.")


def _clause(release: Release, key: str) -> ReleaseClause | None:
    return next((one for one in release.clauses if one.key == key), None)


def _is_elsewhere(session: PortalSession, release: Release, key: str) -> bool:
    statement = select(ReleaseClause.key).join(Release, Release.id == ReleaseClause.release_id)
    return session.scalar(statement.where(ReleaseClause.key == key, Release.kind != release.kind).limit(1)) is not None


def _new_clause(release: Release, words: ClauseWords, digest: str) -> ReleaseClause:
    if words.section not in {one.key for one in release.sections}:
        raise Invalid(N_("Choose a section."), field="section")
    row = ReleaseClause(
        key=words.key, title=words.title, section_key=words.section, policy=words.policy, part_hash=digest,
        position=max((one.position for one in release.clauses), default=-1) + 1,
    )  # fmt: skip
    release.clauses.append(row)
    return row


def _copy(one: ReleaseClause) -> ReleaseClause:
    return ReleaseClause(
        key=one.key, title=one.title, section_key=one.section_key, position=one.position, policy=one.policy,
        review=one.review, confirm=one.confirm, laws=list(one.laws), applies=list(one.applies),
        part_hash=one.part_hash,
    )  # fmt: skip


def _touch(release: Release) -> None:
    """A person changed the draft: its pack no longer says what it is, and its version moves."""
    release.pack_digest = ""
    release.edited += 1


def _record(
    session: PortalSession, actor: Actor, release: Release, kind: AuditKind, now: datetime, *, clause: str = "",
    text: str | None = None,
) -> None:  # fmt: skip
    owner = service(session)
    with tenant_scope(session, owner.id):
        record(
            session, witness(actor), kind, tenant_id=owner.id, subject=("release", release.name), now=now,
            contents={"text": text} if text is not None else None, clause=clause or None,
        )  # fmt: skip
