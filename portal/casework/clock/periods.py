"""How long a period of months is without the days on which we waited for a clarification, and where it ends."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.casework.clock import wording
from portal.casework.clock.events import Exchange
from portal.casework.clock.law import Rule
from portal.casework.clock.reading import Step, step
from portal.core.working_days import Calendar, add_months

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pause:
    """One clarification in its period: days `left` when it began, days left `out` for it, and the `end` after it."""

    asked: date
    answered: date | None
    left: int
    out: int
    end: date
    is_late: bool

    @property
    def is_open(self) -> bool:
        return self.answered is None and not self.is_late


@dataclass(frozen=True, slots=True)
class Period:
    """`plain_end` is the corresponding date; `end` has the days left out added. Neither is rolled over."""

    plain_end: date
    end: date
    pauses: tuple[Pause, ...]

    @property
    def open_pause(self) -> Pause | None:
        return next((pause for pause in self.pauses if pause.is_open), None)


def measure(start: date, months: int, clarifications: tuple[Exchange, ...]) -> Period:
    """The period from `start`; DPA 2018 s54(3C) is the seen twin of UK GDPR Art 12A.

    What does not count begins with the day we ask and ends with the day the answer arrives. A day is left out once,
    however many questions were open on it. A question asked after the end comes too late, even where the end is to
    be rolled over: there is no time left that could stand still. `clarifications` are in the order asked.
    """
    plain_end = end = add_months(start, months)
    left_out = start - DAY
    pauses = []
    for asked, answered in clarifications:
        is_late = asked > end
        first, out = max(asked, left_out + DAY), 0
        left = max(0, (end - first).days + 1)
        if answered is not None and not is_late:
            out = max(0, (answered - first).days + 1)
            left_out = max(left_out, answered)
        end += out * DAY
        pauses.append(Pause(asked, answered, left, out, end, is_late))
    return Period(plain_end, end, tuple(pauses))


def roll_over(received: date, end: date, due: date, calendar: Calendar) -> list[Step]:
    if end == due:
        return []
    message = wording.BANK_HOLIDAY if calendar.is_bank_holiday(end) else wording.WEEKEND
    return [step(received, Rule.ROLL_OVER, due, message, end=end, due=due)]
