"""A seller's holiday ends before its last day, and says something to customers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"

CHECK = "ck_seller_away_ends_after_it_begins"


def upgrade() -> None:
    op.add_column("seller", sa.Column("away_note", sa.String(300), server_default="", nullable=False))
    op.drop_constraint(op.f(CHECK), "seller", type_="check")
    op.execute("UPDATE seller SET away_until = away_until + 1 WHERE away_until IS NOT NULL")
    op.create_check_constraint(op.f(CHECK), "seller", "away_until > away_from")


def downgrade() -> None:
    op.drop_constraint(op.f(CHECK), "seller", type_="check")
    op.execute("UPDATE seller SET away_until = away_until - 1 WHERE away_until IS NOT NULL")
    op.create_check_constraint(op.f(CHECK), "seller", "away_until >= away_from")
    op.drop_column("seller", "away_note")
