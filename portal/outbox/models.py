"""Letters waiting, sent, or given up."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.core.database import Base
from portal.tenancy.scope import TenantOwned, tenant_key


class LetterStatus(StrEnum):
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


class Letter(TenantOwned, Base):
    """One e-mail. Its Message-ID is made when it is written, so that a repeat after a crash shows as the same one.

    `wipe_body_at` empties a delivered letter that carries a code or private text.
    """

    __tablename__ = "letter"

    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    recipient: Mapped[str] = mapped_column(String(254))
    subject: Mapped[str] = mapped_column(String(300))
    body: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(12), default="en")
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    headers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    status: Mapped[LetterStatus] = mapped_column(default=LetterStatus.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    run_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    written_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(String(300), default="")

    __table_args__ = (tenant_key(), Index("ix_letter_due", "status", "run_at"))
