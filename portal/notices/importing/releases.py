"""A release of the library as its folder holds it: `release.toml` and one Markdown file for each clause."""

import tomllib
from pathlib import Path

from portal.core.errors import Invalid
from portal.notices.importing.editions import Edition, EditionClause

FENCE = "+++"


def read_release(folder: Path) -> Edition:
    """Raises `Invalid` for a folder without `release.toml` or a clause file without its table."""
    if not (folder / "release.toml").is_file():
        raise Invalid(f"{folder} holds no release: there is no release.toml in it.")
    table = tomllib.loads((folder / "release.toml").read_text(encoding="utf-8"))
    sections = tuple((section["key"], section["title"]) for section in table["sections"])
    places = {key: place for place, (key, _) in enumerate(sections)}
    clauses = [_clause(path) for path in sorted(folder.glob("*.md"))]
    ordered = sorted(clauses, key=lambda clause: (places.get(clause.section, len(places)), clause.order))
    return Edition(table["name"], table.get("effective_from"), sections, tuple(ordered))


def _clause(path: Path) -> EditionClause:
    _, head, body = [*path.read_text(encoding="utf-8").split(FENCE, 2), "", ""][:3]
    table = tomllib.loads(head)
    if "key" not in table:
        raise Invalid(f"{path.name} has no table between two lines of {FENCE}.")
    return EditionClause(table["key"], table["title"], table["section"], table["order"], body.strip())
