"""Reviews as pages show them: what everybody reads about a seller or a listing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.services.commerce import review as reviews
from app.services.commerce import review_figure
from app.services.commerce.review_figure import Summary
from models.catalogue.listing import Listing
from models.commerce.order import Order
from models.commerce.review import SHOWN, Review, ReviewState
from models.people.organisation import Organisation
from views.storefront.address import absolute

FEW = 5
STARS = {5: "Excellent", 4: "Good", 3: "Fair", 2: "Poor", 1: "Bad"}


@dataclass(frozen=True, slots=True)
class Said:
    """One review as somebody reads it. `who` is a first name for private people; `until` is when a waiting one is
    published by itself (UTC)."""

    id: UUID
    stars: int
    text: str
    who: str
    about: str
    title: str
    at: datetime
    until: datetime
    state: ReviewState
    reply: str
    replied_at: datetime | None

    @property
    def drawn(self) -> str:
        """The stars as a row of five."""
        return "★" * self.stars + "☆" * (5 - self.stars)

    @property
    def word(self) -> str:
        """What so many stars mean."""
        return STARS[self.stars]


@dataclass(frozen=True, slots=True)
class Block:
    """What everybody reads about a seller or a listing: figures, the newest, and how many there are in all."""

    summary: Summary
    rows: list[Said]
    name: str
    slug: str
    listing: Listing | None = None

    @property
    def histogram(self) -> list[tuple[int, str, int, int]]:
        """Five stars first: stars, word, count, percent of all."""
        counts = self.summary.distribution
        most = max(self.summary.count, 1)
        return [(stars, STARS[stars], counts[stars - 1], counts[stars - 1] * 100 // most) for stars in range(5, 0, -1)]

    @property
    def linked_data(self) -> dict[str, Any]:
        """The figures and the newest reviews for search engines (schema.org)."""
        return {
            "@context": "https://schema.org",
            **self._about(),
            "aggregateRating": {
                "@type": "AggregateRating",
                "ratingValue": self.summary.average,
                "bestRating": "5",
                "worstRating": "1",
                "reviewCount": self.summary.count,
            },
            "review": [
                {
                    "@type": "Review",
                    "reviewRating": {"@type": "Rating", "ratingValue": one.stars, "bestRating": 5, "worstRating": 1},
                    "author": {"@type": "Person", "name": one.who},
                    "datePublished": one.at.date().isoformat(),
                    "reviewBody": one.text,
                }
                for one in self.rows
            ],
        }

    def _about(self) -> dict[str, str]:
        """The thing, by its @id, of which the page's other facts speak too: the listing's service, or the business."""
        if self.listing is not None:
            address = absolute("storefront.listing", slug=self.listing.slug)
            return {"@type": "Service", "@id": f"{address}#service", "name": self.listing.title}
        address = absolute("storefront.seller", slug=self.slug)
        return {"@type": "LocalBusiness", "@id": f"{address}#business", "name": self.name}


def said_by(organisation: Organisation) -> str:
    """A business by its name, a private person by the first name and a letter."""
    if not organisation.personal:
        return organisation.name
    first, _, last = organisation.name.partition(" ")
    return f"{first} {last[:1]}." if last else first


def _title(order: Order) -> str:
    """What was ordered, as it stood in the shop: the lines of a quote were written for one customer."""
    first = order.lines[0]
    return first.description if order.checkout.quote_offer_id else first.title


def told(row: Review) -> Said:
    """A row as plain values."""
    return Said(
        id=row.id,
        stars=row.stars,
        text=row.text,
        who=said_by(row.author_organisation),
        about=row.subject_organisation.name,
        title=_title(row.order),
        at=row.published_at or row.created_at,
        until=row.publish_at,
        state=row.state,
        reply=row.reply.text if row.reply else "",
        replied_at=row.reply.created_at if row.reply else None,
    )


def shown_about(*, organisation_id: UUID | None = None, listing_id: UUID | None = None) -> sa.Select[Review]:
    """What everybody may read about a seller or a listing, newest first by whoever orders it."""
    query = sa.select(Review).where(Review.author == "buyer", Review.state.in_(SHOWN))
    if organisation_id:
        query = query.where(Review.subject_organisation_id == organisation_id)
    if listing_id:
        query = query.where(Review.listing_id == listing_id)
    return query.options(
        joinedload(Review.author_organisation),
        joinedload(Review.subject_organisation),
        joinedload(Review.order).selectinload(Order.lines),
        joinedload(Review.order).joinedload(Order.checkout),
        joinedload(Review.reply),
    )


def block_of(session: Session, seller: Organisation, *, listing: Listing | None = None) -> Block:
    """For a seller's page, or with `listing` for a listing's: its own figures, and the seller's newest reviews of
    it."""
    figures = (
        review_figure.summary(session, "listing", listing.id)
        if listing
        else reviews.summary(session, organisation_id=seller.id)
    )
    if not figures.count:
        return Block(figures, [], seller.name, seller.slug, listing)
    query = shown_about(organisation_id=seller.id, listing_id=listing.id if listing else None)
    rows = session.scalars(query.order_by(Review.published_at.desc(), Review.id.desc()).limit(FEW)).all()
    return Block(figures, [told(row) for row in rows], seller.name, seller.slug, listing)
