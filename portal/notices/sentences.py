"""The canonical form of a clause: the Markdown subset with one sentence a line.

Sentences are what people can judge, so they are what is stored, compared and merged. Blank lines stand between blocks
and nowhere else; an item's later sentences are indented by two spaces; each numbered item starts with `1.`, so that a
new item does not change the lines after it; a table row is one line. Splitting too often is harmless, because changes
to neighbouring lines conflict (`merge.py`); a word is never lost.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portal.notices.placeholders import is_block_placeholder, tidy

LINE_ENDS: Final = re.compile(r"\r\n|[\r\v\f\x85\u2028\u2029]")
ITEM: Final = re.compile(r"(?P<indent>\s*)(?P<marker>[-*+•·]|(?P<number>\d{1,9})[.)])(?:\s+(?P<words>\S.*)|\s*)")
HEADING: Final = re.compile(r"\s*(?P<marks>#{1,6})\s+(?P<words>\S.*)")
TABLE_RULE: Final = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_CLOSING_MARKS: Final = re.compile(r"(?:\s+#+)+\s*$")
CELL_BORDER: Final = re.compile(r"(?<!\\)\|")

_INVISIBLE: Final = re.compile("[\u00ad\u200b\u2060\ufeff]")
_CJK: Final = "\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef"
_SPACED_STOPS: Final = (
    ".!?\u2026\u203c\u2047\u2048\u2049"  # Latin, Greek, Cyrillic
    "\u061f\u06d4\u0964\u0965\u0589"  # Arabic and Urdu, Devanagari and Bengali, Armenian
    "\u1362\u104b\u17d4\u17d5\u1803"  # Ethiopic, Burmese, Khmer, Mongolian
)
_UNSPACED_STOPS: Final = "\u3002\uff01\uff1f\uff61"  # Chinese and Japanese
_CLOSERS: Final = "\"'”’»\u203a)\\]*_\u300d\u300f\uff09\u3011\u300b"
_STOP: Final = re.compile(
    rf"(?<!\\)(?:(?P<stop>[{_SPACED_STOPS}{_UNSPACED_STOPS}]+)(?P<close>[{_CLOSERS}]*)|\\(?=\n))(?P<gap>\s*)(?=\S)"
)
_INNER_STOP: Final = re.compile(rf"[{_SPACED_STOPS}][{_CLOSERS}]*\s|[{_UNSPACED_STOPS}].")
_FINAL_STOP: Final = re.compile(rf"[{_SPACED_STOPS}{_UNSPACED_STOPS}][{_CLOSERS}]*$")
_WHOLE: Final = re.compile(
    r"\{\{.{0,200}?\}\}"
    r"|\[[^\[\]]*\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)"
    r"|(?<![\\*])(?P<star>\*{1,3})(?=[^\s*]).{1,500}?(?<=[^\s*\\])(?P=star)(?!\*)"
    r"|(?<![\\\w])(?P<bar>_{1,3})(?=[^\s_]).{1,500}?(?<=[^\s_\\])(?P=bar)",
    re.DOTALL,
)
_MARK: Final = re.compile(r"[*_\[{]")
_JOIN: Final = re.compile(rf"(?<=[{_CJK}])\s*\n\s*(?=[{_CJK}])")
_LAST_WORD: Final = re.compile(r"[^\s\"'“‘«(\[*_]*$")
_FIRST_LETTER: Final = re.compile(r"[\s\"'“‘«(\[*_]*(?P<letter>\S?)")
_BLOCK_START: Final = re.compile(r"(?:[-*+•·]|\d{1,9}[.)]|#{1,6})(?:\s|$)|[-:]*\s*\|")
_FALSE_NUMBER: Final = re.compile(r"\A(\d{1,9})(?=[.)](?:\s|$))")
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_VERSE_WIDTH: Final = 60
_MANY_LINES: Final = 4
_WORD_WIDTH: Final = 40


# Words, not lists of strings: they are read and extended by people who know the language.
_NEVER_LAST: Final = frozenset(
    "dr mr mrs ms mx prof st rev revd fr hon messrs capt col gen lt sgt cllr eg ie cf ca vs v viz np tj ul św".split()  # noqa: SIM905
)
_BEFORE_NUMBERS: Final = frozenset(
    "no nos nr art arts s ss c ch cl p pp para paras fig pt reg regs sch sec sect vol tel ext ref ust poz".split()  # noqa: SIM905
)
_BEFORE_SMALL: Final = frozenset("etc ltd inc co plc approx incl excl est dept govt max min itp itd jr sr".split())  # noqa: SIM905


class BlockKind(StrEnum):
    PARAGRAPH = "paragraph"
    HEADING = "heading"
    BULLET = "bullet"
    STEP = "step"
    TABLE = "table"


_ITEMS: Final = (BlockKind.BULLET, BlockKind.STEP)


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, sub-heading, list item or table: its lines without marks, from `line` (1-based) on.

    `level` is a heading's number of marks, an item's depth from 0, else 0.
    """

    kind: BlockKind
    line: int
    lines: tuple[str, ...]
    level: int = 0

    @property
    def is_item(self) -> bool:
        return self.kind in _ITEMS


Split = Callable[[Block], Sequence[str]]


def to_sentences(markdown: str) -> str:
    """The canonical form; applying it twice changes nothing more. No line end after the last line."""
    return "\n".join(_layout(blocks(tidy(markdown)), sentences))


def flatten(markdown: str) -> str:
    """The same text with each block's sentences on one line, as a renderer wants it."""
    return "\n".join(_layout(blocks(tidy(markdown)), lambda block: (joined(sentences(block)),)))


def lines_of(text: str) -> list[str]:
    """The lines as counted in messages, in Unicode NFC, without characters that nobody can see."""
    return _INVISIBLE.sub("", LINE_ENDS.sub("\n", unicodedata.normalize("NFC", text))).split("\n")


def blocks(text: str) -> list[Block]:
    return _Reader(lines_of(text)).read()


def sentences(block: Block) -> tuple[str, ...]:
    """The sentences of a paragraph or item.

    Short lines with no sentence ending inside them are an address, a column of names, or sentences a line each already:
    they stay apart, whether or not they end in a full stop. So do four lines and more without any full stop, and what
    follows a backslash at a line's end.
    """
    text = "\n".join(filter(None, block.lines))
    whole = [match.span() for match in _WHOLE.finditer(text)] if _MARK.search(text) else []
    if _is_verse(block) and not any("\n" in text[low:high] for low, high in whole):
        return block.lines
    found: list[str] = []
    start = 0
    for match in _STOP.finditer(text):
        end = match.start("gap")
        is_hard = match["stop"] is None and not _BLOCK_START.match(text, match.end())
        if any(low < end < high for low, high in whole) or not (is_hard or _ends_here(text, start, match)):
            continue
        found.append(text[start:end])
        start = match.end()
    return tuple(_one_line(sentence) for sentence in (*found, text[start:]))


def joined(parts: Sequence[str]) -> str:
    """Sentences as running text; scripts without spaces between words get none."""
    return _one_line("\n".join(parts))


def cells(row: str) -> list[str]:
    bare = row.strip().removeprefix("|")
    bare = bare[:-1] if bare.endswith("|") and not bare.endswith("\\|") else bare
    return [" ".join(cell.split()) for cell in CELL_BORDER.split(bare)]


def is_table_rule(line: str) -> bool:
    return "|" in line and TABLE_RULE.fullmatch(line) is not None


@dataclass(slots=True)
class _Growing:
    """A block while its lines are being read."""

    kind: BlockKind
    line: int
    lines: list[str]
    level: int = 0

    @property
    def is_item(self) -> bool:
        return self.kind in _ITEMS


class _Reader:
    """Reads lines into blocks as CommonMark does, as far as the subset goes."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines
        self.found: list[_Growing] = []
        self.is_open = False
        self.is_paused = False

    def read(self) -> list[Block]:
        position = 0
        while position < len(self.lines):
            position += self._take(position)
        return [Block(one.kind, one.line, tuple(one.lines), one.level) for one in self.found]

    def _take(self, position: int) -> int:
        line = self.lines[position]
        if not line.strip():
            self._pause()
        elif "|" in line and position + 1 < len(self.lines) and is_table_rule(self.lines[position + 1]):
            return self._take_table(position)
        elif is_block_placeholder(line):
            self._open(BlockKind.PARAGRAPH, position, line)
            self.is_open = False
        elif heading := HEADING.fullmatch(line):
            self._open(
                BlockKind.HEADING, position, _CLOSING_MARKS.sub("", heading["words"]), level=len(heading["marks"])
            )
            self.is_open = False
        elif (item := ITEM.fullmatch(line)) and self._may_begin(item):
            kind = BlockKind.STEP if item["number"] else BlockKind.BULLET
            self._open(kind, position, item["words"] or "", level=self._depth(item["indent"]))
        else:
            self._continue(position, line)
        return 1

    def _pause(self) -> None:
        self.is_paused = self.is_open and self.found[-1].is_item
        self.is_open = self.is_paused

    def _take_table(self, position: int) -> int:
        end = position + 2
        while end < len(self.lines) and "|" in self.lines[end]:
            end += 1
        rows = (_row(line) for line in self.lines[position:end])
        self.found.append(_Growing(BlockKind.TABLE, position + 1, list(rows)))
        self.is_open = self.is_paused = False
        return end - position

    def _may_begin(self, item: re.Match[str]) -> bool:
        """A number other than 1 goes on with a numbered list, but begins none: it may be a year at a line's start."""
        inside = self.found[-1].kind if self.is_open else None
        if not item["words"] and (inside is BlockKind.PARAGRAPH or item["number"]):
            return False
        return item["number"] in (None, "1") or inside is BlockKind.STEP

    def _depth(self, indent: str) -> int:
        if not (self.is_open and self.found[-1].is_item):
            return 0
        return min(len(indent.expandtabs(4)) // 2, self.found[-1].level + 1)

    def _open(self, kind: BlockKind, position: int, words: str, level: int = 0) -> None:
        self.found.append(_Growing(kind, position + 1, [" ".join(words.split())], level))
        self.is_open, self.is_paused = True, False

    def _continue(self, position: int, line: str) -> None:
        if self.is_open and (not self.is_paused or line.startswith(("  ", "\t"))):
            self.found[-1].lines.append(" ".join(line.split()))
            self.is_paused = False
        else:
            self._open(BlockKind.PARAGRAPH, position, _FALSE_NUMBER.sub(r"\1\\", line.strip(), count=1))


def _row(line: str) -> str:
    if is_table_rule(line):
        return f"| {' | '.join(re.sub('-+', '---', cell) for cell in cells(line))} |"
    return f"| {' | '.join(cells(line))} |"


def _is_verse(block: Block) -> bool:
    lines = block.lines
    if block.kind is not BlockKind.PARAGRAPH or len(lines) == 1 or lines[-1].endswith(":"):
        return False
    if any(_INNER_STOP.search(line) or _BLOCK_START.match(line) for line in lines):
        return False
    is_narrow = all(len(line) <= _VERSE_WIDTH for line in lines)
    return is_narrow or (len(lines) >= _MANY_LINES and not any(_FINAL_STOP.search(line) for line in lines))


def _ends_here(text: str, start: int, match: re.Match[str]) -> bool:
    gap, stop = match["gap"], match["stop"]
    if stop is None:
        return False
    if not gap and stop[-1] not in _UNSPACED_STOPS:
        return False
    if _BLOCK_START.match(text, match.end()):
        return False
    if text.startswith("{{", match.end()) and is_block_placeholder(text[match.end() :]):
        return False
    letter = _FIRST_LETTER.match(text, match.end())
    following = letter["letter"] if letter else ""
    is_line_end = "\n" in gap
    if stop == ".":
        word = _last_word(text, start, match.start())
        is_whole_line = is_line_end and match.start() - len(word) == start
        if not is_whole_line and _is_abbreviation(word, following):
            return False
    return is_line_end or not following.islower()


def _last_word(text: str, start: int, end: int) -> str:
    found = _LAST_WORD.search(text[max(start, end - _WORD_WIDTH) : end])
    return found[0] if found else ""


def _is_abbreviation(word: str, following: str) -> bool:
    small = word.casefold()
    if _INITIALS.fullmatch(word):
        return small not in {"a.m", "p.m"} or not following.isupper()
    if small in _BEFORE_NUMBERS and (following.isdigit() or following == "("):
        return True
    if small in _BEFORE_SMALL and following.islower():
        return True
    return small in _NEVER_LAST or (len(word) == 1 and word.isupper() and word != "I")


def _one_line(text: str) -> str:
    return " ".join(_JOIN.sub("", text).split())


def _layout(parts: Sequence[Block], split: Split) -> Iterator[str]:
    before: Block | None = None
    for block in parts:
        if before is not None and not _is_same_list(before, block):
            yield ""
        yield from _written(block, split)
        before = block


def _is_same_list(before: Block, block: Block) -> bool:
    return block.is_item and before.is_item and (block.kind is before.kind or block.level > 0 or before.level > 0)


def _written(block: Block, split: Split) -> Iterator[str]:
    match block.kind:
        case BlockKind.TABLE:
            yield from block.lines
        case BlockKind.HEADING:
            yield f"{'#' * block.level} {block.lines[0]}"
        case BlockKind.PARAGRAPH:
            first, *rest = split(block)
            yield f"\\{first}" if HEADING.fullmatch(first) else first
            yield from rest
        case _:
            indent = "  " * block.level
            first, *rest = split(block)
            yield f"{indent}{'-' if block.kind is BlockKind.BULLET else '1.'} {first}".rstrip()
            yield from (f"{indent}  {sentence}" for sentence in rest)
