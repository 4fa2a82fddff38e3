"""Verbs on councils themselves: adding one, its kind and website, its dated codes, its districts."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from portal.audit.actions import record
from portal.audit.rules import AuditKind
from portal.core.database import PortalSession
from portal.core.errors import Invalid, NotFound
from portal.core.i18n import N_
from portal.core.text import clean_name, slugify
from portal.directory.actions import web_address
from portal.directory.models import AuthorityCodeRow, AuthorityNameRow, AuthorityRow, District
from portal.directory.queries import read_book
from portal.directory.rules import AuthorityKind, CodeScheme
from portal.directory.succession import clashing_codes
from portal.identity.actions import witness
from portal.identity.permissions import Action, Actor, Place, require
from portal.tenancy.queries import service

_DISTRICT_LINE = re.compile(r"(?P<code>[EW]\d{8})\s+(?P<name>\S.*)", re.IGNORECASE)
_FORMS = {CodeScheme.DFE: re.compile(r"\d{3}"), CodeScheme.GSS: re.compile(r"E\d{8}")}


@dataclass(frozen=True, slots=True)
class Details:
    """What of a council has no dates; `region` is two letters such as EE, `website` may be ''."""

    kind: AuthorityKind
    region: str
    website: str


@dataclass(frozen=True, slots=True)
class NewAuthority:
    """A council to add; `valid_from` is None for one that has always been. Codes may be ''."""

    name: str
    short_name: str
    details: Details
    dfe: str = ""
    gss: str = ""
    valid_from: date | None = None


def add_authority(session: PortalSession, actor: Actor, new: NewAuthority, *, now: datetime) -> AuthorityRow:
    """A council that the directory does not have. Raises `Invalid` for a name or code that another has."""
    centre = _may(session, actor)
    key = slugify(new.short_name)[:60]
    if not key:
        raise Invalid(N_("The name of a new council cannot be read."), field="short_name")
    if key == "new" or session.scalar(select(AuthorityRow.id).where(AuthorityRow.key == key)) is not None:
        raise Invalid(N_("The directory has a council of this name already."), field="short_name")
    row = AuthorityRow(
        key=key, kind=new.details.kind, region=new.details.region, website=_website(new.details.website),
        districts=[], valid_from=new.valid_from,
        names=[AuthorityNameRow(name=new.name, short_name=new.short_name, valid_from=new.valid_from)],
        codes=[
            AuthorityCodeRow(scheme=scheme, code=_code(scheme, text), valid_from=new.valid_from)
            for scheme, text in ((CodeScheme.DFE, new.dfe), (CodeScheme.GSS, new.gss))
            if text.strip()
        ],
    )  # fmt: skip
    session.add(row)
    session.flush()  # its codes are compared with all others
    _refuse_clash(session, key)
    _audit(session, actor, row, centre, "added", now)
    return row


def change_details(
    session: PortalSession, actor: Actor, authority: AuthorityRow, details: Details, *, now: datetime
) -> bool:
    """Whether anything changed. Raises `Invalid` for a website that is no web address."""
    centre = _may(session, actor)
    website = _website(details.website)
    before = (authority.kind, authority.region, authority.website)
    authority.kind, authority.region, authority.website = details.kind, details.region, website
    if before == (details.kind, details.region, website):
        return False
    _audit(session, actor, authority, centre, "details", now)
    return True


def give_code(
    session: PortalSession,
    actor: Actor,
    authority: AuthorityRow,
    scheme: CodeScheme,
    text: str,
    *,
    valid_from: date | None,
    now: datetime,
) -> None:
    """Another code from a day on (always, when None); the one before it ends that day.

    Raises `Invalid` for what is no code, for one that another council has on the same day, and for a day at or before
    which the present code began.
    """
    centre = _may(session, actor)
    code = _code(scheme, text)
    held = max(
        (one for one in authority.codes if one.scheme is scheme and (one.valid_to is None or valid_from is None)),
        key=lambda one: one.valid_from or date.min,
        default=None,
    )
    if held is not None:
        if valid_from is None or (held.valid_from is not None and valid_from <= held.valid_from):
            raise Invalid(N_("The new code must begin after the present one did."), field="valid_from")
        held.valid_to = valid_from
    authority.codes.append(AuthorityCodeRow(scheme=scheme, code=code, valid_from=valid_from))
    session.flush()  # compared with all others
    _refuse_clash(session, authority.key)
    _audit(session, actor, authority, centre, "code given", now)


def end_code(
    session: PortalSession, actor: Actor, authority: AuthorityRow, code_id: int, *, on: date, now: datetime
) -> None:
    """The code is the council's no longer from a day on; one that had not begun by then never was.

    Raises `NotFound` for a code that is not the council's.
    """
    centre = _may(session, actor)
    found = next((one for one in authority.codes if one.id == code_id), None)
    if found is None:
        raise NotFound(N_("The council has no such code."))
    if found.valid_from is not None and found.valid_from >= on:
        authority.codes.remove(found)
    else:
        found.valid_to = on
    _audit(session, actor, authority, centre, "code ended", now)


def keep_districts(
    session: PortalSession,
    actor: Actor,
    authority: AuthorityRow,
    districts: Sequence[tuple[str, str]],
    *,
    now: datetime,
) -> None:
    """The districts of a county, by code and name, in place of those recorded. Raises `Invalid` for another's."""
    centre = _may(session, actor)
    held = {row.code: row for row in session.scalars(select(District))}
    for code, name in districts:
        row = held.get(code)
        if row is not None and row.authority_id != authority.id:
            other = session.get(AuthorityRow, row.authority_id)
            values = {"district": code, "name": other.names[-1].name if other is not None else ""}
            raise Invalid(N_("District %(district)s is recorded for %(name)s.") % values, field="districts")
        if row is None:
            session.add(District(code=code, name=name, authority_id=authority.id))
        else:
            row.name = name
    wanted = {code for code, _name in districts}
    for row in held.values():
        if row.authority_id == authority.id and row.code not in wanted:
            session.delete(row)
    authority.districts = sorted(wanted)
    _audit(session, actor, authority, centre, "districts", now)


def read_districts(text: str) -> list[tuple[str, str]]:
    """One district a line: "E07000066 Basildon". Raises `Invalid` naming the line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        match = _DISTRICT_LINE.fullmatch(line.strip())
        if match is None or match["code"].upper() in found:
            raise Invalid(N_("Write each district once, as E07000066 Basildon."), line=number, field="districts")
        found[match["code"].upper()] = clean_name(match["name"])[:100]
    return list(found.items())


def _code(scheme: CodeScheme, text: str) -> str:
    code = text.strip().upper()
    if not _FORMS[scheme].fullmatch(code):
        reason = {
            CodeScheme.DFE: N_("The DfE code has three figures, such as 881."),
            CodeScheme.GSS: N_("The GSS code is E and eight figures, such as E10000012."),
        }
        raise Invalid(reason[scheme], field=scheme.value)
    return code


def _website(text: str) -> str:
    return web_address(text) if text.strip() else ""


def _refuse_clash(session: PortalSession, key: str) -> None:
    book = read_book(session)
    problems = clashing_codes(book.by_key[key], book.authorities)
    if problems:
        raise Invalid(" ".join(str(problem) for problem in problems), field="code")


def _may(session: PortalSession, actor: Actor) -> int:
    centre = service(session).id
    require(actor, Action.EDIT_DIRECTORY, Place(centre, None, centre))
    return centre


def _audit(session: PortalSession, actor: Actor, row: AuthorityRow, centre: int, step: str, now: datetime) -> None:
    record(
        session, witness(actor), AuditKind.AUTHORITY_CHANGED, tenant_id=centre, subject=("authority", row.key), now=now,
        step=step,
    )  # fmt: skip
