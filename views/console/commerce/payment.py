"""Payments as the provider reported them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from models.commerce.order import Order
from models.commerce.payment import Payment
from views import drawing
from views.base import ConsoleView
from views.columns import Column, PeriodFacet, Test, TestFacet
from views.console.commerce.order import party
from views.interface import Interface

P = Payment


class PaymentView(ConsoleView):
    """Read only: a payment is what the provider says it is."""

    datamodel = Interface(P, eager=(joinedload(P.checkout),))
    resource, label, group, icon, nouns = "Payment", "Payments", "Commerce", "credit-card", "payments"
    route_base = "/payments"
    newest = (P.created_at,)
    search = (P.intent_id,)
    columns = (
        Column("intent_id", "At the provider", "title", get=lambda p: p.intent_id or "not opened yet", slot="title"),
        Column("provider", "Provider", order=P.provider, slot="meta", width="m", prio=2),
        Column("stand", "Checkout", get=lambda p: drawing.status(p.checkout.state), slot="status", width="ml"),
        Column("amount_minor", "Amount", "money", order=P.amount_minor, slot="end", width="s"),
        Column("fee_minor", "Their fee", "money", order=P.fee_minor, width="s", prio=2),
        Column("captured_at", "Captured", "when", order=P.captured_at, width="ml", prio=3),
        Column("created_at", "Asked", "ago", order=P.created_at, slot="due", width="s"),
    )
    facets = (
        TestFacet(
            "stand",
            "State",
            {
                "captured": Test("Captured", lambda: P.captured_at.is_not(None)),
                "voided": Test("Voided", lambda: P.voided_at.is_not(None)),
                "open": Test("Open", lambda: P.captured_at.is_(None) & P.voided_at.is_(None)),
            },
            "list-check",
        ),
        PeriodFacet("asked", "Asked", P.created_at),
    )

    def sections(self, row: Payment) -> Sequence[tuple[str, Sequence[tuple[str, Any]]]]:
        checkout, session = row.checkout, self.datamodel.session()
        order = session.scalar(sa.select(Order.reference).where(Order.checkout_id == checkout.id))
        return [
            (
                "Payment",
                [
                    ("At the provider", drawing.code(row.intent_id)),
                    ("Our reference", drawing.code(str(row.id))),
                    ("Amount", drawing.money(row.amount_minor, row.currency)),
                    (
                        "Captured",
                        Markup("{} {}").format(
                            drawing.money(row.captured_minor, row.currency), drawing.when(row.captured_at)
                        ),
                    ),
                    ("Their fee", drawing.money(row.fee_minor, row.currency)),
                    ("Voided", drawing.when(row.voided_at)),
                    ("Last decline", drawing.plain(row.last_decline)),
                ],
            ),
            (
                "What it pays",
                [
                    ("Checkout", drawing.status(checkout.state)),
                    ("Order", drawing.plain(order)),
                    ("Customer", party(checkout.buyer_organisation)),
                    ("Provider", party(checkout.seller_organisation)),
                ],
            ),
        ]
