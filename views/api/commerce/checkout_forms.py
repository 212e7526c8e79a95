"""What is sent with a checkout, and what is told of one."""

from __future__ import annotations

from marshmallow import fields, validate

from views.api.catalogue.listing_shape import WindowShape
from views.api.commerce.checkout_ladder import LadderShape
from views.api.commerce.line import LineShape
from views.api.shapes import Gives, Money, Takes, text


class Begin(Takes):
    """The listing's slug."""

    listing = fields.String(required=True, validate=validate.Length(1, 160))


class Submit(Takes):
    """`window`, `fingerprint` and `ladder` (its id) are the checkout's; the latter two say which price was seen, and
    what comes back after a cancellation. A consumer sends the name of the cancellation text that was shown, and the
    express-start text's where work may begin within the 14 days."""

    window = fields.String(required=True, validate=validate.Length(1, 40))
    site_address = text(500, required=True, least=1)
    site_postcode = text(12, required=True, least=1)
    access_notes = text(1000)
    fingerprint = fields.String(required=True, validate=validate.Regexp(r"^[0-9a-f]{64}\Z"))
    ladder = fields.UUID(required=True)
    cancellation = text(120)
    express_start = text(120)


class TextsShape(Gives):
    """Names of the texts to show before ordering; each lies at /legal/<id>/<version>. Null for a business."""

    cancellation = fields.String(allow_none=True)
    express_start = fields.String(allow_none=True)


class CheckoutShape(Gives):
    """`ladder` is to be shown before ordering; null when it ended as a draft. `order` is the reference of what came of
    it, once the money is confirmed."""

    id = fields.UUID()
    state = fields.String()
    listing = fields.String()
    lines = fields.List(fields.Nested(LineShape))
    fee = fields.Nested(Money)
    total = fields.Nested(Money)
    fingerprint = fields.String()
    windows = fields.List(fields.Nested(WindowShape))
    texts = fields.Nested(TextsShape)
    ladder = fields.Nested(LadderShape, allow_none=True)
    order = fields.String(allow_none=True)


class Submitted(Gives):
    """`pay_url` is the provider's page, where the buyer pays; null when nothing is to be paid there any more."""

    id = fields.UUID()
    state = fields.String()
    total = fields.Nested(Money)
    pay_url = fields.String(allow_none=True, dump_default=None)
