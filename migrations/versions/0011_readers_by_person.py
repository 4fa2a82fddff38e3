"""Readers by person

Every page of the inbox asks which limited requests its reader is named for.
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_case_reader_person", "case_reader", ["person_id", "case_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_case_reader_person", table_name="case_reader")
