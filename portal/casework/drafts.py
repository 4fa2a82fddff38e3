"""Half-filled answers on the server: encrypted, known by a random token, gone after a day."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select

from portal.casework.files import forget_draft_files
from portal.casework.models import IntakeDraft
from portal.casework.once import SHOWN_FOR
from portal.core.database import PortalSession
from portal.core.limits import DRAFT_HOURS
from portal.core.secrets import Keys, digest, new_token

PURPOSE = "intake"


@dataclass(slots=True)
class Draft:
    """Answers of one browser for one school, and the key with which they will be sent once."""

    row: IntakeDraft
    answers: dict[str, str]

    @property
    def is_sent(self) -> bool:
        return self.row.sent_at is not None


def find_draft(session: PortalSession, token: str, keys: Keys, *, now: datetime) -> Draft | None:
    """The draft that a browser's session holds the token of, if it has not ended. The scope must be the school's."""
    row = session.scalar(select(IntakeDraft).where(IntakeDraft.token_digest == _digest(token)))
    if row is None or row.expires_at <= now:
        return None
    try:
        answers = json.loads(keys.box(PURPOSE).decrypt(row.answers))
    except InvalidToken:
        return None  # the secret key it was written with is gone
    return Draft(row, answers)


def new_draft(session: PortalSession, tenant_id: int, *, now: datetime) -> tuple[Draft, str]:
    """An empty draft and its token, which only the browser's session keeps."""
    token = new_token()
    row = IntakeDraft(
        tenant_id=tenant_id,
        token_digest=_digest(token),
        answers=b"",
        key=new_token(),
        expires_at=now + timedelta(hours=DRAFT_HOURS),
    )
    session.add(row)
    return Draft(row, {}), token


def keep_answers(draft: Draft, answers: dict[str, str], keys: Keys) -> None:
    """Remember answers beside those already there."""
    draft.answers = {**draft.answers, **answers}
    draft.row.answers = keys.box(PURPOSE).encrypt(json.dumps(draft.answers).encode())


def mark_sent(draft: Draft, confirmation: dict[str, str], keys: Keys, *, now: datetime) -> None:
    """Forget the answers and keep what the confirmation page shows, for half an hour."""
    draft.answers = confirmation
    draft.row.answers = keys.box(PURPOSE).encrypt(json.dumps(confirmation).encode())
    draft.row.sent_at, draft.row.expires_at = now, now + SHOWN_FOR


def answers_hash(tenant_id: int, answers: dict[str, str]) -> str:
    """What was shown to be checked, in short: only just that is sent."""
    return digest(json.dumps([tenant_id, answers], sort_keys=True), purpose="intake-answers")


def forget_old_drafts(session: PortalSession, *, now: datetime) -> None:
    """Drop drafts whose day is over, with their files."""
    forget_draft_files(session, now=now)
    session.execute(delete(IntakeDraft).where(IntakeDraft.expires_at <= now))


def _digest(token: str) -> str:
    return digest(token, purpose="intake-draft")
