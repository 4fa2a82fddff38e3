"""What can go wrong, in words a user may read."""


class PortalError(Exception):
    """Something the user can understand and mostly mend; the message is a full sentence."""


class Invalid(PortalError):
    """Input that cannot be accepted.

    `line` is the 1-based line of a text or file, `field` the name of a form field, where known.
    """

    def __init__(self, message: str, *, line: int | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.field = field

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line is not None else self.message


class NotFound(PortalError):
    """Absent, or not this actor's to know about: the two look the same from outside."""


class Forbidden(PortalError):
    """The actor may know that the thing exists, but not do this with it."""


class Conflict(PortalError):
    """Somebody else changed the thing meanwhile; `theirs` holds what is stored now."""

    def __init__(self, message: str, *, theirs: str = "") -> None:
        super().__init__(message)
        self.theirs = theirs


class SettingsError(PortalError):
    """A setting is missing or wrong: the program does not start."""
