"""The register: trusts' codes, open questions, what an upload is for, who left"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tenant", sa.Column("group_code", sa.String(length=10), nullable=True))
    op.create_index(op.f("ix_tenant_group_code"), "tenant", ["group_code"], unique=True)
    op.add_column("register_school", sa.Column("question", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("school_closure", sa.Column("has_left", sa.Boolean(), nullable=False, server_default=sa.false()))
    purpose = sa.Enum("import", "refresh", name="uploadpurpose", native_enum=False, length=24)
    op.add_column("register_import", sa.Column("purpose", purpose, nullable=False, server_default="import"))


def downgrade() -> None:
    op.drop_column("register_import", "purpose")
    op.drop_column("school_closure", "has_left")
    op.drop_column("register_school", "question")
    op.drop_index(op.f("ix_tenant_group_code"), "tenant")
    op.drop_column("tenant", "group_code")
