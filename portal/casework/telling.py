"""Telling the people of either team that something came; each message carries the reference only."""

from datetime import datetime

from portal.casework.letters import Sender, tell_staff
from portal.casework.models import Case
from portal.casework.queries import dpo_team, school_watchers
from portal.core.database import PortalSession
from portal.identity.models import Person
from portal.identity.permissions import Actor
from portal.tenancy.models import Tenant
from portal.tenancy.queries import service


def tell_school(
    session: PortalSession, actor: Actor, case: Case, *, sender: Sender, now: datetime, is_new: bool = False
) -> None:
    """The school's person on the case, else whoever watches for the school."""
    team = {person.id for person in dpo_team(session, case)}
    assignee = session.get(Person, case.assignee_id) if case.assignee_id and case.assignee_id not in team else None
    found = [assignee] if assignee is not None else school_watchers(session, case)
    people = [person for person in found if person.id != actor.person_id]
    place = session.get_one(Tenant, case.tenant_id)
    tell_staff(session, case, place, people, sender=sender, now=now, is_new=is_new)


def tell_dpo(session: PortalSession, actor: Actor, case: Case, *, sender: Sender, now: datetime) -> None:
    """The DPO officer on the case, else all who may see it."""
    team = dpo_team(session, case)
    found = [person for person in team if person.id == case.assignee_id] or team
    people = [person for person in found if person.id != actor.person_id]
    tell_staff(session, case, service(session), people, sender=sender, now=now)
