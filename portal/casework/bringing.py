"""Bringing open requests over from a list: every line is tried before any is taken, and all are taken or none."""

from dataclasses import dataclass
from datetime import date, datetime

from portal.casework.intake import NewRequest, open_case
from portal.casework.letters import Sender
from portal.casework.queries import place
from portal.casework.spreadsheet import read_cases
from portal.core.database import PortalSession
from portal.core.errors import Conflict, Invalid
from portal.identity.permissions import Action, Actor, require
from portal.tenancy.models import Tenant


@dataclass(frozen=True, slots=True)
class Brought:
    """A line that was taken over, or would be; `reference` is empty where it was only tried."""

    line: int
    name: str
    reference: str
    due_on: date | None


@dataclass(frozen=True, slots=True)
class Bringing:
    """What became of a list, by line; where anything is `wrong`, nothing was taken."""

    brought: list[Brought]
    wrong: list[Invalid]


def bring_over(
    session: PortalSession, actor: Actor, school: Tenant, content: bytes, *, is_trial: bool, sender: Sender,
    now: datetime,
) -> Bringing:  # fmt: skip
    """Open a case for each line, as it would be opened by hand but without a word to anybody; a trial undoes them all.

    Raises `Invalid` for a file that is no such list.
    """
    require(actor, Action.BRING_CASES, place(session, school))
    found, wrong = read_cases(content, now=now)
    brought = []
    with session.begin_nested() as whole:
        for line, request in found:
            try:
                brought.append(_bring(session, actor, school, line, request, sender=sender, now=now))
            except (Invalid, Conflict) as error:
                wrong.append(Invalid(str(error), line=line))
        if is_trial or wrong:
            whole.rollback()
            brought = [Brought(each.line, each.name, "", each.due_on) for each in brought]
    return Bringing(brought, sorted(wrong, key=lambda error: error.line or 0))


def _bring(
    session: PortalSession, actor: Actor, school: Tenant, line: int, request: NewRequest, *, sender: Sender,
    now: datetime,
) -> Brought:  # fmt: skip
    with session.begin_nested():
        case = open_case(session, actor, school, request, sender=sender, now=now).case
        return Brought(line, case.requester_name, case.reference, case.due_on)
