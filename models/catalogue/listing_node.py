"""Where a listing is filed in the taxonomy: one primary node, and others it also belongs to."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.taxonomy_node import TaxonomyNode


class ListingNode(Base):
    """One primary: at most by a unique index, at least by a trigger at commit. `weight` (1 to 100) ranks others."""

    __tablename__ = "listing_node"
    __table_args__ = (
        sa.Index("uq_listing_node_primary", "listing_id", unique=True, postgresql_where=sa.text("is_primary")),
        sa.Index("ix_listing_node_node_id", "node_id"),
        sa.CheckConstraint("weight BETWEEN 1 AND 100", name="weight_is_a_percentage"),
    )

    listing_id: Mapped[UUID] = mapped_column(sa.ForeignKey("listing.id", ondelete="RESTRICT"), primary_key=True)
    node_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_node.id", ondelete="RESTRICT"), primary_key=True)
    is_primary: Mapped[bool]
    weight: Mapped[int] = mapped_column(sa.SmallInteger, default=100, server_default="100")

    node: Mapped[TaxonomyNode] = relationship(TaxonomyNode)
