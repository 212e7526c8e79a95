"""The same market with the payment simulator as a process of its own, over HTTP, with its chaos on: whatever is lost,
doubled, late or refused, in the end our account at the provider is what the provider's own books say, to the penny.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app import session as sessions
from app.clients.payments_stripe import StripePayments
from app.services.commerce import dispute, order, refund, refund_request
from app.services.platform import invariant
from config import Config
from models.actor import Actor
from models.commerce.refund import Refund, RefundCause
from tests.commerce.market import picture
from tests.commerce.market.buying import BASKET
from tests.commerce.market.shop import Shop, Wish, order_of
from tests.databases import Database
from tests.factories import commerce
from tests.simulators.provider import KEY, Provider, Receiver, running

WORDS = "What was agreed, and what was done."
CARDS = ("pm_card_visa", "pm_card_visa", "pm_card_pendingRefund", "pm_card_refundFail", "pm_card_createDispute")
ENDS = ("declined", "cancelled", "divided", "refunded", "released")
CHAOS = st.fixed_dictionaries(
    {
        "hook_copies": st.sampled_from((1, 2, 3)),
        "hook_drop": st.integers(0, 2),
        "error_before": st.integers(0, 1),
        "error_after": st.integers(0, 1),
        "rate_limit": st.integers(0, 1),
        "refund_pending": st.integers(0, 1),
        "dispute_fee_back": st.integers(0, 1),
    }
)
ROUNDS = 12
EXAMPLES = {"check": 12, "soak": 150}.get(os.environ.get("HYPOTHESIS_PROFILE", ""), 8)


class Wire(StripePayments):
    """The product's own client; a market opens payments by it and turns moods on and off, which it does not know."""

    trouble, fate = "none", ""

    def opened(self, amount: int, reference: str, fee: int) -> dict[str, str]:
        del fee  # the provider knows its own
        made = self.open_intent(
            amount_minor=amount, currency="GBP", reference=reference, description="Work", return_url="http://shop.test/",
            key=f"payment:{reference}",
        )  # fmt: skip
        return {"id": made.id}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Provider, Receiver]]:
    folder: Path = tmp_path_factory.mktemp("wire")
    with running(folder) as both:
        yield both


@pytest.fixture
def shop(committed: Database, app: object) -> Iterator[Shop]:
    del app
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    with pytest.MonkeyPatch.context() as patch:
        yield Shop(committed, patch)
    assert committed.connection
    committed.connection.close()
    sessions.engine().dispose()


@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck),
    phases=(Phase.generate,),
)  # fmt: skip
@given(
    chaos=CHAOS,
    sales=st.lists(st.tuples(BASKET, st.sampled_from(CARDS), st.sampled_from(ENDS)), min_size=1, max_size=3),
    rulings=st.lists(st.sampled_from(("won", "lost")), min_size=3, max_size=3),
)
def test_our_account_at_the_provider_is_what_its_own_books_say(
    shop: Shop, pair: tuple[Provider, Receiver], chaos: dict[str, int], sales: list[Any], rulings: list[str]
) -> None:
    provider, hooks = pair
    provider.start_over()
    provider.reset()
    hooks.clear()
    game = Game(shop, provider, hooks)
    made = [game.bought(lines, card) for lines, card, _ in sales]
    provider.knobs(**chaos)
    for key, (_, _, end) in zip(made, sales, strict=True):
        game.hear_of(key)
        game.ended(key, end)
    game.settled(rulings)
    game.books_agree()


class Game:
    """One example's way from the till to the last penny."""

    def __init__(self, shop: Shop, provider: Provider, hooks: Receiver) -> None:
        self.shop, self.provider, self.hooks = shop, provider, hooks
        shop.reset()
        shop.now = datetime.now(UTC).replace(microsecond=0)
        shop.bank = Wire(provider.url, KEY, timeout_seconds=5)  # type: ignore[assignment]
        self.staff = shop.cast.staff
        self.waiting: list[UUID] = []

    def bought(self, lines: Any, card: str) -> UUID:
        now = self.shop.now
        visit = (now + timedelta(days=3), now + timedelta(days=3, hours=2))
        wish = Wish(0, True, True, "flexible", visit, tuple(lines), (417, 83), 0)
        made: list[UUID] = []
        assert not self.shop.attempt(lambda s: made.append(self.shop.open_checkout(s, wish)))
        intent = self.shop.ask("select intent_id from payment where checkout_id = %s", made[0])[0][0]
        assert self.provider.call(f"payment_intents/{intent}/confirm", payment_method=card).status_code == 200
        return made[0]

    def hear(self) -> None:
        """Whatever was delivered, newest first; then the clockwork asks about what was not."""
        got, self.hooks.got[:] = list(reversed(self.hooks.got)), []
        for payload, _ in got:
            key, state = self.shop.receive(payload)
            if state == "received":
                self.waiting.append(key)
        for key in list(self.waiting):
            if not self.shop.perform("commerce.webhook_inbox.apply", inbox_id=str(key)):
                self.waiting.remove(key)
        self.pass_time(timedelta(minutes=3))
        self.shop.perform("commerce.payment.sweep")
        self.shop.perform("commerce.chargeback.sweep")

    def hear_of(self, key: UUID) -> None:
        """Until its order is there: a provider that is away when the clockwork asks is asked again."""
        for _ in range(ROUNDS):
            self.hear()
            if self.shop.ask("select 1 from sales_order where checkout_id = %s", key):
                return

    def pass_time(self, span: timedelta) -> None:
        """Here and at the provider; timers fire, jobs run."""
        self.shop.now += span
        self.provider.advance(int(span.total_seconds()))
        for key, *_ in self.shop.due():
            self.shop.fire(key)
        for message in picture.of_product(self.shop).raw["jobs"]:
            self.shop.perform(message["job"], message["id"], **message["payload"])

    def ended(self, key: UUID, end: str) -> None:
        """By whatever verbs are open to it: a contested one waits."""
        for verb in {
            "declined": (self._declined,),
            "cancelled": (self._accepted, self._cancelled),
            "divided": (self._accepted, self._worked, self._divided),
            "refunded": (self._accepted, self._worked, self._released, self._refunded),
            "released": (self._accepted, self._worked, self._released),
        }[end]:
            if self.shop.attempt(partial(verb, key)):
                return
        self.hear()

    def _declined(self, key: UUID, session: Session) -> None:
        order.decline(session, order_of(session, key), actor=self.shop.cast.sellers[0], code="price")

    def _accepted(self, key: UUID, session: Session) -> None:
        order.accept(session, order_of(session, key), actor=self.shop.cast.sellers[0])

    def _cancelled(self, key: UUID, session: Session) -> None:
        order.cancel(session, order_of(session, key), actor=self.shop.cast.buyers[0], reason=WORDS)

    def _worked(self, key: UUID, session: Session) -> None:
        made, seller = order_of(session, key), self.shop.cast.sellers[0]
        order.start(session, made, actor=seller)
        order.deliver(session, made, actor=seller, proofs=[commerce.photo(session)])

    def _divided(self, key: UUID, session: Session) -> None:
        made, (one, two, _) = order_of(session, key), self.staff
        row = dispute.open_dispute(session, made, actor=self.shop.cast.buyers[0], code="poor_work", text=WORDS)
        dispute.take_up(session, row, actor=one)
        dispute.propose(session, row, actor=one, buyer_minor=made.gross_minor // 3, text=WORDS)
        dispute.decide(session, row, actor=two, buyer_minor=made.gross_minor // 3, reasons=WORDS)

    def _released(self, key: UUID, session: Session) -> None:
        order.accept_delivery(session, order_of(session, key), actor=self.shop.cast.buyers[0])

    def _refunded(self, key: UUID, session: Session) -> None:
        made = order_of(session, key)
        lines = refund_request.by_amount(session, made, max(made.gross_minor // 2, 1))
        row = refund_request.request(
            session, made, lines=lines, cause=RefundCause.goodwill, reason=WORDS, actor=self.staff[0]
        )
        refund_request.approve(session, row, actor=self.staff[1])

    def settled(self, rulings: list[str]) -> None:
        """The bank decides, lost answers are looked up, finance sees to what failed, and the clock does the rest."""
        for number in range(ROUNDS):
            self.hear()
            for thing in self.provider.document("disputes", limit="100")["data"]:
                if thing["status"] in {"needs_response", "under_review"}:
                    self.provider.decide(thing["id"], rulings[number % len(rulings)])
            self._care_for_refunds()
            if not self._left():
                return
            self.pass_time(timedelta(days=9, hours=1))
        raise AssertionError(f"the money has no way out: {self._left()}")

    def _care_for_refunds(self) -> None:
        for (key,) in self.shop.ask("select id from refund where state = 'failed'"):
            for actor, verb in zip(self.staff, (_recorded, _confirmed), strict=False):
                assert not self.shop.attempt(partial(verb, key, actor))

    def _left(self) -> list[str]:
        facts = picture.of_product(self.shop).facts
        names = [name for name in facts["accounts"] if name.startswith(("escrow:", "refund:", "dispute:"))]
        open_cases = self.shop.ask("select id from chargeback where state in ('needs_response', 'under_review')")
        return [*names, *(str(one) for one in open_cases), *facts["jobs"]]

    def books_agree(self) -> None:
        theirs = self.provider.document("balance_transactions", limit="100")["data"]
        ours = picture.of_product(self.shop).facts["accounts"].get("psp", 0)
        assert ours == sum(one["net"] for one in theirs), [(one["type"], one["net"]) for one in theirs]
        found: list[invariant.Finding] = []
        self.shop.attempt(lambda s: found.extend(invariant.check_all(s)))
        assert [one for one in found if one.rows] == []


def _recorded(key: UUID, actor: Actor, session: Session) -> None:
    refund.record_transfer(session, session.get_one(Refund, key), actor=actor, reference="BACS 1")


def _confirmed(key: UUID, actor: Actor, session: Session) -> None:
    refund.confirm_transfer(session, session.get_one(Refund, key), actor=actor)
