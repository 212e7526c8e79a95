"""Programs that repeat themselves, against the real servers: two web processes, real connections, one effect."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus

import httpx
import pytest

from models.types import uuid7
from tests.factories import commerce
from tests.factories.people import PASSWORD
from tests.faults import orders
from tests.faults.browser import Browser
from tests.faults.town import Town

EVENTS = "select event from transition where subject_id = %s order by id"
TIMES = 6


def token(town: Town, email: str) -> dict[str, str]:
    answer = httpx.post(f"{town.url}/api/v1/tokens", json={"email": email, "password": PASSWORD})
    assert answer.status_code == HTTPStatus.CREATED, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def order(town: Town, buyer: Browser, story: commerce.Story) -> str:
    """A paid order's reference."""
    return orders.paid(town, buyer, story)


def test_six_requests_with_one_key_are_one_command(town: Town, story: commerce.Story, order: str) -> None:
    headers = {**token(town, story.seller.user.email), "Idempotency-Key": str(uuid7())}
    address = f"{town.url}/api/v1/orders/{order}/accept"

    def ask() -> httpx.Response:
        return httpx.post(address, headers=headers, json={}, timeout=20)

    with ThreadPoolExecutor(TIMES) as pool:
        answers = [one.result() for one in [pool.submit(ask) for _ in range(TIMES)]]
    done = [one for one in answers if one.status_code == HTTPStatus.OK]
    assert sum("Idempotent-Replayed" not in one.headers for one in done) == 1
    for one in answers:
        if one.status_code != HTTPStatus.OK:
            assert (one.status_code, one.json()["code"]) == (HTTPStatus.CONFLICT, "idempotency_in_flight")
            assert int(one.headers["Retry-After"]) > 0
    time.sleep(0.1)
    assert ask().json() == done[0].json()
    assert town.ask(EVENTS, orders.identity(town, order)) == [("accept",)]


def test_a_program_that_declines_twice_gives_the_money_back_once(town: Town, story: commerce.Story, order: str) -> None:
    headers = {**token(town, story.seller.user.email), "Idempotency-Key": str(uuid7())}
    address, body = f"{town.url}/api/v1/orders/{order}/decline", {"code": "price", "reason": "Too little"}
    first, second = (httpx.post(address, headers=headers, json=body) for _ in range(2))
    assert (first.status_code, second.json()) == (HTTPStatus.OK, first.json())
    refunds = "select amount_minor, state from refund where order_id = %s"
    town.until(lambda: town.ask(refunds, orders.identity(town, order)) == [(29_300, "succeeded")])
