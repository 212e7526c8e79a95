"""A payment that is contested at the real provider's twin: money, hold and evidence, with and without its messages."""

from __future__ import annotations

from uuid import UUID

import httpx

from app.outbox import send
from app.services.commerce import chargeback
from models.actor import Actor
from models.commerce.chargeback import Chargeback
from models.types import uuid7
from tests.factories import commerce, people
from tests.faults import orders
from tests.faults.browser import Browser
from tests.faults.test_money_back import BALANCE, intent_of
from tests.faults.town import Town

CASE = """select c.id, c.state, c.provider_dispute_id, e.state, o.state from chargeback c
  join sales_order o on o.id = c.order_id join escrow e on e.order_id = o.id where o.reference = %s"""
WHY = "The customer booked the visit, confirmed it twice, and let the electrician in."


def contest(town: Town, intent: str) -> str:
    """The payer's bank asks for the money back; answers the provider's number of the case."""
    answer = httpx.post(f"{town.provider_url}/_disputes", json={"payment_intent": intent}).raise_for_status()
    del answer
    ((only),) = town.provider("disputes", payment_intent=intent)["data"]
    return str(only["id"])


def decide(town: Town, dispute: str, outcome: str) -> None:
    httpx.post(f"{town.provider_url}/_disputes/{dispute}", json={"outcome": outcome}).raise_for_status()


def states(town: Town, reference: str) -> tuple[str, str, str] | None:
    """Chargeback, hold, order."""
    found = town.ask(CASE, reference)
    return (found[0][1], found[0][3], found[0][4]) if found else None


def test_evidence_reaches_the_bank_with_the_contract_and_a_won_case_lets_the_order_go_on(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    orders.accept(seller, reference)
    orders.has_one_contract(town, seller, reference)
    _, intent = intent_of(town, reference)
    dispute = contest(town, intent)
    town.until(lambda: states(town, reference) == ("needs_response", "frozen", "accepted"))
    ((number, *_),) = town.ask(CASE, reference)
    with town.arrange() as session:
        clerk: Actor = people.operator(session, "Finance clerk")
        chargeback.send_evidence(session, session.get_one(Chargeback, UUID(str(number))), actor=clerk, text=WHY)
    town.until(lambda: town.provider(f"disputes/{dispute}")["evidence_details"]["has_evidence"])
    evidence = town.provider(f"disputes/{dispute}")["evidence"]
    assert WHY in evidence["uncategorized_text"]
    assert "ledger entry" in evidence["uncategorized_text"]
    assert any(str(value).startswith("file_") for value in evidence.values())
    decide(town, dispute, "won")
    town.until(lambda: states(town, reference) == ("won", "held", "accepted"))
    assert town.one(BALANCE, f"dispute:{number}") == 0


def test_a_case_no_message_told_of_is_found_by_asking(town: Town, buyer: Browser, story: commerce.Story) -> None:
    reference = orders.paid(town, buyer, story)
    _, intent = intent_of(town, reference)
    town.knobs(hook_lost=1)
    decide(town, contest(town, intent), "lost")
    assert states(town, reference) is None
    with town.arrange() as session:
        send(session, "commerce.chargeback.sweep", key=f"sweep:{uuid7()}")
    town.until(lambda: states(town, reference) == ("lost", "settled", "cancelled"))
    ((number, *_),) = town.ask(CASE, reference)
    assert town.one(BALANCE, f"dispute:{number}") == 0
    assert (
        town.one(
            "select count(*) from refund r join sales_order o on o.id = r.order_id where o.reference = %s", reference
        )
        == 0
    )
