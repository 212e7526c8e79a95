"""The crash test of `make soak`: short and whole, and its eyes one by one."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from app.embedded import Postgres
from tests.boot.product import all_gone, supervise
from tools.soak import books, calm
from tools.soak.victims import EVERYBODY, LEAST_PAUSE, LONGEST_PAUSE, plan
from tools.soak.world import World


def test_the_same_seed_kills_the_same_at_the_same_time() -> None:
    assert plan(7, 120) == plan(7, 120)
    assert plan(7, 120) != plan(8, 120)


def test_in_two_minutes_everybody_is_killed_at_least_once() -> None:
    kills = plan(7, 120)
    assert {kill.victim for kill in kills} == set(EVERYBODY)
    pauses = [after.at - before.at for before, after in itertools.pairwise(kills)]
    assert LEAST_PAUSE <= min(pauses) <= max(pauses) <= LONGEST_PAUSE
    assert kills[-1].at < 120


class Told(World):
    """A world that answers what it was told to: questions by a word in them, things of the provider by their kind."""

    def __init__(self, answers: dict[str, list[tuple[Any, ...]]], things: dict[str, list[dict[str, Any]]]) -> None:
        super().__init__("", "", "", Path(), Path())
        object.__setattr__(self, "told", (answers, things))

    def ask(self, question: str, *_: object) -> list[tuple[Any, ...]]:
        answers: dict[str, list[tuple[Any, ...]]] = self.told[0]  # type: ignore[attr-defined]
        return next((rows for word, rows in answers.items() if word in question), [])

    def provider_things(self, kind: str) -> list[dict[str, Any]]:
        return self.told[1].get(kind, [])  # type: ignore[attr-defined,no-any-return]


PAID = {"id": "pi_1", "status": "succeeded", "amount_received": 500}
BACK = {"id": "re_1", "payment_intent": "pi_1", "amount": 500, "status": "succeeded", "metadata": {"reference": "r1"}}
GOOD: dict[str, list[tuple[Any, ...]]] = {
    "e.idem_key =": [("pi_1", 500, 1, 1, 0)],
    "r.provider_refund_id": [("pi_1", "r1", "re_1", 500, "succeeded")],
    "sum(p.amount)": [(-20,)],
    "t.event = %s": [(1,)],
}
THINGS = {
    "payment_intent": [PAID],
    "refund": [BACK],
    "balance_transaction": [{"net": 480}, {"net": -500}],
}
KEPT = [("FX-1", "accept")]


def test_books_that_agree_have_no_faults() -> None:
    assert books.faults(Told(GOOD, THINGS), KEPT) == []


@pytest.mark.parametrize(
    ("answers", "things", "words"),
    [
        ({"e.idem_key =": [("pi_1", 0, 0, 0, 0)]}, {}, "the provider took 500, our payment says 0"),
        ({"e.idem_key =": [("pi_1", 500, 2, 1, 0)]}, {}, "2 captures booked, 1 orders"),
        ({"e.idem_key =": [("pi_1", 500, 1, 0, 0)]}, {}, "1 captures booked, 0 orders"),
        ({"e.idem_key =": []}, {}, "our payment says 0"),
        ({}, {"refund": [BACK, {**BACK, "id": "re_2"}]}, "2 refunds at the provider under our reference r1"),
        ({}, {"refund": [{**BACK, "metadata": {}}]}, "under our reference None"),
        ({"r.provider_refund_id": []}, {}, "the provider refunded 500, our refunds that succeeded say 0"),
        ({}, {"balance_transaction": [{"net": 480}]}, "the provider's balance is 480, our ledger says -20"),
        ({"having count(*) > 1": [("order.captured", "order:1", 2)]}, {}, "order.captured was booked 2 times"),
        ({"from sales_order n": [("o1", "accepted")]}, {}, "order o1 is accepted with no timer and no owner"),
        ({"t.event = %s": [(0,)]}, {}, "FX-1: accept was answered with success 1 times, and made 0 times"),
        ({"dead_at is not null": [("a.b.c", "k", "boom")]}, {}, "dead letter a.b.c k: boom"),
        ({"from webhook_inbox where": [("received", 3)]}, {}, "3 webhooks are received"),
    ],
)
def test_what_is_broken_is_seen(answers: dict[str, Any], things: dict[str, Any], words: str) -> None:
    found = books.faults(Told({**answers, **GOOD, **answers}, {**THINGS, **things}), KEPT)
    assert any(words in line for line in found), found


def test_what_is_still_open_after_all_that_time_is_named() -> None:
    world = Told({"from sales_order": [("FX-1", "delivered")], "like 'escrow": [("escrow:1", 500)]}, {})
    assert books.still_open(world) == ["FX-1 is still delivered", "escrow:1 still holds 500"]


@pytest.mark.parametrize(
    ("ours", "status", "heard"),
    [
        ((False, False, False), "succeeded", False),
        ((True, False, False), "succeeded", False),
        ((True, True, False), "succeeded", True),
        ((False, False, False), "canceled", False),
        ((False, False, True), "canceled", True),
        ((False, False, False), "requires_payment_method", True),
    ],
)
def test_what_the_provider_decided_and_we_did_not_hear_is_not_calm(
    ours: tuple[bool, bool, bool], status: str, heard: bool
) -> None:
    world = Told({"from payment": [("pi_1", *ours)]}, {"payment_intent": [{"id": "pi_1", "status": status}]})
    assert (calm._unheard(world) == []) is heard


def test_a_short_crash_test_runs_from_beginning_to_end(tmp_path: Path) -> None:
    more = {"SEED": "11", "SOAK_SECONDS": "9", "SOAK_AFTERWARDS": "0", "SOAK_WEATHER": "0", "EMBEDDED_DURABLE": "1"}
    command = (sys.executable, "-m", "tools.soak")
    done = supervise(tmp_path, "--scratch", "--served", *command, seconds=400, **more)
    Postgres(tmp_path / "postgres").erase()
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    assert sum(summary["kills"].values()) >= 1
    assert summary["broken"] == 0
    all_gone(tmp_path)
