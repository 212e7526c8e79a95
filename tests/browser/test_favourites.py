"""Saving on a phone without a script: through the door, back to the card, and off the list and on again."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from app.commands.seed import PASSWORD

BUYER = "priya@customer.test"


@pytest.fixture
def shop(processes):
    """A seeded product with nothing but its web process."""
    seeded = processes.module("seed", "flask", "seed", FLASK_APP="app.factory")
    assert seeded.wait(120) == 0, processes.log("seed")
    processes.web()
    return processes.base_url


def checked(one) -> None:
    assert (one.violations(), one.overflow()) == ([], 0)


def test_a_listing_is_saved_on_a_phone_without_a_script(shop, reader):
    phone = reader(shop, width=390, script=False)
    phone.go("/services")
    card = phone.page.locator("article.card").nth(2)
    title = card.get_by_role("heading").inner_text()
    card.get_by_role("button", name="Save").click()
    phone.page.fill("#email", BUYER)
    phone.page.fill("#password", PASSWORD)
    phone.press("Sign in")
    expect(phone.page.get_by_text("Saved. You find it under Favourites.")).to_be_attached()
    expect(card.get_by_role("button", name="Saved")).to_be_in_viewport()

    phone.go("/account/favourites")
    expect(phone.page.get_by_role("link", name=title)).to_be_visible()
    phone.press("Remove")
    expect(phone.page.get_by_text(f"{title} is off your list.")).to_be_visible()
    phone.press("Put it back")
    expect(phone.page.get_by_role("link", name=title)).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_list_and_its_buttons_are_accessible(shop, reader, scheme):
    for width in (1280, 390):
        one = reader(shop, width=width, scheme=scheme)
        one.sign_in(BUYER, PASSWORD)
        one.go("/account/favourites")
        checked(one)
        one.go("/services")
        one.page.locator("article.card").first.get_by_role("button", name="Save").click()
        one.page.wait_for_load_state()
        checked(one)
        one.page.locator("article.card .card-link").first.click()
        one.page.wait_for_load_state()
        checked(one)
        one.go("/account/favourites")
        checked(one)
        one.press("Remove")
        checked(one)
