"""Asking for a refund: sums by line or one amount, why, and what it comes to before anybody is asked."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.services.commerce import allocation, escrow, money, refund, refund_request
from app.services.commerce.refund_request import Preview
from app.services.platform import machine
from models.commerce.order import Order
from models.commerce.refund import BY_STAFF, RefundCause
from models.errors import Invalid
from views.base import ConsoleView, operator
from views.console.commerce.posting import spoken
from views.forms import ConsoleForm, one_of
from views.storefront.fields import Pounds
from views.worksheet import Section, Sheet

CAUSES = [cause for cause in RefundCause if cause in BY_STAFF]


def sheet(view: ConsoleView, session: Session, order: Order) -> Sheet:
    """The page for one order."""
    form = _form(session, order)
    lines = [name for name in (_name(line.id) for line in order.lines) if name in form]

    def reckon(work: Session) -> Preview:
        return refund_request.preview(work, order, lines=_lines(work, order, form), fee=form.fee.data)

    def carry_out(work: Session, _found: Preview) -> str:
        row = refund_request.request(
            work,
            order,
            lines=_lines(work, order, form),
            fee=form.fee.data,
            cause=RefundCause[form.cause.data],
            reason=form.reason.data,
            actor=operator(),
        )
        return url_for("RefundView.show", pk=row.id)

    amount = ["amount"] if "amount" in form else []
    return Sheet(
        view=view,
        form=form,
        title=f"Refund for {order.reference}",
        lede="Nothing is posted until another person has approved it.",
        trail=(("Orders", url_for("OrderView.list")), (order.reference, url_for("OrderView.show", pk=order.id))),
        sections=(
            Section("What goes back", [*lines, *amount, "fee"], "VAT included. Leave a line empty that stays."),
            Section("Why", ["cause", "reason"], "Whoever approves it reads this."),
        ),
        do="Ask for this refund",
        done="Asked for. Another person approves it.",
        reckon=reckon,
        carry_out=carry_out,
        lock=lambda work: machine.lock(work, order),
        template="console/refund_request.html",
        words={
            "order": order,
            "spoken": spoken,
            "held": escrow.remaining(session, order),
            "titles": {line.id: line.title for line in order.lines},
        },
    )


def _name(line_id: UUID) -> str:
    return f"line_{line_id}"


def _form(session: Session, order: Order) -> Any:
    """One field per line that has something to give back, and one amount for all where there are several."""
    fields: dict[str, Any] = {}
    for line_id, one in allocation.standings(session, order).items():
        left = money.written(one.refundable, order.currency)
        whole = money.written(one.line.gross_minor, order.currency)
        hint = f"Up to {left} of {whole}" if one.refundable else f"All of {whole} has gone back or is asked for"
        fields[_name(line_id)] = Pounds(one.line.title, description=hint)
    if len(order.lines) > 1:
        fields["amount"] = Pounds("Or one amount", description="Spread over the lines in proportion")
    left = money.written(refund.fee_left(session, order, asked=True).total, order.currency)
    fields["fee"] = BooleanField("Also the order fee", description=f"{left} of it is left")
    choices = one_of((cause.name, cause.value) for cause in CAUSES)
    fields["cause"] = SelectField("Cause", choices=choices, validators=[InputRequired("Choose a cause")])
    fields["reason"] = TextAreaField(
        "Reason", validators=[DataRequired("Say why, for whoever approves it"), Length(max=4000)]
    )
    return type("RefundRequestForm", (ConsoleForm,), fields)()


def _lines(session: Session, order: Order, form: Any) -> dict[UUID, int]:
    typed = {line.id: form[_name(line.id)].data for line in order.lines}
    lines = {line_id: gross for line_id, gross in typed.items() if gross}
    amount = form.amount.data if "amount" in form else None
    if amount is None:
        return lines
    if lines:
        raise Invalid("That can be read in two ways.", {"amount": "Give sums by line or one amount, not both"})
    return refund_request.by_amount(session, order, amount)
