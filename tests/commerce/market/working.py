"""Rules of play: an order's work, and problems with it."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy.orm import Session

from app.services.commerce import dispute, order
from models.actor import Actor, ActorKind
from tests.commerce.market.buying import PICK, WORDS
from tests.commerce.market.play import KINDS, Board
from tests.factories import commerce
from tests.oracle import dispute as problems
from tests.oracle import order as orders
from tests.oracle.world import LIVE_PROBLEM, Sale, Who

KIND = st.sampled_from(KINDS)
PARTY = st.sampled_from(("buyer", "seller"))
STAFF = st.integers(1, 3)
TWICE = st.sampled_from((False, False, True))


class Working(Board):
    @precondition(lambda self: self.sales())
    @rule(pick=PICK, verb=st.sampled_from(("accept", "decline", "start", "deliver", "accept_delivery", "changes")))
    def anything(self, pick: int, verb: str) -> None:
        """Whatever the state: mostly refused, and then nothing has changed."""
        self._work(self.pick(pick, self.sales()), verb, twice=False)

    @precondition(lambda self: self.sales("pending_acceptance"))
    @rule(pick=PICK, verb=st.sampled_from(("accept", "accept", "decline")), twice=TWICE)
    def seller_answers(self, pick: int, verb: str, twice: bool) -> None:
        self._work(self.pick(pick, self.sales("pending_acceptance")), verb, twice=twice)

    @precondition(lambda self: self.sales("accepted", "in_progress"))
    @rule(pick=PICK)
    def seller_works(self, pick: int) -> None:
        sale = self.pick(pick, self.sales("accepted", "in_progress"))
        assert sale.order
        self._work(sale, "start" if sale.order.state == "accepted" else "deliver", twice=False)

    @precondition(lambda self: self.sales("delivered"))
    @rule(pick=PICK, verb=st.sampled_from(("accept_delivery", "changes")), twice=TWICE)
    def buyer_looks(self, pick: int, verb: str, twice: bool) -> None:
        self._work(self.pick(pick, self.sales("delivered")), verb, twice=twice)

    def _work(self, sale: Sale, verb: str, *, twice: bool) -> None:
        seller, buyer = self.actor(sale, Who("seller")), self.actor(sale, Who("buyer"))
        real = {
            "accept": lambda s: order.accept(s, self.order(s, sale), actor=seller),
            "decline": lambda s: order.decline(s, self.order(s, sale), actor=seller, code="price"),
            "start": lambda s: order.start(s, self.order(s, sale), actor=seller),
            "deliver": lambda s: order.deliver(s, self.order(s, sale), actor=seller, proofs=[commerce.photo(s)]),
            "accept_delivery": lambda s: order.accept_delivery(s, self.order(s, sale), actor=buyer),
            "changes": lambda s: order.request_changes(s, self.order(s, sale), actor=buyer, reason=WORDS),
        }[verb]
        model = {
            "accept": lambda: orders.accept(self.world, sale),
            "decline": lambda: orders.decline(self.world, sale),
            "start": lambda: orders.start(self.world, sale),
            "deliver": lambda: orders.deliver(self.world, sale, 1),
            "accept_delivery": lambda: orders.accept_delivery(self.world, sale),
            "changes": lambda: orders.request_changes(self.world, sale),
        }[verb]
        self.step(f"{sale.number}: {verb}", real, model, twice=twice)

    @precondition(lambda self: self.sales("pending_acceptance", "accepted", "in_progress"))
    @rule(pick=PICK, kind=KIND, done=st.sampled_from((None, 0, 1, 3_333, 5_000, 10_000)), twice=TWICE)
    def cancel(self, pick: int, kind: str, done: int | None, twice: bool) -> None:
        sale = self.pick(pick, self.sales("pending_acceptance", "accepted", "in_progress"))
        who = Who(kind, 1)
        actor = self.actor(sale, who)
        self.step(
            f"{sale.number}: cancelled by {kind} ({done})",
            lambda s: order.cancel(s, self.order(s, sale), actor=actor, reason=WORDS, delivered_bps=done),
            lambda: orders.cancel(self.world, sale, who, done),
            twice=twice,
        )

    # problems

    @precondition(lambda self: self.sales("accepted", "in_progress", "delivered"))
    @rule(pick=PICK, kind=KIND, twice=TWICE)
    def report_a_problem(self, pick: int, kind: str, twice: bool) -> None:
        sale = self.pick(pick, self.sales("accepted", "in_progress", "delivered"))
        actor = self.actor(sale, Who(kind, 1))
        self.step(
            f"{sale.number}: problem reported by {kind}",
            lambda s: dispute.open_dispute(s, self.order(s, sale), actor=actor, code="poor_work", text=WORDS),
            lambda: problems.report(self.world, sale, Who(kind, 1)),
            twice=twice,
        )

    def _troubled(self, *states: str) -> list[Sale]:
        wanted = states or tuple(LIVE_PROBLEM)
        return [one for one in self.world.sales if one.problem and one.problem.state in wanted]

    @precondition(lambda self: self._troubled())
    @rule(pick=PICK, kind=KIND, verb=st.sampled_from(("respond", "add", "withdraw", "provide", "reject", "take_up")))
    def say_something(self, pick: int, kind: str, verb: str) -> None:
        self._say(self.pick(pick, self._troubled()), kind, verb)

    @precondition(lambda self: self._troubled("open"))
    @rule(pick=PICK, verb=st.sampled_from(("respond", "take_up")))
    def answer_a_problem(self, pick: int, verb: str) -> None:
        sale = self.pick(pick, self._troubled("open"))
        assert sale.problem
        self._say(sale, "buyer" if sale.problem.opened_by == "seller" else "seller", verb)

    @precondition(lambda self: self._troubled())
    @rule(pick=PICK)
    def take_a_problem_back(self, pick: int) -> None:
        sale = self.pick(pick, self._troubled())
        assert sale.problem
        if sale.problem.opened_by != "system":
            self._say(sale, sale.problem.opened_by, "withdraw")

    def _say(self, sale: Sale, kind: str, verb: str) -> None:
        who = Who(kind, 1)
        if verb == "take_up":
            who = Who("operator", 1)
        actor, world = self.actor(sale, who), self.world
        real = {
            "respond": lambda s: dispute.respond(s, self.problem(s, sale), actor=actor, text=WORDS),
            "add": lambda s: dispute.add(s, self.problem(s, sale), actor=actor, text=WORDS),
            "withdraw": lambda s: dispute.withdraw(s, self.problem(s, sale), actor=actor),
            "provide": lambda s: dispute.provide(s, self.problem(s, sale), actor=actor, text=WORDS),
            "reject": lambda s: dispute.reject(s, self.problem(s, sale), actor=actor, text=WORDS),
            "take_up": lambda s: dispute.take_up(s, self.problem(s, sale), actor=actor),
        }[verb]
        model = {
            "respond": lambda: problems.respond(world, sale, who),
            "add": lambda: problems.add(sale, who),
            "withdraw": lambda: problems.withdraw(world, sale, who),
            "provide": lambda: problems.provide(world, sale, who),
            "reject": lambda: problems.reject(world, sale, who),
            "take_up": lambda: problems.take_up(world, sale),
        }[verb]
        self.step(f"{sale.number}: {verb} by {who.kind}", real, model)

    @precondition(lambda self: self._troubled("under_review"))
    @rule(pick=PICK, party=PARTY, staff=STAFF, answered=st.booleans())
    def ask_a_party(self, pick: int, party: str, staff: int, answered: bool) -> None:
        sale = self.pick(pick, self._troubled("under_review"))
        actor = self.actor(sale, Who("operator", staff))
        self.step(
            f"{sale.number}: {party} is asked",
            lambda s: dispute.request_info(
                s, self.problem(s, sale), actor=actor, party=ActorKind(party), question=WORDS
            ),
            lambda: problems.request_info(self.world, sale, party),
        )
        if answered:
            self._say(sale, party, "provide")

    @precondition(lambda self: self._troubled("under_review"))
    @rule(pick=PICK, staff=STAFF, tenths=st.integers(0, 11))
    def propose(self, pick: int, staff: int, tenths: int) -> None:
        sale = self.pick(pick, self._troubled("under_review"))
        who, buyer = Who("operator", staff), sale.held * tenths // 10
        actor = self.actor(sale, who)
        self.step(
            f"{sale.number}: {buyer} proposed by {staff}",
            lambda s: dispute.propose(s, self.problem(s, sale), actor=actor, buyer_minor=buyer, text=WORDS),
            lambda: problems.propose(self.world, sale, who, buyer),
        )

    @precondition(lambda self: self._troubled("proposed"))
    @rule(pick=PICK, kinds=st.sampled_from((("buyer", "seller"), ("seller", "buyer"), ("buyer", "buyer"))), old=PICK)
    def agree(self, pick: int, kinds: tuple[str, str], old: int) -> None:
        sale = self.pick(pick, self._troubled("proposed"))
        row = sale.problem
        assert row
        for kind in kinds:
            version = row.proposals - (old == 0)
            actor = self.actor(sale, Who(kind))
            self.step(
                f"{sale.number}: {kind} agrees to {version}",
                partial(self._agreed, sale, actor, version),
                partial(problems.agree, self.world, sale, Who(kind), version),
            )

    def _agreed(self, sale: Sale, actor: Actor, version: int, session: Session) -> object:
        return dispute.agree(session, self.problem(session, sale), actor=actor, version=version)

    @precondition(lambda self: self._troubled("under_review", "proposed"))
    @rule(pick=PICK, staff=STAFF, tenths=st.sampled_from((0, 1, 5, 10, 10, 11, None)), fee=st.booleans(), twice=TWICE)
    def decide(self, pick: int, staff: int, tenths: int | None, fee: bool, twice: bool) -> None:
        """A share of what is held, or what was proposed."""
        sale = self.pick(pick, self._troubled("under_review", "proposed"))
        assert sale.problem
        wanted = sale.held * (10 if tenths is None else tenths) // 10
        if sale.problem.two_people and sale.problem.proposed is not None:
            wanted = sale.problem.proposed
        actor = self.actor(sale, Who("operator", staff))
        self.step(
            f"{sale.number}: {wanted} decided by {staff}, fee {fee}",
            lambda s: dispute.decide(s, self.problem(s, sale), actor=actor, buyer_minor=wanted, reasons=WORDS, fee=fee),
            lambda: problems.decide(self.world, sale, Who("operator", staff), wanted, fee=fee),
            twice=twice,
        )
