"""The demonstration's term dates and INSET days, illustrative, and what the link checker is said to have found."""

from datetime import date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from portal.casework.models import InsetDay, Term
from portal.core.database import PortalSession
from portal.directory.links import LinkOutcome
from portal.directory.models import AuthorityLinkRow, AuthorityRow, LinkCheck, SchoolAuthority
from portal.directory.queries import holding
from portal.lifecycle.packs.reading import PackError, read_toml
from portal.tenancy.models import Tenant, TenantKind


def add_demo_terms(session: PortalSession, folder: Path, *, today: date) -> int:
    """Give every school of the demonstration without terms those of its council; returns how many got some.

    Needs the scope of every tenant. Raises `PackError`.
    """
    lists = read_toml(folder / "terms.toml")
    has_terms = select(Term.tenant_id).distinct()
    schools = session.execute(
        select(Tenant.id, Tenant.slug, AuthorityRow.key)
        .join(SchoolAuthority, SchoolAuthority.school_id == Tenant.id)
        .join(AuthorityRow, AuthorityRow.id == SchoolAuthority.authority_id)
        .where(
            Tenant.kind == TenantKind.SCHOOL, Tenant.is_demonstration, holding(SchoolAuthority, today),
            Tenant.id.not_in(has_terms),
        )
    ).all()  # fmt: skip
    terms, days, given = [], [], set()
    for school_id, slug, authority in schools:
        for years in lists["terms"].get(authority, {}).values():
            given.add(school_id)
            terms += [{"tenant_id": school_id, "first_day": first, "last_day": last} for first, last in years]
        days += [{"tenant_id": school_id, "day": day} for day in lists.get("inset_days", {}).get(slug, [])]
    for model, rows in ((Term, terms), (InsetDay, days)):
        if rows:
            session.execute(insert(model), rows)
    return len(given)


def add_demo_checks(session: PortalSession, folder: Path, *, now: datetime) -> int:
    """Add a check to each of the listed links that was never looked at; returns how many. Raises `PackError`."""
    path = folder / "links.toml"
    added = 0
    for row in read_toml(path)["checks"]:
        if row["outcome"] not in set(LinkOutcome):
            raise PackError(path, f"there is no outcome {row['outcome']}")
        link = session.scalar(
            select(AuthorityLinkRow)
            .join(AuthorityRow, AuthorityRow.id == AuthorityLinkRow.authority_id)
            .where(
                AuthorityRow.key == row["authority"], AuthorityLinkRow.kind == row["kind"],
                AuthorityLinkRow.valid_to.is_(None),
            )
            .limit(1)
        )  # fmt: skip
        if (
            link is None
            or session.scalar(select(LinkCheck.id).where(LinkCheck.link_id == link.id).limit(1)) is not None
        ):
            continue
        session.add(
            LinkCheck(
                link_id=link.id, at=now - timedelta(days=row["days_ago"]), outcome=row["outcome"],
                status=row.get("status"), final_url=row.get("final_url", ""), detail=row.get("detail", ""),
            )
        )  # fmt: skip
        added += 1
    return added
