"""What can be asked for, in words: the plain router's ways to each kind, who asks for whom, and how each can end."""

from dataclasses import dataclass
from enum import StrEnum

from portal.casework.models import CaseKind, Channel, WaitingFor
from portal.casework.rules import ClockKind
from portal.core.i18n import N_
from portal.tenancy.models import SchoolLaw


class Goal(StrEnum):
    """The first question: what a person wants to happen."""

    SEE = "see"
    WRONG = "wrong"
    STOP = "stop"
    COMPLAIN = "complain"
    ELSE = "else"


GOALS: dict[Goal, str] = {
    Goal.SEE: N_("See the information you hold"),
    Goal.WRONG: N_("Something is wrong and should be put right"),
    Goal.STOP: N_("Stop using information, or delete it"),
    Goal.COMPLAIN: N_("Complain about how information was used"),
    Goal.ELSE: N_("Something else"),
}
GOAL_HINTS: dict[Goal, str] = {
    Goal.SEE: N_("For example your child’s file, e-mails about you, or the retention schedule"),
    Goal.WRONG: N_("For example an old address, a wrong date or an unfair note"),
    Goal.STOP: N_("For example a photograph you no longer agree to"),
    Goal.ELSE: N_("For example a question to the data protection officer"),
}

WAYS: dict[Goal, tuple[CaseKind, ...]] = {
    Goal.SEE: (CaseKind.ACCESS, CaseKind.RECORD, CaseKind.PORTABILITY, CaseKind.RETENTION, CaseKind.FOI),
    Goal.WRONG: (CaseKind.RECTIFICATION, CaseKind.RESTRICTION, CaseKind.AUTOMATED),
    Goal.STOP: (CaseKind.CONSENT, CaseKind.ERASURE, CaseKind.OBJECTION, CaseKind.RESTRICTION),
    Goal.COMPLAIN: (CaseKind.COMPLAINT,),
    Goal.ELSE: (CaseKind.QUESTION, CaseKind.AUTOMATED, CaseKind.PORTABILITY, CaseKind.RETENTION, CaseKind.FOI),
}
WAY_TITLES: dict[Goal, str] = {
    Goal.SEE: N_("Which kind of information is it?"),
    Goal.WRONG: N_("What should we do?"),
    Goal.STOP: N_("What should stop?"),
    Goal.COMPLAIN: N_("What is your complaint about?"),
    Goal.ELSE: N_("What is it about?"),
}

KINDS: dict[CaseKind, str] = {
    CaseKind.ACCESS: N_("See information"),
    CaseKind.RECORD: N_("Educational record"),
    CaseKind.RECTIFICATION: N_("Correct information"),
    CaseKind.ERASURE: N_("Delete information"),
    CaseKind.RESTRICTION: N_("Limit the use of information"),
    CaseKind.OBJECTION: N_("Object to a use"),
    CaseKind.CONSENT: N_("Consent taken back"),
    CaseKind.PORTABILITY: N_("Information to take elsewhere"),
    CaseKind.AUTOMATED: N_("Decision made by a computer"),
    CaseKind.COMPLAINT: N_("Complaint"),
    CaseKind.RETENTION: N_("Retention schedule"),
    CaseKind.QUESTION: N_("Question to the DPO"),
    CaseKind.BREACH: N_("Data breach"),
    CaseKind.ADVICE: N_("Advice for the school"),
    CaseKind.FOI: N_("Freedom of information"),
}
WAY_LABELS: dict[CaseKind, str] = {
    CaseKind.ACCESS: N_("Information about me, my child or somebody I act for"),
    CaseKind.RECORD: N_("My child’s educational record"),
    CaseKind.RECTIFICATION: N_("Correct it or complete it"),
    CaseKind.RESTRICTION: N_("Keep it, but do not use it while this is looked into"),
    CaseKind.ERASURE: N_("Delete it"),
    CaseKind.OBJECTION: N_("Stop a use that I object to"),
    CaseKind.CONSENT: N_("I take back a permission I gave"),
    CaseKind.PORTABILITY: N_("Give me information as a file that I can take to another service"),
    CaseKind.AUTOMATED: N_("Let a person look at a decision that a computer made"),
    CaseKind.COMPLAINT: N_("How personal information was used or how a request was answered"),
    CaseKind.RETENTION: N_("A copy of the retention schedule: how long records are kept"),
    CaseKind.QUESTION: N_("A question to the data protection officer"),
    CaseKind.FOI: N_("Information about how the school is run"),
    CaseKind.BREACH: N_("Personal information was lost, stolen or sent to the wrong person"),
    CaseKind.ADVICE: N_("Advice on a new app, a supplier, or a request from the police or a solicitor"),
}
WAY_HINTS: dict[CaseKind, str] = {
    CaseKind.ACCESS: N_("The school answers within one month. It costs nothing."),
    CaseKind.RECORD: N_("A parent’s own right. The school answers within 15 school days."),
    CaseKind.CONSENT: N_("For example for photographs. It takes effect at once, and you need not say why."),
    CaseKind.FOI: N_("Not about a person: for example policies, minutes or spending."),
}


class Relationship(StrEnum):
    """Whom the information is about."""

    SELF = "self"
    CHILD = "child"
    OTHER = "other"


RELATIONSHIPS: dict[Relationship, str] = {
    Relationship.SELF: N_("Me"),
    Relationship.CHILD: N_("My child, or a child I look after"),
    Relationship.OTHER: N_("Somebody else, and I act for them"),
}

ASKED_OF_DPO = frozenset({CaseKind.QUESTION, CaseKind.ADVICE})
"""What the DPO team answers itself; everything else the school answers, as the controller."""

WITHOUT_SUBJECT = frozenset({CaseKind.RETENTION, CaseKind.FOI, CaseKind.QUESTION, CaseKind.BREACH, CaseKind.ADVICE})

WAITING: dict[WaitingFor, str] = {
    WaitingFor.SCHOOL: N_("Waiting for the school"),
    WaitingFor.DPO: N_("Waiting for the DPO team"),
    WaitingFor.REQUESTER: N_("Waiting for the requester"),
}
CHANNELS: dict[Channel, str] = {
    Channel.ONLINE: N_("On this website"),
    Channel.EMAIL: N_("By e-mail"),
    Channel.PHONE: N_("By telephone"),
    Channel.IN_PERSON: N_("In person"),
    Channel.LETTER: N_("By letter"),
    Channel.SPREADSHEET: N_("From an earlier list"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a case can end: `label` for staff, `told` for the requester."""

    key: str
    label: str
    told: str


_MET = Outcome("met", N_("Done in full"), N_("Your request was met in full."))
_PARTLY = Outcome("partly-met", N_("Done in part"), N_("Your request was met in part."))
_REFUSED = Outcome("refused", N_("Refused, with reasons"), N_("Your request was refused. The letter says why."))
_NOTHING = Outcome("nothing-held", N_("Nothing held"), N_("The school holds no such information."))
_UPHELD = Outcome("upheld", N_("Upheld"), N_("Your complaint was upheld."))
_PARTLY_UPHELD = Outcome("partly-upheld", N_("Upheld in part"), N_("Your complaint was upheld in part."))
_NOT_UPHELD = Outcome("not-upheld", N_("Not upheld"), N_("Your complaint was not upheld. The letter says why."))
_ANSWERED = Outcome("answered", N_("Answered"), N_("Your question was answered."))
_REPORTED = Outcome("reported", N_("Reported to the regulator"), N_("The regulator was told."))
_UNLIKELY = Outcome("risk-unlikely", N_("Not reported: a risk to people is unlikely"), N_("It was looked into."))
_ELSEWHERE = Outcome("elsewhere", N_("Passed to whom it belongs"), N_("Your request was passed to whom it belongs."))
_DUPLICATE = Outcome("duplicate", N_("Answered under another request"), N_("It is answered under your other request."))
SAYS_WHY = frozenset({_REFUSED.key, _NOT_UPHELD.key})
"""Ends of which the requester is told that a letter says why."""
WITHDRAWN = Outcome("withdrawn", N_("Withdrawn by the requester"), N_("You withdrew your request."))

_RIGHT = (_MET, _PARTLY, _REFUSED, _NOTHING, _DUPLICATE)
_OUTCOMES: dict[CaseKind, tuple[Outcome, ...]] = {
    CaseKind.CONSENT: (_MET, _NOTHING, _DUPLICATE),
    CaseKind.COMPLAINT: (_UPHELD, _PARTLY_UPHELD, _NOT_UPHELD, _ELSEWHERE, _DUPLICATE),
    CaseKind.RETENTION: (_ANSWERED, _DUPLICATE),
    CaseKind.QUESTION: (_ANSWERED, _ELSEWHERE, _DUPLICATE),
    CaseKind.ADVICE: (_ANSWERED, _ELSEWHERE, _DUPLICATE),
    CaseKind.BREACH: (_REPORTED, _UNLIKELY, _DUPLICATE),
}


def outcomes(kind: CaseKind) -> tuple[Outcome, ...]:
    """How a case of this kind can be closed by staff; withdrawal is the requester's own way out."""
    return (*_OUTCOMES.get(kind, _RIGHT), WITHDRAWN)


def outcome(kind: CaseKind, key: str) -> Outcome | None:
    """The outcome of this kind with this key."""
    return next((found for found in outcomes(kind) if found.key == key), None)


def clock_kind(kind: CaseKind) -> ClockKind:
    """The rules by which a kind's dates are counted."""
    ours = {CaseKind.CONSENT: ClockKind.WITHDRAWAL, CaseKind.ADVICE: ClockKind.QUESTION}
    return ours.get(kind) or ClockKind(kind.value)


def ways(goal: Goal, law: SchoolLaw | None) -> tuple[CaseKind, ...]:
    """The kinds a goal leads to at a school under this law.

    The educational record is a right against maintained schools and non-maintained special schools only (Education
    (Pupil Information) (England) Regulations 2005); freedom of information does not reach independent schools.
    """
    closed: set[CaseKind] = set()
    if law in {SchoolLaw.ACADEMY, SchoolLaw.INDEPENDENT}:
        closed.add(CaseKind.RECORD)
    if law is SchoolLaw.INDEPENDENT:
        closed.add(CaseKind.FOI)
    return tuple(kind for kind in WAYS[goal] if kind not in closed)
