"""Stories that chance tells seldom: each is played to its end like any other, oracle beside it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from tests.commerce.market.buying import PROBLEM
from tests.commerce.market.ending import Ending

LINE: dict[str, Any] = {
    "net_minor": 10_001, "vat_bps": 1_900, "vat_minor": 1_900, "gross_minor": 11_901, "tax_reason": "standard_rated",
    "commission_bps": 1_200, "commission_minor": 1_200, "commission_vat_bps": 2_000, "commission_vat_minor": 240,
}  # fmt: skip


TINY = LINE | {"net_minor": 5, "vat_minor": 1, "gross_minor": 6, "commission_minor": 1, "commission_vat_minor": 0}
"""So small that only cumulative parts give back exactly its penny of commission."""


def stories() -> Iterator[Ending]:
    """Each game as far as it was told; whoever takes it ends it."""
    yield from _the_bank_empties_a_hold()
    yield from _problems_are_decided()
    yield from _work_goes_other_ways()
    yield from _refunds_fail()
    yield from _refunds_are_asked_for()
    yield from _the_last_day_to_cancel()
    yield from _work_is_late()


def _begun(stage: str, lines: int = 1, *, hours: int = 2, line: dict[str, Any] = LINE) -> Ending:
    game = Ending()
    game._sale([line] * lines, 0, True, True, "flexible", hours, stage)
    return game


def _lost(game: Ending, *, whole: bool = True) -> None:
    game.bank_contests(pick=0, whole=whole, tenths=3, inquiry=False, tell=True)
    game.bank_rules(pick=0, outcome="lost", tell=True)


def _the_bank_empties_a_hold() -> Iterator[Ending]:
    for stage in ("paid", "accepted", "in_progress", "delivered", *PROBLEM):
        game = _begun(stage)
        _lost(game)
        yield game
    game = _begun("paid")
    game.bank_contests(pick=0, whole=True, tenths=1, inquiry=True, tell=True)
    game.answer_the_bank(pick=0, concede=False)
    game.run_job(min(game.picture.jobs))
    game.bank_rules(pick=0, outcome="lost", tell=True)
    yield game
    game = _begun("paid")
    game.bank_contests(pick=0, whole=True, tenths=1, inquiry=False, tell=True)
    game.answer_the_bank(pick=0, concede=True)
    yield game


def _problems_are_decided() -> Iterator[Ending]:
    for stage in ("under_review", "proposed"):
        for tenths in (0, 5, 10):
            game = _begun(stage)
            game.decide(pick=0, staff=2, tenths=tenths, fee=tenths == 10, twice=False)
            yield game
    for verb in ("reject", "withdraw"):
        game = _begun("proposed")
        game.say_something(pick=0, kind="buyer", verb=verb)
        yield game
    game = _begun("accepted")
    game.go_to(game.shop.now + timedelta(hours=3))
    game.report_a_problem(pick=0, kind="buyer", twice=False)
    game.take_a_problem_back(pick=0)
    yield game


def _work_goes_other_ways() -> Iterator[Ending]:
    game = _begun("paid")
    game.seller_answers(pick=0, verb="decline", twice=True)
    yield game
    game = _begun("in_progress")
    game.go_to(game.shop.now + timedelta(hours=3))
    game.cancel(pick=0, kind="operator", done=3_333, twice=False)
    yield game
    game = _begun("delivered")
    game.buyer_looks(pick=0, verb="changes", twice=True)
    yield game
    game = _begun("in_progress")
    game.go_to(game.shop.now + timedelta(days=74))
    game.seller_works(pick=0)
    game.go_to(game.shop.now + timedelta(days=2))
    yield game


def _refunds_fail() -> Iterator[Ending]:
    for whole in (True, False):
        for fails in (True, False):
            game = _begun("paid")
            game.seller_answers(pick=0, verb="decline", twice=False)
            if fails:
                game.run_job(min(game.picture.jobs), "refused")
            _lost(game, whole=whole)
            yield game
    game = _begun("paid")
    game.seller_answers(pick=0, verb="decline", twice=False)
    game.run_job(min(game.picture.jobs))
    game.refund_settles(pick=0, good=False, tell=True)
    yield game
    yield _an_old_word_comes_late()


def _an_old_word_comes_late() -> Ending:
    """The first attempt failed; the answer about the second got lost; then the first one's failure is told again."""
    game = _begun("paid")
    game.seller_answers(pick=0, verb="decline", twice=False)
    game.run_job(min(game.picture.jobs), fate="failed")
    game.care(game.world.sales[0], 0, "retry", 1)
    game.run_job(min(game.picture.jobs), "silence")
    first = next(one for one in game.shop.bank.things.values() if one["object"] == "refund")
    game.deliver(game.shop.bank.tell("refund.failed", first))
    return game


def _refunds_are_asked_for() -> Iterator[Ending]:
    game = _begun("completed", line=TINY)
    for percent in (33, 50, 99, 100):
        game.ask_for_an_amount(pick=0, staff=1, percent=percent)
        game.answer_a_request(pick=0, staff=2, yes=True, twice=False)
    yield game
    game = _begun("completed", 2)
    for _ in range(3):
        game.ask_for_an_amount(pick=0, staff=1, percent=33)
        for staff in (1, 2):
            game.answer_a_request(pick=0, staff=staff, yes=True, twice=False)
            if not game._refunds("requested"):
                break
    yield game
    game = _begun("delivered", 3)
    for _ in range(3):
        game.ask_for_an_amount(pick=0, staff=1, percent=33)
        game.answer_a_request(pick=0, staff=2, yes=True, twice=True)
    game.buyer_looks(pick=0, verb="accept_delivery", twice=False)
    yield game
    game = _begun("paid")
    game.ask_for_a_refund(pick=0, staff=1, fee=True, tenths=[5, 0, 0, 0], over=0, twice=False)
    game.seller_answers(pick=0, verb="decline", twice=False)
    yield game


def _the_last_day_to_cancel() -> Iterator[Ending]:
    """Accepted on the first of March: until the night after the fifteenth everything comes back, the fee too."""
    for hours in (0, 13, 14):
        game = _begun("accepted", hours=1_600)
        game.go_to(game.shop.now + timedelta(days=14, hours=hours))
        game.cancel(pick=0, kind="buyer", done=None, twice=False)
        yield game


def _work_is_late() -> Iterator[Ending]:
    """Its fourteen days would end after day 89, so on day 85 people are asked: by the clock, or at once when a problem
    is taken back later, though a bank contests the payment."""
    for contested in (False, True):
        game = _begun("in_progress")
        game.go_to(game.shop.now + timedelta(days=74))
        game.seller_works(pick=0)
        game.go_to(game.shop.now + timedelta(days=6))
        game.report_a_problem(pick=0, kind="buyer", twice=False)
        if contested:
            game.bank_contests(pick=0, whole=False, tenths=3, inquiry=False, tell=True)
            game.go_to(game.shop.now + timedelta(days=6))
        game.take_a_problem_back(pick=0)
        game.go_to(game.shop.now + timedelta(days=6))
        yield game
