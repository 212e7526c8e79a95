"""The simulator's pages in a browser: on a phone and on a desk, light and dark, without scripts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import Reader
from tests.processes import wait_for
from tests.simulators.provider import Provider

BANK_ASKS = "4000 0025 0000 3155"
DECLINED = "4000 0000 0000 0002"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_is_free_of_faults(
    provider: Provider, reader: Callable[..., Reader], width: int, scheme: str
) -> None:
    identity = provider.opened(description="Order FX-1, a boiler service with a rather long name")
    paid = provider.paid()
    provider.call("refunds", payment_intent=paid, amount="100")
    dispute = provider.disputed(paid)
    provider.call(f"disputes/{dispute}", **{"evidence[uncategorized_text]": "The boiler was repaired. " * 20})
    reserved = provider.paid(capture_method="manual")
    browser = reader(provider.url, width=width, scheme=scheme)
    for address in (f"/pay/{identity}", f"/pay/{paid}", f"/pay/{reserved}", "/pay/pi_none", "/"):
        browser.go(address)
        assert browser.violations() == [], address
        assert browser.overflow() == 0, address
    browser.go(f"/pay/{identity}")
    browser.page.fill("#card", DECLINED)
    browser.press("Pay £293.00")
    assert browser.page.get_by_role("alert").is_visible()
    assert browser.violations() == []
    browser.page.fill("#card", BANK_ASKS)
    browser.press("Pay £293.00")
    assert browser.page.get_by_role("heading", name="Your bank asks you to confirm").is_visible()
    assert browser.violations() == []


def test_a_double_click_without_scripts_pays_once_and_returns(
    provider: Provider, reader: Callable[..., Reader]
) -> None:
    page = reader(provider.url, script=False).page
    identity = provider.opened(back=f"{provider.url}/healthz")
    page.goto(f"{provider.url}/pay/{identity}")
    page.dblclick("text=Pay £293.00")
    page.wait_for_url(f"{provider.url}/healthz?payment_intent={identity}&redirect_status=succeeded")
    page.goto(provider.url)
    assert page.locator("text=charge.succeeded").count() == 1


def test_a_dispute_is_begun_and_decided_with_two_buttons(provider: Provider, reader: Callable[..., Reader]) -> None:
    provider.paid(description="Order FX-9")
    browser = reader(provider.url, script=False)
    browser.go("/")
    browser.page.select_option("#reason", "product_not_received")
    browser.page.fill("#amount", "7200")
    browser.press("Dispute")
    wait_for(lambda: provider.document("disputes")["data"])
    row = browser.page.get_by_role("region", name="Disputes").locator("tbody tr")
    assert "£72.00" in row.inner_text()
    browser.press("lost: du_")
    assert "lost" in row.inner_text()
    assert browser.page.get_by_role("button", name="won: du_").count() == 0
