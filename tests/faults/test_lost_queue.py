"""Redis is a hint: emptied or gone, what was committed still happens, and happens once."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from redis import Redis

from tests.factories import commerce
from tests.faults import orders
from tests.faults.browser import Browser
from tests.faults.town import Town


@contextmanager
def sleeping_worker(town: Town) -> Iterator[None]:
    """Nobody takes anything out of the queue."""
    worker = town.running["worker"].pid
    os.kill(worker, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(worker, signal.SIGCONT)


def test_the_contract_comes_although_redis_was_emptied_after_the_commit(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    key = f"contract:{orders.identity(town, reference)}"
    with sleeping_worker(town), Redis.from_url(town.valkey.url()) as redis:
        orders.accept(seller, reference)
        queued = f"rq:job:ob-{orders.message(town, key)[0]}-1"
        town.until(lambda: redis.exists(queued))
        redis.flushall()
        assert not redis.exists(queued)
    orders.has_one_contract(town, seller, reference)
    assert orders.message(town, key)[1] > 1, "it was handed out anew"


def test_the_contract_comes_although_redis_was_away_when_the_order_was_accepted(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    town.valkey.stop()
    try:
        orders.accept(seller, reference)
        buyer.go(f"/orders/{reference}")
        assert "said yes" in buyer.at.text, "pages work without Redis"
        assert town.ask(orders.DOCUMENTS, reference) == []
    finally:
        town.valkey.start()
    orders.has_one_contract(town, seller, reference)
