"""`portal merge`: three wordings of a clause from files, merged sentence by sentence; no database is opened.

A conflict is an answer, not a failure: the exit status is 0 either way, and 2 for a file that cannot be read.
"""

import json
from pathlib import Path
from typing import Final

import click

from portal.core.errors import Invalid
from portal.core.limits import MEGABYTE
from portal.notices.merge import Conflict, Merge
from portal.notices.merge import merge as merge_texts
from portal.notices.sentences import to_sentences

LARGEST: Final = MEGABYTE // 4


@click.command()
@click.argument("base", type=click.Path(path_type=Path))
@click.argument("shared", type=click.Path(path_type=Path))
@click.argument("local", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: clean, text, conflicts.")
def merge(*, base: Path, shared: Path, local: Path, as_json: bool) -> None:
    """Merge SHARED, the new shared wording, into LOCAL, a school's wording; both were made from BASE.

    Files are UTF-8 text in any layout; the result has one sentence a line. Where both changed the same sentence, or
    neighbouring ones, it keeps the local words, and the conflict is listed.
    """
    raw = [_read(path) for path in (base, shared, local)]
    merged = merge_texts(*(to_sentences(text) for text in raw))
    text = merged.text + ("\n" if merged.text and raw[2].endswith("\n") else "")
    click.echo(_as_json(merged, text) if as_json else _readable(merged))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise Invalid(f"{path}: {error.strerror}.") from error
    if len(content) > LARGEST:
        raise Invalid(f"{path}: the file is larger than 256 kB.")
    if b"\0" in content:
        line = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise Invalid(f"{path}: line {line} holds a NUL byte, so this is no text.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Invalid(f"{path}: line {line} is not UTF-8 text.") from error


def _as_json(merged: Merge, text: str) -> str:
    conflicts = [{"base": each.base, "shared": each.shared, "local": each.local} for each in merged.conflicts]
    return json.dumps({"clean": merged.clean, "text": text, "conflicts": conflicts}, ensure_ascii=False, indent=1)


def _readable(merged: Merge) -> str:
    parts = [merged.text]
    for number, conflict in enumerate(merged.conflicts, start=1):
        parts.append(f"Conflict {number} of {len(merged.conflicts)}\n{_sides(conflict)}")
    return "\n\n".join(parts)


def _sides(conflict: Conflict) -> str:
    sides = (("before", conflict.base), ("shared", conflict.shared), ("local", conflict.local))
    return "\n".join(
        f"  {name + ':':8}{words.replace(chr(10), chr(10) + ' ' * 10) or '(nothing)'}" for name, words in sides
    )
