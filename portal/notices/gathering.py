"""Everything that notices are made of, fetched as values: what all schools share, and what is one school's own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Self, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from portal.core.clock import end_of_day, london
from portal.core.database import PortalSession
from portal.notices.councils import Councils, SchoolCouncils, councils_of, load_councils
from portal.notices.history import Answer, Edition, Layout, Local, Origin, SharedClause, Stance
from portal.notices.languages import ENGLISH, known_languages
from portal.notices.models import (
    Decision,
    DecisionChoice,
    DecisionKind,
    Generation,
    Override,
    Preference,
    Release,
    ReleaseClause,
    ReleaseStatus,
    TextPart,
    Translation,
)
from portal.notices.placeholders import own_facts
from portal.notices.translating import Book, Rendering, Source
from portal.tenancy.models import Fact, SchoolLaw, Tenant, TenantKind
from portal.tenancy.queries import service
from portal.tenancy.scope import tenant_scope

GENERAL = "general"
_TEXTS_KEPT = 4096
Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class DatedFact:
    key: str
    value: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """One school as its notice of one kind sees it; overrides of its trust are among `locals_`, marked so.

    `elsewhere` are the overrides in its notices of other kinds, by kind; `languages` those it can be shown in.
    """

    id: int
    slug: str
    name: str
    law: SchoolLaw | None
    trust_id: int | None
    stance: Stance
    locals_: tuple[Local, ...]
    facts: tuple[DatedFact, ...]
    councils: SchoolCouncils
    languages: tuple[str, ...] = (ENGLISH,)
    kind: str = GENERAL
    elsewhere: Mapping[str, tuple[Local, ...]] = field(default_factory=dict)

    def of(self, kind: str) -> "Standing":
        """The same school as its notice of another kind sees it."""
        if kind == self.kind:
            return self
        everywhere = {**self.elsewhere, self.kind: self.locals_}
        return replace(self, kind=kind, locals_=everywhere.pop(kind, ()), elsewhere=everywhere)

    @property
    def every_local(self) -> list[Local]:
        return [*self.locals_, *(one for found in self.elsewhere.values() for one in found)]

    def facts_at(self, at: datetime) -> dict[str, str]:
        return {fact.key: fact.value for fact in self.facts if fact.at <= at}

    def locals_at(self, at: datetime) -> list[Local]:
        return [one for one in self.locals_ if one.is_in_force(at)]

    def next_instant(self, after: datetime) -> datetime | None:
        """The next instant at which something of the school's own begins or ends."""
        instants = [fact.at for fact in self.facts]
        instants += [at for one in self.every_local for at in (one.since, one.until) if at is not None]
        return min((at for at in instants if at > after), default=None)


@dataclass
class Shelf:
    """What all notices of one kind share, as of one generation; texts are kept as long as there is room.

    `editions` are those of its kind, `library` those of every kind; `translated_at` are the instants of translations.
    """

    generation: int
    editions: tuple[Edition, ...]
    councils: Councils
    service_name: str
    service_facts: tuple[DatedFact, ...]
    trust_names: Mapping[int, str]
    kind: str = GENERAL
    library: Mapping[str, tuple[Edition, ...]] = field(default_factory=dict)
    translations: Book = field(default_factory=dict)
    translated_at: tuple[datetime, ...] = ()
    texts: dict[str, str] = field(default_factory=dict)
    layouts: dict[tuple[object, ...], Layout] = field(default_factory=dict)
    patterns: dict[tuple[object, ...], str] = field(default_factory=dict)
    siblings: dict[str, "Shelf"] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Every kind of notice that ever counted, the general one first."""
        return (GENERAL, *sorted(self.library.keys() - {GENERAL}))

    def of(self, kind: str) -> "Shelf":
        """The same for another kind of notice; texts are kept together."""
        if kind == self.kind:
            return self
        self.siblings.setdefault(self.kind, self)
        if kind not in self.siblings:
            self.siblings[kind] = replace(
                self, kind=kind, editions=self.library.get(kind, ()), layouts={}, patterns={}, siblings=self.siblings
            )
        return self.siblings[kind]

    def kind_title(self, kind: str, at: datetime) -> str:
        """What readers call a kind of notice at `at`, or last called it; "" for the general one."""
        known = self.library.get(kind, ())
        counting = [one for one in known if one.effective_at <= at] or known
        return counting[-1].kind_title if counting else ""

    @cached_property
    def _kinds_of_clauses(self) -> dict[str, str]:
        return {key: kind for kind, found in self.library.items() for one in found for key in one.clauses}

    def kind_of(self, clause_key: str) -> str:
        """The kind of notice that a shared clause belongs to."""
        return self._kinds_of_clauses.get(clause_key, GENERAL)

    def facts_at(self, at: datetime) -> dict[str, str]:
        return {fact.key: fact.value for fact in self.service_facts if fact.at <= at}

    def facts_of(self, school: Standing, at: datetime) -> dict[str, str]:
        """What is a school's own: its facts, and the names of itself, its trust and its council."""
        facts = school.facts_at(at)
        return {
            **facts,
            "school.name": facts.get("school.name", school.name),
            "trust.name": self.trust_names.get(school.trust_id or 0, ""),
            "authority.name": self.councils.name(school.councils, london(at).date()),
        }

    @cached_property
    def needed(self) -> frozenset[str]:
        """The facts of schools' own that any edition needs."""
        return frozenset().union(*(one.needs for edition in self.editions for one in edition.clauses.values()))

    def lacking(self, school: Standing, at: datetime) -> frozenset[str]:
        """The facts that an edition needs and the school has not; a trust's wording waits for no fact."""
        if school.law is None:
            return frozenset()
        known = self.facts_of(school, at)
        return frozenset(key for key in self.needed if not known.get(key, "").strip())

    def next_instant(self, after: datetime) -> datetime:
        """When something that all schools share may change by itself; at the latest at the end of the day in London."""
        every = [one for found in self.library.values() for one in found]
        instants = [at for one in every for at in (one.effective_at, one.withdrawn_at) if at is not None]
        instants += [fact.at for fact in self.service_facts]
        instants += self.translated_at
        midnight = end_of_day(london(after).date()) + timedelta(microseconds=1)
        return min([at for at in instants if at > after] + [midnight])

    def fetch(self, session: PortalSession, hashes: Iterable[str]) -> Mapping[str, str]:
        """The texts by hash; what is not on the shelf is read in one question."""
        wanted = {one for one in hashes if one}
        missing = wanted - self.texts.keys()
        if missing:
            if len(self.texts) > _TEXTS_KEPT:
                self.texts.clear()
                missing = wanted
            self.texts |= texts(session, missing)
        return self.texts


def generation(session: PortalSession) -> int:
    """The number that grows with every write that may change a public notice."""
    return session.scalar(select(Generation.number).where(Generation.id == 1)) or 0


def fill_shelf(session: PortalSession, *, kind: str = GENERAL) -> Shelf:
    found = service(session)
    with tenant_scope(session, found.id):
        facts = _facts(session, [found.id]).get(found.id, ())
    names = session.execute(select(Tenant.id, Tenant.name).where(Tenant.kind == TenantKind.TRUST))
    library = _library(session)
    book = translations(session)
    return Shelf(
        generation(session), library.get(kind, ()), load_councils(session), found.name, facts, dict(names.all()), kind,
        library, book, tuple(sorted({one.at for found in book.values() for one in found})),
    )  # fmt: skip


def editions(session: PortalSession, *, kind: str = GENERAL) -> tuple[Edition, ...]:
    """Every release of a kind that counts or counted, oldest first; a scheduled one counts from its instant on."""
    return _library(session).get(kind, ())


def _library(session: PortalSession) -> dict[str, tuple[Edition, ...]]:
    statement = (
        select(Release)
        .where(Release.status.in_((ReleaseStatus.PUBLISHED, ReleaseStatus.SCHEDULED, ReleaseStatus.WITHDRAWN)))
        .options(selectinload(Release.sections), selectinload(Release.clauses))
        .order_by(Release.effective_at, Release.id)
    )
    rows = list(session.scalars(statement))
    _learn_needs(session, {clause.part_hash for row in rows for clause in row.clauses})
    found: dict[str, list[Edition]] = {}
    for row in rows:
        found.setdefault(row.kind, []).append(edition_of(session, row))
    return {kind: tuple(rows) for kind, rows in found.items()}


def translations(session: PortalSession) -> Book:
    """Every translation, by what it was made from, the oldest first."""
    found: dict[Source, list[Rendering]] = {}
    for row in session.scalars(select(Translation).order_by(Translation.effective_at, Translation.id)):
        source = Source(row.language, row.key, row.source_title, row.source_hash or "")
        found.setdefault(source, []).append(Rendering(row.effective_at, row.title, row.part_hash or "", row.is_checked))
    return found


_needs: dict[str, frozenset[str]] = {}


def _learn_needs(session: PortalSession, hashes: set[str]) -> None:
    """A text never changes, so what it needs is worked out once in a process."""
    missing = hashes - _needs.keys()
    if missing:
        _needs.update({digest: own_facts(text) for digest, text in texts(session, missing).items()})


def edition_of(session: PortalSession, row: Release) -> Edition:
    sections = tuple((section.key, section.title) for section in row.sections)
    order = {key: place for place, (key, _) in enumerate(sections)}
    _learn_needs(session, {clause.part_hash for clause in row.clauses})
    clauses = sorted(row.clauses, key=lambda one: (order.get(one.section_key, len(order)), one.position))
    return Edition(
        row.id, row.name, row.title, row.reason, row.effective_at, row.withdrawn_at, sections,
        {one.key: shared_clause(one) for one in clauses}, row.kind, row.kind_title,
    )  # fmt: skip


def shared_clause(row: ReleaseClause) -> SharedClause:
    return SharedClause(
        row.key, row.title, row.section_key, row.policy, row.review, row.confirm, tuple(row.laws), tuple(row.applies),
        row.part_hash, row.split_from, row.reason, _needs[row.part_hash],
    )  # fmt: skip


def standing(session: PortalSession, school: Tenant) -> Standing:
    """One school's own as its general notice sees it, read in its own scope and its trust's."""
    locals_: tuple[Local, ...] = ()
    if school.trust_id is not None:
        with tenant_scope(session, school.trust_id):
            locals_ = _locals(session, [school.trust_id], Origin.TRUST).get(school.trust_id, ())
    with tenant_scope(session, school.id):
        own = _locals(session, [school.id], Origin.SCHOOL).get(school.id, ())
        stances = _stances(session, [school])
        facts = _facts(session, [school.id]).get(school.id, ())
    councils = councils_of(session, [school.id]).get(school.id, SchoolCouncils())
    return _standing(school, stances[school.id], locals_ + own, facts, councils)


def standings(session: PortalSession, schools: Sequence[Tenant]) -> list[Standing]:
    """Many schools' at once, as their general notices see them; the session must see every tenant."""
    ids = [school.id for school in schools]
    trusts = _locals(session, {school.trust_id for school in schools if school.trust_id}, Origin.TRUST)
    own, facts, stances = _locals(session, ids, Origin.SCHOOL), _facts(session, ids), _stances(session, schools)
    councils = councils_of(session, ids)
    return [
        _standing(
            school, stances[school.id], trusts.get(school.trust_id or 0, ()) + own.get(school.id, ()),
            facts.get(school.id, ()), councils.get(school.id, SchoolCouncils()),
        )
        for school in schools
    ]  # fmt: skip


class KnownTexts(dict[str, str]):
    """Texts by hash, each read once, for going through many notices."""

    def fetch(self, session: PortalSession, hashes: Iterable[str]) -> Self:
        missing = {one for one in hashes if one} - self.keys()
        if missing:
            self.update(texts(session, missing))
        return self


def texts(session: PortalSession, hashes: Iterable[str]) -> dict[str, str]:
    """The texts of published parts, read in one question."""
    rows = session.execute(select(TextPart.hash, TextPart.text).where(TextPart.hash.in_(sorted(hashes))))
    return dict(rows.all())


def _standing(
    school: Tenant, stance: Stance, locals_: tuple[Local, ...], facts: tuple[DatedFact, ...], councils: SchoolCouncils
) -> Standing:
    by_kind: dict[str, list[Local]] = {GENERAL: []}
    for one in locals_:
        by_kind.setdefault(one.kind, []).append(one)
    everywhere = {kind: tuple(found) for kind, found in by_kind.items()}
    return Standing(
        school.id, school.slug, school.name, school.law, school.trust_id, stance, everywhere.pop(GENERAL), facts,
        councils, known_languages(school.languages), GENERAL, everywhere,
    )  # fmt: skip


def _locals(session: PortalSession, ids: Iterable[int], origin: Origin) -> dict[int, tuple[Local, ...]]:
    wanted = list(ids)
    if not wanted:
        return {}
    statement = select(Override).where(Override.tenant_id.in_(wanted))
    found: dict[int, list[Local]] = {}
    for row in session.scalars(statement.order_by(Override.effective_at, Override.id)):
        found.setdefault(row.tenant_id, []).append(local_of(row, origin))
    return {tenant_id: tuple(rows) for tenant_id, rows in found.items()}


def local_of(row: Override, origin: Origin) -> Local:
    return Local(
        row.id, row.key, row.clause_key, row.mode, row.title, row.part_hash, row.base_hash, row.effective_at,
        row.ended_at, origin, row.base_release, row.kind,
    )  # fmt: skip


def _facts(session: PortalSession, ids: Sequence[int]) -> dict[int, tuple[DatedFact, ...]]:
    statement = select(Fact.tenant_id, Fact.key, Fact.value, Fact.effective_at).where(Fact.tenant_id.in_(ids))
    found: dict[int, list[DatedFact]] = {}
    for tenant_id, key, value, at in session.execute(statement.order_by(Fact.effective_at, Fact.id)):
        found.setdefault(tenant_id, []).append(DatedFact(key, value, at))
    return {tenant_id: tuple(rows) for tenant_id, rows in found.items()}


def _stances(session: PortalSession, schools: Sequence[Tenant]) -> dict[int, Stance]:
    ids = [school.id for school in schools]
    preferences = session.scalars(
        select(Preference).where(Preference.tenant_id.in_(ids)).order_by(Preference.effective_at)
    )
    by_preference = _by_tenant((row.tenant_id, (row.effective_at, row.value)) for row in preferences)
    settled = session.scalars(
        select(Decision).where(Decision.tenant_id.in_(ids), Decision.settled_at.is_not(None)).order_by(Decision.id)
    )
    by_answer = _by_tenant((row.tenant_id, answer) for row in settled if (answer := _answer(row)))
    return {
        school.id: Stance(
            school.created_at, tuple(by_preference.get(school.id, ())), tuple(by_answer.get(school.id, ()))
        )
        for school in schools
    }


def _answer(row: Decision) -> Answer | None:
    """Taking shared words, for whatever reason, answers the question; declining counts where a yes was asked for.

    A question that was overtaken has no answer.
    """
    assert row.settled_at is not None
    if row.choice is None:
        return None
    if row.choice is DecisionChoice.SHARED:
        return Answer(row.clause_key, row.shared_hash, takes=True, at=row.settled_at)
    if row.kind is DecisionKind.CONFIRM:
        return Answer(row.clause_key, row.shared_hash, takes=False, at=row.settled_at)
    return None


def _by_tenant(pairs: Iterable[tuple[int, Row]]) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for tenant_id, row in pairs:
        found.setdefault(tenant_id, []).append(row)
    return found
