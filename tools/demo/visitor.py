"""A person at a browser without a screen: follows links and redirects, fills in the forms that pages really have."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import httpx
from lxml import html

T = TypeVar("T")


class StoryBroken(Exception):  # noqa: N818
    """A page was not what the story needs; the text says which."""


class Visitor:
    """One person with their cookies. `at` is the page they see."""

    def __init__(self, base: str, name: str) -> None:
        self.name = name
        self.client = httpx.Client(base_url=base, follow_redirects=True, timeout=20)
        self.at: httpx.Response

    def go(self, address: str) -> html.HtmlElement:
        """Opens a page. Raises StoryBroken for anything but 200."""
        return self._see(self.client.get(address))

    def send(
        self,
        fields: Mapping[str, Any],
        *,
        action: str = "",
        button: str = "",
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> html.HtmlElement:
        """Fills in the form of the page's main part whose address has `action` in it; sends it with its hidden fields.

        `button` is the `name=value` of the button pressed.
        """
        form = self._form(action)
        typed: dict[str, Any] = {}
        for name, value in form.form_values():
            typed.setdefault(name, []).append(value)
        typed.update(fields)
        name, _, value = button.partition("=")
        if name:
            typed[name] = value
        target = str(self.at.url.join(form.action or ""))
        headers = {"Referer": str(self.at.url)}
        return self._see(self.client.post(target, data=typed, files=files, headers=headers))

    def wait(self, address: str, found: Callable[[html.HtmlElement], T | None], seconds: float = 40) -> T:
        """Looks at a page again and again until `found` answers. Raises StoryBroken when it never does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if (answer := found(self.go(address))) is not None:
                return answer
            time.sleep(0.4)
        raise StoryBroken(f"{self.name} waited {seconds:g} s at {address}")

    def fetch(self, address: str) -> bytes:
        """A file's bytes."""
        self._see(self.client.get(address), parse=False)
        return self.at.content

    def _form(self, action: str) -> Any:
        page = html.fromstring(self.at.text, base_url=str(self.at.url))
        forms = page.xpath("//main//form")
        for form in forms:
            address = (form.action or str(self.at.url)).split("?")[0]
            if form.method == "POST" and action in f"{address}/":
                return form
        have = [form.action for form in forms]
        raise StoryBroken(f"{self.name} finds no form for {action!r} at {self.at.url}; there are {have}")

    def _see(self, answer: httpx.Response, *, parse: bool = True) -> html.HtmlElement:
        self.at = answer
        if answer.status_code != httpx.codes.OK:
            page = html.fromstring(answer.text) if answer.text.strip() else None
            words = " ".join(page.text_content().split())[:600] if page is not None else ""
            raise StoryBroken(f"{self.name} got {answer.status_code} from {answer.url}: {words}")
        return html.fromstring(answer.text or "<p/>", base_url=str(answer.url)) if parse else None
