"""One page looked at in every way without loading it again: axe, widths, schemes, narrow, and with large letters."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

from tests.browser.conftest import AXE, RULES, SETTLED, Reader

MEASURE = Path(__file__).with_name("measure.js")
OPEN = "document.querySelectorAll('main details').forEach((one) => { one.open = true; })"
EVERYTHING = {"runOnly": RULES, "rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
"""Another scheme changes nothing but colours."""
TALL = 900


def look(one: Reader) -> list[str]:
    """What is wrong with the present page. It is left at 390 pixels, light, with every fold open."""
    page = one.page
    page.evaluate(OPEN)
    page.evaluate(AXE.read_text())
    page.evaluate(MEASURE.read_text())
    found: list[str] = []
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": TALL})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            page.evaluate(SETTLED)
            asked = EVERYTHING if scheme == "light" else COLOURS
            found += [f"{width} {scheme}: {what}" for what in [*_axe(page, asked), *_measured(page, "sideways")]]
    found += [f"390: {what}" for what in _measured(page, "small", "overlapping")]
    return found + _squeezed(page) + _enlarged(page)


def _squeezed(page: Page) -> list[str]:
    """WCAG 1.4.10 and 1.4.12: 320 pixels, and there letters and lines further apart."""
    page.set_viewport_size({"width": 320, "height": TALL})
    found = [f"320: {what}" for what in _measured(page, "sideways", "cut", "overlapping")]
    page.evaluate("measure.spaced(true)")
    found += [f"320 spaced: {what}" for what in _measured(page, "sideways", "cut", "overlapping")]
    page.evaluate("measure.spaced(false)")
    return found


def _enlarged(page: Page) -> list[str]:
    """WCAG 1.4.4: letters twice as large, on a desk and on a narrow window."""
    page.evaluate("measure.letters(200)")
    found = []
    for width in (1280, 640):
        page.set_viewport_size({"width": width, "height": TALL})
        found += [f"{width} 200 %: {what}" for what in _measured(page, "sideways", "cut", "overlapping")]
    page.evaluate("measure.letters(0)")
    page.set_viewport_size({"width": 390, "height": TALL})
    return found


def _axe(page: Page, asked: dict[str, object]) -> list[str]:
    found = page.evaluate("(asked) => axe.run(document, asked)", asked)
    return [f"{rule['id']}: {node['html'][:140]}" for rule in found["violations"] for node in rule["nodes"]]


def _measured(page: Page, *what: str) -> list[str]:
    return list(page.evaluate("(what) => what.flatMap((one) => measure[one]())", list(what)))
