"""The notice check on what schools publish: gathering what a rule may look at, waivers set apart."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import select

from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.directory.link_states import link_states
from portal.directory.queries import area_of, read_book
from portal.directory.rules import LinkKind
from portal.identity.queries import names
from portal.lifecycle.import_editions import authority_names, library_editions
from portal.notices import blocks as computed
from portal.notices.gathering import GENERAL, Shelf, Standing, fill_shelf, standing, standings
from portal.notices.history import Line, Origin, editions_at
from portal.notices.importing.blocks import Block
from portal.notices.importing.editions import Edition, in_force, newest_first
from portal.notices.importing.notice_check import check_notice
from portal.notices.languages import ENGLISH
from portal.notices.lint.engine import lint
from portal.notices.lint.findings import Finding, Waived, in_order, without_waived
from portal.notices.lint.findings import Waiver as Excuse
from portal.notices.lint.notice import Context, Notice, Translation, notice_of_blocks, notice_of_clauses
from portal.notices.lint.rules import Rule, rules_in_force
from portal.notices.models import Waiver
from portal.notices.placeholders import BLOCKS, FACTS, PLACEHOLDER
from portal.notices.reading import Parts, hashes_of, parts_at, shared_layout
from portal.notices.translating import outdated
from portal.tenancy.models import Tenant
from portal.tenancy.queries import service
from portal.tenancy.scope import tenant_scope

Outdated = tuple[tuple[str, str, str], ...]  # (kind, language, clause) of each translation of other English words
_ESCAPED = re.compile(r"\\([^\w\s])")
_MOST_KEPT = 2_000
COMPARING = frozenset({"meaning_changed"})
EXPLAINING = frozenset({LinkKind.PUPIL, LinkKind.MAIN, LinkKind.CHILD})


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found: what stands, worst first, and what somebody waived.

    `mendable` are the keys of clauses whose words are the school's own, so that a fix can be made in them.
    """

    standing: Sequence[Finding]
    waived: Sequence[Waived]
    titles: Mapping[str, str] = field(default_factory=dict)
    mendable: frozenset[str] = frozenset()


class Inspector:
    """Everything that checks share, read once for any number of schools. The session must see the service's rows."""

    def __init__(self, session: PortalSession, *, now: datetime, shelf: Shelf | None = None) -> None:
        self._session, self.now, self.on = session, now, london(now).date()
        self._shelf = shelf or fill_shelf(session)
        self._editions = {
            kind: _current_first(library_editions(session, now=now, kind=kind), self.on) for kind in self._shelf.kinds
        }
        self._authorities = tuple(authority_names(session))
        self._listed, self._known = _councils(session, self.on)
        self._dead = frozenset(state.link.url for state in link_states(session, self.on) if state.is_broken)
        centre = service(session)
        with tenant_scope(session, centre.id):
            self._central = _excuses(session, centre)
        self._world = (self._shelf.generation, self.on, self._authorities, self._listed, self._dead)

    def school(self, school: Tenant) -> Checked:
        """One school's notices as they stand now. Raises `NotFound` where it has none yet."""
        found = standing(self._session, school)
        with tenant_scope(self._session, school.id):
            excuses = _excuses(self._session, school)
        return self._checked(found, excuses, is_shared=False)

    def schools(self, schools: Sequence[Tenant]) -> Iterator[tuple[Tenant, Checked]]:
        """Many schools; those whose notices are made of the same parts, facts apart, are looked at once.

        The session must see every tenant.
        """
        excuses = _excuses_by_tenant(self._session, [school.id for school in schools])
        for school, found in zip(schools, standings(self._session, schools), strict=True):
            yield school, self._checked(found, excuses.get(school.id, []), is_shared=True)

    def library(self) -> Checked:
        """The shared wording of every kind of notice in force, with its placeholders."""
        current = {
            kind: editions[0]
            for kind, editions in self._editions.items()
            if editions and editions_at(self._shelf.of(kind).editions, self.now)
        }
        if GENERAL not in current:
            raise NotFound("There is no shared wording yet.")
        notices = {
            kind: notice_of_clauses(((one.key, one.title, one.text) for one in edition.clauses), edition.name)
            for kind, edition in current.items()
        }
        found = [
            finding
            for kind, notice in notices.items()
            for finding in lint(notice, self._library_context(notices, kind))
        ]
        kept, waived = without_waived(in_order(found), self._central, self.on)
        return Checked(kept, waived, {one.key: one.title for edition in current.values() for one in edition.clauses})

    def document(self, blocks: Sequence[Block], name: str) -> list[Finding]:
        """Any document, whoever's it is; it should name every council whose notice we know.

        Raises `Invalid` for a document that is no privacy notice in English; a few sentences of one may be checked.
        """
        check_notice(blocks, is_piece_welcome=True)
        return lint(notice_of_blocks(blocks, name), self._context(self._shelf.facts_at(self.now), listed=self._known))

    def _checked(self, found: Standing, excuses: Sequence[Excuse], *, is_shared: bool) -> Checked:
        every = self._every_notice(found)
        if GENERAL not in every:
            raise NotFound("This school has no notice yet.")
        stale = self._outdated(found, every)
        likeness = (self._world, stale, tuple(map(_likeness, every.values())))
        own = () if is_shared else (found.name, *(frozenset(_facts(parts).items()) for parts in every.values()))
        findings = _KEPT.get((likeness, own))
        if findings is None:
            findings = self._findings(every, found.name, stale)
            if len(_KEPT) > _MOST_KEPT:
                _KEPT.clear()
            _KEPT[likeness, own] = findings
        kept, waived = without_waived(findings, [*excuses, *self._central], self.on)
        lines = [line for parts in every.values() for line in parts.layout.lines]
        return Checked(
            kept,
            waived,
            {line.key: line.title for line in lines},
            frozenset(line.key for line in lines if line.origin is Origin.SCHOOL),
        )

    def _library_context(self, notices: Mapping[str, Notice], kind: str) -> Context:
        layout = shared_layout(editions_at(self._shelf.of(kind).editions, self.now)[-1])
        book = self._shelf.translations
        stale = tuple(
            Translation(language, key, is_stale=True)
            for language in sorted({source.language for source in book})
            for key in outdated(layout, book, language, self.now)
        )
        return self._context({}, kind, others=_others(notices, kind), translations=stale, is_library=True)

    def _every_notice(self, found: Standing) -> dict[str, Parts]:
        """By kind, the general one first; a kind that the school has nothing of is left out."""
        every = {kind: parts_at(self._shelf.of(kind), found, self.now) for kind in self._shelf.kinds}
        return {kind: parts for kind, parts in every.items() if parts is not None and parts.layout.sections}

    def _outdated(self, found: Standing, every: Mapping[str, Parts]) -> Outdated:
        return tuple(
            (kind, language, key)
            for kind, parts in every.items()
            for language in found.languages
            if language != ENGLISH
            for key in outdated(parts.layout, self._shelf.translations, language, self.now)
        )

    def _findings(self, every: Mapping[str, Parts], name: str, stale: Outdated) -> list[Finding]:
        """Facts count for every rule but those that compare wordings: there they would look like a change."""
        rules = rules_in_force(self.on)
        filling, comparing = _without(rules, COMPARING), [one for one in rules if one.check in COMPARING]
        notices, findings = {}, []
        for kind, parts in every.items():
            words = self._shelf.fetch(self._session, hashes_of(parts))
            notices[kind] = filled_notice(parts, words, name)
            alone = [line for line in parts.layout.lines if line.origin is not Origin.LIBRARY]
            typed = notice_of_clauses([(line.key, line.title, words[line.part_hash]) for line in alone], name)
            findings += lint(typed, self._context(_facts(parts), kind, is_library=True), comparing)
        for kind, parts in every.items():
            translated = tuple(Translation(language, key, is_stale=True) for of, language, key in stale if of == kind)
            context = self._context(
                _facts(parts), kind, others=_others(notices, kind), translations=translated,
            )  # fmt: skip
            findings += lint(notices[kind], context, filling)
        return in_order(findings)

    def _context(
        self, facts: Mapping[str, str], kind: str = GENERAL, *, is_library: bool = False,
        listed: frozenset[str] | None = None, others: tuple[Notice, ...] = (),
        translations: tuple[Translation, ...] = (),
    ) -> Context:  # fmt: skip
        return Context(
            on=self.on,
            others=others,
            facts=facts,
            editions=tuple(self._editions.get(kind, ())),
            authorities=self._authorities,
            listed=self._listed if listed is None else listed,
            dead_links=self._dead,
            translations=translations,
            is_library=is_library,
        )


def _others(notices: Mapping[str, Notice], kind: str) -> tuple[Notice, ...]:
    return tuple(notice for other, notice in notices.items() if other != kind)


def _facts(parts: Parts) -> dict[str, str]:
    return {**parts.common_facts, **parts.facts}


def _without(rules: Sequence[Rule], checks: frozenset[str]) -> list[Rule]:
    return [rule for rule in rules if rule.check not in checks]


_KEPT: dict[object, list[Finding]] = {}  # findings by everything that they depend on; of many schools facts apart


def filled_notice(parts: Parts, words: Mapping[str, str], name: str) -> Notice:
    """The clauses in Markdown with facts and computed parts filled in; what has nothing to show stays a placeholder."""
    facts = _facts(parts)
    sections = {
        key: f"section {number}, {title}" for number, (key, title, _) in enumerate(parts.layout.sections, start=1)
    }
    titles = {
        line.key: f"section {number}.{index}, {line.title}"
        for number, (_, _, lines) in enumerate(parts.layout.sections, start=1)
        for index, line in enumerate(lines, start=1)
    }
    places = {**sections, **dict(parts.layout.absent), **titles}
    own = {
        **{key: _ESCAPED.sub(r"\1", text) for key, text in parts.addressed_blocks().items()},
        "request_link": computed.request_link(f"/schools/{parts.slug}/requests/start"),
        "version": computed.version(1, date.max, f"/schools/{parts.slug}/privacy-notice/versions"),
    }
    clauses = [_filled(line, words[line.part_hash], facts, own, places) for line in parts.layout.lines]
    return notice_of_clauses([("about.title", name, name), *clauses], name)


def _filled(
    line: Line, text: str, facts: Mapping[str, str], own: Mapping[str, str], places: Mapping[str, str]
) -> tuple[str, str, str]:
    def value(key: str, typed: str, *, is_reference: bool) -> str:
        if is_reference:
            return places.get(key, typed)
        return (facts.get(key) if key in FACTS else own.get(key) if key in BLOCKS else None) or typed

    filled = PLACEHOLDER.sub(lambda match: value(match["key"], match.group(0), is_reference=bool(match["see"])), text)
    return line.key, line.title, filled


def _likeness(parts: Parts) -> tuple[object, ...]:
    """What two notices have in common when the same findings stand in both."""
    lines = tuple((line.key, line.title, line.part_hash) for line in parts.layout.lines)
    return (lines, frozenset(parts.facts))


def _current_first(editions: list[Edition], on: date) -> list[Edition]:
    current = in_force(editions, on)
    return [current, *(one for one in newest_first(editions) if one is not current)] if current else []


def _councils(session: PortalSession, on: date) -> tuple[frozenset[str], frozenset[str]]:
    """DfE codes: of the councils that have schools here, and of those whose own notice the directory knows besides."""
    book = read_book(session)
    here = {book.council(key, on).dfe for key in area_of(session, on, book=book)}
    known = {council.dfe for council in book.existing(on) if any(link.kind in EXPLAINING for link in council.links)}
    return frozenset(filter(None, here)), frozenset(filter(None, here | known))


def _excuses(session: PortalSession, tenant: Tenant) -> list[Excuse]:
    return _excuses_by_tenant(session, [tenant.id]).get(tenant.id, [])


def _excuses_by_tenant(session: PortalSession, ids: Sequence[int]) -> dict[int, list[Excuse]]:
    rows = list(session.scalars(select(Waiver).where(Waiver.tenant_id.in_(ids), Waiver.ended_at.is_(None))))
    people = names(session, {row.made_by for row in rows if row.made_by is not None})
    found: dict[int, list[Excuse]] = {}
    for row in rows:
        name = people.get(row.made_by or 0, "")
        found.setdefault(row.tenant_id, []).append(
            Excuse(row.rule, row.reason, name, row.expires_on, row.clause or None, row.quote)
        )
    return found
