"""The cancellation ladder to show before ordering: what comes back until when, as figures and in the shop's words."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from app.services.commerce import cancellation_policy
from models.catalogue.listing import Listing
from models.commerce.cancellation_policy import CancellationPolicy
from models.commerce.checkout import Checkout, CheckoutState
from views.api.shapes import Gives, Money, money
from views.storefront import ladder


class RungShape(Gives):
    """Whoever cancels until `hours_before` the visit gets `back` of the price (gross, without the order fee), which is
    `bps` basis points; the next step holds from then on. `until` and `share` say it in words."""

    hours_before = fields.Integer()
    bps = fields.Integer()
    back = fields.Nested(Money)
    until = fields.String()
    share = fields.String()


class LadderShape(Gives):
    """`id` names this version, `since` the day from which it holds. A consumer's right to cancel within 14 days stands
    above it."""

    id = fields.UUID()
    code = fields.String()
    name = fields.String()
    since = fields.Date()
    summary = fields.String()
    steps = fields.List(fields.Nested(RungShape))


def ladder_shape(found: Checkout, row: Listing) -> dict[str, Any] | None:
    """The listing's of today for a draft, afterwards the one that was agreed; None when nothing was."""
    draft = found.state is CheckoutState.draft
    policy = ladder.of_code(row.cancellation_policy) if draft else found.cancellation_policy
    return None if policy is None else _shape(policy, found)


def _shape(policy: CancellationPolicy, found: Checkout) -> dict[str, Any]:
    words = ladder.in_general(policy)
    return {
        "id": policy.id,
        "code": policy.code,
        "name": words.name,
        "since": policy.valid.lower,
        "summary": words.summary,
        "steps": [
            {
                "hours_before": rung.hours,
                "bps": rung.bps,
                "back": money(rung.back_minor(found.gross_minor), found.currency),
                "until": line.until,
                "share": line.back,
            }
            for rung, line in zip(cancellation_policy.rungs(policy), words.lines, strict=True)
        ],
    }
