"""What a clock says, as sentences in a reader's language."""

from portal.casework.rules import ClockReading
from portal.core.i18n import words


def explained(reading: ClockReading, language: str) -> list[dict[str, str]]:
    """The steps of a clock as text with the law behind each."""
    return [{"text": words(step.message, language, **step.values), "law": step.source} for step in reading.steps]
