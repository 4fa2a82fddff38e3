"""Verbs on what browsers hold: sessions, browsers known from before, and what was typed when a session ended."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update

from portal.core.database import PortalSession
from portal.core.limits import DRAFT_HOURS, SESSION_HOURS
from portal.core.secrets import Keys, digest, new_token
from portal.identity.models import KeptDraft, KnownBrowser, WebSession

KNOWN_DAYS = 180
_DRAFT_BYTES = 200_000
_SECRET_WORDS = ("password", "code", "token", "credential", "secret")


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed into a form of `path`: (name, value) in the order of the page."""

    path: str
    fields: tuple[tuple[str, str], ...]
    kept_at: datetime


def end_sessions(session: PortalSession, person_id: int, *, except_id: int | None = None) -> None:
    """End a person's sessions at once, all or all but one."""
    statement = delete(WebSession).where(WebSession.person_id == person_id)
    if except_id is not None:
        statement = statement.where(WebSession.id != except_id)
    session.execute(statement)


def end_session(session: PortalSession, person_id: int, session_id: int) -> bool:
    """End one of a person's own sessions; returns whether there was one."""
    statement = delete(WebSession).where(WebSession.person_id == person_id, WebSession.id == session_id)
    return bool(session.execute(statement).rowcount)  # type: ignore[attr-defined]


def forget_expired_sessions(session: PortalSession, *, now: datetime) -> None:
    """Drop sessions nobody used for a day; older ones no longer sign anybody in, they only keep drafts."""
    oldest = now - timedelta(hours=max(SESSION_HOURS, DRAFT_HOURS))
    session.execute(delete(WebSession).where(WebSession.seen_at < oldest))
    session.execute(delete(KeptDraft).where(KeptDraft.kept_at < now - timedelta(hours=DRAFT_HOURS)))
    session.execute(delete(KnownBrowser).where(KnownBrowser.seen_at < now - timedelta(days=KNOWN_DAYS)))


def know_browser(session: PortalSession, person_id: int, token: str, *, now: datetime) -> str:
    """Remember that this person signed in here; returns the token the browser keeps."""
    known = session.execute(
        update(KnownBrowser)
        .where(KnownBrowser.person_id == person_id, KnownBrowser.token_digest == _known(token))
        .values(seen_at=now)
    )
    if known.rowcount:  # type: ignore[attr-defined]
        return token
    fresh = new_token()
    session.add(KnownBrowser(person_id=person_id, token_digest=_known(fresh), seen_at=now))
    return fresh


def is_known_browser(session: PortalSession, person_id: int | None, token: str) -> bool:
    """Asked for every try, also of an account that does not exist."""
    statement = select(KnownBrowser.id).where(
        KnownBrowser.token_digest == _known(token), KnownBrowser.person_id == (person_id or 0)
    )
    return session.scalar(statement) is not None


def keep_draft(
    session: PortalSession, person_id: int, path: str, fields: list[tuple[str, str]], keys: Keys, *, now: datetime
) -> bool:
    """Keep what was typed until the person is back, in place of what was kept before; nothing that is a secret."""
    kept = [(name, value) for name, value in fields if not any(word in name.lower() for word in _SECRET_WORDS)]
    text = json.dumps(kept).encode()
    if len(text) > _DRAFT_BYTES or len(path) > 1000 or not any(value.strip() for _, value in kept):
        return False
    session.execute(delete(KeptDraft).where(KeptDraft.person_id == person_id))
    session.add(KeptDraft(person_id=person_id, path=path, fields=keys.box("draft").encrypt(text), kept_at=now))
    return True


def kept_draft(session: PortalSession, person_id: int, keys: Keys, *, now: datetime) -> Draft | None:
    """What this person had typed in the last day, if it can still be read."""
    row = session.get(KeptDraft, person_id)
    if row is None or row.kept_at < now - timedelta(hours=DRAFT_HOURS):
        return None
    try:
        fields = json.loads(keys.box("draft").decrypt(row.fields))
    except InvalidToken:
        return None  # written under a secret key that was taken away since
    return Draft(row.path, tuple((name, value) for name, value in fields), row.kept_at)


def forget_draft(session: PortalSession, person_id: int) -> None:
    session.execute(delete(KeptDraft).where(KeptDraft.person_id == person_id))


def _known(token: str) -> str:
    return digest(token, purpose="known-browser")
