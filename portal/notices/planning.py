"""What a release would do, or did, in every school: worked out without writing anything."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.notices.catching_up import edition_to_come
from portal.notices.filling import Unresolved
from portal.notices.gaps import new_gaps
from portal.notices.gathering import Shelf, Standing, fill_shelf, standings
from portal.notices.history import Edition, Local, Origin, SharedClause, shared_at
from portal.notices.models import OverrideMode, PreferenceKind, Release, ReleaseStatus
from portal.notices.placeholders import FILLERS
from portal.notices.rules import ChangePlan, Flags, Outcome, plan_change, through_trust, until_filled_in
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES

_BATCH = 500


@dataclass(frozen=True, slots=True)
class PlanLine:
    """One changed clause in one school or trust; hashes name the texts, None where there is none.

    `gaps` are facts that the new words need and that are missing.
    """

    tenant_id: int
    slug: str
    name: str
    is_trust: bool
    key: str
    title: str
    plan: ChangePlan
    base_hash: str | None
    shared_hash: str | None
    local_hash: str | None
    gaps: tuple[Unresolved, ...] = ()

    @property
    def outcome(self) -> Outcome:
        return self.plan.outcome

    def as_dict(self) -> dict[str, Any]:
        """`missing` has the facts that the new words need and nobody filled in, and who can."""
        missing = [{"fact": gap.key, "label": gap.label, "filled_in_by": FILLERS[gap.filler]} for gap in self.gaps]
        return {
            "school": self.slug, "clause": self.key, "outcome": self.outcome.value, "reason": self.plan.reason,
            "missing": missing,
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class ReleasePlan:
    """`changed` holds the clauses that the release changes, as (before, after)."""

    release: Edition
    before: Edition | None
    changed: Mapping[str, tuple[SharedClause | None, SharedClause | None]]
    lines: tuple[PlanLine, ...]

    def of(self, outcome: Outcome) -> list[PlanLine]:
        return [line for line in self.lines if line.outcome is outcome]

    @property
    def counts(self) -> dict[Outcome, int]:
        """Schools by outcome; one school may stand in several."""
        return {outcome: len({line.slug for line in self.of(outcome) if not line.is_trust}) for outcome in Outcome}

    @property
    def merges(self) -> list[tuple[PlanLine, int]]:
        """Each distinct clean merge once, with the number of schools that get it, at once or after a yes."""
        found: dict[tuple[str | None, ...], list[PlanLine]] = {}
        for line in self.lines:
            is_asked = line.outcome is Outcome.CONFIRM and line.plan.merge is not None and line.plan.merge.clean
            if is_asked or line.outcome in {Outcome.MERGED, Outcome.REVIEW}:
                found.setdefault((line.base_hash, line.shared_hash, line.local_hash), []).append(line)
        return [(lines[0], len(lines)) for lines in found.values()]

    @property
    def gaps(self) -> list[tuple[PlanLine, Unresolved]]:
        """What is missing where, so that a school keeps its earlier words."""
        return [(line, gap) for line in self.lines for gap in line.gaps]


def plan_release(session: PortalSession, release: Release, *, now: datetime) -> ReleasePlan:
    """The session must see every tenant. A release in force is planned as of the moment before it came."""
    shelf = fill_shelf(session).of(release.kind)
    edition = edition_to_come(session, release, now)
    is_past = release.status is not ReleaseStatus.DRAFT and release.effective_at <= now
    at = release.effective_at - timedelta(microseconds=1) if is_past else now
    others = tuple(one for one in shelf.editions if one.id != edition.id)
    shelf = replace(shelf, editions=others)
    counting = sorted((one for one in others if one.counts_at(at)), key=lambda one: (one.effective_at, one.id))
    before = counting[-1] if counting else None
    changed = changed_clauses(before, edition)
    trusts = {one.id: one for one in _standings(session, TenantKind.TRUST)}
    planner = _Planner(session, shelf, edition, changed, trusts, at)
    lines = [line for one in trusts.values() for line in planner.lines(one, is_trust=True)]
    for school in _standings(session, TenantKind.SCHOOL):
        if school.stance.joined <= at:
            lines += planner.lines(school, is_trust=False)
    return ReleasePlan(edition, before, changed, tuple(lines))


def changed_clauses(
    before: Edition | None, after: Edition
) -> dict[str, tuple[SharedClause | None, SharedClause | None]]:
    """Clauses that differ in words or in what schools may do with them, or that are new, retired or split; by key."""
    old = before.clauses if before else {}
    split = {clause.split_from for clause in after.clauses.values() if clause.split_from}
    found: dict[str, tuple[SharedClause | None, SharedClause | None]] = {}
    for key in dict.fromkeys((*after.clauses, *old)):
        one, two = old.get(key), after.clauses.get(key)
        is_same = one is not None and two is not None and one.says_the_same_as(two) and one.policy is two.policy
        if not is_same or key in split:
            found[key] = (one, two)
    return found


def flags_of(edition: Edition, key: str, clause: SharedClause | None) -> Flags:
    is_split = any(one.split_from == key for one in edition.clauses.values())
    return Flags(bool(clause and clause.review), bool(clause and clause.confirm), is_split)


@dataclass(frozen=True, slots=True)
class _Planner:
    session: PortalSession
    shelf: Shelf
    edition: Edition
    changed: Mapping[str, tuple[SharedClause | None, SharedClause | None]]
    trusts: Mapping[int, Standing]
    at: datetime

    def lines(self, school: Standing, *, is_trust: bool) -> Iterator[PlanLine]:
        school = school.of(self.shelf.kind)
        shared = shared_at(self.shelf.editions, school.stance, self.at, self.shelf.lacking(school, self.at))
        locals_ = school.locals_at(self.at)
        for key, (old, new) in self.changed.items():
            if is_trust and _own(locals_, key) is None:
                continue
            held = shared.held[key].clause if shared and key in shared.held else None
            clause = new or old
            assert clause is not None
            yield self._line(school, clause, held, new, _own(locals_, key), is_trust=is_trust)

    def _line(
        self, school: Standing, clause: SharedClause, held: SharedClause | None, new: SharedClause | None,
        own: Local | None, *, is_trust: bool,
    ) -> PlanLine:  # fmt: skip
        trust = self._trust_plan(school, clause, held, new)
        shared_text = trust.text if trust else self._text(new.part_hash if new else None)
        base_hash = own.base_hash if own else held.part_hash if held else None
        base = self._text(base_hash) if own or not trust else self._trust_text(school, clause.key)
        local = self._text(own.part_hash) if own else None
        if own is None and trust is None:
            base, shared_text = _titled(held, base), _titled(new, shared_text)
        if not clause.is_for(school.law):
            base = shared_text = local = None
        if trust is not None and own is None:
            plan = through_trust(base, shared_text)
        else:
            plan = plan_change(
                policy=clause.policy, flags=flags_of(self.edition, clause.key, new),
                preference=PreferenceKind.TAKE if is_trust else school.stance.preference_at(self.at),
                mode=own.mode if own and clause.is_for(school.law) else None, base_text=base, shared_text=shared_text,
                local_text=local,
            )  # fmt: skip
        present = local if own else base
        gaps = () if is_trust else self._gaps(school, clause.key, present or "", plan.proposed or "")
        return PlanLine(
            school.id, school.slug, school.name, is_trust, clause.key, clause.title,
            until_filled_in(plan, present) if gaps else plan, base_hash, new.part_hash if new else None,
            own.part_hash if own else None, gaps,
        )  # fmt: skip

    def _gaps(self, school: Standing, key: str, before: str, after: str) -> tuple[Unresolved, ...]:
        found = new_gaps(self.session, self.shelf, school, before=before, after=after, clause=key, at=self.at)
        return tuple(gap for _school, gap in found)

    def _trust_plan(
        self, school: Standing, clause: SharedClause, held: SharedClause | None, new: SharedClause | None
    ) -> ChangePlan | None:
        """What becomes of the trust's wording, which its schools share."""
        trust = self._trust(school)
        own = _own(trust.locals_at(self.at), clause.key) if trust else None
        if trust is None or own is None or own.mode is not OverrideMode.ADAPT:
            return None
        return self._line(trust, clause, held, new, own, is_trust=True).plan

    def _trust(self, school: Standing) -> Standing | None:
        found = self.trusts.get(school.trust_id or 0)
        return found.of(self.shelf.kind) if found else None

    def _trust_text(self, school: Standing, key: str) -> str | None:
        trust = self._trust(school)
        own = _own(trust.locals_at(self.at), key) if trust else None
        return self._text(own.part_hash) if own else None

    def _text(self, digest: str | None) -> str | None:
        return self.shelf.fetch(self.session, [digest])[digest] if digest else None


def _titled(clause: SharedClause | None, text: str | None) -> str | None:
    """A new title alone is a change too, for whoever shares the words."""
    return f"{clause.title}\n\n{text}" if clause and text is not None else text


def _own(locals_: Sequence[Local], key: str) -> Local | None:
    modes = (OverrideMode.ADAPT, OverrideMode.OMIT)
    return next((one for one in locals_ if one.key == key and one.mode in modes and one.origin is Origin.SCHOOL), None)


def _standings(session: PortalSession, kind: TenantKind) -> Iterator[Standing]:
    cursor = 0
    while True:
        statement = select(Tenant).where(Tenant.kind == kind, Tenant.status.in_(PUBLIC_STATUSES), Tenant.id > cursor)
        batch = list(session.scalars(statement.order_by(Tenant.id).limit(_BATCH)))
        if not batch:
            return
        cursor = batch[-1].id
        yield from standings(session, batch)
