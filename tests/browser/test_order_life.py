"""Both sides of an order in a real browser: they write to each other, and review each other blind."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from app.commands.seed import PASSWORD
from tests.browser.test_storefront import BUYER, SELLER, checked, ordered, picture, shop

__all__ = ["shop"]


def test_messages_both_ways_and_reviews_that_stay_blind_until_both_wrote(shop, reader, tmp_path: Path):
    buyer, seller = reader(shop, width=390, script=True), reader(shop, script=False)
    buyer.sign_in(BUYER, PASSWORD)
    order = ordered(buyer)
    buyer.page.fill("#message-text", "The gate code is 1234.")
    buyer.page.set_input_files("#message-file", picture(tmp_path, "gate.png"))
    buyer.press("Send the message")

    seller.sign_in(SELLER, PASSWORD)
    seller.go("/pro/orders")
    expect(seller.page.get_by_text("1 new message")).to_be_visible()
    seller.go(f"/pro{order}")
    expect(seller.page.get_by_text("The gate code is 1234.")).to_be_visible()
    seller.page.fill("#message-text", "Thank you, we will be there at eight.")
    seller.press("Send the message")
    seller.press("Take it on")
    seller.press("Begin the work")
    seller.page.set_input_files("#file", picture(tmp_path, "board.png"))
    seller.page.fill("#note", "The board after the test")
    seller.press("It is done")

    buyer.go(order)
    expect(buyer.page.get_by_text("we will be there at eight")).to_be_visible()
    buyer.press("Accept and release")
    buyer.page.get_by_label("Excellent").check()
    buyer.page.fill("#review-text", "On time, tidy, and the report was clear.")
    checked(buyer)
    buyer.press("Write my review")
    expect(buyer.page.get_by_text("Your review waits")).to_be_visible()
    checked(buyer)

    seller.go(f"/pro{order}/review")
    expect(seller.page.get_by_text("tidy, and the report")).to_have_count(0)
    seller.page.get_by_label("Good").check()
    seller.page.fill("#review-text", "Friendly, and the way in was easy.")
    seller.press("Write my review")
    expect(seller.page.get_by_text("tidy, and the report was clear.")).to_be_visible()
    seller.page.fill("#reply-text", "Thank you, Priya.")
    seller.press("Publish my reply")
    buyer.go(order)
    expect(buyer.page.get_by_text("Friendly, and the way in was easy.")).to_be_visible()
    expect(buyer.page.get_by_text("Thank you, Priya.")).to_be_visible()
    seller.go("/pro/earnings")
    expect(seller.page.get_by_text("Payouts to bank accounts do not exist yet")).to_be_visible()
