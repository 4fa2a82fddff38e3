"""Mail that came in: what joins a request by itself, what waits in a tray for a person, what is set aside."""

import contextlib
import io
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from cryptography.fernet import InvalidToken
from sqlalchemy import ColumnElement, Select, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.files import Filing, add_files
from portal.casework.forwarded import address, is_forwarded
from portal.casework.letters import Sender
from portal.casework.mail import Incoming, read_heading, read_mail
from portal.casework.mail_parts import Part
from portal.casework.models import Case, CaseStatus, IncomingMail, MailMark, MailState
from portal.casework.queries import is_readable_by, place
from portal.casework.requester import requester_of, write_to_school
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.limits import MEGABYTE
from portal.core.secrets import Keys, digest
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.identity.queries import people_in
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES, facts_at, service

log = structlog.get_logger("portal.casework.incoming")
PURPOSE = "incoming-mail"
MOST_BYTES = 25 * MEGABYTE
MOST_SHOWN = 200
MOST_FILES = 100
LATEST = timedelta(minutes=5)
KEPT_ASIDE = timedelta(days=30)


def take_in(
    begin: Callable[[], AbstractContextManager[PortalSession]], mail: Incoming, *, to: tuple[str, ...],
    hosts: frozenset[str], sender: Sender, filing: Filing, now: datetime,
) -> list[MailState]:  # fmt: skip
    """Keep a message in a transaction of its own, of every tenant's scope, and say where it went.

    One that cannot be put where it belongs waits in the tray as it came, marked as unreadable.
    """
    try:
        with begin() as session:
            rows = receive(session, mail, to=to, hosts=hosts, sender=sender, filing=filing, now=now)
    except Exception as error:
        if mail.raw is None or mail.mark is MailMark.UNREADABLE:
            raise
        log.warning("message cannot be put in its place", error=type(error).__name__)
        unread = read_heading(mail.raw, MailMark.UNREADABLE)
        with begin() as session:
            rows = receive(session, unread, to=to, hosts=hosts, sender=sender, filing=filing, now=now)
    return [row.state for row in rows]


def receive(
    session: PortalSession, mail: Incoming, *, to: tuple[str, ...], hosts: frozenset[str], sender: Sender,
    filing: Filing, now: datetime,
) -> list[IncomingMail]:  # fmt: skip
    """Keep a message for each school it was sent to, and let it join its request where that is certain.

    The scope must be every tenant's. `to` are the envelope's recipients, `hosts` the names under which this
    installation gets mail. A message that came before changes nothing. Automatic answers, bounces and what the portal
    sent itself are set aside: nobody is told.
    """
    raw = None if mail.raw is None else filing.keys.box(PURPOSE).encrypt(mail.raw)
    case, centre = _case_of(session, mail), service(session)
    is_for_dpo = case is not None and case.tenant_id == centre.id  # no school may know of it, whomever it is sent to
    rows = []
    for tenant in [centre] if is_for_dpo else _addressed(session, to or mail.recipients, hosts):
        row, is_new = _keep(session, mail, tenant, raw, now=now)
        rows.append(row)
        if not is_new:
            continue
        if mail.is_answer or _is_ours(session, mail, sender):
            _put_aside(row, now=now)
        elif case is not None and case.status is CaseStatus.OPEN and tenant.id in {case.tenant_id, centre.id}:
            _join(session, row, mail, case, sender=sender, filing=filing, now=now)
    session.flush()
    return rows


def tray(session: PortalSession, tenant: Tenant, state: MailState = MailState.WAITING) -> list[IncomingMail]:
    """What waits here, oldest first, or was set aside, newest first; for the centre what fitted nowhere."""
    order = IncomingMail.id.desc() if state is MailState.DROPPED else IncomingMail.id
    statement = _here(tenant).where(IncomingMail.state == state)
    return list(session.scalars(statement.order_by(order).limit(MOST_SHOWN)))


def leftovers(session: PortalSession, actor: Actor, tenant: Tenant) -> list[IncomingMail]:
    """Messages that stand in a request the actor may read, but some of whose files could not be taken."""
    statement = _here(tenant).where(IncomingMail.state == MailState.PARTLY, _is_open_to(actor))
    return list(session.scalars(statement.order_by(IncomingMail.id).limit(MOST_SHOWN)))


def mail_by_id(session: PortalSession, actor: Actor, tenant: Tenant, mail_id: int, *states: MailState) -> IncomingMail:
    """A message of this tray that waits, or is in one of the `states`. Raises `NotFound`."""
    statement = _here(tenant).where(
        IncomingMail.id == mail_id,
        IncomingMail.state.in_(states or (MailState.WAITING,)),
        or_(IncomingMail.state != MailState.PARTLY, _is_open_to(actor)),
    )
    found = session.scalar(statement.with_for_update())
    if found is None:
        raise NotFound("There is no such message, or somebody dealt with it.")
    return found


@dataclass(frozen=True, slots=True)
class Seeming:
    """Who seems to have asked, and when that reached the school, for a person to confirm.

    What nobody can read is empty, or None: a message that was passed on tells neither who first wrote it nor when.
    """

    name: str
    email: str
    at: datetime | None


def seeming_request(session: PortalSession, row: IncomingMail) -> Seeming:
    """What a message proposes where it is a new request."""
    if row.original_sender or is_forwarded(row.subject):
        return Seeming(row.original_name, row.original_sender, row.original_at)
    if _is_staff(session, row):
        return Seeming("", "", None)
    return Seeming(row.original_name, row.sender, row.original_at or row.received_at)


def is_from_requester(row: IncomingMail, case: Case) -> bool:
    """Whether a message came, perhaps through somebody's hands, from the address that the case's requester chose."""
    seeming = row.original_sender or row.sender
    return bool(seeming) and case.contact_email.lower() == seeming


def file_mail(
    session: PortalSession, actor: Actor, row: IncomingMail, case: Case, *, filing: Filing, now: datetime
) -> list[str]:
    """Say that a message is the request `case`; its files go there. Returns what could not be taken, and why."""
    _may(session, actor, row)
    refused = _keep_files(session, row, case, _files_of(row, filing), filing=filing, now=now)
    if row.mark is MailMark.UNREADABLE:
        refused.append("The message itself could not be read.")
    _line(session, actor, row, state=MailState.FILED, now=now)
    _file_under(session, row, case, refused)
    return refused


def join_mail(
    session: PortalSession, actor: Actor, row: IncomingMail, case: Case, *, sender: Sender, filing: Filing,
    now: datetime,
) -> list[str]:  # fmt: skip
    """Say that a message belongs to a request there is; it stands there as the requester's own."""
    _may(session, actor, row)
    require(actor, Action.OPEN_CASE, place(session, session.get_one(Tenant, case.tenant_id)))
    text = row.body or row.subject or "-"
    came = row.original_at or row.received_at
    write_to_school(session, requester_of(case), case, text, key=_key(row), sender=sender, now=now, came_at=came)
    return file_mail(session, actor, row, case, filing=filing, now=now)


def set_aside(session: PortalSession, actor: Actor, row: IncomingMail, *, now: datetime) -> None:
    """Say that a message is no request; for 30 days it can be taken back."""
    _may(session, actor, row)
    _put_aside(row, now=now)
    _line(session, actor, row, state=row.state, now=now)


def take_back(session: PortalSession, actor: Actor, row: IncomingMail, *, now: datetime) -> None:
    """Let a message that was set aside wait in the tray after all."""
    _may(session, actor, row, MailState.DROPPED)
    row.state, row.set_aside_at = MailState.WAITING, None
    _line(session, actor, row, state=row.state, now=now)


def let_go(session: PortalSession, actor: Actor, row: IncomingMail, *, now: datetime) -> None:
    """Say that what could not be taken of a message is not needed any more."""
    _may(session, actor, row, MailState.PARTLY)
    row.state, row.raw, row.refused = MailState.FILED, None, []
    _line(session, actor, row, state=row.state, now=now)


def open_original(session: PortalSession, actor: Actor, row: IncomingMail, *, filing: Filing, now: datetime) -> bytes:
    """The whole message as it came, with a line that it was read. Raises `NotFound` where it is not kept."""
    _require_tray(session, actor, row)
    if row.raw is None:
        raise NotFound("The message itself is not kept.")
    record(
        session, witness(actor), AuditKind.FILE_READ, tenant_id=row.tenant_id, subject=("mail", row.id), now=now,
    )  # fmt: skip
    return filing.keys.box(PURPOSE).decrypt(row.raw)


def forget_old_mail(session: PortalSession, *, now: datetime) -> None:
    """Drop what was set aside 30 days ago; the scope must be every tenant's."""
    session.execute(
        delete(IncomingMail)
        .where(
            IncomingMail.state == MailState.DROPPED,
            func.coalesce(IncomingMail.set_aside_at, IncomingMail.received_at) < now - KEPT_ASIDE,
        )
        .execution_options(synchronize_session=False)
    )


def renew_mail(session: PortalSession, keys: Keys, *, after: int = 0) -> int | None:
    """Encrypt the next message that is kept afresh under the first secret key; needs every tenant.

    Returns its id, to go on after it, or None at the end. One in a transaction of its own: each may be as large as a
    message can be, and whoever deals with it meanwhile waits. What no key reads is left as it is.
    """
    statement = select(IncomingMail.id, IncomingMail.raw).where(IncomingMail.id > after, IncomingMail.raw.is_not(None))
    row = session.execute(statement.order_by(IncomingMail.id).limit(1).with_for_update()).first()
    if row is None:
        return None
    with contextlib.suppress(InvalidToken):
        change = update(IncomingMail).where(IncomingMail.id == row.id).values(raw=keys.box(PURPOSE).rotate(row.raw))
        session.execute(change.execution_options(synchronize_session=False))
    return int(row.id)


def _addressed(session: PortalSession, recipients: tuple[str, ...], hosts: frozenset[str]) -> list[Tenant]:
    """The schools whose addresses they are, `<its slug>@` one of ours; the service where there is none."""
    parts = [address(each.strip("<> ")).partition("@") for each in recipients]
    slugs = {name.partition("+")[0] for name, _, host in parts if host in hosts}
    found = session.scalars(
        select(Tenant)
        .where(Tenant.slug.in_(slugs), Tenant.kind == TenantKind.SCHOOL, Tenant.status.in_(PUBLIC_STATUSES))
        .order_by(Tenant.id)
    )
    return list(found) or [service(session)]


def _keep(
    session: PortalSession, mail: Incoming, tenant: Tenant, raw: bytes | None, *, now: datetime
) -> tuple[IncomingMail, bool]:
    """The row of a message, and whether it is new."""
    before = _before(session, tenant.id, mail.message_id, mail.digest)
    if before is not None:
        return before, False
    original = mail.original
    row = IncomingMail(
        tenant_id=tenant.id,
        message_id=mail.message_id,
        digest=mail.digest,
        received_at=now,
        sender=mail.sender,
        original_sender=original.sender if original else "",
        original_name=original.name if original else "" if is_forwarded(mail.subject) else mail.name,
        original_at=original.at if original and original.at and original.at <= now + LATEST else None,
        subject=mail.subject,
        body=mail.text,
        state=MailState.WAITING,
        mark=mail.mark,
        refused=[],
        raw=raw,
    )
    try:
        with session.begin_nested():
            session.add(row)
    except IntegrityError:
        before = _before(session, tenant.id, mail.message_id, mail.digest)  # the same message came by another way
        if before is None:
            raise
        return before, False
    return row, True


def _before(session: PortalSession, tenant_id: int, message_id: str, content: str) -> IncomingMail | None:
    statement = select(IncomingMail).where(
        IncomingMail.tenant_id == tenant_id,
        IncomingMail.message_id == message_id,
        IncomingMail.digest.in_((content, "")),
    )
    return session.scalars(statement.limit(1)).first()


def _is_ours(session: PortalSession, mail: Incoming, sender: Sender) -> bool:
    if mail.message_id.endswith(f"@{sender.host}>"):
        return True
    return session.scalar(select(Letter.id).where(Letter.message_id == mail.message_id[:120])) is not None


def _case_of(session: PortalSession, mail: Incoming) -> Case | None:
    """The request named in the subject, if the message is from the address that its requester chose.

    What may be automatic never joins by itself.
    """
    if not mail.reference or not mail.sender or mail.mark is not MailMark.NONE:
        return None
    found = session.scalar(select(Case).where(Case.reference == mail.reference))
    return found if found is not None and found.contact_email.lower() == mail.sender else None


def _join(
    session: PortalSession, row: IncomingMail, mail: Incoming, case: Case, *, sender: Sender, filing: Filing,
    now: datetime,
) -> None:  # fmt: skip
    text = mail.newest_text or mail.subject or "-"
    refused = _keep_files(session, row, case, mail.files, filing=filing, now=now)
    written = "\n\n".join([text, *refused])
    write_to_school(session, requester_of(case), case, written, key=_key(row), sender=sender, now=now)
    _file_under(session, row, case, refused)


def _files_of(row: IncomingMail, filing: Filing) -> tuple[Part, ...]:
    if row.raw is None or row.mark is MailMark.UNREADABLE:
        return ()
    return read_mail(filing.keys.box(PURPOSE).decrypt(row.raw)).files


def _keep_files(
    session: PortalSession, row: IncomingMail, case: Case, files: Iterable[Part], *, filing: Filing, now: datetime
) -> list[str]:
    """Put the files of a message into its request, one by one. Returns what was refused, and why."""
    refused = []
    for number, part in enumerate(files):
        if number >= MOST_FILES:
            refused.append(f"{part.name}: only the first {MOST_FILES} files of a message are looked at.")
            continue
        try:
            with session.begin_nested():
                add_files(
                    session, requester_of(case), case, [(part.name, io.BytesIO(part.content))],
                    key=f"{_key(row)}:{number}", filing=filing, now=now,
                )  # fmt: skip
        except Invalid as error:
            refused.append(error.message if error.message.startswith(part.name[:100]) else f"{part.name}: {error}")
    return refused


def _is_staff(session: PortalSession, row: IncomingMail) -> bool:
    """Whether it was sent from the school's own address, or from that of somebody who works for it."""
    tenant = session.get_one(Tenant, row.tenant_id)
    above = [service(session).id] + ([tenant.trust_id] if tenant.trust_id else [])
    addresses = {person.email.lower() for person, _ in people_in(session, [tenant.id, *above])}
    own = facts_at(session, tenant.id, row.received_at).get("school.email", "")
    return row.sender.lower() in {*addresses, own.lower()}


def _key(row: IncomingMail) -> str:
    return digest(f"{row.tenant_id}\0{row.message_id}\0{row.digest}", purpose=PURPOSE)[:40]


def _here(tenant: Tenant) -> Select[IncomingMail]:
    """The messages of a tray; a trust's shows those of all its schools, which its scope holds."""
    statement = select(IncomingMail)
    return statement if tenant.kind is TenantKind.TRUST else statement.where(IncomingMail.tenant_id == tenant.id)


def _is_open_to(actor: Actor) -> ColumnElement[bool]:
    return or_(IncomingMail.case_id.is_(None), IncomingMail.case_id.in_(select(Case.id).where(is_readable_by(actor))))


def _may(session: PortalSession, actor: Actor, row: IncomingMail, state: MailState = MailState.WAITING) -> None:
    _require_tray(session, actor, row)
    if row.state is not state:
        raise Conflict("Somebody dealt with this message already.")


def _require_tray(session: PortalSession, actor: Actor, row: IncomingMail) -> None:
    require(actor, Action.OPEN_CASE, place(session, session.get_one(Tenant, row.tenant_id)))


def _put_aside(row: IncomingMail, *, now: datetime) -> None:
    row.state, row.set_aside_at = MailState.DROPPED, now


def _file_under(session: PortalSession, row: IncomingMail, case: Case, refused: list[str]) -> None:
    """The message is its request's from now on, also where another tray had it; it goes when the request goes."""
    if case.tenant_id != row.tenant_id and _before(session, case.tenant_id, row.message_id, row.digest) is None:
        row.tenant_id = case.tenant_id
    row.case_id = case.id if case.tenant_id == row.tenant_id else None
    row.state, row.body, row.refused = MailState.PARTLY if refused else MailState.FILED, "", refused
    if not refused:
        row.raw = None


def _line(session: PortalSession, actor: Actor, row: IncomingMail, *, state: MailState, now: datetime) -> None:
    record(
        session, witness(actor), AuditKind.MESSAGE_RECEIVED, tenant_id=row.tenant_id, subject=("mail", row.id), now=now,
        state=state.value,
    )  # fmt: skip
