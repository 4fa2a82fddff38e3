"""A tenant's wording of each clause beside the shared wording, as its editors and reviewers see it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Select, select

from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.notices.compose import Clause
from portal.notices.filling import Unresolved, missing
from portal.notices.gathering import Shelf, Standing, standing
from portal.notices.history import Line, Local, Origin, Shared, SharedClause, Waiting, editions_at, layout, shared_at
from portal.notices.models import Decision, OverrideDraft, OverrideMode
from portal.notices.reading import Version, hashes_of, notice_of, parts_at, text_hash
from portal.tenancy.models import Tenant
from portal.tenancy.scope import tenant_scope


@dataclass(frozen=True, slots=True)
class ClauseWording:
    """One clause of a tenant: the words it would have without its own (`parent`), its own, its draft, what is open.

    `parent_hash` is "" for a local clause and for one that the library retired.
    """

    key: str
    clause_key: str
    section: str
    title: str
    mode: OverrideMode
    shared: SharedClause | None
    parent_hash: str
    parent: str
    parent_origin: Origin
    own: Local | None
    own_text: str
    draft: OverrideDraft | None
    decision: Decision | None
    waiting: Waiting | None

    @property
    def text(self) -> str:
        """What the notice says now, before facts are filled in."""
        return self.own_text if self.own is not None else self.parent

    @property
    def missing(self) -> list[Unresolved]:
        """The facts without which the new shared words cannot be shown."""
        return [missing(key, self.key) for key in sorted(self.waiting.lacks)] if self.waiting else []

    @property
    def is_local(self) -> bool:
        return self.mode in {OverrideMode.BEFORE, OverrideMode.AFTER}

    @property
    def is_locked(self) -> bool:
        return self.shared is not None and self.shared.policy == "locked" and not self.is_local

    @property
    def may_be_omitted(self) -> bool:
        return self.shared is not None and self.shared.policy == "optional" and not self.is_local

    @property
    def state(self) -> str:
        if self.decision is not None:
            return "open"
        if self.waiting is not None and not self.waiting.is_declined:
            return "lacks" if self.waiting.lacks else "open"
        if self.draft is not None:
            return str(self.draft.status)
        if self.own is None:
            return "shared"
        return "left-out" if self.own.mode is OverrideMode.OMIT else "own"


@dataclass(frozen=True, eq=False)
class NoticeDesk:
    """All clauses of a tenant's notice of one kind in order, with what a person may have to settle."""

    school: Standing
    shelf: Shelf
    shared: Shared
    clauses: Mapping[str, ClauseWording]
    sections: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> str:
        return self.shelf.kind

    @property
    def title(self) -> str:
        """What readers call this kind of notice; "" for the general one."""
        return self.shared.newest.kind_title

    @property
    def keys(self) -> frozenset[str]:
        """What a cross-reference may name."""
        return frozenset(self.clauses) | {key for key, _ in self.sections} | set(self.shared.newest.clauses)

    @property
    def open_clauses(self) -> list[ClauseWording]:
        return [one for one in self.clauses.values() if one.state == "open"]

    @property
    def lacking_clauses(self) -> list[ClauseWording]:
        return [one for one in self.clauses.values() if one.state == "lacks"]

    def clause(self, key: str) -> ClauseWording:
        """Raises `NotFound`."""
        if key not in self.clauses:
            raise NotFound("There is no such clause.")
        return self.clauses[key]


def notice_desk(session: PortalSession, tenant: Tenant, *, now: datetime, shelf: Shelf) -> NoticeDesk:
    """The tenant's notice of the shelf's kind. Raises `NotFound` while no shared wording of it is in force."""
    return _desk_of(session, tenant, standing(session, tenant).of(shelf.kind), shelf, now)


def notice_desks(session: PortalSession, tenant: Tenant, *, now: datetime, shelf: Shelf) -> dict[str, NoticeDesk]:
    """The tenant's notices of every kind that shared wording is in force for, the general one first.

    No two of them have a clause with the same key. Raises `NotFound` where there is none at all.
    """
    own = standing(session, tenant)
    kinds = [kind for kind in shelf.kinds if editions_at(shelf.library.get(kind, ()), now)]
    if not kinds:
        raise NotFound("There is no shared wording yet.")
    return {kind: _desk_of(session, tenant, own.of(kind), shelf.of(kind), now) for kind in kinds}


def _desk_of(session: PortalSession, tenant: Tenant, own: Standing, shelf: Shelf, now: datetime) -> NoticeDesk:
    shared = shared_at(shelf.editions, own.stance, now, shelf.lacking(own, now))
    if shared is None:
        raise NotFound("There is no shared wording yet.")
    with tenant_scope(session, tenant.id):
        drafts = {row.key: row for row in session.scalars(_drafts(tenant, shelf.kind))}
        decisions = {row.key: row for row in session.scalars(_open_decisions(tenant))}
    return _desk(session, own, shelf, shared, drafts, decisions, now)


def preview(
    session: PortalSession, desk: NoticeDesk, key: str, *, mode: OverrideMode, clause_key: str, title: str, text: str,
    now: datetime,
) -> tuple[Clause | None, list[Unresolved]]:  # fmt: skip
    """How the clause would read with these words, and the placeholders of it that have nothing to show."""
    parts = parts_at(desk.shelf, _without(desk.school, key), now)
    if parts is None:
        return None, []
    digest = text_hash(text)
    local = Local(0, key, clause_key, mode, title, digest, None, now, None, Origin.SCHOOL)
    with_it = layout(desk.shared, desk.school.law, [*_without(desk.school, key).locals_at(now), local])
    changed = replace(parts, layout=with_it)
    words = {**desk.shelf.fetch(session, hashes_of(changed) - {digest}), digest: text}
    notice = notice_of(changed, words, Version(0, now), name=desk.school.name)
    clause = next((one for one in notice.composed.clauses if one.key == key), None)
    return clause, [one for one in notice.composed.unresolved if one.clause == key]


def _without(school: Standing, key: str) -> Standing:
    others = (one for one in school.locals_ if one.key != key or one.origin is not Origin.SCHOOL)
    return replace(school, locals_=tuple(others))


def _desk(
    session: PortalSession, own: Standing, shelf: Shelf, shared: Shared, drafts: Mapping[str, OverrideDraft],
    decisions: Mapping[str, Decision], now: datetime,
) -> NoticeDesk:  # fmt: skip
    locals_ = own.locals_at(now)
    ours = {one.key: one for one in locals_ if one.origin is Origin.SCHOOL}
    without = layout(shared, own.law, [one for one in locals_ if one.origin is not Origin.SCHOOL])
    parents = {line.key: line for line in without.lines}
    hashes = {line.part_hash for line in without.lines} | {one.part_hash or "" for one in ours.values()}
    words = shelf.fetch(session, hashes)
    everything = layout(shared, own.law, [one for one in locals_ if one.mode is not OverrideMode.OMIT])
    places = [(section, line) for section, _, lines in everything.sections for line in lines]
    places += _not_shown(shared, own, drafts, {line.key for _, line in places})
    found = {
        line.key: _wording(section, line, shared, parents.get(line.key), ours.get(line.key), words, drafts, decisions)
        for section, line in places
    }
    titles = {key: title for edition in shared.editions for key, title in edition.sections}
    order = dict.fromkeys([key for key, _, _ in everything.sections] + [section for section, _ in places])
    return NoticeDesk(own, shelf, shared, found, tuple((key, titles.get(key, key)) for key in order))


def _not_shown(
    shared: Shared, own: Standing, drafts: Mapping[str, OverrideDraft], shown: set[str]
) -> list[tuple[str, Line]]:
    """Clauses that wait for a yes and local clauses that are only drafted."""
    found: list[tuple[str, Line]] = []
    for key, waiting in shared.waiting.items():
        clause = waiting.clause
        if key not in shown and clause is not None and clause.is_for(own.law):
            found.append((clause.section, Line(key, clause.title, "", Origin.LIBRARY, key)))
    for key, draft in drafts.items():
        anchor = shared.last_known(draft.clause_key)
        if key not in shown and anchor is not None:
            found.append((anchor.section, Line(key, draft.title or anchor.title, "", Origin.SCHOOL, draft.clause_key)))
    return found


def _wording(
    section: str, line: Line, shared: Shared, parent: Line | None, own: Local | None, words: Mapping[str, str],
    drafts: Mapping[str, OverrideDraft], decisions: Mapping[str, Decision],
) -> ClauseWording:  # fmt: skip
    draft = drafts.get(line.key)
    mode = own.mode if own else draft.mode if draft else OverrideMode.ADAPT
    waiting = shared.waiting.get(line.key)
    if parent is not None and parent.origin is Origin.TRUST:
        waiting = None  # the trust is asked
    is_shared = line.key in shared.held or (waiting is not None and waiting.clause is not None)
    return ClauseWording(
        line.key, line.clause_key, section, line.title, mode,
        shared.ruling(line.key) if is_shared else None,
        parent.part_hash if parent else "", words[parent.part_hash] if parent else "",
        parent.origin if parent else Origin.LIBRARY, own, words[own.part_hash] if own and own.part_hash else "",
        draft, decisions.get(line.key), waiting,
    )  # fmt: skip


def _drafts(tenant: Tenant, kind: str) -> Select[OverrideDraft]:
    return select(OverrideDraft).where(OverrideDraft.tenant_id == tenant.id, OverrideDraft.kind == kind)


def _open_decisions(tenant: Tenant) -> Select[Decision]:
    return select(Decision).where(Decision.tenant_id == tenant.id, Decision.settled_at.is_(None))


def clauses_in(desk: NoticeDesk) -> Sequence[tuple[str, str, list[ClauseWording]]]:
    """(section, title, clauses) in order."""
    return [(key, title, [one for one in desk.clauses.values() if one.section == key]) for key, title in desk.sections]
