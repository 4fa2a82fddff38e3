"""An order of succession as people write it: TOML, JSON, or a line for each move; read into the directory's terms."""

import json
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
_CODES_LINE = re.compile(r"(?P<council>[^:]+?)\s*:\s*(?P<codes>.+)")
_NO_ORDER = N_("The file holds no order: it needs `on`, `title` and `moves`.")


@dataclass(frozen=True, slots=True)
class WrittenOrder:
    """An order with the councils that it makes; `undecided` are districts whose new council is not known.

    `codes` are those of councils that the directory has already, but that begin with the order.
    """

    succession: Succession
    new: tuple[Authority, ...] = ()
    undecided: tuple[str, ...] = ()
    source: str = ""
    codes: Mapping[str, tuple[DatedCode, ...]] = field(default_factory=dict)


def read_order(text: str, book: Book, districts: Mapping[str, str]) -> WrittenOrder:
    """From TOML or JSON: `on`, `title`, `moves` of `from`, `to` and `districts`; new councils under `authorities`.

    Councils are named by key, name or code, districts by code or name (`districts`: names by code); a successor that
    the directory does not know is a new council. Under `authorities` a council has its `codes`, or `dfe` and `gss`.
    Raises `Invalid`.
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
    text: str,
    book: Book,
    districts: Mapping[str, str],
    *,
    on: date,
    title: str,
    source: str = "",
    codes: str = "",
    undecided: tuple[str, ...] = (),
) -> WrittenOrder:
    """From lines such as "Essex > North Essex: Braintree, Colchester", and "North Essex: 951, E06000066" for codes.

    Raises `Invalid` naming the line; `field` says which of the two texts it is in.
    """
    moves = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid(N_("Write: council > council: district, district."), line=number, field="moves")
        named = [part.strip() for part in (match["districts"] or "").split(",") if part.strip()]
        moves.append((match["origin"], match["target"], named))
    order = _order(on, title, moves, book, districts, {}, source=source, undecided=undecided)
    return replace(order, **_with_codes(order, codes, book))


def _with_codes(order: WrittenOrder, text: str, book: Book) -> dict[str, Any]:
    """Codes belong to councils that the order makes; a present council's are changed on its own page."""
    on = order.succession.on
    found = {one.key: one for one in order.new} | {
        key: book.by_key[key]
        for key in {move.target for move in order.succession.moves} & book.by_key.keys()
        if book.by_key[key].valid_from == on
    }
    given: dict[str, tuple[DatedCode, ...]] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _CODES_LINE.fullmatch(line.strip())
        if match is None:
            raise Invalid(N_("Write: council: code, code."), line=number, field="codes")
        wanted = match["council"].casefold()
        named = [one for one in found.values() if wanted in {one.key, *_names(one)}]
        if len(named) != 1:
            reason = N_("The order makes no council called %(name)s.") % {"name": match["council"]}
            raise Invalid(reason, line=number, field="codes")
        try:
            given[named[0].key] = tuple(read_code(part, on) for part in match["codes"].split(",") if part.strip())
        except Invalid as error:
            raise Invalid(error.message, line=number, field="codes") from error
    new = tuple(replace(one, codes=given.get(one.key, one.codes)) for one in order.new)
    return {"new": new, "codes": {key: codes for key, codes in given.items() if key in book.by_key}}


def read_code(text: str, valid_from: date | None) -> DatedCode:
    """Three figures are the register's code, a letter and eight figures the statistics office's. Raises `Invalid`."""
    code = text.strip().upper()
    if re.fullmatch(r"\d{3}", code):
        return DatedCode(CodeScheme.DFE, code, valid_from)
    if re.fullmatch(r"E\d{8}", code):
        return DatedCode(CodeScheme.GSS, code, valid_from)
    raise Invalid(
        N_("%(code)s is no code: write three figures (DfE), or E and eight figures (GSS).") % {"code": text.strip()},
        field="codes",
    )


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
    codes_of_known: dict[str, tuple[DatedCode, ...]] = {}
    for origin, target, named in moves:
        old = _known(origin, book, on)
        if old is None:
            raise Invalid(N_("The directory has no council called %(name)s.") % {"name": origin})
        following = _known(target, book, on) or described.get(target.casefold()) or _unnamed(target, on)
        if following.key not in book.by_key:
            new[following.key] = following
        codes = frozenset(_district(one, districts) for one in named)
        made.append(Move(old.key, following.key, codes))
        if following.valid_from == on and following.key in book.by_key and (told := described.get(target.casefold())):
            codes_of_known[following.key] = told.codes
    succession = Succession(on, clean_name(title)[:200], SuccessionStatus.DRAFT, tuple(made))
    return WrittenOrder(succession, tuple(new.values()), undecided, source, codes_of_known)


def _known(text: str, book: Book, on: date) -> Authority | None:
    wanted = text.strip().casefold()
    for authority in book.authorities:
        names = _names(authority)
        codes = {code.code.casefold() for code in authority.codes}
        if wanted == authority.key:
            return authority
        if wanted in names | codes and (authority.valid_to is None or authority.valid_to >= on):
            return authority
    return None


def _names(authority: Authority) -> set[str]:
    return {text.casefold() for name in authority.names for text in (name.name, name.short_name)}


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
    described = table.get("authorities", table.get("new", []))
    if not isinstance(described, list):
        raise Invalid(N_("A new council needs a key and a name."))
    for one in described:
        if not isinstance(one, dict) or not (one.get("name") or one.get("key")):
            raise Invalid(N_("A new council needs a key and a name."))
        name = clean_name(str(one.get("name") or one["key"]))
        key = slugify(str(one.get("key") or name))
        codes = [read_code(text, on) for text in _codes_of(one)]
        if one.get("kind", AuthorityKind.UNITARY) not in set(AuthorityKind):
            raise Invalid(N_("There is no kind of council called %(kind)s.") % {"kind": one["kind"]})
        short = clean_name(str(one.get("short_name") or name))
        kind = AuthorityKind(one.get("kind", AuthorityKind.UNITARY))
        authority = Authority(
            key, kind, str(one.get("region", ""))[:4], (DatedName(name, short, on),), tuple(codes), valid_from=on
        )
        found |= {key: authority, name.casefold(): authority}
    return found


def _codes_of(table: Mapping[str, Any]) -> list[str]:
    codes = table.get("codes", [])
    if isinstance(codes, dict):
        codes = list(codes.values())
    if not isinstance(codes, list):
        raise Invalid(N_('`codes` is a list, such as ["951", "E06000066"].'))
    listed = [one.get("code", "") if isinstance(one, dict) else one for one in codes]
    return [str(one) for one in (*listed, *(table[scheme] for scheme in CodeScheme if table.get(scheme)))]


def _written(move: object) -> tuple[str, str, list[str]]:
    if not isinstance(move, dict):
        raise Invalid(_NO_ORDER)
    origin, target = move.get("from", move.get("origin")), move.get("to", move.get("target"))
    districts = move.get("districts", [])
    if not isinstance(origin, str) or not isinstance(target, str) or not isinstance(districts, list):
        raise Invalid(N_("Each move needs `from`, `to` and, where a council is split, `districts`."))
    return origin, target, [str(one) for one in districts]


def _undecided(table: Mapping[str, Any]) -> tuple[str, ...]:
    parts = table.get("undecided", [])
    is_right = isinstance(parts, list) and all(
        isinstance(part, dict) and isinstance(part.get("districts"), list) for part in parts
    )
    if not is_right:
        raise Invalid(N_("`undecided` is a list of tables, each with `from` and `districts`."))
    return tuple(str(one) for part in parts for one in part["districts"])


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
        return datetime.fromisoformat(str(value)).date()
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


def shown_codes(succession: Succession, book: Book) -> list[str]:
    """The codes of the councils that an order makes, as lines that `read_lines` reads."""
    lines = []
    for key in dict.fromkeys(move.target for move in succession.moves):
        council = book.by_key[key]
        if council.valid_from == succession.on and council.codes:
            codes = ", ".join(one.code for one in council.codes)
            lines.append(f"{name_of(council, succession.on).name}: {codes}")
    return lines


def read_undecided(text: str, districts: Mapping[str, str]) -> tuple[str, ...]:
    """Districts by name or code, separated by commas or lines. Raises `Invalid`."""
    parts = [part for part in re.split(r"[,\n]", text) if part.strip()]
    try:
        return tuple(_district(part, districts) for part in parts)
    except Invalid as error:
        raise Invalid(error.message, field="undecided") from error
