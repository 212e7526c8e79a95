"""Somebody nobody knew signs up on a phone without a script, has work done, and reads what both wrote of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import expect

from app.commands.seed import PASSWORD
from tests.browser.conftest import Reader
from tests.browser.test_storefront import LISTING, SELLER, checked, ordered, picture, shop
from tests.processes import Processes, wait_for

__all__ = ["shop"]
NEW, ADDRESS = "nine quiet herons", "ines@pinto.test"


def mails(processes: Processes, to: str) -> list[dict[str, Any]]:
    """What lies in the mailbox for this address."""
    page = f"http://127.0.0.1:{processes.env['MAIL_PAGE_PORT']}/messages.json"
    return list(httpx.get(page, params={"to": to}).json())


def link_in(processes: Processes, subject: str) -> str:
    """The path that the newest mail with these words leads to."""

    def found() -> str:
        for mail in mails(processes, ADDRESS):
            if subject in mail["subject"]:
                return re.search(rf"{re.escape(processes.base_url)}(/\S+link=\S+)", mail["text"])[1]
        return ""

    return wait_for(found, 60)


def signed_up(one: Reader, processes: Processes) -> None:
    """With a slip first: the form comes back with what was typed."""
    one.go("/sign-up")
    one.page.fill("#first_name", "Ines")
    one.page.fill("#last_name", "Pinto")
    one.page.fill("#email", ADDRESS)
    one.page.fill("#password", "short")
    one.press("Sign up")
    expect(one.page.locator(".summary-box")).to_be_visible()
    expect(one.page.locator("#email")).to_have_value(ADDRESS)
    one.page.fill("#password", NEW)
    one.press("Sign up")
    expect(one.page.get_by_role("heading", level=1)).to_have_text("Look into your inbox")
    one.go(link_in(processes, "Confirm your e-mail address"))
    one.page.fill("#password", NEW)
    one.press("Confirm and sign in")
    assert one.page.url == f"{one.base}/"


def worked(seller: Reader, order: str, folder: Path) -> None:
    seller.sign_in(SELLER, PASSWORD)
    seller.go(f"/pro{order}")
    seller.press("Take it on")
    seller.press("Begin the work")
    seller.page.set_input_files("#file", picture(folder, "board.png"))
    seller.page.fill("#note", "The board after the test")
    seller.press("It is done")


def reviewed(one: Reader, at: str, stars: str, words: str) -> None:
    one.go(f"{at}/review")
    one.page.get_by_label(stars).check()
    one.page.fill("#review-text", words)
    one.press("Write my review")


def listing_of(one: Reader) -> str:
    one.go("/services")
    return one.page.get_by_role("link", name=re.compile(LISTING)).first.get_attribute("href").rpartition("/")[2]


def forgotten(phone: Reader, processes: Processes) -> None:
    """Another password by a link that works once."""
    phone.page.context.clear_cookies()
    phone.go("/sign-in")
    phone.page.get_by_role("link", name="I do not know my password").click()
    phone.page.fill("#email", ADDRESS)
    phone.press("Send me a link")
    link = link_in(processes, "password")
    phone.go(link)
    phone.page.fill("#password", "eleven loud geese")
    phone.page.locator("main button").click()
    phone.page.context.clear_cookies()
    phone.go(link)
    expect(phone.page.get_by_role("heading", level=1)).to_have_text("This link no longer works")
    phone.sign_in(ADDRESS, "eleven loud geese")
    phone.go("/account/security")
    expect(phone.page.get_by_text("this browser")).to_be_visible()


def test_from_signing_up_to_a_review_without_a_script_and_read_again_with_one(shop, processes, reader, tmp_path: Path):
    processes.mail()
    phone, seller = reader(shop, width=390, script=False), reader(shop, width=390, script=False)
    signed_up(phone, processes)
    order = ordered(phone)
    worked(seller, order, tmp_path)
    phone.go(order)
    expect(phone.page.get_by_text("The board after the test")).to_be_visible()
    phone.press("Accept and release")
    reviewed(phone, order, "Excellent", "On time, tidy, and the report was clear.")
    expect(phone.page.get_by_text("Your review waits")).to_be_visible()
    reviewed(seller, f"/pro{order}", "Good", "Friendly, and the way in was easy.")
    for page in (order, f"/l/{listing_of(phone)}"):
        phone.go(page)
        expect(phone.page.get_by_text("tidy, and the report was clear.").first).to_be_visible()

    desk = reader(shop)
    desk.sign_in(ADDRESS, NEW)
    desk.go(order)
    expect(desk.page.get_by_text("Friendly, and the way in was easy.")).to_be_visible()
    checked(desk)
    desk.go("/notifications")
    checked(desk)
    forgotten(phone, processes)
