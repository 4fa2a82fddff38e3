"""What a school arranges for itself: who is responsible, languages, looks, terms, who watches in the holidays."""

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from itertools import pairwise

from sqlalchemy import delete, select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.casework.holidays import move_dates
from portal.casework.models import Case, CaseStatus, InsetDay, Term
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.i18n import N_
from portal.core.working_days import is_in_term_years
from portal.directory.gias import read_date
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.lifecycle.branding import checked_colour, image_kind
from portal.notices.changes import note_tenant_change
from portal.tenancy.actions import change_setting
from portal.tenancy.models import Setting, Tenant
from portal.tenancy.queries import service, setting

HOLIDAY_WATCHER = "watcher_in_holidays"
_HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
_SPAN = re.compile(r"(?P<first>\S+)\s*(?:-|\u2013|to|until)\s*(?P<last>\S+)", re.IGNORECASE)
_MOST_DAYS = 200


@dataclass(frozen=True, slots=True)
class Responsible:
    """Names of who is responsible for information in the school; `contact` and `contact_email` answer questions."""

    contact: str = ""
    contact_email: str = ""
    siro: str = ""
    champion: str = ""
    governor: str = ""
    chair: str = ""


@dataclass(frozen=True, slots=True)
class Crest:
    kind: str
    content: bytes
    digest: str


def responsible(session: PortalSession, school: Tenant) -> Responsible:
    stored = setting(session, school.id, "roles")
    return Responsible(**{key: str(stored.get(key, "")) for key in asdict(Responsible())})


def keep_responsible(
    session: PortalSession, actor: Actor, school: Tenant, value: Responsible, *, now: datetime
) -> None:
    """Who is the contact, the senior information risk owner, the information champion, the governor and the chair."""
    _may(session, actor, school)
    _keep(session, actor, school, "roles", {**asdict(value)}, now=now)


def keep_languages(
    session: PortalSession, actor: Actor, school: Tenant, codes: Sequence[str], *, known: Sequence[str], now: datetime
) -> None:
    """In which languages the notice is offered; English always. Raises `Invalid` for one the portal does not speak."""
    _may(session, actor, school)
    if unknown := set(codes) - set(known):
        raise Invalid(
            N_("The portal has no %(language)s.") % {"language": ", ".join(sorted(unknown))}, field="languages"
        )
    school.languages = [code for code in known if code in codes or code == "en"]
    _changed(session, actor, school, "languages", now=now)
    note_tenant_change(session, school, reason="The languages of the notice changed.", now=now, made_by=actor.person_id)


def keep_colour(session: PortalSession, actor: Actor, school: Tenant, text: str, *, now: datetime) -> None:
    """'' goes back to the portal's own. Raises `Invalid` for one on which white words cannot be read."""
    _may(session, actor, school)
    school.colour = checked_colour(text) if text.strip() else ""
    _changed(session, actor, school, "colour", now=now)


def keep_crest(session: PortalSession, actor: Actor, school: Tenant, content: bytes | None, *, now: datetime) -> None:
    """Raises `Invalid` for anything but a small PNG or JPEG; `None` removes the crest."""
    _may(session, actor, school)
    value: dict[str, object] = {}
    if content is not None:
        encoded = base64.b64encode(content).decode("ascii")
        value = {"kind": image_kind(content), "content": encoded, "digest": hashlib.sha256(content).hexdigest()}
    _keep(session, actor, school, "crest", value, now=now)


def crest_of(session: PortalSession, school: Tenant) -> Crest | None:
    stored = setting(session, school.id, "crest")
    if not stored.get("content"):
        return None
    return Crest(str(stored["kind"]), base64.b64decode(str(stored["content"])), str(stored["digest"]))


def terms_of(session: PortalSession, school: Tenant) -> tuple[list[tuple[date, date]], list[date]]:
    """The school's terms and its days in term without pupils."""
    terms = select(Term).where(Term.tenant_id == school.id).order_by(Term.first_day)
    days = select(InsetDay.day).where(InsetDay.tenant_id == school.id).order_by(InsetDay.day)
    return [(term.first_day, term.last_day) for term in session.scalars(terms)], list(session.scalars(days))


def keep_terms(
    session: PortalSession, actor: Actor, school: Tenant, terms: Sequence[tuple[date, date]], days: Sequence[date], *,
    now: datetime,
) -> None:  # fmt: skip
    """Replace the dates; what is due in open requests is worked out anew. Raises `Invalid` for terms that overlap."""
    _may(session, actor, school)
    ordered = sorted(terms)
    for (_, last), (first, _end) in pairwise(ordered):
        if first <= last:
            raise Invalid(N_("Two terms overlap."), field="terms")
    session.execute(delete(Term).where(Term.tenant_id == school.id))
    session.execute(delete(InsetDay).where(InsetDay.tenant_id == school.id))
    session.add_all(Term(tenant_id=school.id, first_day=first, last_day=last) for first, last in ordered)
    session.add_all(InsetDay(tenant_id=school.id, day=day) for day in sorted(set(days)))
    session.flush()  # the clock reads them
    open_cases = select(Case).where(Case.tenant_id == school.id, Case.status != CaseStatus.CLOSED)
    move_dates(session, list(session.scalars(open_cases)), actor=actor, now=now)
    _changed(session, actor, school, "terms", now=now)


def read_terms(text: str) -> list[tuple[date, date]]:
    """One term a line: "2/9/2026 - 23/10/2026". Raises `Invalid` naming the line."""
    found = []
    for number, line in _lines(text):
        match = _SPAN.fullmatch(line)
        first, last = (_day(match[part], number, "terms") for part in ("first", "last")) if match else (None, None)
        if first is None or last is None or last < first or not is_in_term_years(first, last):
            raise Invalid(N_("Write a term as 2/9/2026 - 23/10/2026."), line=number, field="terms")
        found.append((first, last))
    return found


def read_days(text: str) -> list[date]:
    """One day a line. Raises `Invalid` naming the line."""
    return [_day(line, number, "days") for number, line in _lines(text)]


def keep_holiday_watcher(
    session: PortalSession, actor: Actor, school: Tenant, person_id: int, *, among: Sequence[int], now: datetime
) -> None:
    """Who gets letters about requests in the holidays; 0 for the DPO team. Raises `Invalid` for somebody else."""
    _may(session, actor, school)
    if person_id and person_id not in among:
        raise Invalid(N_("Choose somebody of this school."), field="person")
    value: dict[str, object] = {"person_id": person_id} if person_id else {}
    _keep(session, actor, school, HOLIDAY_WATCHER, value, now=now)


def keep_host(
    session: PortalSession, actor: Actor, school: Tenant, host: str, *, own: Sequence[str], now: datetime
) -> None:
    """A web address of the school's own, for its public pages; '' for none. Raises `Invalid`."""
    require(actor, Action.CHANGE_TENANT, Place(school.id, school.trust_id, service(session).id))
    name = host.strip().lower().rstrip(".")
    if name and (not _HOST.fullmatch(name) or name in own):
        raise Invalid(N_("Enter a host name like privacy.school.sch.uk, without https://."), field="host")
    taken = select(Tenant.id).where(Tenant.host == name, Tenant.id != school.id)
    if name and session.scalar(taken) is not None:
        raise Invalid(N_("Another school has this address."), field="host")
    school.host = name or None
    _changed(session, actor, school, "host", now=now)


def _lines(text: str) -> list[tuple[int, str]]:
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if len(lines) > _MOST_DAYS:
        raise Invalid(N_("These are too many lines."))
    return lines


def _day(text: str, line: int, field: str) -> date:
    try:
        found = read_date(text.strip())
    except Invalid:
        found = None
    if found is None:
        raise Invalid(N_("Write a day as 2/9/2026."), line=line, field=field)
    return found


def _may(session: PortalSession, actor: Actor, school: Tenant) -> None:
    require(actor, Action.EDIT_FACTS, Place(school.id, school.trust_id, service(session).id))


def _keep(
    session: PortalSession, actor: Actor, school: Tenant, key: str, value: dict[str, object], *, now: datetime
) -> None:
    if value:
        change_setting(session, school, key, value, now=now, changed_by=actor.person_id)
    else:
        session.execute(delete(Setting).where(Setting.tenant_id == school.id, Setting.key == key))
    _changed(session, actor, school, key, now=now)


def _changed(session: PortalSession, actor: Actor, school: Tenant, what: str, *, now: datetime) -> None:
    record(session, witness(actor), AuditKind.SETTING_CHANGED, tenant_id=school.id, subject=("setting", what), now=now)
