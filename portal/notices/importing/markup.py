"""A web page as lines: what a reader sees of it, with links kept as `[text](target)`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from portal.notices.importing.lines import BULLET, Kind, Line

UNSEEN = frozenset(
    [
        "script",
        "style",
        "head",
        "template",
        "svg",
        "noscript",
        "iframe",
        "object",
        "canvas",
        "select",
        "textarea",
        "button",
        "nav",
        "math",
    ]
)
VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
BREAKING = frozenset(
    [
        "p",
        "div",
        "section",
        "article",
        "main",
        "header",
        "footer",
        "aside",
        "address",
        "blockquote",
        "pre",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "caption",
        "figure",
        "figcaption",
        "form",
        "fieldset",
        "legend",
        "details",
        "summary",
        "body",
        "html",
    ]
)
HEADINGS = {f"h{level}": level for level in range(1, 7)}
HIDDEN_STYLE = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)
EMPHASIS = {"b": "**", "strong": "**", "em": "*", "i": "*"}
BODY = re.compile(r"<main\b", re.IGNORECASE)


def page_lines(text: str) -> list[Line]:
    reader = _PageReader(main_only=bool(BODY.search(text)))
    reader.feed(text)
    reader.close()
    reader.finish()
    return reader.lines


@dataclass
class _Pending:
    """The line that is being read. `kind` is None for a plain paragraph."""

    kind: Kind | None = None
    level: int = 0
    number: int = 0
    parts: list[str] = field(default_factory=list)


class _PageReader(HTMLParser):
    def __init__(self, *, main_only: bool) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[Line] = []
        self._pending = _Pending()
        self._unseen: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._lists: list[int | None] = []
        self._cells = 0
        self._gap = True
        self._main_only = main_only
        self._main = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if self._unseen or tag in UNSEEN or _is_hidden(dict(attrs)):
            if tag not in VOID:
                self._unseen.append(tag)
            return
        if tag == "main":
            self._main += 1
        if tag in HEADINGS:
            self._begin(Kind.HEADING, HEADINGS[tag])
        elif tag == "li":
            self._begin_item()
        elif tag == "tr":
            self._begin(Kind.ROW, 0)
            self._cells = 0
        elif tag in {"td", "th"}:
            self._cell()
        elif tag in {"br", "hr"}:
            self._break()
        elif tag in BREAKING:
            self._begin_list(tag)
            self._break_paragraph()
        else:
            self._inline(tag, dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            if tag in self._unseen:
                del self._unseen[self._unseen.index(tag) :]
            return
        if tag == "a":
            self._end_link()
        elif tag in EMPHASIS:
            self._emphasise(EMPHASIS[tag])
        elif tag in HEADINGS or tag in {"li", "tr"}:
            self._begin(None, 0)
        elif tag in BREAKING:
            if tag in {"ul", "ol"} and self._lists:
                self._lists.pop()
            self._break_paragraph()
        if tag == "main":
            self._main = max(self._main - 1, 0)

    def handle_data(self, data: str) -> None:
        if self._unseen or (self._main_only and not self._main):
            return
        if data.strip() and not "".join(self._pending.parts).strip("*|[ "):
            self._pending.number = self.getpos()[0] + data[: len(data) - len(data.lstrip())].count("\n")
        self._pending.parts.append(data.replace("\n", " "))

    def finish(self) -> None:
        self._begin(None, 0)

    def _begin(self, kind: Kind | None, level: int) -> None:
        self._flush()
        self._gap = True
        self._pending = _Pending(kind, level)

    def _begin_list(self, tag: str) -> None:
        """A numbered list counts its items; another only holds them."""
        if tag in {"ul", "ol"}:
            self._lists.append(0 if tag == "ol" else None)

    def _begin_item(self) -> None:
        self._begin(Kind.ITEM, max(len(self._lists) - 1, 0))
        if self._lists and (number := self._lists[-1]) is not None:
            self._lists[-1] = number + 1

    def _break(self) -> None:
        """A `<br>`: a new line of the same kind, except inside a row."""
        if self._pending.kind is Kind.ROW or self._pending.kind in {Kind.HEADING, Kind.ITEM}:
            self._pending.parts.append(" ")
        else:
            self._flush()
            self._gap = False

    def _break_paragraph(self) -> None:
        if self._pending.kind is Kind.ROW or (self._pending.kind is Kind.ITEM and not self._text()):
            self._pending.parts.append(" ")
        else:
            self._begin(None, 0)

    def _cell(self) -> None:
        if self._pending.kind is not Kind.ROW:
            self._begin(Kind.ROW, 0)
        self._pending.parts.append(" | " if self._cells else "")
        self._cells += 1

    def _inline(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag == "a" and attributes.get("href") is not None:
            self._links.append(((attributes["href"] or "").strip().replace(" ", "%20"), len(self._pending.parts)))
            self._pending.parts.append("")
        elif tag in EMPHASIS:
            self._emphasise(EMPHASIS[tag])

    def _emphasise(self, mark: str) -> None:
        if not (self._main_only and not self._main):
            self._pending.parts.append(mark)

    def _end_link(self) -> None:
        if not self._links:
            return
        target, start = self._links.pop()
        parts = self._pending.parts
        if start >= len(parts):
            return
        label = "".join(parts[start:]).strip()
        if label and not (self._main_only and not self._main):
            space = " " if parts[start + 1 : start + 2] and parts[start + 1][:1].isspace() else ""
            parts[start:] = [f"{space}[{label}]({target or '#'})"]

    def _text(self) -> str:
        return " ".join("".join(self._pending.parts).replace("****", "").split())

    def _flush(self) -> None:
        text, gap = self._text(), self._gap
        pending = self._pending
        self._pending = _Pending(pending.kind, pending.level)
        if not text.strip("*| "):
            return
        number = pending.number or self.getpos()[0]
        if pending.kind is None and (bullet := BULLET.match(text)):
            self.lines.append(Line(number, number, text[bullet.end() :], gap, Kind.ITEM, 0, bullet["marker"]))
            return
        bullet_mark = f"{self._lists[-1]}." if self._lists and self._lists[-1] else "-"
        marker = (
            {Kind.ITEM: bullet_mark, Kind.HEADING: "#" * pending.level}.get(pending.kind, "") if pending.kind else ""
        )
        self.lines.append(Line(number, self.getpos()[0], text, gap, pending.kind, pending.level, marker))


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    return "hidden" in attributes or bool(HIDDEN_STYLE.search(attributes.get("style") or ""))
