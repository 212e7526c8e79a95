"""The shop in a real browser: accessible at both widths and in both schemes, and the whole story without a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from playwright.sync_api import expect

from app import session as sessions
from app.commands.seed import PASSWORD
from app.services.commerce import dispute as disputes
from app.unit_of_work import unit_of_work
from config import Config
from models.actor import Actor
from models.commerce.dispute import Dispute
from models.commerce.order import Order
from tests.factories import pictures

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


def ordered(buyer) -> str:
    """The first visit of the listing, ordered and paid; answers the order's address."""
    find_listing(buyer)
    buyer.page.locator("label.slot").first.click()
    buyer.press("Choose and go on")
    fill_in(buyer)
    buyer.press("Order with obligation to pay")
    buyer.page.fill("input[name=card]", CARD)
    buyer.press("Pay £")
    return wait_for_order(buyer)


def picture(folder: Path, name: str) -> Path:
    photo = folder / name
    photo.write_bytes(pictures.png(sum(name.encode())))
    return photo


def test_the_story_is_told_without_a_script(shop, reader, tmp_path: Path):
    """On a phone, with JavaScript off, from the listing to the released money."""
    buyer, seller = reader(shop, width=390, script=False), reader(shop, width=390, script=False)
    buyer.sign_in(BUYER, PASSWORD)
    order = ordered(buyer)
    expect(buyer.page.get_by_role("heading", level=1)).to_contain_text("has been asked")

    seller.sign_in(SELLER, PASSWORD)
    seller.go(f"/pro{order}")
    seller.press("Take it on")
    seller.press("Begin the work")
    seller.page.set_input_files("#file", picture(tmp_path, "board.png"))
    seller.page.fill("#note", "The board after the test")
    seller.press("It is done")
    expect(seller.page.get_by_role("heading", level=1)).to_contain_text("Waiting for the yes")

    buyer.go(order)
    expect(buyer.page.get_by_text("The board after the test")).to_be_visible()
    buyer.press("Accept and release")
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("Done, and paid")


def by_staff(database, verb, reference: str, **arguments: object) -> None:
    """What the console does, by the verb itself, in the database of the running shop."""
    sessions.configure(database.url, **Config.from_environment().engine_options())
    with sessions.session_scope(), unit_of_work(Actor.system("test")) as work:
        otto = work.scalars(sa.select(User.id).where(User.email == "otto@fixnado.test")).one()
        row = work.scalars(sa.select(Dispute).join(Order).where(Order.reference == reference)).one()
        verb(work, row, actor=Actor.operator(otto), **arguments)


def checked(one) -> None:
    assert (one.violations(), one.overflow()) == ([], 0)


def test_a_problem_is_reported_answered_and_settled_by_agreement(shop, reader, committed, tmp_path: Path):
    """The customer on a phone; the provider without a script."""
    buyer, seller = reader(shop, width=390), reader(shop, script=False)
    buyer.sign_in(BUYER, PASSWORD)
    order = ordered(buyer)
    seller.sign_in(SELLER, PASSWORD)
    seller.go(f"/pro{order}")
    seller.press("Take it on")
    seller.press("Begin the work")

    buyer.go(order)
    buyer.page.get_by_role("link", name="Report a problem").click()
    buyer.page.get_by_label("The work was not done well").check()
    buyer.page.fill("#text", "Two sockets hang crooked.")
    buyer.page.set_input_files("#file", picture(tmp_path, "sockets.png"))
    checked(buyer)
    buyer.press("Report it, and freeze £")
    expect(buyer.page.get_by_role("heading", level=1)).to_contain_text("has been asked for their side")
    expect(buyer.page.get_by_role("link", name="sockets.png")).to_be_visible()

    seller.go(f"/pro{order}")
    seller.page.get_by_role("link", name="Open the problem").click()
    expect(seller.page.get_by_text("Two sockets hang crooked.")).to_be_visible()
    seller.page.fill("#respond-text", "One of them, yes. We will straighten it.")
    seller.press("Send your answer")
    by_staff(committed, disputes.propose, order[-10:], buyer_minor=4_000, text="Forty pounds for the second visit.")

    buyer.go(f"{order}/problem")
    checked(buyer)
    buyer.press("Agree: £40.00 back to you")
    seller.go(f"/pro{order}/problem")
    seller.press("Agree: £")
    expect(seller.page.get_by_role("heading", level=1)).to_have_text("It is settled: the money is divided")
    buyer.go(order)
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("It is settled")
    expect(buyer.page.get_by_text("Coming back to you")).to_be_visible()
    checked(buyer)


def test_a_customer_cancels_on_a_phone_after_reading_what_comes_back(shop, reader):
    buyer = reader(shop, width=390)
    buyer.sign_in(BUYER, PASSWORD)
    order = ordered(buyer)
    buyer.page.get_by_role("link", name="Withdraw from this order").focus()
    buyer.page.keyboard.press("Enter")
    expect(buyer.page.get_by_text("everything goes back, the order fee included")).to_be_visible()
    checked(buyer)
    buyer.press("Cancel and get £")
    assert buyer.page.url.endswith(order)
    expect(buyer.page.get_by_role("heading", level=1)).to_have_text("This order was cancelled")
    expect(buyer.page.get_by_text("Cancelled before the provider")).to_be_visible()


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
