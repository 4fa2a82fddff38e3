"""Cases, their events, letters and notes; half-filled answers; keys that make a second press harmless."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.tenancy.scope import ServiceOwned, TenantOwned, tenant_key, tenant_reference


class CaseKind(StrEnum):
    """What was asked for; the rules of the clock use the same words."""

    ACCESS = "access"
    RECORD = "record"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    CONSENT = "consent"
    PORTABILITY = "portability"
    AUTOMATED = "automated"
    COMPLAINT = "complaint"
    RETENTION = "retention"
    QUESTION = "question"
    BREACH = "breach"
    ADVICE = "advice"
    FOI = "foi"


class CaseStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class WaitingFor(StrEnum):
    SCHOOL = "school"
    DPO = "dpo"
    REQUESTER = "requester"


class Channel(StrEnum):
    """How a request arrived."""

    ONLINE = "online"
    EMAIL = "email"
    PHONE = "phone"
    IN_PERSON = "in-person"
    LETTER = "letter"
    SPREADSHEET = "spreadsheet"


class Case(TenantOwned, Base):
    """What a person asked for. Dates that count are events; `due_on` and `aim_on` are copies for sorting."""

    __tablename__ = "case_file"

    reference: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[CaseKind]
    status: Mapped[CaseStatus] = mapped_column(default=CaseStatus.OPEN)
    waiting_for: Mapped[WaitingFor] = mapped_column(default=WaitingFor.SCHOOL)
    channel: Mapped[Channel] = mapped_column(default=Channel.ONLINE)
    received_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(40), default="")
    due_on: Mapped[date | None]
    aim_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    requester_name: Mapped[str] = mapped_column(String(200), default="")
    requester_surname: Mapped[str] = mapped_column(String(100), default="")
    subject_name: Mapped[str] = mapped_column(String(200), default="")
    relationship: Mapped[str] = mapped_column(String(40), default="self")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_telephone: Mapped[str] = mapped_column(String(40), default="")
    contact_address: Mapped[str] = mapped_column(Text, default="")
    contact_notes: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(12), default="en")
    details: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    link_digest: Mapped[str] = mapped_column(String(64), unique=True)
    pin_hash: Mapped[str] = mapped_column(String(200), default="")
    assignee_id: Mapped[int | None]
    limited_to: Mapped[list[int] | None]
    trust_id: Mapped[int | None]
    authority_id: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy's own form
    __table_args__ = (
        tenant_key(),
        Index("ix_case_open_due", "tenant_id", "due_on", "id", postgresql_where=text("status = 'open'"), sqlite_where=text("status = 'open'")),
        Index("ix_case_all_due", "due_on", "id", postgresql_where=text("status = 'open'"), sqlite_where=text("status = 'open'")),
        Index("ix_case_newest", "tenant_id", "opened_at", "id"),
    )


class CaseEvent(TenantOwned, Base):
    """Something that happened to a case, in order; the clock is computed from these alone."""

    __tablename__ = "case_event"

    case_id: Mapped[int]
    sequence: Mapped[int]
    kind: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    on: Mapped[date | None]
    actor_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"), UniqueConstraint("tenant_id", "case_id", "sequence"))


class CaseMessage(TenantOwned, Base):
    """A message between the school and the requester."""

    __tablename__ = "case_message"

    case_id: Mapped[int]
    from_requester: Mapped[bool]
    author_id: Mapped[int | None]
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"), Index("ix_case_message_case", "tenant_id", "case_id", "id"))


class CaseNote(TenantOwned, Base):
    """A note between school and DPO team; never shown to the requester."""

    __tablename__ = "case_note"

    case_id: Mapped[int]
    author_id: Mapped[int | None]
    at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"), Index("ix_case_note_case", "tenant_id", "case_id", "id"))


class RequesterCode(TenantOwned, Base):
    """A code sent to the contact the requester chose: single use, short-lived, stored as a digest."""

    __tablename__ = "requester_code"

    case_id: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"), Index("ix_requester_code_case", "tenant_id", "case_id"))


class IntakeDraft(TenantOwned, Base):
    """Half-filled answers of a request, kept for a day, encrypted, known to the browser's session only."""

    __tablename__ = "intake_draft"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    answers: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(String(48))
    expires_at: Mapped[datetime] = mapped_column(index=True)

    __table_args__ = (tenant_key(),)


class IdempotencyKey(ServiceOwned, Base):
    """What a creating form's key made: the same key and body get it again, the same key with another body nothing."""

    __tablename__ = "idempotency_key"

    route: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(index=True)
