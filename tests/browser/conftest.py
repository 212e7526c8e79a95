"""A real browser. Every page must leave its console empty; axe is asked under the policy the page really has."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Response, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = [
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
AXE = Path("node_modules/axe-core/axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SETTLED = """() => Promise.race([
  Promise.allSettled(document.getAnimations().map((one) => one.finished)),
  new Promise((enough) => setTimeout(enough, 2000)),
]).then(() => true)"""
EXPECTED = "Failed to load resource: the server responded with a status of 4"
"""A refused form is a 4xx, which the browser notes: no fault of the page."""


@dataclass
class Reader:
    """One person at one browser window. `complaints` is what the browser said about the pages."""

    page: Page
    base: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> Response:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        return answer

    def sign_in(self, email: str, password: str) -> None:
        self.go("/sign-in")
        self.page.fill("#email", email)
        self.page.fill("#password", password)
        self.page.click("main button")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()
        self.page.wait_for_load_state()

    def violations(self) -> list[str]:
        """What axe finds on the present page, with every fold of it opened."""
        self.page.evaluate("document.querySelectorAll('main details').forEach((one) => { one.open = true; })")
        self.page.evaluate(SETTLED)  # a colour on its way to another has no contrast to speak of
        self.page.evaluate(AXE.read_text())
        found = self.page.evaluate(f"axe.run(document, {{runOnly: {RULES!r}}})")
        return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]

    def overflow(self) -> int:
        """Pixels of sideways scroll."""
        width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(width))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no browser at {CHROMIUM}: apt-get install chromium")
    with sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield made
        made.close()


@pytest.fixture
def reader(chromium: Browser) -> Iterator[Callable[..., Reader]]:
    """`reader(base, width=390, scheme="dark", script=False)` opens a window; none may have complained at the end."""
    opened: list[Reader] = []

    def make(base: str, *, width: int = 1280, scheme: str = "light", script: bool = True) -> Reader:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",  # a page transition that a fast test overtakes is a console message
        )
        page = context.new_page()
        page.set_default_timeout(20_000)
        one = Reader(page, base)
        page.on("pageerror", lambda error: one.complaints.append(str(error)))
        page.on("console", lambda m: one.complaints.append(m.text) if m.type in {"error", "warning"} else None)
        opened.append(one)
        return one

    yield make
    for one in opened:
        one.page.context.close()
    assert [c for one in opened for c in one.complaints if not c.startswith(EXPECTED)] == []
