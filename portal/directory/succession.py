"""Checks an order of succession and says what it would do, without doing it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import combinations

from portal.core.i18n import N_
from portal.directory.rules import (
    Assignment,
    Authority,
    AuthorityKind,
    CodeScheme,
    Dated,
    DatedCode,
    Doubt,
    Found,
    Link,
    LinkKind,
    Succession,
    SuccessionStatus,
    authority_for_school,
    holds,
    links_on,
    name_of,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """A reason to refuse: `reason` is a sentence with named blanks, `values` fill them; `str()` gives English."""

    reason: str
    values: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return self.reason % dict(self.values)


@dataclass(frozen=True, slots=True)
class PlacedSchool:
    """A school as the planner sees it: `district` is the GSS code of its administrative district, if recorded."""

    key: str
    district: str | None
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class SchoolMove:
    school: str
    origin: str
    target: str


@dataclass(frozen=True, slots=True)
class Undecided:
    school: str
    origin: str
    candidates: tuple[str, ...]
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class MissingLink:
    """The successor has no link of a kind that a council it replaces has."""

    authority: str
    kind: LinkKind


@dataclass(frozen=True, slots=True)
class SuccessionPlan:
    """What an order would do on its day: it can be made when `problems` is empty; `undecided` waits for a person."""

    on: date
    problems: tuple[Problem, ...]
    moves: tuple[SchoolMove, ...]
    staying: tuple[str, ...]
    undecided: tuple[Undecided, ...]
    ending_links: tuple[Link, ...]
    missing_links: tuple[MissingLink, ...]


def plan_succession(
    succession: Succession,
    schools: Iterable[PlacedSchool],
    authorities: Sequence[Authority],
    others: Sequence[Succession] = (),
    links: Sequence[Link] = (),
) -> SuccessionPlan:
    """Dry run of one order after `others`. Only schools of a council named in it appear."""
    by_key = {authority.key: authority for authority in authorities}
    made = [*others, replace(succession, status=SuccessionStatus.MADE)]
    origins = {move.origin for move in succession.moves}
    moves: list[SchoolMove] = []
    staying: list[str] = []
    undecided: list[Undecided] = []
    for school in sorted(schools, key=lambda one: one.key):
        eve = succession.on - timedelta(days=1)
        before = authority_for_school(school.assignments, others, school.district, eve, by_key).authority
        if before is None or before not in origins:
            continue
        after = authority_for_school(school.assignments, made, school.district, succession.on, by_key)
        if after.authority is None:
            undecided.append(_undecided(school, before, after))
        elif after.authority == before:
            staying.append(school.key)
        else:
            moves.append(SchoolMove(school.key, before, after.authority))
    return SuccessionPlan(
        succession.on,
        check_succession(succession, authorities, others),
        tuple(moves),
        tuple(staying),
        tuple(undecided),
        tuple(link for link in links if link.authority in succession.ending()),
        _missing_links(succession, links),
    )


def check_succession(
    succession: Succession, authorities: Sequence[Authority], others: Iterable[Succession] = ()
) -> tuple[Problem, ...]:
    """Every reason to refuse the order, given the orders already made. Drafts among `others` do not count."""
    by_key = {authority.key: authority for authority in authorities}
    made = [one for one in others if one.status is SuccessionStatus.MADE]
    unknown = sorted({key for move in succession.moves for key in (move.origin, move.target)} - by_key.keys())
    if unknown:
        return tuple(_problem(N_("The directory has no council with the key %(key)s."), key=key) for key in unknown)
    if not succession.moves:
        return (_problem(N_("The order names no council.")),)
    return (
        *_wrong_dates(succession, by_key),
        *_replaced_twice(succession, made, by_key),
        *_wrong_districts(succession, by_key),
        *_clashing_codes(succession, by_key),
        *_cycles(succession, made, by_key),
    )


def check_authorities(authorities: Sequence[Authority]) -> tuple[Problem, ...]:
    """Every reason to refuse the directory as it stands: overlapping names, shared codes, spans that end first."""
    problems: list[Problem] = []
    for authority in authorities:
        problems += _overlaps(authority)
        problems += _empty_spans(authority)
    keys = [authority.key for authority in authorities]
    problems += [
        _problem(N_("Two councils have the key %(key)s."), key=key)
        for key in sorted({k for k in keys if keys.count(k) > 1})
    ]
    return (*problems, *_shared_codes(authorities))


def _undecided(school: PlacedSchool, origin: str, found: Found) -> Undecided:
    return Undecided(school.key, origin, found.candidates, found.doubt or Doubt.UNASSIGNED)


def _missing_links(succession: Succession, links: Sequence[Link]) -> tuple[MissingLink, ...]:
    eve = succession.on - timedelta(days=1)
    missing = {
        MissingLink(move.target, kind)
        for move in succession.moves
        if move.origin != move.target
        for kind in links_on(links, move.origin, eve)
        if kind not in links_on(links, move.target, succession.on)
    }
    return tuple(sorted(missing, key=lambda one: (one.authority, one.kind)))


def _wrong_dates(succession: Succession, by_key: Mapping[str, Authority]) -> Iterable[Problem]:
    for key in sorted({move.origin for move in succession.moves}):
        authority = by_key[key]
        if authority.valid_from is not None and succession.on <= authority.valid_from:
            yield _named(
                N_("%(name)s begins on %(date)s, so it cannot be replaced on or before that day."),
                authority,
                authority.valid_from,
            )
        if authority.valid_to is not None and (
            authority.valid_to < succession.on or _ends_later(succession, authority)
        ):
            yield _named(
                N_("%(name)s ends on %(date)s, which is not the day of this order."), authority, authority.valid_to
            )
    for key in sorted({move.target for move in succession.moves}):
        if not holds(by_key[key], succession.on):
            yield _named(N_("%(name)s does not exist on %(date)s, so it cannot take over."), by_key[key], succession.on)


def _ends_later(succession: Succession, authority: Authority) -> bool:
    return authority.key in succession.ending() and authority.valid_to != succession.on


def _replaced_twice(
    succession: Succession, made: Iterable[Succession], by_key: Mapping[str, Authority]
) -> Iterable[Problem]:
    ended = {key: other.on for other in made for key in other.ending()}
    for key in sorted(succession.ending() & ended.keys()):
        yield _named(N_("%(name)s is already replaced by the order of %(date)s."), by_key[key], ended[key])
    for key in sorted({move.target for move in succession.moves} & ended.keys()):
        if ended[key] <= succession.on:
            yield _named(
                N_("%(name)s is itself replaced on %(date)s, so it cannot take over."), by_key[key], ended[key]
            )


def _wrong_districts(succession: Succession, by_key: Mapping[str, Authority]) -> Iterable[Problem]:
    owners = {code: one for one in by_key.values() for code in one.districts or _own_district(one)}
    for key in sorted({move.origin for move in succession.moves}):
        authority = by_key[key]
        name = name_of(authority, succession.on).name
        moves = [move for move in succession.moves if move.origin == key]
        if len(moves) > 1 and any(not move.districts for move in moves):
            yield _problem(N_("%(name)s is given to one council whole and to another by district."), name=name)
            continue
        named = [district for move in moves for district in sorted(move.districts)]
        for district in sorted({one for one in named if named.count(one) > 1}):
            yield _problem(
                N_("District %(district)s of %(name)s is given to two councils."), name=name, district=district
            )
        if not named:
            continue
        recorded = authority.districts or _own_district(authority)
        if not recorded:
            yield _problem(
                N_("The districts of %(name)s are not recorded, so nobody can tell whether the order names them all."),
                name=name,
            )
        for district in sorted(recorded - set(named)):
            yield _problem(
                N_("District %(district)s of %(name)s is given to no council."), name=name, district=district
            )
        for district in sorted(set(named) - recorded):
            yield from _strange_district(district, name, recorded, owners, succession.on)


def _own_district(authority: Authority) -> frozenset[str]:
    """A council in one tier is its own district; a county is none."""
    if authority.kind is AuthorityKind.COUNTY:
        return frozenset()
    return frozenset(one.code for one in authority.codes if one.scheme is CodeScheme.GSS)


def _strange_district(
    district: str, name: str, recorded: frozenset[str], owners: Mapping[str, Authority], on: date
) -> Iterable[Problem]:
    owner = owners.get(district)
    if owner is not None:
        yield _problem(
            N_("District %(district)s belongs to %(owner)s, not to %(name)s."),
            name=name, district=district, owner=name_of(owner, on).name,
        )  # fmt: skip
    elif recorded:
        yield _problem(N_("District %(district)s is not one of %(name)s."), name=name, district=district)


def _clashing_codes(succession: Succession, by_key: Mapping[str, Authority]) -> Iterable[Problem]:
    ending = succession.ending()
    present = [
        replace(one, codes=tuple(_until(code, succession.on) for code in one.codes)) if one.key in ending else one
        for one in by_key.values()
    ]
    for key in sorted({move.target for move in succession.moves} - ending):
        yield from clashing_codes(by_key[key], present)


def clashing_codes(authority: Authority, others: Iterable[Authority]) -> tuple[Problem, ...]:
    """Why these codes cannot be this council's: another has one on the same day, or it has two of one kind itself."""
    problems = [
        _problem(N_("The code %(code)s belongs to %(name)s on the same day."), code=one.code, name=_any_name(other))
        for other in others
        if other.key != authority.key
        for one in authority.codes
        for held in other.codes
        if (one.scheme, one.code) == (held.scheme, held.code) and _overlap(one, held)
    ]
    problems += [
        _problem(N_("Two codes of %(key)s hold on the same day."), key=_any_name(authority))
        for one, another in combinations(authority.codes, 2)
        if one.scheme == another.scheme and _overlap(one, another)
    ]
    return tuple(dict.fromkeys(problems))


def _until(code: DatedCode, day: date) -> DatedCode:
    return replace(code, valid_to=min(code.valid_to or day, day))


def _any_name(authority: Authority) -> str:
    return authority.names[-1].name if authority.names else authority.key


def _cycles(succession: Succession, made: Iterable[Succession], by_key: Mapping[str, Authority]) -> Iterable[Problem]:
    following: dict[str, set[str]] = {}
    for order in (*made, succession):
        for move in order.moves:
            if move.origin in order.ending():
                following.setdefault(move.origin, set()).add(move.target)
    for key in sorted(succession.ending()):
        if _leads_back(key, following):
            yield _problem(
                N_("Following the orders from %(name)s leads back to it."),
                name=name_of(by_key[key], succession.on).name,
            )


def _leads_back(key: str, following: Mapping[str, set[str]]) -> bool:
    seen: set[str] = set()
    ahead = list(following.get(key, ()))
    while ahead:
        current = ahead.pop()
        if current == key:
            return True
        if current not in seen:
            seen.add(current)
            ahead += following.get(current, ())
    return False


def _overlaps(authority: Authority) -> Iterable[Problem]:
    for one, other in combinations(authority.names, 2):
        if _overlap(one, other):
            yield _problem(N_("Two names of %(key)s hold on the same day."), key=authority.key)
    for code, another in combinations(authority.codes, 2):
        if code.scheme == another.scheme and _overlap(code, another):
            yield _problem(N_("Two codes of %(key)s hold on the same day."), key=authority.key)


def _empty_spans(authority: Authority) -> Iterable[Problem]:
    if not authority.names:
        yield _problem(N_("%(key)s has no name."), key=authority.key)
    spans: list[Dated] = [authority, *authority.names, *authority.codes]
    for dated in spans:
        if dated.valid_from is not None and dated.valid_to is not None and dated.valid_to <= dated.valid_from:
            yield _problem(N_("A span of %(key)s ends before it begins."), key=authority.key)


def _shared_codes(authorities: Sequence[Authority]) -> Iterable[Problem]:
    holders: dict[tuple[str, str], list[tuple[str, Dated]]] = {}
    for authority in authorities:
        for one in authority.codes:
            holders.setdefault((one.scheme, one.code), []).append((authority.key, one))
    for (_, code), held in holders.items():
        if any(key != other_key and _overlap(one, other) for (key, one), (other_key, other) in combinations(held, 2)):
            yield _problem(N_("The code %(code)s belongs to two councils on the same day."), code=code)


def _overlap(one: Dated, other: Dated) -> bool:
    starts = max(one.valid_from or date.min, other.valid_from or date.min)
    ends = min(one.valid_to or date.max, other.valid_to or date.max)
    return starts < ends


def _named(reason: str, authority: Authority, on: date) -> Problem:
    return _problem(reason, name=name_of(authority, on).name, date=f"{on.day} {on:%B %Y}")


def _problem(reason: str, **values: str) -> Problem:
    return Problem(reason, tuple(values.items()))
