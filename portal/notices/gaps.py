"""Facts that new words bring into a notice and that nobody has filled in: such words are not published."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from portal.core.database import PortalSession
from portal.notices.filling import Unresolved, missing
from portal.notices.gathering import Shelf, Standing, standing
from portal.notices.placeholders import own_facts
from portal.tenancy.models import Tenant


def new_gaps(
    session: PortalSession, shelf: Shelf, one: Standing, *, before: str, after: str, clause: str, at: datetime
) -> list[tuple[str, Unresolved]]:
    """(school, gap) for each fact that `after` needs, `before` does not, and the school lacks.

    A trust's words stand in its schools' notices, so each of its schools must have the fact.
    """
    wanted = own_facts(after) - own_facts(before)
    if not wanted:
        return []
    found: list[tuple[str, Unresolved]] = []
    for school in [one] if one.law is not None else _schools(session, one):
        known = shelf.facts_of(school, at)
        found += [(school.name, missing(key, clause)) for key in sorted(wanted) if not known.get(key, "").strip()]
    return found


def _schools(session: PortalSession, trust: Standing) -> Iterable[Standing]:
    for school in session.scalars(select(Tenant).where(Tenant.trust_id == trust.id).order_by(Tenant.id)):
        yield standing(session, school)
