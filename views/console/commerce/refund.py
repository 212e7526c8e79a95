"""Money on its way back, and what the provider said about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.services.commerce import refund
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundState
from views import drawing
from views.base import counted
from views.columns import Column, EnumFacet, Tab
from views.interface import Interface
from views.record import RecordView, Verb

R, S = Refund, RefundState


class RefundView(RecordView):
    """Policy approves refunds by itself; people look at those that did not arrive."""

    datamodel = Interface(R, eager=(joinedload(R.order),))
    resource, label, group, icon, nouns = "Refund", "Refunds", "Commerce", "arrow-back-up", "refunds"
    route_base = "/refunds"
    newest = (R.created_at,)
    road = (S.requested, S.approved, S.submitted, S.succeeded)
    search = (Order.reference, R.provider_refund_id)
    columns = (
        Column(
            "order",
            "Order",
            "title",
            get=lambda r: r.order.reference if r.order else "Late payment",
            order=Order.reference,
            slot="title",
        ),
        Column("cause", "Cause", get=lambda r: r.cause.value, order=R.cause, slot="meta", width="l", prio=2),
        Column("state", "State", "status", order=R.state, slot="status", width="ml"),
        Column("amount_minor", "Amount", "money", order=R.amount_minor, slot="end", width="s"),
        Column("attempts", "Attempts", "number", order=R.attempts, width="s", prio=3),
        Column("created_at", "Asked", "ago", order=R.created_at, slot="due", width="s"),
    )
    facets = (EnumFacet("state", "State", R.state, "list-check"), EnumFacet("cause", "Cause", R.cause, "info-circle"))
    tabs = (
        Tab("All"),
        Tab("On the way", {"state": ["approved", "submitted", "unknown"]}, counted=True),
        Tab("Failed", {"state": ["failed"]}, counted=True, tone="danger"),
    )
    verbs_of = (
        Verb(
            "retry",
            "Send again",
            "retry",
            refund.retry,
            "Asks the provider once more, under a new key",
            "rotate-clockwise",
            "primary",
        ),
    )

    def waiting(self) -> Any:
        return counted(R, R.state == S.failed)

    def narrowed(self) -> Any:
        return super().narrowed().outerjoin(Order, Order.id == R.order_id)

    def facts(self, row: Refund) -> Sequence[tuple[str, Any]]:
        order = drawing.NONE
        if row.order and self.appbuilder.sm.may("Order", "read"):
            order = Markup('<a href="{}">{}</a>').format(url_for("OrderView.show", pk=row.order_id), row.order)
        elif row.order:
            order = drawing.plain(row.order.reference)
        return [
            ("Order", order),
            ("Amount", drawing.money(row.amount_minor, row.currency)),
            ("Of it buyer fee", drawing.money(row.fee_net_minor + row.fee_vat_minor, row.currency)),
            ("Cause", row.cause.value),
            ("Attempts", drawing.plain(row.attempts)),
            ("At the provider", drawing.code(row.provider_refund_id)),
            ("Last error", drawing.plain(row.last_error)),
            ("Asked", drawing.when(row.created_at)),
        ]
