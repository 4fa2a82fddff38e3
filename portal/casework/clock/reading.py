"""What the clock answers: dates, and the steps that led to them in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portal.casework.clock.law import Rule, law_of
from portal.core.clock import london

Moment = date | datetime
Value = date | datetime | int | str

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class ClockKind(StrEnum):
    """What was asked for, as far as its dates go."""

    ACCESS = "access"
    RECORD = "record"
    RECTIFICATION = "rectification"
    ERASURE = "erasure"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    PORTABILITY = "portability"
    AUTOMATED = "automated"
    COMPLAINT = "complaint"
    FOI = "foi"
    BREACH = "breach"
    WITHDRAWAL = "withdrawal"
    RETENTION = "retention"
    QUESTION = "question"


class Waiting(StrEnum):
    """Why there is no date yet."""

    IDENTITY = "identity"
    CLARIFICATION = "clarification"


@dataclass(frozen=True, slots=True)
class Step:
    """One rule applied. `message` is the catalogue text with `%(name)s` places for `values`; `text` is the English."""

    date: Moment
    rule: Rule
    source: str
    message: str
    values: Mapping[str, Value]

    @property
    def text(self) -> str:
        return self.message % {name: _shown(value) for name, value in self.values.items()}


@dataclass(frozen=True, slots=True)
class ClockReading:
    """The dates of a request, all None while the clock waits.

    `due` is the published reading: the date to answer by. `aim_for` is the strict reading of the same law, never
    later. `notice_by` is the last day to tell the requester of an extension; None where the law knows none.
    `start` is what the time counts from; `days_left` is for a clock that stands still during a clarification.
    """

    kind: ClockKind
    due: Moment | None
    aim_for: Moment | None
    notice_by: date | None
    steps: tuple[Step, ...]
    start: Moment | None = None
    waiting: Waiting | None = None
    days_left: int | None = None

    @property
    def text(self) -> str:
        return " ".join(step.text for step in self.steps)


def step(received: date, rule: Rule, on: Moment, message: str, /, **values: Value) -> Step:
    """A step under the law of the day of receipt."""
    return Step(on, rule, law_of(rule, received).source, message, values)


def english(moment: Moment) -> str:
    """Such as "Wed 25 Nov 2026" or "Wed 25 Nov 2026 at 4:30pm", London time, whatever the machine's locale."""
    if isinstance(moment, datetime):
        local = london(moment)
        half, hour = divmod(local.hour, 12)
        return f"{english(local.date())} at {hour or 12}:{local.minute:02}{('am', 'pm')[half]}"
    return f"{_WEEKDAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def _shown(value: Value) -> int | str:
    return value if isinstance(value, int | str) else english(value)
