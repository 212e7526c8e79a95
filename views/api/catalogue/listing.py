"""What is on sale, for everybody: the same search and the same all-in price as the shop's pages."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.services.catalogue import offer, search
from app.services.catalogue.offer import Window
from app.services.commerce import quote
from app.services.platform import clock
from app.session import session
from models.catalogue.listing import Listing
from models.errors import NotFound
from views.api.operation import reads
from views.api.shapes import MOST_A_PAGE, Gives, Moment, Money, Takes, money
from views.storefront.catalogue.card import Card, cards
from views.storefront.catalogue.listing import facts
from views.storefront.catalogue.tree import DOMAIN


class ListingQuery(Takes):
    """`area` is a postcode area (BS), `category` a lineage (services/electrical) or its beginning."""

    q = fields.String(load_default="", validate=validate.Length(max=80))
    category = fields.String(load_default=DOMAIN, validate=validate.Length(max=200))
    area = fields.String(load_default="", validate=validate.Length(max=4))
    after = fields.String(load_default="", validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MOST_A_PAGE))


class ListingBrief(Gives):
    """`price` is everything there is to pay for ordering it alone (VAT and order fee in it)."""

    slug = fields.String()
    title = fields.String()
    category = fields.String()
    provider = fields.String()
    place = fields.String()
    price = fields.Nested(Money)


class ListingPage(Gives):
    """`next` fetches the next page (as `after`), null on the last."""

    items = fields.List(fields.Nested(ListingBrief))
    total = fields.Integer()
    next = fields.String(allow_none=True)


class WindowShape(Gives):
    """A visit that can be chosen; `key` names it in the order."""

    key = fields.String()
    starts_at = Moment()
    ends_at = Moment()
    zone = fields.String()


class Fact(Gives):
    """What the category asks, and the answer."""

    label = fields.String()
    value = fields.String()


class PriceShape(Gives):
    """How the all-in price is made."""

    net = fields.Nested(Money)
    vat = fields.Nested(Money)
    fee = fields.Nested(Money)
    total = fields.Nested(Money)


class ListingShape(Gives):
    """One listing with everything that is needed to order it."""

    slug = fields.String()
    title = fields.String()
    description = fields.String()
    category = fields.String()
    provider = fields.String()
    price = fields.Nested(PriceShape)
    areas = fields.List(fields.String())
    facts = fields.List(fields.Nested(Fact))
    cancellation_policy = fields.String()
    windows = fields.List(fields.Nested(WindowShape))


def on_sale(work: Any, slug: str) -> Listing:
    """Raises NotFound unless it is live and its seller active."""
    found = search.by_slug(work, slug)
    if found is None:
        raise NotFound("There is no such listing.")
    return found


def window_shape(window: Window) -> dict[str, Any]:
    """A visit, with its key."""
    ends = {"starts_at": window.starts_at, "ends_at": window.ends_at}
    return {"key": window.key, "zone": window.zone, **ends}


@reads("/listings", gives=ListingPage, query=ListingQuery, public=True)
def listings(asked: dict[str, Any]) -> dict[str, Any]:
    """What is on sale, best match first."""
    found = search.find(
        session(),
        node=asked["category"],
        text=asked["q"],
        area=asked["area"].upper(),
        after=asked["after"],
        limit=asked["limit"],
    )
    shown = zip(found.listings, cards(session(), found.listings), strict=True)
    return {"items": [_brief(row, card) for row, card in shown], "total": found.total, "next": found.after}


@reads("/listings/<slug>", gives=ListingShape, public=True)
def listing(slug: str) -> dict[str, Any]:
    """One listing, with today's price and the visits on offer."""
    row = on_sale(session(), slug)
    price = quote.of_listing(session(), row, at=clock.now())
    sums = {"net": price.net_minor, "vat": price.vat_minor, "fee": price.fee_minor, "total": price.total_minor}
    return {
        "slug": row.slug,
        "title": row.title,
        "description": row.description,
        "category": row.primary_node.lineage,
        "provider": row.organisation.name,
        "price": {name: money(minor, price.currency) for name, minor in sums.items()},
        "areas": [covered.area for covered in row.areas],
        "facts": [{"label": label, "value": value} for label, value in facts(row)],
        "cancellation_policy": row.cancellation_policy,
        "windows": [window_shape(one) for one in offer.windows(row, now=clock.now())],
    }


def _brief(row: Listing, card: Card) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "title": row.title,
        "category": row.primary_node.lineage,
        "provider": card.seller,
        "place": card.place,
        "price": money(card.all_in_minor, card.currency),
    }
