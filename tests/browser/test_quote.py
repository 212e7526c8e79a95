"""A quote on a phone without a script: asked for, offered, accepted, and the checkout shows its sum."""

from __future__ import annotations

import re
from datetime import timedelta

from playwright.sync_api import expect

from app.commands.seed import PASSWORD
from models.types import utc_now
from tests.browser.test_storefront import BUYER, SELLER, find_listing, shop

__all__ = ["shop"]


def test_a_job_becomes_an_offer_and_the_offer_a_checkout(shop, reader):
    buyer, seller = reader(shop, width=390, script=False), reader(shop, width=390, script=False)
    buyer.sign_in(BUYER, PASSWORD)
    find_listing(buyer)
    buyer.page.get_by_role("link", name="Ask for a quote").first.click()
    buyer.page.fill("#text", "A flat with two boards, one of them old. Both tested, please.")
    buyer.page.fill("#site_address", "14 Stackpool Road")
    buyer.page.fill("#site_postcode", "BS3 1NG")
    buyer.press("Ask for a quote")
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Your request waits for an offer")
    quote = buyer.page.url.removeprefix(buyer.base)

    seller.sign_in(SELLER, PASSWORD)
    seller.go(f"/pro{quote}")
    seller.page.fill("#title_1", "Report for two boards")
    seller.page.fill("#price_1", "310")
    seller.page.fill("#title_2", "New main switch")
    seller.page.fill("#price_2", "85.50")
    seller.page.fill("#visit_day", (utc_now() + timedelta(days=20)).date().isoformat())
    seller.page.fill("#visit_from", "08:00")
    seller.page.fill("#visit_until", "12:00")
    seller.press("Send my offer")
    expect(seller.page.get_by_role("heading", level=1)).to_have_text("Your offer is with the customer")

    buyer.go(quote)
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("You have an offer")
    buyer.page.get_by_role("button", name=re.compile("^Accept £479.60")).click()
    expect(buyer.page.get_by_role("button", name=re.compile("obligation to pay.*£479.60"))).to_be_visible()
    expect(buyer.page.get_by_text("New main switch")).to_be_visible()
