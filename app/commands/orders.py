"""`flask orders show REFERENCE`: everything about one order as JSON, for people and programs that prove things."""

from __future__ import annotations

import json
import sys

import click
import sqlalchemy as sa

from app.services.commerce import account, escrow, ledger
from app.session import session_scope
from models.commerce.document import Document
from models.commerce.order import Order


@click.group("orders")
def command() -> None:
    """Look at orders."""


@command.command("show")
@click.argument("reference")
def show(reference: str) -> None:
    """State, hold, postings and document hashes of one order; exit 2 when there is none. Sums are minor units."""
    with session_scope() as session:
        order = session.scalars(sa.select(Order).where(Order.reference == reference.upper())).first()
        if order is None:
            click.echo(f"there is no order {reference}", err=True)
            sys.exit(2)
        entries = ledger.entries(session, f"order:{order.id}")
        papers = session.scalars(sa.select(Document).where(Document.order_id == order.id).order_by(Document.kind))
        facts = {
            "reference": order.reference,
            "state": order.state.name,
            "hold_minor": -account.balance(session, account.escrow(order.id), order.currency),
            "hold": escrow.of_order(session, order).state.name,
            "currency": order.currency,
            "postings": [
                {"event": entry.event, "entry": entry.id, "account": line.code, "amount_minor": line.amount}
                for entry, lines in entries
                for line in lines
            ],
            "documents": {paper.kind.name: paper.stored_file.sha256.hex() for paper in papers},
        }
    click.echo(json.dumps(facts))
