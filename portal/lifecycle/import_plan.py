"""What applying an import would do, step by step, before anything is done.

The school's own words are never dropped unsaid: what does not go into the notice is named with its reason.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import TITLE_LENGTH
from portal.lifecycle.import_corrections import BY_HAND
from portal.lifecycle.import_editions import authority_names
from portal.lifecycle.import_leftovers import Known, leftovers
from portal.notices.actions import local_key
from portal.notices.history import Origin
from portal.notices.importing.placeholders import with_placeholders
from portal.notices.importing.rebuilding import Filled, rebuilt
from portal.notices.importing.report import Class, Decision, LocalClause, Report
from portal.notices.markup import accept
from portal.notices.models import OverrideMode, Release, ReleaseClause, TextPart, WordingProposal
from portal.notices.reading import parts_at
from portal.notices.sentences import to_sentences
from portal.notices.wording import ClauseWording, NoticeDesk, preview
from portal.tenancy.models import Tenant
from portal.tenancy.queries import facts_at, service
from portal.tenancy.scope import tenant_scope

SCHOOL_FACTS = (
    "school.email", "school.telephone", "school.address", "school.website", "school.short_name", "controller.name",
    "controller.address",
)  # fmt: skip
SERVICE_FACTS = ("dpo.name", "dpo.email", "dpo.telephone", "regulator.telephone")
_LOST_LINK = re.compile(r"\[([^\[\]]+)\]\(\s*#?\s*\)")
_TITLE_WORDS = 7


class Deed(StrEnum):
    FACT = "fact"
    FACT_KEPT = "fact-kept"
    SHARED = "shared"
    ALREADY = "already"
    OVERRIDE = "override"
    LOCAL = "local"
    DRAFT = "draft"
    REVIEW = "review"
    PROPOSAL = "proposal"
    OMITTED = "omitted"
    LEFT_OUT = "left-out"


DEEDS: Mapping[Deed, str] = {
    Deed.FACT: N_("Kept as data from now on"),
    Deed.FACT_KEPT: N_("Not taken: the portal knows something else"),
    Deed.SHARED: N_("The notice shows the shared wording"),
    Deed.ALREADY: N_("The portal has these words already"),
    Deed.OVERRIDE: N_("The notice shows the school’s own words"),
    Deed.LOCAL: N_("Added to the notice as the school’s own section"),
    Deed.DRAFT: N_("Kept as a draft; the notice shows the shared wording meanwhile"),
    Deed.REVIEW: N_("Sent to the DPO team to agree; the notice shows the shared wording meanwhile"),
    Deed.PROPOSAL: N_("Proposed to the DPO team; the notice shows the shared wording"),
    Deed.OMITTED: N_("Left out of the notice"),
    Deed.LEFT_OUT: N_("Not taken over"),
}

WHY_OLDER = N_("The document has an older shared wording; the school takes the one of today.")
WHY_OTHER_BASE = N_("Its words were made from another edition, so both changes must be read together first.")
WHY_TRUST = N_("The trust has words of its own here.")
WHY_OWN = N_("The school has published other words here meanwhile.")
WHY_DRAFT = N_("There is another draft of this section; it is not replaced.")
WHY_LOCKED = N_("This section is the same in every school.")
WHY_OBSOLETE = N_("It is out of date.")
WHY_DATA = N_("This looks like a contact, a date or a council’s link; the portal writes these from its own data.")
WHY_NO_CLAUSE = N_("The shared wording has no such section any more.")
WHY_NO_CLAUSE_FOR_LAW = N_("The shared wording has no such section for this kind of school.")
WHY_CHOSEN = N_("Somebody decided so.")
WHY_SERVICE = N_("This is the same for all schools and kept by the central service.")
WHY_NAME = N_("The school is called otherwise in the portal.")
WHY_OTHER_FACT = N_("The portal has another value.")


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that applying would do; `key` names a fact or a clause, `text` its value or words, `now` today's."""

    deed: Deed
    key: str
    title: str
    text: str = ""
    now: str = ""
    why: str = ""
    clause_key: str = ""
    mode: OverrideMode = OverrideMode.ADAPT
    base_release: str = ""
    base_hash: str = ""
    blocks: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "deed": self.deed.value,
            "key": self.key,
            "title": self.title,
            "text": self.text,
            "base": self.base_release,
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person decided otherwise: for clauses "shared", "own" or "omit"; facts to be taken; local text to drop."""

    clauses: Mapping[str, str]
    facts: frozenset[str]
    dropped: frozenset[int]

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Choices":
        return cls(
            dict(stored.get("clauses", {})), frozenset(stored.get("facts", ())), frozenset(stored.get("dropped", ()))
        )

    def as_json(self) -> dict[str, Any]:
        return {"clauses": dict(self.clauses), "facts": sorted(self.facts), "dropped": sorted(self.dropped)}


def plan_import(
    session: PortalSession, school: Tenant, desk: NoticeDesk, report: Report, choices: Choices, *, now: datetime
) -> list[Step]:
    planner = _Planner(session, desk, report, choices, now)
    steps = list(planner.steps())
    return [*_facts(session, school, report, choices, now), *steps, *planner.left_over(steps)]


def _facts(session: PortalSession, school: Tenant, report: Report, choices: Choices, now: datetime) -> Iterator[Step]:
    with tenant_scope(session, school.id):
        present = facts_at(session, school.id, now)
    centre = service(session)
    with tenant_scope(session, centre.id):
        shared = facts_at(session, centre.id, now)
    for key, found in report.facts.items():
        if key == "school.name" and not _same(found, present.get(key, school.name)):
            yield Step(Deed.FACT_KEPT, key, key, found, school.name, WHY_NAME)
        elif key in SERVICE_FACTS and not _same(found, shared.get(key, "")):
            yield Step(Deed.FACT_KEPT, key, key, found, shared.get(key, ""), WHY_SERVICE)
        elif key in SCHOOL_FACTS and not _same(found, before := present.get(key, "")):
            is_taken = not before or key in choices.facts
            why = "" if not before else WHY_CHOSEN if is_taken else WHY_OTHER_FACT
            yield Step(Deed.FACT if is_taken else Deed.FACT_KEPT, key, key, found, before, why)


class _Planner:
    def __init__(
        self, session: PortalSession, desk: NoticeDesk, report: Report, choices: Choices, now: datetime
    ) -> None:
        self._session, self._desk, self._report, self._choices, self._now = session, desk, report, choices, now
        self._bases = _bases(session, {one.edition for one in report.decisions if one.edition})
        self._proposed = _proposals(session, desk.school.id)
        self._taken = frozenset(desk.clauses)
        self._parts = parts_at(desk.shelf, desk.school, now)
        self._filled = self._filled_in()
        self._base_texts = base_texts(session, report)

    def steps(self) -> Iterator[Step]:
        for decision in self._report.decisions:
            yield self._decided(decision)
        for key in self._report.missing:
            wording = self._desk.clauses.get(key)
            if wording is None:
                continue
            if self._choices.clauses.get(key) == "omit" and wording.may_be_omitted:
                yield Step(Deed.OMITTED, key, wording.title, why=WHY_CHOSEN, clause_key=key, mode=OverrideMode.OMIT)
        for local in self._report.local_clauses:
            yield self._local(local)

    def left_over(self, steps: Sequence[Step]) -> Iterator[Step]:
        """What no step shows: data that the portal keeps otherwise, and what is out of date."""
        placed = {index for step in steps if step.text for index in step.blocks}
        for run in leftovers(self._report.entries, placed, self._known()):
            text = "\n".join(entry.block.text for entry in run)
            why = WHY_OBSOLETE if run[0].kind is Class.OBSOLETE else WHY_DATA
            if any(note.message == BY_HAND for note in run[0].notes):
                why = WHY_CHOSEN
            title = first_words(text)
            yield Step(Deed.LEFT_OUT, title, title, text, why=why, blocks=tuple(entry.block.index for entry in run))

    def _known(self) -> Known:
        told = {*SCHOOL_FACTS, *SERVICE_FACTS, "school.name"}
        values = [value for key, value in self._report.facts.items() if key in told]
        lines = ""
        if self._parts is not None:
            values += [*self._parts.common_facts.values(), *self._parts.facts.values()]
            lines = self._parts.blocks["authority_links"]
        return Known(values, authority_names(self._session), lines)

    def _decided(self, decision: Decision) -> Step:
        wording = self._desk.clauses.get(decision.key)
        chosen = self._choices.clauses.get(decision.key)
        if wording is None or wording.shared is None:
            return self._without_clause(decision, chosen)
        step = Step(Deed.SHARED, decision.key, wording.title, blocks=decision.blocks, clause_key=decision.key)
        if chosen == "omit" and wording.may_be_omitted:
            return replace(step, deed=Deed.OMITTED, mode=OverrideMode.OMIT, why=WHY_CHOSEN)
        if chosen == "shared" or decision.kind in {Class.INHERITED, Class.FACT}:
            return replace(step, why=WHY_CHOSEN if chosen else "")
        if chosen != "own" and decision.kind is Class.OLDER:
            return replace(step, why=WHY_OLDER)
        if chosen != "own" and decision.kind is Class.OBSOLETE:
            return replace(step, deed=Deed.LEFT_OUT, text=decision.text, why=WHY_OBSOLETE)
        text = settled(
            rebuilt(
                decision.text,
                self._base_of(decision, wording),
                self._filled,
                names_councils=self._names_councils(decision),
            )
        )
        return self._own(replace(step, text=text), decision, wording)

    def _base_of(self, decision: Decision, wording: ClauseWording) -> str:
        """The clause that the words were made from, with the placeholders of today's besides."""
        return f"{self._base_texts.get(decision.key, '')}\n\n{wording.parent}"

    def _names_councils(self, decision: Decision) -> bool:
        return any(
            entry.authority and entry.kind is Class.FACT and entry.clause == decision.key
            for entry in self._report.entries
        )

    def _filled_in(self) -> Filled:
        present = {**self._parts.common_facts, **self._parts.facts} if self._parts is not None else {}
        names = {facts["school.name"] for facts in (present, self._report.facts) if facts.get("school.name")}
        titles = {key: one.title for key, one in self._desk.clauses.items() if not one.is_local}
        return Filled(
            _spelt(present, names), _spelt(self._report.facts, names), {**dict(self._desk.sections), **titles}
        )

    def _own(self, step: Step, decision: Decision, wording: ClauseWording) -> Step:
        step = replace(
            step,
            base_release=decision.edition or "",
            base_hash=self._bases.get((decision.edition or "", decision.key), ""),
        )
        if _same(step.text, wording.parent):
            return replace(step, deed=Deed.SHARED)
        if wording.is_locked:
            is_known = (step.key, step.text) in self._proposed
            return replace(step, deed=Deed.ALREADY if is_known else Deed.PROPOSAL, why=WHY_LOCKED)
        if _same(step.text, wording.own_text) or (wording.draft is not None and _same(step.text, wording.draft.text)):
            return replace(step, deed=Deed.ALREADY)
        if wording.draft is not None:
            return replace(step, deed=Deed.LEFT_OUT, why=WHY_DRAFT)
        if why := self._why_draft(step, wording):
            return replace(step, deed=Deed.DRAFT, why=why)
        assert wording.shared is not None
        return replace(step, deed=Deed.REVIEW if wording.shared.review else Deed.OVERRIDE)

    def _why_draft(self, step: Step, wording: ClauseWording) -> str:
        if wording.own is not None:
            return WHY_OWN
        if wording.parent_origin is not Origin.LIBRARY:
            return WHY_TRUST
        if step.base_hash != wording.parent_hash:
            return WHY_OTHER_BASE
        return self._fault(step)

    def _without_clause(self, decision: Decision, chosen: str | None) -> Step:
        """A clause that only an earlier or a reference edition has, or that is for another kind of school."""
        known = self._desk.shared.last_known(decision.key)
        why = WHY_NO_CLAUSE_FOR_LAW if known is not None else WHY_NO_CLAUSE
        text = settled(decision.text)
        title = known.title if known is not None else first_words(text)
        step = Step(Deed.LEFT_OUT, decision.key, title, text, why=why, blocks=decision.blocks)
        is_kept = chosen == "own" or (chosen is None and decision.kind is Class.REWORDED)
        if not is_kept or not text:
            return replace(step, why=WHY_CHOSEN if chosen else why)
        return self._beside(LocalClause(title, "", self._above(decision.blocks), decision.blocks, text), why=why)

    def _local(self, local: LocalClause) -> Step:
        if local.blocks[0] in self._choices.dropped:
            title = local.title or first_words(local.text)
            return Step(Deed.LEFT_OUT, title, title, local.text, why=WHY_CHOSEN, blocks=local.blocks)
        return self._beside(local, why="")

    def _beside(self, local: LocalClause, *, why: str) -> Step:
        text = settled(local.text)
        title = (local.title or first_words(text))[:TITLE_LENGTH]
        found = next((one for one in self._desk.clauses.values() if one.is_local and _says(one, text)), None)
        if found is not None:
            return Step(Deed.ALREADY, found.key, found.title, text, blocks=local.blocks)
        anchor, mode = self._anchor(local)
        key = local_key(title, self._taken)
        self._taken |= {key}
        step = Step(Deed.LOCAL, key, title, text, clause_key=anchor, mode=mode, blocks=local.blocks)
        fault = why or self._fault(step)
        return replace(step, deed=Deed.DRAFT, why=fault) if fault else step

    def _anchor(self, local: LocalClause) -> tuple[str, OverrideMode]:
        shown = {key: one for key, one in self._desk.clauses.items() if one.parent_hash and not one.is_local}
        for key in (local.after, self._above(local.blocks)):
            if key in shown:
                return str(key), OverrideMode.AFTER
        first = next((key for key, one in shown.items() if one.section == local.section), next(iter(shown)))
        return first, OverrideMode.BEFORE

    def _above(self, blocks: tuple[int, ...]) -> str | None:
        """The clause of today that stands last before these blocks in the document."""
        above = [entry.clause for entry in self._report.entries if entry.block.index < min(blocks, default=0)]
        return next((key for key in reversed(above) if key and key in self._desk.clauses), None)

    def _fault(self, step: Step) -> str:
        """Why the words cannot be published as they are; "" when they can."""
        try:
            accept(step.text, self._desk.keys)
        except Invalid as fault:
            return fault.message
        _, gaps = preview(
            self._session, self._desk, step.key, mode=step.mode, clause_key=step.clause_key, title=step.title,
            text=step.text, now=self._now,
        )  # fmt: skip
        return next((gap.reason for gap in gaps if gap.blocks_publishing), "")


def settled(text: str) -> str:
    """Words of a document as a clause's text: links that lost their target become plain words, gaps placeholders."""
    return to_sentences(with_placeholders(_LOST_LINK.sub(r"\1", text)))


def first_words(text: str) -> str:
    """A title for text that has none."""
    plain = re.sub(r"^[#\-\s]+|\{\{.*?\}\}|[*_\[\]]", "", text.split("\n", maxsplit=1)[0])
    found = plain.split()
    return " ".join(found[:_TITLE_WORDS]).rstrip(".,;:") + ("…" if len(found) > _TITLE_WORDS else "")


def _spelt(facts: Mapping[str, str], names: set[str]) -> dict[str, tuple[str, ...]]:
    """Values as they may stand in a text in which the school's name became a placeholder already."""
    return {
        key: (value, *(value.replace(name, "{{ school.name }}") for name in names if key != "school.name"))
        for key, value in facts.items()
    }


def _says(wording: ClauseWording, text: str) -> bool:
    return _same(text, wording.own_text) or (wording.draft is not None and _same(text, wording.draft.text))


def _same(one: str, other: str) -> bool:
    return "".join(one.split()) == "".join(other.split())


def _proposals(session: PortalSession, school_id: int) -> set[tuple[str, str]]:
    with tenant_scope(session, school_id):
        rows = session.execute(
            select(WordingProposal.key, WordingProposal.text).where(WordingProposal.tenant_id == school_id)
        )
        return {(key, text) for key, text in rows}


def _bases(session: PortalSession, names: set[str]) -> dict[tuple[str, str], str]:
    statement = (
        select(Release.name, ReleaseClause.key, ReleaseClause.part_hash)
        .join(ReleaseClause, ReleaseClause.release_id == Release.id)
        .where(Release.name.in_(sorted(names)))
    )
    return {(name, key): digest for name, key, digest in session.execute(statement)}


def base_texts(session: PortalSession, report: Report) -> dict[str, str]:
    """By clause, the wording that the document's words were made from."""
    wanted = {(one.edition or "", one.key) for one in report.decisions}
    statement = (
        select(Release.name, ReleaseClause.key, TextPart.text)
        .join(ReleaseClause, ReleaseClause.release_id == Release.id)
        .join(TextPart, TextPart.hash == ReleaseClause.part_hash)
        .where(Release.name.in_(sorted({name for name, _ in wanted})))
    )
    return {key: text for name, key, text in session.execute(statement) if (name, key) in wanted}
