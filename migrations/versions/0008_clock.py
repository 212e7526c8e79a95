"""How far a rehearsal moved the clock, and when a payment or a refund was last asked about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

ASKED = ("payment", "refund")


def upgrade() -> None:
    op.create_table(
        "clock_shift",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_clock_shift_one_row")),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_clock_shift_forward")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_shift")),
    )
    op.execute("revoke delete on clock_shift from fixnado_application")
    for table in ASKED:
        op.add_column(table, sa.Column("asked_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for table in reversed(ASKED):
        op.drop_column(table, "asked_at")
    op.drop_table("clock_shift")
