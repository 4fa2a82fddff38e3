"""Questions about releases, overrides and what a notice says."""

from datetime import datetime

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.notices.models import Release, ReleaseStatus


def release_in_force(session: PortalSession, at: datetime, *, kind: str = "general", name: str = "") -> Release | None:
    """The release in force at an instant, or the one with this name."""
    statement = select(Release).where(Release.kind == kind)
    if name:
        return session.scalar(statement.where(Release.name == name))
    statement = statement.where(Release.status == ReleaseStatus.PUBLISHED, Release.effective_at <= at)
    return session.scalar(statement.order_by(Release.effective_at.desc(), Release.id.desc()).limit(1))
