"""A notice from its clauses: numbers, anchors, cross-references, facts and computed blocks.

The clauses come in order (`history.layout` says which and where). What a notice says without its facts is worked out
once for each distinct plan and shared by every school that has it; a school's facts are then put between the finished
pieces, in the few clauses that name any. `COMPOSER_VERSION` goes up with any change after which the same parts could
read otherwise: seals name it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

from portal.notices.filling import (
    REFERENCE_WORDING,
    Reference,
    SlotValues,
    Unresolved,
    block_value,
    fact_value,
    unresolved,
)
from portal.notices.fragments import Fragment, fragment
from portal.notices.history import Origin
from portal.notices.languages import ENGLISH
from portal.notices.markup import Rendered
from portal.notices.placeholders import Context, Filler, Kind

COMPOSER_VERSION: Final = "2"

AUTHORS: Final[Mapping[Origin, Filler]] = {
    Origin.LIBRARY: Filler.CENTRAL,
    Origin.TRUST: Filler.TRUST,
    Origin.SCHOOL: Filler.SCHOOL,
}


@dataclass(frozen=True, slots=True)
class ClausePlan:
    """A clause's canonical text and whose it is; `applies` are kinds of school law, none meaning all."""

    key: str
    title: str
    text: str
    origin: Origin = Origin.LIBRARY
    applies: tuple[str, ...] = ()
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class SectionPlan:
    key: str
    title: str
    clauses: tuple[ClausePlan, ...] = ()
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Clause:
    number: str
    key: str
    title: str
    section: str
    anchor: str
    origin: Origin
    html: str
    text: str
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class Section:
    number: str
    key: str
    title: str
    anchor: str
    clauses: tuple[Clause, ...]
    language: str = ENGLISH


@dataclass(frozen=True, slots=True)
class ComposedNotice:
    sections: tuple[Section, ...]
    unresolved: tuple[Unresolved, ...] = ()

    @property
    def clauses(self) -> tuple[Clause, ...]:
        return tuple(clause for section in self.sections for clause in section.clauses)

    @property
    def can_be_published(self) -> bool:
        return not any(gap.blocks_publishing for gap in self.unresolved)


@dataclass(frozen=True, slots=True)
class Frame:
    """A section without facts: its clauses, and by their place the pieces of those that name facts or blocks."""

    section: Section
    open: tuple[tuple[int, Fragment], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """A notice without facts. Slots come as (slot, key, context)."""

    frames: tuple[Frame, ...]
    references: Mapping[str, Reference]
    fact_slots: tuple[tuple[str, str, Context], ...]
    block_slots: tuple[tuple[str, str, Context], ...]
    gaps: tuple[Unresolved, ...]


_Placed = tuple[Section, Sequence[tuple[ClausePlan, str]]]


def compose(
    sections: Iterable[SectionPlan],
    *,
    facts: Mapping[str, str],
    blocks: Mapping[str, Rendered],
    law: str | None = None,
    absent: Mapping[str, str] | None = None,
    wording: str = REFERENCE_WORDING,
    translated_blocks: Mapping[str, Rendered] | None = None,
) -> ComposedNotice:
    """The notice of a school under `law`. Clauses for other kinds of school are left out, and sections without clauses.

    `absent` gives the titles of clauses that the notice leaves out, so that a reference to one still reads well;
    `wording` is that of a reference in a clause that is not in English, `translated_blocks` are such a clause's blocks.
    """
    left_out = tuple(sorted(absent.items())) if absent else ()
    return filled(frames(tuple(sections), law, left_out, wording), facts, blocks, translated_blocks)


@lru_cache(maxsize=1024)
def frames(
    sections: tuple[SectionPlan, ...],
    law: str | None = None,
    absent: tuple[tuple[str, str], ...] = (),
    wording: str = REFERENCE_WORDING,
) -> Frames:
    """What all schools with this plan share. Cached: most schools have the library's plan."""
    present = [(section, clauses) for section in sections if (clauses := _applying(section, law))]
    anchors = _anchors(key for section, clauses in present for key in (section.key, *(one.key for one in clauses)))
    references = {key: Reference("", title, "") for key, title in absent}
    references |= {one.key: Reference("", one.title, "") for section in sections for one in section.clauses}
    placed = [_place(section, clauses, str(number), anchors) for number, (section, clauses) in enumerate(present, 1)]
    for head, parts in placed:
        references[head.key] = Reference(head.number, head.title, head.anchor)
        numbered = [(f"{head.number}.{index}", plan, anchor) for index, (plan, anchor) in enumerate(parts, 1)]
        references |= {plan.key: Reference(number, plan.title, anchor) for number, plan, anchor in reversed(numbered)}
    values = SlotValues({}, {}, references)
    others = SlotValues({}, {}, references, wording)
    made = [_frame(head, parts, values, others) for head, parts in placed]
    slots = {slot for frame in made for _, one in frame.open for slot in (*one.html.slots, *one.text.slots)}
    return Frames(
        tuple(made),
        references,
        tuple(_of_kind(Kind.FACT, slots)),
        tuple(_of_kind(Kind.BLOCK, slots)),
        tuple(_lasting_gaps(present, values)),
    )


def filled(
    made: Frames,
    facts: Mapping[str, str],
    blocks: Mapping[str, Rendered],
    translated_blocks: Mapping[str, Rendered] | None = None,
) -> ComposedNotice:
    """The frames with one school's facts and blocks."""
    values = {slot: fact_value(facts, key, context) for slot, key, context in made.fact_slots}
    values |= {slot: block_value(blocks, key, context) for slot, key, context in made.block_slots}
    others = values
    if translated_blocks is not None:
        others = values | {
            slot: block_value(translated_blocks, key, context) for slot, key, context in made.block_slots
        }
    sections = tuple([_section(frame, values, others) if frame.open else frame.section for frame in made.frames])
    return ComposedNotice(sections, (*made.gaps, *_gaps(made, SlotValues(facts, blocks, made.references))))


def canonical_text(notice: ComposedNotice) -> str:
    """What the notice says, to the letter: the body of `--format text` and of a seal, without hosts or hash.

    Numbered titles, then each clause's plain words, with a blank line between blocks and one line end at the end.
    """
    return "\n\n".join(_canonical(notice.sections)) + "\n"


def _applying(section: SectionPlan, law: str | None) -> tuple[ClausePlan, ...]:
    return tuple(one for one in section.clauses if law is None or not one.applies or law in one.applies)


def _anchors(keys: Iterable[str]) -> Iterator[str]:
    """`rights.access` becomes `rights-access`; the second of a name, as when a trust and a school add one, a number."""
    taken: set[str] = set()
    for key in keys:
        name = re.sub(r"[^a-z0-9-]+", "-", key.lower()).strip("-") or "part"
        numbered = (f"{name}-{count}" for count in range(2, len(taken) + 3))
        anchor = next(one for one in (name, *numbered) if one not in taken)
        taken.add(anchor)
        yield anchor


def _place(section: SectionPlan, clauses: Sequence[ClausePlan], number: str, anchors: Iterator[str]) -> _Placed:
    head = Section(number, section.key, section.title, next(anchors), (), section.language)
    return head, [(plan, next(anchors)) for plan in clauses]


def _frame(
    section: Section, clauses: Sequence[tuple[ClausePlan, str]], values: SlotValues, others: SlotValues
) -> Frame:
    open_clauses: list[tuple[int, Fragment]] = []
    finished: list[Clause] = []
    for index, (plan, anchor) in enumerate(clauses):
        made = _with_references(fragment(plan.text), values if plan.language == ENGLISH else others)
        if made.html.slots or made.text.slots:
            open_clauses.append((index, made))
        number, html, text = f"{section.number}.{index + 1}", made.html.parts[0], made.text.parts[0]
        finished.append(
            Clause(number, plan.key, plan.title, section.key, anchor, plan.origin, html, text, plan.language)
        )
    return Frame(replace(section, clauses=tuple(finished)), tuple(open_clauses))


def _with_references(made: Fragment, values: SlotValues) -> Fragment:
    lasting = (f"{Kind.REFERENCE}|", f"{Kind.UNKNOWN}|")
    known = {slot: values[slot] for slot in (*made.html.slots, *made.text.slots) if slot.startswith(lasting)}
    return Fragment(made.html.settled(known), made.text.settled(known)) if known else made


def _of_kind(kind: Kind, slots: Iterable[str]) -> Iterator[tuple[str, str, Context]]:
    for slot in sorted(slots):
        name, key, context = slot.split("|")
        if name == kind:
            yield slot, key, Context(context)


def _lasting_gaps(
    present: Sequence[tuple[SectionPlan, Sequence[ClausePlan]]], values: SlotValues
) -> Iterator[Unresolved]:
    """Gaps that no fact can fill: the text itself names what is not there."""
    for _, clauses in present:
        for plan in clauses:
            for gap in unresolved(fragment(plan.text), values, plan.key, AUTHORS[plan.origin]):
                if gap.kind in (Kind.REFERENCE, Kind.UNKNOWN):
                    yield gap


def _section(frame: Frame, values: Mapping[str, str], others: Mapping[str, str]) -> Section:
    section = frame.section
    clauses = list(section.clauses)
    for index, made in frame.open:
        old = clauses[index]
        fitting = values if old.language == ENGLISH else others
        html, text = made.html.filled(fitting), made.text.filled(fitting)
        clauses[index] = Clause(
            old.number, old.key, old.title, old.section, old.anchor, old.origin, html, text, old.language
        )
    return Section(section.number, section.key, section.title, section.anchor, tuple(clauses), section.language)


def _gaps(made: Frames, values: SlotValues) -> Iterator[Unresolved]:
    has_facts = all(values.facts.get(key, "").strip() for _, key, _ in made.fact_slots)
    if has_facts and all(key in values.blocks for _, key, _ in made.block_slots):
        return
    for frame in made.frames:
        for index, one in frame.open:
            yield from unresolved(one, values, frame.section.clauses[index].key)


def _canonical(sections: Sequence[Section]) -> Iterator[str]:
    for section in sections:
        yield f"{section.number}. {section.title}"
        for clause in section.clauses:
            yield f"{clause.number} {clause.title}"
            if clause.text:
                yield clause.text
