"""Removal of files"""

import sqlalchemy as sa
from alembic import op

import portal.core.database

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "file_removal",
        sa.Column("storage_name", sa.String(length=64), nullable=False),
        sa.Column("asked_at", portal.core.database.Instant(timezone=True), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("tenant_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenant.id"], name=op.f("fk_file_removal_tenant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_file_removal")),
        sa.UniqueConstraint("storage_name", name=op.f("uq_file_removal_storage_name")),
        sa.UniqueConstraint("tenant_id", "id", name=op.f("uq_file_removal_tenant_id_id")),
    )
    op.create_index(op.f("ix_file_removal_tenant_id"), "file_removal", ["tenant_id"], unique=False)


def downgrade() -> None:
    op.drop_table("file_removal")
