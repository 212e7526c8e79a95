"""What is sent about a refund, and what is told of one."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from models.commerce.refund import BY_STAFF
from views.api.shapes import Gives, Moment, Money, Paged, Sum, Takes, text


class RefundQuery(Paged):
    """`order` narrows to one order's."""

    order = fields.String(load_default="", validate=validate.Length(max=16))


class RefundPart(Takes):
    """So much, VAT included, of a line of the order."""

    line = fields.UUID(required=True)
    amount = fields.Nested(Sum, required=True)


class AskRefund(Takes):
    """Either `lines`, or `amount`, which is spread over them; with `fee` also what is left of the order fee."""

    lines = fields.List(fields.Nested(RefundPart), load_default=list, validate=validate.Length(max=50))
    amount = fields.Nested(Sum, load_default=None, allow_none=True)
    fee = fields.Boolean(load_default=False)
    cause = fields.String(required=True, validate=validate.OneOf(sorted(one.name for one in BY_STAFF)))
    reason = text(required=True, least=1)

    @validates_schema
    def _one_of_two(self, data: dict[str, Any], **_named: Any) -> None:
        if data.get("lines") and data.get("amount"):
            raise ValidationError("Send lines or an amount, not both.", "amount")
        named = [part["line"] for part in data.get("lines", [])]
        if len(named) != len(set(named)):
            raise ValidationError("Name each line once.", "lines")


class Reason(Takes):
    """Why, for whoever asked."""

    reason = text(required=True, least=1)


class RefundShape(Gives):
    """`fee` is in `amount`. `order` is null for money that came when the checkout was over."""

    id = fields.UUID()
    order = fields.String(allow_none=True)
    state = fields.String()
    cause = fields.String()
    amount = fields.Nested(Money)
    fee = fields.Nested(Money)
    reason = fields.String()
    asked_at = Moment()


class RefundPage(Gives):
    """`next` fetches the next page (as `before`), null on the last."""

    items = fields.List(fields.Nested(RefundShape))
    next = fields.String(allow_none=True)


class RefundMoved(Gives):
    """What was done."""

    id = fields.UUID()
    event = fields.String()
    state = fields.String()
    amount = fields.Nested(Money)
