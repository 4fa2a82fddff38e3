"""Kinds of notices, and translations of clauses."""

import sqlalchemy as sa
from alembic import op

import portal.core.database

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "translation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("source_title", sa.String(length=200), nullable=False),
        sa.Column("source_hash", sa.String(length=64), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("part_hash", sa.String(length=64), nullable=True),
        sa.Column("is_checked", sa.Boolean(), nullable=False),
        sa.Column("effective_at", portal.core.database.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["part_hash"], ["text_part.hash"], name=op.f("fk_translation_part_hash")),
        sa.ForeignKeyConstraint(["source_hash"], ["text_part.hash"], name=op.f("fk_translation_source_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_translation")),
    )
    op.create_index("ix_translation_key", "translation", ["language", "key", "effective_at"], unique=False)
    # added in place: other tables refer to `release`, so SQLite must not make it anew
    op.add_column("release", sa.Column("kind_title", sa.String(length=100), nullable=False, server_default=""))
    op.add_column("subscription", sa.Column("kind", sa.String(length=40), nullable=False, server_default="general"))
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_subscription_tenant_id_email"), type_="unique")
        batch_op.create_unique_constraint(
            batch_op.f("uq_subscription_tenant_id_kind_email"), ["tenant_id", "kind", "email"]
        )


def downgrade() -> None:
    with op.batch_alter_table("subscription", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_subscription_tenant_id_kind_email"), type_="unique")
        batch_op.create_unique_constraint(batch_op.f("uq_subscription_tenant_id_email"), ["tenant_id", "email"])
    op.drop_column("subscription", "kind")
    op.drop_column("release", "kind_title")
    op.drop_table("translation")
