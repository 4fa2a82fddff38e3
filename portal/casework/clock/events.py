"""What happened to a request, checked: a date that cannot be is refused with a sentence, not counted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from portal.casework.clock.law import GDPR
from portal.casework.clock.reading import ClockKind, Moment, english
from portal.core.clock import london
from portal.core.errors import Invalid
from portal.tenancy.models import SchoolLaw

Exchange = tuple[date, date | None]
"""The day we asked and the day the answer arrived, None while it has not."""

_LAST = date(2099, 12, 31)
EXTENDABLE = frozenset({
    ClockKind.ACCESS, ClockKind.RECTIFICATION, ClockKind.ERASURE, ClockKind.RESTRICTION, ClockKind.OBJECTION,
    ClockKind.PORTABILITY, ClockKind.AUTOMATED,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Events:
    """`received` is the day in London; `received_at` the instant, where one was given.

    `is_settled` says that all this has happened: what came too late is then explained, and no longer refused.
    """

    kind: ClockKind
    received: date
    received_at: datetime | None
    identity: Exchange | None
    clarifications: tuple[Exchange, ...]
    extended_on: date | None
    school_law: SchoolLaw
    is_settled: bool = False


def checked(
    kind: ClockKind,
    received: Moment,
    *,
    identity: Exchange | None,
    clarifications: Iterable[Exchange],
    extended_on: date | None,
    school_law: SchoolLaw,
    is_settled: bool = False,
) -> Events:
    """Raises `Invalid` for dates in an impossible order or outside 25 May 2018 to 31 Dec 2099."""
    _refuse_far(received.date() if isinstance(received, datetime) else received)
    day = london(received).date() if isinstance(received, datetime) else received
    if identity is not None:
        _refuse_disorder(day, identity, "proof of identity")
    asked = tuple(sorted(clarifications, key=lambda pair: (pair[0], pair[1] or _LAST)))
    for exchange in asked:
        _refuse_disorder(day, exchange, "clarification")
    if extended_on is not None:
        _refuse_extension(kind, day, extended_on, is_settled=is_settled)
    instant = received if isinstance(received, datetime) else None
    return Events(kind, day, instant, identity, asked, extended_on, school_law, is_settled)


def _refuse_far(day: date) -> None:
    if not GDPR <= day <= _LAST:
        raise Invalid(f"{english(day)} is outside the dates the clock knows, {english(GDPR)} to {english(_LAST)}.")


def _refuse_disorder(received: date, exchange: Exchange, what: str) -> None:
    asked, answered = exchange
    _refuse_far(asked)
    if asked < received:
        raise Invalid(f"We cannot have asked for {what} on {english(asked)}: the request came on {english(received)}.")
    if answered is None:
        return
    _refuse_far(answered)
    if answered < asked:
        raise Invalid(f"The {what} cannot have come on {english(answered)}: we asked for it on {english(asked)}.")


def _refuse_extension(kind: ClockKind, received: date, extended_on: date, *, is_settled: bool) -> None:
    _refuse_far(extended_on)
    if kind not in EXTENDABLE and not is_settled:
        raise Invalid(
            "This cannot be extended. The law allows an extension only for a request about data protection rights."
        )
    if extended_on < received:
        raise Invalid(
            f"It cannot have been extended on {english(extended_on)}: the request came on {english(received)}."
        )
