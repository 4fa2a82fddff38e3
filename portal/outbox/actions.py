"""Writing letters, and claiming, marking and retrying them."""

import secrets
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.limits import EMAIL_LENGTH
from portal.outbox.models import Letter, LetterStatus

LEASE = timedelta(minutes=2)
ATTEMPTS = 8


def write_letter(  # noqa: PLR0913 - a letter has this many fields
    session: PortalSession,
    *,
    tenant_id: int,
    kind: str,
    recipient: str,
    subject: str,
    body: str,
    now: datetime,
    host: str,
    language: str = "en",
    reply_to: str = "",
    headers: dict[str, str] | None = None,
) -> Letter:
    """Put a letter into the outbox. Raises `Invalid` when a header field holds a line break (header injection)."""
    for value in (recipient, subject, reply_to, *(headers or {}).values()):
        if any(mark in value for mark in "\r\n\0"):
            raise Invalid("An address or subject must be one line.")
    if len(recipient) > EMAIL_LENGTH or "@" not in recipient:
        raise Invalid("This is not an e-mail address.")
    letter = Letter(
        tenant_id=tenant_id,
        message_id=f"<{secrets.token_hex(16)}@{host}>",
        kind=kind,
        recipient=recipient,
        subject=subject[:300],
        body=body,
        language=language,
        reply_to=reply_to,
        headers=dict(headers or {}),
        run_at=now,
        written_at=now,
    )
    session.add(letter)
    return letter


def claim(session: PortalSession, *, now: datetime, limit: int = 10) -> list[Letter]:
    """Lease the letters that are due, also those whose sender died; several workers never get the same one."""
    due = (
        select(Letter.id)
        .where(
            or_(Letter.status == LetterStatus.WAITING, Letter.status == LetterStatus.SENDING),
            Letter.run_at <= now,
            or_(Letter.leased_until.is_(None), Letter.leased_until < now),
        )
        .order_by(Letter.run_at, Letter.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(session.scalars(due))
    if not ids:
        return []
    session.execute(
        update(Letter)
        .where(Letter.id.in_(ids))
        .values(status=LetterStatus.SENDING, leased_until=now + LEASE, attempts=Letter.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    statement = select(Letter).where(Letter.id.in_(ids)).order_by(Letter.id)
    return list(session.scalars(statement.execution_options(populate_existing=True)))


def mark_sent(letter: Letter, *, now: datetime) -> None:
    letter.status, letter.sent_at, letter.leased_until, letter.last_error = LetterStatus.SENT, now, None, ""


def mark_failed(letter: Letter, reason: str, *, now: datetime, final: bool = False) -> None:
    """Try again later, twice as late each time; give up after eight attempts or at once when `final`."""
    letter.last_error, letter.leased_until = reason[:300], None
    if final or letter.attempts >= ATTEMPTS:
        letter.status = LetterStatus.DEAD
        return
    letter.status = LetterStatus.WAITING
    letter.run_at = now + timedelta(seconds=30 * 2 ** (letter.attempts - 1))


def retry(letter: Letter, *, now: datetime) -> None:
    """Send a letter that was given up once more from the start. Raises `Invalid` when its text was forgotten."""
    if not letter.body:
        raise Invalid("The text of this letter was wiped, because it was private. Write a new one instead.")
    letter.status, letter.attempts, letter.run_at, letter.leased_until = LetterStatus.WAITING, 0, now, None
