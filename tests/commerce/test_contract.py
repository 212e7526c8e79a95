"""What a contract says is to be done: what was shown, or what two people agreed on."""

from __future__ import annotations

import pytest

from app.services.commerce import capture, contract
from app.services.commerce import order as orders
from reports.commerce.facts import Party
from tests.commerce.test_quote_request import submit
from tests.factories import commerce
from tests.factories import quote as made

US = Party(name="Fixnado Ltd", address=("1 Quay",), email="help@fixnado.test", trader=True, vat_number="")


@pytest.fixture
def told(work) -> commerce.Story:
    return commerce.story(work)


def test_the_contract_of_a_listing_says_what_was_shown(work, told):
    placed = commerce.accepted(work, told)
    said = contract.contract_facts(work, placed.id, marketplace=US).listing
    assert (said.title, said.description) == (placed.lines[0].title, placed.lines[0].description)


def test_the_contract_of_a_quote_says_the_job_and_the_offer_that_was_accepted(work, told):
    row, begun = made.accepted(work, told, note="We bring the long ladder.")
    payment = submit(work, told, begun)
    capture.follow(work, payment, commerce.intent(payment))
    placed = commerce.order_of(work, payment)
    orders.accept(work, placed, actor=told.seller.actor)
    said = contract.contract_facts(work, placed.id, marketplace=US).listing
    assert told.listing.title in said.title
    assert row.text in said.description
    assert "We bring the long ladder." in said.description
    assert all(item.title in said.description for item in made.ITEMS)
