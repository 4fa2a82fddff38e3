"""Letters to readers when a notice changes: asked for, confirmed by e-mail, ended with one press."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.exc import IntegrityError

from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.core.i18n import N_, words
from portal.core.secrets import new_token
from portal.notices.gathering import GENERAL
from portal.notices.languages import ENGLISH
from portal.notices.models import Publication, Subscription
from portal.notices.reading import notice_path
from portal.outbox.actions import write_letter
from portal.tenancy.models import Tenant
from portal.tenancy.scope import every_tenant, tenant_scope

FORGET_AFTER = timedelta(days=7)
ASK_AGAIN_AFTER = timedelta(minutes=10)
_BATCH = 200

_ASKED_SUBJECT = N_("Please confirm: changes to the privacy notice of %(school)s")
_ASKED = N_(
    "Somebody asked for a letter to this address when the privacy notice of %(school)s changes.\n\n"
    "If it was you, open this page and confirm:\n%(link)s\n\n"
    "If it was not, do nothing: the address is forgotten after a week.\n"
)
_CHANGED_SUBJECT = N_("The privacy notice of %(school)s has changed")
_CHANGED = N_(
    "The privacy notice of %(school)s has a new version, number %(number)s.\n\n"
    "What changed:\n%(changes)s\n\nThe notice:\n%(notice)s\n\n"
    "To get no more of these letters:\n%(leaving)s\n"
)


@dataclass(frozen=True, slots=True)
class Station:
    """Where this portal is reached: the addresses in letters begin with it."""

    base_url: str
    host: str

    def address(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


def ask(
    session: PortalSession, school: Tenant, email: str, *, language: str, station: Station, now: datetime,
    kind: str = GENERAL,
) -> None:  # fmt: skip
    """Send a letter with a link that confirms. The page says the same whether the address is known already or not."""
    with tenant_scope(session, school.id):
        address = email.strip().lower()
        row = session.scalar(
            select(Subscription).where(
                Subscription.tenant_id == school.id, Subscription.kind == kind, Subscription.email == address
            )
        )
        if row is not None and (row.confirmed_at is not None or row.asked_at > now - ASK_AGAIN_AFTER):
            return
        if row is None:
            row = Subscription(
                tenant_id=school.id, kind=kind, email=address, language=language, token=new_token(), asked_at=now
            )
            try:
                with session.begin_nested():
                    session.add(row)
            except IntegrityError:
                return  # asked twice in the same moment
        row.asked_at = now
        row.language = language
        link = station.address(_page(f"/subscriptions/{row.token}", language))
        write_letter(
            session, tenant_id=school.id, kind="subscription-asked", recipient=address, now=now, host=station.host,
            subject=words(_ASKED_SUBJECT, language, school=school.name), language=language,
            body=words(_ASKED, language, school=school.name, link=link),
        )  # fmt: skip


def confirm(session: PortalSession, token: str, *, now: datetime) -> Tenant:
    """Raises `NotFound`. Harmless the second time."""
    row, school = _find(session, token)
    with tenant_scope(session, school.id):
        if row.confirmed_at is None:
            row.confirmed_at, row.told_number = now, _newest(session, school.id, row.kind)
    return school


def school_of(session: PortalSession, token: str) -> tuple[Tenant, bool]:
    """(school, whether the subscription is confirmed). Raises `NotFound`."""
    row, school = _find(session, token)
    return school, row.confirmed_at is not None


def end(session: PortalSession, token: str) -> None:
    """Forget the address; harmless where it is forgotten already."""
    with every_tenant(session, "a subscription's own link"):
        row = session.scalar(select(Subscription).where(Subscription.token == token))
        if row is not None:
            session.delete(row)


def has_letters(session: PortalSession, *, now: datetime) -> bool:
    """Whether there is anything to tell or to forget; the session sees every tenant."""
    return (
        session.execute(_to_tell().limit(1)).first() is not None
        or session.scalar(select(Subscription.id).where(*_never_confirmed(now)).limit(1)) is not None
    )


def tell_readers(session: PortalSession, *, station: Station, now: datetime) -> int:
    """A letter for each confirmed subscription whose notice has a newer version; the session sees every tenant."""
    statement = _to_tell().limit(_BATCH).with_for_update(of=Subscription, skip_locked=True)
    rows = list(session.execute(statement))
    for row, number, school in rows:
        _tell(session, row, number, school, station, now)
    return len(rows)


def forget_unconfirmed(session: PortalSession, *, now: datetime) -> None:
    statement = delete(Subscription).where(*_never_confirmed(now))
    session.execute(statement, execution_options={"synchronize_session": False})


def _to_tell() -> Select[Subscription, int, Tenant]:
    newest = (
        select(Publication.tenant_id, Publication.kind, func.max(Publication.number).label("number"))
        .where(Publication.language == ENGLISH)
        .group_by(Publication.tenant_id, Publication.kind)
        .subquery()
    )
    return (
        select(Subscription, newest.c.number, Tenant)
        .join(newest, (newest.c.tenant_id == Subscription.tenant_id) & (newest.c.kind == Subscription.kind))
        .join(Tenant, Tenant.id == Subscription.tenant_id)
        .where(Subscription.confirmed_at.is_not(None), Subscription.told_number < newest.c.number)
    )


def _never_confirmed(now: datetime) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Subscription.confirmed_at.is_(None), Subscription.asked_at < now - FORGET_AFTER


def _tell(
    session: PortalSession, row: Subscription, number: int, school: Tenant, station: Station, now: datetime
) -> None:
    """RFC 8058: the header's address is posted to by the mail program, without a page between."""
    notice = notice_path(school.slug, row.kind)
    changes = f"{notice}/changes?from={max(row.told_number, 1)}&to={number}"
    leaving, language = station.address(f"/subscriptions/{row.token}"), row.language
    body = words(
        _CHANGED, language, school=school.name, number=number, changes=station.address(_page(changes, language)),
        notice=station.address(_page(notice, language)), leaving=_page(leaving, language),
    )  # fmt: skip
    write_letter(
        session, tenant_id=school.id, kind="notice-changed", recipient=row.email, body=body, now=now,
        subject=words(_CHANGED_SUBJECT, language, school=school.name), host=station.host, language=language,
        headers={
            "List-Unsubscribe": f"<{leaving}/removal>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )  # fmt: skip
    row.told_number = number


def _page(address: str, language: str) -> str:
    """A page of ours in the language of the letter that names it."""
    if language == ENGLISH:
        return address
    return f"{address}{'&' if '?' in address else '?'}lang={language}"


def _find(session: PortalSession, token: str) -> tuple[Subscription, Tenant]:
    with every_tenant(session, "a subscription's own link"):
        row = session.scalar(select(Subscription).where(Subscription.token == token))
        if row is None:
            raise NotFound("There is no such subscription.")
        return row, session.get_one(Tenant, row.tenant_id)


def _newest(session: PortalSession, school_id: int, kind: str) -> int:
    statement = select(func.max(Publication.number)).where(
        Publication.tenant_id == school_id, Publication.kind == kind, Publication.language == ENGLISH
    )
    return session.scalar(statement) or 0
