"""Incoming mail: told apart by content, kept while set aside, with what was refused"""

import sqlalchemy as sa
from alembic import op

import portal.core.database

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_MARK = sa.Enum("", "automatic", "unreadable", "too-large", name="mailmark", native_enum=False, length=24)


def upgrade() -> None:
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.add_column(sa.Column("digest", sa.String(length=64), nullable=False, server_default=""))
        batch_op.add_column(sa.Column("mark", _MARK, nullable=False, server_default=""))
        batch_op.add_column(sa.Column("set_aside_at", portal.core.database.Instant(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("refused", sa.JSON(), nullable=False, server_default="[]"))
        batch_op.drop_constraint(batch_op.f("uq_incoming_mail_tenant_id_message_id"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_incoming_mail_tenant_id_message_id_digest"), ["tenant_id", "message_id", "digest"]
        )


def downgrade() -> None:
    with op.batch_alter_table("incoming_mail", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_incoming_mail_tenant_id_message_id_digest"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_incoming_mail_tenant_id_message_id"), ["tenant_id", "message_id"]
        )
        for name in ("refused", "set_aside_at", "mark", "digest"):
            batch_op.drop_column(name)
