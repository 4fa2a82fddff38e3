"""Plain text and Markdown as lines that belong together: wrapped lines joined, bullets and rulers set apart."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby, pairwise

BULLET = re.compile(
    r"^\s*(?P<marker>[·•◦‣▪▫●○■□➢➤✓✔→\uf0b7\uf0a7\u2043\u2219](?=\s*\S)|[*+\u2013\u2014-](?=\s+\S)|o(?=\s+\S)|>(?=\s*\S))\s*"
)
NUMBERED = re.compile(r"^\s*(?:\(?\d{1,2}[.)]|\(?[a-z]\)|\(?(?:ix|iv|v?i{1,3}|x)[.)])\s+(?=\S)", re.IGNORECASE)
MARKED_HEADING = re.compile(r"^\s{0,3}(?P<marker>#{1,6})\s+(?P<text>\S.*?)(?P<tail>\s+#+)?\s*$")
RULER = re.compile(r"^\s*(?:[-*_=~·•–—]\s*){3,}$|^\s*\|?(?:\s*:?-{2,}:?\s*\|)+(?:\s*:?-{2,}:?\s*)?$")
UNDERLINE = re.compile(r"^\s*(?:={3,}|-{3,})\s*$")
NARROWEST_WRAP, WIDEST_WRAP = 50, 130
LEAST_WRAPPED, LEAST_FULL = 3, 0.2
SHORT_LINE = 40
ITEM_END = re.compile(r";\s*(?:and|or)\s*$")
CELL_BORDER = re.compile(r"(?<=\S)\s+\|\s+(?=\S)")
PAGE_BREAK = "\f"


class Kind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Line:
    """One block in the making. `gap`: a blank line stood above it; `kind` is None while only its context can tell."""

    number: int
    last: int
    text: str
    gap: bool = False
    kind: Kind | None = None
    level: int = 0
    marker: str = ""
    ruler: str = ""


def plain_lines(text: str) -> list[Line]:
    """Text as typed: a line is a paragraph unless the document is visibly wrapped."""
    raw = _raw_lines(text)
    width = _wrap_width(raw)
    return _joined(raw, lambda above, below: _is_wrapped(above, below, width))


def marked_lines(text: str) -> list[Line]:
    """Markdown: lines without a blank between them are one paragraph."""
    return _joined(_raw_lines(text), lambda above, _below: not above.endswith(("  ", "\\")))


def _raw_lines(text: str) -> list[tuple[Line, str]]:
    found: list[tuple[Line, str]] = []
    gap = True
    for number, source in enumerate(_source_lines(text), start=1):
        seen = source.replace("\u00a0", " ")
        if not seen.strip():
            gap = True
            continue
        if RULER.match(seen) and found and not found[-1][0].ruler:
            above, its_source = found[-1]
            found[-1] = (_ruled(above, seen.strip(), gap=gap), its_source)
        else:
            found.append((_raw_line(number, source, seen, gap=gap), seen))
        gap = False
    return _with_rows(found)


def _with_rows(found: list[tuple[Line, str]]) -> list[tuple[Line, str]]:
    """Lines one below the other with equally many ` | ` are rows of a table that lost its borders."""
    rows: list[tuple[Line, str]] = []
    for bars, group in groupby(found, key=lambda pair: _bars(pair[0])):
        run = list(group)
        is_table = bars > 0 and len(run) > 1
        rows.extend((replace(line, kind=Kind.ROW) if is_table else line, source) for line, source in run)
    return rows


def _bars(line: Line) -> int:
    return len(CELL_BORDER.findall(line.text)) if line.kind is None else 0


def _source_lines(text: str) -> list[str]:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace(PAGE_BREAK, "\n").replace("\ufeff", "").split("\n")


def _raw_line(number: int, source: str, seen: str, *, gap: bool) -> Line:
    if heading := MARKED_HEADING.match(seen):
        start, end = heading.span("text")
        tail = "#" if heading["tail"] else ""
        return Line(
            number, number, source[start:end], gap, Kind.HEADING, len(heading["marker"]), heading["marker"], tail
        )
    if seen.lstrip().startswith("|"):
        return Line(number, number, source, gap, Kind.ROW)
    if bullet := BULLET.match(seen):
        return Line(number, number, source[bullet.end() :], gap, Kind.ITEM, _indent(seen), bullet["marker"])
    return Line(number, number, source, gap)


def _ruled(line: Line, ruler: str, *, gap: bool) -> Line:
    if UNDERLINE.match(ruler) and not gap and line.kind is None and len(line.text) < WIDEST_WRAP:
        return replace(line, kind=Kind.HEADING, level=1 if ruler.startswith("=") else 2, ruler=ruler)
    return replace(line, ruler=ruler)


def _joined(raw: list[tuple[Line, str]], belongs: Callable[[str, str], bool]) -> list[Line]:
    found: list[Line] = []
    above = ""
    for line, source in raw:
        last = found[-1] if found else None
        if last and _may_continue(last, line) and belongs(above, source) and not _is_bare_item(found, line):
            found[-1] = replace(
                last, text=f"{last.text.rstrip()} {line.text.lstrip()}", last=line.last, ruler=line.ruler
            )
        else:
            found.append(line)
        above = source
    return found


def _may_continue(above: Line, below: Line) -> bool:
    starts_anew = below.gap or below.kind is not None or NUMBERED.match(below.text)
    return not starts_anew and not above.ruler and above.kind in {None, Kind.ITEM}


def _is_bare_item(found: list[Line], below: Line) -> bool:
    """Lines below `...:` that all begin small are a list that lost its bullets."""
    if not below.text[:1].islower():
        return False
    for place in range(len(found) - 1, 0, -1):
        if found[place].kind is not None or not found[place].text[:1].islower():
            return False
        if found[place - 1].text.rstrip().endswith(":"):
            return True
        if found[place].gap:
            return False
    return False


def _is_wrapped(above: str, below: str, width: int) -> bool:
    first = below.split(maxsplit=1)[0]
    if ITEM_END.search(above):
        return False
    if width and len(above.rstrip()) + 1 + len(first) > width:
        return True
    return first[0].islower() and len(above) > SHORT_LINE and above.rstrip()[-1] not in ".;:!?"


def _wrap_width(raw: list[tuple[Line, str]]) -> int:
    """The width that the document was wrapped to, in characters; 0 when its lines are whole paragraphs."""
    pairs = [
        (len(above.rstrip()), len(below.split(maxsplit=1)[0]))
        for (line, above), (next_line, below) in pairwise(raw)
        if _may_continue(line, next_line) and len(above.rstrip()) <= WIDEST_WRAP
    ]
    widths = {length for length, _ in pairs if length >= NARROWEST_WRAP}
    full = {
        width: sum(1 for length, following in pairs if length <= width < length + 1 + following) for width in widths
    }
    width = max(full, key=lambda candidate: (full[candidate], candidate), default=0)
    return width if full.get(width, 0) >= max(LEAST_WRAPPED, LEAST_FULL * len(pairs)) else 0


def _indent(line: str) -> int:
    return (len(line) - len(line.lstrip())) // 2
