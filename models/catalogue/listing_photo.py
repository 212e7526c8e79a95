"""A picture of a listing, in the order its provider gave it. The pixels lie in storage under the digest."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base
from models.types import Created, Digest, UuidPk

MOST = 8
"""Pictures of one listing."""


class ListingPhoto(Base):
    """`digest` is the SHA-256 of the largest JPEG; `widths` are the widths stored of it, each as WebP and as JPEG.

    `width` and `height` are those of the largest, in pixels, so that a page keeps the place before the picture comes.
    """

    __tablename__ = "listing_photo"
    __table_args__ = (
        sa.UniqueConstraint(
            "listing_id",
            "position",
            name="uq_listing_photo_listing_id_position",
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.UniqueConstraint("listing_id", "digest", name="uq_listing_photo_listing_id_digest"),
        sa.CheckConstraint(f"position BETWEEN 1 AND {MOST}", name="position_is_of_a_few"),
        sa.CheckConstraint("length(btrim(alt)) BETWEEN 3 AND 200", name="picture_is_described"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest_is_whole"),
        sa.CheckConstraint("width > 0 AND height > 0 AND cardinality(widths) > 0", name="picture_has_a_size"),
        sa.Index("ix_listing_photo_digest", "digest"),
    )

    id: Mapped[UuidPk]
    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"))
    position: Mapped[int] = mapped_column(sa.SmallInteger)
    alt: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[Digest]
    width: Mapped[int] = mapped_column(sa.SmallInteger)
    height: Mapped[int] = mapped_column(sa.SmallInteger)
    widths: Mapped[list[int]] = mapped_column(ARRAY(sa.SmallInteger))
    created_at: Mapped[Created]
