"""About four hundred invented schools, drawn from `tenants/demo/` with a fixed seed: the same on every machine."""

import csv
import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.text import slugify
from portal.directory.models import AuthorityRow, SchoolAuthority
from portal.lifecycle.packs.reading import read_toml
from portal.notices.actions import adopt_override
from portal.notices.models import OverrideMode, ReleaseClause, TextPart
from portal.notices.queries import release_in_force
from portal.notices.sentences import to_sentences
from portal.tenancy.models import Fact, SchoolLaw, Tenant, TenantKind, TenantStatus

_COLOURS = ("#1d5c3a", "#4b2a7b", "#8a2b2b", "#1f4e79", "#5b3a00", "#0b5563", "#6b1f4f", "#2f4858")


@dataclass(frozen=True, slots=True)
class InventedSchool:
    """What the generator decides for one school; `adaptation` is a row of adaptations.toml or None."""

    slug: str
    name: str
    kind: str
    law: str
    phase: str
    urn: str
    authority: str
    district: str
    town: str
    postcode: str
    trust: str
    email: str
    website: str
    telephone: str
    address: str
    colour: str
    adaptation: dict[str, Any] | None


def invent_schools(folder: Path) -> list[InventedSchool]:
    """Pure but for reading its lists. Raises `PackError`."""
    lists = read_toml(folder / "schools.toml")
    adaptations = read_toml(folder / "adaptations.toml")["adaptations"]
    made = random.Random(lists["generator"]["seed"])  # noqa: S311 - repeatable on purpose
    names = _names(lists, made)
    postcodes = _postcodes(folder / "postcodes.csv")
    generator = lists["generator"]
    prefix, number = generator["first_telephone"].rsplit(" ", 1)
    schools: list[InventedSchool] = []
    for authority in lists["authorities"]:
        trusts = cycle([trust["slug"] for trust in lists["trusts"] if authority["key"] in trust["authorities"]])
        for _ in range(authority["schools"]):
            index = len(schools)
            kind = made.choices(lists["types"], [each["share"] for each in lists["types"]])[0]
            name = next(names[bool(kind.get("saints"))]) + " " + made.choice(kind["endings"])
            town = made.choice(authority["towns"])
            postcode = made.choice(postcodes[town["outward"]])
            slug = slugify(name)
            schools.append(
                InventedSchool(
                    slug=slug,
                    name=name,
                    kind=kind["kind"],
                    law=kind["law"],
                    phase=kind["phase"],
                    urn=str(generator["first_urn"] + index),
                    authority=authority["key"],
                    district=town["district"],
                    town=town["name"],
                    postcode=postcode,
                    trust=next(trusts) if kind.get("in_trust") else "",
                    email=generator["email"].format(slug=slug),
                    website=generator["website"].format(slug=slug),
                    telephone=f"{prefix} {int(number) + index % 600}",
                    address=f"{made.randrange(1, 90)} {made.choice(lists['words']['first'])} Lane, {town['name']}",
                    colour=made.choice(_COLOURS),
                    adaptation=made.choices(adaptations, [each["share"] for each in adaptations])[0]
                    if index % generator["adapted_one_in"] == 0
                    else None,
                )
            )
    return schools


def add_invented_schools(session: PortalSession, folder: Path, *, now: datetime) -> int:
    """Create the trusts and schools that are absent; returns how many schools were created."""
    present = dict(session.execute(select(Tenant.slug, Tenant.id)).all())
    authorities = dict(session.execute(select(AuthorityRow.key, AuthorityRow.id)).all())
    trusts = {trust["slug"]: trust for trust in read_toml(folder / "schools.toml")["trusts"]}
    for slug, trust in trusts.items():
        if slug not in present:
            tenant = _tenant(slug, trust["name"], TenantKind.TRUST, now)
            session.add(tenant)
            session.flush()  # its schools refer to it
            present[slug] = tenant.id
            session.add_all(_facts(tenant, {"trust.email": trust["email"], "trust.telephone": trust["telephone"]}, now))
    invented = [school for school in invent_schools(folder) if school.slug not in present]
    tenants = []
    for school in invented:
        tenant = _tenant(school.slug, school.name, TenantKind.SCHOOL, now)
        tenant.law, tenant.type_name, tenant.phase = SchoolLaw(school.law), school.kind, school.phase
        tenant.urn, tenant.town, tenant.postcode, tenant.colour = (
            school.urn,
            school.town,
            school.postcode,
            school.colour,
        )
        tenant.trust_id = present.get(school.trust) if school.trust else None
        tenants.append(tenant)
    session.add_all(tenants)
    session.flush()  # gives the ids
    for school, tenant in zip(invented, tenants, strict=True):
        session.add(
            SchoolAuthority(school_id=tenant.id, authority_id=authorities[school.authority], district=school.district)
        )
        controller = trusts[school.trust]["name"] if school.trust else f"the governing body of {school.name}"
        facts = {
            "school.email": school.email,
            "school.telephone": school.telephone,
            "school.address": school.address,
            "school.website": school.website,
            "controller.name": controller,
        }
        session.add_all(_facts(tenant, facts, now))
        if school.adaptation:
            _adapt(session, tenant, school.adaptation, now)
    return len(invented)


def _tenant(slug: str, name: str, kind: TenantKind, now: datetime) -> Tenant:
    return Tenant(
        slug=slug,
        name=name,
        kind=kind,
        status=TenantStatus.LIVE,
        created_at=now,
        languages=["en"],
        is_demonstration=True,
    )


def _facts(tenant: Tenant, values: dict[str, str], now: datetime) -> list[Fact]:
    return [Fact(tenant_id=tenant.id, key=key, value=value, effective_at=now) for key, value in values.items()]


def _adapt(session: PortalSession, tenant: Tenant, row: dict[str, Any], now: datetime) -> None:
    text = row.get("text", "")
    if row["mode"] == "adapt":
        release = release_in_force(session, now, name=row["base_release"])
        statement = select(TextPart.text).join(ReleaseClause, ReleaseClause.part_hash == TextPart.hash)
        base = session.scalars(
            statement.where(
                ReleaseClause.release_id == (release.id if release else 0), ReleaseClause.key == row["clause"]
            )
        ).one()
        text = base.replace(row["sentence"], row["becomes"])
    adopt_override(
        session,
        tenant,
        clause_key=row["clause"],
        mode=OverrideMode(row["mode"]),
        text=to_sentences(text),
        base_release=row["base_release"],
        title=row.get("title", ""),
        reason=row.get("note", ""),
        now=now,
    )


def _names(lists: dict[str, Any], made: random.Random) -> dict[bool, Any]:
    """Endless streams of names without a repetition: pairs of words, and saints (then saints with a word)."""
    words = [f"{first} {second}" for first in lists["words"]["first"] for second in lists["words"]["second"]]
    made.shuffle(words)
    saints = [
        *lists["words"]["saints"],
        *(f"{saint} {word}" for word in lists["words"]["second"] for saint in lists["words"]["saints"]),
    ]
    return {False: iter(words), True: iter(saints)}


def _postcodes(path: Path) -> dict[str, list[str]]:
    found = defaultdict(list)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if not row["doterm"]:
                found[row["pcds"].split(" ")[0]].append(row["pcds"])
    return found
