"""One school's notice at an instant: what it is made of (its manifest), and what it says.

A manifest names every part by its hash, so that what was published can be put together again for ever.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from portal.core.clock import london
from portal.core.database import PortalSession
from portal.notices import blocks
from portal.notices.compose import ClausePlan, ComposedNotice, SectionPlan, canonical_text, compose
from portal.notices.gathering import GENERAL, Shelf, Standing
from portal.notices.history import Edition, Layout, Line, Origin, Translated, editions_at, is_plain, layout, shared_at
from portal.notices.languages import ENGLISH, WORDS, NoticeWords
from portal.notices.markup import Rendered, rendered
from portal.notices.placeholders import FACTS
from portal.notices.translating import Source, in_language, rendering

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
    """What a notice is made of: a layout, facts, and the Markdown of those computed blocks that name no version.

    A block's words in another language stand beside the English ones, as `authority_links.pl`. `title` is what readers
    call this kind of notice, "" for the general one.
    """

    slug: str
    layout: Layout
    facts: Mapping[str, str]
    common_facts: Mapping[str, str]
    blocks: Mapping[str, str]
    kind: str = GENERAL
    title: str = ""

    @property
    def language(self) -> str:
        return self.layout.translated.language if self.layout.translated else ENGLISH

    def addressed_blocks(self) -> dict[str, str]:
        """The blocks with this school's own address in their links."""
        return {key: text.replace(_SLUG, self.slug) for key, text in self.blocks.items()}

    def manifest(self) -> tuple[dict[str, Any], dict[str, str]]:
        """The manifest, and the texts that it names besides the clauses' own."""
        plan, common = plan_text(self.layout), _json(dict(sorted(self.common_facts.items())))
        texts = {text_hash(text): text for text in (plan, common, *self.blocks.values())}
        kind = {} if self.kind == GENERAL else {"kind": self.kind, "title": self.title}
        manifest = {
            "slug": self.slug,
            **kind,
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
    def title(self) -> str:
        """What readers call this kind of notice; "" for the general one."""
        return self.parts.title

    @property
    def preamble(self) -> tuple[str, ...]:
        """What readers of a translation must know first: that English counts, and which clauses are in English."""
        translated, words = self.parts.layout.translated, WORDS.get(self.language)
        if translated is None or words is None:
            return ()
        english = [one.number for one in self.composed.clauses if one.language == ENGLISH]
        return (
            words.counts,
            *([words.unchecked] if translated.keys and not translated.is_checked else []),
            *([words.in_english.format(parts=", ".join(english))] if english else []),
        )

    @property
    def text(self) -> str:
        """The canonical text: the body of `--format text`, without hosts or hash."""
        return "\n\n".join((*self.preamble, canonical_text(self.composed)))

    @property
    def sha256(self) -> str:
        return text_hash(self.text)

    @property
    def contents(self) -> list[tuple[str, str, str, str]]:
        """(anchor, number, title, language) of each section; "" for the language of the notice."""
        return [
            (one.anchor, one.number, one.title, one.language if one.language != self.language else "")
            for one in self.composed.sections
        ]

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
                        "origin": str(clause.origin), "language": clause.language,
                    }
                    for clause in section.clauses
                ],
            }
            for section in self.composed.sections
        ]  # fmt: skip
        return {
            "school": self.school,
            "kind": self.kind,
            "title": self.title,
            "language": self.language,
            "preamble": list(self.preamble),
            "number": self.version.number,
            "effective_from": self.version.effective_on.isoformat(),
            "sections": sections,
        }


def parts_at(shelf: Shelf, school: Standing, at: datetime, language: str = ENGLISH) -> Parts | None:
    """What the school's notice of the shelf's kind is made of at `at`; None before there was one."""
    school = school.of(shelf.kind)
    found = _layout_at(shelf, school, at, language)
    if found is None:
        return None
    on = london(at).date()
    councils = shelf.councils.lines(school.councils, on)
    computed = {
        "authority_links": blocks.authority_links(councils),
        "specific_notices": _listed(_other_notices(shelf, school, at, ENGLISH), ENGLISH),
    }
    if language != ENGLISH:
        computed[f"authority_links.{language}"] = blocks.authority_links(councils, WORDS[language])
        computed[f"specific_notices.{language}"] = _listed(_other_notices(shelf, school, at, language), language)
    common = {**shelf.facts_at(at), "service.name": shelf.service_name}
    title = kind_title(shelf, shelf.kind, at, language)
    own = _known(shelf.facts_of(school, at))
    return Parts(school.slug, found, own, _known(common), computed, shelf.kind, title)


def has_notice(shelf: Shelf, school: Standing, at: datetime) -> bool:
    """Whether there is anything in the school's notice of the shelf's kind at `at`."""
    found = _layout_at(shelf, school.of(shelf.kind), at, ENGLISH)
    return found is not None and bool(found.sections)


def notice_of(parts: Parts, texts: Mapping[str, str], version: Version, *, name: str) -> Notice:
    """The notice that the parts make."""
    language = parts.language
    words = WORDS.get(language, WORDS[ENGLISH])
    composed = compose(
        _plan(parts.layout, texts),
        facts={**parts.common_facts, **parts.facts},
        blocks=_blocks(parts, version, ENGLISH, WORDS[ENGLISH]),
        absent=dict(parts.layout.absent),
        wording=words.reference,
        translated_blocks=_blocks(parts, version, language, words) if language != ENGLISH else None,
    )
    return Notice(parts.slug, name, parts.kind, language, version, parts, composed)


def pattern(session: PortalSession, shelf: Shelf, at: datetime, language: str = ENGLISH) -> str:
    """What the release in force says without anybody's facts: most of every notice repeats it."""
    edition = editions_at(shelf.editions, at)[-1]
    key = (edition.id, language, *_since_translations(shelf, language, at))
    if key not in shelf.patterns:
        found = _in_language(shelf, shared_layout(edition), language, at)
        words = shelf.fetch(session, {line.part_hash for line in found.lines})
        shelf.patterns[key] = canonical_text(compose(_plan(found, words), facts={}, blocks={}))
    return shelf.patterns[key]


def shared_layout(edition: Edition) -> Layout:
    """Every clause of a release in its shared words, whatever kind of school it is for."""
    lines = [Line(one.key, one.title, one.part_hash, Origin.LIBRARY, one.key) for one in edition.clauses.values()]
    sections = tuple(
        (name, title, tuple(line for line in lines if edition.clauses[line.key].section == name))
        for name, title in edition.sections
    )
    return Layout(sections)


def hashes_of(parts: Parts) -> set[str]:
    return {line.part_hash for line in parts.layout.lines}


def parts_from(manifest: Mapping[str, Any], texts: Mapping[str, str]) -> Parts:
    """The parts that a manifest names; `texts` must hold every text of `manifest_hashes`."""
    plan = json.loads(texts[manifest["plan"]])
    sections = tuple((key, title, tuple(_line(*line) for line in lines)) for key, title, lines in plan["sections"])
    return Parts(
        manifest["slug"],
        Layout(sections, tuple((key, title) for key, title in plan["absent"].items()), _translated(plan)),
        manifest["facts"],
        json.loads(texts[manifest["common"]]),
        {key: texts[digest] for key, digest in manifest["blocks"].items()},
        manifest.get("kind", GENERAL),
        manifest.get("title", ""),
    )


def _translated(plan: Mapping[str, Any]) -> Translated | None:
    found = plan.get("translated")
    return Translated(found["language"], tuple(found["keys"]), found["checked"]) if found else None


def _line(key: str, title: str, part_hash: str, origin: str, clause_key: str) -> Line:
    return Line(key, title, part_hash, Origin(origin), clause_key)


def manifest_hashes(manifest: Mapping[str, Any]) -> set[str]:
    return {manifest["plan"], manifest["common"], *manifest["blocks"].values()}


def plan_text(found: Layout) -> str:
    """The layout as canonical JSON; a section is [key, title, [[key, title, hash, origin, shared clause]]].

    Only what is not English says so.
    """
    sections = [
        [key, title, [[line.key, line.title, line.part_hash, line.origin, line.clause_key] for line in lines]]
        for key, title, lines in found.sections
    ]
    plan: dict[str, Any] = {"sections": sections, "absent": dict(found.absent)}
    if found.translated is not None:
        one = found.translated
        plan["translated"] = {"language": one.language, "keys": list(one.keys), "checked": one.is_checked}
    return _json(plan)


def instants(
    shelf: Shelf, school: Standing, after: datetime, until: datetime, language: str = ENGLISH
) -> list[datetime]:
    """Every instant in (after, until] at which the school's notice may have changed, in order.

    Other kinds of notices count too: the general one lists them.
    """
    found = {at for every in shelf.library.values() for one in every for at in (one.effective_at, one.withdrawn_at)}
    found |= {fact.at for fact in (*school.facts, *shelf.service_facts)}
    found |= {at for one in school.every_local for at in (one.since, one.until)}
    found |= set(shelf.translated_at) if language != ENGLISH else set()
    found |= {at for at, _ in school.stance.preferences} | {one.at for one in school.stance.answers}
    return sorted(at for at in found if at is not None and after < at <= until)


def _plan(found: Layout, texts: Mapping[str, str]) -> list[SectionPlan]:
    spoken = dict.fromkeys(found.translated.keys, found.translated.language) if found.translated else {}
    return [
        SectionPlan(
            key,
            title,
            tuple(
                ClausePlan(line.key, line.title, texts[line.part_hash], line.origin, (), spoken.get(line.key, ENGLISH))
                for line in lines
            ),
            spoken.get(key, ENGLISH),
        )
        for key, title, lines in found.sections
    ]


def _other_notices(shelf: Shelf, school: Standing, at: datetime, language: str) -> tuple[tuple[str, str], ...]:
    """(kind, title) of the school's notices of further kinds, but for the shelf's own."""
    return tuple(
        (kind, kind_title(shelf, kind, at, language))
        for kind in shelf.kinds
        if kind not in (GENERAL, shelf.kind) and has_notice(shelf.of(kind), school, at)
    )


@lru_cache(maxsize=1024)
def _listed(notices: tuple[tuple[str, str], ...], language: str) -> str:
    found = [blocks.OtherNotice(title, _path(kind, language)) for kind, title in notices]
    return blocks.specific_notices(found, WORDS[language])


def kind_title(shelf: Shelf, kind: str, at: datetime, language: str) -> str:
    """What readers of a language call a kind of notice; "" for the general one."""
    if kind == GENERAL:
        return ""
    title = shelf.kind_title(kind, at)
    other = rendering(shelf.translations, Source(language, kind, title), at)
    return other.title if other else title


def notice_path(slug: str, kind: str) -> str:
    place = "privacy-notice" if kind == GENERAL else f"privacy-notices/{kind}"
    return f"/schools/{slug}/{place}"


def _path(kind: str, language: str, below: str = "") -> str:
    """The address of a notice of any school, which `_SLUG` stands for."""
    return f"{notice_path(_SLUG, kind)}{below}{_asking(language)}"


def _asking(language: str) -> str:
    return "" if language == ENGLISH else f"?lang={language}"


def _since_translations(shelf: Shelf, language: str, at: datetime) -> tuple[datetime, ...]:
    """The newest instant that told translations of `at` from earlier ones."""
    return tuple(one for one in shelf.translated_at if one <= at)[-1:] if language != ENGLISH else ()


def _in_language(shelf: Shelf, found: Layout, language: str, at: datetime) -> Layout:
    return found if language == ENGLISH else in_language(found, shelf.translations, language, at)


def _layout_at(shelf: Shelf, school: Standing, at: datetime, language: str) -> Layout | None:
    locals_, lacking = school.locals_at(at), shelf.lacking(school, at)
    if locals_ or not is_plain(school.stance):
        shared = shared_at(shelf.editions, school.stance, at, lacking)
        return _in_language(shelf, layout(shared, school.law, locals_), language, at) if shared else None
    counting = editions_at(shelf.editions, at)
    if not counting:
        return None
    before = [edition for edition in counting if edition.effective_at <= school.stance.joined]
    since = _since_translations(shelf, language, at)
    key = (
        school.law, lacking, before[-1].id if before else 0, language, *since, *(edition.id for edition in counting)
    )  # fmt: skip
    if key not in shelf.layouts:
        shared = shared_at(shelf.editions, school.stance, at, lacking)
        assert shared is not None
        shelf.layouts[key] = _in_language(shelf, layout(shared, school.law, ()), language, at)
    return shelf.layouts[key]


def _blocks(parts: Parts, version: Version, language: str, words: NoticeWords) -> dict[str, Rendered]:
    """Those that name the school's own address are rendered once for all schools: an address is of plain letters."""
    ending = "" if language == ENGLISH else f".{language}"
    listed = {key: parts.blocks.get(f"{key}{ending}", text) for key, text in parts.blocks.items() if "." not in key}
    made = {key: _addressed(text, parts.slug) for key, text in listed.items()}
    asking = f"/schools/{_SLUG}/requests/start{_asking(language)}"
    made["request_link"] = _addressed(blocks.request_link(asking, words), parts.slug)
    said = blocks.version(version.number, version.effective_on, _path(parts.kind, language, "/versions"), words)
    made["version"] = _addressed(said, parts.slug)
    return made


def _addressed(text: str, slug: str) -> Rendered:
    shared = _rendered(text)
    return Rendered(shared.html.replace(_SLUG, slug), shared.text.replace(_SLUG, slug))


@lru_cache(maxsize=1024)
def _rendered(text: str) -> Rendered:
    return rendered(text)


def _known(facts: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in facts.items() if key in FACTS and value}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
