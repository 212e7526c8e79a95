"""The console in a real browser: accessible with every fold and dialog open, and worked by keyboard alone."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from app.commands.seed import PASSWORD

OPEN_EVERYTHING = """
document.querySelectorAll('main details').forEach((one) => { one.open = true; });
document.querySelectorAll('.bulk').forEach((one) => { one.hidden = false; });
"""
MODES = ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark"))
PAGES = (
    "/console/", "/console/review/list/", "/console/listings/list/?state=live", "/console/orders/list/",
    "/console/people/list/", "/console/roles/list/", "/console/audit/list/", "/console/outbox/list/",
    "/console/invariants/", "/console/seals/", "/console/profile/", "/console/nothing-here",
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
    one.go("/console/people/add")
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
