"""Readings that nothing moves: what we asked meanwhile is named, and said to change no date."""

from portal.casework.clock import wording
from portal.casework.clock.events import Events
from portal.casework.clock.law import Rule
from portal.casework.clock.reading import ClockKind, ClockReading, Moment, Step, step


def unmoved(events: Events, due: Moment, aim: Moment, steps: list[Step], start: Moment | None = None) -> ClockReading:
    asides = (*_identity_elsewhere(events), *questions_elsewhere(events))
    return ClockReading(events.kind, due, aim, None, (*steps, *asides), start or events.received)


def questions_elsewhere(events: Events) -> list[Step]:
    message, rule = wording.QUESTION_ELSEWHERE, Rule.NOTHING_MOVES
    if events.kind is ClockKind.FOI:
        message, rule = wording.QUESTION_FOI, Rule.FOI_QUESTION
    return [step(events.received, rule, asked, message, asked=asked) for asked, _ in events.clarifications]


def _identity_elsewhere(events: Events) -> list[Step]:
    if events.identity is None:
        return []
    asked = events.identity[0]
    return [step(events.received, Rule.IDENTITY, asked, wording.IDENTITY_ELSEWHERE, asked=asked)]
