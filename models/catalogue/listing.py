"""What is offered: one noun, a detail table per kind (docs/adr/0004-three-kinds-of-listing.md)."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.listing_photo import ListingPhoto
from models.catalogue.service_detail import ServiceDetail
from models.catalogue.service_visit import ListingArea, VisitHours
from models.lifecycle import Lifecycle, Machine, move
from models.people.organisation import Organisation
from models.types import Created, Currency, Minor, Prose, Short, UuidPk

if TYPE_CHECKING:
    from models.catalogue.taxonomy_node import TaxonomyNode


class ListingKind(Enum):
    """Each kind has its detail table; its taxonomy domain carries the same name in the plural."""

    service = "Service"


class ListingState(Enum):
    """Only `live` ones of an active seller are shown and sold."""

    draft = "Draft"
    in_review = "In review"
    live = "Live"
    paused = "Paused"
    rejected = "Rejected"
    suspended = "Suspended"
    retired = "Retired"


S = ListingState
LISTING = Machine(
    name="listing",
    states=S,
    initial=S.draft,
    terminal=frozenset({S.retired}),
    owned=(
        (S.draft, "provider"),
        (S.in_review, "moderation"),
        (S.live, "provider"),
        (S.paused, "provider"),
        (S.rejected, "provider"),
        (S.suspended, "moderation"),
    ),
    moves=(
        move(S.draft, "submit", S.in_review, "seller", "the seller is active; the listing is complete"),
        move(S.in_review, "withdraw", S.draft, "seller"),
        # These four only happen together with a row of moderation_decision; the database checks at commit.
        move(S.in_review, "approve", S.live, "operator", "a decision is recorded with it; the seller is active"),
        move(S.in_review, "reject", S.rejected, "operator", "a decision is recorded with it"),
        move(S.live, "suspend", S.suspended, "operator", "a decision is recorded with it"),
        move(S.paused, "suspend", S.suspended, "operator", "a decision is recorded with it"),
        move(S.suspended, "reinstate", S.live, "operator", "a decision is recorded with it; the seller is active"),
        move(S.rejected, "resubmit", S.draft, "seller"),
        move(S.live, "pause", S.paused, "seller"),
        move(S.paused, "resume", S.live, "seller", "the seller is active"),
        # What is live is what was approved: to change it, it leaves the shop and is reviewed again.
        move(S.live, "revise", S.draft, "seller"),
        move(S.paused, "revise", S.draft, "seller"),
        move(S.draft, "retire", S.retired, "seller"),
        move(S.live, "retire", S.retired, "seller"),
        move(S.paused, "retire", S.retired, "seller"),
        move(S.rejected, "retire", S.retired, "seller"),
        move(S.suspended, "retire", S.retired, "seller"),
    ),
)

DOCUMENT = (
    "setweight(to_tsvector('english'::regconfig, title), 'A') || "
    "setweight(to_tsvector('english'::regconfig, search_words), 'B') || "
    "setweight(to_tsvector('english'::regconfig, description), 'C')"
)


class Listing(Lifecycle, Base):
    """`price_minor` is net of VAT, for the whole visit; the seller's VAT status and `tax_category` decide the rate.

    `cancellation_policy` is the code of a dated ladder (models/commerce/cancellation_policy.py).
    `search_words` repeats the synonyms of its node and the labels of its facets, because a generated column sees only
    its own row. `published_at` is the first approval, `content_changed_at` the last edit (both UTC).
    """

    __tablename__ = "listing"
    __table_args__ = (
        sa.UniqueConstraint("slug"),
        sa.CheckConstraint("slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'", name="slug_is_readable"),
        sa.CheckConstraint("length(btrim(title)) >= 8", name="title_says_something"),
        sa.CheckConstraint("price_minor > 0", name="price_is_positive"),
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name="currency_is_a_code"),
        sa.CheckConstraint("state <> 'live' OR published_at IS NOT NULL", name="live_was_published"),
        sa.Index("ix_listing_organisation_id", "organisation_id"),
        sa.Index("ix_listing_published_at", "published_at", "id", postgresql_where=sa.text("state = 'live'")),
        sa.Index(
            "ix_listing_price_minor",
            "price_minor",
            "id",
            postgresql_where=sa.text("state = 'live'"),
            postgresql_include=["organisation_id", "currency", "kind", "published_at"],
        ),
        sa.Index("ix_listing_state_entered_at", "state_entered_at", postgresql_where=sa.text("state = 'in_review'")),
        sa.Index("ix_listing_search", "search", postgresql_using="gin"),
    )
    machine = LISTING

    id: Mapped[UuidPk]
    organisation_id: Mapped[UUID] = mapped_column(sa.ForeignKey("organisation.id", ondelete="RESTRICT"))
    kind: Mapped[ListingKind] = mapped_column(
        sa.Enum(ListingKind, name="listing_kind", native_enum=False, create_constraint=True, length=20)
    )
    title: Mapped[Short]
    slug: Mapped[str] = mapped_column(sa.String(160))
    description: Mapped[Prose]
    price_minor: Mapped[Minor]
    currency: Mapped[Currency]
    cancellation_policy: Mapped[Short] = mapped_column(default="standard", server_default="standard")
    search_words: Mapped[Prose] = mapped_column(default="", server_default="")
    search: Mapped[str] = mapped_column(TSVECTOR, sa.Computed(DOCUMENT, persisted=True), deferred=True)
    published_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))
    content_changed_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    created_at: Mapped[Created]

    organisation: Mapped[Organisation] = relationship(Organisation)
    service: Mapped[ServiceDetail | None] = relationship(ServiceDetail, cascade="all, delete-orphan")
    nodes: Mapped[list[ListingNode]] = relationship(
        ListingNode, cascade="all, delete-orphan", order_by=ListingNode.is_primary.desc()
    )
    areas: Mapped[list[ListingArea]] = relationship(
        ListingArea, cascade="all, delete-orphan", order_by=ListingArea.area
    )
    visit_hours: Mapped[list[VisitHours]] = relationship(
        VisitHours, cascade="all, delete-orphan", order_by=(VisitHours.weekday, VisitHours.starts)
    )
    facets: Mapped[list[ListingFacet]] = relationship(
        ListingFacet, cascade="all, delete-orphan", order_by=(ListingFacet.facet_id, ListingFacet.position)
    )
    photos: Mapped[list[ListingPhoto]] = relationship(
        ListingPhoto, cascade="all, delete-orphan", order_by=ListingPhoto.position
    )

    @property
    def primary_node(self) -> TaxonomyNode:
        """Where it is filed: this node's rules validate, tax and route it. The database holds exactly one."""
        return next(link.node for link in self.nodes if link.is_primary)

    @property
    def tax_category(self) -> str:
        """The category that the dated rate tables are asked for."""
        return self.primary_node.tax_category

    def __str__(self) -> str:
        return self.title
