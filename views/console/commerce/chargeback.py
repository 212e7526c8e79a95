"""The chargeback desk: what a bank took, until when it wants an answer, and what is at stake."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import url_for
from markupsafe import Markup
from sqlalchemy.orm import joinedload

from app.services.commerce import chargeback, ledger
from app.services.platform import clock
from models.commerce.chargeback import LIVE, Chargeback, ChargebackState
from models.commerce.document import Document
from models.commerce.order import Order
from views import drawing
from views.base import Duty, counted
from views.columns import Column, EnumFacet, PeriodFacet, Tab, Test, TestFacet
from views.console.commerce.posting import spoken
from views.console.commerce.refund import order_link
from views.interface import Interface
from views.record import REASON, Ask, RecordView, Step, Verb

C, S = Chargeback, ChargebackState
LONGEST_WAY = timedelta(minutes=10)
"""A letter that a bank does not have by then is stuck, not on its way."""
TEXT = Ask("text", "What the bank should know", "What was agreed, done and accepted, with dates. It is sent once.")


def _stuck() -> Any:
    """Cases that wait for the bank's word while it has no letter to judge by. What was conceded needs none."""
    unsent = (C.evidence_text != "") & C.evidence_sent_at.is_(None) & ~C.concession
    return (C.state == S.under_review) & unsent & (C.state_entered_at < clock.now() - LONGEST_WAY)


class ChargebackView(RecordView):
    """The bank decides. Until then nothing of the order moves, and we answer once or not at all."""

    datamodel = Interface(C, eager=(joinedload(C.order),))
    resource, label, group, icon, nouns = "Chargeback", "Chargebacks", "Commerce", "credit-card", "chargebacks"
    route_base = "/chargebacks"
    show_template = "console/chargeback.html"
    empty = "When a customer's bank asks for a payment back, it will be listed here."
    landing = {"state": [state.name for state in LIVE]}
    road = (S.needs_response, S.under_review, S.won)
    search = (Order.reference, C.provider_dispute_id, C.reason)
    columns = (
        Column("order", "Order", "title", get=lambda c: c.order.reference if c.order else "Late payment",
               sub=lambda c: reason(c.reason), order=Order.reference, slot="title", width="l"),
        Column("state", "State", "status", order=C.state, width="ml", slot="status"),
        Column("kind", "Kind", get=lambda c: "Chargeback" if c.withdrawn_at else "Inquiry", width="m", slot="meta"),
        Column("amount_minor", "Amount", "money", order=C.amount_minor, width="s", slot="end"),
        Column("evidence_due_at", "Answer by", "due", get=lambda c: c.evidence_due_at if c.live else None,
               order=C.evidence_due_at, width="s", slot="due"),
        Column("evidence_sent_at", "Answered", "when", order=C.evidence_sent_at, width="ml", prio=3),
        Column("created_at", "Came", "ago", order=C.created_at, width="s", prio=2),
    )  # fmt: skip
    facets = (
        EnumFacet("state", "State", C.state, "list-check"),
        TestFacet(
            "kind",
            "Kind",
            {
                "chargeback": Test("Money was taken", lambda: C.withdrawn_at.is_not(None)),
                "inquiry": Test("Only asked about", lambda: C.withdrawn_at.is_(None)),
            },
        ),
        TestFacet("letter", "Our letter", {"stuck": Test("Has not reached the bank", _stuck)}, "send"),
        PeriodFacet("came", "Came", C.created_at),
    )
    tabs = (
        Tab("Open", {"state": [state.name for state in LIVE]}, counted=True),
        Tab("Needs a response", {"state": ["needs_response"]}, counted=True, tone="danger"),
        Tab("With the bank", {"state": ["under_review"]}, counted=True),
        Tab("Won", {"state": ["won"]}),
        Tab("Lost", {"state": ["lost"]}),
        Tab("All"),
    )
    verbs_of = (
        Verb("submit_evidence", "Send evidence", "respond", chargeback.send_evidence,
             "Our answer and the papers below go to the bank, once", "send", "primary", (TEXT,), "e"),
        Verb("concede", "Concede", "respond", chargeback.concede,
             "The bank is told that we do not contest it; it will be lost", "hand-grab", "danger", (REASON,), "c"),
    )  # fmt: skip

    def waiting(self) -> Any:
        return counted(C, C.state == S.needs_response)

    def duties(self) -> Sequence[Duty]:
        asks, stuck = counted(C, C.state == S.needs_response), counted(C, _stuck())
        return (
            Duty("Banks that want an answer", "respond", asks, {"state": ["needs_response"]}, urgent=True),
            Duty("Letters that have not reached the bank", "respond", stuck, {"letter": ["stuck"]}, urgent=True),
        )

    def narrowed(self) -> Any:
        return super().narrowed().outerjoin(Order, Order.id == C.order_id)

    def first_order(self) -> tuple[Any, ...]:
        open_first = sa.case((C.state.in_(LIVE), 0), else_=1)
        return (open_first, C.evidence_due_at.asc().nulls_last(), C.created_at.desc())

    def reference(self, row: Chargeback) -> str:
        return row.provider_dispute_id

    def heading(self, row: Chargeback) -> str:
        kind = "Chargeback" if row.withdrawn_at else "Inquiry"
        return f"{kind}, {row.order.reference}" if row.order else kind

    def road_of(self, row: Chargeback) -> tuple[Any, ...]:
        return (*self.road[:-1], row.state) if row.state in (S.lost, S.inquiry_closed) else self.road

    def steps(self, row: Chargeback, past: Sequence[Any]) -> list[Step]:
        steps = super().steps(row, past)
        return [*steps[:-1], Step("The bank decides", "todo")] if steps[-1].state == "todo" else steps

    def facts(self, row: Chargeback) -> Sequence[tuple[str, Any]]:
        payment = drawing.code(row.payment.intent_id)
        if self.appbuilder.sm.may("Payment", "read"):
            payment = Markup('<a href="{}">{}</a>').format(url_for("PaymentView.show", pk=row.payment_id), payment)
        return [
            ("Order", order_link(self, row.order)),
            ("Payment", payment),
            ("At the provider", drawing.code(row.provider_dispute_id)),
            ("The bank says", reason(row.reason)),
            ("Amount", drawing.money(row.amount_minor, row.currency)),
            ("Fee for the case", drawing.money(row.fee_minor, row.currency)),
            ("Money taken", drawing.when(row.withdrawn_at)),
            ("Answer by", drawing.when(row.evidence_due_at)),
            ("Answered", drawing.when(row.evidence_sent_at)),
            ("Conceded", drawing.yes(row.concession)),
            ("Closed", drawing.when(row.closed_at)),
        ]

    def more(self, row: Chargeback) -> dict[str, Any]:
        session = self.datamodel.session()
        subject = f"order:{row.order_id}" if row.order_id else f"payment:{row.payment_id}"
        own = f"dispute:{row.id}"
        files = sa.select(Document).options(joinedload(Document.stored_file)).where(Document.order_id == row.order_id)
        return {
            "order": row.order,
            "letter": letter(row),
            "overdue": row.evidence_due_at is not None and row.evidence_due_at <= clock.now(),
            "outlook": chargeback.outlook(session, row) if row.live else None,
            "documents": session.scalars(files.order_by(Document.id)).all(),
            "postings": [
                (entry, lines)
                for entry, lines in ledger.entries(session, subject)
                if any(one.code == own for one in lines)
            ],
            "spoken": spoken,
        }


def reason(code: str) -> str:
    """The bank's word for it, as words."""
    return code.replace("_", " ").capitalize()


def letter(row: Chargeback) -> str:
    """How far our answer is: sent, on its way, stuck (the rows of `_stuck`), or moot: it was not needed any more."""
    if row.evidence_sent_at:
        return "sent"
    if row.state is not S.under_review or row.concession:
        return "moot"
    return "stuck" if row.state_entered_at < clock.now() - LONGEST_WAY else "on its way"
