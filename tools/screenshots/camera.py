"""A browser without a window, which takes the same page at both widths and in both schemes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import BrowserContext, Page, Response, sync_playwright

from tools.demo.visitor import StoryBroken, Visitor

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = ["--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update"]
HEIGHT = 900
WIDTHS = (1280, 390)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

SETTLED = "Promise.allSettled(document.getAnimations().map((one) => one.finished))"
"""Another scheme fades in: half way there a button has neither its old nor its new colours."""


class Camera:
    """`taken` counts the pages. Every page is opened with the cookies of the visitor who looks at it."""

    def __init__(self, contexts: dict[int, BrowserContext], folder: Path) -> None:
        self._contexts, self._folder = contexts, folder
        self.taken = 0

    def take(self, name: str, visitor: Visitor, address: str = "", typed: Mapping[str, str] | None = None) -> None:
        """The whole page at `address`, or where the visitor is; with `typed` after its form said what that comes to.
        Raises StoryBroken for anything but 200."""
        self.taken += 1
        url = str(visitor.client.base_url.join(address) if address else visitor.at.url)
        for width, context in self._contexts.items():
            context.clear_cookies()
            for cookie in visitor.client.cookies.jar:
                where = str(visitor.client.base_url)
                context.add_cookies([{"name": cookie.name, "value": cookie.value or "", "url": where}])
            page = context.new_page()
            _must_be_there(page.goto(url), url)
            if typed:
                _fill_in(page, typed)
            tall = int(page.evaluate("document.documentElement.scrollHeight"))
            page.set_viewport_size({"width": width, "height": max(tall, HEIGHT)})  # bars that stick lie at the end
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                page.wait_for_load_state("networkidle")  # pictures further down are asked for when they are in view
                page.evaluate(SETTLED)
                page.screenshot(path=self._folder / f"{self.taken:02d}-{name}-{width}-{scheme}.png")
            page.close()
        sys.stderr.write(f"picture | {self.taken:02d} {name}\n")


def _must_be_there(answer: Response | None, url: str) -> None:
    if answer is None or not answer.ok:
        raise StoryBroken(f"{answer.status if answer else 'nothing'} from {url}")


def _fill_in(page: Page, typed: Mapping[str, str]) -> None:
    for name, value in typed.items():
        field = page.locator(f"[name='{name}']")
        tag = field.evaluate("one => one.tagName")
        field.select_option(value) if tag == "SELECT" else field.fill(value)
    with page.expect_navigation():
        page.locator("button[name=step][value=look]").click()


@contextmanager
def camera(folder: Path) -> Iterator[Camera]:
    """Removes the pictures of an earlier time; the browser is closed in any case."""
    if not Path(CHROMIUM).exists():
        raise StoryBroken(f"no browser at {CHROMIUM}: install Chromium, or name another with CHROMIUM=")
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("*.png"), *folder.glob("*.pdf")):
        old.unlink()
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses to put root into one
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *sandbox])
        contexts = {
            width: browser.new_context(viewport={"width": width, "height": HEIGHT}, reduced_motion="reduce")
            for width in WIDTHS
        }
        try:
            yield Camera(contexts, folder)
        finally:
            browser.close()
