"""The books in a real browser: a shortfall, a statement of several pages and a bad day, at both widths and in both
themes; the file is fetched by keyboard."""

from __future__ import annotations

import json

import psycopg
import pytest

from tests.browser.test_console import MODES, enter, look

POST = "SELECT ledger_post('order.captured', %s, %s, now(), %s)"


@pytest.fixture
def books(processes, committed):
    """A product with sixty captures, of which more was taken back than is there."""
    seeded = processes.module("seed", "flask", "seed", FLASK_APP="app.factory")
    assert seeded.wait(120) == 0, processes.log("seed")
    with psycopg.connect(committed.url) as connection:
        for number in range(60):
            order = f"00000000-0000-7000-8000-{number:012d}"
            lines = [line("psp:simulator:clearing", "asset", 29300), line("tax:vat_output", "liability", -500)]
            lines.append(line(f"escrow:{order}", "liability", -28800, guarded=True))
            connection.execute(POST, (f"key:{number}", f"order:{order}", json.dumps(lines)))
        lost = [line("psp:simulator:clearing", "asset", -40000), line("expense:dispute_fees", "expense", 40000)]
        connection.execute(POST, ("lost", "chargeback:1", json.dumps(lost)))
    processes.web()
    return processes.base_url


def line(code: str, kind: str, amount: int, *, guarded: bool = False) -> dict[str, object]:
    return {"account": code, "currency": "GBP", "amount": amount, "kind": kind, "guarded": guarded}


def test_client_money_and_a_statement_can_be_read_by_everybody(books, reader, tmp_path):
    found: list[str] = []
    for width, scheme in MODES:
        one = reader(books, width=width, scheme=scheme)
        enter(one, "fern")
        for path in ("/console/client-money/", "/console/client-money/?as_of=2026-02-31"):
            one.go(path)
            found += look(one, f"{path} {width} {scheme}")
            one.page.screenshot(path=tmp_path / f"money-{width}-{scheme}-{len(path)}.png", full_page=True)
        one.go("/console/accounts/list/?q=psp")
        found += look(one, f"accounts {width} {scheme}")
        one.page.locator(".row-link").first.click()
        one.page.wait_for_load_state()
        found += look(one, f"statement {width} {scheme}")
        one.page.screenshot(path=tmp_path / f"statement-{width}-{scheme}.png", full_page=True)
        one.go("/console/client-money/")
        assert "shortfall of £100.00" in one.page.get_by_role("alert").inner_text()
    with one.page.expect_download() as download:
        one.page.get_by_role("link", name="Export CSV").focus()
        one.page.keyboard.press("Enter")
    assert "SHORTFALL" in download.value.path().read_text("utf-8-sig")
    assert found == []
