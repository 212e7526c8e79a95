"""Who sells here, and what finished orders say of them: dated facts and published reviews, for everybody."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import fields

from app.services.commerce import review_figure
from app.services.people import seller_public
from app.session import session
from models.commerce.review import Review
from models.errors import NotFound
from views.api.catalogue.listing import on_sale
from views.api.catalogue.review_shape import FiguresShape, ReviewPage, figures_shape, review_shape
from views.api.operation import reads
from views.api.paging import page_of
from views.api.shapes import Gives, Moment, Paged
from views.storefront.review_block import shown_about


class SellerShape(Gives):
    """`checked_at` is when staff last looked at their documents, null for sellers older than the record of it."""

    name = fields.String()
    slug = fields.String()
    since = Moment()
    checked_at = Moment(allow_none=True)
    finished_orders = fields.Integer()
    on_sale = fields.Integer()
    reviews = fields.Nested(FiguresShape)


@reads("/sellers/<slug>", gives=SellerShape, public=True)
def seller(slug: str) -> dict[str, Any]:
    """One seller who may sell now."""
    standing = _selling(slug)
    return {
        "name": standing.organisation.name,
        "slug": standing.organisation.slug,
        "since": standing.since,
        "checked_at": standing.checked_at,
        "finished_orders": standing.finished_orders,
        "on_sale": seller_public.on_sale_count(session(), standing),
        "reviews": figures_shape(review_figure.summary(session(), "seller", standing.organisation.id)),
    }


@reads("/sellers/<slug>/reviews", gives=ReviewPage, query=Paged, public=True)
def seller_reviews(asked: dict[str, Any], slug: str) -> dict[str, Any]:
    """What customers wrote about a seller."""
    found = _selling(slug).organisation.id
    return _page("seller", found, shown_about(organisation_id=found), asked)


@reads("/listings/<slug>/reviews", gives=ReviewPage, query=Paged, public=True)
def listing_reviews(asked: dict[str, Any], slug: str) -> dict[str, Any]:
    """What customers wrote about a listing."""
    found = on_sale(session(), slug).id
    return _page("listing", found, shown_about(listing_id=found), asked)


def _selling(slug: str) -> seller_public.Standing:
    standing = seller_public.of_slug(session(), slug)
    if standing is None:
        raise NotFound("There is no such seller.")
    return standing


def _page(kind: str, subject: Any, query: sa.Select[Review], asked: dict[str, Any]) -> dict[str, Any]:
    rows, following = page_of(session(), query, Review.id, asked)
    figures = figures_shape(review_figure.summary(session(), kind, subject))
    return {"figures": figures, "items": [review_shape(row) for row in rows], "next": following}
