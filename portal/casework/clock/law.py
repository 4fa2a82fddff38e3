"""The law behind each step, as rows with dates: a change of the law is a new row, not a new condition.

A request keeps the law of the day it was received. For the pause that is our reading of SI 2026/82 reg 4, a saving for
the old time limits of which only the heading was seen; it gives the earlier, safe date.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Rule(StrEnum):
    """The name of a step, stable for tests, links and translations."""

    RECEIVED = "received"
    IDENTITY = "identity"
    MONTH = "one-month"
    PAUSE = "clarification-pause"
    EXTENSION = "extension"
    NOTICE = "extension-notice"
    ROLL_OVER = "next-working-day"
    AIM_FOR = "aim-for"
    NOTHING_MOVES = "moves-nothing"
    RECORD = "educational-record"
    SCHOOL_DAY = "school-days"
    FOI_SCHOOL_DAYS = "foi-school-days"
    FOI_WORKING_DAYS = "foi-working-days"
    FOI_FIRST = "foi-whichever-first"
    FOI_QUESTION = "foi-question"
    COMPLAINT = "complaint-acknowledgement"
    COMPLAINT_AIM = "complaint-aim-for"
    COMPLAINT_DUTY = "complaint-duty"
    BREACH = "breach-report"
    WITHDRAWAL = "consent-withdrawal"
    SERVICE = "service-standard"


@dataclass(frozen=True, slots=True)
class Law:
    """`amount` is in the unit of the rule: months, days, school days, working days or clock hours."""

    rule: Rule
    since: date
    source: str
    amount: int = 0


GDPR = date(2018, 5, 25)
DUAA = date(2026, 2, 5)  # SI 2026/82 reg 2 commences the Data (Use and Access) Act 2025 s76
COMPLAINTS = date(2026, 6, 19)  # SI 2026/82 reg 3 commences its s103
FOI = date(2005, 1, 1)
SCHOOL_FOI = "Freedom of Information (Time for Compliance with Request) Regulations 2004; academies 2010"

LAWS = (
    Law(Rule.RECEIVED, GDPR, "UK GDPR Art 12(3); ICO guidance on time limits"),
    Law(Rule.RECEIVED, DUAA, "UK GDPR Art 12A; ICO guidance on time limits"),
    Law(Rule.IDENTITY, GDPR, "UK GDPR Art 12(6); ICO guidance on time limits"),
    Law(Rule.IDENTITY, DUAA, "UK GDPR Arts 12(6) and 12A"),
    Law(Rule.MONTH, GDPR, "UK GDPR Art 12(3); ICO guidance on time limits", 1),
    Law(Rule.MONTH, DUAA, "UK GDPR Arts 12(3) and 12A; ICO guidance on time limits", 1),
    Law(Rule.PAUSE, DUAA, "UK GDPR Art 12A; Data (Use and Access) Act 2025 s76"),
    Law(Rule.EXTENSION, GDPR, "UK GDPR Art 12(3); ICO guidance on time limits", 3),
    Law(Rule.EXTENSION, DUAA, "UK GDPR Art 12A; ICO guidance on time limits", 3),
    Law(Rule.NOTICE, GDPR, "UK GDPR Art 12(3)", 1),
    Law(Rule.NOTICE, DUAA, "UK GDPR Art 12A", 1),
    Law(Rule.ROLL_OVER, GDPR, "ICO guidance on time limits"),
    Law(Rule.AIM_FOR, GDPR, "UK GDPR Art 12(3), read strictly"),
    Law(Rule.AIM_FOR, DUAA, "UK GDPR Art 12A, read strictly as in DPA 2018 s54(2)"),
    Law(Rule.NOTHING_MOVES, GDPR, "UK GDPR Art 12(3)"),
    Law(Rule.NOTHING_MOVES, DUAA, "UK GDPR Art 12A"),
    Law(Rule.RECORD, date(2005, 7, 8), "Education (Pupil Information) (England) Regulations 2005 reg 5", 15),
    Law(Rule.SCHOOL_DAY, date(1996, 11, 1), "Education Act 1996 s579(1)"),
    Law(Rule.FOI_SCHOOL_DAYS, FOI, SCHOOL_FOI, 20),
    Law(Rule.FOI_WORKING_DAYS, FOI, SCHOOL_FOI, 60),
    Law(Rule.FOI_FIRST, FOI, SCHOOL_FOI),
    Law(Rule.FOI_QUESTION, FOI, "Freedom of Information Act 2000 s1(3) and s10(6)"),
    Law(Rule.COMPLAINT, COMPLAINTS, "ICO guidance on complaints; DPA 2018 s164A(3)", 30),
    Law(Rule.COMPLAINT_AIM, COMPLAINTS, "DPA 2018 s164A(3), read strictly"),
    Law(Rule.COMPLAINT_DUTY, COMPLAINTS, "Data (Use and Access) Act 2025 s103; SI 2026/82 reg 3"),
    Law(Rule.BREACH, GDPR, "UK GDPR Art 33(1)", 72),
    Law(Rule.WITHDRAWAL, GDPR, "UK GDPR Art 7(3)"),
    Law(Rule.SERVICE, GDPR, "Our own service standard, not law"),
)


def in_force(rule: Rule, on: date) -> Law | None:
    """The law of `rule` for what is received on `on`; None before there was any."""
    rows = [law for law in LAWS if law.rule == rule and law.since <= on]
    return max(rows, key=lambda law: law.since, default=None)


def law_of(rule: Rule, on: date) -> Law:
    """As `in_force`, but the first row of all before there was any law: good practice, and a step must say so."""
    return in_force(rule, on) or min((law for law in LAWS if law.rule == rule), key=lambda law: law.since)
