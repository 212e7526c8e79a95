"""The console in a real browser: accessible with every fold and dialog open, and worked by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app import session as sessions
from app.commands.seed import PASSWORD
from app.services.commerce import dispute
from app.session import session_scope
from config import Config
from tests.factories import commerce

OPEN_EVERYTHING = """
document.querySelectorAll('main details').forEach((one) => { one.open = true; });
document.querySelectorAll('.bulk').forEach((one) => { one.hidden = false; });
"""
MODES = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
PAGES = (
    "/console/", "/console/review/list/", "/console/listings/list/?state=live", "/console/orders/list/",
    "/console/people/list/", "/console/roles/list/", "/console/audit/list/", "/console/outbox/list/",
    "/console/staff/list/",
    "/console/invariants/", "/console/seals/", "/console/profile/", "/console/nothing-here",
    "/console/refunds/list/?state=requested", "/console/problems/list/", "/console/chargebacks/list/",
    "/console/timers/list/?state=waiting", "/console/webhooks/list/",
)  # fmt: skip
RECORDS = ("/console/review/list/", "/console/sellers/list/", "/console/people/list/", "/console/audit/list/")


@pytest.fixture
def console(processes):
    """A seeded product; nothing but web is needed to look."""
    seeded = processes.module("seed", "flask", "seed", FLASK_APP="app.factory")
    assert seeded.wait(120) == 0, processes.log("seed")
    processes.web()
    return processes.base_url


def enter(one, who: str) -> None:
    one.go("/console/login/")
    one.page.fill("#username", f"{who}@fixnado.test")
    one.page.fill("#password", PASSWORD)
    one.page.get_by_role("button", name="Continue").click()
    expect(one.page).to_have_url(re.compile("/console/$"))


def first_record(one, path: str) -> None:
    one.go(path)
    one.page.locator(".row-link").first.click()
    one.page.wait_for_load_state()


def look(one, where: str) -> list[str]:
    one.page.evaluate(OPEN_EVERYTHING)
    found = [f"{where}: {what}" for what in one.violations()]
    return [*found, *([f"{where}: {wide} px too wide"] if (wide := one.overflow()) else [])]


def test_every_kind_of_page_is_accessible_and_remembers_the_readers_choices(console, reader):
    """One seeded product for all of it: seeding costs more than looking."""
    found: list[str] = []
    for width, scheme in MODES:
        one = reader(console, width=width, scheme=scheme)
        one.go("/console/login/")
        found += look(one, f"the door {width} {scheme}")
        enter(one, "quill")
        for path in PAGES:
            one.go(path)
            found += look(one, f"{path} {width} {scheme}")
        for path in RECORDS:
            first_record(one, path)
            found += look(one, f"first of {path} {width} {scheme}")
    found += forms_and_dialogs(reader(console))
    assert found == []
    theme_and_density(reader(console))


def forms_and_dialogs(one) -> list[str]:
    enter(one, "ada")
    one.go("/console/staff/add")
    one.page.get_by_role("button", name="Save").click()
    expect(one.page.get_by_role("alert")).to_be_focused()
    found = look(one, "a form with errors")
    for name in ("Theme", "Your account"):
        one.page.get_by_role("button", name=name).first.click()
        found += look(one, f"popover {name}")
    one.page.get_by_role("button", name="Keyboard").click()
    return found + look(one, "the keyboard dialog")


def theme_and_density(one) -> None:
    """Drawn by the server at the next page, so that nothing flashes."""
    enter(one, "quill")
    one.page.get_by_role("button", name="Theme").first.click()
    one.page.locator("#themes input[value=dark]").check(force=True)
    one.go("/console/people/list/")
    expect(one.page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    one.page.get_by_role("button", name="Comfortable rows").click()
    one.page.reload()
    expect(one.page.locator("html")).to_have_attribute("data-density", "comfortable")


def test_a_moderator_works_the_queue_by_keyboard(console, reader):
    one = reader(console)
    enter(one, "moss")
    first_record(one, "/console/review/list/")
    one.page.keyboard.press("r")
    expect(one.page.locator("#reject-policy")).to_be_focused()
    one.page.locator("#reject-policy").select_option("listing.unclear")
    one.page.keyboard.press("Tab")
    one.page.keyboard.type("The words do not say how many walls are papered.")
    one.page.keyboard.press("Tab")
    one.page.keyboard.press("Enter")
    expect(one.page).to_have_url(re.compile("/console/review/(list/|show/)"))
    expect(one.page.get_by_text("Reject: done")).to_be_visible()


def test_the_queue_works_without_a_script(console, reader):
    one = reader(console, script=False)
    enter(one, "mina")
    first_record(one, "/console/review/list/")
    one.page.locator("summary", has_text="Approve").click()
    one.page.fill("#approve-reason", "The words say what is done and for how much.")
    one.page.locator("details[open] form button").click()
    expect(one.page.get_by_text("Approve: done")).to_be_visible()


@pytest.fixture
def desks(app, console, committed):
    """A completed order, and a delivered one with a problem: (order's id, problem's id)."""
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    with session_scope() as session:
        told = commerce.story(session)
        done, wrong = commerce.completed(session, told), commerce.delivered(session, told)
        row = dispute.open_dispute(
            session, wrong, actor=told.buyer.actor, code="not_done", text="Two of the twelve circuits were left out."
        )
        ids = done.id, row.id
        session.commit()
    return ids


def test_support_asks_for_a_refund_by_line_and_finance_approves_what_it_has_read(console, desks, reader):
    one, order = reader(console), f"/console/orders/show/{desks[0]}"
    enter(one, "sunny")
    one.go(order)
    one.page.keyboard.press("f")
    one.page.locator("[name^=line_]").fill("48.00")
    one.page.locator("#cause").select_option("not_as_described")
    one.page.fill("#reason", "Two of the twelve circuits were left out.")
    one.press("See what it comes to")
    expect(one.page.locator(".outcome")).to_be_focused()
    expect(one.page.locator(".figures b").first).to_have_text("£48.00")
    assert look(one, "what a refund comes to") == []
    one.press("Ask for this refund")
    expect(one.page.get_by_text("Asked for. Another person approves it.")).to_be_visible()
    two = reader(console)
    enter(two, "fern")
    two.page.get_by_role("link", name="Refunds to approve").click()
    two.page.locator(".row-link").first.click()
    expect(two.page.get_by_text("Provider, earned and not payable yet")).to_be_visible()
    two.page.keyboard.press("a")
    two.page.locator("details[open] form button").click()
    expect(two.page.get_by_text("Approve: done")).to_be_visible()
    expect(two.page.get_by_text("refund.clawed_back")).to_be_visible()
    two.go(order)
    expect(two.page.get_by_text("refund.clawed_back")).to_be_visible()


def test_an_operator_decides_a_problem_without_a_script_and_every_step_of_it_is_accessible(console, desks, reader):
    problem, found = f"/console/problems/show/{desks[1]}", []
    one = reader(console, script=False)
    enter(one, "otto")
    one.go(problem)
    one.press("Take up")
    for width, scheme in MODES:
        seen = reader(console, width=width, scheme=scheme)
        enter(seen, "otto")
        for path in (problem, problem.replace("show", "decide"), "/console/problems/list/", "/console/"):
            seen.go(path)
            found += look(seen, f"{path} {width} {scheme}")
    assert found == []
    one.page.locator("main").get_by_role("link", name="Decide").click()
    one.page.locator("#outcome").select_option("split")
    one.page.fill("#buyer", "48.00")
    one.page.fill("#reasons", "The report names ten circuits; two were paid for and not tested.")
    one.press("See what it comes to")
    expect(one.page.get_by_text("£240.00 less commission and its VAT")).to_be_visible()
    one.press("Decide so")
    expect(one.page.get_by_text("Decided. The money is on its way, and both parties can read why.")).to_be_visible()
    expect(one.page.locator(".page-head .status")).to_have_text("Decided: split")
