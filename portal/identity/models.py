"""People, what they belong to, their sessions, and what slows a guesser."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.identity.permissions import Role
from portal.tenancy.scope import ServiceOwned, TenantOwned, tenant_key


class Person(ServiceOwned, Base):
    """A member of staff. Requesters are not people in this sense: they have no account.

    `handle` is what an authenticator knows her by: random, so that it names nobody (WebAuthn, 14.6.1). Whoever
    has none, as may happen while two versions run side by side, is known to each key by a name of its own.
    """

    __tablename__ = "person"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary)
    handle: Mapped[bytes | None] = mapped_column(LargeBinary(32), unique=True, default=lambda: secrets.token_bytes(32))
    language: Mapped[str] = mapped_column(String(12), default="en")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]


class Membership(ServiceOwned, Base):
    """A person's role in one tenant, from a moment on until it ends."""

    __tablename__ = "membership"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    role: Mapped[Role]
    since: Mapped[datetime]
    granted_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None]


class WebSession(ServiceOwned, Base):
    """A browser's session, kept here and known to the browser by a random token of which only the digest is stored."""

    __tablename__ = "web_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    origin: Mapped[str] = mapped_column(String(64), default="")
    browser: Mapped[str] = mapped_column(String(200), default="")


class TotpUse(ServiceOwned, Base):
    """A time step whose code was used: a second use is refused (RFC 6238, 5.2)."""

    __tablename__ = "totp_use"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    step: Mapped[int]

    __table_args__ = (UniqueConstraint("person_id", "step"),)


class RateCount(ServiceOwned, Base):
    """How often something was tried in one window; shared by all processes."""

    __tablename__ = "rate_count"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    window: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    count: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Passkey(ServiceOwned, Base):
    """A passkey or security key, which proves possession and, by its own PIN or finger, the person."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(ServiceOwned, Base):
    """One printed code that stands in for an authenticator, once."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code_digest: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None]


class ExternalIdentity(ServiceOwned, Base):
    """A person's account at an identity provider: known by issuer and subject, never by an e-mail address."""

    __tablename__ = "external_identity"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    issuer: Mapped[str] = mapped_column(String(300))
    subject: Mapped[str] = mapped_column(String(300))
    added_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("issuer", "subject"),)


class Invitation(ServiceOwned, Base):
    """A role offered by e-mail. Its link alone gives nothing: a code sent to the same address proves the mailbox."""

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    tenant_id: Mapped[int] = mapped_column(ForeignKey("tenant.id"), index=True)
    role: Mapped[Role]
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    invited_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]


class ProofCode(ServiceOwned, Base):
    """A code sent by e-mail, to be typed into the browser that asked for it."""

    __tablename__ = "proof_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(40))
    email: Mapped[str] = mapped_column(String(254))
    signature: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]


class KnownBrowser(ServiceOwned, Base):
    """A browser in which a person signed in before; a stranger's guessing does not slow it down."""

    __tablename__ = "known_browser"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    seen_at: Mapped[datetime] = mapped_column(index=True)


class KeptDraft(ServiceOwned, Base):
    """What a person had typed when she was asked to sign in again; encrypted, one a page."""

    __tablename__ = "kept_draft"

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), primary_key=True)
    path: Mapped[str] = mapped_column(String(1000), primary_key=True)
    fields: Mapped[bytes] = mapped_column(LargeBinary)
    kept_at: Mapped[datetime] = mapped_column(index=True)


class RefusalCount(ServiceOwned, Base):
    """How often something was refused in one hour, by kind and network, for the operators' page."""

    __tablename__ = "refusal_count"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    network: Mapped[str] = mapped_column(String(64), primary_key=True)
    count: Mapped[int]


class AccessReview(TenantOwned, Base):
    """A leader looked through who has access and confirmed it."""

    __tablename__ = "access_review"

    reviewed_at: Mapped[datetime]
    reviewed_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    memberships: Mapped[list[int]]

    __table_args__ = (tenant_key(), Index("ix_access_review_latest", "tenant_id", "reviewed_at"))
