"""The provider's pages in a browser: readable by everybody, at both widths and in both themes, without a script."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.simulators.provider import Provider

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
RULES = {"resultTypes": ["violations"]}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


def faults(page: Page) -> list[str]:
    """What axe finds, and whether the page is wider than its window."""
    broken = Axe().run(page, options=RULES).response["violations"]
    found = [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in broken]
    wide = page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    return [*found, *(["scrolls sideways"] if wide else [])]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_free_of_faults(provider: Provider, browser: Browser, width: int, scheme: str) -> None:
    identity = provider.opened(description="Order FX-1, a boiler service with a rather long name")
    paid = provider.paid()
    provider.call("refunds", payment_intent=paid, amount="100")
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    for address in (f"/pay/{identity}", f"/pay/{paid}", "/pay/pi_none", "/"):
        page.goto(provider.url + address)
        assert faults(page) == [], address
    page.goto(f"{provider.url}/pay/{identity}")
    page.fill("#card", "4000 0000 0000 0002")
    page.click("text=Pay £293.00")
    assert page.get_by_role("alert").is_visible()
    assert faults(page) == []
    page.fill("#card", "4000 0025 0000 3155")
    page.click("text=Pay £293.00")
    assert page.get_by_role("heading", name="Your bank asks you to confirm").is_visible()
    assert faults(page) == []
    assert blocked == []
    context.close()


def test_a_double_click_without_scripts_pays_once_and_returns(provider: Provider, browser: Browser) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    identity = provider.opened(back=f"{provider.url}/healthz")
    page.goto(f"{provider.url}/pay/{identity}")
    page.dblclick("text=Pay £293.00")
    page.wait_for_url(f"{provider.url}/healthz?payment_intent={identity}&redirect_status=succeeded")
    page.goto(provider.url)
    assert page.locator("text=charge.succeeded").count() == 1
    context.close()
