"""How a listing, a page of them and what can be filtered by are told."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.services.catalogue.offer import Window
from models.catalogue.listing_photo import ListingPhoto
from views.api.catalogue.review_shape import FiguresShape
from views.api.shapes import Gives, Moment, Money
from views.storefront.catalogue.photo import address


class PhotoVariant(Gives):
    """One width of a picture, as WebP and as JPEG; what lies at these addresses never changes."""

    width = fields.Integer()
    webp = fields.String()
    jpeg = fields.String()


class PhotoShape(Gives):
    """`alt` says what it shows; `width` and `height` are those of the largest variant, which is the last."""

    alt = fields.String()
    width = fields.Integer()
    height = fields.Integer()
    variants = fields.List(fields.Nested(PhotoVariant))


class ListingBrief(Gives):
    """`price` is everything there is to pay for ordering it alone (VAT and order fee in it)."""

    slug = fields.String()
    title = fields.String()
    category = fields.String()
    provider = fields.String()
    seller = fields.String()
    place = fields.String()
    price = fields.Nested(Money)
    photo = fields.Nested(PhotoShape, allow_none=True)


class FacetValue(Gives):
    """`number` is how many results have it; null for more than are counted."""

    value = fields.String()
    label = fields.String()
    number = fields.Integer(allow_none=True)
    chosen = fields.Boolean()


class FacetShape(Gives):
    """Something to filter by; its own filter does not lower its numbers."""

    key = fields.String()
    label = fields.String()
    values = fields.List(fields.Nested(FacetValue))


class ListingPage(Gives):
    """`next` fetches the next page (as `after`), null on the last. `more` says that there are more than `total`, at
    which counting ends; `counted_at` is when the numbers of the facets were counted, null for now. `text` is what was
    looked for: a mistyped word was read as its nearest neighbour."""

    items = fields.List(fields.Nested(ListingBrief))
    total = fields.Integer()
    more = fields.Boolean()
    text = fields.String()
    facets = fields.List(fields.Nested(FacetShape))
    counted_at = Moment(allow_none=True)
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


class SellerBrief(Gives):
    """Who the contract is with; the page of `slug` says more."""

    name = fields.String()
    slug = fields.String()
    reviews = fields.Nested(FiguresShape)


class ListingShape(Gives):
    """One listing with everything that is needed to order it; `vat_bps` in basis points (2000 is 20 %), 0 where the
    seller charges none."""

    slug = fields.String()
    title = fields.String()
    description = fields.String()
    category = fields.String()
    provider = fields.String()
    seller = fields.Nested(SellerBrief)
    reviews = fields.Nested(FiguresShape)
    price = fields.Nested(PriceShape)
    vat_bps = fields.Integer()
    areas = fields.List(fields.String())
    facts = fields.List(fields.Nested(Fact))
    photos = fields.List(fields.Nested(PhotoShape))
    cancellation_policy = fields.String()
    windows = fields.List(fields.Nested(WindowShape))


def window_shape(window: Window) -> dict[str, Any]:
    """A visit, with its key."""
    ends = {"starts_at": window.starts_at, "ends_at": window.ends_at}
    return {"key": window.key, "zone": window.zone, **ends}


def photo_shape(row: ListingPhoto) -> dict[str, Any]:
    """A picture, with whole addresses of every variant."""
    variants = [
        {"width": width, **{name: _at(row, width, end) for name, end in (("webp", "webp"), ("jpeg", "jpg"))}}
        for width in row.widths
    ]
    return {"alt": row.alt, "width": row.width, "height": row.height, "variants": variants}


def _at(row: ListingPhoto, width: int, end: str) -> str:
    return address(row.digest, f"{width}.{end}", external=True)
