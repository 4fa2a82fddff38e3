"""Looking at councils' links by the clock, and what a change of a link does to notices."""

import ssl
from datetime import date, datetime, time, timedelta

import structlog

from portal.core import clock
from portal.core.database import Database, PortalSession
from portal.directory.actions import (
    NewName,
    approve_link,
    change_contacts,
    end_link,
    keep_check,
    note_proposal_check,
    propose_link,
    rename_authority,
)
from portal.directory.editing import Details, change_details
from portal.directory.fetch import PublicFetcher
from portal.directory.link_states import link_by_id, proposal_by_id, stale_links, unchecked_proposals
from portal.directory.links import LinkChecker, LinkReport
from portal.directory.models import AuthorityLinkRow, AuthorityRow, LinkProposal, ProposalSource
from portal.directory.visits import PoliteVisitor
from portal.identity.permissions import SYSTEM, Actor
from portal.notices.changes import note_change
from portal.settings import Settings

log = structlog.get_logger("portal.links")
AGAIN_AFTER = timedelta(days=7)
_LINKS_AT_ONCE = 60
_SECONDS_A_RUN = 420.0


def links_wait(settings: Settings, database: Database) -> bool:
    """Whether there is an address to look at."""
    before = clock.now() - AGAIN_AFTER
    with database.session() as session:
        return bool(unchecked_proposals(session)) or (
            settings.is_production and bool(stale_links(session, clock.today(), before=before, limit=1))
        )


def check_by_the_clock(settings: Settings, database: Database) -> None:
    """Every open proposal that nobody looked at; in production also the links not looked at for a week."""
    checker = new_checker(settings)
    check_proposals(database, checker)
    if settings.is_production:
        check_links(database, checker, today=clock.today(), before=clock.now() - AGAIN_AFTER)


def new_checker(settings: Settings) -> LinkChecker:
    """A checker that says who it is and where to ask about it."""
    agent = f"portal-link-check (+{settings.address('/privacy')})"
    return LinkChecker(PoliteVisitor(PublicFetcher(agent, tls=ssl.create_default_context())))


def check_links(
    database: Database,
    checker: LinkChecker,
    *,
    today: date,
    before: datetime,
    limit: int = _LINKS_AT_ONCE,
    authority_id: int | None = None,
) -> list[LinkReport]:
    """Look at the links due, no transaction open meanwhile; stops before the lease on the work ends."""
    with database.session() as session:
        due = [
            (link.id, link.url, link.accepted_hash)
            for link in stale_links(session, today, before=before, limit=limit, authority_id=authority_id)
        ]
    until = checker.visitor.clock() + _SECONDS_A_RUN
    reports: list[LinkReport] = []
    for link_id, url, accepted in due:
        if checker.visitor.clock() > until:
            break
        report = checker.check(url, accepted)
        reports.append(report)
        log.info("link checked", link=link_id, outcome=report.outcome)
        with database.transaction() as session:
            keep_report(session, link_by_id(session, link_id), report, now=clock.now())
    return reports


def keep_report(session: PortalSession, link: AuthorityLinkRow, report: LinkReport, *, now: datetime) -> None:
    """The history's next line; a lasting redirect becomes a proposal for a person to approve."""
    keep_check(session, link, report, now=now)
    authority = session.get(AuthorityRow, link.authority_id)
    if not report.proposal or authority is None:
        return
    proposal = propose_link(
        session, SYSTEM, authority, kind=link.kind, url=report.proposal, now=now, link=link, language=link.language,
        reason=report.detail, source=ProposalSource.CHECKER,
    )  # fmt: skip
    note_proposal_check(proposal, report, now=now)


def check_proposals(database: Database, checker: LinkChecker) -> int:
    """Look at the proposed addresses, so that whoever decides knows what is there."""
    with database.session() as session:
        waiting = [(proposal.id, proposal.url) for proposal in unchecked_proposals(session)]
    for proposal_id, url in waiting:
        report = checker.check(url)
        with database.transaction() as session:
            note_proposal_check(proposal_by_id(session, proposal_id), report, now=clock.now())
    return len(waiting)


def take_link(session: PortalSession, actor: Actor, proposal: LinkProposal, *, now: datetime) -> AuthorityLinkRow:
    """Approve a proposal; notices show the new address from now on."""
    link = approve_link(session, actor, proposal, today=clock.london(now).date(), now=now)
    _tell(session, actor, "A council's page has another address.", now=now)
    return link


def drop_link(session: PortalSession, actor: Actor, link: AuthorityLinkRow, *, now: datetime) -> None:
    """End a link; notices leave it out from now on."""
    end_link(session, actor, link, today=clock.london(now).date(), now=now)
    _tell(session, actor, "A council's page is no more.", now=now)


def give_name(
    session: PortalSession,
    actor: Actor,
    authority: AuthorityRow,
    new: NewName,
    *,
    now: datetime,
    corrects: bool = False,
) -> None:
    """Rename a council; notices say the new name from its first day on, or from now on where it `corrects`."""
    today = clock.london(now).date()
    rename_authority(session, actor, authority, new, today=today, now=now, corrects=corrects)
    begins = max(now, clock.from_london(new.valid_from, time.min))
    note_change(session, reason="A council has another name.", at=begins, now=now, made_by=actor.person_id)


def give_details(
    session: PortalSession, actor: Actor, authority: AuthorityRow, details: Details, *, now: datetime
) -> None:
    """Change a council's kind, region or website; a notice without a better link leads to the website."""
    if change_details(session, actor, authority, details, now=now):
        _tell(session, actor, "A council's page has another address.", now=now)


def give_contacts(
    session: PortalSession, actor: Actor, authority: AuthorityRow, values: dict[str, str], *, now: datetime
) -> list[str]:
    """Change how to reach a council."""
    return change_contacts(session, actor, authority, values, today=clock.london(now).date(), now=now)


def _tell(session: PortalSession, actor: Actor, reason: str, *, now: datetime) -> None:
    note_change(session, reason=reason, at=now, now=now, made_by=actor.person_id)
