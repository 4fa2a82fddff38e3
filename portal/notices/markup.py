"""The Markdown subset of a clause: its faults, found where it is typed, with line and reason; HTML and plain text."""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.limits import CLAUSE_LENGTH
from portal.notices.fragments import Subset, fragment
from portal.notices.placeholders import BLOCKS, FACTS, PLACEHOLDER, FactKind, Kind, is_block_placeholder, kind_of
from portal.notices.sentences import HEADING, ITEM, LINE_ENDS, Block, BlockKind, blocks, cells, lines_of, to_sentences

_SUB_HEADING: Final = 3
_REORDERING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINK: Final = re.compile(
    r"(?P<image>!?)(?<!\\)\[(?P<words>(?:[^\[\]\\]|\\.)*)\]\((?P<target>[^()]*(?:\([^()]*\)[^()]*)*)\)", re.DOTALL
)
_TARGET: Final = re.compile(
    r"https://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::(?P<port>[0-9]{1,5}))?(?:[/?#][^\s<>\"\\]*)?"
    r"|mailto:[^\s@<>\"\\]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    r"|tel:\+?[0-9-]+"
)
_TARGET_FACT: Final = re.compile(rf"(?P<scheme>mailto:|tel:)?(?P<fact>{PLACEHOLDER.pattern})")
_SCHEME_OF: Final = {FactKind.EMAIL: "mailto:", FactKind.TELEPHONE: "tel:", FactKind.WEBSITE: None}
_SCHEME: Final = re.compile(r"[\s\x00-\x20]*([A-Za-z][A-Za-z0-9+.\s-]*):")
_BRACE: Final = re.compile(r"\{\{|\}\}|\{%|%\}|\{#|#\}|\{\ufffc|\ufffc\}")

_LINE_FAULTS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (
        re.compile(r"(?<!\\)<(?:[A-Za-z][A-Za-z0-9+.-]*:|[^\s<>@]+@)[^\s<>]*>"),
        N_("Write a link as [words](https://address), not between < and >."),
    ),
    (
        re.compile(r"(?<!\\)<(?=[A-Za-z/!?])(?![A-Za-z][A-Za-z0-9+.-]*:|[^\s<>@]+@)"),
        N_("HTML cannot be used here. To show the sign itself, write \\<."),
    ),
    (
        re.compile(r"&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9A-Fa-f]+);"),
        N_("Type the character itself instead of a code such as &amp;."),
    ),
    (re.compile(r"^\s*(?:```|~~~)"), N_("Blocks of computer code cannot be used here.")),
    (re.compile(r"^\s*>"), N_("Quoted blocks (lines that begin with >) cannot be used here.")),
    (
        re.compile(r"^\s*(?:-{2,}|={2,}|(?:[-*_]\s*){3,})\s*$"),
        N_("A line of dashes or other signs cannot be used here. For a sub-heading, begin the line with ###."),
    ),
    (re.compile(r"^\s*(?:[-*+•·]|#{1,6})\s*$"), N_("There are no words after this sign.")),
    (re.compile(r"^\s*#{2,}(?=[^#\s])"), N_("Put a space between ### and the words of the sub-heading.")),
    (re.compile(r"\\\s*$"), N_("A line cannot end in a backslash.")),
)

_LEFT_OVER_FAULTS: Final[Sequence[tuple[re.Pattern[str], str]]] = (
    (re.compile(r"[\[\]]"), N_("A square bracket here is not part of a link, [words](https://address).")),
    (
        re.compile(r"\*(?=[^\s*])|(?<=[^\s*])\*"),
        N_("This * has no partner. Close the emphasis, or write \\* for the sign itself."),
    ),
    (
        re.compile(r"(?<!\w)_+(?=[^\s_])|(?<=[^\s_])_+(?!\w)"),
        N_("This _ has no partner. Close the emphasis, or write \\_ for the sign itself."),
    ),
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault on a 1-based line; `message` is marked for translation and filled with `words`."""

    line: int
    message: str
    words: Mapping[str, str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return self.message % self.words if self.words else self.message


@dataclass(frozen=True, slots=True)
class Rendered:
    html: str
    text: str


def accept(text: str, known_keys: Collection[str] | None = None, *, name: str | None = None) -> str:
    """The canonical text. Raises `Invalid` with the first problem's line, for the form's field `name`."""
    found = problems(text, known_keys)
    if found:
        raise Invalid(found[0].reason, line=found[0].line, field=name)
    return to_sentences(text)


def problems(text: str, known_keys: Collection[str] | None = None) -> list[Problem]:
    """Everything wrong with a clause's text, in order of lines.

    `known_keys` are the keys of clauses and sections that a cross-reference may name; without it these are not checked.
    """
    found = [*_length(text), *_lines(text), *_placeholders(text, known_keys)]
    for block in blocks(text):
        found += (*_block(block), *_inline(block))
    unique = {(problem.line, problem.reason): problem for problem in found}
    return sorted(unique.values(), key=lambda problem: problem.line)


def render(text: str) -> str:
    """Sanitised HTML of a text without placeholders; these come out as they were typed."""
    return fragment(text).html.filled(_AS_TYPED)


def plain(text: str) -> str:
    """The words as they stand in a letter: links followed by their addresses, one line a paragraph, item or row."""
    return fragment(text).text.filled(_AS_TYPED)


def rendered(text: str) -> Rendered:
    """Both forms of a computed block."""
    return Rendered(render(text), plain(text))


def _length(text: str) -> Iterator[Problem]:
    if not any(map(str.strip, lines_of(text))):
        yield Problem(1, N_("There is no text."))
    elif len(text) > CLAUSE_LENGTH:
        line = LINE_ENDS.sub("\n", text[:CLAUSE_LENGTH]).count("\n") + 1
        message = N_("The text is too long: it has %(length)s characters, and %(limit)s are allowed.")
        yield Problem(line, message, {"length": f"{len(text):,}", "limit": f"{CLAUSE_LENGTH:,}"})


def _lines(text: str) -> Iterator[Problem]:
    for number, line in enumerate(LINE_ENDS.sub("\n", text).split("\n"), start=1):
        yield from _characters(number, line)
        for pattern, message in _LINE_FAULTS:
            if pattern.search(line):
                yield Problem(number, message)


def _characters(number: int, line: str) -> Iterator[Problem]:
    for character in line:
        if character in _REORDERING:
            message = N_("The line holds an invisible sign (%(code)s) that changes the order of letters.")
        elif character != "\t" and unicodedata.category(character) in ("Cc", "Cs", "Co"):
            message = N_("The line holds a character (%(code)s) that is not text.")
        else:
            continue
        yield Problem(number, message, {"code": f"U+{ord(character):04X}"})


def _placeholders(text: str, known: Collection[str] | None) -> Iterator[Problem]:
    for number, line in enumerate(LINE_ENDS.sub("\n", text).split("\n"), start=1):
        if _BRACE.search(PLACEHOLDER.sub("\ufffc", line)):
            yield Problem(number, N_("A placeholder is written {{ school.name }}, with two brackets on each side."))
        for match in PLACEHOLDER.finditer(line):
            yield from _placeholder(number, line, match, known)


def _placeholder(number: int, line: str, match: re.Match[str], known: Collection[str] | None) -> Iterator[Problem]:
    key = match["key"]
    match kind_of(match):
        case Kind.BLOCK if not is_block_placeholder(line):
            yield Problem(number, N_("{{ %(key)s }} must stand alone on its line."), {"key": key})
        case Kind.REFERENCE if known is not None and key not in known:
            yield _unknown(number, key, known, N_("There is no clause “%(key)s” to refer to."))
        case Kind.UNKNOWN:
            yield _unknown(number, key, (*FACTS, *BLOCKS), N_("There is no placeholder “%(key)s”."))
        case _:
            return


def _unknown(number: int, key: str, known: Collection[str], message: str) -> Problem:
    near = get_close_matches(key, known, n=1)
    if not near:
        return Problem(number, message, {"key": key})
    return Problem(number, f"{message} {N_('Did you mean “%(near)s”?')}", {"key": key, "near": near[0]})


def _block(block: Block) -> Iterator[Problem]:
    match block.kind:
        case BlockKind.HEADING if block.level != _SUB_HEADING:
            yield Problem(block.line, N_("Begin a sub-heading with ###: no other level can be used inside a clause."))
        case BlockKind.BULLET | BlockKind.STEP if block.level:
            yield Problem(
                block.line, N_("A list cannot hold another list. Begin the line with the sign, without space.")
            )
        case BlockKind.BULLET | BlockKind.STEP if ITEM.fullmatch(block.lines[0]) or HEADING.fullmatch(block.lines[0]):
            yield Problem(block.line, N_("An item of a list holds sentences, not another list or a sub-heading."))
        case BlockKind.TABLE:
            yield from _table(block)
        case BlockKind.PARAGRAPH if any(line.startswith("|") for line in block.lines):
            yield Problem(block.line, N_("A table needs a row of titles and then a row of dashes: | --- | --- |."))
        case _:
            return


def _table(block: Block) -> Iterator[Problem]:
    width = len(cells(block.lines[0]))
    for offset, row in enumerate(block.lines[1:], start=1):
        count = len(cells(row))
        if count != width:
            message = N_("Each row needs as many cells as the first one: %(width)s. This one has %(count)s.")
            yield Problem(block.line + offset, message, {"count": str(count), "width": str(width)})


def _inline(block: Block) -> Iterator[Problem]:
    if block.kind is BlockKind.TABLE:
        for offset, row in enumerate(block.lines):
            for cell in cells(row):
                yield from _words(cell, block.line + offset)
    else:
        yield from _words("\n".join(block.lines), block.line)


def _words(words: str, line: int) -> Iterator[Problem]:
    def at(position: int, text: str) -> int:
        return line + text.count("\n", 0, position)

    rest = words
    for link in _LINK.finditer(words):
        message = _link_fault(link)
        if message:
            yield Problem(at(link.start(), words), message)
            rest = rest[: link.start()] + re.sub(r"[^\n]", " ", link[0]) + rest[link.end() :]
    visible = _left_over(PLACEHOLDER.sub(lambda match: "x" * len(match[0]), rest))
    for pattern, message in _LEFT_OVER_FAULTS:
        for found in pattern.finditer(visible):
            yield Problem(at(found.start(), visible), message)


def _left_over(words: str) -> str:
    """The words without the signs that Markdown understood: those left mean nothing. Escaped ones count as x."""
    (inline,) = _CHECKER.parseInline(words)
    return "".join(
        "x" if child.type == "text_special" else child.content
        for child in inline.children or ()
        if child.type in ("text", "text_special")
    )


def _link_fault(link: re.Match[str]) -> str | None:
    if link["image"]:
        return N_("Pictures cannot be used here.")
    if not link["words"].strip():
        return N_("This link has no words.")
    if any(kind_of(inner) is Kind.REFERENCE for inner in PLACEHOLDER.finditer(link["words"])):
        return N_("A reference to a clause is a link by itself and cannot stand inside another link.")
    return _target_fault(link["target"])


def _target_fault(target: str) -> str | None:
    if PLACEHOLDER.search(target):
        return _fact_fault(_TARGET_FACT.fullmatch(target))
    found = _TARGET.fullmatch(target)
    if found and int(found["port"] or 1) in range(1, 65536):
        return None
    if target.strip() in ("", "#"):
        return N_("This link leads nowhere: put its address between the round brackets.")
    scheme = _SCHEME.match(target)
    if scheme and scheme[1].lower() not in ("http", "https", "mailto", "tel"):
        return N_("A link of this kind is not allowed: use https://, mailto: or tel:.")
    if any(character.isspace() for character in target):
        return N_("The address of a link has no spaces in it.")
    return N_("The address of a link begins with https://, mailto: or tel: and is written in full.")


def _fact_fault(fact: re.Match[str] | None) -> str | None:
    known = FACTS.get(fact["key"]) if fact and not fact["see"] else None
    if fact and known and _SCHEME_OF.get(known.kind, "") == fact["scheme"]:
        return None
    return N_(
        "In the address of a link a placeholder stands alone: mailto: with an e-mail address, tel: with a telephone "
        "number, or the address of a website."
    )


class _AsTyped(dict[str, str]):
    def __missing__(self, slot: str) -> str:
        kind, key, _ = slot.split("|")
        return f"{{{{ {'see ' if kind == 'reference' else ''}{key} }}}}"


class _Checker(Subset):
    """Keeps escaped signs apart from those that found no partner."""

    def __init__(self) -> None:
        super().__init__()
        self.disable("text_join")


_CHECKER: Final = _Checker()
_AS_TYPED: Final = _AsTyped()
