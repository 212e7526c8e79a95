"""What is sent about an order."""

from __future__ import annotations

from marshmallow import fields, validate

from app.services.commerce.money import WHOLE
from app.services.commerce.order import DECLINE_REASONS
from models.commerce.order import OrderState
from views.api.shapes import Gives, Money, Paged, Sum, Takes, text


class OrderQuery(Paged):
    """`side` is what the caller is in them (buyer or seller); staff see all orders."""

    side = fields.String(load_default="", validate=validate.OneOf(["", "buyer", "seller"]))
    state = fields.String(load_default="", validate=validate.OneOf(["", *(state.name for state in OrderState)]))


class Why(Takes):
    """A sentence for the other side."""

    reason = text(1000)


class DeclineOrder(Takes):
    """`code` says why, from the published list."""

    code = fields.String(required=True, validate=validate.OneOf(list(DECLINE_REASONS)))
    reason = text(1000)


class Share(Takes):
    """The share of the work that is done, in basis points (2500 is 25 %); only staff say it."""

    delivered_bps = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(0, WHOLE))


class CancelOrder(Share):
    """`agreed` is what goes back by the preview that was read; another sum by now is refused."""

    reason = text(1000)
    agreed = fields.Nested(Sum, load_default=None, allow_none=True)


class Delivery(Takes):
    """A form with one or more parts called `file` (PDF, JPEG, PNG), and what they show."""

    note = text(1000, required=True, least=1)


class TermsShape(Gives):
    """What cancelling now comes to; `fee` is the part of the order fee that goes back, and is in `back`."""

    back = fields.Nested(Money)
    fee = fields.Nested(Money)
    to_seller = fields.Nested(Money)
    cause = fields.String()
    sentence = fields.String()
