"""The service, trusts and schools from `tenants/`."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.directory.models import AuthorityRow, SchoolAuthority
from portal.lifecycle.packs import checks
from portal.lifecycle.packs.checks import Check, check_values
from portal.lifecycle.packs.reading import PackError, check_keys, line_of, read_headed, read_toml
from portal.lifecycle.packs.report import LoadReport
from portal.notices.actions import REPLACING, adopt_override
from portal.notices.gathering import GENERAL
from portal.notices.markup import problems
from portal.notices.models import ClausePolicy, Override, OverrideMode
from portal.notices.queries import release_in_force
from portal.notices.sentences import to_sentences
from portal.tenancy.actions import add_tenant, change_setting, record_facts
from portal.tenancy.models import SchoolLaw, Tenant, TenantKind, TenantStatus
from portal.tenancy.queries import facts_at, setting

_SCHOOL_FACTS = ("email", "telephone", "address", "website", "short_name")
_SCHOOL_CHECKS: dict[str, Check] = {
    "slug": checks.slug,
    "name": checks.name,
    "short_name": checks.name,
    "kind": checks.words(100),
    "law": checks.one_of(SchoolLaw),
    "urn": checks.matching(r"\d{5,7}", '"123456"'),
    "phase": checks.words(40),
    "authority": checks.slug,
    "district": checks.matching(r"[A-Z]\d{8}", '"E07000070"'),
    "trust": checks.slug,
    "town": checks.words(100),
    "postcode": checks.words(8),
    "address": checks.words(300),
    "email": checks.email,
    "telephone": checks.telephone,
    "website": checks.website,
    "languages": checks.listed(checks.language),
    "colour": checks.matching(r"#[0-9a-fA-F]{6}", '"#1d5c3a"'),
    "crest": checks.words(200),
    "note": checks.note,
    "demonstration": checks.flag,
}
_CONTROLLER_CHECKS: dict[str, Check] = {"name": checks.name, "address": checks.words(300)}
_SERVICE_CHECKS: dict[str, dict[str, Check]] = {
    "service": {"slug": checks.slug, "name": checks.name, "languages": checks.listed(checks.language)},
    "dpo": {
        "name": checks.name,
        "email": checks.email,
        "telephone": checks.telephone,
        "address": checks.words(300),
        "website": checks.website,
    },
    "regulator": {
        "name": checks.name,
        "short_name": checks.name,
        "email": checks.email,
        "telephone": checks.telephone,
        "address": checks.words(300),
        "website": checks.website,
    },
}
_OVERRIDE_CHECKS: dict[str, Check] = {
    "clause": checks.words(80),
    "mode": checks.one_of(OverrideMode),
    "base_release": checks.words(60, is_needed=False),
    "note": checks.note,
    "title": checks.name,
    "key": checks.words(80),
}


@dataclass(frozen=True, slots=True)
class OverridePack:
    """A file of `overrides/`; the text begins on its `line`."""

    path: Path
    head: dict[str, Any]
    text: str
    line: int

    @property
    def mode(self) -> OverrideMode:
        return OverrideMode(self.head["mode"])

    @property
    def key(self) -> str:
        """The key that the wording has in the notice."""
        clause: str = self.head["clause"]
        local = clause if self.mode in REPLACING else f"local.{clause}.{self.mode}"
        return str(self.head.get("key") or local)


@dataclass(frozen=True, slots=True)
class TenantPack:
    """A tenant's folder: its table, its controller's and its own wording."""

    path: Path
    table: dict[str, Any]
    controller: dict[str, str]
    overrides: tuple[OverridePack, ...] = ()


def read_service(path: Path) -> dict[str, Any]:
    """Raises `PackError`."""
    whole = read_toml(path)
    known = {*_SERVICE_CHECKS, "milestones", "confirmations"}
    check_keys(path, whole, needed=("service", "dpo"), known=known)
    for group, values in _SERVICE_CHECKS.items():
        check_values(path, whole.get(group, {}), values, where=f"[{group}] ")
    check_keys(path, whole["service"], needed=("name",), known=whole["service"], where="[service] ")
    check_keys(path, whole["dpo"], needed=("name", "email"), known=whole["dpo"], where="[dpo] ")
    milestones = whole.get("milestones", {})
    check_values(path, milestones, {}, where="[milestones] ")
    check_values(path, milestones, dict.fromkeys(milestones, checks.number), where="[milestones] ")
    return whole


def read_tenants(folder: Path, name: str, *, needed: tuple[str, ...]) -> list[TenantPack]:
    """The packs of `tenants/schools` or `tenants/trusts`. Raises `PackError`."""
    packs: list[TenantPack] = []
    urns: dict[str, Path] = {}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []:
        pack = _read_tenant(place, name.removesuffix(".toml"), needed)
        urn = pack.table.get("urn")
        if urn and urn in urns:
            raise PackError(pack.path, f"the urn {urn} stands in {urns[urn]} too", line_of(pack.table, "urn"))
        if urn:
            urns[urn] = pack.path
        packs.append(pack)
    return packs


def _read_tenant(place: Path, kind: str, needed: tuple[str, ...]) -> TenantPack:
    path = place / f"{kind}.toml"
    whole = read_toml(path)
    check_keys(path, whole, needed=(kind,), known={kind, "controller"})
    table, controller = whole[kind], whole.get("controller", {})
    check_values(path, table, _SCHOOL_CHECKS)
    check_values(path, controller, _CONTROLLER_CHECKS, where="controller: ")
    check_keys(path, table, needed=needed, known=_SCHOOL_CHECKS)
    check_keys(path, controller, needed=(), known=_CONTROLLER_CHECKS, where="controller: ")
    if table["slug"] != place.name:
        raise PackError(path, f"the slug is {table['slug']}, the folder {place.name}", line_of(table, "slug"))
    return TenantPack(path, table, controller, _read_overrides(place / "overrides"))


def _read_overrides(folder: Path) -> tuple[OverridePack, ...]:
    found: dict[str, OverridePack] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        pack = _read_override(path)
        if pack.key in found:
            other = found[pack.key].path.name
            raise PackError(path, f"{pack.key} has a file already: {other}", line_of(pack.head, "clause"))
        found[pack.key] = pack
    return tuple(found.values())


def load_service(session: PortalSession, table: dict[str, Any], report: LoadReport, *, now: datetime) -> Tenant:
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
    if table.get("milestones") and not setting(session, found.id, "milestones"):
        change_setting(session, found, "milestones", dict(table["milestones"]), now=now, changed_by=None)
    return found


def load_trust(session: PortalSession, pack: TenantPack, report: LoadReport, *, now: datetime) -> None:
    """Create a trust with its facts and overrides. Raises `PackError`."""
    trust, created = _tenant(session, pack, TenantKind.TRUST, report, now=now)
    _overrides(session, trust, pack, report, created=created, now=now)


def load_school(session: PortalSession, pack: TenantPack, report: LoadReport, *, now: datetime) -> None:
    """Create a school with its facts, council, trust and overrides; of one that is here say what differs.

    Raises `PackError`, also for the pack of a school that is here.
    """
    table = pack.table
    trust = _trust(session, pack)
    authority = session.scalar(select(AuthorityRow.id).where(AuthorityRow.key == table["authority"]))
    if authority is None:
        raise PackError(pack.path, f"there is no council {table['authority']}", line_of(table, "authority"))
    school, created = _tenant(session, pack, TenantKind.SCHOOL, report, now=now)
    if created:
        school.law, school.trust_id = SchoolLaw(table["law"]), trust
        session.add(SchoolAuthority(school_id=school.id, authority_id=authority, district=table.get("district", "")))
    else:
        _report_place(session, school, pack, trust, authority, report)
    _overrides(session, school, pack, report, created=created, now=now)


def _trust(session: PortalSession, pack: TenantPack) -> int | None:
    slug = pack.table.get("trust")
    if slug is None:
        return None
    found = session.scalar(select(Tenant.id).where(Tenant.slug == slug, Tenant.kind == TenantKind.TRUST))
    if found is None:
        raise PackError(pack.path, f"there is no trust {slug}", line_of(pack.table, "trust"))
    return found


def _report_place(
    session: PortalSession, school: Tenant, pack: TenantPack, trust: int | None, authority: int, report: LoadReport
) -> None:
    if school.law != pack.table["law"]:
        report.kept.append(f"{school.slug}: law is {school.law}, the pack says {pack.table['law']}")
    if school.trust_id != trust:
        report.kept.append(f"{school.slug}: the trust is another than the pack's ({pack.table.get('trust', 'none')})")
    statement = select(SchoolAuthority.authority_id).where(
        SchoolAuthority.school_id == school.id, SchoolAuthority.valid_to.is_(None)
    )
    if authority not in session.scalars(statement).all():
        report.kept.append(f"{school.slug}: the council is another than the pack's ({pack.table['authority']})")


def _overrides(
    session: PortalSession, tenant: Tenant, pack: TenantPack, report: LoadReport, *, created: bool, now: datetime
) -> None:
    for one in pack.overrides:
        _check_override(session, one, {each.key for each in pack.overrides}, now)
    if not created:
        _report_overrides(session, tenant, pack, report)
        return
    for one in pack.overrides:
        adopt_override(
            session,
            tenant,
            clause_key=one.head["clause"],
            mode=one.mode,
            text=to_sentences(one.text),
            base_release=one.head.get("base_release", ""),
            title=one.head.get("title", ""),
            key=one.head.get("key", ""),
            reason=one.head.get("note", ""),
            now=now,
        )


def _check_override(session: PortalSession, one: OverridePack, own: set[str], now: datetime) -> None:
    """What the portal's pages would refuse is refused here, with the file's line."""
    base, key, at_mode = one.head.get("base_release", ""), one.head["clause"], line_of(one.head, "mode")
    release = release_in_force(session, now, name=base)
    if release is None:
        raise PackError(one.path, f"there is no release {base}".rstrip(), line_of(one.head, "base_release"))
    policies = {clause.key: clause.policy for clause in release.clauses}
    if key not in policies:
        raise PackError(
            one.path, f"there is no clause {key} in the release {release.name}", line_of(one.head, "clause")
        )
    if policies[key] is ClausePolicy.LOCKED and one.mode in REPLACING:
        raise PackError(one.path, f"the clause {key} is locked and cannot be changed", at_mode)
    if policies[key] is not ClausePolicy.OPTIONAL and one.mode is OverrideMode.OMIT:
        raise PackError(one.path, f"the clause {key} cannot be left out", at_mode)
    known = {*policies, *own, *(section.key for section in release.sections)}
    for problem in problems(one.text, known) if one.mode is not OverrideMode.OMIT else ():
        raise PackError(one.path, problem.reason, one.line + problem.line - 1)


def _report_overrides(session: PortalSession, tenant: Tenant, pack: TenantPack, report: LoadReport) -> None:
    statement = select(Override).where(
        Override.tenant_id == tenant.id, Override.kind == GENERAL, Override.ended_at.is_(None)
    )
    present = {row.key: row for row in session.scalars(statement)}
    for one in pack.overrides:
        row = present.get(one.key)
        digest = hashlib.sha256(to_sentences(one.text).encode()).hexdigest()
        if row is None:
            report.kept.append(f"{tenant.slug}: the pack's wording of {one.key} is not in force")
        elif row.mode is not one.mode or (row.part_hash or digest) != digest:
            report.kept.append(f"{tenant.slug}: the wording of {one.key} is another than the pack's")


def _tenant(
    session: PortalSession, pack: TenantPack, kind: TenantKind, report: LoadReport, *, now: datetime
) -> tuple[Tenant, bool]:
    table = pack.table
    found = session.scalar(select(Tenant).where(Tenant.slug == table["slug"]))
    created = found is None
    values = {
        "name": table["name"],
        "type_name": table.get("kind", ""),
        "phase": table.get("phase", ""),
        "urn": table.get("urn"),
        "town": table.get("town", ""),
        "postcode": table.get("postcode", ""),
        "languages": table.get("languages", ["en"]),
        "colour": table.get("colour", ""),
    }
    _check_own(session, pack, kind, found)
    if found is None:
        found = add_tenant(
            session, kind=kind, name=table["name"], slug=table["slug"], status=TenantStatus.LIVE, now=now
        )
        for field, value in values.items():
            setattr(found, field, value)
        found.is_demonstration = bool(table.get("demonstration", False))
        report.created.append(f"{kind} {table['slug']}")
    for field, value in values.items():
        if getattr(found, field) != value:
            label = "kind" if field == "type_name" else field
            report.kept.append(f"{found.slug}: {label} is {getattr(found, field)}, the pack says {value}")
    facts = {f"{kind}.{key}": str(table[key]) for key in _SCHOOL_FACTS if table.get(key)}
    facts |= {f"controller.{key}": value for key, value in pack.controller.items()}
    _facts(session, found, facts, report, now=now)
    return found, created


def _check_own(session: PortalSession, pack: TenantPack, kind: TenantKind, found: Tenant | None) -> None:
    """What may be one tenant's only."""
    if found is not None and found.kind is not kind:
        raise PackError(pack.path, f"the slug belongs to a {found.kind} already", line_of(pack.table, "slug"))
    urn = pack.table.get("urn")
    holder = session.scalar(select(Tenant).where(Tenant.urn == urn)) if urn else None
    if holder is not None and holder is not found:
        raise PackError(pack.path, f"the urn {urn} belongs to {holder.slug} already", line_of(pack.table, "urn"))


def _facts(session: PortalSession, owner: Tenant, facts: dict[str, str], report: LoadReport, *, now: datetime) -> None:
    present = facts_at(session, owner.id, now)
    for key, value in facts.items():
        if key in present and present[key] != value:
            report.kept.append(f"{owner.slug}: {key} is {present[key]}, the pack says {value}")
    record_facts(
        session, owner, {key: value for key, value in facts.items() if key not in present}, now=now, recorded_by=None
    )


def _read_override(path: Path) -> OverridePack:
    if path.suffix != ".md":
        raise PackError(path, "only .md files belong here")
    head, text, line = read_headed(path)
    check_values(path, head, _OVERRIDE_CHECKS)
    check_keys(path, head, needed=("clause", "mode"), known=_OVERRIDE_CHECKS)
    pack = OverridePack(path, head, text, line)
    allowed = {head["clause"]} if pack.mode in REPLACING else {head["clause"], pack.key}
    if path.stem not in allowed:
        raise PackError(path, f"the clause is {head['clause']}, the file {path.name}", line_of(head, "clause"))
    if pack.mode not in REPLACING and not head.get("title"):
        raise PackError(path, "title is missing: added wording needs one", line_of(head))
    if pack.mode is OverrideMode.OMIT and text.strip():
        raise PackError(path, "a clause that is left out has no text", line)
    return pack
