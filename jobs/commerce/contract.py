"""Clockwork for contracts."""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import document
from app.services.commerce.contract import contract_facts
from jobs.base import JobRun, job
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from reports.commerce import contract


@job("commerce.contract.write", queue="paper")
def write(run: JobRun, *, order_id: str) -> None:
    """An accepted order has its contract as a stored PDF, once, however often this runs."""
    key = UUID(order_id)
    with run.transaction() as session:
        if document.exists(session, key, DocumentKind.contract):
            return
        facts = contract_facts(session, key, marketplace=run.parts.marketplace)
    paper = contract.render(facts)
    stored = run.parts.storage.put_content(paper, "pdf")
    with run.finish() as session:
        document.record(session, session.get_one(Order, key), DocumentKind.contract, stored)
