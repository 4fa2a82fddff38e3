"""Councils and successions from `tenants/authorities/`."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.directory.models import (
    AuthorityCodeRow,
    AuthorityContactRow,
    AuthorityLinkRow,
    AuthorityNameRow,
    AuthorityRow,
    District,
    SuccessionMoveRow,
    SuccessionRow,
)
from portal.directory.rules import AuthorityKind, CodeScheme, LinkKind, SuccessionStatus
from portal.lifecycle.packs import checks
from portal.lifecycle.packs.checks import Check, check_values, tables
from portal.lifecycle.packs.reading import PackError, check_keys, line_of, read_toml
from portal.lifecycle.packs.report import LoadReport

_PERIOD: dict[str, Check] = {"valid_from": checks.day, "valid_to": checks.day}
_SEEN: dict[str, Check] = {"checked_on": checks.day, "verified": checks.flag, "note": checks.note}
_AUTHORITY: dict[str, Check] = {
    "key": checks.slug,
    "kind": checks.one_of(AuthorityKind),
    "region": checks.words(20),
    "website": checks.website,
    "note": checks.note,
    **_PERIOD,
}
_PARTS: dict[str, tuple[tuple[str, ...], dict[str, Check]]] = {
    "names": (("name",), {"name": checks.name, "short_name": checks.name, **_PERIOD}),
    "codes": (("scheme", "code"), {"scheme": checks.one_of(CodeScheme), "code": checks.words(9), **_PERIOD}),
    "links": (
        ("kind", "url"),
        {
            "kind": checks.one_of(LinkKind),
            "url": checks.website,
            "language": checks.language,
            **_PERIOD,
            **_SEEN,
        },
    ),
    "contacts": (
        ("kind", "value"),
        {"kind": checks.words(20), "value": checks.words(300), "role": checks.words(200), **_PERIOD, **_SEEN},
    ),
}
_SUCCESSION: dict[str, Check] = {
    "on": checks.day,
    "title": checks.name,
    "status": checks.one_of(SuccessionStatus),
    "source": checks.words(500),
    "note": checks.note,
}
_CODES = checks.listed(checks.words(9))
_MOVE: dict[str, Check] = {"from": checks.slug, "to": checks.slug, "districts": _CODES}
_DISTRICT: dict[str, Check] = {
    "code": checks.words(9),
    "name": checks.name,
    "authority": checks.slug,
    "valid_from": checks.day,
    "valid_to": checks.day,
    "verified": checks.flag,
}


@dataclass(frozen=True, slots=True)
class AuthorityPack:
    """The directory as its folder has it."""

    path: Path
    authorities: list[dict[str, Any]]
    districts: list[dict[str, Any]]
    successions: list[dict[str, Any]]


def read_authorities(folder: Path) -> AuthorityPack:
    """Raises `PackError`."""
    path = folder / "authorities.toml"
    whole = read_toml(path)
    check_keys(path, whole, needed=("authorities",), known={"authorities"})
    authorities = tables(path, whole, "authorities")
    keys: set[str] = set()
    for table in authorities:
        _check_authority(path, table)
        if table["key"] in keys:
            raise PackError(path, f"the key {table['key']} stands twice", line_of(table, "key"))
        keys.add(table["key"])
    successions_path = folder / "successions.toml"
    successions = tables(successions_path, read_toml(successions_path), "successions")
    for succession in successions:
        _check_succession(successions_path, succession, keys)
    districts_path = folder / "districts.toml"
    districts = tables(districts_path, read_toml(districts_path), "districts") if districts_path.exists() else []
    for district in districts:
        check_values(districts_path, district, _DISTRICT)
        check_keys(districts_path, district, needed=("code", "name", "authority"), known=_DISTRICT)
        _check_council(districts_path, district, "authority", keys)
    return AuthorityPack(path, authorities, districts, successions)


def _check_authority(path: Path, table: dict[str, Any]) -> None:
    where = f"{table.get('key', '?')}: "
    check_values(path, table, _AUTHORITY, where=where)
    check_keys(path, table, needed=("key", "kind", "region", "names"), known={*_AUTHORITY, *_PARTS}, where=where)
    for group, (needed, values) in _PARTS.items():
        for part in tables(path, table, group):
            place = f"{where}{group}: "
            try:
                check_values(path, part, values, where=place)
                check_keys(path, part, needed=needed, known=values, where=place)
            except PackError as error:
                raise PackError(path, error.reason, error.line or line_of(table, group)) from error
    if not table["names"]:
        raise PackError(path, f"{where}names holds no name", line_of(table, "names"))


def _check_succession(path: Path, table: dict[str, Any], keys: set[str]) -> None:
    where = f"{table.get('title', '?')}: "
    check_values(path, table, _SUCCESSION, where=where)
    check_keys(
        path,
        table,
        needed=("on", "title", "status"),
        known={*_SUCCESSION, "moves", "undecided"},
        where=where,
    )
    for move in tables(path, table, "moves"):
        check_values(path, move, _MOVE, where=where)
        check_keys(path, move, needed=("from", "to"), known=_MOVE, where=where)
        for key in ("from", "to"):
            _check_council(path, move, key, keys, where=where)
    for part in tables(path, table, "undecided"):
        check_values(path, part, {"districts": _CODES}, where=where)
        check_keys(path, part, needed=("districts",), known=part, where=where)


def _check_council(path: Path, table: dict[str, Any], key: str, keys: set[str], *, where: str = "") -> None:
    if table[key] not in keys:
        raise PackError(path, f"{where}there is no council {table[key]}", line_of(table, key))


def load_authorities(session: PortalSession, pack: AuthorityPack, report: LoadReport) -> None:
    """Create the councils and successions that are absent, and record districts where a council has none."""
    known = {row.key: row for row in session.scalars(select(AuthorityRow))}
    districts: dict[str, list[str]] = {}
    for district in pack.districts:
        districts.setdefault(district["authority"], []).append(district["code"])
    created = 0
    for table in pack.authorities:
        if table["key"] not in known:
            known[table["key"]] = row = _authority(table, sorted(districts.get(table["key"], [])))
            session.add(row)
            created += 1
        elif not known[table["key"]].districts and table["key"] in districts:
            known[table["key"]].districts = sorted(districts[table["key"]])
    if created:
        report.created.append(f"{created} councils")
    session.flush()  # successions refer to the councils by id
    present = set(session.scalars(select(District.code)))
    for district in pack.districts:
        if district["code"] not in present:
            owner = known[district["authority"]].id
            session.add(District(code=district["code"], name=district["name"], authority_id=owner))
    titles = set(session.scalars(select(SuccessionRow.title)))
    for table in pack.successions:
        if table["title"] not in titles:
            session.add(_succession(table, {key: row.id for key, row in known.items()}))
            report.created.append(f"succession {table['title']} ({table['status']})")


def _authority(table: dict[str, Any], districts: list[str]) -> AuthorityRow:
    return AuthorityRow(
        key=table["key"],
        kind=AuthorityKind(table["kind"]),
        region=table["region"],
        website=table.get("website", ""),
        districts=districts,
        valid_from=table.get("valid_from"),
        valid_to=table.get("valid_to"),
        names=[
            AuthorityNameRow(
                name=name["name"],
                short_name=name.get("short_name", name["name"]),
                valid_from=name.get("valid_from"),
                valid_to=name.get("valid_to"),
            )
            for name in table["names"]
        ],
        codes=[
            AuthorityCodeRow(
                scheme=CodeScheme(code["scheme"]),
                code=code["code"],
                valid_from=code.get("valid_from"),
                valid_to=code.get("valid_to"),
            )
            for code in table.get("codes", [])
        ],
        links=[
            AuthorityLinkRow(
                kind=LinkKind(link["kind"]),
                url=link["url"],
                language=link.get("language", "en"),
                valid_from=link.get("valid_from"),
                valid_to=link.get("valid_to"),
                checked_on=link.get("checked_on"),
                is_verified=link.get("verified", False),
                note=link.get("note", ""),
            )
            for link in table.get("links", [])
        ],
        contacts=[
            AuthorityContactRow(
                kind=contact["kind"],
                value=contact["value"],
                role=contact.get("role", ""),
                valid_from=contact.get("valid_from"),
                valid_to=contact.get("valid_to"),
                checked_on=contact.get("checked_on"),
                is_verified=contact.get("verified", False),
                note=contact.get("note", ""),
            )
            for contact in table.get("contacts", [])
        ],
    )


def _succession(table: dict[str, Any], ids: dict[str, int]) -> SuccessionRow:
    return SuccessionRow(
        on=table["on"],
        title=table["title"],
        status=SuccessionStatus(table["status"]),
        source=table.get("source", ""),
        moves=[
            SuccessionMoveRow(
                origin_id=ids[move["from"]], target_id=ids[move["to"]], districts=move.get("districts", [])
            )
            for move in table.get("moves", [])
        ],
        undecided=[district for part in table.get("undecided", []) for district in part["districts"]],
    )
