"""What a person wants to find again: a listing or a seller, and what the listing cost when they saved it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.catalogue.listing import Listing
from models.people.organisation import Organisation
from models.types import Created, Short, UserId, UuidPk


class Favourite(Base):
    """Exactly one of `listing_id` and `organisation_id` (a seller's). `name` is what it was called then: words that
    left the shop are not shown again. `price_minor` is the all-in price of then, in minor units of `currency`."""

    __tablename__ = "favourite"
    __table_args__ = (
        sa.UniqueConstraint("listing_id", "user_id"),
        sa.UniqueConstraint("organisation_id", "user_id"),
        sa.CheckConstraint("(listing_id IS NULL) <> (organisation_id IS NULL)", name="is_one_thing"),
        sa.CheckConstraint(
            "(listing_id IS NULL) = (price_minor IS NULL) AND (price_minor IS NULL) = (currency IS NULL)",
            name="a_listing_has_a_price",
        ),
        sa.CheckConstraint("price_minor > 0", name="price_is_positive"),
        sa.Index("ix_favourite_user_id", "user_id", "id"),
    )

    id: Mapped[UuidPk]
    user_id: Mapped[UserId]
    listing_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("listing.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("organisation.id"))
    name: Mapped[Short]
    price_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    currency: Mapped[str | None] = mapped_column(sa.CHAR(3))
    created_at: Mapped[Created]

    listing: Mapped[Listing | None] = relationship(Listing)
    organisation: Mapped[Organisation | None] = relationship(Organisation)
