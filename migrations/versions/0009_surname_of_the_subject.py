"""Surname of the subject"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("case_file", sa.Column("subject_surname", sa.String(length=100), nullable=False, server_default=""))
    op.create_index("ix_case_subject_surname", "case_file", ["subject_surname", "sort_on", "id"], unique=False)
    with op.batch_alter_table("case_file") as batch_op:
        batch_op.alter_column("subject_surname", server_default=None)


def downgrade() -> None:
    op.drop_index("ix_case_subject_surname", table_name="case_file")
    op.drop_column("case_file", "subject_surname")
