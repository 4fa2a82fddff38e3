"""Verbs on what browsers hold: sessions, browsers known from before, and what was typed when a session ended."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from sqlalchemy import delete, select, update

from portal.core.database import PortalSession
from portal.core.limits import DRAFT_HOURS, SESSION_HOURS
from portal.core.secrets import Keys, digest, new_token
from portal.identity.counting import upsert
from portal.identity.models import KeptDraft, KnownBrowser, WebSession

KNOWN_DAYS = 180
_DRAFT_BYTES = 200_000
_PATH_BYTES = 1000
_MOST_DRAFTS = 10
_SECRET_FIELDS = frozenset({"csrf_token", "password", "code", "credential"})


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody typed into a form of `path`: (name, value) in the order of the page."""

    path: str
    fields: tuple[tuple[str, str], ...]
    kept_at: datetime


def end_sessions(session: PortalSession, person_id: int, *, except_id: int | None = None) -> None:
    """End a person's sessions at once, all or all but one."""
    statement = select(WebSession).where(WebSession.person_id == person_id)
    if except_id is not None:
        statement = statement.where(WebSession.id != except_id)
    for row in session.scalars(statement.with_for_update()):
        _put_to_sleep(row)


def end_session(session: PortalSession, person_id: int, session_id: int) -> bool:
    """End one of a person's own sessions; returns whether there was one."""
    statement = select(WebSession).where(WebSession.person_id == person_id, WebSession.id == session_id)
    row = session.scalar(statement.with_for_update())
    if row is not None:
        _put_to_sleep(row)
    return row is not None


def what_is_left(person_id: int | None, data: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of a session that ended: enough to keep for its person what was typed in it, no more."""
    return {"asleep": person_id, **{key: data[key] for key in ("csrf_token",) if key in data}}


def forget_expired_sessions(session: PortalSession, *, now: datetime) -> None:
    """Drop sessions nobody used for a day; older ones no longer sign anybody in, they only keep drafts."""
    oldest = now - timedelta(hours=max(SESSION_HOURS, DRAFT_HOURS))
    session.execute(delete(WebSession).where(WebSession.seen_at < oldest))
    session.execute(delete(KeptDraft).where(KeptDraft.kept_at < now - timedelta(hours=DRAFT_HOURS)))
    session.execute(delete(KnownBrowser).where(KnownBrowser.seen_at < now - timedelta(days=KNOWN_DAYS)))


def know_browser(session: PortalSession, person_id: int, token: str, *, now: datetime) -> str:
    """Remember that this person signed in here; returns the token the browser keeps."""
    known = session.count_changed(
        update(KnownBrowser)
        .where(KnownBrowser.person_id == person_id, KnownBrowser.token_digest == _known(token))
        .values(seen_at=now)
    )
    if known:
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


def is_anybodys_browser(session: PortalSession, token: str) -> bool:
    """Whether anybody signed in here before; asked where nobody is named, as with a passkey."""
    return session.scalar(select(KnownBrowser.id).where(KnownBrowser.token_digest == _known(token))) is not None


def keep_draft(
    session: PortalSession, person_id: int, path: str, fields: list[tuple[str, str]], keys: Keys, *, now: datetime
) -> bool:
    """Keep what was typed into a page until the person is back, in place of what was kept of the same page.

    Nothing that is a secret is kept; returns whether anything was.
    """
    kept = [(name, value) for name, value in fields if name not in _SECRET_FIELDS]
    text = json.dumps(kept).encode()
    if len(text) > _DRAFT_BYTES or len(path.encode()) > _PATH_BYTES or not any(value.strip() for _, value in kept):
        return False
    latest: dict[str, object] = {"fields": keys.box("draft").encrypt(text), "kept_at": now}
    again = {"index_elements": ["person_id", "path"], "set_": latest}
    session.execute(upsert(session, KeptDraft, {"person_id": person_id, "path": path, **latest}, again))
    mine = select(KeptDraft.path).where(KeptDraft.person_id == person_id).order_by(KeptDraft.kept_at.desc())
    for old in session.scalars(mine.offset(_MOST_DRAFTS)).all():
        forget_draft(session, person_id, old)
    return True


def kept_drafts(session: PortalSession, person_id: int, keys: Keys, *, now: datetime) -> list[Draft]:
    """What this person had typed in the last day, as far as it can still be read, the latest first."""
    recent = KeptDraft.kept_at >= now - timedelta(hours=DRAFT_HOURS)
    statement = select(KeptDraft).where(KeptDraft.person_id == person_id, recent)
    rows = session.scalars(statement.order_by(KeptDraft.kept_at.desc(), KeptDraft.path))
    return [draft for row in rows if (draft := _read(row, keys)) is not None]


def forget_draft(session: PortalSession, person_id: int, path: str) -> None:
    session.execute(delete(KeptDraft).where(KeptDraft.person_id == person_id, KeptDraft.path == path))


def _read(row: KeptDraft, keys: Keys) -> Draft | None:
    try:
        fields = json.loads(keys.box("draft").decrypt(row.fields))
    except InvalidToken:
        return None  # written under a secret key that was taken away since
    return Draft(row.path, tuple((name, value) for name, value in fields), row.kept_at)


def _put_to_sleep(row: WebSession) -> None:
    row.data, row.person_id = what_is_left(row.person_id, row.data), None


def _known(token: str) -> str:
    return digest(token, purpose="known-browser")
