"""Nobody forgets: reminders as a date comes near, and a morning digest. Both carry references only."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, or_, select

from portal.casework.letters import Sender, tell_staff, write_digest
from portal.casework.models import Case, CaseEvent, CaseStatus, EventKind, WaitingFor
from portal.casework.once import take_key
from portal.casework.progress import add_event, calendar_of
from portal.casework.queries import dpo_team, school_watchers, workers
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.identity.models import Person
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import service, setting

SOON, NEAR = timedelta(days=7), timedelta(days=3)
OWNERLESS_AFTER = timedelta(days=1)
MOST_LINES = 200
MORNING = 7
"""From seven o'clock in London the day's digest may go."""


def due_for_reminder(session: PortalSession, *, today: date) -> list[int]:
    """Open cases whose aim is a week away or less; the scope must be every tenant's."""
    statement = select(Case.id).where(Case.status == CaseStatus.OPEN, Case.sort_on <= today + SOON + timedelta(days=4))
    return list(session.scalars(statement.order_by(Case.sort_on, Case.id)))


def remind(session: PortalSession, case: Case, *, sender: Sender, now: datetime) -> bool:
    """Remind whoever it is time to remind, once for each step: the assignee, then the school, then the DPO too."""
    step = _step(case, london(now).date())
    if step == 0 or step <= _reminded(session, case):
        return False
    add_event(session, case, EventKind.REMINDED, now=now, step=step)
    team = dpo_team(session, case)
    assignee = next((person for person in workers(session, case) if person.id == case.assignee_id), None)
    at_school = {person.id: person for person in _watchers(session, case, london(now).date())}
    people = {assignee.id: assignee} if assignee is not None else dict(at_school)
    if step > 1:
        people |= at_school
    if step > 2 or case.waiting_for is WaitingFor.DPO:
        people |= {person.id: person for person in team}
    central = {person.id for person in team}
    for place, found in (
        (session.get_one(Tenant, case.tenant_id), [each for each in people.values() if each.id not in central]),
        (service(session), [each for each in people.values() if each.id in central]),
    ):
        tell_staff(session, case, place, found, sender=sender, now=now)
    return True


def digest_tenants(session: PortalSession, *, now: datetime) -> list[int]:
    """Tenants with something to say this morning, the service last; none before seven o'clock."""
    if london(now).hour < MORNING:
        return []
    statement = select(Case.tenant_id).where(*_noteworthy(now)).distinct()
    centre = service(session).id
    return [*(each for each in session.scalars(statement.order_by(Case.tenant_id)) if each != centre), centre]


def send_digest(session: PortalSession, tenant_id: int, *, sender: Sender, now: datetime) -> bool:
    """Once a day, one letter to each watcher of the tenant with what is due, overdue or nobody's.

    Whoever works on some of them hears of those. The DPO team's letter tells of what waits for it at any school, and of
    what is overdue anywhere.
    """
    today = london(now).date()
    if take_key(session, "digest", f"{tenant_id}:{today.isoformat()}", "", now=now) is not None:
        return False
    place = session.get_one(Tenant, tenant_id)
    is_centre = place.kind is TenantKind.SERVICE
    whose = _for_centre(tenant_id, today) if is_centre else Case.tenant_id == tenant_id
    statement = select(Case).where(whose, Case.is_limited.is_(False), *_noteworthy(now))
    cases = list(session.scalars(statement.order_by(Case.sort_on, Case.id).limit(MOST_LINES)))
    if not cases:
        return False
    watching = dpo_team(session, cases[0]) if is_centre else _watchers(session, cases[0], today)
    told = {person.id: (person, cases) for person in watching}
    for case in cases:
        for person in workers(session, case) if case.assignee_id and case.assignee_id not in told else ():
            if (
                person.id == case.assignee_id
                and (person.id in {each.id for each in dpo_team(session, case)}) == is_centre
            ):
                told[person.id] = person, [each for each in cases if each.assignee_id == person.id]
    for person, theirs in told.values():
        write_digest(session, place, person, _lines(theirs, now), sender=sender, now=now)
    return True


def _for_centre(tenant_id: int, today: date) -> ColumnElement[bool]:
    return or_(Case.tenant_id == tenant_id, Case.waiting_for == WaitingFor.DPO, Case.sort_on < today)


def _lines(cases: Sequence[Case], now: datetime) -> dict[str, list[str]]:
    today = london(now).date()
    late = {case.id for case in cases if (case.due_at < now if case.due_at else case.due_on and case.due_on < today)}
    overdue = [case.reference for case in cases if case.id in late]
    soon = [case.reference for case in cases if case.due_on and case.due_on <= today + SOON and case.id not in late]
    nobodys = [case.reference for case in cases if case.assignee_id is None]
    return {"overdue": overdue, "soon": soon, "nobodys": nobodys}


def _watchers(session: PortalSession, case: Case, today: date) -> Iterable[Person]:
    """The school's watchers; in its holidays whoever it named for them, failing that the DPO team."""
    calendar = calendar_of(session, case.tenant_id)
    if not calendar.knows_terms(today) or any(first <= today <= last for first, last in calendar.terms):
        return school_watchers(session, case)
    named = setting(session, case.tenant_id, "watcher_in_holidays").get("person_id")
    return [person for person in workers(session, case) if person.id == named] or dpo_team(session, case)


def _step(case: Case, today: date) -> int:
    if case.status is not CaseStatus.OPEN or case.due_on is None:
        return 0
    aim = case.aim_on or case.due_on
    if today >= case.due_on:
        return 3
    if today >= aim - NEAR:
        return 2
    return 1 if today >= aim - SOON else 0


def _reminded(session: PortalSession, case: Case) -> int:
    """The last step taken as the present dates see it: one from before they moved far away is none."""
    statement = select(CaseEvent).where(
        CaseEvent.tenant_id == case.tenant_id,
        CaseEvent.case_id == case.id,
        CaseEvent.kind == EventKind.REMINDED,
    )
    taken = [(int(event.data.get("step", 0)), london(event.at).date()) for event in session.scalars(statement)]
    return max((min(step, _step(case, day)) for step, day in taken), default=0)


def _noteworthy(now: datetime) -> tuple[ColumnElement[bool], ...]:
    nobodys = (Case.assignee_id.is_(None)) & (Case.opened_at < now - OWNERLESS_AFTER)
    return Case.status == CaseStatus.OPEN, or_(Case.sort_on <= london(now).date() + SOON, nobodys)
