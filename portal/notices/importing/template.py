"""A notice template split into sections and clauses, with the keys that our own library gives to the same matters."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.core.text import slugify
from portal.notices.importing.anchors import Place, locate
from portal.notices.importing.blocks import Block
from portal.notices.importing.contacts import contacts
from portal.notices.importing.councils import Councils
from portal.notices.importing.covers import covers
from portal.notices.importing.decisions import as_markdown
from portal.notices.importing.editions import AuthorityName, Edition, EditionClause
from portal.notices.importing.facts import FACTS, OWNERS, address_lines, placed_by_index
from portal.notices.importing.lines import Kind
from portal.notices.importing.meaning import promising_words
from portal.notices.importing.pairing import Pairing
from portal.notices.importing.passages import Wording, stream_of
from portal.notices.importing.placeholders import GAP, fact_of, with_placeholders
from portal.notices.importing.titles import settle_titles
from portal.notices.importing.words import words

COUNCIL_LINES = "{{ authority_links }}"
COUNCIL_CLAUSE = "sharing.authorities"
SLUG_WORDS = 5


@dataclass(frozen=True, slots=True)
class Gap:
    """A placeholder of the template; `fact` is None when we do not know what belongs there."""

    text: str
    fact: str | None
    line: int


@dataclass(frozen=True, slots=True)
class CouncilLine:
    """A line about a council; `authority` is its DfE code."""

    text: str
    authority: str
    line: int


@dataclass(frozen=True, slots=True)
class Template:
    """What was found in a template file. `new_keys` are clauses that our library does not have."""

    edition: Edition
    placeholders: tuple[Gap, ...]
    councils: tuple[CouncilLine, ...]
    new_keys: tuple[str, ...]
    blocks: tuple[Block, ...]

    def as_json(self) -> dict[str, Any]:
        effective = self.edition.effective_from
        return {
            "release": self.edition.name,
            "effective_from": effective.isoformat() if effective else None,
            "sections": [{"key": key, "title": title} for key, title in self.edition.sections],
            "clauses": [
                {
                    "key": clause.key,
                    "title": clause.title,
                    "section": clause.section,
                    "order": clause.order,
                    "text": clause.text,
                }
                for clause in self.edition.clauses
            ],
            "new": list(self.new_keys),
            "placeholders": [{"text": gap.text, "fact": gap.fact, "line": gap.line} for gap in self.placeholders],
            "authorities": [
                {"text": line.text, "authority": line.authority, "line": line.line} for line in self.councils
            ],
            "accounted": len(self.blocks),
            "total": len(self.blocks),
        }


@dataclass(slots=True)
class _Draft:
    key: str
    title: str
    section: str
    blocks: list[Block] = field(default_factory=list)


def split_template(
    document: Sequence[Block],
    library: Edition,
    authorities: Iterable[AuthorityName] = (),
    *,
    name: str,
    effective_from: date | None = None,
) -> Template:
    """A reference edition. Keys are the library's where headings, phrases or words match, else made from the words."""
    return _Splitter(document, library, Councils(authorities)).template(name, effective_from)


class _Splitter:
    def __init__(self, document: Sequence[Block], library: Edition, councils: Councils) -> None:
        self._library = library
        self._councils = councils
        wording = Wording([library])
        self._blocks = settle_titles(document, wording)
        self._places = locate(self._blocks, wording.titles)
        self._keys = self._paired_keys(wording)
        self._drafts: list[_Draft] = []
        self._sections: dict[str, str] = {}
        self._lines: list[CouncilLine] = []

    def template(self, name: str, effective_from: date | None) -> Template:
        heading: tuple[str, str | None] | None = None
        for block, place in zip(self._blocks, self._places, strict=True):
            if block.kind is Kind.HEADING:
                self._note_section(block, place)
                heading = (block.plain, place.headed)
            else:
                self._take(block, place, heading)
                heading = heading if heading and heading[1] else None
        known = {clause.key for clause in self._library.clauses}
        clauses = tuple(self._clause(draft, order) for order, draft in enumerate(self._drafts, start=1))
        return Template(
            edition=Edition(name, effective_from, tuple(self._sections.items()), clauses, reference=True),
            placeholders=tuple(self._gaps()),
            councils=tuple(self._lines),
            new_keys=tuple(draft.key for draft in self._drafts if draft.key not in known),
            blocks=tuple(self._blocks),
        )

    def _paired_keys(self, wording: Wording) -> dict[int, str]:
        """Keys by wording, for a template made from our own library."""
        placed = placed_by_index(self._blocks, self._places)
        stream = stream_of(self._blocks, wording.vocabulary, promising_words())
        found, _ = covers(self._blocks, stream, wording.claims(stream), placed)
        pairing = Pairing(wording, stream, found, placed)
        bodies = [block for block in self._blocks if block.kind is not Kind.HEADING]
        pairing.pair_exact(bodies)
        pairing.pair_alike(bodies)
        return {index: pair.key for index, pair in pairing.pairs.items()}

    def _note_section(self, block: Block, place: Place) -> None:
        if place.section and place.section not in self._sections:
            titles = dict(self._library.sections)
            own_title = block.plain if place.headed is None else titles.get(place.section, block.plain)
            self._sections[place.section] = own_title

    def _take(self, block: Block, place: Place, heading: tuple[str, str | None] | None) -> None:
        councils = self._councils.line(block.text) if self._councils.is_bare(block.text) else []
        if councils:
            self._lines.extend(CouncilLine(block.text, council.dfe_code, block.line) for council in councils)
        section = place.section or "about"
        key = COUNCIL_CLAUSE if councils else self._keys.get(block.index) or place.key
        draft = self._draft(key, section, block, heading)
        draft.blocks.append(block)

    def _draft(self, key: str | None, section: str, block: Block, heading: tuple[str, str | None] | None) -> _Draft:
        """The clause that a block goes on with or begins. A key that another section has already is not used twice."""
        last = self._drafts[-1] if self._drafts else None
        if last and (last.key == key or (key is None and last.section == section and heading is None)):
            return last
        used = next((draft for draft in self._drafts if draft.key == key), None)
        if used and used.section == section:
            return used
        if key is None or used:
            key = self._new_key(section, heading[0] if heading and heading[1] is None else block.plain)
        self._sections.setdefault(section, dict(self._library.sections).get(section, section.capitalize()))
        own = self._library.clause(key)
        announced = heading[0] if heading and heading[1] in {key, None} else None
        title = announced if heading and heading[1] == key else own.title if own else announced
        draft = _Draft(key, title or _first_words(block.plain), section)
        self._drafts.append(draft)
        return draft

    def _new_key(self, section: str, text: str) -> str:
        stem = f"{section}.{slugify(' '.join(words(text)[:SLUG_WORDS])) or 'text'}"
        taken = {draft.key for draft in self._drafts} | {clause.key for clause in self._library.clauses}
        return next(
            key for key in (stem, *(f"{stem}-{number}" for number in range(2, len(taken) + 3))) if key not in taken
        )

    def _clause(self, draft: _Draft, order: int) -> EditionClause:
        addresses = address_lines(draft.blocks)
        blocks: list[Block] = []
        has_councils = False
        for block in draft.blocks:
            if self._councils.is_bare(block.text) and self._councils.line(block.text):
                has_councils = True
            elif block.index not in addresses or draft.key not in OWNERS:
                blocks.append(block)
        owner = OWNERS.get(draft.key, "school")
        text = "\n".join(_with_facts(line, owner) for line in as_markdown(blocks, {}).split("\n"))
        if addresses and draft.key in OWNERS:
            text += f"\n{{{{ {owner}.address }}}}\n"
        if has_councils:
            text += f"\n{COUNCIL_LINES}\n" if text else f"{COUNCIL_LINES}\n"
        return EditionClause(draft.key, draft.title, draft.section, order, text)

    def _gaps(self) -> Iterable[Gap]:
        for block in self._blocks:
            for match in GAP.finditer(block.text):
                inner = next(group for group in match.groups() if group)
                yield Gap(match.group(0), fact_of(inner), block.line)


def _with_facts(line: str, owner: str) -> str:
    """Gaps and contacts of one line as placeholders; its other characters stay."""
    for contact in contacts(line, owner):
        if contact.fact in FACTS:
            line = re.sub(
                r"\s+".join(map(re.escape, contact.value.split())), f"{{{{ {contact.fact} }}}}", line, count=1
            )
    return with_placeholders(line)


def _first_words(text: str) -> str:
    found = text.split()
    return " ".join(found[:SLUG_WORDS]).rstrip(".,;:")
