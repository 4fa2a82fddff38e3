"""What a clock says, as sentences in a reader's language."""

from portal.casework.clock.law import Rule
from portal.casework.rules import ClockReading
from portal.core.i18n import words

_FOR_STAFF = frozenset({Rule.NOTICE, Rule.AIM_FOR, Rule.COMPLAINT_AIM})


def explained(reading: ClockReading, language: str, *, is_staff: bool = False) -> list[dict[str, str]]:
    """The steps of a clock as text with the law behind each; without those that only tell staff what to do."""
    steps = [step for step in reading.steps if is_staff or step.rule not in _FOR_STAFF]
    return [{"text": words(step.message, language, **step.values), "law": step.source} for step in steps]
