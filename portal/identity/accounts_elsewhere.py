"""Verbs on accounts at Microsoft or Google: matched by issuer and subject, never by the e-mail address they state."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.identity.models import ExternalIdentity, Person

# RFC 8176: methods that stand for a second factor; `mfa` is what Entra ID states.
_STRONG = frozenset({"mfa", "otp", "hwk", "swk", "fido", "sc", "ngcmfa"})


def person_elsewhere(session: PortalSession, issuer: str, subject: str, *, now: datetime) -> Person | None:
    """The person this account was linked to, unless disabled."""
    statement = select(ExternalIdentity).where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    link = session.scalar(statement)
    person: Person | None = session.get(Person, link.person_id) if link is not None else None
    if link is None or person is None or person.disabled_at is not None:
        return None
    link.used_at = now
    return person


def link_account(session: PortalSession, person: Person, issuer: str, subject: str, *, now: datetime) -> None:
    """Let this account sign the person in. Raises `Invalid` when it is somebody's already."""
    statement = select(ExternalIdentity).where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    present = session.scalar(statement)
    if present is not None and present.person_id != person.id:
        raise Invalid("This account belongs to somebody else’s sign-in already.")
    if present is None:
        session.add(ExternalIdentity(person_id=person.id, issuer=issuer, subject=subject, added_at=now))


def linked_accounts(session: PortalSession, person_id: int) -> list[ExternalIdentity]:
    statement = select(ExternalIdentity).where(ExternalIdentity.person_id == person_id)
    return list(session.scalars(statement.order_by(ExternalIdentity.id)))


def unlink_account(session: PortalSession, person: Person, link_id: int) -> bool:
    """Returns whether there was such a link of this person."""
    statement = delete(ExternalIdentity).where(
        ExternalIdentity.person_id == person.id, ExternalIdentity.id == link_id
    )  # fmt: skip
    return bool(session.count_changed(statement))


def proved_twice(claims: Mapping[str, Any]) -> bool:
    """Whether the provider states that a second factor was used; a claim of the wrong shape counts as no."""
    methods = claims.get("amr")
    return isinstance(methods, list) and any(isinstance(one, str) and one.lower() in _STRONG for one in methods)


def proved_at(claims: Mapping[str, Any]) -> float:
    """When the person proved herself at the provider, in seconds since the epoch; 0 when it states no time."""
    stated = claims.get("auth_time")
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) else 0.0


def issuer_matches(expected: str, claims: Mapping[str, Any]) -> bool:
    """Entra's shared issuer holds `{tenantid}`, to be filled with the account's own tenant (the claim `tid`)."""
    issuer, tenant = claims.get("iss"), claims.get("tid")
    if "{tenantid}" in expected and not isinstance(tenant, str):
        return False
    return isinstance(issuer, str) and issuer == expected.replace("{tenantid}", str(tenant))
