"""Reporting a problem for a party that told us: the order is disputed and its hold is frozen at once."""

from __future__ import annotations

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session
from wtforms import SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.services.commerce import dispute
from models.commerce.order import Order
from views.base import ConsoleView, operator
from views.forms import ConsoleForm, one_of
from views.worksheet import Section, Sheet


class DisputeReportForm(ConsoleForm):
    """What is wrong, and what happened."""

    code = SelectField("What is wrong", choices=one_of(dispute.CODES.items()), validators=[InputRequired("Choose one")])
    text = TextAreaField(
        "What happened",
        description="Who told us, what they say, and what they ask for. Both parties read it.",
        validators=[DataRequired("Say what happened, in a sentence or two"), Length(min=dispute.SHORTEST, max=4000)],
    )


def sheet(view: ConsoleView, order: Order) -> Sheet:
    """The page for one order."""
    form = DisputeReportForm()

    def carry_out(work: Session, _nothing: Any) -> str:
        row = dispute.open_dispute(work, order, actor=operator(), code=form.code.data, text=form.text.data)
        return url_for("DisputeView.show", pk=row.id)

    return Sheet(
        view=view,
        form=form,
        title=f"Report a problem with {order.reference}",
        lede="The payment hold is frozen until it is decided, and both parties are asked what they say.",
        trail=(("Orders", url_for("OrderView.list")), (order.reference, url_for("OrderView.show", pk=order.id))),
        sections=(Section("The problem", ["code", "text"]),),
        do="Report it",
        done="Reported. The payment hold is frozen.",
        carry_out=carry_out,
        why="text",
    )
