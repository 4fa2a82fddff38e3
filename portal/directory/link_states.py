"""Links with what their last check found, the worst first: for the directory's editor and the command line."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select

from portal.core.database import PortalSession
from portal.core.errors import NotFound
from portal.core.i18n import N_
from portal.directory.links import LinkOutcome
from portal.directory.models import (
    AuthorityLinkRow,
    AuthorityNameRow,
    AuthorityRow,
    LinkCheck,
    LinkProposal,
    ProposalStatus,
    SchoolAuthority,
    WrongLinkReport,
)
from portal.directory.queries import holding
from portal.tenancy.models import Tenant, TenantStatus

BROKEN: Final = frozenset(
    {
        LinkOutcome.BROKEN,
        LinkOutcome.HOME_PAGE,
        LinkOutcome.SOFT_404,
        LinkOutcome.LOOP,
        LinkOutcome.SLOW,
        LinkOutcome.BAD_CERTIFICATE,
        LinkOutcome.REFUSED,
        LinkOutcome.UNREACHABLE,
    }
)
_ORDER: Final = (
    LinkOutcome.BROKEN,
    LinkOutcome.UNREACHABLE,
    LinkOutcome.BAD_CERTIFICATE,
    LinkOutcome.LOOP,
    LinkOutcome.REFUSED,
    LinkOutcome.HOME_PAGE,
    LinkOutcome.SOFT_404,
    LinkOutcome.CONTENT_CHANGED,
    LinkOutcome.SLOW,
    LinkOutcome.REDIRECTED,
    LinkOutcome.BLOCKED,
    LinkOutcome.ROBOTS,
)


@dataclass(frozen=True, slots=True)
class LinkState:
    """A link that holds on a day; `outcome` is '' before its first check."""

    link: AuthorityLinkRow
    authority: str
    name: str
    outcome: str = ""
    status: int | None = None
    final_url: str = ""
    detail: str = ""
    at: datetime | None = None

    @property
    def is_broken(self) -> bool:
        return self.outcome in BROKEN

    @property
    def needs_a_person(self) -> bool:
        return bool(self.outcome) and self.outcome not in {LinkOutcome.OK, LinkOutcome.SLOW}

    def as_dict(self) -> dict[str, Any]:
        return {
            "authority": self.authority,
            "name": self.name,
            "kind": self.link.kind,
            "url": self.link.url,
            "verified": self.link.is_verified,
            "outcome": self.outcome,
            "status": self.status,
            "final_url": self.final_url,
            "detail": self.detail,
            "checked_at": self.at.isoformat() if self.at else None,
        }


def link_states(session: PortalSession, on: date, *, authority_id: int | None = None) -> list[LinkState]:
    """Every link that holds on a day, those that need a person first, then by council."""
    statement = (
        select(AuthorityLinkRow, AuthorityRow.key, AuthorityNameRow.name, LinkCheck)
        .join(AuthorityRow, AuthorityRow.id == AuthorityLinkRow.authority_id)
        .join(AuthorityNameRow, (AuthorityNameRow.authority_id == AuthorityRow.id) & holding(AuthorityNameRow, on))
        .outerjoin(LinkCheck, LinkCheck.id == _latest())
        .where(holding(AuthorityLinkRow, on))
    )
    if authority_id is not None:
        statement = statement.where(AuthorityLinkRow.authority_id == authority_id)
    states = [_state(*row) for row in session.execute(statement)]
    return sorted(states, key=lambda state: (_rank(state.outcome), state.name, state.link.kind, state.link.id))


def history(session: PortalSession, link_id: int, *, limit: int = 10) -> list[LinkCheck]:
    """A link's checks, newest first."""
    statement = select(LinkCheck).where(LinkCheck.link_id == link_id)
    return list(session.scalars(statement.order_by(LinkCheck.at.desc(), LinkCheck.id.desc()).limit(limit)))


def link_by_id(session: PortalSession, link_id: int) -> AuthorityLinkRow:
    """Raises `NotFound`."""
    found: AuthorityLinkRow | None = session.get(AuthorityLinkRow, link_id)
    if found is None:
        raise NotFound(N_("There is no such link."))
    return found


def proposal_by_id(session: PortalSession, proposal_id: int) -> LinkProposal:
    """Raises `NotFound`."""
    found: LinkProposal | None = session.get(LinkProposal, proposal_id)
    if found is None:
        raise NotFound(N_("There is no such proposal."))
    return found


def report_by_id(session: PortalSession, report_id: int) -> WrongLinkReport:
    """Raises `NotFound`."""
    found: WrongLinkReport | None = session.get(WrongLinkReport, report_id)
    if found is None:
        raise NotFound(N_("There is no such report."))
    return found


def open_reports(session: PortalSession, *, authority_id: int | None = None) -> list[tuple[WrongLinkReport, str]]:
    """What readers reported and nobody settled, oldest first, with the council's key."""
    statement = select(WrongLinkReport, AuthorityRow.key).join(
        AuthorityRow, AuthorityRow.id == WrongLinkReport.authority_id
    )
    statement = statement.where(WrongLinkReport.settled_at.is_(None))
    if authority_id is not None:
        statement = statement.where(WrongLinkReport.authority_id == authority_id)
    return [(report, key) for report, key in session.execute(statement.order_by(WrongLinkReport.reported_at))]


def unchecked_proposals(session: PortalSession) -> list[LinkProposal]:
    statement = select(LinkProposal).where(
        LinkProposal.status == ProposalStatus.OPEN, LinkProposal.checked_at.is_(None)
    )
    return list(session.scalars(statement.order_by(LinkProposal.id)))


def stale_links(
    session: PortalSession, on: date, *, before: datetime, limit: int, authority_id: int | None = None
) -> list[AuthorityLinkRow]:
    """Links that hold and were not looked at since `before`, the longest ago first."""
    states = link_states(session, on, authority_id=authority_id)
    states = [state for state in states if state.at is None or state.at < before]
    states.sort(key=lambda state: (state.at is not None, state.at, state.link.id))
    return [state.link for state in states[:limit]]


def schools_by_authority(session: PortalSession, on: date) -> dict[int, int]:
    """How many schools with public pages name each council as their own."""
    statement = (
        select(SchoolAuthority.authority_id, func.count())
        .join(Tenant, Tenant.id == SchoolAuthority.school_id)
        .where(Tenant.status.in_((TenantStatus.LIVE, TenantStatus.LEAVING)), holding(SchoolAuthority, on))
        .group_by(SchoolAuthority.authority_id)
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _latest() -> Any:  # noqa: ANN401 - a scalar subquery
    return (
        select(func.max(LinkCheck.id))
        .where(LinkCheck.link_id == AuthorityLinkRow.id)
        .correlate(AuthorityLinkRow)
        .scalar_subquery()
    )


def _state(link: AuthorityLinkRow, key: str, name: str, check: LinkCheck | None) -> LinkState:
    if check is None:
        return LinkState(link, key, name)
    return LinkState(link, key, name, check.outcome, check.status, check.final_url, check.detail, check.at)


def _rank(outcome: str) -> int:
    ranks = {each.value: number for number, each in enumerate(_ORDER)}
    return ranks.get(outcome, len(_ORDER) + (outcome == LinkOutcome.OK))
