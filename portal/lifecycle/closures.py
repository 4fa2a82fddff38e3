"""Schools that the register closed in favour of another that it does not name: a person says which one took over."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import String, cast, select

from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.core.i18n import N_
from portal.directory.gias import SchoolRecord, SchoolStatus
from portal.directory.gias_matching import Evidence
from portal.directory.gias_plan import Conversion, ImportPlan, Merger, change_between
from portal.directory.models import RegisterSchool
from portal.directory.queries import authorities_by_code
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.register_apply import apply_plan
from portal.lifecycle.register_records import record_from
from portal.tenancy.queries import service


class Outcome(StrEnum):
    """What became of a school that closed: the same under another number, part of another, or no more."""

    CONTINUES = "continues"
    MERGED = "merged"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Question:
    """A school of ours, as it is known and as the register closed it, with the schools that may have taken over."""

    known: SchoolRecord
    closed: SchoolRecord
    candidates: tuple[RegisterSchool, ...]
    school_id: int


def open_questions(session: PortalSession) -> list[Question]:
    """Every closure that waits for a person, by name."""
    asked = select(RegisterSchool).where(
        RegisterSchool.tenant_id.is_not(None), cast(RegisterSchool.question, String) != "{}"
    )
    return [_question(session, row) for row in session.scalars(asked.order_by(RegisterSchool.name))]


def question_about(session: PortalSession, urn: str) -> Question:
    """Raises `NotFound` where nothing is open."""
    row: RegisterSchool | None = session.get(RegisterSchool, urn)
    if row is None or row.tenant_id is None or not row.question:
        raise NotFound(N_("No closure of this school waits for a decision."))
    return _question(session, row)


def answer_question(
    session: PortalSession, actor: Actor, urn: str, outcome: Outcome, successor: str, *, today: date, now: datetime
) -> None:
    """Do what the register's file would have done, had it named the successor. Needs the scope of every tenant.

    Raises `Invalid` for a successor that the register does not have, or that cannot be one; `NotFound`.
    """
    centre = service(session)
    require(actor, Action.ADD_TENANT, Place(centre.id, None, centre.id))
    question = question_about(session, urn)
    plan = _plan(session, question, outcome, successor.strip(), today)
    apply_plan(session, actor, plan, (), goes_live=False, today=today, now=now)


def _question(session: PortalSession, row: RegisterSchool) -> Question:
    assert row.tenant_id is not None
    urns = row.question["candidates"]
    found = session.scalars(select(RegisterSchool).where(RegisterSchool.urn.in_(urns)).order_by(RegisterSchool.name))
    return Question(record_from(row.record), record_from(row.question["record"]), tuple(found), row.tenant_id)


def _plan(session: PortalSession, question: Question, outcome: Outcome, urn: str, today: date) -> ImportPlan:
    if outcome is Outcome.ENDED:
        change = change_between(question.known, question.closed)
        return ImportPlan(changed=(change,) if change is not None else ())
    row: RegisterSchool | None = session.get(RegisterSchool, urn)
    if row is None or urn == question.known.urn:
        raise Invalid(N_("The register has no such school."), field="successor")
    record = record_from(row.record)
    if record.status is SchoolStatus.CLOSED:
        raise Invalid(N_("That school is closed itself."), field="successor")
    if record.law is None or record.la_code not in authorities_by_code(session, today):
        raise Invalid(N_("That is no school of an English council."), field="successor")
    if outcome is Outcome.MERGED:
        merger = Merger((question.closed,), record, Evidence.REGISTER_LINK)
        return ImportPlan(created=() if row.tenant_id else (record,), merged=(merger,))
    if row.tenant_id is not None:
        raise Invalid(N_("That school is here already: say that this one became part of it."), field="successor")
    return ImportPlan(converted=(Conversion(question.known, question.closed, record, Evidence.REGISTER_LINK),))
