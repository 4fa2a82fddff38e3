"""The letters of casework: what each says, in the requester's language, and how it goes out.

An e-mail carries the reference and a link, never what the letter is about: the mailbox may be shared. The letter
itself stands on the requester's private page, and can be printed and posted where there is no e-mail address.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from portal.casework.kinds import KINDS
from portal.casework.models import Case, CaseKind, CaseMessage, RequesterLink
from portal.core.clock import london
from portal.core.database import PortalSession
from portal.core.i18n import N_, words
from portal.core.secrets import Keys, digest, new_token
from portal.identity.models import Person
from portal.outbox.actions import write_letter
from portal.tenancy.models import Tenant, TenantKind

LINK_PURPOSE = "requester-link"


class LetterKind(StrEnum):
    """What a letter to the requester is for; the clock moves with some of them."""

    ACKNOWLEDGEMENT = "acknowledgement"
    MESSAGE = "message"
    IDENTITY = "identity"
    CLARIFICATION = "clarification"
    EXTENSION = "extension"
    PROGRESS = "progress"
    OUTCOME = "outcome"


LABELS: dict[LetterKind, str] = {
    LetterKind.ACKNOWLEDGEMENT: N_("We have your request"),
    LetterKind.MESSAGE: N_("A message"),
    LetterKind.IDENTITY: N_("Please show us who you are"),
    LetterKind.CLARIFICATION: N_("Please tell us what exactly you want"),
    LetterKind.EXTENSION: N_("We need more time"),
    LetterKind.PROGRESS: N_("How far we are"),
    LetterKind.OUTCOME: N_("Our answer"),
}

_PLACE = re.compile(r"\[[^\]]+\]")
_GREETING = N_("Dear %(name)s,")
_ACKNOWLEDGEMENT = N_(
    "Thank you. %(school)s received your request on %(received)s. Its reference is %(reference)s.\n\n"
    "You asked for: %(kind)s.\n\n"
    "%(answer)s\n\n"
    "You do not have to do anything now. If we need to know more, we will write to you."
)
_ACKNOWLEDGED_REPORT = N_(
    "Thank you. %(school)s received your report on %(received)s. Its reference is %(reference)s.\n\n"
    "%(answer)s\n\n"
    "You do not have to do anything now. If we need to know more, we will write to you."
)
_ANSWER_BY = N_("We will answer by %(due)s.")
_ANSWER_LATE = N_("We should have answered by %(due)s, and will answer as soon as we can.")
_REPORT_BY = N_("If there is a risk to people, the regulator must be told by %(due)s.")
_REPORT_LATE = N_("If there is a risk to people, the regulator had to be told by %(due)s, and must be told now.")
_ANSWER_LATER = N_("We will tell you the date of our answer as soon as it is clear.")
_ACKNOWLEDGED_COMPLAINT = N_("We are looking into it, and will tell you what we found without undue delay.")

TEMPLATES: dict[LetterKind, str] = {
    LetterKind.MESSAGE: N_("[your message]"),
    LetterKind.IDENTITY: N_(
        "Before we can answer, we need to be sure who you are, or that you may act for the person the request is "
        "about. Please show us one of these:\n\n"
        "- a passport, driving licence or birth certificate, at the school office or as a copy\n"
        "- a paper that shows that you may act for the person\n\n"
        "The time for our answer starts on the day it reaches us. We look at it only to check, and do not keep it."
    ),
    LetterKind.CLARIFICATION: N_(
        "You asked to see information. We hold a large amount, and to find what you want we need to know a little "
        "more. Please tell us, as far as you can:\n\n"
        "- what it is about\n"
        "- from which time\n"
        "- who may have written or received it\n\n"
        "The time for our answer stands still from today until you reply. If you want everything, say so."
    ),
    LetterKind.EXTENSION: N_(
        "Your request takes more work than most. The law lets us take up to three months in such a case, counted from "
        "the day it started.\n\n"
        "The reason is: [the reason]\n\n"
        "If you do not agree, tell us: you can complain to the school, and we acknowledge it within 30 days. You can "
        "also complain to the Information Commissioner."
    ),
    LetterKind.PROGRESS: N_("We are working on your request. This is how far we are: [how far you are]"),
    LetterKind.OUTCOME: N_(
        "We have finished your request. This is our answer:\n\n[your answer]\n\n"
        "If you are not content with it, you can complain to the school: write to us, and we acknowledge it within 30 "
        "days. You can also complain to the Information Commissioner, or ask a court to enforce your right."
    ),
}

_SUBJECT = N_("Request %(reference)s")
_ACKNOWLEDGED_MAIL = N_(
    "%(school)s has received your request. Its reference is %(reference)s.\n\n"
    "%(answer)s\n\n"
    "Open this page to follow it, to add something or to write to the school:\n%(link)s\n\n"
    "The page asks for a code, which it sends to this address. Nobody can open it with this link alone."
)
_NEWS_MAIL = N_(
    "There is a message for you about your request %(reference)s.\n\n"
    "Open this page to read it and to answer:\n%(link)s\n\n"
    "The page asks for a code, which it sends to this address. Nobody can open it with this link alone."
)
_MOVED_MAIL = N_(
    "From now on the school writes about request %(reference)s to another address.\n\n"
    "If you did not ask for this, tell the school at once."
)
_CODE_MAIL = N_(
    "Your code is %(code)s\n\n"
    "Type it on the page where you asked for it. It works once, for %(minutes)d minutes.\n\n"
    "Did you not ask for a code? Then do nothing: without it nobody can open your request. Never tell it to anybody, "
    "not even to the school."
)
_STAFF_NEW = N_(
    "A new request has come: %(reference)s.\n\n%(answer)s\n\n%(link)s\n\nThis message says nothing about it on purpose."
)
_STAFF_NEWS = N_("There is something new about request %(reference)s.\n\n%(link)s")

_DIGEST_SUBJECT = N_("Requests on %(day)s")
_DIGEST = {
    "overdue": N_("Overdue:"),
    "soon": N_("To be answered within a week:"),
    "nobodys": N_("Nobody works on these yet:"),
}


@dataclass(frozen=True, slots=True)
class Sender:
    """What letters need to know of the installation."""

    base_url: str
    keys: Keys

    @property
    def host(self) -> str:
        return urlsplit(self.base_url).hostname or "localhost"

    def address(self, path: str) -> str:
        return self.base_url.rstrip("/") + path


def new_link(session: PortalSession, case: Case, *, now: datetime) -> str:
    """The path of a private page of the case; only its digest is kept."""
    token = new_token()
    session.add(
        RequesterLink(
            tenant_id=case.tenant_id, case_id=case.id, digest=digest(token, purpose=LINK_PURPOSE), made_at=now
        )
    )
    return f"/requests/{token}" + (f"?lang={case.language}" if case.language != "en" else "")


def suggest(kind: LetterKind, case: Case, school: Tenant) -> str:
    """The text that a letter of this kind starts from, for a person to change."""
    greeting = words(_GREETING, case.language, name=case.requester_name)
    body = words(TEMPLATES[kind], case.language)
    return f"{greeting}\n\n{body}\n\n{school.name}"


def left_open(kind: LetterKind, body: str, language: str) -> str:
    """The place of the suggested text, such as "[the reason]", that nobody has filled; empty when all are."""
    for line in words(TEMPLATES[kind], language).splitlines():
        for place in _PLACE.findall(line):
            bare = line.replace(place, "").strip()
            if place in body or (bare and any(each.strip() == bare for each in body.splitlines())):
                return str(place)
    return ""


def acknowledge(session: PortalSession, case: Case, school: Tenant, *, sender: Sender, now: datetime) -> CaseMessage:
    """The first letter: reference, date and how to follow the request."""
    language = case.language
    answer = _answer(case, language, now)
    body = words(
        _ACKNOWLEDGED_REPORT if case.kind is CaseKind.BREACH else _ACKNOWLEDGEMENT,
        language,
        school=school.name,
        received=london(case.received_at).date(),
        reference=case.reference,
        kind=words(KINDS[case.kind], language),
        answer=answer,
    )
    greeting = words(_GREETING, language, name=case.requester_name)
    text = f"{greeting}\n\n{body}\n\n{school.name}"
    message = _keep(session, case, LetterKind.ACKNOWLEDGEMENT, text, author_id=None, now=now)
    if case.contact_email:
        link = sender.address(new_link(session, case, now=now))
        mail = words(
            _ACKNOWLEDGED_MAIL, language, school=school.name, reference=case.reference, answer=answer, link=link
        )
        _send(session, case, "requester.acknowledgement", mail, sender=sender, now=now)
    return message


def send_letter(
    session: PortalSession,
    case: Case,
    kind: LetterKind,
    body: str,
    *,
    author_id: int | None,
    sender: Sender,
    now: datetime,
) -> CaseMessage:
    """Put a letter on the private page, and tell the requester where she has an e-mail address."""
    message = _keep(session, case, kind, body, author_id=author_id, now=now)
    if case.contact_email:
        link = sender.address(new_link(session, case, now=now))
        text = words(_NEWS_MAIL, case.language, reference=case.reference, link=link)
        _send(session, case, "requester.news", text, sender=sender, now=now)
    return message


def tell_moved(session: PortalSession, case: Case, before: str, *, sender: Sender, now: datetime) -> None:
    """Tell the address of before that another one holds, and the new one where the request stands."""
    if before:
        text = words(_MOVED_MAIL, case.language, reference=case.reference)
        _send(session, case, "requester.moved", text, sender=sender, now=now, to=before)
    if case.contact_email:
        link = sender.address(new_link(session, case, now=now))
        text = words(_NEWS_MAIL, case.language, reference=case.reference, link=link)
        _send(session, case, "requester.news", text, sender=sender, now=now)


def send_code(session: PortalSession, case: Case, code: str, *, minutes: int, sender: Sender, now: datetime) -> None:
    """The code that opens the private page."""
    text = words(_CODE_MAIL, case.language, code=code, minutes=minutes)
    _send(session, case, "requester.code", text, sender=sender, now=now)


def tell_staff(
    session: PortalSession,
    case: Case,
    place: Tenant,
    people: list[Person],
    *,
    sender: Sender,
    now: datetime,
    is_new: bool = False,
) -> None:
    """Tell people who work on a case that something came; `place` is the door they enter by."""
    path = staff_path(case, place)
    for person in people:
        message = _STAFF_NEW if is_new else _STAFF_NEWS
        values = {"reference": case.reference, "link": sender.address(path)}
        if is_new:
            values["answer"] = _answer(case, person.language, now)
        write_letter(
            session,
            tenant_id=case.tenant_id,
            kind="staff.new" if is_new else "staff.news",
            recipient=person.email,
            subject=words(_SUBJECT, person.language, reference=case.reference),
            body=words(message, person.language, **values),
            now=now,
            host=sender.host,
            language=person.language,
        )


def write_digest(
    session: PortalSession, place: Tenant, person: Person, lines: dict[str, list[str]], *, sender: Sender, now: datetime
) -> None:
    """The morning's letter to one person: references under what they need, and the way to the inbox."""
    language = person.language
    parts = [
        words(_DIGEST[name], language) + "\n" + "\n".join(references)
        for name, references in lines.items()
        if references
    ]
    door = "/central" if place.kind is TenantKind.SERVICE else f"/school/{place.slug}"
    write_letter(
        session,
        tenant_id=place.id,
        kind="staff.digest",
        recipient=person.email,
        subject=words(_DIGEST_SUBJECT, language, day=london(now).date()),
        body="\n\n".join([*parts, sender.address(f"{door}/cases")]),
        now=now,
        host=sender.host,
        language=language,
    )


def staff_path(case: Case, place: Tenant) -> str:
    """Where people of this place open the case."""
    door = "/central" if place.kind is TenantKind.SERVICE else f"/school/{place.slug}"
    return f"{door}/cases/{case.reference}"


def _answer(case: Case, language: str, now: datetime) -> str:
    if case.kind is CaseKind.COMPLAINT:
        return words(_ACKNOWLEDGED_COMPLAINT, language)
    due: date | datetime | None = case.due_at or case.due_on
    if due is None:
        return words(_ANSWER_LATER, language)
    is_late = due < now if isinstance(due, datetime) else due < london(now).date()
    if case.kind is CaseKind.BREACH:
        return words(_REPORT_LATE if is_late else _REPORT_BY, language, due=due)
    return words(_ANSWER_LATE if is_late else _ANSWER_BY, language, due=due)


def _keep(
    session: PortalSession, case: Case, kind: LetterKind, body: str, *, author_id: int | None, now: datetime
) -> CaseMessage:
    message = CaseMessage(
        tenant_id=case.tenant_id,
        case_id=case.id,
        from_requester=False,
        kind=kind.value,
        author_id=author_id,
        at=now,
        subject=words(LABELS[kind], case.language),
        body=body,
    )
    session.add(message)
    session.flush()  # gives the id that the event names
    return message


def _send(
    session: PortalSession, case: Case, kind: str, body: str, *, sender: Sender, now: datetime, to: str = ""
) -> None:
    write_letter(
        session,
        tenant_id=case.tenant_id,
        kind=kind,
        recipient=to or case.contact_email,
        subject=words(_SUBJECT, case.language, reference=case.reference),
        body=body,
        now=now,
        host=sender.host,
        language=case.language,
    )
