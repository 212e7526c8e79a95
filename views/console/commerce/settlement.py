"""How the money under protection is divided when a problem is decided: proposals and decisions, worked out first."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, SelectField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length

from app.services.commerce import dispute, escrow, money, refund, settlement
from app.services.commerce.refund import NO_FEE
from app.services.commerce.settlement import Division
from app.services.platform import machine
from models.commerce.dispute import Dispute
from models.errors import Invalid
from views.base import ConsoleView, operator
from views.console.commerce.posting import spoken
from views.forms import ConsoleForm, one_of
from views.storefront.fields import Pounds
from views.worksheet import Section, Sheet

SPLIT = "split"
HELP = "Of what is held. The rest goes to the provider, less our commission."


def proposal(view: ConsoleView, session: Session, row: Dispute) -> Sheet:
    """Proposes a division to both parties; nothing moves until both agree, or staff decide."""
    form = _form(session, row, text="What you propose, and why", fee=False)

    def carry_out(work: Session, _found: Division) -> str:
        dispute.propose(work, row, actor=operator(), buyer_minor=_buyer(work, row, form), text=form.text.data)
        return url_for("DisputeView.show", pk=row.id)

    return _sheet(
        view, session, row, form,
        title=f"Propose a division, {row.order.reference}",
        lede="Both parties read it and have seven days to agree. Nothing moves before.",
        do="Propose this",
        done="Proposed. Both parties have been told.",
        carry_out=carry_out,
        why="text",
    )  # fmt: skip


def decision(view: ConsoleView, session: Session, row: Dispute) -> Sheet:
    """Decides, with a statement of reasons; the money moves at once."""
    form = _form(session, row, text="Statement of reasons", fee=True)

    def carry_out(work: Session, _found: Division) -> str:
        dispute.decide(
            work,
            row,
            actor=operator(),
            buyer_minor=_buyer(work, row, form),
            fee=form.fee.data,
            reasons=form.reasons.data,
        )
        return url_for("DisputeView.show", pk=row.id)

    return _sheet(
        view, session, row, form,
        title=f"Decide the problem, {row.order.reference}",
        lede="Final, for both parties. The money moves at once.",
        do="Decide so",
        done="Decided. The money is on its way, and both parties can read why.",
        carry_out=carry_out,
        why="reasons",
        tone="danger",
    )  # fmt: skip


def _sheet(view: ConsoleView, session: Session, row: Dispute, form: Any, **words: Any) -> Sheet:
    order = row.order

    def reckon(work: Session) -> Division:
        buyer_minor = _buyer(work, row, form)
        dispute.fits(work, order, buyer_minor)
        wants_fee = "fee" in form and form.fee.data
        if wants_fee and not buyer_minor:
            raise Invalid("That cannot be.", {"fee": "The order fee goes back only where money goes back."})
        fee = refund.fee_left(work, order) if wants_fee else NO_FEE
        return settlement.preview(work, order, buyer_minor=buyer_minor, fee=fee)

    names = [name for name in ("outcome", "buyer", "fee", "text", "reasons") if name in form]
    here = url_for("DisputeView.show", pk=row.id)
    return Sheet(
        view=view,
        form=form,
        trail=((view.label, url_for("DisputeView.list")), (order.reference, here)),
        sections=(Section("The division", names[:-1], HELP), Section("In words", names[-1:], "Both parties read it.")),
        reckon=reckon,
        lock=lambda work: machine.lock(work, order),
        template="console/division.html",
        words={
            "order": order,
            "dispute": row,
            "spoken": spoken,
            "held": escrow.remaining(session, order),
            "titles": {line.id: line.title for line in order.lines},
        },
        **words,
    )


def _form(session: Session, row: Dispute, *, text: str, fee: bool) -> Any:
    """Filled in with the proposal that stands, so that a decision need not type it again."""
    held = escrow.remaining(session, row.order)
    written = money.written(held, row.order.currency)
    outcomes = [
        ("refund", f"All of it to the customer ({written})"),
        ("release", f"All of it to the provider ({written})"),
        (SPLIT, "Divide it"),
    ]
    fields: dict[str, Any] = {
        "outcome": SelectField("Who gets what is held", choices=one_of(outcomes), validators=[_chosen()]),
        "buyer": Pounds("To the customer, if divided", description=f"From £0.00 to {written}"),
    }
    if fee:
        left = money.written(refund.fee_left(session, row.order).total, row.order.currency)
        fields["fee"] = BooleanField("Also the order fee", description=f"{left} of it is left; it is ours, not held")
    said = [DataRequired("Write a sentence or two: both parties read it"), Length(min=dispute.SHORTEST, max=4000)]
    fields["reasons" if fee else "text"] = TextAreaField(text, validators=said)
    made = type("DivisionForm", (ConsoleForm,), fields)()
    if request.method == "GET" and row.proposed_minor is not None:
        whole = {held: "refund", 0: "release"}
        made.outcome.data = whole.get(row.proposed_minor, SPLIT)
        made.buyer.data = row.proposed_minor if made.outcome.data == SPLIT else None
    return made


def _chosen() -> InputRequired:
    return InputRequired("Choose who gets it")


def _buyer(session: Session, row: Dispute, form: Any) -> int:
    """The customer's part in minor units."""
    whole = {"refund": escrow.remaining(session, row.order), "release": 0}
    if form.outcome.data in whole:
        if form.buyer.data not in {None, whole[form.outcome.data]}:
            raise Invalid("That can be read in two ways.", {"buyer": "Leave this empty, or choose to divide it"})
        return whole[form.outcome.data]
    if form.buyer.data is None:
        raise Invalid("A sum is missing.", {"buyer": "Enter what the customer gets"})
    return int(form.buyer.data)
