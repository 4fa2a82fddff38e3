"""Mail that came in: what joins a request by itself, what waits in a tray for a person, what is set aside."""

import io
from datetime import datetime, timedelta

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.files import Filing, add_files
from portal.casework.letters import Sender
from portal.casework.mail import Incoming, address, read_mail
from portal.casework.models import Case, CaseStatus, IncomingMail, MailState
from portal.casework.queries import place
from portal.casework.requester import requester_of, write_to_school
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid, NotFound
from portal.core.secrets import digest
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.outbox.models import Letter
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import PUBLIC_STATUSES, service

PURPOSE = "incoming-mail"
MOST_BYTES = 25 * 1024 * 1024
MOST_SHOWN = 200
MOST_FILES = 10
LATEST = timedelta(minutes=5)


def receive(
    session: PortalSession, raw: bytes, *, to: tuple[str, ...], hosts: frozenset[str], sender: Sender, filing: Filing,
    now: datetime,
) -> IncomingMail:  # fmt: skip
    """Keep a message and let it join its request where that is certain. The scope must be every tenant's.

    `to` are the envelope's recipients, `hosts` the names under which this installation gets mail. A message that came
    before changes nothing. Automatic answers, bounces and what the portal sent itself are set aside: nobody is told.
    Raises `Invalid` for a message over 25 MB.
    """
    if len(raw) > MOST_BYTES:
        raise Invalid("This message is larger than 25 MB.")
    mail = read_mail(raw)
    tenant = _tenant(session, to or mail.recipients, hosts)
    before = session.scalar(
        select(IncomingMail).where(IncomingMail.tenant_id == tenant.id, IncomingMail.message_id == mail.message_id)
    )
    if before is not None:
        return before
    original = mail.original
    row = IncomingMail(
        tenant_id=tenant.id,
        message_id=mail.message_id,
        received_at=now,
        sender=mail.sender,
        original_sender=original.sender if original else "",
        original_name=original.name if original else mail.name,
        original_at=original.at if original and original.at and original.at <= now + LATEST else None,
        subject=mail.subject,
        body=mail.text,
        raw=filing.keys.box(PURPOSE).encrypt(raw),
    )
    session.add(row)
    if mail.is_automatic or _is_ours(session, mail, sender):
        row.state, row.raw = MailState.DROPPED, None
        return row
    case = _case_of(session, mail, tenant)
    if case is not None:
        _join(session, row, mail, case, sender=sender, filing=filing, now=now)
    session.flush()
    return row


def tray(session: PortalSession, tenant: Tenant, state: MailState = MailState.WAITING) -> list[IncomingMail]:
    """What waits for a person here, oldest first; for the centre what fitted nowhere."""
    statement = select(IncomingMail).where(IncomingMail.state == state)
    if tenant.kind is not TenantKind.TRUST:
        statement = statement.where(IncomingMail.tenant_id == tenant.id)
    return list(session.scalars(statement.order_by(IncomingMail.id).limit(MOST_SHOWN)))


def mail_by_id(session: PortalSession, tenant: Tenant, mail_id: int) -> IncomingMail:
    """A message of this tray that waits. Raises `NotFound`."""
    statement = select(IncomingMail).where(IncomingMail.id == mail_id, IncomingMail.state == MailState.WAITING)
    if tenant.kind is not TenantKind.TRUST:
        statement = statement.where(IncomingMail.tenant_id == tenant.id)
    found = session.scalar(statement.with_for_update())
    if found is None:
        raise NotFound("There is no such message, or somebody dealt with it.")
    return found


def file_mail(
    session: PortalSession, actor: Actor, row: IncomingMail, case: Case, *, filing: Filing, now: datetime
) -> list[str]:
    """Say that a message is the request `case`; its files go there. Returns what could not be taken, and why."""
    _may(session, actor, row)
    refused = _keep_files(session, row, case, filing=filing, now=now)
    _done(session, actor, row, case, now=now)
    return refused


def join_mail(
    session: PortalSession, actor: Actor, row: IncomingMail, case: Case, *, sender: Sender, filing: Filing,
    now: datetime,
) -> list[str]:  # fmt: skip
    """Say that a message belongs to a request there is; it stands there as the requester's own."""
    _may(session, actor, row)
    require(actor, Action.OPEN_CASE, place(session, session.get_one(Tenant, case.tenant_id)))
    text = row.body or row.subject or "-"
    write_to_school(session, requester_of(case), case, text, key=_key(row), sender=sender, now=now)
    return file_mail(session, actor, row, case, filing=filing, now=now)


def set_aside(session: PortalSession, actor: Actor, row: IncomingMail, *, now: datetime) -> None:
    """Say that a message is no request."""
    _may(session, actor, row)
    row.state, row.raw = MailState.DROPPED, None
    _line(session, actor, row, now=now)


def _tenant(session: PortalSession, recipients: tuple[str, ...], hosts: frozenset[str]) -> Tenant:
    """The school whose address it is, `<its slug>@` one of ours; the service where there is none."""
    for each in recipients:
        name, _, host = address(each).partition("@")
        if host not in hosts:
            continue
        found = session.scalar(
            select(Tenant).where(
                Tenant.slug == name.partition("+")[0],
                Tenant.kind == TenantKind.SCHOOL,
                Tenant.status.in_(PUBLIC_STATUSES),
            )
        )
        if found is not None:
            return found
    return service(session)


def _is_ours(session: PortalSession, mail: Incoming, sender: Sender) -> bool:
    if mail.message_id.endswith(f"@{sender.host}>"):
        return True
    return session.scalar(select(Letter.id).where(Letter.message_id == mail.message_id[:120])) is not None


def _case_of(session: PortalSession, mail: Incoming, tenant: Tenant) -> Case | None:
    """The open request named in the subject, if the message is from the address that its requester chose."""
    if not mail.reference or not mail.sender:
        return None
    found = session.scalar(select(Case).where(Case.reference == mail.reference, Case.status == CaseStatus.OPEN))
    if found is None or found.contact_email.lower() != mail.sender:
        return None
    return found if tenant.kind is TenantKind.SERVICE or found.tenant_id == tenant.id else None


def _join(
    session: PortalSession, row: IncomingMail, mail: Incoming, case: Case, *, sender: Sender, filing: Filing,
    now: datetime,
) -> None:  # fmt: skip
    text = mail.newest_text or mail.subject or "-"
    refused = _keep_files(session, row, case, filing=filing, now=now)
    written = "\n\n".join([text, *refused])
    write_to_school(session, requester_of(case), case, written, key=_key(row), sender=sender, now=now)
    _file_under(row, case)


def _keep_files(session: PortalSession, row: IncomingMail, case: Case, *, filing: Filing, now: datetime) -> list[str]:
    if row.raw is None:
        return []
    session.flush()  # gives the id that the keys name
    refused = []
    parts = read_mail(filing.keys.box(PURPOSE).decrypt(row.raw)).files
    for number, part in enumerate(parts):
        if number >= MOST_FILES:
            refused.append(f"{part.name}: only {MOST_FILES} files of a message are taken.")
            continue
        try:
            add_files(
                session, requester_of(case), case, [(part.name, io.BytesIO(part.content))],
                key=f"{_key(row)}:{number}", filing=filing, now=now,
            )  # fmt: skip
        except Invalid as error:
            refused.append(error.message)
    return refused


def _key(row: IncomingMail) -> str:
    return digest(f"{row.tenant_id}\0{row.message_id}", purpose=PURPOSE)[:40]


def _may(session: PortalSession, actor: Actor, row: IncomingMail) -> None:
    require(actor, Action.OPEN_CASE, place(session, session.get_one(Tenant, row.tenant_id)))
    if row.state is not MailState.WAITING:
        raise Conflict("Somebody dealt with this message already.")


def _done(session: PortalSession, actor: Actor, row: IncomingMail, case: Case, *, now: datetime) -> None:
    _file_under(row, case)
    _line(session, actor, row, now=now)


def _file_under(row: IncomingMail, case: Case) -> None:
    row.state, row.raw, row.body = MailState.FILED, None, ""
    row.case_id = case.id if case.tenant_id == row.tenant_id else None


def _line(session: PortalSession, actor: Actor, row: IncomingMail, *, now: datetime) -> None:
    record(
        session, witness(actor), AuditKind.MESSAGE_RECEIVED, tenant_id=row.tenant_id, subject=("mail", row.id), now=now,
        state=row.state.value,
    )  # fmt: skip
