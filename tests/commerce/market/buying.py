"""Rules of play: baskets, payments, messages, jobs, and the passing of time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule
from sqlalchemy.orm import Session

from app.services.commerce import capture, checkout, dispute, order
from models.actor import ActorKind
from models.commerce.checkout import Checkout
from models.commerce.order import Order
from models.commerce.payment import Payment
from tests.commerce.market.bank import TROUBLES
from tests.commerce.market.play import Board
from tests.commerce.market.shop import Wish
from tests.factories import commerce
from tests.oracle import dispute as problems
from tests.oracle import order as orders
from tests.oracle import refund as refunds
from tests.oracle.arithmetic import share
from tests.oracle.world import Line, Sale, Thing, Who, require

LADDERS = {
    "": None,
    "flexible": ((24, 10_000), (0, 5_000)),
    "standard": ((48, 10_000), (24, 5_000)),
    "strict": ((168, 10_000), (48, 5_000)),
}
WORK = ("unpaid", "paid", "accepted", "in_progress", "delivered", "completed")
PROBLEM = ("disputed", "under_review", "awaiting_info", "proposed")
STAGES = (*WORK, *PROBLEM)
NET = st.one_of(st.sampled_from((1, 3, 99, 2911, 24_000, 33_333, 60_001)), st.integers(1, 70_000))
RATES = st.sampled_from((0, 500, 1_900, 2_000, 2_550))
MOST_SALES = 4
WORDS = "What was agreed, and what was done."
PICK = st.integers(0, 11)
SPANS = tuple(
    timedelta(**one)
    for one in (
        {"minutes": 5}, {"minutes": 16}, {"hours": 1}, {"hours": 25}, {"days": 3, "seconds": 1}, {"days": 6},
        {"days": 15}, {"days": 31}, {"days": 62}, {"days": 90},
    )
)  # fmt: skip


@st.composite
def priced(draw: st.DrawFn) -> dict[str, Any]:
    """A line with its VAT and its commission, as agreed when it is bought."""
    net, vat_bps, bps = draw(NET), draw(RATES), draw(st.sampled_from((0, 1_200, 1_500)))
    vat, commission = share(net, vat_bps), share(net, bps)
    return {
        "net_minor": net,
        "vat_bps": vat_bps,
        "vat_minor": vat,
        "gross_minor": net + vat,
        "tax_reason": "standard_rated",
        "commission_bps": bps,
        "commission_minor": commission,
        "commission_vat_bps": 2_000,
        "commission_vat_minor": share(commission, 2_000),
    }


BASKET = st.lists(priced(), min_size=1, max_size=4)


class Buying(Board):
    @initialize(
        lines=BASKET, seller=st.integers(0, 1), consumer=st.booleans(), express=st.booleans(),
        ladder=st.sampled_from(sorted(LADDERS)), hours=st.sampled_from((2, 20, 60, 100, 400, 1_600)),
        stage=st.sampled_from(STAGES),
    )  # fmt: skip
    def first(
        self, lines: Any, seller: int, consumer: bool, express: bool, ladder: str, hours: int, stage: str
    ) -> None:
        self._sale(lines, seller, consumer, express, ladder, hours, stage)

    @precondition(lambda self: len(self.world.sales) < MOST_SALES)
    @rule(
        lines=BASKET, seller=st.integers(0, 1), consumer=st.booleans(), express=st.booleans(),
        ladder=st.sampled_from(sorted(LADDERS)), hours=st.sampled_from((2, 20, 60, 100, 400, 1_600)),
        stage=st.sampled_from(STAGES),
    )  # fmt: skip
    def another(
        self, lines: Any, seller: int, consumer: bool, express: bool, ladder: str, hours: int, stage: str
    ) -> None:
        self._sale(lines, seller, consumer, express, ladder, hours, stage)

    def _sale(
        self, lines: Any, seller: int, consumer: bool, express: bool, ladder: str, hours: int, stage: str
    ) -> None:
        """One transaction that leads a new sale to a stage of its life."""
        now = self.shop.now
        visit = (now + timedelta(hours=hours), now + timedelta(hours=hours + 2))
        fee = (417, 83) if len(lines) % 2 else (1, 0)
        wish = Wish(seller, consumer, express or stage != "accepted", ladder, visit, tuple(lines), fee, 29)
        sale = Sale(
            len(self.world.sales), seller, consumer, wish.express, LADDERS[ladder], visit,
            [Line(x["gross_minor"], x["vat_minor"], x["commission_minor"], x["commission_vat_minor"]) for x in lines],
            fee, 29, Thing("awaiting_payment", now),
        )  # fmt: skip
        steps = WORK.index(stage if stage in WORK else ("in_progress", "delivered")[len(lines) % 2])

        def real(session: Session) -> None:
            key = self.shop.open_checkout(session, wish)
            if steps:
                self._lead(session, key, sale, steps, stage)

        def model() -> None:
            self.world.sales.append(sale)
            self.world.rearm(sale, "checkout", sale.checkout)
            self._lead_oracle(sale, steps, stage)

        self.step(f"sale {sale.number} {lines}, {stage}", real, model)

    def _lead(self, session: Session, key: UUID, sale: Sale, steps: int, stage: str) -> None:
        paying = session.query(Payment).filter_by(checkout_id=key).one()
        intent = self.shop.bank.things[paying.intent_id or ""]
        self.shop.bank.pay(intent)
        capture.follow(session, paying, self.shop.bank.intent(intent["id"]))
        made = commerce.order_of(session, paying)
        seller, buyer = self.actor(sale, Who("seller")), self.actor(sale, Who("buyer"))
        verbs = (
            lambda: order.accept(session, made, actor=seller),
            lambda: order.start(session, made, actor=seller),
            lambda: order.deliver(session, made, actor=seller, proofs=[commerce.photo(session)]),
            lambda: order.accept_delivery(session, made, actor=buyer),
        )
        for do in verbs[: steps - 1]:
            do()  # type: ignore[no-untyped-call]
        if stage in PROBLEM:
            self._lead_problem(session, made, sale, PROBLEM.index(stage))

    def _lead_problem(self, session: Session, made: Order, sale: Sale, steps: int) -> None:
        buyer, seller, staff = (self.actor(sale, Who(kind, 1)) for kind in ("buyer", "seller", "operator"))
        row = dispute.open_dispute(session, made, actor=buyer, code="poor_work", text=WORDS)
        if steps > 0:
            dispute.respond(session, row, actor=seller, text=WORDS)
        if steps == 2:
            dispute.request_info(session, row, actor=staff, party=ActorKind.seller, question=WORDS)
        if steps == 3:
            dispute.propose(session, row, actor=staff, buyer_minor=sale.gross // 3, text=WORDS)

    def _lead_oracle(self, sale: Sale, steps: int, stage: str) -> None:
        if steps:
            orders.pay(self.world, sale)
        verbs = (
            lambda: orders.accept(self.world, sale),
            lambda: orders.start(self.world, sale),
            lambda: orders.deliver(self.world, sale, 1),
            lambda: orders.accept_delivery(self.world, sale),
        )
        for do in verbs[: max(steps - 1, 0)]:
            do()  # type: ignore[no-untyped-call]
        steps = PROBLEM.index(stage) if stage in PROBLEM else -1
        if steps >= 0:
            problems.report(self.world, sale, Who("buyer"))
        if steps > 0:
            problems.respond(self.world, sale, Who("seller"))
        if steps == 2:
            problems.request_info(self.world, sale, "seller")
        if steps == 3:
            problems.propose(self.world, sale, Who("operator", 1), sale.gross // 3)

    # the buyer at the provider's page

    def _unpaid(self) -> list[Sale]:
        return [one for one in self.world.sales if self.intent_of(one)["status"] == "requires_payment_method"]

    @precondition(lambda self: self._unpaid())
    @rule(pick=PICK)
    def buyer_pays(self, pick: int) -> None:
        self.shop.bank.pay(self.intent_of(self.pick(pick, self._unpaid())))

    @precondition(lambda self: self._unpaid())
    @rule(pick=PICK, times=st.integers(1, 5))
    def card_is_declined(self, pick: int, times: int) -> None:
        sale = self.pick(pick, self._unpaid())
        for _ in range(times):
            self.shop.bank.decline(self.intent_of(sale))
            self.deliver(self.shop.bank.events.pop())

    @precondition(lambda self: self._unpaid())
    @rule(pick=PICK)
    def buyer_turns_back(self, pick: int) -> None:
        sale = self.pick(pick, self._unpaid())

        def model() -> None:
            require(sale.checkout.state == "awaiting_payment", "it is over")
            orders.abandoned(self.world, sale)

        key, who = self.checkout_id(sale), self.actor(sale, Who("buyer"))
        self.step(f"{sale.number}: turn back", lambda s: checkout.cancel(s, s.get_one(Checkout, key), actor=who), model)

    # what the provider tells us, or does not

    @precondition(lambda self: self.shop.bank.events)
    @rule(pick=PICK, copies=st.sampled_from((0, 1, 1, 1, 2)), keep=st.booleans())
    def message(self, pick: int, copies: int, keep: bool) -> None:
        """Any of those that wait, in any order; lost, once, or several times, now and again later."""
        events = self.shop.bank.events
        payload = self.pick(pick, events)
        if not keep:
            events.remove(payload)
        for _ in range(copies):
            self.deliver(payload)

    @precondition(lambda self: self.deferred)
    @rule()
    def look_at_deferred_messages_again(self) -> None:
        self.apply_deferred()

    @rule()
    def clockwork_asks(self) -> None:
        self.sweep()

    @precondition(lambda self: self.picture.jobs)
    @rule(
        pick=PICK,
        trouble=st.sampled_from(("none", "none", "none", *TROUBLES)),
        fate=st.sampled_from(("pending", "succeeded", "failed")),
    )
    def job(self, pick: int, trouble: str, fate: str) -> None:
        self.run_job(self.pick(pick, sorted(self.picture.jobs)), trouble, fate)

    def run_job(self, key: str, trouble: str = "none", fate: str = "succeeded") -> None:
        """One message's job, with the provider in this mood."""
        message = self.picture.jobs[key]
        bank = self.shop.bank
        bank.trouble, bank.fate = trouble, fate
        came_to = self.shop.perform(message["job"], message["id"], **message["payload"])
        kind, *rest = key.split(":")
        if not came_to:
            self.world.asked[key] = True
        if kind == "refund":
            self._sent(self.world.sales[int(rest[0])], int(rest[1]), came_to)
        elif kind == "payment.void":
            sale = self.world.sales[int(rest[0])]
            if sale.captured is None and not came_to:
                self.believe(self.intent_of(sale)["id"])
        elif not came_to:
            self.believe(rest[0])
        self.compare(f"job {key} ({trouble}, {fate}): {came_to or 'done'}")

    def _sent(self, sale: Sale, place: int, came_to: str) -> None:
        row = sale.refunds[place]
        if not refunds.begin(self.world, sale, row) or came_to:
            return
        about = (one for one in self._at_the_bank("refund") if self._about(sale, row, one))
        made = [self.word(one) for one in about if int(one["metadata"]["attempt"]) == row.attempts]
        if made:
            refunds.said(self.world, sale, row, *made[0])
        else:
            refunds.refused(self.world, sale, row)

    # what the bank does

    def _at_the_bank(self, kind: str) -> list[Any]:
        return [one for one in self.shop.bank.things.values() if one["object"] == kind]

    @precondition(lambda self: any(one["status"] in {"pending", "succeeded"} for one in self._at_the_bank("refund")))
    @rule(pick=PICK, good=st.booleans(), tell=st.booleans())
    def refund_settles(self, pick: int, good: bool, tell: bool) -> None:
        """A pending one arrives or fails; one that had arrived comes back."""
        waiting = [one for one in self._at_the_bank("refund") if one["status"] in {"pending", "succeeded"}]
        thing = self.pick(pick, waiting)
        good = good and thing["status"] == "pending"
        self.shop.bank.settle(thing, "succeeded" if good else "failed")
        if tell:
            self.deliver(self.shop.bank.events.pop())

    def _contestable(self) -> list[Sale]:
        return [one for one in self.world.sales if self.intent_of(one)["status"] == "succeeded" and self._free(one) > 0]

    def _free(self, sale: Sale) -> int:
        """What the bank has not asked back yet."""
        intent = self.intent_of(sale)
        known = [one for one in self._at_the_bank("dispute") if one["payment_intent"] == intent["id"]]
        return sale.total - sum(int(one["amount"]) for one in known if one["status"] not in {"won", "warning_closed"})

    @precondition(lambda self: self._contestable())
    @rule(pick=PICK, whole=st.booleans(), tenths=st.integers(1, 9), inquiry=st.booleans(), tell=st.booleans())
    def bank_contests(self, pick: int, whole: bool, tenths: int, inquiry: bool, tell: bool) -> None:
        sale = self.pick(pick, self._contestable())
        free = self._free(sale)
        amount = free if whole else max(free * tenths // 10, 1)
        due = self.shop.now + timedelta(days=7)
        self.shop.bank.contest(self.intent_of(sale), amount, due, inquiry=inquiry)
        if tell:
            self.deliver(self.shop.bank.events.pop())

    def _undecided(self) -> list[Any]:
        return [one for one in self._at_the_bank("dispute") if one["status"] not in {"won", "lost", "warning_closed"}]

    @precondition(lambda self: self._undecided())
    @rule(pick=PICK, outcome=st.sampled_from(("won", "lost", "lost", "review")), tell=st.booleans())
    def bank_rules(self, pick: int, outcome: str, tell: bool) -> None:
        thing = self.pick(pick, self._undecided())
        if thing["status"].startswith("warning_"):
            outcome = {"won": "warning_closed", "lost": "escalated", "review": "warning_under_review"}[outcome]
        else:
            outcome = {"review": "under_review"}.get(outcome, outcome)
        self.shop.bank.rule(thing, outcome, self.shop.now + timedelta(days=9))
        if tell:
            self.deliver(self.shop.bank.events.pop())

    # time

    @rule(span=st.sampled_from(SPANS))
    def time_passes(self, span: timedelta) -> None:
        self.go_to(self.shop.now + span)

    @precondition(lambda self: self.world.timers)
    @rule(early=st.sampled_from((0, 0, 0, 1)))
    def time_passes_to_the_next_timer(self, early: int) -> None:
        """To the very second, or a second before it."""
        due = min(self.world.timers.values()) - timedelta(seconds=early)
        self.go_to(max(due, self.shop.now))
