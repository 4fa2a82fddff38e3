"""The statements a piece of work sends to the database, as a measure of the work done."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from portal.core.database import Database

FRAMES = ("BEGIN", "COMMIT", "ROLLBACK", "SELECT set_config")
BY_THE_CLOCK = ("refusal_count", "SET seen_at")


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collects them while inside; without what frames a transaction, and what is written once a second or a minute."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if not statement.startswith(FRAMES) and not any(words in statement for words in BY_THE_CLOCK):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
