"""Cases, what happened to them, what was written about them, and what the work around them has to remember."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.tenancy.scope import PublicRow, ServiceOwned, TenantOwned, tenant_key, tenant_reference

_OPEN = text("status = 'open'")


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


class EventKind(StrEnum):
    """What can happen to a case; the clock reads some of these, the timeline all."""

    RECEIVED = "received"
    ACKNOWLEDGED = "acknowledged"
    IDENTITY_ASKED = "identity-asked"
    IDENTITY_RECEIVED = "identity-received"
    CLARIFICATION_ASKED = "clarification-asked"
    CLARIFICATION_ANSWERED = "clarification-answered"
    CLARIFICATION_UNANSWERED = "clarification-unanswered"
    EXTENDED = "extended"
    ASSIGNED = "assigned"
    LETTER_SENT = "letter-sent"
    MESSAGE_RECEIVED = "message-received"
    NOTE_ADDED = "note-added"
    FILE_ADDED = "file-added"
    KIND_CHANGED = "kind-changed"
    CONTACT_CHANGED = "contact-changed"
    LIMITED = "limited"
    UNLIMITED = "unlimited"
    LINKED = "linked"
    DATES_MOVED = "dates-moved"
    REMINDED = "reminded"
    CODE_ASKED = "code-asked"
    CODE_POSTED = "code-posted"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    REOPENED = "reopened"


class ScanState(StrEnum):
    """What is known about a file: only clean and unscanned ones are served, the latter with a warning."""

    WAITING = "waiting"
    CLEAN = "clean"
    INFECTED = "infected"
    UNSCANNED = "unscanned"


class MailState(StrEnum):
    """Where a message is: in the tray, in its request (of a part only, while files were refused), or set aside."""

    WAITING = "waiting"
    FILED = "filed"
    PARTLY = "partly"
    DROPPED = "dropped"


class MailMark(StrEnum):
    """What is odd about a message."""

    NONE = ""
    AUTOMATIC = "automatic"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"


class Case(TenantOwned, Base):
    """What a person asked for.

    Dates that count are events; `due_on`, `aim_on` and `due_at` (a breach) are copies, None while the clock waits.
    `sort_on` is never None. The surnames are lower case, for the search by exact surname; the subject's
    is empty where it is the requester.
    """

    __tablename__ = "case_file"

    reference: Mapped[str] = mapped_column(String(12), unique=True)
    kind: Mapped[CaseKind]
    status: Mapped[CaseStatus] = mapped_column(default=CaseStatus.OPEN)
    waiting_for: Mapped[WaitingFor] = mapped_column(default=WaitingFor.SCHOOL)
    channel: Mapped[Channel] = mapped_column(default=Channel.ONLINE)
    received_at: Mapped[datetime]
    opened_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(40), default="")
    due_on: Mapped[date | None]
    aim_on: Mapped[date | None]
    due_at: Mapped[datetime | None]
    sort_on: Mapped[date]
    requester_name: Mapped[str] = mapped_column(String(200), default="")
    requester_surname: Mapped[str] = mapped_column(String(100), default="")
    requester_person_id: Mapped[int | None]
    subject_name: Mapped[str] = mapped_column(String(200), default="")
    subject_surname: Mapped[str] = mapped_column(String(100), default="")
    relationship: Mapped[str] = mapped_column(String(40), default="self")
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    contact_telephone: Mapped[str] = mapped_column(String(40), default="")
    contact_address: Mapped[str] = mapped_column(Text, default="")
    contact_notes: Mapped[str] = mapped_column(Text, default="")
    language: Mapped[str] = mapped_column(String(12), default="en")
    details: Mapped[str] = mapped_column(Text, default="")
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    pin_hash: Mapped[str] = mapped_column(String(200), default="")
    assignee_id: Mapped[int | None]
    is_limited: Mapped[bool] = mapped_column(default=False)
    trust_id: Mapped[int | None]
    authority_id: Mapped[int | None]
    last_sequence: Mapped[int] = mapped_column(default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
    __table_args__ = (
        tenant_key(),
        Index("ix_case_open", "tenant_id", "sort_on", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_case_open_all", "sort_on", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_case_open_authority", "authority_id", "sort_on", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_case_open_trust", "trust_id", "sort_on", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index("ix_case_open_mine", "assignee_id", "sort_on", "id", postgresql_where=_OPEN, sqlite_where=_OPEN),
        Index(
            "ix_case_limited",
            "sort_on",
            "id",
            postgresql_where=text("is_limited IS true"),
            sqlite_where=text("is_limited IS 1"),
        ),
        Index("ix_case_newest", "tenant_id", "opened_at", "id"),
        Index("ix_case_newest_all", "opened_at", "id"),
        Index("ix_case_surname", "requester_surname", "sort_on", "id"),
        Index("ix_case_subject_surname", "subject_surname", "sort_on", "id"),
    )


class CaseEvent(TenantOwned, Base):
    """Something that happened to a case, in order. `day` is the date in law, where it differs from that of `at`."""

    __tablename__ = "case_event"

    case_id: Mapped[int]
    sequence: Mapped[int]
    kind: Mapped[EventKind]
    at: Mapped[datetime]
    day: Mapped[date | None]
    actor_id: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(default=dict)

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        UniqueConstraint("tenant_id", "case_id", "sequence"),
    )


class CaseMessage(TenantOwned, Base):
    """A message between the school and the requester; `kind` says which letter it was, empty from the requester."""

    __tablename__ = "case_message"

    case_id: Mapped[int]
    from_requester: Mapped[bool]
    kind: Mapped[str] = mapped_column(String(24), default="")
    author_id: Mapped[int | None]
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(String(200), default="")
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        Index("ix_case_message_case", "tenant_id", "case_id", "id"),
    )


class CaseNote(TenantOwned, Base):
    """A note between school and DPO team; never shown to the requester."""

    __tablename__ = "case_note"

    case_id: Mapped[int]
    author_id: Mapped[int | None]
    at: Mapped[datetime]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        Index("ix_case_note_case", "tenant_id", "case_id", "id"),
    )


class CaseReader(TenantOwned, Base):
    """One of the people a limited case is limited to."""

    __tablename__ = "case_reader"

    case_id: Mapped[int]
    person_id: Mapped[int]

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        UniqueConstraint("tenant_id", "case_id", "person_id"),
        Index("ix_case_reader_person", "person_id", "case_id"),
    )


class CasePresence(TenantOwned, Base):
    """Who looked at a case last, and whether to read or to write."""

    __tablename__ = "case_presence"

    case_id: Mapped[int]
    person_id: Mapped[int]
    seen_at: Mapped[datetime]
    is_writing: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        UniqueConstraint("tenant_id", "case_id", "person_id"),
    )


class CaseText(TenantOwned, Base):
    """What search knows of a case; written anew with it and dropped with it."""

    __tablename__ = "case_text"

    case_id: Mapped[int]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"), UniqueConstraint("tenant_id", "case_id"))


class CaseCount(ServiceOwned, Base):
    """How many cases of a council (0 for none) stand in one state; kept with each change, for figures in no time."""

    __tablename__ = "case_count"

    authority_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    state: Mapped[str] = mapped_column(String(24), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)


class RequesterLink(TenantOwned, Base):
    """An address that identifies a case to its requester; each letter has its own, stored as a digest."""

    __tablename__ = "requester_link"

    case_id: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]

    __table_args__ = (tenant_key(), tenant_reference("case_id", "case_file"))


class RequesterCode(TenantOwned, Base):
    """A code sent to the contact the requester chose: single use, short-lived, stored as a keyed digest."""

    __tablename__ = "requester_code"

    case_id: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        Index("ix_requester_code_case", "tenant_id", "case_id"),
    )


class IntakeDraft(TenantOwned, Base):
    """Half-filled answers of a request, kept for a day, encrypted, known to the browser's session only.

    Once sent, `answers` holds the confirmation instead, for half an hour.
    """

    __tablename__ = "intake_draft"

    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    answers: Mapped[bytes] = mapped_column(LargeBinary)
    key: Mapped[str] = mapped_column(String(48))
    expires_at: Mapped[datetime] = mapped_column(index=True)
    sent_at: Mapped[datetime | None]

    __table_args__ = (tenant_key(),)


class Attachment(TenantOwned, Base):
    """A file of a case, or of a draft that is not sent yet. The bytes lie encrypted in the store, as `storage_name`."""

    __tablename__ = "attachment"

    case_id: Mapped[int | None]
    draft_id: Mapped[int | None]
    message_id: Mapped[int | None]
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    storage_name: Mapped[str] = mapped_column(String(64), unique=True)
    key_number: Mapped[int]
    state: Mapped[ScanState]
    added_at: Mapped[datetime]
    added_by: Mapped[int | None]

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        tenant_reference("draft_id", "intake_draft"),
        tenant_reference("message_id", "case_message"),
        Index("ix_attachment_case", "tenant_id", "case_id"),
        Index("ix_attachment_state", "state"),
    )


class FileRemoval(TenantOwned, Base):
    """A stored file that no row names any more; the worker removes it from the store, then this row."""

    __tablename__ = "file_removal"

    storage_name: Mapped[str] = mapped_column(String(64), unique=True)
    asked_at: Mapped[datetime]

    __table_args__ = (tenant_key(),)


class FileKey(TenantOwned, Base):
    """A tenant's key for its files, itself encrypted with the installation's."""

    __tablename__ = "file_key"

    number: Mapped[int]
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "number"))


class IncomingMail(TenantOwned, Base):
    """A message that came in and waits for a person to say what it is; the service's when no school could be found.

    `raw` is the whole message, encrypted, until everything in it is stored or nobody wants it any more. `digest` tells
    two messages under one Message-ID apart; rows older than it have none. `refused` says which files were not taken.
    """

    __tablename__ = "incoming_mail"

    message_id: Mapped[str] = mapped_column(String(300))
    digest: Mapped[str] = mapped_column(String(64), default="")
    received_at: Mapped[datetime]
    sender: Mapped[str] = mapped_column(String(254), default="")
    original_sender: Mapped[str] = mapped_column(String(254), default="")
    original_name: Mapped[str] = mapped_column(String(200), default="")
    original_at: Mapped[datetime | None]
    subject: Mapped[str] = mapped_column(String(300), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[MailState] = mapped_column(default=MailState.WAITING)
    mark: Mapped[MailMark] = mapped_column(default=MailMark.NONE)
    set_aside_at: Mapped[datetime | None]
    refused: Mapped[list[str]] = mapped_column(default=list)
    case_id: Mapped[int | None]
    raw: Mapped[bytes | None] = mapped_column(LargeBinary)

    __table_args__ = (
        tenant_key(),
        tenant_reference("case_id", "case_file"),
        UniqueConstraint("tenant_id", "message_id", "digest"),
        Index("ix_incoming_mail_state", "state"),
    )


class SavedView(TenantOwned, Base):
    """A person's own filters for the inbox, under a name."""

    __tablename__ = "saved_view"

    person_id: Mapped[int]
    name: Mapped[str] = mapped_column(String(80))
    filters: Mapped[dict[str, Any]]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "person_id", "name"))


class FeedToken(TenantOwned, Base):
    """The secret address of a person's calendar feed."""

    __tablename__ = "feed_token"

    person_id: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "person_id"))


class Term(TenantOwned, Base):
    """A school term, first and last day."""

    __tablename__ = "school_term"

    first_day: Mapped[date]
    last_day: Mapped[date]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "first_day"))


class InsetDay(TenantOwned, Base):
    """A day in term on which the school has no pupils."""

    __tablename__ = "inset_day"

    day: Mapped[date]

    __table_args__ = (tenant_key(), UniqueConstraint("tenant_id", "day"))


class BankHoliday(PublicRow, Base):
    """A bank holiday in England and Wales; the table may be edited, a proclaimed one is one more row."""

    __tablename__ = "bank_holiday"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100))


class IdempotencyKey(ServiceOwned, Base):
    """What a creating form's key made: the same key and body get it again, the same key with another body nothing."""

    __tablename__ = "idempotency_key"

    route: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[str] = mapped_column(String(200))
    made_at: Mapped[datetime] = mapped_column(index=True)


class WantedCode(ServiceOwned, Base):
    """A reference for which somebody asked a code, whether there is such a request or not."""

    __tablename__ = "wanted_code"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime]
