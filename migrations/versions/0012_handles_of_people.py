"""Handles of people

Whoever has none yet is given one, so that opening the page that adds a passkey need not write it.
"""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

BATCH = 500
PERSON = sa.table("person", sa.column("id", sa.Integer), sa.column("handle", sa.LargeBinary))


def upgrade() -> None:
    connection = op.get_bind()
    without = sa.select(PERSON.c.id).where(PERSON.c.handle.is_(None)).limit(BATCH)
    given = sa.update(PERSON).where(PERSON.c.id == sa.bindparam("of")).values(handle=sa.bindparam("given"))
    while numbers := connection.scalars(without).all():
        connection.execute(given, [{"of": number, "given": secrets.token_bytes(32)} for number in numbers])


def downgrade() -> None:
    """Nothing to take back: the column was there, and a handle opens nothing."""
