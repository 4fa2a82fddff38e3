"""What applying a report would do, clause by clause: wording in Markdown, with facts back in their placeholders."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby

from portal.notices.importing.anchors import Place
from portal.notices.importing.blocks import Block
from portal.notices.importing.contacts import Contact, contacts
from portal.notices.importing.editions import Edition
from portal.notices.importing.lines import Kind
from portal.notices.importing.report import Class, Decision, Entry, LocalClause
from portal.notices.importing.words import sentences

STEP = re.compile(r"\(?\d{1,2}[.)]\s+(?=\S)")


def clause_decisions(
    entries: Sequence[Entry],
    current: Edition,
    base: Callable[[str], str | None],
    lacks: Callable[[str, str], bool],
    facts: Mapping[str, str],
) -> tuple[Decision, ...]:
    """One decision for each clause that the document takes up; `lacks(key, edition)` tells if sentences are missing."""
    keys = dict.fromkeys(entry.clause for entry in entries if entry.clause and entry.kind is not Class.HEADING)
    return tuple(_decision(key, entries, current, base(key), lacks, facts) for key in keys)


def local_clauses(entries: Sequence[Entry], places: Sequence[Place]) -> tuple[LocalClause, ...]:
    """Runs of local blocks, each in its place; a heading with only local text below it is their title."""
    found: list[LocalClause] = []
    run: list[int] = []
    title, after = "", None
    heading: int | None = None
    for number, entry in enumerate((*entries, None)):
        if entry is not None and entry.kind is Class.LOCAL:
            if not run:
                title = entries[heading].block.plain if heading is not None and heading == number - 1 else ""
            run.append(number)
            continue
        if run:
            found.append(_local(entries, places, run, title, after))
            run = []
        if entry is None:
            break
        if entry.kind is Class.HEADING:
            heading = number
        elif entry.clause:
            after = entry.clause
    return tuple(found)


def as_markdown(blocks: Iterable[Block], facts: Mapping[str, str]) -> str:
    """The blocks as a clause's body: one sentence a line, lists tight, paragraphs apart."""
    parts: list[str] = []
    before: Kind | None = None
    for kind, group in groupby(blocks, key=lambda block: block.kind):
        run = list(group)
        if before is not None:
            parts.append("")
        if kind is Kind.ROW:
            parts.extend(_table(run, facts))
        else:
            parts.extend(_apart([_lines(block, facts) for block in run], is_tight=kind is Kind.ITEM))
        before = kind
    return "\n".join(parts) + "\n" if parts else ""


def _decision(
    key: str,
    entries: Sequence[Entry],
    current: Edition,
    base: str | None,
    lacks: Callable[[str, str], bool],
    facts: Mapping[str, str],
) -> Decision:
    own = [
        entry
        for entry in entries
        if entry.clause == key and entry.kind is not Class.HEADING and entry.authority is None
    ]
    if not own:
        return Decision(key, Class.FACT, None, tuple(entry.block.index for entry in entries if entry.clause == key))
    kinds = {entry.kind for entry in own} - {Class.FACT}
    indexes = tuple(entry.block.index for entry in own)
    if kinds <= {Class.INHERITED} and not lacks(key, current.name):
        return Decision(key, Class.INHERITED, current.name, indexes)
    text = as_markdown((entry.block for entry in own), facts)
    if kinds <= {Class.INHERITED, Class.OLDER} and base and not lacks(key, base):
        return Decision(key, Class.OLDER, base, indexes, text)
    kind = Class.OBSOLETE if kinds == {Class.OBSOLETE} else Class.REWORDED
    return Decision(key, kind, base or current.name, indexes, text)


def _local(
    entries: Sequence[Entry], places: Sequence[Place], run: Sequence[int], title: str, after: str | None
) -> LocalClause:
    blocks = [entries[number].block for number in run]
    return LocalClause(
        title=title,
        section=places[run[0]].section or "about",
        after=after,
        blocks=tuple(block.index for block in blocks),
        text=as_markdown(blocks, {}),
    )


def _apart(texts: Sequence[Sequence[str]], *, is_tight: bool) -> Iterator[str]:
    for number, lines in enumerate(texts):
        if number and not is_tight:
            yield ""
        yield from lines


def _table(rows: Sequence[Block], facts: Mapping[str, str]) -> Iterator[str]:
    """A row of titles, the ruler, and every other row on its own line with as many cells; one column is no table."""
    cells = [_cells(_with_facts(row.text, facts)) for row in rows]
    width = max(map(len, cells))
    if width == 1 or len(cells) == 1:
        yield from _apart([[" ".join(filter(None, row))] for row in cells], is_tight=False)
        return
    for number, row in enumerate(cells):
        yield f"| {' | '.join([*row, *[''] * (width - len(row))])} |"
        if number == 0:
            yield f"| {' | '.join(['---'] * width)} |"


def _cells(text: str) -> list[str]:
    bare = text.strip()
    bare = bare[1:-1] if bare.startswith("|") and bare.endswith("|") else bare
    return [cell.strip() for cell in bare.split("|")]


def _lines(block: Block, facts: Mapping[str, str]) -> list[str]:
    text = _with_facts(block.text, facts)
    if block.kind is Kind.HEADING:
        return [f"### {block.plain}"]
    if block.kind is not Kind.ITEM:
        return list(sentences(text))
    step = STEP.match(text)
    found = sentences(text[step.end() :] if step else text)
    mark = "1." if step or block.marker[:1].isdigit() else "-"
    return [f"{mark} {found[0]}", *(f"  {sentence}" for sentence in found[1:])] if found else []


def _with_facts(text: str, facts: Mapping[str, str]) -> str:
    """Contacts that are the school's, the DPO's or the regulator's facts become placeholders again."""
    names = {value: name for name, value in reversed(list(facts.items()))}
    for contact in contacts(text):
        if contact.value in names and contact.contact is not Contact.ADDRESS:
            text = _filled(text, contact.value, names[contact.value])
    return _filled(text, facts["school.name"], "school.name") if "school.name" in facts else text


def _filled(text: str, value: str, name: str) -> str:
    return re.sub(r"\s+".join(map(re.escape, value.split())), f"{{{{ {name} }}}}", text)
