"""A draft of the shared wording brought onto what came out since it was begun, clause by clause."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from portal.core.database import PortalSession
from portal.notices.gathering import edition_of
from portal.notices.history import Edition, SharedClause
from portal.notices.models import Release, ReleaseStatus
from portal.notices.queries import release_in_force, release_without

FIELDS: Final = ("title", "section", "policy", "review", "confirm", "laws", "applies", "part_hash")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """The draft with what came out since; in `disputed` clauses both changed the same, and the draft's stands."""

    sections: tuple[tuple[str, str], ...]
    clauses: tuple[SharedClause, ...]
    disputed: tuple[str, ...]


def foundation(session: PortalSession, draft: Release, now: datetime) -> Release | None:
    """The release that a draft would follow if it were published now."""
    return release_without(session, draft, max(draft.effective_at, now))


def caught_up(session: PortalSession, draft: Release, now: datetime) -> tuple[Release, CaughtUp] | None:
    """What a draft becomes on the release that it would follow; None where it was begun from that one.

    A draft that came as files is a whole edition by itself and takes nothing over.
    """
    present = foundation(session, draft, now)
    if draft.status is not ReleaseStatus.DRAFT or not draft.base or present is None or present.name == draft.base:
        return None
    base = release_in_force(session, now, kind=draft.kind, name=draft.base)
    if base is None:
        return None
    editions = (edition_of(session, one) for one in (base, present, draft))
    return present, catch_up(*editions)


def edition_to_come(session: PortalSession, release: Release, now: datetime) -> Edition:
    """What the release says once it is published."""
    edition = edition_of(session, release)
    found = caught_up(session, release, now)
    if found is None:
        return edition
    _present, new = found
    return replace(edition, sections=new.sections, clauses={one.key: one for one in new.clauses})


def catch_up(base: Edition, present: Edition, draft: Edition) -> CaughtUp:
    """Each clause, and each thing about it, as whoever changed it since `base` has it."""
    disputed: list[str] = []
    clauses: dict[str, SharedClause] = {}
    for key in _order(base, present, draft):
        clause, is_disputed = _clause(base.clauses.get(key), present.clauses.get(key), draft.clauses.get(key))
        if is_disputed:
            disputed.append(key)
        if clause is not None:
            clauses[key] = clause
    sections = present.sections if draft.sections == base.sections else draft.sections
    used = {one.section for one in clauses.values()} - {key for key, _ in sections}
    sections += tuple((key, title) for key, title in (*present.sections, *draft.sections) if key in used)
    return CaughtUp(tuple(dict(sections).items()), tuple(clauses.values()), tuple(disputed))


def _clause(
    base: SharedClause | None, present: SharedClause | None, draft: SharedClause | None
) -> tuple[SharedClause | None, bool]:
    if draft is None:
        is_new = base is None and present is not None
        is_disputed = base is not None and present is not None and not _is_same(base, present)
        return (replace(present, reason="", split_from="") if is_new and present else None), is_disputed
    if present is None:
        was_retired = base is not None
        is_changed = base is not None and not _is_same(base, draft)
        return (None if was_retired and not is_changed else draft), is_changed
    if base is None:
        return draft, not _is_same(present, draft)
    changes, is_disputed = {}, False
    for field in FIELDS:
        old, theirs, ours = getattr(base, field), getattr(present, field), getattr(draft, field)
        changes[field] = theirs if ours == old else ours
        is_disputed = is_disputed or (ours not in (old, theirs) and theirs != old)
    return replace(draft, **changes, needs=(present if changes["part_hash"] == present.part_hash else draft).needs), (
        is_disputed
    )


def _is_same(one: SharedClause, two: SharedClause) -> bool:
    return all(getattr(one, field) == getattr(two, field) for field in FIELDS)


def _order(base: Edition, present: Edition, draft: Edition) -> list[str]:
    """The draft's order where it changed the order, else that of today; what stands in the other one follows on."""
    keeps = is_in_order(base.clauses, draft.clauses)
    first, second = (present, draft) if keeps else (draft, present)
    found = list(first.clauses)
    known = list(second.clauses)
    for place, key in enumerate(known):
        if key not in found:
            before = next((found.index(one) + 1 for one in reversed(known[:place]) if one in found), 0)
            found.insert(before, key)
    return [*found, *(key for key in base.clauses if key not in found)]


def is_in_order(old: Mapping[str, object] | Sequence[str], new: Mapping[str, object] | Sequence[str]) -> bool:
    """Whether what both have stands in the same order in both."""
    return [key for key in old if key in new] == [key for key in new if key in old]
