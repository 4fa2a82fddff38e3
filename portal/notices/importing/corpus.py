"""Made notices with known answers, put together from editions of the library and the invented pieces in `made/`."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from portal.notices.importing.blocks import Source, read_blocks
from portal.notices.importing.editions import AuthorityName, Edition, EditionClause
from portal.notices.importing.inventions import LEAST_REWORDED, bank, made_facts, reworded
from portal.notices.importing.lines import Kind
from portal.notices.importing.placeholders import OWN, is_block
from portal.notices.importing.report import Class
from portal.notices.importing.words import sentences, words

CONTACT_ITEM = re.compile(r"^(?:email|ring|telephone|post|website):?\s*\{\{", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a made notice and what an import ought to say of it."""

    text: str
    kind: Kind
    expected: Class
    clause: str | None = None
    edition: str | None = None
    authority: str | None = None
    section: str | None = None
    is_section_title: bool = False


@dataclass(frozen=True, slots=True)
class MadeNotice:
    seed: int
    pieces: tuple[Piece, ...]
    facts: Mapping[str, str]
    missing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How likely each thing is, 0 to 1."""

    older: float = 0.3
    dropped: float = 0.12
    reworded: float = 0.18
    retold: float = 0.35
    translated: float = 0.02
    local: float = 0.3
    obsolete: float = 0.08
    split: float = 0.08
    joined: float = 0.08
    shuffled: float = 0.3
    no_clause_titles: float = 0.15


def made_notice(
    seed: int, editions: Sequence[Edition], authorities: Sequence[AuthorityName], recipe: Recipe | None = None
) -> MadeNotice:
    """The first of `editions` is the one in force. The same seed gives the same notice."""
    return _Maker(random.Random(seed), seed, editions, authorities, recipe or Recipe()).notice()  # noqa: S311 - made text, no secret


@dataclass
class _Maker:
    draw: random.Random
    seed: int
    editions: Sequence[Edition]
    authorities: Sequence[AuthorityName]
    recipe: Recipe
    pieces: list[Piece] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def current(self) -> Edition:
        return self.editions[0]

    def notice(self) -> MadeNotice:
        self.facts = made_facts(self.draw)
        self._add(Piece(self.facts["school.name"], Kind.HEADING, Class.FACT))
        sections = [key for key, _ in self.current.sections]
        if self._likely(self.recipe.shuffled):
            self.draw.shuffle(sections)
        for number, section in enumerate(sections, start=1):
            self._add_section(section, number)
        self._rejoin()
        taken = {piece.clause for piece in self.pieces if _shows_clause(piece)}
        missing = frozenset(clause.key for clause in self.current.clauses if clause.key not in taken)
        return MadeNotice(self.seed, tuple(self.pieces), dict(self.facts), missing)

    def _add_section(self, section: str, number: int) -> None:
        title = next(title for key, title in self.current.sections if key == section)
        numbered = self.draw.choice([f"{number}. {title}", title])
        self._add(Piece(numbered, Kind.HEADING, Class.HEADING, section=section, is_section_title=True))
        clauses = [
            clause
            for clause in self.current.clauses
            if clause.section == section and not self._likely(self.recipe.dropped)
        ]
        retired = [
            clause
            for clause in self.editions[-2].clauses
            if clause.section == section and self.current.clause(clause.key) is None
        ]
        if self._likely(self.recipe.shuffled):
            self.draw.shuffle(clauses)
        for clause in clauses:
            edition, chosen = self._edition_of(clause)
            self._add_clause(edition, chosen)
            self._add_strangers(section)
        for clause in retired:
            if self._likely(self.recipe.older):
                self._add_clause(self.editions[-2], clause)

    def _edition_of(self, clause: EditionClause) -> tuple[Edition, EditionClause]:
        others = [(edition, found) for edition in self.editions[1:] if (found := edition.clause(clause.key))]
        if others and self._likely(self.recipe.older):
            return self.draw.choice(others)
        return self.current, clause

    def _add_clause(self, edition: Edition, clause: EditionClause) -> None:
        bodies = list(self._bodies(edition, clause))
        if edition is self.current and self._likely(self.recipe.retold):
            bodies = self._retold(clause.key, bodies)
        if self._likely(self.recipe.reworded):
            bodies = self._reworded(bodies)
        if not self._likely(self.recipe.no_clause_titles):
            self._add(Piece(clause.title, Kind.HEADING, Class.HEADING, clause.key))
        for piece in bodies:
            if (
                piece.kind is Kind.PARAGRAPH
                and piece.expected is not Class.FACT
                and self._likely(self.recipe.translated)
            ):
                self._add(
                    Piece(
                        self.draw.choice(self.draw.choice(bank()["translations"])["texts"]),
                        Kind.PARAGRAPH,
                        Class.LOCAL,
                    )
                )
            else:
                self._split(piece)

    def _bodies(self, edition: Edition, clause: EditionClause) -> Iterable[Piece]:
        for block in read_blocks(clause.text, Source.MARKDOWN):
            if is_block(block.text):
                yield from self._computed(block.text, clause.key)
            elif CONTACT_ITEM.match(block.text):
                yield Piece(self._filled(block.text), block.kind, Class.FACT, clause.key)
            else:
                yield self._body(
                    edition,
                    clause,
                    block.kind,
                    block.text if block.kind is not Kind.ROW else f"{block.text}\n{block.ruler}".strip(),
                )

    def _body(self, edition: Edition, clause: EditionClause, kind: Kind, text: str) -> Piece:
        shared = self.current.clause(clause.key)
        if shared is None:
            return Piece(self._filled(text), kind, Class.OBSOLETE, clause.key, edition.name)
        same = {block.words for block in read_blocks(shared.text, Source.MARKDOWN)}
        is_current = read_blocks(text, Source.MARKDOWN)[0].words in same
        return Piece(
            self._filled(text),
            kind,
            Class.INHERITED if is_current else Class.OLDER,
            clause.key,
            self.current.name if is_current else edition.name,
        )

    def _computed(self, text: str, key: str) -> Iterable[Piece]:
        if "authority_links" in text:
            for authority in self.draw.sample(list(self.authorities), self.draw.randint(1, 5)):
                yield self._council_line(authority, key)
        elif "version" in text:
            yield Piece(self.draw.choice(bank()["version_lines"]), Kind.PARAGRAPH, Class.FACT, key)

    def _council_line(self, authority: AuthorityName, key: str) -> Piece:
        line = self.draw.choice(bank()["council_lines"]).format(council=self.draw.choice(authority.names[:2]))
        return Piece(line, Kind.PARAGRAPH, Class.FACT, key, authority=authority.dfe_code)

    def _reworded(self, bodies: list[Piece]) -> list[Piece]:
        """One or two blocks of a clause, changed by hand as a school would."""
        able = [
            number
            for number, piece in enumerate(bodies)
            if piece.expected in {Class.INHERITED, Class.OLDER} and _is_long(piece)
        ]
        for number in self.draw.sample(able, min(len(able), self.draw.randint(1, 2))):
            additions = [self._told(text) for text in bank()["rewording"]["additions"]]
            changed = reworded(self.draw, bodies[number].text, additions)
            if changed and words(changed) != words(bodies[number].text):
                bodies[number] = replace(bodies[number], text=changed, expected=Class.REWORDED)
        return bodies

    def _retold(self, key: str, bodies: list[Piece]) -> list[Piece]:
        """A paragraph told again from scratch, where the bank has a retelling of it."""
        told = {row["begins"]: row["text"] for row in bank()["retold"] if row["key"] == key}
        for number, piece in enumerate(bodies):
            text = next((text for begins, text in told.items() if piece.text.startswith(begins)), None)
            if text:
                bodies[number] = replace(piece, text=self._told(text), expected=Class.REWORDED)
        return bodies

    def _add_strangers(self, section: str) -> None:
        pieces = bank()
        if self._likely(self.recipe.local):
            local = self.draw.choice(pieces["locals"])
            if local["title"]:
                self._add(Piece(local["title"], Kind.HEADING, Class.HEADING))
            for text in local["texts"]:
                self._add(Piece(self._told(text), Kind.PARAGRAPH, Class.LOCAL))
        if self._likely(self.recipe.obsolete):
            self._add(Piece(self.draw.choice(pieces["obsolete"]), Kind.PARAGRAPH, Class.OBSOLETE))
        if section in {"rights", "complaints"} and self._likely(self.recipe.obsolete):
            self._add(Piece(self._told(self.draw.choice(pieces["contact_lines"])), Kind.PARAGRAPH, Class.FACT))

    def _split(self, piece: Piece) -> None:
        found = sentences(piece.text)
        can_split = (
            piece.kind is Kind.PARAGRAPH and piece.expected not in {Class.REWORDED, Class.FACT} and len(found) > 1
        )
        if can_split and self._likely(self.recipe.split):
            cut = self.draw.randrange(1, len(found))
            self._add(replace(piece, text=" ".join(found[:cut])))
            self._add(replace(piece, text=" ".join(found[cut:])))
        else:
            self._add(piece)

    def _rejoin(self) -> None:
        """Neighbouring paragraphs of one clause and one origin, run together."""
        joined: list[Piece] = []
        for piece in self.pieces:
            above = joined[-1] if joined else None
            if above and _may_join(above, piece) and self._likely(self.recipe.joined):
                joined[-1] = replace(above, text=f"{above.text} {piece.text}")
            else:
                joined.append(piece)
        self.pieces = joined

    def _filled(self, text: str) -> str:
        titles = {clause.key: clause.title for clause in self.current.clauses}
        return OWN.sub(lambda match: self.facts.get(match.group(1)) or _reference(match.group(1), titles), text)

    def _told(self, text: str) -> str:
        pieces = bank()
        return text.format(
            person=self.draw.choice(pieces["people"]),
            town=self.draw.choice(pieces["towns"]),
            school=self.facts["school.name"],
            council=self.draw.choice(self.authorities).names[0],
            telephone=self.facts["school.telephone"],
            email=self.facts["school.email"],
            officer_email=self.facts["dpo.email"],
            officer_telephone=self.facts["dpo.telephone"],
        )

    def _add(self, piece: Piece) -> None:
        self.pieces.append(piece)

    def _likely(self, chance: float) -> bool:
        return self.draw.random() < chance


def _shows_clause(piece: Piece) -> bool:
    """A title or a bare contact does not show that a clause is there; a council line does."""
    return piece.kind is not Kind.HEADING and (piece.expected is not Class.FACT or piece.authority is not None)


def _may_join(above: Piece, below: Piece) -> bool:
    same = (above.expected, above.clause, above.edition) == (below.expected, below.clause, below.edition)
    return (
        same
        and above.kind is below.kind is Kind.PARAGRAPH
        and above.expected in {Class.INHERITED, Class.OLDER}
        and above.text.endswith(".")
    )


def _is_long(piece: Piece) -> bool:
    return len(words(piece.text)) >= LEAST_REWORDED and piece.kind is not Kind.ROW


def _reference(name: str, titles: Mapping[str, str]) -> str:
    key = name.removeprefix("see ").strip()
    return f"section 6, {titles.get(key, key)}"
