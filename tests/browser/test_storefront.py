"""The shop in a real browser: accessible at both widths and in both schemes, and the whole story without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.commands.seed import PASSWORD

BUYER, SELLER = "priya@customer.test", "elin@avonelectrical.test"
LISTING = "Electrical safety report"
CARD = "4242 4242 4242 4242"


@pytest.fixture
def shop(processes):
    """A seeded product: web, payments, worker, clock and sealer."""
    seeded = processes.module("seed", "flask", "seed", FLASK_APP="app.factory")
    assert seeded.wait(120) == 0, processes.log("seed")
    processes.payments()
    processes.worker()
    processes.clock()
    processes.sealer()
    processes.web()
    return processes.base_url


def find_listing(one) -> None:
    one.go("/services")
    one.page.get_by_role("link", name=re.compile(LISTING)).first.click()
    one.page.wait_for_load_state()


def fill_in(one) -> None:
    one.page.fill("#site_address", "14 Stackpool Road\nBristol")
    one.page.fill("#site_postcode", "BS3 1NG")
    one.page.check("#express_start")


def wait_for_order(one) -> str:
    """Looks again until the bank's word has come; answers the order's address."""
    for _ in range(40):
        if "/orders/" in one.page.url:
            return one.page.url.removeprefix(one.base)
        one.page.wait_for_timeout(1000)
        one.page.reload()
    raise AssertionError(f"still at {one.page.url}")


def test_every_page_is_accessible_at_both_widths_and_in_both_schemes(shop, reader):
    found = []
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        one = reader(shop, width=width, scheme=scheme)

        def look(where: str, one=one, width=width, scheme=scheme) -> None:
            found.extend(f"{where} {width} {scheme}: {what}" for what in one.violations())
            if wide := one.overflow():
                found.append(f"{where} {width} {scheme}: {wide} px sideways")

        for path in (
            "/",
            "/services",
            "/services?q=nothing+like+it",
            "/legal/cancellation-information",
            "/proof/",
            "/nowhere",
        ):
            one.go(path)
            look(path)
        find_listing(one)
        look("listing")
        one.page.locator("label.slot").first.click()
        one.press("Choose and go on")
        look("sign-in")
        one.page.fill("#email", BUYER)
        one.page.fill("#password", PASSWORD)
        one.press("Sign in")
        one.press("Choose and go on")
        look("checkout")
        one.press("Order with obligation to pay")
        look("checkout with errors")
        one.go("/orders")
        look("/orders")
        one.page.context.clear_cookies()
        one.sign_in(SELLER, PASSWORD)
        for path in (
            "/pro/orders",
            "/pro/listings",
            "/pro/listings/new",
            "/pro/listings/new?node=services/electrical/eicr",
        ):
            one.go(path)
            look(path)
        one.press("Save as a draft")
        look("new listing with errors")
    assert found == []


def test_the_story_is_told_without_a_script(shop, reader, tmp_path: Path):
    """On a phone, with JavaScript off, from the listing to the released money."""
    buyer, seller = reader(shop, width=390, script=False), reader(shop, width=390, script=False)
    buyer.sign_in(BUYER, PASSWORD)
    find_listing(buyer)
    buyer.page.locator("label.slot").first.click()
    buyer.press("Choose and go on")
    fill_in(buyer)
    buyer.press("Order with obligation to pay")
    buyer.page.fill("input[name=card]", CARD)
    buyer.press("Pay £")
    order = wait_for_order(buyer)
    expect(buyer.page.get_by_role("heading", level=1)).to_contain_text("has been asked")

    seller.sign_in(SELLER, PASSWORD)
    seller.go(f"/pro{order}")
    seller.press("Take it on")
    seller.press("Begin the work")
    photo = tmp_path / "board.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"a picture of the board" * 20)
    seller.page.set_input_files("#file", photo)
    seller.page.fill("#note", "The board after the test")
    seller.press("It is done")
    expect(seller.page.get_by_role("heading", level=1)).to_contain_text("Waiting for the yes")

    buyer.go(order)
    expect(buyer.page.get_by_text("The board after the test")).to_be_visible()
    buyer.press("Accept and release")
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Done, and paid")


def test_with_a_script_the_waiting_page_moves_on_by_itself(shop, reader):
    buyer = reader(shop)
    buyer.sign_in(BUYER, PASSWORD)
    find_listing(buyer)
    buyer.page.locator("label.slot").first.click()
    buyer.press("Choose and go on")
    fill_in(buyer)
    buyer.press("Order with obligation to pay")
    buyer.page.fill("input[name=card]", CARD)
    buyer.press("Pay £")
    buyer.page.wait_for_url("**/orders/FX-*", timeout=40_000)


def test_the_menu_and_the_filters_answer_to_the_keyboard(shop, reader):
    phone = reader(shop, width=390)
    phone.go("/services")
    menu = phone.page.locator("details.menu")
    menu.locator("summary").press("Enter")
    expect(menu).to_have_attribute("open", "")
    phone.page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    desk = reader(shop)
    desk.go("/services")
    desk.page.get_by_label(re.compile("^House")).check()
    desk.page.wait_for_url("**f-property_type=house**")
    expect(desk.page.get_by_role("link", name=re.compile("Kind of property: House"))).to_be_visible()
