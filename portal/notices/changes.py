"""Telling the portal that notices may read differently from an instant on: one row, whoever is touched by it."""

from datetime import datetime

from sqlalchemy import select, update

from portal.core.database import PortalSession
from portal.core.i18n import N_
from portal.notices.models import ChangeScope, ChangeStage, Generation, NoticeChange, Publication
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES


def note_change(
    session: PortalSession,
    *,
    reason: str,
    at: datetime,
    now: datetime,
    scope: ChangeScope = ChangeScope.ALL,
    scope_id: int | None = None,
    release_id: int | None = None,
    made_by: int | None = None,
) -> NoticeChange:
    """Make readers see the change within a second, and have the versions sealed in the background.

    `reason` is one plain sentence that readers see beside the version. Merging comes first where a release or a trust's
    wording changed.
    """
    stage = ChangeStage.SEALING
    if release_id is not None:
        stage = ChangeStage.TRUSTS
    elif scope is ChangeScope.TRUST:
        stage = ChangeStage.SCHOOLS
    change = NoticeChange(
        reason=reason, at=at, scope=scope, scope_id=scope_id, release_id=release_id, stage=stage, made_at=now,
        made_by=made_by,
    )  # fmt: skip
    session.add(change)
    new_generation(session)
    return change


def note_tenant_change(
    session: PortalSession, tenant: Tenant, *, reason: str, now: datetime, made_by: int | None = None
) -> NoticeChange:
    """A change to one school's, one trust's or the service's own facts or wording, from now on."""
    scope = {TenantKind.SCHOOL: ChangeScope.TENANT, TenantKind.TRUST: ChangeScope.TRUST}.get(
        tenant.kind, ChangeScope.ALL
    )
    scope_id = None if scope is ChangeScope.ALL else tenant.id
    return note_change(session, reason=reason, at=now, now=now, scope=scope, scope_id=scope_id, made_by=made_by)


def note_first_versions(session: PortalSession, *, now: datetime) -> bool:
    """Where a school has no sealed version yet, have all looked at; returns whether there was one."""
    sealed = select(Publication.tenant_id)
    statement = select(Tenant.id).where(
        Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_(PUBLIC_STATUSES), Tenant.id.not_in(sealed)
    )
    if session.scalar(statement.limit(1)) is None:
        return False
    note_change(session, reason=N_("The first version kept in this portal."), at=now, now=now)
    return True


def new_generation(session: PortalSession) -> None:
    """Tell every process that its pages may be old; done last, because writers queue for this one row."""
    session.flush()  # readers of the new number must find what it announces
    statement = update(Generation).where(Generation.id == 1).values(number=Generation.number + 1)
    session.execute(statement, execution_options={"synchronize_session": False})
    if session.scalar(select(Generation.number).where(Generation.id == 1)) is None:
        session.add(Generation(id=1, number=1))
