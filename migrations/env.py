"""Alembic's environment: `portal` hands over an open connection of the owner role."""

from alembic import context

from portal.core.database import Base
from portal.tables import ALL  # every table must be known

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True)
assert ALL is not None

with context.begin_transaction():
    context.run_migrations()
