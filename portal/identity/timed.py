"""What the worker does by the clock for identity and audit: signed heads, access reviews that are due, tidying."""

from datetime import datetime
from pathlib import Path

from sqlalchemy import select

from portal.audit.sealing import seal_heads
from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.secrets import Keys
from portal.identity.letters import write_heads, write_review_due
from portal.identity.models import AccessReview
from portal.identity.permissions import Role
from portal.identity.queries import emails_with_role, last_review
from portal.identity.refusals import forget_old_refusals
from portal.identity.rules import LEADING, is_review_due
from portal.settings import Settings
from portal.tenancy.models import Tenant, TenantStatus
from portal.tenancy.queries import service
from portal.tenancy.scope import every_tenant

_STAFFED = (TenantStatus.PREPARING, TenantStatus.LIVE, TenantStatus.LEAVING)


def seal_by_the_clock(settings: Settings, database: Database) -> None:
    """Once a day the heads of all chains leave: as a file, and by mail to the auditors."""
    now = clock.now()
    with database.transaction() as session, every_tenant(session, "signing the audit heads"):
        document = seal_heads(session, Keys(settings.secret_keys), now=now)
        centre = service(session)
        for email in emails_with_role(session, centre.id, frozenset({Role.AUDITOR})):
            write_heads(
                session, tenant_id=centre.id, recipient=email, document=document, base_url=settings.base_url, now=now
            )
    _keep(settings.data_dir / "audit-heads", document, now)


def review_by_the_clock(settings: Settings, database: Database) -> None:
    """Once a week, ask the leaders whose yearly access review is due."""
    with database.transaction() as session, every_tenant(session, "reminding of access reviews"):
        for tenant in session.scalars(select(Tenant).where(Tenant.status.in_(_STAFFED)).order_by(Tenant.id)):
            if is_due(session, tenant, now=clock.now()):
                _ask(session, tenant, settings.base_url, clock.now())


def tidy_by_the_clock(_settings: Settings, database: Database) -> None:
    with database.transaction() as session:
        forget_old_refusals(session, now=clock.now())


def is_due(session: PortalSession, tenant: Tenant, *, now: datetime) -> bool:
    """Whether this tenant's access review is due; the scope must admit the tenant."""
    review: AccessReview | None = last_review(session, tenant.id)
    return is_review_due(review.reviewed_at if review else None, since=tenant.created_at, now=now)


def _ask(session: PortalSession, tenant: Tenant, base_url: str, now: datetime) -> None:
    for email in emails_with_role(session, tenant.id, LEADING):
        write_review_due(
            session, tenant_id=tenant.id, recipient=email, tenant=tenant.name, base_url=base_url, now=now
        )  # fmt: skip


def _keep(folder: Path, document: str, now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / f"{clock.london(now).date().isoformat()}.json").write_text(document)
