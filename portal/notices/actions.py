"""Verbs on texts and overrides."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.notices.models import ClausePolicy, Override, OverrideMode, ReleaseClause, TextPart
from portal.notices.queries import release_in_force
from portal.tenancy.models import Tenant


def keep_text(session: PortalSession, text: str) -> str:
    """Store a canonical text once; returns its hash."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    if session.get(TextPart, digest) is None:
        session.add(TextPart(hash=digest, text=text))
        session.flush()  # rows that refer to it follow
    return digest


def adopt_override(
    session: PortalSession,
    tenant: Tenant,
    *,
    clause_key: str,
    mode: OverrideMode,
    text: str,
    now: datetime,
    base_release: str = "",
    title: str = "",
    key: str = "",
    reason: str = "",
    published_by: int | None = None,
) -> Override:
    """Put a tenant's wording of a clause in force. Raises `Invalid` for a locked clause or one that does not exist."""
    clause = _clause(session, clause_key, base_release, now)
    if clause.policy is ClausePolicy.LOCKED and mode in {OverrideMode.ADAPT, OverrideMode.OMIT}:
        raise Invalid(f"The clause {clause_key} is locked and cannot be changed.")
    if mode is OverrideMode.OMIT and clause.policy is not ClausePolicy.OPTIONAL:
        raise Invalid(f"The clause {clause_key} cannot be left out.")
    own_key = key or (clause_key if mode in {OverrideMode.ADAPT, OverrideMode.OMIT} else f"local.{clause_key}.{mode}")
    present = session.scalar(
        select(Override).where(Override.tenant_id == tenant.id, Override.key == own_key, Override.ended_at.is_(None))
    )
    if present is not None:
        present.ended_at = now
    override = Override(
        tenant_id=tenant.id,
        key=own_key,
        clause_key=clause_key,
        mode=mode,
        title=title,
        part_hash=keep_text(session, text) if mode is not OverrideMode.OMIT else None,
        base_hash=clause.part_hash,
        base_release=base_release,
        effective_at=now,
        published_by=published_by,
        reason=reason,
    )
    session.add(override)
    return override


def _clause(session: PortalSession, key: str, release_name: str, now: datetime) -> ReleaseClause:
    release = release_in_force(session, now, name=release_name)
    clause = next((clause for clause in release.clauses if clause.key == key), None) if release else None
    if clause is None:
        raise Invalid(f"There is no clause {key} in the release.")
    return clause
