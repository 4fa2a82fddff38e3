"""The service, trusts and schools from `tenants/`."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.directory.models import AuthorityRow, SchoolAuthority
from portal.lifecycle.packs.reading import PackError, check_keys, read_headed, read_toml
from portal.lifecycle.packs.report import LoadReport
from portal.notices.actions import adopt_override
from portal.notices.models import OverrideMode
from portal.notices.sentences import to_sentences
from portal.tenancy.actions import add_tenant, change_setting, record_facts
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, setting

_SCHOOL_FACTS = ("email", "telephone", "address", "website", "short_name")
_SCHOOL_KEYS = {
    "slug", "name", "kind", "law", "urn", "phase", "authority", "district", "trust", "town", "postcode", "languages",
    "colour", "crest", "note", "demonstration", *_SCHOOL_FACTS,
}  # fmt: skip
_OVERRIDE_KEYS = {"clause", "mode", "base_release", "note", "title", "key"}


@dataclass(frozen=True, slots=True)
class TenantPack:
    """A tenant's folder: its table, and its overrides as (file, head, body)."""

    path: Path
    table: dict[str, Any]
    controller: dict[str, str]
    overrides: tuple[tuple[Path, dict[str, Any], str], ...] = ()


def read_tenants(folder: Path, name: str, *, needed: tuple[str, ...]) -> list[TenantPack]:
    """The packs of `tenants/schools` or `tenants/trusts`. Raises `PackError`."""
    packs: list[TenantPack] = []
    for place in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []:
        path = place / name
        whole = read_toml(path)
        check_keys(path, whole, needed=(name.removesuffix(".toml"),), known={name.removesuffix(".toml"), "controller"})
        table = whole[name.removesuffix(".toml")]
        check_keys(path, table, needed=needed, known=_SCHOOL_KEYS)
        check_keys(path, whole.get("controller", {}), needed=(), known={"name", "address"}, where="controller: ")
        if table["slug"] != place.name:
            raise PackError(path, f"the slug is {table['slug']}, the folder {place.name}")
        if "law" in table and table["law"] not in set(SchoolLaw):
            raise PackError(path, "law must be maintained, academy, special or independent")
        overrides = tuple(_read_override(file) for file in sorted((place / "overrides").glob("*.md")))
        packs.append(TenantPack(path, table, whole.get("controller", {}), overrides))
    return packs


def load_service(
    session: PortalSession, path: Path, table: dict[str, Any], report: LoadReport, *, now: datetime
) -> Tenant:
    """Create the service tenant, or record facts of the pack that it lacks."""
    found = session.scalar(select(Tenant).where(Tenant.kind == TenantKind.SERVICE))
    if found is None:
        found = add_tenant(
            session,
            kind=TenantKind.SERVICE,
            name=table["service"]["name"],
            slug=table["service"].get("slug", "service"),
            status=TenantStatus.LIVE,
            now=now,
        )
        report.created.append(f"service {found.name}")
    found.languages = table["service"].get("languages", ["en"])
    facts = {
        f"{group}.{key}": str(value)
        for group in ("dpo", "regulator")
        for key, value in table.get(group, {}).items()
        if key in {"name", "short_name", "email", "telephone", "address", "website"}
    }
    _facts(session, found, facts, report, now=now)
    if not facts.get("dpo.email"):
        raise PackError(path, "[dpo] email is missing")
    if table.get("milestones") and not setting(session, found.id, "milestones"):
        change_setting(session, found, "milestones", dict(table["milestones"]), now=now, changed_by=None)
    return found


def load_trust(session: PortalSession, pack: TenantPack, report: LoadReport, *, now: datetime) -> None:
    _tenant(session, pack, TenantKind.TRUST, report, now=now)


def load_school(session: PortalSession, pack: TenantPack, report: LoadReport, *, now: datetime) -> None:
    """Create a school with its facts, council, trust and overrides; raises `PackError` for a reference to nothing."""
    table = pack.table
    school, created = _tenant(session, pack, TenantKind.SCHOOL, report, now=now)
    if not created:
        return
    school.law = SchoolLaw(table["law"])
    if table.get("trust"):
        trust = session.scalar(select(Tenant.id).where(Tenant.slug == table["trust"], Tenant.kind == TenantKind.TRUST))
        if trust is None:
            raise PackError(pack.path, f"there is no trust {table['trust']}")
        school.trust_id = trust
    authority = session.scalar(select(AuthorityRow.id).where(AuthorityRow.key == table["authority"]))
    if authority is None:
        raise PackError(pack.path, f"there is no council {table['authority']}")
    session.add(SchoolAuthority(school_id=school.id, authority_id=authority, district=table.get("district", "")))
    for path, head, body in pack.overrides:
        try:
            adopt_override(
                session,
                school,
                clause_key=head["clause"],
                mode=OverrideMode(head["mode"]),
                text=to_sentences(body),
                base_release=head.get("base_release", ""),
                title=head.get("title", ""),
                key=head.get("key", ""),
                reason=head.get("note", ""),
                now=now,
            )
        except Invalid as error:
            raise PackError(path, error.message, error.line) from error


def _tenant(
    session: PortalSession, pack: TenantPack, kind: TenantKind, report: LoadReport, *, now: datetime
) -> tuple[Tenant, bool]:
    table = pack.table
    found = session.scalar(select(Tenant).where(Tenant.slug == table["slug"]))
    created = found is None
    if found is None:
        found = add_tenant(
            session, kind=kind, name=table["name"], slug=table["slug"], status=TenantStatus.LIVE, now=now
        )
        found.type_name = table.get("kind", "")
        found.phase, found.urn = table.get("phase", ""), table.get("urn")
        found.town, found.postcode = table.get("town", ""), table.get("postcode", "")
        found.languages, found.colour = table.get("languages", ["en"]), table.get("colour", "")
        found.is_demonstration = bool(table.get("demonstration", False))
        report.created.append(f"{kind} {table['slug']}")
    elif found.name != table["name"]:
        report.kept.append(f"{kind} {table['slug']}: the name is {found.name}, the pack says {table['name']}")
    facts = {f"{kind}.{key}": str(table[key]) for key in _SCHOOL_FACTS if table.get(key)}
    facts |= {f"controller.{key}": value for key, value in pack.controller.items()}
    _facts(session, found, facts, report, now=now)
    return found, created


def _facts(session: PortalSession, owner: Tenant, facts: dict[str, str], report: LoadReport, *, now: datetime) -> None:
    present = facts_at(session, owner.id, now)
    for key, value in facts.items():
        if key in present and present[key] != value:
            report.kept.append(f"{owner.slug}: {key} is {present[key]}, the pack says {value}")
    record_facts(
        session, owner, {key: value for key, value in facts.items() if key not in present}, now=now, recorded_by=None
    )


def _read_override(path: Path) -> tuple[Path, dict[str, Any], str]:
    head, body, _line = read_headed(path)
    check_keys(path, head, needed=("clause", "mode"), known=_OVERRIDE_KEYS)
    if head["mode"] not in set(OverrideMode):
        raise PackError(path, "mode must be adapt, before, after or omit")
    return path, head, body
