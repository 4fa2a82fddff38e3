"""What a person keeps of the inbox for herself: filters under a name, and the address of a calendar of due dates.

A file of its own, because it belongs to a person and not to a case.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from icalendar import Calendar, Event
from sqlalchemy import delete, func, select

from portal.casework.inbox import Filters, Line, as_query, from_query, page
from portal.casework.models import FeedToken, SavedView
from portal.casework.queries import place
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.secrets import digest, new_token
from portal.identity.permissions import Action, Actor, Place, may, require
from portal.identity.queries import actor_for, person
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.scope import every_tenant, tenant_scope, trust_scope

PURPOSE = "calendar-feed"
MOST_VIEWS = 30
MOST_DATES = 500


def keep_view(session: PortalSession, actor: Actor, at: Place, name: str, filters: Filters) -> None:
    """Keep filters under a name; the same name again replaces them. Raises `Invalid` for none or too many."""
    require(actor, Action.LIST_CASES, at)
    if not name:
        raise Invalid("Give the view a name.", field="name")
    mine = SavedView.tenant_id == at.tenant_id, SavedView.person_id == actor.person_id
    found = session.scalar(select(SavedView).where(*mine, SavedView.name == name))
    kept: dict[str, object] = dict(as_query(filters))
    if found is not None:
        found.filters = kept
        return
    if (session.scalar(select(func.count()).select_from(SavedView).where(*mine)) or 0) >= MOST_VIEWS:
        raise Invalid(f"You can keep {MOST_VIEWS} views. Forget one first.", field="name")
    session.add(SavedView(tenant_id=at.tenant_id, person_id=actor.person_id, name=name, filters=kept))


def forget_view(session: PortalSession, actor: Actor, at: Place, view_id: int) -> None:
    """Drop one of the actor's own views; anybody else's stays."""
    require(actor, Action.LIST_CASES, at)
    session.execute(
        delete(SavedView)
        .where(SavedView.tenant_id == at.tenant_id, SavedView.person_id == actor.person_id, SavedView.id == view_id)
        .execution_options(synchronize_session=False)
    )


def views_of(session: PortalSession, actor: Actor, at: Place) -> list[tuple[int, str, Filters]]:
    """The actor's own views here, by name."""
    statement = select(SavedView).where(SavedView.tenant_id == at.tenant_id, SavedView.person_id == actor.person_id)
    return [(row.id, row.name, _filters(row.filters)) for row in session.scalars(statement.order_by(SavedView.name))]


def new_feed(session: PortalSession, actor: Actor, at: Place, *, now: datetime) -> str:
    """The token of a new calendar address, shown this once; an older one stops working."""
    require(actor, Action.LIST_CASES, at)
    end_feed(session, actor, at)
    token = new_token()
    mark = digest(token, purpose=PURPOSE)
    session.add(FeedToken(tenant_id=at.tenant_id, person_id=actor.person_id, digest=mark, made_at=now))
    return token


def end_feed(session: PortalSession, actor: Actor, at: Place) -> None:
    """The calendar address stops working."""
    session.execute(
        delete(FeedToken)
        .where(FeedToken.tenant_id == at.tenant_id, FeedToken.person_id == actor.person_id)
        .execution_options(synchronize_session=False)
    )


def feed_since(session: PortalSession, actor: Actor, at: Place) -> datetime | None:
    """When the actor's calendar address was made; None when there is none."""
    mine = FeedToken.tenant_id == at.tenant_id, FeedToken.person_id == actor.person_id
    return session.scalar(select(FeedToken.made_at).where(*mine))


def calendar(session: PortalSession, token: str, *, host: str, now: datetime) -> bytes | None:
    """The due dates behind a calendar address, at most the 500 nearest; None for one that is not good (any more).

    Titles carry the reference only: calendars are shared and shown on telephones. The scope must be every tenant's.
    """
    row = session.scalar(select(FeedToken).where(FeedToken.digest == digest(token, purpose=PURPOSE)))
    owner = person(session, row.person_id) if row is not None else None
    if row is None or owner is None:
        return None
    tenant = session.get_one(Tenant, row.tenant_id)
    actor = actor_for(session, owner)
    if not may(actor, Action.LIST_CASES, place(session, tenant)):
        return None
    with _seeing(session, tenant):
        lines = page(session, actor, Filters(), now=now, size=MOST_DATES).lines
    return _written(lines, host, now)


def _filters(kept: Mapping[str, object]) -> Filters:
    return from_query({name: str(value) for name, value in kept.items()})


def _seeing(session: PortalSession, tenant: Tenant) -> AbstractContextManager[None]:
    if tenant.kind is TenantKind.SERVICE:
        return every_tenant(session, "calendar of due dates")
    return (trust_scope if tenant.kind is TenantKind.TRUST else tenant_scope)(session, tenant.id)


def _written(lines: tuple[Line, ...], host: str, now: datetime) -> bytes:
    made = Calendar()
    made.add("prodid", f"-//{host}//portal//EN")
    made.add("version", "2.0")
    for line in lines:
        if line.due_on is None:
            continue
        entry = Event()
        entry.add("uid", f"{line.reference}@{host}")
        entry.add("dtstamp", now)
        entry.add("dtstart", line.due_at or line.due_on)
        if line.due_at is None:
            entry.add("dtend", line.due_on + timedelta(days=1))
        entry.add("summary", line.reference)
        made.add_component(entry)
    return bytes(made.to_ical())
