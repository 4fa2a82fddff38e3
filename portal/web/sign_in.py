"""Flask-Login on top of the server's own sessions, and the one way in: `let_in`."""

from typing import cast

from flask import Flask, Response, g, request, session
from flask_login import LoginManager, UserMixin, login_user

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.errors import NotFound
from portal.identity.actions import keep_password, record_sign_in, witness
from portal.identity.browsers import KNOWN_DAYS, end_sessions, is_known_browser, kept_drafts, know_browser
from portal.identity.letters import write_changed, write_code, write_no_account
from portal.identity.models import Person
from portal.identity.passwords import check_strength
from portal.identity.permissions import Actor
from portal.identity.proofs import end_proofs
from portal.identity.queries import actor_by_id, actor_for, person_by_email, roles
from portal.identity.rules import hash_password, nobodys_hash, normal_email
from portal.tenancy.queries import service, tenant
from portal.tenancy.scope import tenant_scope
from portal.web import providers
from portal.web.addresses import safe_path
from portal.web.session import Desk, ServerSession, browser_session, desk, house

SUDO_SECONDS = 600
MAILBOX_SECONDS = 900


class SignedIn(UserMixin):
    """The signed-in person as Flask-Login wants her."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor

    def get_id(self) -> str:
        return str(self.actor.person_id)


def install(app: Flask) -> None:
    providers.install(app, app.extensions["portal_house"].settings)
    manager = LoginManager(app, add_context_processor=False)
    manager.session_protection = cast("str", None)  # the session row itself is rotated, expired and ended

    def load(person_id: str) -> SignedIn | None:
        """As read with the session; a request that writes had to wait for its turn, and asks again within it."""
        present, known = cast("Desk", g.desk), browser_session.actor
        if present.writes or known is None or str(known.person_id) != person_id:
            known = actor_by_id(present.session, int(person_id)) if person_id.isdecimal() else None
        return SignedIn(known) if known else None

    manager.user_loader(load)
    nobodys_hash()

    @app.after_request
    def keep_known(response: Response) -> Response:
        token = g.get("known_browser")
        if token:
            response.set_cookie(
                known_cookie(),
                token,
                max_age=KNOWN_DAYS * 86400,
                path="/",
                secure=house().settings.is_https,
                httponly=True,
                samesite="Lax",
            )
        return response


def known_cookie() -> str:
    return "__Host-portal-known" if house().settings.is_https else "portal-known"


def known_token() -> str:
    """The token of a browser known from before, '' for none."""
    return request.cookies.get(known_cookie(), "")[:60]


def let_in(found: Person, *, how: str, wanted: str | None) -> str:
    """Sign a person in who has proved herself twice; returns where to go: what she had typed, else where she wanted."""
    leave_line(actor_of(found), done=True, how=how)
    session.clear()
    login_user(SignedIn(Actor(person_id=found.id)))
    prove_again(found)
    cast("ServerSession", session).rotate(is_new=True)
    has_draft = kept_drafts(desk.session, found.id, desk.house.keys, now=desk.now)
    return "/kept" if has_draft else safe_path(wanted, "/home")


def prove_again(found: Person) -> None:
    """Note that the person proved herself just now, in a browser that is known from now on."""
    session["proved_at"] = desk.now.timestamp()
    cast("ServerSession", session).rotate()
    g.known_browser = know_browser(desk.session, found.id, known_token(), now=desk.now)


def proved_lately() -> bool:
    """Whether the person of this session proved herself in the last ten minutes."""
    return desk.now.timestamp() - float(session.get("proved_at", 0)) <= SUDO_SECONDS


def remember_mailbox(email: str) -> None:
    """In this browser a code sent to the address was typed just now; it helps to sign in for a quarter of an hour."""
    session["mailbox"] = {"email": email, "until": desk.now.timestamp() + MAILBOX_SECONDS}


def has_mailbox(email: str) -> bool:
    kept = session.get("mailbox") or {}
    return kept.get("email") == normal_email(email) and float(kept.get("until", 0)) >= desk.now.timestamp()


def browser_of(email: str) -> str:
    """The token of this browser when the person of the address signed in here before, else ''."""
    found, token = person_by_email(desk.session, email), known_token()
    return token if is_known_browser(desk.session, found.id if found else None, token) else ""


def actor_of(found: Person) -> Actor:
    return actor_for(desk.session, found, origin=request.remote_addr or "")


def leave_failed(found: Person | None, *, how: str) -> None:
    """A line in the service's trail for a proof that was wrong; without the address of an account that is not there."""
    kind = "person" if found else "public"
    leave_line(Actor(found.id if found else None, origin=request.remote_addr or "", kind=kind), done=False, how=how)


def leave_line(actor: Actor, *, done: bool, how: str) -> None:
    """A line in the service's trail."""
    try:
        service_id = service(desk.session).id
    except NotFound:
        return
    with tenant_scope(desk.session, service_id):
        record_sign_in(desk.session, actor, service_id, done=done, how=how, now=desk.now)


def check_new_password(found: Person, password: str, *more_names: str) -> None:
    """Raises `Invalid` when it would be guessed early; the names of the person's schools are guessed first."""
    names = [tenant(desk.session, tenant_id).name for tenant_id, _ in roles(desk.session, found.id)]
    check_strength(password, context=(found.name, found.email, *names, *more_names))


def change_password(found: Person, password: str) -> None:
    """Set a checked password and end every other session."""
    with desk.at_rest():
        hashed = hash_password(password)
    keep_password(desk.session, found, hashed)
    end_sessions(desk.session, found.id, except_id=cast("ServerSession", session).row_id)
    end_proofs(desk.session, found.email, now=desk.now)


def mail_code(email: str, code: str) -> None:
    """A code to an address, or, without one, the word that there is no account: the same work and answer either way."""
    centre, base_url = service(desk.session), desk.settings.base_url
    with tenant_scope(desk.session, centre.id):
        if code:
            write_code(
                desk.session, tenant_id=centre.id, recipient=email, code=code, base_url=base_url, now=desk.now
            )  # fmt: skip
        else:
            write_no_account(desk.session, tenant_id=centre.id, recipient=email, base_url=base_url, now=desk.now)


def tell_changed(found: Person, what: str) -> None:
    """Tell the person by letter, and the service's trail by a line, that how she signs in was changed."""
    centre = service(desk.session)
    with tenant_scope(desk.session, centre.id):
        write_changed(
            desk.session, tenant_id=centre.id, recipient=found.email, what=what, base_url=desk.settings.base_url,
            now=desk.now,
        )  # fmt: skip
        record(
            desk.session, witness(actor_of(found)), AuditKind.SIGN_IN_CHANGED, tenant_id=centre.id,
            subject=("person", found.id), now=desk.now,
        )  # fmt: skip
