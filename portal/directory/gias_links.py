"""The register's file of links between establishments (`links_edubasealldata*.csv`): who followed whom."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import BinaryIO, Final

from portal.core.i18n import N_
from portal.directory.extracts import Extract, Progress, Skipped, column_places

_COLUMNS: Final = {"URN": "URN", "LinkURN": "LinkURN", "LinkType": "LinkType"}


@dataclass(frozen=True, slots=True)
class RegisterLink:
    """`kind` as the register words it, such as "Successor" or "Predecessor - amalgamated"."""

    urn: str
    other_urn: str
    kind: str


@dataclass(frozen=True, slots=True)
class LinksExtract:
    links: tuple[RegisterLink, ...]
    skipped: tuple[Skipped, ...]


def read_links(stream: BinaryIO, progress: Progress | None = None) -> LinksExtract:
    """Raises `Invalid` for an empty file, one that is no CSV text, and one without the columns needed."""
    extract = Extract(stream, progress)
    columns = column_places(extract.header, _COLUMNS, tuple(_COLUMNS))
    links: set[RegisterLink] = set()
    for row in extract.rows():
        urn, other, kind = (row.cells[columns[name]].strip() for name in _COLUMNS)
        if re.fullmatch(r"\d{5,6}", urn) and re.fullmatch(r"\d{5,6}", other):
            links.add(RegisterLink(urn, other, kind))
        else:
            extract.skip(row.line, N_("One of the two URNs is not a number of five or six figures."))
    ordered = tuple(sorted(links, key=lambda link: (link.urn, link.other_urn, link.kind)))
    return LinksExtract(ordered, tuple(extract.skipped))


def successors_by_urn(links: Iterable[RegisterLink]) -> Mapping[str, frozenset[str]]:
    """Which establishments followed each one; the register often records only one of the two directions."""
    following: dict[str, set[str]] = {}
    for link in links:
        kind = link.kind.casefold()
        if kind.startswith("successor"):
            following.setdefault(link.urn, set()).add(link.other_urn)
        elif kind.startswith("predecessor"):
            following.setdefault(link.other_urn, set()).add(link.urn)
    return {urn: frozenset(others) for urn, others in following.items()}
