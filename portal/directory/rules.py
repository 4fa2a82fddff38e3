"""Which council answers for a school or an address on a given date.

All spans are half-open: `valid_from` is the first day, `valid_to` the first day on which the thing no longer holds;
`None` leaves that end open. A council replaced on 1 April 2028 has `valid_to` 1 April 2028.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

COUNTY_CODE = "E10"


class AuthorityKind(StrEnum):
    COUNTY = "county"
    UNITARY = "unitary"
    METROPOLITAN = "metropolitan"
    LONDON = "london"


class CodeScheme(StrEnum):
    """`dfe` is the three-digit code of the school register, `gss` the nine-character one of the statistics office."""

    DFE = "dfe"
    GSS = "gss"


class LinkKind(StrEnum):
    MAIN = "main"
    PUPIL = "pupil"
    CHILD = "child"
    OFFICER = "officer"
    REQUEST = "request"
    COMPLAINT = "complaint"


class SuccessionStatus(StrEnum):
    DRAFT = "draft"
    MADE = "made"
    WITHDRAWN = "withdrawn"


class Doubt(StrEnum):
    """Why no single council can be named."""

    UNASSIGNED = "unassigned"
    NO_DISTRICT = "no-district"
    DISTRICT_NOT_NAMED = "district-not-named"
    UNKNOWN_CODE = "unknown-code"
    BEFORE_RECORDS = "before-records"


class Dated(Protocol):
    @property
    def valid_from(self) -> date | None: ...
    @property
    def valid_to(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class DatedName:
    name: str
    short_name: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class DatedCode:
    scheme: CodeScheme
    code: str
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Authority:
    """A council with education duties. `key` is the directory's own and never changes; codes and names do.

    `districts` holds the GSS codes of a county's districts; empty where there are none or they are not recorded.
    """

    key: str
    kind: AuthorityKind
    region: str
    names: tuple[DatedName, ...]
    codes: tuple[DatedCode, ...] = ()
    districts: frozenset[str] = frozenset()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True)
class Link:
    authority: str
    kind: LinkKind
    url: str
    language: str = "en"
    valid_from: date | None = None
    valid_to: date | None = None
    checked_on: date | None = None
    checked_by: str = ""
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Move:
    """Part of an order: what `origin` did for `districts` (GSS codes; empty: everywhere) passes to `target`.

    A move from a council to itself says that it continues for those districts; without one it ends.
    """

    origin: str
    target: str
    districts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Succession:
    """An order that replaces councils on a date; only a made one changes what resolves."""

    on: date
    title: str
    status: SuccessionStatus
    moves: tuple[Move, ...]

    def ending(self) -> frozenset[str]:
        continuing = {move.origin for move in self.moves if move.origin == move.target}
        return frozenset(move.origin for move in self.moves) - continuing


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which council a school belongs to over a span: from the register, or by a person's decision.

    `district` is the GSS code of its district over that span, where it is recorded: districts end with their councils.
    """

    school: str
    authority: str
    valid_from: date | None = None
    valid_to: date | None = None
    district: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """The council's key, or `None` with the reason and the councils it might be."""

    authority: str | None
    candidates: tuple[str, ...] = ()
    doubt: Doubt | None = None


def holds(dated: Dated, on: date) -> bool:
    return (dated.valid_from is None or dated.valid_from <= on) and (dated.valid_to is None or on < dated.valid_to)


def name_of(authority: Authority, on: date) -> DatedName:
    """The name on that day; before the first and after the last, the nearest name it ever had."""
    return min(authority.names, key=lambda name: _days_away(name, on))


def only_drafted(authorities: Iterable[Authority], successions: Iterable[Succession]) -> frozenset[str]:
    """Councils that only drafts would make: until one is approved, they do nothing that another does."""
    begins = {authority.key: authority.valid_from for authority in authorities}
    drafted = {
        move.target
        for one in successions
        if not _is_made(one)
        for move in one.moves
        if begins.get(move.target) == one.on
    }
    return frozenset(drafted - {move.target for one in successions if _is_made(one) for move in one.moves})


def by_code(authorities: Iterable[Authority], scheme: CodeScheme, code: str, on: date) -> Authority | None:
    for authority in authorities:
        if any(one.scheme == scheme and one.code == code and holds(one, on) for one in authority.codes):
            return authority
    return None


def code_of(authority: Authority, scheme: CodeScheme, on: date) -> str | None:
    return next((one.code for one in authority.codes if one.scheme == scheme and holds(one, on)), None)


def successors(key: str, successions: Iterable[Succession], on: date) -> tuple[str, ...]:
    """The councils that do on that day what `key` once did, sorted; itself while nothing replaced it."""
    current = {key}
    for succession in _made_until(successions, on):
        touched = {move.origin for move in succession.moves}
        passed = {move.target for move in succession.moves if move.origin in current}
        current = (current - touched) | passed
    return tuple(sorted(current))


def authority_for_school(
    assignments: Iterable[Assignment],
    successions: Sequence[Succession],
    district: str | None,
    on: date,
    by_key: Mapping[str, Authority] | None = None,
) -> Found:
    """The council of a school, from its own assignments and the made orders.

    `district` is a GSS code; it stands in for an assignment without one of its own.
    Where two assignments hold, the one that began later wins. A split council needs the district: without it the answer
    is open until somebody assigns the school. `by_key` holds the councils: with it, a day before the assigned one began
    is answered by the council whose work it took over.
    """
    holding = [assignment for assignment in assignments if holds(assignment, on)]
    if not holding:
        return Found(None, doubt=Doubt.UNASSIGNED)
    newest = max(holding, key=lambda assignment: assignment.valid_from or date.min)
    latest, district = newest.authority, newest.district or district
    council = by_key.get(latest) if by_key else None
    if by_key and council is not None and council.valid_from is not None and on < council.valid_from:
        earlier = _backward(latest, by_key, successions, on, district)
        if earlier.doubt is not Doubt.BEFORE_RECORDS:
            return earlier
    return _forward(latest, successions, district, on)


def authority_for_codes(
    county_code: str,
    district_code: str,
    authorities: Sequence[Authority],
    successions: Sequence[Succession],
    on: date,
) -> Found:
    """The council for education at a place, from the codes of a postcode file of any year.

    A county (E10) has the duty where there is one; else the district. E13 (inner and outer London) and E99999999 are
    not counties.
    """
    code = education_code(county_code, district_code)
    nearest = holder_of(CodeScheme.GSS, code, authorities, successions, on)
    if nearest is None:
        return Found(None, doubt=Doubt.UNKNOWN_CODE)
    by_key = {authority.key: authority for authority in authorities}
    earlier = _backward(nearest.key, by_key, successions, on, district_code)
    return earlier if earlier.authority is None else _forward(earlier.authority, successions, district_code, on)


def holder_of(
    scheme: CodeScheme, code: str, authorities: Sequence[Authority], successions: Sequence[Succession], on: date
) -> Authority | None:
    """Whose code it is on a day, else whose it was or will be nearest to it; a draft's council comes last."""
    drafted = only_drafted(authorities, successions)
    holders = [
        (authority.key in drafted, max(_days_away(one, on), _days_away(authority, on)), authority)
        for authority in authorities
        for one in authority.codes
        if one.scheme is scheme and one.code == code
    ]
    if not holders:
        return None
    return min(holders, key=lambda holder: (holder[0], holder[1], holder[2].key))[2]


def authorities_in_district(
    places: Iterable[tuple[str, str]], authorities: Sequence[Authority], successions: Sequence[Succession], on: date
) -> tuple[str, ...]:
    """Every council that a postcode district may lie in, from its postcodes' county and district codes, in order."""
    found = [authority_for_codes(county, district, authorities, successions, on) for county, district in places]
    keys = [key for one in found for key in ((one.authority,) if one.authority else one.candidates)]
    return tuple(dict.fromkeys(keys))


def education_code(county_code: str, district_code: str) -> str:
    return county_code if county_code.startswith(COUNTY_CODE) else district_code


def links_on(links: Iterable[Link], authority: str, on: date, language: str = "en") -> dict[LinkKind, Link]:
    """One link of each kind that the council has on that day: in `language`, else in English."""
    chosen: dict[LinkKind, Link] = {}
    for link in sorted(links, key=lambda one: (one.valid_from or date.min, one.url)):
        if link.authority != authority or link.language not in {language, "en"} or not holds(link, on):
            continue
        previous = chosen.get(link.kind)
        if previous is None or link.language == language or previous.language != language:
            chosen[link.kind] = link
    return chosen


def _forward(key: str, successions: Iterable[Succession], district: str | None, on: date) -> Found:
    current = key
    for succession in _made_until(successions, on):
        moves = [move for move in succession.moves if move.origin == current]
        targets = tuple(sorted({move.target for move in moves}))
        named = [move.target for move in moves if district in move.districts]
        if len(targets) > 1 and district is None:
            return Found(None, targets, Doubt.NO_DISTRICT)
        if len(targets) > 1 and len(set(named)) != 1:
            return Found(None, targets, Doubt.DISTRICT_NOT_NAMED)
        if targets:
            current = targets[0] if len(targets) == 1 else named[0]
    return Found(current)


def _backward(
    key: str, by_key: Mapping[str, Authority], successions: Iterable[Succession], on: date, district: str | None
) -> Found:
    """Undo the orders after `on`: a newer postcode file or school register knows only the newer council."""
    current = key
    later = sorted((one for one in successions if _is_made(one) and one.on > on), key=lambda one: one.on, reverse=True)
    for succession in later:
        if holds(by_key[current], on):
            break
        moves = [move for move in succession.moves if move.target == current]
        origins = tuple(sorted({move.origin for move in moves}))
        named = {move.origin for move in moves if district in move.districts}
        if len(origins) > 1 and len(named) != 1:
            return Found(None, origins, Doubt.NO_DISTRICT)
        if origins:
            current = origins[0] if len(origins) == 1 else named.pop()
    starts = by_key[current].valid_from
    if starts is not None and starts > on:
        return Found(None, (current,), Doubt.BEFORE_RECORDS)
    return Found(current)


def _made_until(successions: Iterable[Succession], on: date) -> list[Succession]:
    return sorted((one for one in successions if _is_made(one) and one.on <= on), key=lambda one: one.on)


def _is_made(succession: Succession) -> bool:
    return succession.status is SuccessionStatus.MADE


def _days_away(dated: Dated, on: date) -> int:
    if holds(dated, on):
        return 0
    if dated.valid_from is not None and on < dated.valid_from:
        return (dated.valid_from - on).days
    return (on - dated.valid_to).days + 1 if dated.valid_to is not None else 0
