"""Clockwork for receipts."""

from __future__ import annotations

from uuid import UUID

from app.services.commerce import document
from app.services.commerce.receipt import proof_of, receipt_facts
from jobs.base import JobRun, NotYet, job
from models.commerce.document import DocumentKind
from models.commerce.order import Order
from reports.commerce import receipt

AGAIN_SECONDS = 1


@job("commerce.receipt.write", queue="paper")
def write(run: JobRun, *, order_id: str) -> None:
    """A completed order has its receipt as a stored PDF, once; it waits for the seal that it prints."""
    key = UUID(order_id)
    with run.transaction() as session:
        if document.exists(session, key, DocumentKind.receipt):
            return
        url = f"{run.parts.config.base_url}/proof/"
        facts = receipt_facts(session, key, marketplace=run.parts.marketplace, proof_url=url)
    if facts is None:
        raise NotYet(AGAIN_SECONDS)
    paper = receipt.render(facts)
    stored = run.parts.storage.put_content(paper, "pdf")
    with run.finish() as session:
        order = session.get_one(Order, key)
        document.record(session, order, DocumentKind.receipt, stored, proof=proof_of(facts))
