"""The statistics office's postcode file (NSPL or ONSPD, any year since 2011), read by column name in bounded memory."""

import re
from dataclasses import dataclass
from typing import BinaryIO, Final

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.directory.extracts import NO_ROWS, Encoding, Extract, Progress, Skipped, column_places
from portal.directory.postcode_pack import ENGLAND, Packer, Place, PostcodeTable, inward_is_possible
from portal.directory.postcodes import well_formed

COLUMNS: Final = {
    "pcds": r"pcds",
    "doterm": r"doterm",
    "ctry": r"ctry(\d\dcd)?",
    "cty": r"cty(\d\dcd\w*)?|oscty",
    "lad": r"lad\d\dcd|oslaua|laua",
}

_CODE: Final = re.compile(r"[A-Z][0-9]{8}")


@dataclass(frozen=True, slots=True)
class PostcodeFile:
    """What the file held. `unplaced` postcodes have no district or no codes at all: ended long ago, or of no place."""

    table: PostcodeTable
    rows: int
    english: int
    terminated: int
    elsewhere: int
    unplaced: int
    skipped: tuple[Skipped, ...]
    encoding: Encoding


@dataclass(slots=True)
class _Counts:
    english: int = 0
    terminated: int = 0
    elsewhere: int = 0
    unplaced: int = 0


def read_postcode_file(stream: BinaryIO, progress: Progress | None = None) -> PostcodeFile:
    """The whole file, packed. Raises `Invalid`, having loaded nothing, when it is empty, cut short or not the file."""
    extract = Extract(stream, progress)
    columns = column_places(extract.header, COLUMNS, tuple(COLUMNS))
    packer = Packer()
    counts = _Counts()
    _pack(extract, columns, packer, counts)
    if extract.is_cut_short:
        raise Invalid(
            N_("The file stops in the middle of a line, so nothing in it was used."), line=extract.skipped[-1].line
        )
    if not extract.rows_read and not extract.skipped:
        raise Invalid(NO_ROWS, line=1)
    if not counts.english:
        raise Invalid(N_("The file holds no postcode in England, so nothing in it was used."))
    return PostcodeFile(
        packer.table(),
        extract.rows_read,
        counts.english,
        counts.terminated,
        counts.elsewhere,
        counts.unplaced,
        tuple(extract.skipped),
        extract.encoding,
    )


def _pack(extract: Extract, columns: dict[str, int], packer: Packer, counts: _Counts) -> None:
    pcds, doterm, ctry, cty, lad = (columns[name] for name in ("pcds", "doterm", "ctry", "cty", "lad"))
    known: dict[tuple[str, str, str, bool], Place] = {}
    outwards: set[str] = set()
    for row in extract.rows():
        cells = row.cells
        key = (cells[ctry], cells[cty], cells[lad], cells[doterm] != "")
        place = known.get(key)
        if place is None:
            place = known[key] = _place(*key[:3], is_terminated=key[3])
        outward, _, inward = cells[pcds].partition(" ")
        if outward not in outwards or not inward_is_possible(inward):
            outward, inward = _parts(cells[pcds])
            outwards.add(outward)
        if (place.is_english and not place.district) or not any(key[:3]):
            counts.unplaced += 1
        elif reason := _reason_to_skip(inward, place):
            extract.skip(row.line, reason)
        elif not packer.add(outward, inward, place):
            extract.skip(row.line, N_("This postcode stands on an earlier line with other codes."))
        else:
            counts.english += place.is_english
            counts.terminated += place.is_terminated
            counts.elsewhere += not place.is_english


def _reason_to_skip(inward: str, place: Place) -> str:
    if not inward:
        return N_("This line does not hold a whole postcode.")
    return "" if place.country else N_("The codes on this line are not those of a council or country.")


def _parts(pcds: str) -> tuple[str, str]:
    postcode = well_formed(pcds)
    return (postcode.outward, postcode.inward) if postcode is not None else ("", "")


def _place(country: str, county: str, district: str, *, is_terminated: bool) -> Place:
    """Only codes of the right shape are kept: an English district is E06 to E09, its county E10 or a stand-in."""
    if country == ENGLAND and _CODE.fullmatch(district) and district.startswith("E0"):
        return Place(country, county if _CODE.fullmatch(county) else "", district, is_terminated)
    if country == ENGLAND:
        return Place(country)
    return Place(country if _CODE.fullmatch(country) else "")
