"""The statements a piece of work sends to the database, as a measure of the work done."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event

from portal.core.database import Database


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collects them while inside; without BEGIN and COMMIT and the tally of refusals, which is written once a second."""
    seen: list[str] = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK")) and "refusal_count" not in statement:
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
