"""An order of succession as people write it: TOML, JSON, or a line for each move; read into the directory's terms."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.text import clean_name, slugify
from portal.directory.book import Book
from portal.directory.rules import (
    Authority,
    AuthorityKind,
    CodeScheme,
    DatedCode,
    DatedName,
    Move,
    Succession,
    SuccessionStatus,
    name_of,
)

_LINE = re.compile(r"(?P<origin>[^>:]+?)\s*>\s*(?P<target>[^>:]+?)\s*(?::\s*(?P<districts>.*))?")
_NO_ORDER = N_("The file holds no order: it needs `on`, `title` and `moves`.")


@dataclass(frozen=True, slots=True)
class WrittenOrder:
    """An order with the councils that it makes; `undecided` are districts whose new council is not known."""

    succession: Succession
    new: tuple[Authority, ...] = ()
    undecided: tuple[str, ...] = ()
    source: str = ""


def read_order(text: str, book: Book, districts: Mapping[str, str]) -> WrittenOrder:
    """From TOML or JSON: `on`, `title`, `moves` of `from`, `to` and `districts`; new councils under `authorities`.

    Councils are named by key, name or code, districts by code or name (`districts`: names by code); a successor that
    the directory does not know is a new council. Raises `Invalid`.
    """
    table = _table(text)
    found = table.get("successions", table.get("succession", table.get("order", table)))
    if isinstance(found, list):
        if len(found) != 1:
            raise Invalid(N_("Give one order in a file."))
        found = found[0]
    if not isinstance(found, dict) or not isinstance(found.get("moves"), list):
        raise Invalid(_NO_ORDER)
    on = _day(found.get("on", found.get("date")))
    described = {**_described(table, on), **_described(found, on)}
    moves = [_written(move) for move in found["moves"]]
    return _order(
        on, str(found.get("title") or f"Order of {on.isoformat()}"), moves, book, districts, described,
        undecided=_undecided(found), source=str(found.get("source", "")),
    )  # fmt: skip


def read_lines(
    text: str, book: Book, districts: Mapping[str, str], *, on: date, title: str, source: str = ""
) -> WrittenOrder:
    """From lines such as "Essex > North Essex: Braintree, Colchester". Raises `Invalid` naming the line."""
    moves = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid(N_("Write: council > council: district, district."), line=number)
        named = [part.strip() for part in (match["districts"] or "").split(",") if part.strip()]
        moves.append((match["origin"], match["target"], named))
    return _order(on, title, moves, book, districts, {}, source=source)


def _table(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text) if text.lstrip().startswith(("{", "[")) else None
    except ValueError:
        found = None
    if found is None:
        try:
            found = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise Invalid(N_("The file is neither TOML nor JSON: %(reason)s.") % {"reason": error}) from error
    if isinstance(found, list):
        found = {"successions": found}
    if not isinstance(found, dict):
        raise Invalid(_NO_ORDER)
    return found


def _order(
    on: date,
    title: str,
    moves: Iterable[tuple[str, str, Sequence[str]]],
    book: Book,
    districts: Mapping[str, str],
    described: Mapping[str, Authority],
    *,
    undecided: tuple[str, ...] = (),
    source: str = "",
) -> WrittenOrder:
    new: dict[str, Authority] = {}
    made: list[Move] = []
    for origin, target, named in moves:
        old = _known(origin, book, on)
        if old is None:
            raise Invalid(N_("The directory has no council called %(name)s.") % {"name": origin})
        following = _known(target, book, on) or described.get(target.casefold()) or _unnamed(target, on)
        if following.key not in book.by_key:
            new[following.key] = following
        codes = frozenset(_district(one, districts) for one in named)
        made.append(Move(old.key, following.key, codes))
    succession = Succession(on, clean_name(title)[:200], SuccessionStatus.DRAFT, tuple(made))
    return WrittenOrder(succession, tuple(new.values()), undecided, source)


def _known(text: str, book: Book, on: date) -> Authority | None:
    wanted = text.strip().casefold()
    for authority in book.authorities:
        names = {name.name.casefold() for name in authority.names} | {
            name.short_name.casefold() for name in authority.names
        }
        codes = {code.code.casefold() for code in authority.codes}
        if wanted == authority.key:
            return authority
        if wanted in names | codes and (authority.valid_to is None or authority.valid_to >= on):
            return authority
    return None


def _unnamed(text: str, on: date) -> Authority:
    name = clean_name(text)
    key = slugify(name)
    if not key:
        raise Invalid(N_("The name of a new council cannot be read."))
    if key == name:
        name = name.replace("-", " ").title()
    long_name = name if re.search(r"council|borough|city of", name, re.IGNORECASE) else f"{name} Council"
    short = re.sub(r"\s+(county |city |borough )?council$", "", name, flags=re.IGNORECASE)
    return Authority(
        key.removesuffix("-council"), AuthorityKind.UNITARY, "", (DatedName(long_name, short, on),), valid_from=on
    )


def _described(table: Mapping[str, Any], on: date) -> dict[str, Authority]:
    found: dict[str, Authority] = {}
    for one in table.get("authorities", table.get("new", [])):
        if not isinstance(one, dict) or not (one.get("name") or one.get("key")):
            raise Invalid(N_("A new council needs a key and a name."))
        name = clean_name(str(one.get("name") or one["key"]))
        key = slugify(str(one.get("key") or name))
        codes = [DatedCode(scheme, str(one[scheme.value]), on) for scheme in CodeScheme if one.get(scheme.value)]
        short = clean_name(str(one.get("short_name") or name))
        kind = AuthorityKind(one["kind"]) if one.get("kind") in set(AuthorityKind) else AuthorityKind.UNITARY
        authority = Authority(
            key, kind, str(one.get("region", ""))[:4], (DatedName(name, short, on),), tuple(codes), valid_from=on
        )
        found |= {key: authority, name.casefold(): authority}
    return found


def _written(move: object) -> tuple[str, str, list[str]]:
    if not isinstance(move, dict):
        raise Invalid(_NO_ORDER)
    origin, target = move.get("from", move.get("origin")), move.get("to", move.get("target"))
    districts = move.get("districts", [])
    if not isinstance(origin, str) or not isinstance(target, str) or not isinstance(districts, list):
        raise Invalid(N_("Each move needs `from`, `to` and, where a council is split, `districts`."))
    return origin, target, [str(one) for one in districts]


def _undecided(table: Mapping[str, Any]) -> tuple[str, ...]:
    parts = [part for part in table.get("undecided", []) if isinstance(part, dict)]
    return tuple(str(one) for part in parts for one in part.get("districts", []))


def _district(text: str, districts: Mapping[str, str]) -> str:
    wanted = text.strip()
    if re.fullmatch(r"[EW]\d{8}", wanted.upper()):
        return wanted.upper()
    found = [code for code, name in districts.items() if name.casefold() == wanted.casefold()]
    if len(found) != 1:
        raise Invalid(N_("There is no district called %(name)s.") % {"name": wanted})
    return found[0]


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise Invalid(N_("The order needs its first day, such as 2028-04-01.")) from error


def shown(succession: Succession, book: Book, districts: Mapping[str, str]) -> list[str]:
    """An order's moves as lines that `read_lines` reads."""
    lines = []
    for move in succession.moves:
        names = [name_of(book.by_key[key], succession.on).name for key in (move.origin, move.target)]
        places = ", ".join(sorted(districts.get(code, code) for code in move.districts))
        lines.append(f"{names[0]} > {names[1]}" + (f": {places}" if places else ""))
    return lines
