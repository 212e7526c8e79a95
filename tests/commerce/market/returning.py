"""Rules of play: refunds that people ask for and look after, and the evidence a bank is sent."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from sqlalchemy.orm import Session

from app.services.commerce import chargeback, refund, refund_request
from models.commerce.refund import RefundCause
from tests.commerce.market.buying import PICK, WORDS
from tests.commerce.market.play import Board
from tests.commerce.market.working import STAFF, TWICE
from tests.oracle import chargeback as cases
from tests.oracle import refund as refunds
from tests.oracle.world import LIVE_CASE, Sale, Who


class Returning(Board):
    @precondition(lambda self: self.sales())
    @rule(
        pick=PICK, staff=STAFF, fee=st.booleans(), tenths=st.lists(st.integers(0, 10), min_size=4, max_size=4),
        over=st.sampled_from((0, 0, 0, 0, 1)), twice=TWICE,
    )  # fmt: skip
    def ask_for_a_refund(self, pick: int, staff: int, fee: bool, tenths: list[int], over: int, twice: bool) -> None:
        """Tenths of what is left of each line; sometimes a penny more."""
        sale = self.pick(pick, self.sales())
        wish = {i: sale.room(i) * tenths[i] // 10 + over for i in range(len(sale.lines))}
        self._ask(sale, staff, wish, fee=fee, twice=twice)

    @precondition(lambda self: self.sales())
    @rule(pick=PICK, staff=STAFF, percent=st.sampled_from((1, 33, 50, 99, 100, 101)))
    def ask_for_an_amount(self, pick: int, staff: int, percent: int) -> None:
        sale = self.pick(pick, self.sales())
        amount = sum(sale.room(i) for i in range(len(sale.lines))) * percent // 100
        self._ask(sale, staff, amount, fee=False, twice=False)

    def _ask(self, sale: Sale, staff: int, wish: dict[int, int] | int, *, fee: bool, twice: bool) -> None:
        actor = self.actor(sale, Who("operator", staff))

        def real(session: Session) -> object:
            order = self.order(session, sale)
            lines = (
                refund_request.by_amount(session, order, wish)
                if isinstance(wish, int)
                else {order.lines[i].id: gross for i, gross in wish.items()}
            )
            return refund_request.request(
                session, order, lines=lines, cause=RefundCause.goodwill, reason=WORDS, actor=actor, fee=fee
            )

        def model() -> None:
            lines = refunds.by_amount(sale, wish) if isinstance(wish, int) else wish
            refunds.request(self.world, sale, Who("operator", staff), lines, fee=fee, cause="goodwill")

        self.step(f"{sale.number}: {staff} asks for {wish}, fee {fee}", real, model, twice=twice)

    def _refunds(self, *states: str) -> list[tuple[Sale, int]]:
        return [
            (sale, i)
            for sale in self.world.sales
            for i, one in enumerate(sale.refunds)
            if not states or one.state in states
        ]

    @precondition(lambda self: self._refunds("requested"))
    @rule(pick=PICK, staff=STAFF, yes=st.sampled_from((True, True, False)), twice=TWICE)
    def answer_a_request(self, pick: int, staff: int, yes: bool, twice: bool) -> None:
        self._answer(*self.pick(pick, self._refunds("requested")), staff, yes=yes, twice=twice)

    @precondition(lambda self: self._refunds())
    @rule(pick=PICK, staff=STAFF, yes=st.booleans())
    def answer_anything(self, pick: int, staff: int, yes: bool) -> None:
        sale, place = self.pick(pick, self._refunds())
        if sale.order:
            self._answer(sale, place, staff, yes=yes, twice=False)

    def _answer(self, sale: Sale, place: int, staff: int, *, yes: bool, twice: bool) -> None:
        row, who = sale.refunds[place], Who("operator", staff)
        actor = self.actor(sale, who)

        def real(session: Session) -> object:
            found = self.refund(session, sale, place)
            if yes:
                return refund_request.approve(session, found, actor=actor)
            return refund_request.reject(session, found, actor=actor, reason=WORDS)

        def model() -> None:
            if yes:
                refunds.approve(self.world, sale, row, who)
            else:
                refunds.reject(self.world, sale, row)

        self.step(
            f"{sale.number}: refund {place} {'approved' if yes else 'rejected'} by {staff}", real, model, twice=twice
        )

    @precondition(lambda self: self._refunds("failed"))
    @rule(pick=PICK, verb=st.sampled_from(("retry", "retry", "record", "confirm")), staff=STAFF)
    def look_after_a_failed_refund(self, pick: int, verb: str, staff: int) -> None:
        self.care(*self.pick(pick, self._refunds("failed")), verb, staff)

    @precondition(lambda self: self._refunds())
    @rule(pick=PICK, verb=st.sampled_from(("retry", "record", "confirm")), staff=STAFF)
    def look_after_any_refund(self, pick: int, verb: str, staff: int) -> None:
        self.care(*self.pick(pick, self._refunds()), verb, staff)

    def care(self, sale: Sale, place: int, verb: str, staff: int) -> None:
        row, who = sale.refunds[place], Who("operator", staff)
        actor = self.actor(sale, who)
        real = {
            "retry": lambda s: refund.retry(s, self.refund(s, sale, place), actor=actor),
            "record": lambda s: refund.record_transfer(s, self.refund(s, sale, place), actor=actor, reference="BACS 1"),
            "confirm": lambda s: refund.confirm_transfer(s, self.refund(s, sale, place), actor=actor),
        }[verb]
        model = {
            "retry": lambda: refunds.retry(self.world, sale, row),
            "record": lambda: refunds.record_transfer(sale, row, who),
            "confirm": lambda: refunds.confirm_transfer(self.world, sale, row, who),
        }[verb]
        self.step(f"{sale.number}: refund {place} {verb} by {staff}", real, model)

    def _cases(self) -> list[tuple[Sale, int]]:
        return [(sale, i) for sale in self.world.sales for i in range(len(sale.cases))]

    @precondition(lambda self: self._cases())
    @rule(pick=PICK, concede=st.booleans())
    def answer_the_bank(self, pick: int, concede: bool) -> None:
        live = [(sale, i) for sale, i in self._cases() if sale.cases[i].state in LIVE_CASE]
        sale, place = self.pick(pick, live or self._cases())
        actor = self.actor(sale, Who("operator", 1))

        def real(session: Session) -> object:
            row = self.case(session, sale, place)
            if concede:
                return chargeback.concede(session, row, actor=actor, reason=WORDS)
            return chargeback.send_evidence(session, row, actor=actor, text=WORDS)

        def model() -> None:
            (cases.concede if concede else cases.send_evidence)(self.world, sale, place)

        self.step(f"{sale.number}: case {place} {'conceded' if concede else 'answered'}", real, model)
