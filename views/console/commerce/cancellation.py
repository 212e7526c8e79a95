"""Cancelling an order for its parties: who gets what by the published terms, before it is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session
from wtforms import TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.services.commerce import cancellation, escrow, order, settlement
from app.services.commerce.cancellation import Terms
from app.services.commerce.settlement import Division
from app.services.platform import machine
from models.actor import ActorKind
from models.commerce.order import Order, OrderState
from views.base import ConsoleView, operator
from views.console.commerce.posting import spoken
from views.forms import ConsoleForm
from views.storefront.fields import Whole
from views.worksheet import Section, Sheet

BPS = 100
"""Basis points in a percent."""


@dataclass(frozen=True)
class Outcome:
    """The terms, and how they divide what is held."""

    terms: Terms
    division: Division


def sheet(view: ConsoleView, session: Session, row: Order) -> Sheet:
    """The page for one order."""
    form = _form(row)

    def delivered() -> int | None:
        share = form.delivered.data if "delivered" in form else None
        return None if share is None else int(share) * BPS

    def reckon(work: Session) -> Outcome:
        terms = cancellation.terms(work, row, ActorKind.operator, delivered_bps=delivered())
        return Outcome(terms, settlement.preview(work, row, buyer_minor=terms.buyer_minor, fee=terms.fee))

    def carry_out(work: Session, found: Outcome) -> str:
        back, share = found.terms.back_minor, delivered()
        order.cancel(work, row, actor=operator(), reason=form.reason.data, delivered_bps=share, agreed_minor=back)
        return url_for("OrderView.show", pk=row.id)

    return Sheet(
        view=view,
        form=form,
        title=f"Cancel {row.reference}",
        lede="For both parties, and for good. The money moves at once.",
        trail=(("Orders", url_for("OrderView.list")), (row.reference, url_for("OrderView.show", pk=row.id))),
        sections=(Section("The cancellation", [name for name in ("delivered", "reason") if name in form]),),
        do="Cancel this order",
        done="The order is cancelled.",
        tone="danger",
        reckon=reckon,
        carry_out=carry_out,
        lock=lambda work: machine.lock(work, row),
        template="console/division.html",
        words={
            "order": row,
            "spoken": spoken,
            "held": escrow.remaining(session, row),
            "titles": {line.id: line.title for line in row.lines},
        },
    )


def _form(row: Order) -> Any:
    fields: dict[str, Any] = {}
    if row.state is OrderState.in_progress:
        hint = "From 0 to 100. The provider is paid for this share of the price."
        fields["delivered"] = Whole(
            "Work that was done, in %", description=hint, validators=[InputRequired("Enter a share from 0 to 100")]
        )
    fields["reason"] = TextAreaField(
        "Reason",
        description="Both parties read it.",
        validators=[DataRequired("Say why, for both parties"), Length(max=4000)],
    )
    return type("CancellationForm", (ConsoleForm,), fields)()
