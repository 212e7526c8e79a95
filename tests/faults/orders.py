"""Orders in the state a fault needs, brought there by real browsers, and the questions asked about them afterwards."""

from __future__ import annotations

from tests.factories import commerce
from tests.faults.browser import Browser
from tests.faults.town import Town

FOUND = "select reference from sales_order where checkout_id = %s"
DOCUMENTS = """select d.kind, f.sha256 from order_document d join stored_file f on f.id = d.stored_file_id
 where d.order_id = (select id from sales_order where reference = %s)"""
MESSAGE = "select id, sends, done_at is not null from outbox_message where key = %s"


def paid(town: Town, buyer: Browser, story: commerce.Story) -> str:
    """The reference of an order that waits for its provider."""
    paying = buyer.to_payment(story.listing.slug)
    paying.pay()
    town.until_counted(1, FOUND, paying.checkout_id)
    return str(town.one(FOUND, paying.checkout_id))


def identity(town: Town, reference: str) -> str:
    return str(town.one("select id from sales_order where reference = %s", reference))


def accept(seller: Browser, reference: str) -> None:
    seller.go(f"/pro/orders/{reference}")
    seller.send({}, action="/accept")


def message(town: Town, key: str) -> tuple[int, int, bool]:
    """An outbox message: its number, how often it was handed out, whether it is done."""
    ((number, sends, done),) = town.ask(MESSAGE, key)
    return number, sends, done


def has_one_contract(town: Town, reader: Browser, reference: str, seconds: float = 40) -> None:
    """Once, stored once, and readable by its party."""
    town.until(lambda: town.ask(DOCUMENTS, reference), seconds)
    key = f"contract:{identity(town, reference)}"
    town.until(lambda: message(town, key)[2])
    ((kind, digest),) = town.ask(DOCUMENTS, reference)
    assert kind == "contract"
    assert town.one("select count(*) from stored_file where sha256 = %s", digest) == 1
    named = "select count(*) from stored_file where original_name = %s"
    assert town.one(named, f"{reference}-C.pdf") == 1
    assert reader.fetch(f"/pro/orders/{reference}/documents/contract.pdf").startswith(b"%PDF-")
