"""One school's notice at an instant: what it is made of (its manifest), and what it says.

A manifest names every part by its hash, so that what was published can be put together again for ever.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.core.clock import london
from portal.notices import blocks
from portal.notices.compose import ClausePlan, ComposedNotice, SectionPlan, canonical_text, compose
from portal.notices.gathering import GENERAL, Shelf, Standing
from portal.notices.history import Layout, Line, Origin, editions_at, is_plain, layout, shared_at
from portal.notices.markup import Rendered, rendered
from portal.notices.placeholders import FACTS

ENGLISH = "en"
_SLUG = "the-address-of-the-school"


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of a notice: 0 while nothing was published."""

    number: int
    effective_at: datetime

    @property
    def effective_on(self) -> date:
        return london(self.effective_at).date()


@dataclass(frozen=True, slots=True)
class Parts:
    """What a notice is made of: a layout, facts, and the Markdown of those computed blocks that name no version."""

    slug: str
    layout: Layout
    facts: Mapping[str, str]
    common_facts: Mapping[str, str]
    blocks: Mapping[str, str]

    def manifest(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The manifest, and the texts that it names besides the clauses' own."""
        plan, common = plan_text(self.layout), _json(dict(sorted(self.common_facts.items())))
        texts = {text_hash(text): text for text in (plan, common, *self.blocks.values())}
        manifest = {
            "slug": self.slug,
            "plan": text_hash(plan),
            "facts": dict(sorted(self.facts.items())),
            "common": text_hash(common),
            "blocks": {key: text_hash(text) for key, text in sorted(self.blocks.items())},
        }
        return manifest, texts


@dataclass(frozen=True, slots=True)
class Notice:
    """What a school's notice says, as of `version`; never a table row."""

    school: str
    name: str
    kind: str
    language: str
    version: Version
    parts: Parts
    composed: ComposedNotice

    @property
    def text(self) -> str:
        """The canonical text: the body of `--format text`, without hosts or hash."""
        return canonical_text(self.composed)

    @property
    def sha256(self) -> str:
        return text_hash(self.text)

    @property
    def contents(self) -> list[tuple[str, str, str]]:
        """(anchor, number, title) of each section."""
        return [(section.anchor, section.number, section.title) for section in self.composed.sections]

    @property
    def origins(self) -> dict[str, Origin]:
        return {line.key: line.origin for line in self.parts.layout.lines}

    def as_dict(self) -> dict[str, Any]:
        sections = [
            {
                "number": section.number,
                "key": section.key,
                "title": section.title,
                "clauses": [
                    {
                        "key": clause.key, "title": clause.title, "text": clause.text, "html": clause.html,
                        "origin": str(clause.origin),
                    }
                    for clause in section.clauses
                ],
            }
            for section in self.composed.sections
        ]  # fmt: skip
        return {
            "school": self.school,
            "kind": self.kind,
            "language": self.language,
            "number": self.version.number,
            "effective_from": self.version.effective_on.isoformat(),
            "sections": sections,
        }


def parts_at(shelf: Shelf, school: Standing, at: datetime) -> Parts | None:
    """What the school's notice is made of at `at`; None before there was one."""
    found = _layout_at(shelf, school, at)
    if found is None:
        return None
    on = london(at).date()
    computed = {
        "authority_links": blocks.authority_links(shelf.councils.lines(school.councils, on)),
        "specific_notices": blocks.specific_notices([]),
    }
    common = {**shelf.facts_at(at), "service.name": shelf.service_name}
    return Parts(school.slug, found, _known(shelf.facts_of(school, at)), _known(common), computed)


def notice_of(
    parts: Parts, texts: Mapping[str, str], version: Version, *, name: str, kind: str = GENERAL, language: str = ENGLISH
) -> Notice:
    """The notice that the parts make."""
    composed = compose(
        [
            SectionPlan(
                key,
                title,
                tuple(ClausePlan(line.key, line.title, texts[line.part_hash], line.origin) for line in lines),
            )
            for key, title, lines in parts.layout.sections
        ],
        facts={**parts.common_facts, **parts.facts},
        blocks=_blocks(parts, version),
        absent=dict(parts.layout.absent),
    )
    return Notice(parts.slug, name, kind, language, version, parts, composed)


def pattern(shelf: Shelf, texts: Mapping[str, str], at: datetime) -> str:
    """What the release in force says without anybody's facts: most of every notice repeats it."""
    edition = editions_at(shelf.editions, at)[-1]
    if edition.id not in shelf.patterns:
        sections = [
            SectionPlan(
                key,
                title,
                tuple(
                    ClausePlan(clause.key, clause.title, texts[clause.part_hash])
                    for clause in edition.clauses.values()
                    if clause.section == key
                ),
            )
            for key, title in edition.sections
        ]
        shelf.patterns[edition.id] = canonical_text(compose(sections, facts={}, blocks={}))
    return shelf.patterns[edition.id]


def hashes_of(parts: Parts) -> set[str]:
    return {line.part_hash for line in parts.layout.lines}


def parts_from(manifest: Mapping[str, Any], texts: Mapping[str, str]) -> Parts:
    """The parts that a manifest names; `texts` must hold every text of `manifest_hashes`."""
    plan = json.loads(texts[manifest["plan"]])
    sections = tuple((key, title, tuple(_line(*line) for line in lines)) for key, title, lines in plan["sections"])
    return Parts(
        manifest["slug"],
        Layout(sections, tuple((key, title) for key, title in plan["absent"].items())),
        manifest["facts"],
        json.loads(texts[manifest["common"]]),
        {key: texts[digest] for key, digest in manifest["blocks"].items()},
    )


def _line(key: str, title: str, part_hash: str, origin: str, clause_key: str) -> Line:
    return Line(key, title, part_hash, Origin(origin), clause_key)


def manifest_hashes(manifest: Mapping[str, Any]) -> set[str]:
    return {manifest["plan"], manifest["common"], *manifest["blocks"].values()}


def plan_text(found: Layout) -> str:
    """The layout as canonical JSON; a section is [key, title, [[key, title, hash, origin, shared clause]]]."""
    sections = [
        [key, title, [[line.key, line.title, line.part_hash, line.origin, line.clause_key] for line in lines]]
        for key, title, lines in found.sections
    ]
    return _json({"sections": sections, "absent": dict(found.absent)})


def instants(shelf: Shelf, school: Standing, after: datetime, until: datetime) -> list[datetime]:
    """Every instant in (after, until] at which the school's notice may have changed, in order."""
    found = {at for one in shelf.editions for at in (one.effective_at, one.withdrawn_at)}
    found |= {fact.at for fact in (*school.facts, *shelf.service_facts)}
    found |= {at for one in school.locals_ for at in (one.since, one.until)}
    found |= {at for at, _ in school.stance.preferences} | {one.at for one in school.stance.answers}
    return sorted(at for at in found if at is not None and after < at <= until)


def _layout_at(shelf: Shelf, school: Standing, at: datetime) -> Layout | None:
    locals_, lacking = school.locals_at(at), shelf.lacking(school, at)
    if locals_ or not is_plain(school.stance):
        shared = shared_at(shelf.editions, school.stance, at, lacking)
        return layout(shared, school.law, locals_) if shared else None
    counting = editions_at(shelf.editions, at)
    if not counting:
        return None
    before = [edition for edition in counting if edition.effective_at <= school.stance.joined]
    key = (school.law, lacking, before[-1].id if before else 0, *(edition.id for edition in counting))
    if key not in shelf.layouts:
        shared = shared_at(shelf.editions, school.stance, at, lacking)
        assert shared is not None
        shelf.layouts[key] = layout(shared, school.law, ())
    return shelf.layouts[key]


def _blocks(parts: Parts, version: Version) -> dict[str, Rendered]:
    """Those that name the school's own address are rendered once for all schools: an address is of plain letters."""
    made = {key: rendered(text) for key, text in parts.blocks.items()}
    path = f"/schools/{_SLUG}"
    made["request_link"] = _addressed(blocks.request_link(f"{path}/requests/start"), parts.slug)
    words = blocks.version(version.number, version.effective_on, f"{path}/privacy-notice/versions")
    made["version"] = _addressed(words, parts.slug)
    return made


def _addressed(text: str, slug: str) -> Rendered:
    shared = rendered(text)
    return Rendered(shared.html.replace(_SLUG, slug), shared.text.replace(_SLUG, slug))


def _known(facts: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in facts.items() if key in FACTS and value}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
