"""Adding or changing a row in one statement, which both databases spell alike but SQLAlchemy keeps in two dialects."""

from typing import Any

from sqlalchemy import Insert
from sqlalchemy.dialects import postgresql, sqlite

from portal.core.database import Base, PortalSession


def upsert(session: PortalSession, model: type[Base], values: dict[str, Any], on_conflict: dict[str, Any]) -> Insert:
    """Insert a row, or change the one that has the same key."""
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model).values(**values).on_conflict_do_update(**on_conflict)
    return postgresql.insert(model).values(**values).on_conflict_do_update(**on_conflict)
