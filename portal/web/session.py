"""Opens the Desk for each request, commits on success, rolls back on error: the only commit in web.

Also keeps browser sessions on the server: the cookie holds a random token, the row holds its digest.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from flask import Flask, current_app, g, request
from flask import session as flask_session
from flask.sessions import SessionInterface, SessionMixin
from flask.wrappers import Request, Response
from sqlalchemy import delete, update
from werkzeug.datastructures import CallbackDict
from werkzeug.local import LocalProxy

from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.core.limits import DRAFT_HOURS, SESSION_HOURS, SESSION_IDLE_MINUTES
from portal.core.secrets import Keys, digest, new_token
from portal.identity import queries
from portal.identity.browsers import what_is_left
from portal.identity.models import WebSession
from portal.identity.permissions import PUBLIC, Actor, Place
from portal.settings import Settings
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant, tenant_scope, trust_scope
from portal.web.door import Policy

TOUCH_EVERY = timedelta(minutes=1)
_FORM_TOKEN = "csrf_token"  # noqa: S105 - the name of it
_CARRIED = "form-token"
_CARRIED_HOURS = 24


@dataclass(frozen=True, slots=True)
class House:
    """What the application was built with; lives as long as the process."""

    settings: Settings
    database: Database
    keys: Keys


@dataclass
class Desk:
    """The database session and the signed-in actor of this request."""

    session: PortalSession
    house: House
    policy: Policy
    now: datetime
    actor: Actor = PUBLIC
    tenant: Tenant | None = None
    service_id: int = 0
    scopes: ExitStack = field(default_factory=ExitStack)

    @property
    def writes(self) -> bool:
        """Whether this request holds a transaction that writes."""
        return bool(self.session.info.get("portal_writes"))

    @property
    def settings(self) -> Settings:
        return self.house.settings

    @property
    def place(self) -> Place:
        """The tenant acted on, for the permission table."""
        tenant = cast("Tenant", self.tenant)
        return Place(tenant.id, tenant.trust_id, self.service_id)

    def place_of(self, tenant: Tenant) -> Place:
        return Place(tenant.id, tenant.trust_id, self.service_id)

    def enter(self, tenant: Tenant) -> None:
        """Act for this tenant from now on in this request."""
        self.tenant = tenant
        scope = trust_scope if tenant.kind == "trust" else tenant_scope
        self.scopes.enter_context(scope(self.session, tenant.id))

    def enter_every_tenant(self, reason: str) -> None:
        self.scopes.enter_context(every_tenant(self.session, reason))

    @contextmanager
    def acting_for(self, tenant: Tenant) -> Iterator[None]:
        """Act for a tenant within a block; used where the address names no tenant."""
        before, self.tenant = self.tenant, tenant
        with tenant_scope(self.session, tenant.id):
            yield
        self.tenant = before

    def in_turn(self, what: str) -> None:
        """Let whoever changes the same thing at this moment finish, so that what is read next is what they wrote."""
        if request.method == "POST":
            self.session.take_turn(what)
            if self.tenant is not None:
                self.session.refresh(self.tenant)

    @contextmanager
    def writing_at_once(self) -> Iterator[None]:
        """What is written within the block stands at its end, whatever becomes of the request; no lock is kept.

        SQLite must know from its beginning that a transaction writes, so that another one is begun there.
        """
        writes = self.writes
        if not writes and self.house.database.is_sqlite:
            self.session.commit()
            self.session.begin_writing()
        yield
        self.session.commit()
        if writes:
            self.session.begin_writing()

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Commit what stands, and hold no transaction and no lock while something slow is done (a hash, a provider)."""
        writes = self.writes
        self.session.commit()
        yield
        if writes:
            self.session.begin_writing()


desk = cast("Desk", LocalProxy(lambda: g.desk))
browser_session = cast("ServerSession", flask_session)
"""Flask's session as what it is here: `ServerSessions` makes no other."""


def house() -> House:
    """What the running application was built with."""
    return cast("House", current_app.extensions["portal_house"])


def open_desk(policy: Policy) -> Desk:
    """Begin this request's unit of work."""
    built = house()
    session = built.database.session()
    writes = policy.writes or (request.method not in {"GET", "HEAD", "OPTIONS"} and not policy.changes_nothing)
    g.desk = Desk(session, built, policy, clock.now())
    session.info["portal_writes"] = writes
    if writes:
        session.begin_writing()
    return cast("Desk", g.desk)


def close_desk(*, commit: bool) -> None:
    """End the unit of work; harmless when none was begun."""
    found: Desk | None = g.pop("desk", None)
    if found is None:
        return
    try:
        if commit:
            found.session.commit()
    finally:
        try:
            found.session.expunge_all()  # an error page may still name what was loaded
            found.session.rollback()
            found.scopes.close()
        finally:
            found.session.close()


class ServerSession(CallbackDict[str, Any], SessionMixin):
    """Flask's session, backed by a row. `token` is None until something is stored.

    `actor` is who was signed in when the row was read.
    """

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, token: str | None = None, row_id: int | None = None,
        actor: Actor | None = None,
    ) -> None:  # fmt: skip
        def changed(_self: object) -> None:
            self.modified = True

        super().__init__(dict(data or {}), changed)
        self.token = token
        self.row_id = row_id
        self.actor = actor
        self.modified = False
        self.must_rotate = False
        self.must_end = False
        self.is_new = False
        self.failure: Exception | None = None

    def rotate(self, *, is_new: bool = False) -> None:
        """Give the browser a new token at sign-in and elevation; the old one is dead at once.

        Its age counts on, so that proving oneself again does not make a session last for ever, unless it `is_new`.
        """
        self.must_rotate = True
        self.is_new = self.is_new or is_new
        self.modified = True

    def end(self) -> None:
        """End the session on the server, whatever the browser keeps."""
        self.clear()
        self.must_end = True


class ServerSessions(SessionInterface):
    """Sessions as rows: listed, ended and expired on the server.

    A browser that only opened forms has no row: its cookie holds the token of its forms itself, signed, so that
    nobody fills the database by looking at pages.
    """

    def cookie_name(self, app: Flask) -> str:
        settings = cast("House", app.extensions["portal_house"]).settings
        return "__Host-portal" if settings.is_https else "portal"

    def open_session(self, app: Flask, request: Request) -> ServerSession:
        token = request.cookies.get(self.cookie_name(app), "")
        built = cast("House", app.extensions["portal_house"])
        if token.startswith("~"):
            return ServerSession(_carried(token, built.keys, clock.now()))
        if not 20 <= len(token) <= 60:
            return ServerSession()
        try:
            return self._load(built, token)
        except Exception as error:  # noqa: BLE001 - raised again by whatever needs the session; public pages go on
            broken = ServerSession()
            broken.failure = error
            return broken

    def _load(self, built: House, token: str) -> ServerSession:
        now = clock.now()
        with built.database.session() as session:
            found = queries.browser_session(session, _digest(token))
            if found is None:
                return ServerSession()
            row, actor = found
            if _expired(row, now):
                return (
                    ServerSession(what_is_left(row.person_id, row.data), token=token, row_id=row.id)
                    if _may_sleep(row, now)
                    else ServerSession()
                )
            data, row_id, stale = dict(row.data), row.id, now - row.seen_at > TOUCH_EVERY
        if stale:
            with built.database.transaction() as session:
                session.execute(update(WebSession).where(WebSession.id == row_id).values(seen_at=now))
        return ServerSession(data, token=token, row_id=row_id, actor=actor)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        kept = cast("ServerSession", session)
        if kept.failure is not None:
            return
        if kept.accessed:
            response.vary.add("Cookie")
        if kept.must_end:
            self._drop(app, kept)
            response.delete_cookie(
                self.cookie_name(app), path="/", secure=self._secure(app), httponly=True, samesite="Lax"
            )
            return
        if not kept.modified or (not kept and kept.token is None):
            return
        only_forms = kept.token is None and kept.keys() == {_FORM_TOKEN}
        fresh = _carry(kept[_FORM_TOKEN], self._keys(app), clock.now()) if only_forms else self._store(app, kept)
        if fresh:
            response.set_cookie(
                self.cookie_name(app),
                fresh,
                max_age=(SESSION_HOURS + DRAFT_HOURS) * 3600,  # the server ends it; what is typed then can be kept
                path="/",
                secure=self._secure(app),
                httponly=True,
                samesite="Lax",
            )

    def _store(self, app: Flask, kept: ServerSession) -> str | None:
        """Write the row; returns a new token when the browser needs one."""
        now = clock.now()
        person = kept.get("_user_id")
        person_id = int(person) if person else None
        needs_token = kept.token is None or kept.must_rotate
        token = new_token() if needs_token else cast("str", kept.token)
        values = {"token_digest": _digest(token), "data": dict(kept), "person_id": person_id, "seen_at": now}
        with cast("House", app.extensions["portal_house"]).database.transaction() as database:
            row = database.get(WebSession, kept.row_id) if kept.row_id is not None else None
            if _has_ended(row, kept):
                return None  # meanwhile, from elsewhere: it stays ended
            if row is None:
                row = WebSession(created_at=now, origin=request.remote_addr or "", browser=_browser())
                database.add(row)
            for name, value in values.items():
                setattr(row, name, value)
            if kept.is_new:
                row.created_at = now
        return token if needs_token else None

    def _drop(self, app: Flask, kept: ServerSession) -> None:
        if kept.row_id is None:
            return
        with cast("House", app.extensions["portal_house"]).database.transaction() as session:
            session.execute(delete(WebSession).where(WebSession.id == kept.row_id))

    def _secure(self, app: Flask) -> bool:
        return cast("House", app.extensions["portal_house"]).settings.is_https

    def _keys(self, app: Flask) -> Keys:
        return cast("House", app.extensions["portal_house"]).keys


def _carry(token: str, keys: Keys, now: datetime) -> str:
    """What the cookie of a browser without a row holds."""
    text = f"{token}.{int(now.timestamp())}"
    return f"~{text}.{keys.signature(_CARRIED, text.encode())}"


def _carried(value: str, keys: Keys, now: datetime) -> dict[str, str]:
    """The token of its forms, for a day; nothing where we did not write it."""
    text, _, signature = value.removeprefix("~").rpartition(".")
    if not value.isascii() or not keys.is_signed(_CARRIED, text.encode(), signature):
        return {}
    token, _, written = text.partition(".")
    return {_FORM_TOKEN: token} if now.timestamp() - int(written) < _CARRIED_HOURS * 3600 else {}


def _browser() -> str:
    return str(request.user_agent)[:200]


def _digest(token: str) -> str:
    return digest(token, purpose="web-session")


def _has_ended(row: WebSession | None, kept: ServerSession) -> bool:
    """Whether the session that was there when the request began is none any more, or goes by another token.

    Signing in makes a new one whatever became of it.
    """
    if kept.row_id is None or kept.is_new:
        return False
    if row is None or row.token_digest != _digest(cast("str", kept.token)):
        return True
    return "asleep" in row.data and "_user_id" in kept


def _may_sleep(row: WebSession, now: datetime) -> bool:
    return row.person_id is not None and now - row.seen_at < timedelta(hours=DRAFT_HOURS)


def _expired(row: WebSession, now: datetime) -> bool:
    if now - row.created_at > timedelta(hours=SESSION_HOURS if row.person_id else 24):
        return True
    return row.person_id is not None and now - row.seen_at > timedelta(minutes=SESSION_IDLE_MINUTES)
