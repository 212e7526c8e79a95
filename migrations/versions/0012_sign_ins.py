"""Sessions as rows: a cookie that was copied ends with its row."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

ENDS = ("signed_out", "revoked", "staff", "password", "account")


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sign_in",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("stamp", sa.String(64), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(32), nullable=False),
        sa.Column("browser", sa.String(120), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("acting_for_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", moment, server_default=sa.func.clock_timestamp(), nullable=False),
        sa.Column("seen_at", moment, nullable=False),
        sa.Column("ended_at", moment, nullable=True),
        sa.Column("ended_by", sa.Enum(*ENDS, name="sign_in_end", native_enum=False, length=20), nullable=True),
        sa.CheckConstraint(f"ended_by IN {ENDS}", name=op.f("ck_sign_in_sign_in_end")),
        sa.CheckConstraint("octet_length(token_hash) = 32", name=op.f("ck_sign_in_token_hash_is_whole")),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name=op.f("ck_sign_in_an_end_has_its_reason")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_sign_in_user_id_ab_user")),
        sa.ForeignKeyConstraint(
            ["acting_for_id"], ["organisation.id"], name=op.f("fk_sign_in_acting_for_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_in_token_hash")),
    )
    op.create_index("ix_sign_in_user_id", "sign_in", ["user_id", "device_hash"])
    op.create_index("ix_sign_in_seen_at", "sign_in", ["seen_at"])


def downgrade() -> None:
    op.drop_table("sign_in")
