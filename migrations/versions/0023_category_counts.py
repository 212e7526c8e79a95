"""Numbers beside categories and filters for when there is much on sale, and an index for the order by price."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "category_count",
        sa.Column("lineage", sa.String(300), nullable=False),
        sa.Column("area", sa.String(2), nullable=False),
        sa.Column("facet", sa.String(60), nullable=False),
        sa.Column("value", sa.String(200), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_category_count_there_is_one")),
        sa.PrimaryKeyConstraint("lineage", "area", "facet", "value", name=op.f("pk_category_count")),
    )
    op.create_index(
        "ix_listing_price_minor",
        "listing",
        ["price_minor", "id"],
        postgresql_where=sa.text("state = 'live'"),
        postgresql_include=["organisation_id", "currency", "kind", "published_at"],
    )


def downgrade() -> None:
    op.drop_index("ix_listing_price_minor", "listing")
    op.drop_table("category_count")
