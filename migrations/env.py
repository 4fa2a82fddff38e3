"""Alembic's environment: `portal` hands over an open connection of the owner role."""

from alembic import context

from portal.core.database import Base
from portal.tables import ALL  # every table must be known


def is_ours(_thing: object, name: str | None, kind: str, _reflected: object, _compared: object) -> bool:
    """The search makes its own tables and index; see `portal.casework.search`."""
    return not (kind in {"table", "index"} and (name or "").startswith(("case_words", "ix_case_text_words")))


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
    include_object=is_ours,
)
assert ALL is not None

with context.begin_transaction():
    context.run_migrations()
