"""What is sent about a problem."""

from __future__ import annotations

from marshmallow import fields, validate

from app.services.commerce.dispute import CODES
from views.api.shapes import Sum, Takes, text


class Report(Takes):
    """`code` says what is wrong, from the published list. Files may come with it, as parts called `file`."""

    code = fields.String(required=True, validate=validate.OneOf(list(CODES)))
    text = text(required=True, least=1)


class Said(Takes):
    """Both parties read it. Files may come with it, as parts called `file`."""

    text = text(required=True, least=1)


class TakenBack(Takes):
    """Why, if one wants to say so."""

    reason = text(1000)


class Question(Takes):
    """Whom, and what."""

    party = fields.String(required=True, validate=validate.OneOf(["buyer", "seller"]))
    question = text(required=True, least=1)


class Proposal(Takes):
    """What of the hold goes back to the customer; the rest goes to the provider."""

    buyer = fields.Nested(Sum, required=True)
    text = text(required=True, least=1)


class Agreement(Takes):
    """The number of the proposal that was read."""

    version = fields.Integer(required=True, strict=True, validate=validate.Range(1))


class Decision(Takes):
    """What of the hold goes back to the customer, whether the order fee does, and why."""

    buyer = fields.Nested(Sum, required=True)
    fee = fields.Boolean(load_default=False)
    reasons = text(required=True, least=1)
