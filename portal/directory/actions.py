"""Verbs on the directory: councils' links and contacts, with a second person's yes, and the table of postcodes."""

from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from sqlalchemy import delete, insert, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Forbidden, Invalid
from portal.core.i18n import N_
from portal.directory.links import LinkReport
from portal.directory.models import (
    AuthorityContactRow,
    AuthorityLinkRow,
    AuthorityNameRow,
    AuthorityRow,
    LinkCheck,
    LinkProposal,
    PostcodeBlock,
    PostcodeEdition,
    PostcodeKind,
    ProposalSource,
    ProposalStatus,
    WrongLinkReport,
)
from portal.directory.postcode_pack import PostcodeTable, each_packed
from portal.directory.rules import LinkKind
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.tenancy.queries import service

_BLOCKS_AT_ONCE = 200
_URL_LENGTH = 1000
PAST_NAME = N_("That day is past. Say that the name corrects the directory: what notices said meanwhile stays.")
SEEN_BY_A_PERSON = N_("A person looked: the page is the right one.")
OWN_PROPOSAL = N_("Somebody else has to approve what you proposed.")


@dataclass(frozen=True, slots=True)
class NewName:
    """A council's name from a day on; the one before it then ends."""

    name: str
    short_name: str
    valid_from: date


def load_postcodes(
    session: PortalSession,
    actor: Actor,
    table: PostcodeTable,
    *,
    kind: PostcodeKind,
    name: str,
    count: int,
    now: datetime,
) -> None:
    """Replace every stored postcode by those of the table."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    session.execute(delete(PostcodeBlock))
    session.execute(delete(PostcodeEdition))
    waiting: list[dict[str, object]] = []
    for outward, packed in each_packed(table):
        waiting.append({"outward": outward, "packed": packed})
        if len(waiting) == _BLOCKS_AT_ONCE:
            session.execute(insert(PostcodeBlock), waiting)
            waiting = []
    if waiting:
        session.execute(insert(PostcodeBlock), waiting)
    session.add(PostcodeEdition(kind=kind, name=name[:200], postcodes=count, loaded_at=now))
    record(
        session, witness(actor), AuditKind.AUTHORITY_CHANGED, tenant_id=centre, subject=("postcodes", kind), now=now,
        postcodes=count,
    )  # fmt: skip


def propose_link(
    session: PortalSession,
    actor: Actor,
    authority: AuthorityRow,
    *,
    kind: LinkKind,
    url: str,
    now: datetime,
    link: AuthorityLinkRow | None = None,
    language: str = "en",
    reason: str = "",
    source: ProposalSource = ProposalSource.PERSON,
) -> LinkProposal:
    """Ask for another address; the same open proposal is not made twice. Raises `Invalid` for what is no address."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    address = web_address(url)
    same = select(LinkProposal).where(
        LinkProposal.authority_id == authority.id,
        LinkProposal.kind == kind,
        LinkProposal.language == language,
        LinkProposal.url == address,
        LinkProposal.status == ProposalStatus.OPEN,
    )
    found = session.scalar(same)
    if found is not None:
        return found
    proposal = LinkProposal(
        authority_id=authority.id, link_id=link.id if link else None, kind=kind, language=language, url=address,
        reason=reason, source=source, proposed_at=now, proposed_by=actor.person_id,
    )  # fmt: skip
    session.add(proposal)
    session.flush()  # gives the id for the audit line
    record(
        session, witness(actor), AuditKind.LINK_CHANGED, tenant_id=centre, subject=("link-proposal", proposal.id),
        now=now, step="proposed",
    )  # fmt: skip
    return proposal


def note_proposal_check(proposal: LinkProposal, report: LinkReport, *, now: datetime) -> None:
    """Keep what a look at the proposed address found, for whoever decides."""
    proposal.outcome, proposal.detail, proposal.checked_at = report.outcome, report.detail[:300], now
    proposal.content_hash = report.content_hash


def approve_link(
    session: PortalSession, actor: Actor, proposal: LinkProposal, *, today: date, now: datetime
) -> AuthorityLinkRow:
    """The proposed address holds from today on; the one before it keeps its row, so that past notices stay.

    Raises `Forbidden` for the person who proposed it, `Conflict` when it was decided meanwhile.
    """
    centre = _may(session, actor, Action.APPROVE_DIRECTORY)
    _must_be_open(proposal)
    if actor.kind != "system" and proposal.proposed_by == actor.person_id:
        raise Forbidden(OWN_PROPOSAL)
    statement = select(AuthorityLinkRow).where(
        AuthorityLinkRow.authority_id == proposal.authority_id,
        AuthorityLinkRow.kind == proposal.kind,
        AuthorityLinkRow.language == proposal.language,
        AuthorityLinkRow.valid_to.is_(None),
    )
    for held in session.scalars(statement):
        held.valid_to = today
    link = AuthorityLinkRow(
        authority_id=proposal.authority_id, kind=proposal.kind, url=proposal.url, language=proposal.language,
        valid_from=today, checked_on=today, checked_by=actor.name, is_verified=True,
        accepted_hash=proposal.content_hash,
    )  # fmt: skip
    session.add(link)
    proposal.status, proposal.decided_at, proposal.decided_by = ProposalStatus.APPROVED, now, actor.person_id
    session.flush()  # gives the id for the audit line
    record(
        session, witness(actor), AuditKind.LINK_CHANGED, tenant_id=centre, subject=("link", link.id), now=now,
        step="approved", proposal=proposal.id,
    )  # fmt: skip
    return link


def decline_link(session: PortalSession, actor: Actor, proposal: LinkProposal, *, now: datetime) -> None:
    """Leave the link as it is. Raises `Conflict` when it was decided meanwhile."""
    centre = _may(session, actor, Action.APPROVE_DIRECTORY)
    _must_be_open(proposal)
    proposal.status, proposal.decided_at, proposal.decided_by = ProposalStatus.DECLINED, now, actor.person_id
    record(
        session, witness(actor), AuditKind.LINK_CHANGED, tenant_id=centre, subject=("link-proposal", proposal.id),
        now=now, step="declined",
    )  # fmt: skip


def confirm_link(session: PortalSession, actor: Actor, link: AuthorityLinkRow, *, today: date, now: datetime) -> None:
    """A person looked: the page is the right one, and its present text is what later checks compare with."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    link.is_verified, link.checked_on, link.checked_by, link.note = True, today, actor.name, ""
    latest = select(LinkCheck).where(LinkCheck.link_id == link.id).order_by(LinkCheck.at.desc(), LinkCheck.id.desc())
    check = session.scalar(latest.limit(1))
    if check is not None and check.content_hash:
        link.accepted_hash = check.content_hash
        session.add(
            LinkCheck(
                link_id=link.id, at=now, outcome="ok", status=check.status, final_url=check.final_url,
                content_hash=check.content_hash, detail=SEEN_BY_A_PERSON,
            )
        )  # fmt: skip
    record(
        session, witness(actor), AuditKind.LINK_CHANGED, tenant_id=centre, subject=("link", link.id), now=now,
        step="confirmed",
    )  # fmt: skip


def end_link(session: PortalSession, actor: Actor, link: AuthorityLinkRow, *, today: date, now: datetime) -> None:
    """The council has no such page any more; notices leave it out from today on."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    link.valid_to = today
    record(
        session, witness(actor), AuditKind.LINK_CHANGED, tenant_id=centre, subject=("link", link.id), now=now,
        step="ended",
    )  # fmt: skip


def keep_check(session: PortalSession, link: AuthorityLinkRow, report: LinkReport, *, now: datetime) -> LinkCheck:
    """One more line of the link's history; the first text ever seen is what later ones are compared with."""
    check = LinkCheck(
        link_id=link.id, at=now, outcome=report.outcome, status=report.status, final_url=report.final_url[:_URL_LENGTH],
        content_hash=report.content_hash, detail=report.detail[:300],
    )  # fmt: skip
    session.add(check)
    if not link.accepted_hash:
        link.accepted_hash = report.content_hash
    return check


def rename_authority(
    session: PortalSession,
    actor: Actor,
    authority: AuthorityRow,
    new: NewName,
    *,
    today: date,
    now: datetime,
    corrects: bool = False,
) -> None:
    """Give a council another name from a day on.

    Raises `Invalid` for a day before its present name began, and for one that is past, unless the name `corrects` the
    directory: what notices said meanwhile stays as it was.
    """
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    if new.valid_from < today and not corrects:
        raise Invalid(PAST_NAME, field="valid_from")
    present = max(authority.names, key=lambda one: one.valid_from or date.min)
    if present.valid_from is not None and new.valid_from <= present.valid_from:
        raise Invalid(N_("The new name must begin after the present one did."), field="valid_from")
    authority.names.append(
        AuthorityNameRow(name=new.name, short_name=new.short_name, valid_from=new.valid_from, valid_to=present.valid_to)
    )
    present.valid_to = new.valid_from
    record(
        session, witness(actor), AuditKind.AUTHORITY_CHANGED, tenant_id=centre, subject=("authority", authority.key),
        now=now, step="renamed",
    )  # fmt: skip


def change_contacts(
    session: PortalSession, actor: Actor, authority: AuthorityRow, values: dict[str, str], *, today: date, now: datetime
) -> list[str]:
    """Contacts by kind (email, telephone, address), '' to end one; the ones before keep their rows and dates."""
    centre = _may(session, actor, Action.EDIT_DIRECTORY)
    changed = []
    for kind, value in values.items():
        held = [one for one in authority.contacts if one.kind == kind and one.valid_to is None]
        if [one.value for one in held] == ([value] if value else []):
            continue
        role = held[0].role if held else ""
        for one in held:
            if one.valid_from == today:
                authority.contacts.remove(one)
            else:
                one.valid_to = today
        if value:
            authority.contacts.append(
                AuthorityContactRow(
                    kind=kind, value=value, role=role, valid_from=today, checked_on=today, is_verified=True
                )
            )
        changed.append(kind)
    if changed:
        record(
            session, witness(actor), AuditKind.AUTHORITY_CHANGED, tenant_id=centre,
            subject=("authority", authority.key), now=now, step="contacts",
        )  # fmt: skip
    return changed


def report_wrong_link(
    session: PortalSession, authority: AuthorityRow, *, url: str, message: str, now: datetime
) -> WrongLinkReport:
    """A reader says that a link is wrong; nothing is kept about the reader."""
    report = WrongLinkReport(authority_id=authority.id, url=url[:_URL_LENGTH], message=message, reported_at=now)
    session.add(report)
    return report


def settle_report(session: PortalSession, actor: Actor, report: WrongLinkReport, *, now: datetime) -> None:
    _may(session, actor, Action.EDIT_DIRECTORY)
    report.settled_at, report.settled_by = now, actor.person_id


def web_address(text: str) -> str:
    """Raises `Invalid` for anything but a plain http or https address of a named host."""
    parts = urlsplit(text.strip())
    is_plain = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and not parts.username
    if not is_plain or len(text) > _URL_LENGTH or any(character.isspace() for character in text.strip()):
        raise Invalid(N_("Enter a web address like https://www.example.gov.uk/privacy."), field="url")
    return text.strip()


def _may(session: PortalSession, actor: Actor, action: Action) -> int:
    centre = service(session).id
    require(actor, action, Place(centre, None, centre))
    return centre


def _must_be_open(proposal: LinkProposal) -> None:
    if proposal.status is not ProposalStatus.OPEN:
        raise Conflict(N_("Somebody decided this already."))
