"""The database is restarted while people are at it: clear 503s, nothing lost, and everything goes on by itself."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx

from tests.factories import commerce
from tests.faults import orders
from tests.faults.browser import Browser
from tests.faults.town import Town

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}


@dataclass
class Crowd:
    """People who load pages and begin orders until they are told to stop."""

    town: Town
    slug: str
    cookies: httpx.Cookies
    form: dict[str, object]
    answers: list[httpx.Response] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def come(self) -> None:
        for act in (self._look, self._ask_for_json, self._begin):
            self.threads.append(threading.Thread(target=self._again, args=(act,)))
        for thread in self.threads:
            thread.start()

    def go(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()

    def _again(self, act: Callable[[httpx.Client], httpx.Response]) -> None:
        with httpx.Client(base_url=self.town.url, cookies=self.cookies, timeout=30) as client:
            while not self.over.is_set():
                try:
                    self.answers.append(act(client))
                except httpx.HTTPError as error:
                    self.broken.append(repr(error))
                time.sleep(0.05)

    def _look(self, client: httpx.Client) -> httpx.Response:
        return client.get(f"/l/{self.slug}", headers=HTML)

    def _ask_for_json(self, client: httpx.Client) -> httpx.Response:
        return client.get(f"/l/{self.slug}", headers=JSON)

    def _begin(self, client: httpx.Client) -> httpx.Response:
        key = f"crowd-{len(self.answers)}-{time.monotonic_ns()}"
        return client.post(f"/l/{self.slug}/order", data={**self.form, "key": key}, headers=HTML)

    @property
    def begun(self) -> list[str]:
        """Checkouts that somebody was told of."""
        moved = [answer.headers["Location"] for answer in self.answers if answer.status_code == 303]
        return [address.split("?")[0].rpartition("/")[2] for address in moved]


def test_a_restarted_database_is_a_clear_503_and_nothing_is_lost(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    paying = buyer.to_payment(story.listing.slug)
    buyer.go(f"/l/{story.listing.slug}")
    form = buyer.fill({}, action="/order").fields
    crowd = Crowd(town, story.listing.slug, buyer.client.cookies, form)
    crowd.come()
    try:
        time.sleep(0.5)
        seller.go(f"/pro/orders/{reference}")
        accept = seller.fill({}, action="/accept")
        town.postgres.stop()
        paying.pay()  # the provider's word finds nobody and is said again
        refused = seller.press(accept)
        not_ready = httpx.get(f"{town.url}/readyz")
        alive = httpx.get(f"{town.url}/healthz")
        time.sleep(1)
        town.postgres.start()
        town.until_answering()
        time.sleep(0.5)
    finally:
        crowd.go()

    assert town.unexpected() == []
    assert refused.status_code == 503
    assert "Nothing was lost. Try again in a few seconds." in refused.text
    assert refused.headers["Retry-After"] == "5"
    assert (not_ready.status_code, not_ready.json()["parts"]["redis"], alive.status_code) == (503, "ok", 200)
    assert not_ready.json()["parts"]["database"] != "ok"
    assert crowd.broken == [], "every request was answered"
    statuses = Counter(answer.status_code for answer in crowd.answers)
    assert set(statuses) == {200, 303, 503}, statuses
    problems = [one for one in crowd.answers if one.status_code == 503]
    kinds = {one.headers["Content-Type"].split(";")[0] for one in problems}
    assert kinds == {"text/html", "application/problem+json"}
    assert all(one.headers["Retry-After"] == "5" for one in problems)

    kept = {str(identity) for (identity,) in town.ask("select id from checkout")}
    assert crowd.begun
    assert set(crowd.begun) <= kept, "what was answered is there"
    town.until_counted(1, orders.FOUND, paying.checkout_id)
    assert seller.press(accept).status_code == 200, "the same form, sent again, works"
    town.ask("update outbox_message set sent_at = sent_at - interval '30 s' where done_at is null")
    orders.has_one_contract(town, seller, reference)
