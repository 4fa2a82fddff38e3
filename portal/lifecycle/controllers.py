"""Who decides about a school's information by law, and who keeps its records once it is no more."""

from datetime import date

from portal.core.database import PortalSession
from portal.directory.gias import SchoolRecord
from portal.directory.queries import council_of
from portal.tenancy.models import SchoolLaw, Tenant


def controller_of(law: SchoolLaw | None, name: str, trust: str) -> str:
    """UK GDPR Art 4(7): the trust of an academy; the governing body of a maintained school; else the proprietor."""
    if law is SchoolLaw.ACADEMY:
        return trust or f"the academy trust of {name}"
    if law is SchoolLaw.INDEPENDENT:
        return f"the proprietor of {name}"
    return f"the governing body of {name}"


def records_after_closure(
    session: PortalSession, school: Tenant, *, on: date, successor: Tenant | SchoolRecord | None = None
) -> str:
    """A first sentence, for the central team to correct: the successor, the trust, or the council of the last day."""
    if successor is not None:
        return f"{school.name} became part of {successor.name}, which keeps its records."
    trust = session.get(Tenant, school.trust_id) if school.trust_id else None
    if trust is not None:
        return f"The records of {school.name} are with {trust.name}."
    if school.law is SchoolLaw.INDEPENDENT:
        return f"The records of {school.name} are with its proprietor."
    council = council_of(session, school.id, on).council
    keeper = council.name if council is not None else "the council"
    return f"The records of {school.name} are with {keeper}."
