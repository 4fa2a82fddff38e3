"""From a clause's Markdown to HTML and to plain text, in pieces that many notices share.

Markdown is rendered once for each distinct text, with a plain word in each placeholder's place; a notice then only puts
its facts between the finished pieces. HTML passes an allow-list here however it got in (ASVS 1.3.1).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import takewhile
from typing import Final
from urllib.parse import unquote

import nh3
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from portal.notices.placeholders import SLOT_WORD, Context, Slots, tokenise
from portal.notices.sentences import flatten

SCHEMES: Final = frozenset({"https", "http", "mailto", "tel"})

_HEADING: Final = "h4"
_UNUSED: Final = [
    *("autolink", "backticks", "blockquote", "code", "entity", "fence", "hr", "html_block", "html_inline", "image"),
    *("lheading", "newline", "reference"),
]
_TAGS: Final = {
    "a",
    "div",
    "em",
    "li",
    "ol",
    "p",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
    _HEADING,
}
_ATTRIBUTES: Final = {"a": {"href"}, "th": {"scope"}, "div": {"class", "role", "tabindex", "aria-label"}}
_LINK: Final = re.compile(r"<a\s|</a>")
_SCHEME: Final = re.compile(r"\s*([A-Za-z][A-Za-z0-9+.-]*):")


@dataclass(frozen=True, slots=True)
class Pieces:
    """Finished text, each odd piece the name of a slot `kind|key|context`."""

    parts: tuple[str, ...]

    @property
    def slots(self) -> tuple[str, ...]:
        return self.parts[1::2]

    def filled(self, values: Mapping[str, str]) -> str:
        parts = self.parts
        if len(parts) == 1:
            return parts[0]
        whole = list(parts)
        whole[1::2] = [values[slot] for slot in parts[1::2]]
        return "".join(whole)

    def settled(self, values: Mapping[str, str]) -> "Pieces":
        """With the slots that `values` knows filled for good."""
        parts = [self.parts[0]]
        for slot, after in zip(self.parts[1::2], self.parts[2::2], strict=True):
            if slot in values:
                parts[-1] += values[slot] + after
            else:
                parts += (slot, after)
        return Pieces(tuple(parts))


@dataclass(frozen=True, slots=True)
class Fragment:
    html: Pieces
    text: Pieces


class Subset(MarkdownIt):
    """CommonMark and tables, less what the subset leaves out."""

    def __init__(self) -> None:
        super().__init__("commonmark", {"html": False})
        self.enable("table").disable(_UNUSED)
        for name, rule in _RULES.items():
            self.add_render_rule(name, rule)

    def validateLink(self, url: str) -> bool:  # noqa: N802 - markdown-it's own name
        scheme = _SCHEME.match(url)
        return (scheme[1].lower() in SCHEMES) if scheme else not url.startswith(("//", "\\", "/\\"))


@lru_cache(maxsize=8192)
def fragment(text: str) -> Fragment:
    """A clause's finished pieces. Cached by text: 32,000 schools share the library's fragments."""
    words, slots = tokenise(flatten(text))
    tokens = MARKDOWN.parse(words)
    html = nh3.clean(
        MARKDOWN.renderer.render(tokens, MARKDOWN.options, {}),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=set(SCHEMES),
    )
    return Fragment(_html_pieces(html.strip(), slots), _text_pieces(Letter().write(tokens), slots))


def _html_pieces(html: str, slots: Slots) -> Pieces:
    alone = re.compile(rf"<p>({slots.pattern.pattern})</p>")
    html = alone.sub(lambda found: found[1] if slots.names[int(found[2])].startswith("block|") else found[0], html)
    return _cut(html, slots, lambda position: _html_context(html, position))


def _html_context(html: str, position: int) -> Context:
    if html.rfind("<", 0, position) > html.rfind(">", 0, position):
        return Context.ADDRESS
    links = _LINK.findall(html, 0, position)
    return Context.LABEL if links and links[-1] != "</a>" else Context.RUNNING


def _text_pieces(text: str, slots: Slots) -> Pieces:
    return _cut(text, slots, lambda _: Context.PLAIN)


def _cut(words: str, slots: Slots, context: Callable[[int], Context]) -> Pieces:
    parts: list[str] = []
    position = 0
    for found in slots.pattern.finditer(words):
        parts += (words[position : found.start()], f"{slots.names[int(found[1])]}|{context(found.start())}")
        position = found.end()
    return Pieces((*parts, words[position:]))


class Letter:
    """Plain text from Markdown's tokens."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, str]] = []
        self.counters: list[int | None] = []
        self.mark = ""
        self.row: list[str] | None = None
        self.group = 0

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._take(token)
        text = ""
        last = ""
        for kind, words in self.blocks:
            between = "" if not text else "\n" if kind == last else "\n\n"
            text, last = f"{text}{between}{words}", kind
        return text

    def _take(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open" | "ordered_list_open":
                self.group += not self.counters
                self.counters.append(None if token.type == "bullet_list_open" else 0)
            case "bullet_list_close" | "ordered_list_close":
                self.counters.pop()
            case "list_item_open":
                self.mark = self._next_mark()
            case "table_open":
                self.group += 1
            case "tr_open":
                self.row = []
            case "tr_close":
                self.blocks.append((f"table {self.group}", " | ".join(self.row or ())))
                self.row = None
            case "inline" if self.row is not None:
                self.row.append(_spelt_out(token))
            case "inline" if self.counters:
                self.blocks.append((f"list {self.group}", f"{self.mark}{_spelt_out(token)}"))
            case "inline":
                self.group += 1
                self.blocks.append((f"paragraph {self.group}", _spelt_out(token)))

    def _next_mark(self) -> str:
        indent = "  " * (len(self.counters) - 1)
        count = self.counters[-1]
        if count is None:
            return f"{indent}- "
        self.counters[-1] = count + 1
        return f"{indent}{count + 1}. "


def _spelt_out(token: Token) -> str:
    words: list[str] = []
    address, start = "", 0
    for child in token.children or ():
        match child.type:
            case "link_open":
                address, start = unquote(str(child.attrs["href"])), len(words)
            case "link_close" if not _is_said(address, "".join(words[start:])):
                words.append(f" ({address.removeprefix('mailto:').removeprefix('tel:')})")
            case "text" | "text_special":
                words.append(child.content)
            case _:
                continue
    return "".join(words)


def _is_said(address: str, words: str) -> bool:
    """An address that the words give already, or one inside the portal, which a letter cannot follow."""
    bare = re.sub(r"^(?:mailto:|tel:|https?://)", "", address).rstrip("/")
    return address.startswith(("#", "/")) or bare in (words.strip().rstrip("/"), re.sub(r"[^\d+]", "", words))


def _open_heading(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f"<{_HEADING}>"


def _close_heading(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return f"</{_HEADING}>\n"


def _open_table(_self: RendererHTML, tokens: Sequence[Token], index: int, _options: OptionsDict, _env: EnvType) -> str:
    """A wide table scrolls by itself, by keyboard too (WCAG 1.4.10, 2.1.1); its columns' titles are its name."""
    heads = [
        _words(token)
        for token in takewhile(lambda token: token.type != "thead_close", tokens[index:])
        if token.children
    ]
    name = SLOT_WORD.sub("", ", ".join(heads)).strip(", ")
    region = f' role="region" aria-label="{escape(name)}"' if name else ""
    return f'<div class="table-scroll" tabindex="0"{region}>\n<table>\n'


def _close_table(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return "</table>\n</div>\n"


def _open_head_cell(
    _self: RendererHTML, _tokens: Sequence[Token], _index: int, _options: OptionsDict, _env: EnvType
) -> str:
    return '<th scope="col">'


def _words(token: Token) -> str:
    return "".join(child.content for child in token.children or () if child.type in ("text", "text_special"))


_RULES: Final = {
    "heading_open": _open_heading,
    "heading_close": _close_heading,
    "table_open": _open_table,
    "table_close": _close_table,
    "th_open": _open_head_cell,
}
MARKDOWN: Final = Subset()
