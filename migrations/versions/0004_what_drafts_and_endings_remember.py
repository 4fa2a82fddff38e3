"""What drafts of the shared wording start from and retire, and which release ended an override"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("release") as batch:
        batch.add_column(sa.Column("base", sa.String(length=60), nullable=False, server_default=""))
        batch.add_column(sa.Column("retired", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("release_clause") as batch:
        batch.add_column(sa.Column("touched", sa.Integer(), nullable=False, server_default="0"))
    with op.batch_alter_table("override") as batch:
        batch.add_column(sa.Column("ended_by", sa.String(length=60), nullable=False, server_default=""))


def downgrade() -> None:
    with op.batch_alter_table("override") as batch:
        batch.drop_column("ended_by")
    with op.batch_alter_table("release_clause") as batch:
        batch.drop_column("touched")
    with op.batch_alter_table("release") as batch:
        batch.drop_column("retired")
        batch.drop_column("base")
