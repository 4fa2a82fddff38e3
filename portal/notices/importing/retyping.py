"""Writes a made notice down as people do: wrapped, with other quotes and bullets, typing slips and stray blanks."""

import random
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

from portal.notices.importing.blocks import Source
from portal.notices.importing.corpus import MadeNotice, Piece
from portal.notices.importing.lines import Kind
from portal.notices.importing.meaning import promising_words
from portal.notices.importing.report import Class

BULLETS = ("·", "•", "-", "–", "*", "o")
SHORTEST_SLIP = 7


@dataclass(frozen=True, slots=True)
class Typed:
    """A document; `spans` gives for each piece the first and the last of its lines, from 1."""

    text: str
    source: Source
    spans: tuple[tuple[int, int], ...]


def typed(notice: MadeNotice, vocabulary: frozenset[str]) -> Typed:
    """`vocabulary`: words in which no slip may end up, or nobody could tell it from a change."""
    draw = random.Random(f"{notice.seed} typed")  # noqa: S311 - made text, no secret
    return _Typist(draw, notice, vocabulary).typed()


@dataclass
class _Typist:
    draw: random.Random
    notice: MadeNotice
    vocabulary: frozenset[str]

    def typed(self) -> Typed:
        source = self.draw.choices([Source.TEXT, Source.MARKDOWN, Source.HTML], weights=[6, 2, 2])[0]
        write = {Source.TEXT: self._text_writer(), Source.MARKDOWN: _markdown, Source.HTML: _html}[source]
        quote, slip, blank = self._quotes(), self.draw.choice([0.0, 0.0, 0.06]), self.draw.choice(["", " ", "\t "])
        lines: list[str] = []
        spans: list[tuple[int, int]] = []
        for place, piece in enumerate(self.notice.pieces):
            above = self.notice.pieces[place - 1] if place else None
            text = self._slipped(piece.text, slip) if piece.expected is not Class.FACT else piece.text
            written = write(piece, quote(text))
            if lines and not _is_tight(above, piece):
                lines.append(blank)
            spans.append((len(lines) + 1, len(lines) + len(written)))
            lines.extend(written)
        return Typed("\n".join(lines) + "\n", source, tuple(spans))

    def _text_writer(self) -> Callable[[Piece, str], list[str]]:
        bullet = self.draw.choice(BULLETS)
        width = self.draw.choice([0, 0, 0, 72, 96])
        shout = self.draw.random() < 0.1
        loses_bullets = self.draw.random() < 0.1

        def write(piece: Piece, text: str) -> list[str]:
            if piece.kind is Kind.HEADING:
                return [text.upper() if shout and piece.expected is Class.HEADING else text]
            first = f"{bullet} " if piece.kind is Kind.ITEM and not loses_bullets else ""
            if not width or piece.kind is Kind.ROW:
                return f"{first}{text}".split("\n")
            return textwrap.wrap(
                text,
                width,
                initial_indent=first,
                subsequent_indent="  " if first else "",
                break_long_words=False,
                break_on_hyphens=False,
            )

        return write

    def _quotes(self) -> Callable[[str], str]:
        style = self.draw.choice(["straight", "curly", "spaced"])
        if style == "straight":
            return lambda text: text.replace("’", "'").replace("“", '"').replace("”", '"')
        if style == "curly":
            return lambda text: text.replace("'", "’")
        return lambda text: text.replace(" of ", " of\u00a0").replace("’", "'")

    def _slipped(self, text: str, chance: float) -> str:
        if self.draw.random() >= chance:
            return text
        able = [
            word
            for word in text.split()
            if word.isalpha() and word.islower() and len(word) >= SHORTEST_SLIP and word not in promising_words()
        ]
        if not able:
            return text
        word = self.draw.choice(able)
        slip = self._mistyped(word)
        return text if slip in self.vocabulary or slip in promising_words() else text.replace(word, slip, 1)

    def _mistyped(self, word: str) -> str:
        place = self.draw.randrange(1, len(word) - 2)
        way = self.draw.randrange(3)
        if way == 0:
            return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        if way == 1:
            return word[:place] + word[place + 1 :]
        return word[:place] + word[place] + word[place:]


def _markdown(piece: Piece, text: str) -> list[str]:
    if piece.kind is Kind.HEADING:
        return [f"{'##' if piece.is_section_title else '###'} {text}"]
    return f"- {text}".split("\n") if piece.kind is Kind.ITEM else text.split("\n")


def _html(piece: Piece, text: str) -> list[str]:
    shown = escape(text, quote=False)
    match piece.kind:
        case Kind.HEADING:
            return [f"<h3>{shown}</h3>"]
        case Kind.ITEM:
            return [f"<ul><li>{shown}</li></ul>"]
        case Kind.ROW:
            cells = "".join(
                f"<td>{escape(cell.strip())}</td>" for cell in text.split("\n", maxsplit=1)[0].strip("|").split("|")
            )
            return [f"<table><tr>{cells}</tr></table>"]
        case _:
            return [f"<p>{shown}</p>"]


def _is_tight(above: Piece | None, piece: Piece) -> bool:
    return above is not None and above.kind is piece.kind and piece.kind in {Kind.ITEM, Kind.ROW}


def vocabulary_of(pieces: Sequence[str]) -> frozenset[str]:
    return frozenset(word.lower() for text in pieces for word in text.split())
