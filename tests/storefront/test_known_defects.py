"""Two more of the twelve (tests/commerce/test_known_defects.py): what the page of an order says of money."""

from __future__ import annotations

import re

import pytest

from models.commerce.order import Order
from tests.commerce.test_known_defects import give_back, told_by_provider
from tests.factories import catalogue, commerce, people


def where(page: str) -> dict[str, str]:
    """The table that says where the money is."""
    return dict(re.findall(r'aria-hidden="true"></span> ([^<]+)</th><td>([^<]+)</td>', page))


@pytest.fixture
def refunded(told, arrange):
    """An order that is over and of which so much came back, its reference."""

    def make(work, gross: int, *, fee: bool) -> Order:
        made = commerce.completed(work, told)
        clerk, approver = people.operator(work, "Support agent"), people.operator(work, "Finance clerk")
        told_by_provider(work, give_back(work, made, gross, clerk, approver, fee=fee), "succeeded")
        return made

    return lambda gross, *, fee: arrange(make, gross, fee=fee).reference


def test_the_page_of_an_order_shows_its_own_commission_and_to_the_seller_only(told, arrange, buyer, seller, signed_in):
    """Theirs: the page of an order showed the commission lines of every seller."""

    def two(work) -> tuple[Order, Order, people.Party]:
        rival = commerce.story(work).seller
        dearer = catalogue.live(work, rival.actor, price_minor=500_00)
        other = commerce.completed(work, commerce.Story(told.buyer, rival, dearer))
        return commerce.completed(work, told), other, rival

    mine, theirs, rival = arrange(two)
    page = seller.page(f"/pro/orders/{mine.reference}")
    foreign = signed_in(rival).page(f"/pro/orders/{theirs.reference}")
    assert ("£28.80" in page, "£60.00" in page) == (True, False)
    assert ("£28.80" in foreign, "£60.00" in foreign) == (False, True)
    for made in (mine, theirs):
        assert "ommission" not in buyer.page(f"/orders/{made.reference}")


def test_an_order_that_was_refunded_in_full_no_longer_reads_as_paid(refunded, buyer, seller):
    """Theirs: a fully refunded order still read as paid."""
    reference = refunded(288_00, fee=True)
    pages = [buyer.page(f"/orders/{reference}"), seller.page(f"/pro/orders/{reference}")]
    for page in pages:
        assert where(page) == {"Back to the customer": "£293.00"}
        assert "This order was refunded" in page
        assert "Done, and" not in page
        assert "Released</span>" not in page
    assert "£0.00" in pages[1], "what is theirs now"
    for page in (buyer.page("/orders"), seller.page("/pro/orders?show=over")):
        assert "Refunded" in page
        assert "Released" not in page


def test_an_order_that_was_refunded_in_part_says_both(refunded, buyer, seller):
    reference = refunded(72_00, fee=False)
    assert where(buyer.page(f"/orders/{reference}")) == {
        "Released to the provider": "£216.00",
        "Back to the customer": "£72.00",
        "Order fee": "£5.00",
    }
    assert "£190.08" in seller.page(f"/pro/orders/{reference}"), "what is theirs after their part of it"
    assert "Settled" in buyer.page("/orders")
