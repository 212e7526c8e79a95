"""Listings and sellers that people want to find again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    op.create_table(
        "favourite",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.CHAR(3), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("(listing_id IS NULL) <> (organisation_id IS NULL)", name=op.f("ck_favourite_is_one_thing")),
        sa.CheckConstraint(
            "(listing_id IS NULL) = (price_minor IS NULL) AND (price_minor IS NULL) = (currency IS NULL)",
            name=op.f("ck_favourite_a_listing_has_a_price"),
        ),
        sa.CheckConstraint("price_minor > 0", name=op.f("ck_favourite_price_is_positive")),
        sa.ForeignKeyConstraint(["user_id"], ["ab_user.id"], name=op.f("fk_favourite_user_id_ab_user")),
        sa.ForeignKeyConstraint(["listing_id"], ["listing.id"], name=op.f("fk_favourite_listing_id_listing")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_favourite_organisation_id_organisation")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favourite")),
        sa.UniqueConstraint("listing_id", "user_id", name=op.f("uq_favourite_listing_id")),
        sa.UniqueConstraint("organisation_id", "user_id", name=op.f("uq_favourite_organisation_id")),
    )
    op.create_index("ix_favourite_user_id", "favourite", ["user_id", "id"])


def downgrade() -> None:
    op.drop_table("favourite")
