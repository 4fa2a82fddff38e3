"""Drafting, publishing and withdrawing releases of the shared wording."""

from collections.abc import Iterable, Mapping, Sequence
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
from portal.notices.catching_up import CaughtUp, caught_up, foundation, is_in_order
from portal.notices.changes import note_change
from portal.notices.gathering import GENERAL, texts
from portal.notices.history import SharedClause
from portal.notices.markup import accept
from portal.notices.merge import merge_clause
from portal.notices.models import (
    ClausePolicy,
    MergeResult,
    NoticeChange,
    Release,
    ReleaseClause,
    ReleaseSection,
    ReleaseStatus,
)
from portal.notices.placeholders import COMMON, FACTS, Filler, Kind, placeholders_in
from portal.notices.planning import PlanLine, ReleasePlan, plan_release
from portal.notices.queries import release_in_force, release_without
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
    """A clause of a draft as its editor leaves it; `seen` is the draft's version that she had before her.

    Somebody else's change of the same clause since then is a conflict; one of another clause is none.
    """

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


class Unread(Invalid):
    """Merged texts that nobody has read."""

    def __init__(self, lines: Sequence[PlanLine]) -> None:
        titles = ", ".join(dict.fromkeys(f"“{line.title}”" for line in lines))
        super().__init__(f"Read the merged texts first: some of {titles} are new.")


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
    draft.kind, draft.kind_title, draft.base = present.kind, present.kind_title, present.name
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
    digest = keep_text(session, text)
    values = {
        "title": words.title.strip(), "part_hash": digest, "reason": words.reason.strip(), "policy": words.policy,
        "review": words.review, "confirm": words.confirm, "laws": list(words.laws), "applies": list(words.applies),
        "split_from": words.split_from,
    }  # fmt: skip
    if row is not None and row.touched > words.seen and any(getattr(row, key) != one for key, one in values.items()):
        told = [str(getattr(row, key)) for key in ("title", "policy", "reason") if getattr(row, key) != values[key]]
        theirs = "\n\n".join([*told, texts(session, [row.part_hash])[row.part_hash]])
        raise Conflict(N_("Somebody else saved this clause meanwhile."), theirs=theirs)
    _check_split(session, release, words, now)
    if row is None:
        row = _new_clause(release, words, digest)
    for key, value in values.items():
        setattr(row, key, value)
    _touch(release)
    row.touched = release.version + 1  # the version that this change gives the draft
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now, clause=words.key, text=text)


def retire_clause(
    session: PortalSession, actor: Actor, release: Release, key: str, *, now: datetime, reason: str = ""
) -> None:
    """Take a clause out of a draft, or say why that was done.

    Raises `Invalid` where another clause refers to it. Harmless the second time.
    """
    _may_edit(session, actor, release)
    row = _clause(release, key)
    was_there = row is not None or key in _by_key(foundation(session, release, now))
    if not was_there or (row is None and not reason.strip()):
        return
    words = texts(session, {one.part_hash for one in release.clauses})
    for other in release.clauses:
        named = {one.key for one in placeholders_in(words[other.part_hash]) if one.kind is Kind.REFERENCE}
        if other.key != key and key in named:
            raise Invalid(f"“{other.title}” refers to this clause. Change that first.")
    if row is not None:
        release.clauses.remove(row)
    release.retired = {**release.retired, key: reason.strip()}
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now, clause=key)


def move_clause(
    session: PortalSession, actor: Actor, release: Release, key: str, *, section: str, after: str, now: datetime,
    reason: str = "",
) -> None:  # fmt: skip
    """Put a clause of a draft after another one ("": first) of a section; a reason given adds to the clause's own."""
    _may_edit(session, actor, release)
    row = _clause(release, key)
    if row is None or section not in {one.key for one in release.sections} or (after and not _clause(release, after)):
        raise NotFound("There is no such clause or section.")
    if after == key:
        return
    row.section_key = section
    row.reason = "\n".join(dict.fromkeys(words for words in (row.reason, reason.strip()) if words))
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


def merge_name(line: PlanLine) -> str:
    """The three texts of a merge by hash, as a form names them."""
    return ":".join(_identity(line))


def distinct_merges(session: PortalSession, plan: ReleasePlan) -> list[tuple[PlanLine, int, bool]]:
    """Each distinct merge with how many schools get it, and whether somebody read it."""
    found = []
    for line, count in plan.merges:
        row = session.get(MergeResult, _identity(line))
        found.append((line, count, row is not None and row.read_at is not None))
    return found


def mark_merge_read(session: PortalSession, actor: Actor, line: PlanLine, *, now: datetime) -> None:
    """Somebody read what a merge makes of three texts, before the release goes out."""
    require(actor, Action.EDIT_RELEASE, _place(session))
    merged = line.plan.proposed or ""
    row = session.get(MergeResult, _identity(line))
    if row is None:
        base, shared, local = _identity(line)
        row = MergeResult(
            base_hash=base, shared_hash=shared, local_hash=local, merged_hash=keep_text(session, merged), conflicts=[]
        )
        session.add(row)
    row.read_at, row.read_by = row.read_at or now, row.read_by or actor.person_id


def bring_up_to_date(session: PortalSession, actor: Actor, release: Release, *, now: datetime) -> list[str]:
    """Take into a draft what came out since it was begun; returns the titles of clauses that both changed.

    Two changes of one text are merged. Where they touch the same sentence, or both changed a title or rule, the draft's
    stands and its reason goes, so that nothing is published before somebody looked at it.
    """
    _may_edit(session, actor, release)
    found = caught_up(session, release, now)
    if found is None:
        return []
    present, new = found
    titles = _take_over(session, release, present, new)
    _touch(release)
    _record(session, actor, release, AuditKind.RELEASE_CHANGED, now)
    return titles


def publish_release(
    session: PortalSession, actor: Actor, release: Release, *, now: datetime, must_be_read: bool = False
) -> NoticeChange | None:
    """Let a draft count from its date on, or from now where that lies behind; None where that was done already.

    Writes a handful of rows, however many schools there are. Raises `Invalid` for a change without a reason, for a
    placeholder that nobody has filled in for all schools, naming who can, and for a clause that another release changed
    too since the draft was begun; `Unread` where merged texts must be read and were not: then the session must see
    every tenant.
    """
    require(actor, Action.PUBLISH_RELEASE, _place(session))
    if release.status in {ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED}:
        return None
    if release.status is not ReleaseStatus.DRAFT:
        raise Invalid(f"The release {release.name} was withdrawn; make a new one.")
    found = caught_up(session, release, now)
    if found is not None:
        _check_disputes(release, *found)
        _take_over(session, release, *found)
    _check_changes(release, foundation(session, release, now))
    _check_facts(session, release, now)
    if must_be_read:
        _check_reading(session, release, now)
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


def release_before(session: PortalSession, release: Release, now: datetime) -> Release | None:
    """What a release is compared with: for a draft the one in force, else the one that counted before it."""
    if release.status is ReleaseStatus.DRAFT:
        return foundation(session, release, now)
    return release_without(session, release, release.effective_at)


def changed_rows(release: Release, before: Release | None) -> list[ReleaseClause]:
    """The clauses of which anything but the place differs from `before`, or that are new."""
    old = _by_key(before)
    return [one for one in release.clauses if one.key not in old or _told(one) != _told(old[one.key])]


def retired_rows(release: Release, before: Release | None) -> list[ReleaseClause]:
    present = _by_key(release)
    return [one for key, one in _by_key(before).items() if key not in present]


def _check_changes(release: Release, present: Release | None) -> None:
    """Every change has a reason of its own; a release that came as files may have one for all."""
    shared_reason = release.reason if release.pack_digest else ""
    for one in changed_rows(release, present):
        if not (one.reason or shared_reason):
            raise Invalid(f"Give a reason for the change of “{one.title}”.", field="reason")
    for one in retired_rows(release, present):
        if not (release.retired.get(one.key) or shared_reason):
            raise Invalid(f"Give a reason why “{one.title}” is retired.", field="reason")
    moved = _moved_without_reason(release, present)
    if moved is not None and not shared_reason:
        raise Invalid(f"Give a reason why “{moved.title}” stands in another place.", field="reason")
    if not release.clauses:
        raise Invalid("The release has no clauses.")


def _moved_without_reason(release: Release, present: Release | None) -> ReleaseClause | None:
    """A clause that changed places with another one, where neither says why."""
    silent = [one for one in _ordered(release) if not one.reason]
    old = [one.key for one in _ordered(present)] if present else []
    if is_in_order(old, [one.key for one in silent]):
        return None
    known = [one for one in silent if one.key in old]
    order = [key for key in old if key in {one.key for one in known}]
    return next(one for one, key in zip(known, order, strict=True) if one.key != key)


def _told(one: ReleaseClause) -> tuple[object, ...]:
    return (
        one.title, one.section_key, one.policy, one.review, one.confirm, tuple(one.laws), frozenset(one.applies),
        one.part_hash,
    )  # fmt: skip


def _by_key(release: Release | None) -> Mapping[str, ReleaseClause]:
    return {one.key: one for one in release.clauses} if release else {}


def _ordered(release: Release) -> list[ReleaseClause]:
    order = {one.key: one.position for one in release.sections}
    return sorted(release.clauses, key=lambda one: (order.get(one.section_key, 0), one.position))


def _check_disputes(release: Release, present: Release, new: CaughtUp) -> None:
    if new.disputed:
        titles = {**_titles(present.clauses), **_titles(release.clauses)}
        named = ", ".join(f"“{titles.get(key, key)}”" for key in new.disputed)
        message = (
            f"The release {present.name} changed {named} too since this draft was begun. Bring it up to date first."
        )
        raise Invalid(message)


def _titles(rows: Iterable[ReleaseClause]) -> dict[str, str]:
    return {one.key: one.title for one in rows}


def _check_reading(session: PortalSession, release: Release, now: datetime) -> None:
    session.flush()  # the plan reads what was taken over
    merges = distinct_merges(session, plan_release(session, release, now=now))
    unread = [line for line, _count, is_read in merges if not is_read]
    if unread:
        raise Unread(unread)


def _take_over(session: PortalSession, release: Release, present: Release, new: CaughtUp) -> list[str]:
    """Make the draft's rows say what `new` says; returns the titles of what stays in dispute."""
    rows, theirs = _by_key(release), _by_key(present)
    wanted = {one.key: one for one in new.clauses}
    for key in rows.keys() - wanted.keys():
        release.clauses.remove(rows[key])
    present_titles = dict(new.sections)
    release.sections = [
        next((one for one in release.sections if one.key == key), None) or ReleaseSection(key=key)
        for key in present_titles
    ]
    for position, section in enumerate(release.sections):
        section.title, section.position = present_titles[section.key], position
    disputed = []
    for position, (key, clause) in enumerate(wanted.items()):
        row = rows.get(key)
        if row is None:
            row = _copy(theirs[key])
            release.clauses.append(row)
        if key in new.disputed and not _settles(session, release, row, clause, theirs.get(key)):
            row.reason = ""
            disputed.append(clause.title)
        elif key not in new.disputed:
            _say(row, clause)
        row.position = position
    lost = [theirs[key].title for key in new.disputed if key not in wanted and key in theirs]
    release.retired = {key: "" if key in new.disputed else reason for key, reason in release.retired.items()}
    release.base = present.name
    return disputed + lost


def _settles(
    session: PortalSession, release: Release, row: ReleaseClause, ours: SharedClause, theirs: ReleaseClause | None
) -> bool:
    """Whether both changes of one clause fit together: then its text has both."""
    base = session.scalar(
        select(ReleaseClause).join(Release, Release.id == ReleaseClause.release_id).where(
            Release.name == release.base, ReleaseClause.key == row.key
        )
    )  # fmt: skip
    _say(row, ours)
    if base is None or theirs is None or theirs.part_hash == base.part_hash:
        return False
    words = texts(session, {base.part_hash, theirs.part_hash, row.part_hash})
    merged = merge_clause(words[base.part_hash], words[theirs.part_hash], words[row.part_hash])
    if not merged.clean:
        return False
    row.part_hash = keep_text(session, merged.text)
    rules = (_told(one)[:-1] for one in (base, theirs, row))
    return all(our in (old, their) or their == old for old, their, our in zip(*rules, strict=True))


def _say(row: ReleaseClause, clause: SharedClause) -> None:
    row.title, row.section_key, row.part_hash = clause.title, clause.section, clause.part_hash
    row.policy, row.review, row.confirm = clause.policy, clause.review, clause.confirm
    row.laws, row.applies = list(clause.laws), list(clause.applies)


def _check_split(session: PortalSession, release: Release, words: ClauseWords, now: datetime) -> None:
    before = foundation(session, release, now)
    known = {*_by_key(release), *_by_key(before)} - {words.key}
    if words.split_from and words.split_from not in known:
        raise Invalid(f"There is no clause {words.split_from} to split.", field="title")


def _identity(line: PlanLine) -> tuple[str, str, str]:
    return line.base_hash or "", line.shared_hash or "", line.local_hash or ""


def _check_facts(session: PortalSession, release: Release, now: datetime) -> None:
    """Facts that are the same for all schools must be there; what one school lacks stops only that school."""
    owner = service(session)
    with tenant_scope(session, owner.id):
        known = {**facts_at(session, owner.id, now), "service.name": owner.name}
    for digest, text in texts(session, {one.part_hash for one in release.clauses}).items():
        for one in placeholders_in(text):
            if one.kind is Kind.FACT and one.key.startswith(COMMON) and not known.get(one.key):
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
