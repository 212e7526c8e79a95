"""What stands in the way of the end of an account. One statement, for one person or for a page of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session

from models.catalogue.listing import Listing
from models.commerce.account import Account, AccountBalance
from models.commerce.chargeback import LIVE, Chargeback
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import ORDER, Order
from models.commerce.quote_request import QuoteRequest as Quote
from models.commerce.quote_request import QuoteState
from models.commerce.refund import REFUND, Refund
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation
from models.people.seller import SELLER, Seller, SellerState

WAITING_QUOTES = (QuoteState.requested, QuoteState.offered)
SENTENCES = {
    "1_order": "Order {0} is open.",
    "2_refund": "A refund of order {0} is on its way.",
    "3_chargeback": "A bank asks the payment of order {0} back.",
    "4_money": "Money of {0} is not settled.",
    "5_seller": "{0} sells here.",
    "6_alone": "{0} has members and no other owner who can sign in.",
    "7_quote": "A quote about {0} is open.",
    "8_payment": "A payment to {0} is under way.",
}
"""In the order in which people read them. Money is held only for orders that are open."""


def of(session: Session, user_id: int) -> list[str]:
    """Sentences for one person; empty when nothing stands in the way."""
    return of_many(session, [user_id]).get(user_id, [])


def of_many(session: Session, user_ids: Collection[int]) -> dict[int, list[str]]:
    """Sentences by person."""
    found: dict[int, list[str]] = {}
    if user_ids:
        for user_id, kind, word in session.execute(_every(user_ids)):
            found.setdefault(user_id, []).append(SENTENCES[kind].format(word))
    return found


def _every(user_ids: Collection[int]) -> Any:
    mine = _owned(user_ids)
    who, name, organisation = mine.c.user_id, mine.c.name, mine.c.organisation_id
    sides = sa.or_(Order.buyer_organisation_id == organisation, Order.seller_organisation_id == organisation)
    alone = mine.c.other_owners == 0

    def rows(kind: str, word: Any) -> Any:
        return sa.select(who.label("user_id"), sa.literal(kind).label("kind"), sa.cast(word, sa.Text).label("word"))

    open_ = [state for state in ORDER.states if state not in ORDER.terminal]
    under_way = [state for state in REFUND.states if state not in REFUND.terminal]
    sells = [state for state in SELLER.states if state not in {*SELLER.terminal, SellerState.applied}]
    codes = [sa.func.concat("seller:", organisation, f":{kind}") for kind in ("pending", "payable", "receivable")]
    orders = rows("1_order", Order.reference).join(Order, sides)
    refunds = rows("2_refund", Order.reference).join(Order, sides).join(Refund, Refund.order_id == Order.id)
    banks = rows("3_chargeback", Order.reference).join(Order, sides).join(Chargeback, Chargeback.order_id == Order.id)
    money = rows("4_money", name).join(Account, Account.code.in_(codes))
    money = money.join(AccountBalance, AccountBalance.account_id == Account.id)
    sellers = rows("5_seller", name).join(Seller, Seller.organisation_id == organisation)
    asked = rows("7_quote", Listing.title).join(
        Quote, sa.or_(Quote.buyer_organisation_id == organisation, Quote.seller_organisation_id == organisation)
    )
    payee = sa.orm.aliased(Organisation)
    paying = rows("8_payment", payee.name).join(Checkout, Checkout.buyer_organisation_id == organisation)
    every = sa.union(
        asked.join(Listing, Listing.id == Quote.listing_id).where(alone, Quote.state.in_(WAITING_QUOTES)),
        paying.join(payee, payee.id == Checkout.seller_organisation_id).where(
            alone, Checkout.state == CheckoutState.awaiting_payment
        ),
        orders.where(Order.state.in_(open_)),
        refunds.where(Refund.state.in_(under_way)),
        banks.where(Chargeback.state.in_(LIVE)),
        money.where(alone, AccountBalance.balance != 0),
        sellers.where(alone, Seller.state.in_(sells)),
        rows("6_alone", name).where(alone, mine.c.others > 0, sa.not_(mine.c.personal)),
    )
    return every.order_by("user_id", "kind", "word")


def _owned(user_ids: Collection[int]) -> Any:
    """The organisations they own, with how many others belong to each, and how many of those own it too and can act
    (who is suspended cannot)."""
    mine, other = sa.orm.aliased(Membership), sa.orm.aliased(Membership)
    others = sa.select(sa.func.count()).where(
        other.organisation_id == mine.organisation_id, other.user_id != mine.user_id
    )
    owners = others.where(other.role == MembershipRole.owner, other.user_id == User.id, User.active)
    return (
        sa.select(
            mine.user_id,
            mine.organisation_id,
            Organisation.name,
            Organisation.personal,
            others.correlate(mine).scalar_subquery().label("others"),
            owners.correlate(mine).scalar_subquery().label("other_owners"),
        )
        .join(Organisation, Organisation.id == mine.organisation_id)
        .where(mine.user_id.in_(user_ids), mine.role == MembershipRole.owner)
        .cte("mine")
    )
