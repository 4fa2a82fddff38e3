"""The demonstration's faults for the check to find, and one that somebody lets stay."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.identity.queries import person_by_email
from portal.lifecycle.packs.reading import read_toml
from portal.notices.actions import adopt_override
from portal.notices.changes import note_change
from portal.notices.models import ChangeScope, Override, OverrideMode, Waiver
from portal.notices.sentences import to_sentences
from portal.tenancy.models import Tenant, TenantKind

_CAST = ("alder-primary", "birch-academy")
_WAIVED_BY = "devi@service.example"


def add_demo_findings(session: PortalSession, folder: Path, *, now: datetime, today: date) -> int:
    """Plant what is absent of `findings.toml`; returns how many clauses were new. Raises `PackError`."""
    schools = list(
        session.scalars(
            select(Tenant)
            .where(Tenant.kind == TenantKind.SCHOOL, Tenant.is_demonstration, Tenant.slug.not_in(_CAST))
            .order_by(Tenant.slug)
        )
    )
    planted = 0
    for row in read_toml(folder / "findings.toml")["findings"]:
        for place in row["schools"]:
            if place < len(schools):
                planted += _plant(session, schools[place], row, now)
        if "waived" in row and row["schools"][0] < len(schools):
            _let_stay(session, schools[row["schools"][0]], row, now, today)
    return planted


def _plant(session: PortalSession, school: Tenant, row: dict[str, Any], now: datetime) -> bool:
    key = f"local.{row['rule']}"
    present = select(Override.id).where(Override.tenant_id == school.id, Override.key == key)
    if session.scalar(present.limit(1)) is not None:
        return False
    adopt_override(
        session, school, clause_key=row["clause"], mode=OverrideMode(row["mode"]), text=to_sentences(row["text"]),
        title=row["title"], key=key, now=now,
    )  # fmt: skip
    note_change(
        session, reason=f"“{row['title']}” is new.", at=now, now=now, scope=ChangeScope.TENANT, scope_id=school.id
    )
    return True


def _let_stay(session: PortalSession, school: Tenant, row: dict[str, Any], now: datetime, today: date) -> None:
    if session.scalar(select(Waiver.id).where(Waiver.tenant_id == school.id).limit(1)) is not None:
        return
    person = person_by_email(session, _WAIVED_BY)
    session.add(
        Waiver(
            tenant_id=school.id,
            rule=row["rule"],
            clause="",
            quote="",
            reason=row["waived"]["reason"],
            expires_on=today + timedelta(days=row["waived"]["days"]),
            made_at=now,
            made_by=person.id if person else None,
        )
    )
