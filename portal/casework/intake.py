"""Opening a case: what a person sent, or what somebody at school wrote down for her."""

from dataclasses import dataclass, field
from datetime import datetime

from portal.audit.rules import AuditKind
from portal.casework.kinds import WITHOUT_SUBJECT, Relationship
from portal.casework.letters import Sender, acknowledge, new_link
from portal.casework.models import Case, CaseKind, CaseReader, Channel, EventKind, WaitingFor
from portal.casework.progress import FAR, add_event, changing, refresh_dates
from portal.casework.queries import alike, authority_of, dpo_team, place
from portal.casework.telling import tell_dpo, tell_school
from portal.casework.trail import leave_line
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.errors import Invalid
from portal.core.secrets import new_reference
from portal.identity.permissions import Action, Actor, Role, require
from portal.identity.queries import people_in
from portal.identity.rules import hash_password
from portal.tenancy.models import Tenant, TenantKind
from portal.tenancy.queries import service
from portal.tenancy.scope import tenant_scope

PIN_GROUPS = (4, 4, 4)
"""Letters and figures of a PIN, and of a code that goes by post: 60 bits."""


@dataclass(frozen=True, slots=True)
class NewRequest:
    """What is known when a case is opened. `extra` holds answers that no column has; see `kinds` for the words."""

    kind: CaseKind
    received_at: datetime
    requester_name: str
    channel: Channel = Channel.ONLINE
    relationship: Relationship = Relationship.SELF
    subject_name: str = ""
    email: str = ""
    telephone: str = ""
    address: str = ""
    contact_notes: str = ""
    details: str = ""
    language: str = "en"
    is_about_head: bool = False
    is_confidential: bool = False
    extra: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """A new case with its private page, and the PIN that opens it where there is no e-mail address."""

    case: Case
    link: str
    pin: str


def open_case(
    session: PortalSession, actor: Actor, school: Tenant, request: NewRequest, *, sender: Sender, now: datetime
) -> Opened:
    """Open a case, acknowledge it and tell the people who work on it; one from a list is only kept.

    The scope must admit the school. A confidential question belongs to the service, and for the school does not exist.
    Raises `Invalid` for a request that nobody can be told about or that lies in the future.
    """
    if actor.kind == "person":
        require(actor, Action.OPEN_CASE, place(session, school))
    if request.is_confidential and request.kind is CaseKind.QUESTION:
        return _open_for_dpo(session, actor, request, sender=sender, now=now)
    return _open(session, actor, school, request, sender=sender, now=now)


def ask_dpo(
    session: PortalSession,
    actor: Actor,
    school: Tenant,
    request: NewRequest,
    *,
    is_confidential: bool,
    sender: Sender,
    now: datetime,
) -> Opened:
    """A question of a member of staff to the DPO team.

    A confidential one belongs to the service: for the school it does not exist, not even in its audit trail.
    """
    require(actor, Action.ASK_DPO, place(session, school))
    if is_confidential:
        return _open_for_dpo(session, actor, request, sender=sender, now=now)
    return _open(session, actor, school, request, sender=sender, now=now)


def _open_for_dpo(
    session: PortalSession, actor: Actor, request: NewRequest, *, sender: Sender, now: datetime
) -> Opened:
    dpo = service(session)
    with tenant_scope(session, dpo.id):
        return _open(session, actor, dpo, request, sender=sender, now=now)


def _open(
    session: PortalSession, actor: Actor, school: Tenant, request: NewRequest, *, sender: Sender, now: datetime
) -> Opened:
    is_news = request.channel is not Channel.SPREADSHEET  # nobody is told what everybody knows
    check_request(request, now=now)
    case = _new_case(session, actor, school, request, now=now)
    if is_news:  # of two that arrive at once the second sees the first
        session.take_turn(f"alike {case.tenant_id} {case.kind} {case.subject_name.lower()}")
    pin = ""
    if not case.contact_email and is_news:
        pin = new_reference(PIN_GROUPS)
        case.pin_hash = hash_password(pin)
    with changing(session, case, now=now, is_new=True):
        received = london(request.received_at).date()
        add_event(
            session, case, EventKind.RECEIVED, now=now, actor_id=actor.person_id, day=received, channel=case.channel,
            law=school.law,
        )  # fmt: skip
        if request.is_about_head:
            _limit_to_others(session, case)
        refresh_dates(session, case)
        if is_news:
            letter = acknowledge(session, case, school, sender=sender, now=now)
            add_event(session, case, EventKind.ACKNOWLEDGED, now=now, message=letter.id)
        for other in alike(session, case):  # neither is limited, or one would give the other away
            add_event(session, case, EventKind.LINKED, now=now, reference=other.reference)
            add_event(session, other, EventKind.LINKED, now=now, reference=case.reference)
        leave_line(
            session,
            actor,
            case,
            AuditKind.CASE_OPENED,
            now=now,
            contents={"details": case.details},
            request=case.kind.value,
            channel=case.channel.value,
        )
    if not is_news:
        return Opened(case, new_link(session, case, now=now), pin)
    tell_school(session, actor, case, sender=sender, now=now, is_new=True)
    if case.waiting_for is WaitingFor.DPO and school.kind is not TenantKind.SERVICE:
        tell_dpo(session, actor, case, sender=sender, now=now)
    return Opened(case, new_link(session, case, now=now), pin)


def surname(name: str) -> str:
    """The last word of a name, in lower case, as the search by surname wants it."""
    return name.rsplit(maxsplit=1)[-1].casefold()[:100] if name.split() else ""


def normal_pin(typed: str) -> str:
    """A PIN as it was made, however it is typed: capitals, and no letters that look like digits."""
    plain = "".join(filter(str.isalnum, typed)).upper().translate(str.maketrans("OIL", "011"))
    return "-".join(plain[start : start + 4] for start in range(0, min(len(plain), 40), 4))


def is_as_long_as_a_pin(typed: str) -> bool:
    """Whether it could be a PIN or a posted code, both of 60 bits, and not a code by e-mail, of six digits."""
    return len(normal_pin(typed).replace("-", "")) >= sum(PIN_GROUPS)


def normal_reference(typed: str) -> str:
    """A reference as it was made, however it is typed."""
    return normal_pin(typed[:20])


def check_request(request: NewRequest, *, now: datetime) -> None:
    """Raises `Invalid` for what could be no request, whatever the school; asked before it is read back to a caller."""
    if not request.requester_name:
        raise Invalid("Say whose request this is.", field="requester_name")
    if request.received_at > now:
        raise Invalid("A request cannot have been received in the future.", field="received_on")


def _new_case(session: PortalSession, actor: Actor, school: Tenant, request: NewRequest, *, now: datetime) -> Case:
    is_service = school.kind is TenantKind.SERVICE
    asks_dpo = request.kind in {CaseKind.QUESTION, CaseKind.ADVICE}
    subject = "" if request.kind in WITHOUT_SUBJECT else request.subject_name
    case = Case(
        tenant_id=school.id,
        reference=new_reference(),
        kind=request.kind,
        waiting_for=WaitingFor.DPO if is_service or asks_dpo else WaitingFor.SCHOOL,
        channel=request.channel,
        received_at=request.received_at,
        opened_at=now,
        changed_at=now,
        sort_on=FAR,
        requester_name=request.requester_name,
        requester_surname=surname(request.requester_name),
        requester_person_id=actor.person_id if request.channel is Channel.ONLINE else None,
        subject_name=subject,
        subject_surname=surname(subject) if subject != request.requester_name else "",
        relationship=request.relationship.value,
        contact_email=request.email,
        contact_telephone=request.telephone,
        contact_address=request.address,
        contact_notes=request.contact_notes,
        language=request.language,
        details=request.details,
        answers=dict(request.extra),
        trust_id=school.trust_id,
        authority_id=authority_of(session, school.id, london(now).date()),
        last_sequence=0,
    )
    session.add(case)
    session.flush()  # gives the id that events, letters and links carry
    return case


def _limit_to_others(session: PortalSession, case: Case) -> None:
    """The school as controller must answer, but not through the person it is about: its trust, else its governors."""
    above = [case.trust_id] if case.trust_id else [case.tenant_id]
    wanted = {Role.LEAD, Role.HEAD} if case.trust_id else {Role.CHAIR}
    chosen = {person.id for person, held in people_in(session, above) if held.role in wanted}
    chosen |= {person.id for person in dpo_team(session, case)}
    case.is_limited = True
    session.add_all(CaseReader(tenant_id=case.tenant_id, case_id=case.id, person_id=each) for each in sorted(chosen))
    add_event(session, case, EventKind.LIMITED, now=case.opened_at, people=len(chosen))
