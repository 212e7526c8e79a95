"""Saved views of the console's lists."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    op.create_table(
        "saved_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", postgresql.JSONB(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=True),
        sa.Column("opens_first", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("length(btrim(name)) > 0", name=op.f("ck_saved_view_name_says_something")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_saved_view_user_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["role_id"], ["ab_role.id"], name=op.f("fk_saved_view_role_id_ab_role"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_view")),
        sa.UniqueConstraint("user_id", "screen", "name", name=op.f("uq_saved_view_user_id")),
    )
    op.create_index(
        "uq_saved_view_default", "saved_view", ["user_id", "screen"], unique=True, postgresql_where="opens_first"
    )
    op.create_index("ix_saved_view_role_id", "saved_view", ["role_id"], postgresql_where="role_id IS NOT NULL")


def downgrade() -> None:
    op.drop_table("saved_view")
