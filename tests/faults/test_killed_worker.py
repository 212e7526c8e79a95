"""A worker that is killed or frozen in the middle of making a document: the document comes, once.

The typesetter unpacks its fonts into a folder of its own for as long as it works on a document, so that folder says
that a work horse is in the middle of one: no door for tests is needed in the product.
"""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factories import commerce
from tests.faults import orders
from tests.faults.browser import Browser
from tests.faults.town import Town


def children(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def frozen_horse(town: Town, seconds: float = 20) -> int:
    """The work horse of the town's worker, stopped amid a document."""
    for left in town.scratch.glob("weasyprint-*"):
        shutil.rmtree(left)  # of one that was killed
    end, worker = time.monotonic() + seconds, town.running["worker"].pid
    while time.monotonic() < end:
        if any(town.scratch.glob("weasyprint-*")) and (horses := children(worker)):
            os.kill(horses[0], signal.SIGSTOP)
            return horses[0]
        time.sleep(0.001)
    raise AssertionError("no document was begun")


@contextmanager
def lease_over(town: Town, key: str) -> Iterator[None]:
    """The rest of the lease does not have to be waited for."""
    yield
    town.ask("update outbox_message set sent_at = sent_at - interval '29 s' where key = %s", key)


def test_a_worker_killed_amid_the_document_leaves_none_and_the_next_makes_one(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    key = f"contract:{orders.identity(town, reference)}"
    worker = town.running["worker"]
    with lease_over(town, key):
        orders.accept(seller, reference)
        frozen_horse(town)
        worker.kill()
        worker.wait()
        assert town.ask(orders.DOCUMENTS, reference) == []
        assert orders.message(town, key)[1:] == (1, False)
    orders.has_one_contract(town, seller, reference)
    assert orders.message(town, key)[1] == 2, "it was handed out a second time"


def test_a_frozen_worker_that_wakes_up_after_another_made_the_document_changes_nothing(
    town: Town, buyer: Browser, seller: Browser, story: commerce.Story
) -> None:
    reference = orders.paid(town, buyer, story)
    key = f"contract:{orders.identity(town, reference)}"
    with lease_over(town, key):
        orders.accept(seller, reference)
        horse = frozen_horse(town)
    helper = town.programs.worker()
    try:
        orders.has_one_contract(town, seller, reference)
        before = town.ask(orders.DOCUMENTS, reference), town.one("select count(*) from stored_file")
        os.kill(horse, signal.SIGCONT)
        town.until(lambda: not Path(f"/proc/{horse}").exists())
        assert (town.ask(orders.DOCUMENTS, reference), town.one("select count(*) from stored_file")) == before
        assert orders.message(town, key)[1:] == (2, True)
    finally:
        helper.terminate()
        helper.wait()


def test_a_worker_killed_amid_everything_loses_nothing(town: Town, buyer: Browser, story: commerce.Story) -> None:
    """Six deaths at six moments of the way from payment to order."""
    waiting = [buyer.to_payment(story.listing.slug) for _ in range(3)]
    for paying in waiting:
        paying.pay()
    for number in range(6):
        town.mend()
        time.sleep(0.3 * number)
        town.running["worker"].kill()
        town.running["worker"].wait()
    town.ask("update outbox_message set sent_at = sent_at - interval '30 s' where done_at is null")
    for paying in waiting:
        town.until_counted(1, orders.FOUND, paying.checkout_id)
