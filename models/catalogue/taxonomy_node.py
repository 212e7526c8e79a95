"""A place in the tree: what is sold there, how it is taxed, how carefully it is checked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.types import Prose, Short, UuidPk


class TaxonomyNode(Base):
    """`lineage` is the materialised path, the domain's slug first; at most four levels below the domain.

    `severity` (0 to 1) says how urgent trouble here is; `tax_category` names a row family of the dated rate tables;
    `moderation_lane` counts from 0 (danger to life) to 4 (ordinary listing checks). A regulatory note is
    {jurisdiction, reference, requirement, source, advice}. A retired node keeps its listings and takes no new ones.
    """

    __tablename__ = "taxonomy_node"
    __table_args__ = (
        sa.UniqueConstraint("lineage"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_readable"),
        sa.CheckConstraint("right(lineage, length(slug) + 1) = '/' || slug", name="lineage_ends_in_slug"),
        sa.CheckConstraint("cardinality(string_to_array(lineage, '/')) BETWEEN 2 AND 5", name="four_levels"),
        sa.CheckConstraint("severity BETWEEN 0 AND 1", name="severity_is_a_share"),
        sa.CheckConstraint("moderation_lane BETWEEN 0 AND 4", name="lane_exists"),
        sa.Index("ix_taxonomy_node_domain_id", "domain_id"),
        sa.Index("ix_taxonomy_node_parent_id", "parent_id", "position"),
        sa.Index("ix_taxonomy_node_lineage", "lineage", postgresql_ops={"lineage": "text_pattern_ops"}),
    )

    id: Mapped[UuidPk]
    domain_id: Mapped[UUID] = mapped_column(sa.ForeignKey("taxonomy_domain.id", ondelete="RESTRICT"))
    parent_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("taxonomy_node.id", ondelete="RESTRICT"))
    slug: Mapped[str] = mapped_column(sa.String(60))
    lineage: Mapped[str] = mapped_column(sa.String(300))
    label: Mapped[Short]
    summary: Mapped[Prose] = mapped_column(default="", server_default="")
    position: Mapped[int]
    synonyms: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    search_words: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    regulatory_notes: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    certifications: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list, server_default="{}")
    severity: Mapped[Decimal] = mapped_column(sa.Numeric(3, 2))
    tax_category: Mapped[str] = mapped_column(sa.String(40))
    moderation_lane: Mapped[int] = mapped_column(sa.SmallInteger)
    retired: Mapped[bool] = mapped_column(default=False, server_default=sa.false())

    domain: Mapped[TaxonomyDomain] = relationship(TaxonomyDomain)
    parent: Mapped[TaxonomyNode | None] = relationship(remote_side="TaxonomyNode.id")

    def lineages(self) -> list[str]:
        """The paths from the first level below the domain down to this node."""
        parts = self.lineage.split("/")
        return ["/".join(parts[:depth]) for depth in range(2, len(parts) + 1)]

    def __str__(self) -> str:
        return self.label
