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
from portal.lifecycle.packs.reading import PackError, check_keys, read_toml
from portal.lifecycle.packs.report import LoadReport

_AUTHORITY_KEYS = {
    "key",
    "kind",
    "region",
    "names",
    "codes",
    "website",
    "links",
    "contacts",
    "valid_from",
    "valid_to",
    "note",
}
_SUCCESSION_KEYS = {"on", "title", "status", "source", "note", "moves", "undecided"}


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
    authorities = read_toml(path)["authorities"]
    for table in authorities:
        check_keys(
            path,
            table,
            needed=("key", "kind", "region", "names"),
            known=_AUTHORITY_KEYS,
            where=f"{table.get('key', '?')}: ",
        )
        if table["kind"] not in set(AuthorityKind):
            raise PackError(path, f"{table['key']}: there is no kind {table['kind']}")
        for link in table.get("links", []):
            if link["kind"] not in set(LinkKind):
                raise PackError(path, f"{table['key']}: there is no kind of link {link['kind']}")
    keys = {table["key"] for table in authorities}
    if len(keys) != len(authorities):
        raise PackError(path, "a key stands twice")
    successions_path = folder / "successions.toml"
    successions = read_toml(successions_path).get("successions", [])
    for succession in successions:
        check_keys(successions_path, succession, needed=("on", "title", "status"), known=_SUCCESSION_KEYS)
        for move in succession.get("moves", []):
            for key in (move["from"], move["to"]):
                if key not in keys:
                    raise PackError(successions_path, f"{succession['title']}: there is no council {key}")
    districts_path = folder / "districts.toml"
    districts = read_toml(districts_path).get("districts", []) if districts_path.exists() else []
    return AuthorityPack(path, authorities, districts, successions)


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
