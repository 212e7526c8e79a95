"""The facts that fill the sentences of the order and problem pages: names, sums and moments, as people read them."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup

from app.services.commerce.money import written
from models.actor import ActorKind
from models.commerce.order import Order
from models.platform.transition import Transition
from views.storefront import words
from views.storefront.commerce.order_money import Money

US = "Fixnado"


def facts_of(order: Order, money: Money, side: ActorKind) -> dict[str, Any]:
    """What any sentence about an order may name."""
    sums = {
        "total": money.total,
        "held": money.held,
        "released": money.released,
        "refunded": money.back,
        "bank": money.bank,
        "earned": money.earned,
    }
    seller, buyer = order.seller_organisation.name, order.buyer_organisation.name
    return {
        **{name: written(minor, order.currency) for name, minor in sums.items()},
        "seller": seller,
        "buyer": buyer,
        "other": seller if side is ActorKind.buyer else buyer,
        "they_seller": "you answer" if side is ActorKind.seller else f"{seller} answers",
        "they_buyer": "you answer" if side is ActorKind.buyer else f"{buyer} answers",
        "round": order.change_rounds,
        "accept_by": words.moment(order.accept_by),
        "visit": words.window(order.visit_start, order.visit_end),
        "delivered_at": words.moment(order.delivered_at) if order.delivered_at else "",
    }


def moved_facts(row: Transition, order: Order, amount_minor: int | None) -> dict[str, str]:
    """What a sentence about one move may name besides: who made it, and its sums."""
    names = {"buyer": order.buyer_organisation.name, "seller": order.seller_organisation.name}
    sums = {
        "amount": row.detail.get("amount_minor", amount_minor),
        "buyer_part": row.detail.get("buyer_minor"),
        "seller_part": row.detail.get("seller_minor"),
    }
    told = {name: written(minor, order.currency) for name, minor in sums.items() if minor is not None}
    return {"who": names.get(row.actor_kind, US), **told}


def say(text: str, facts: dict[str, Any]) -> Markup:
    """A sentence of ours with its facts; what is filled in is escaped."""
    return Markup(text).format(**facts)  # noqa: S704  a constant; what is filled in is escaped
