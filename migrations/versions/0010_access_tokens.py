"""Tokens of the API, and the order in which the keys of forms are forgotten."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "access_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("label", sa.String(120), server_default="", nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_access_token_token_hash_is_whole")),
        sa.CheckConstraint("expires_at > created_at", name=op.f("ck_access_token_ends_after_it_begins")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_access_token_user_id_ab_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
    )
    op.create_index("ix_access_token_user_id", "access_token", ["user_id"])
    op.create_index("ix_access_token_expires_at", "access_token", ["expires_at"])
    op.create_index("ix_idempotency_key_created_at", "idempotency_key", ["created_at"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_key_created_at", table_name="idempotency_key")
    op.drop_table("access_token")
