"""How long a period of months is, once the days on which we waited for a clarification are left out."""

from dataclasses import dataclass
from datetime import date, timedelta

from portal.casework.clock.events import Exchange
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


def measure(start: date, months: int, clarifications: tuple[Exchange, ...], calendar: Calendar | None = None) -> Period:
    """The period from `start`; DPA 2018 s54(3C) is the seen twin of UK GDPR Art 12A.

    What does not count begins with the day we ask and ends with the day the answer arrives. A day counts out once,
    however many questions were open on it. A question asked after the end comes too late: after the rolled-over end
    with a `calendar`, after the plain end without one, as for the notice of an extension, which never rolls over.
    """
    plain_end = end = add_months(start, months)
    counted_out = start - DAY
    pauses = []
    for asked, answered in clarifications:
        is_late = asked > (calendar.next_working_day(end) if calendar else end)
        first, out = max(asked, counted_out + DAY), 0
        left = max(0, (end - first).days + 1)
        if answered is not None and not is_late:
            out = max(0, (answered - first).days + 1)
            counted_out = max(counted_out, answered)
        end += out * DAY
        pauses.append(Pause(asked, answered, left, out, end, is_late))
    return Period(plain_end, end, tuple(pauses))
