"""Schools' wording of locked clauses, laid before the DPO team: what is open, and answering."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, require
from portal.notices.actions import place_of
from portal.notices.gathering import Shelf
from portal.notices.history import editions_at
from portal.notices.models import ReviewComment, WordingProposal
from portal.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Proposal:
    """A school's words beside the shared words of today."""

    row: WordingProposal
    school: str
    slug: str
    title: str
    shared: str


def open_proposals(session: PortalSession, shelf: Shelf, *, now: datetime) -> list[Proposal]:
    """The oldest first; the session must see every tenant."""
    statement = (
        select(WordingProposal, Tenant)
        .join(Tenant, Tenant.id == WordingProposal.tenant_id)
        .where(WordingProposal.settled_at.is_(None))
        .order_by(WordingProposal.proposed_at, WordingProposal.id)
    )
    rows = [(row, tenant) for row, tenant in session.execute(statement)]
    counting = editions_at(shelf.editions, now)
    clauses = counting[-1].clauses if counting else {}
    words = shelf.fetch(session, {clauses[row.key].part_hash for row, _ in rows if row.key in clauses})
    return [
        Proposal(
            row,
            tenant.name,
            tenant.slug,
            clauses[row.key].title if row.key in clauses else row.key,
            words[clauses[row.key].part_hash] if row.key in clauses else "",
        )
        for row, tenant in rows
    ]


def settle_proposal(
    session: PortalSession, actor: Actor, proposal_id: int, *, answer: str, now: datetime
) -> WordingProposal:
    """Answer the school, which sees it beside the clause. Raises `Invalid` without words; harmless the second time."""
    row: WordingProposal | None = session.get(WordingProposal, proposal_id)
    if row is None:
        raise NotFound("There is no such proposal.")
    tenant = session.get_one(Tenant, row.tenant_id)
    require(actor, Action.REVIEW_OVERRIDE, place_of(session, tenant))
    if not answer.strip():
        raise Invalid("Write a sentence to the school.", field="answer")
    if row.settled_at is not None:
        return row
    row.answer, row.settled_at, row.settled_by = answer.strip(), now, actor.person_id
    session.add(
        ReviewComment(tenant_id=tenant.id, key=row.key, text=answer.strip(), written_at=now, written_by=actor.person_id)
    )
    record(
        session, witness(actor), AuditKind.OVERRIDE_REVIEWED, tenant_id=tenant.id, subject=("clause", row.key), now=now,
        proposal=row.id,
    )  # fmt: skip
    return row
