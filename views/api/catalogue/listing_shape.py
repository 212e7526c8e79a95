"""What can be asked of the catalogue, and how a listing is told."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.services.catalogue.offer import Window
from views.api.shapes import MOST_A_PAGE, Gives, Moment, Money, Takes
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


def window_shape(window: Window) -> dict[str, Any]:
    """A visit, with its key."""
    ends = {"starts_at": window.starts_at, "ends_at": window.ends_at}
    return {"key": window.key, "zone": window.zone, **ends}
