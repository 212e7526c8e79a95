"""Somebody at a browser while everything breaks: a page that does not come is asked for again, a form whose answer was
lost is sent again as it was, with its key."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import httpx
from lxml import html

from app.commands.seed import PASSWORD
from tools.demo.visitor import StoryBroken, Visitor

TRIES = 60
"""A database that was killed reads its log for some ten seconds on a busy disk."""
PAUSE = 1.0
"""Seconds before the same is tried again."""
AGAIN = {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}


class Over(Exception):  # noqa: N818
    """The time is up while something was still being tried."""


@dataclass
class Diary:
    """What the crowd was told. `kept` are moves that were answered with success: they must be there afterwards."""

    answers: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[str, str]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Person(Visitor):
    """One person with a mind of their own, which the seed makes."""

    def __init__(self, base: str, email: str, seed: int, over: threading.Event, diary: Diary) -> None:
        super().__init__(base, email)
        self.client = httpx.Client(base_url=base, follow_redirects=False, timeout=25, trust_env=False)
        self.chance = random.Random(f"{email} {seed}")  # noqa: S311  chance that can be repeated
        self.over, self.diary = over, diary

    def live(self) -> None:
        """Acts until the time is over; whatever a page says wrong is written down, and life goes on."""
        while not self.over.is_set():
            try:
                self.turn()
            except Over:
                return
            except StoryBroken as surprise:
                self.diary.answers["a page nobody expected"] += 1
                self.diary.troubles.append(str(surprise)[:300])
            self.over.wait(self.chance.uniform(0.1, 0.8))

    def turn(self) -> None:
        """One thing done. Raises StoryBroken, Over."""
        raise NotImplementedError

    def look(self, address: str) -> html.HtmlElement:
        """Opens a page, signing in where it is asked."""
        answer = self._until_answered("GET", address)
        if "/sign-in" in answer.headers.get("Location", ""):
            self.sign_in()
            answer = self._until_answered("GET", address)
        while answer.is_redirect:
            answer = self._until_answered("GET", str(answer.url.join(answer.headers["Location"])))
        return self._see(answer)

    def sign_in(self) -> None:
        """At the shop's door."""
        self._see(self._until_answered("GET", "/sign-in"))
        self.press({"email": self.name, "password": PASSWORD})

    def press(
        self,
        typed: Mapping[str, Any],
        *,
        action: str = "",
        named: str = "",
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> httpx.Response:
        """Sends the form of the page whose address ends in `action`, again and again until it is answered."""
        form = self._form(action)
        fields: dict[str, Any] = {}
        for name, value in form.form_values():
            fields.setdefault(name, []).append(value)
        target = str(self.at.url.join(form.action or ""))
        answer = self._until_answered("POST", target, data={**fields, **typed}, files=files)
        self.diary.answers[f"{named or action.strip('/') or 'sign in'} {answer.status_code}"] += 1
        return answer

    def _until_answered(self, method: str, address: str, **sent: Any) -> httpx.Response:
        said = ""
        for _ in range(TRIES):
            try:
                answer = self.client.request(method, address, **sent)
            except httpx.HTTPError as error:
                said = type(error).__name__
            else:
                said = f"{answer.status_code}"
                if answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR:
                    self.diary.troubles.append(f"500 for {method} {address}")
                if answer.status_code not in AGAIN and answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return answer
            self.diary.answers[f"asked again after {said}"] += 1
            if self.over.is_set():
                raise Over
            time.sleep(PAUSE)
        raise StoryBroken(f"{self.name}: no answer from {address} ({said})")
