"""Pictures of listings; and a stored file's name belongs to who gave it: equal bytes under two names are two rows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    op.create_table(
        "listing_photo",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("alt", sa.String(200), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("width", sa.SmallInteger(), nullable=False),
        sa.Column("height", sa.SmallInteger(), nullable=False),
        sa.Column("widths", ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.func.clock_timestamp(), nullable=False),
        sa.CheckConstraint("position BETWEEN 1 AND 8", name=op.f("ck_listing_photo_position_is_of_a_few")),
        sa.CheckConstraint("length(btrim(alt)) BETWEEN 3 AND 200", name=op.f("ck_listing_photo_picture_is_described")),
        sa.CheckConstraint("octet_length(digest) = 32", name=op.f("ck_listing_photo_digest_is_whole")),
        sa.CheckConstraint(
            "width > 0 AND height > 0 AND cardinality(widths) > 0", name=op.f("ck_listing_photo_picture_has_a_size")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("fk_listing_photo_listing_id_listing"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listing_photo")),
        sa.UniqueConstraint(
            "listing_id",
            "position",
            name=op.f("uq_listing_photo_listing_id_position"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("listing_id", "digest", name=op.f("uq_listing_photo_listing_id_digest")),
    )
    op.create_index("ix_listing_photo_digest", "listing_photo", ["digest"])
    op.drop_constraint("uq_stored_file_key", "stored_file", type_="unique")
    op.create_unique_constraint(
        "uq_stored_file_key", "stored_file", ["key", "original_name"], postgresql_nulls_not_distinct=True
    )


def downgrade() -> None:
    op.drop_constraint("uq_stored_file_key", "stored_file", type_="unique")
    op.create_unique_constraint("uq_stored_file_key", "stored_file", ["key"])
    op.drop_table("listing_photo")
