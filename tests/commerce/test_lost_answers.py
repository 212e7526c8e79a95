"""The provider did it and answered 500: under the same key it repeats that for a day, so only looking it up helps."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app import session as sessions
from app.clients.payments import Dispute, Intent, PaymentsRefused, PaymentsUnknown, RefundResult
from app.services.commerce import chargeback, order, payment, refund
from app.unit_of_work import unit_of_work
from jobs.base import JobRun
from jobs.commerce.chargeback import concede, submit_evidence
from jobs.commerce.payment import open_intent, void
from jobs.commerce.refund import submit
from models.actor import Actor
from models.commerce.chargeback import Chargeback, ChargebackState
from models.commerce.payment import Payment
from models.commerce.refund import RefundState
from models.errors import Invalid
from tests.commerce.test_chargeback import opened, word
from tests.factories import commerce, people

CLOCKWORK = Actor.system("test")


class Broken:
    """Answers every write with 500, and questions with what it has on its books."""

    def __init__(
        self,
        intents: tuple[Intent, ...] = (),
        refunds: tuple[RefundResult, ...] = (),
        disputes: tuple[Dispute, ...] = (),
        *,
        code: str = "",
        refuses: bool = False,
    ) -> None:
        self.intents, self.refunds, self.disputes, self.code = intents, refunds, disputes, code
        self.refuses, self.keys = refuses, list[str]()

    def open_intent(self, **_: Any) -> Intent:
        raise PaymentsUnknown("The provider did not say whether it was done", self.code)

    def refund(self, *_: Any, **__: Any) -> Intent:
        if self.refuses:
            raise PaymentsRefused("There is not so much left")
        return self.open_intent()

    cancel_intent = lambda self, *_, **__: self.open_intent()  # noqa: E731

    def submit_evidence(self, _dispute_id: str, *, key: str, **_: Any) -> Dispute:
        self.keys.append(key)
        if self.refuses:
            raise PaymentsRefused("It takes no evidence")
        raise PaymentsUnknown("The provider did not say whether it was done")

    close_dispute = submit_evidence

    def dispute(self, dispute_id: str) -> Dispute:
        return next(one for one in self.disputes if one.id == dispute_id)

    def intents_of(self, reference: str) -> tuple[Intent, ...]:
        return tuple(one for one in self.intents if one.reference == reference)

    def intent(self, intent_id: str) -> Intent:
        return next(one for one in self.intents if one.id == intent_id)

    def refunds_of(self, intent_id: str, *, reference: str | None = None) -> tuple[RefundResult, ...]:
        return tuple(one for one in self.refunds if (one.intent_id, one.reference) == (intent_id, reference))


class Run(JobRun):
    """Ends without a message."""

    def finish(self) -> Any:
        return self.transaction()


def _run(provider: Broken, number: int = 1) -> Run:
    parts: Any = SimpleNamespace(payments=provider, config=SimpleNamespace(base_url="http://shop.test"))
    return Run(0, number, "test", parts)


def _asked_for() -> Payment:
    with unit_of_work(CLOCKWORK) as work:
        return commerce.submitted(work, commerce.story(work))


def test_a_payment_that_was_opened_under_a_500_is_found(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        row = _asked_for()
        open_intent(_run(Broken((commerce.intent(row, "requires_payment_method"),))), payment_id=f"{row.id}")
        scope.refresh(row)
        assert row.intent_id == commerce.intent(row).id


def test_a_payment_that_is_not_there_is_asked_for_again(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope():
        row = _asked_for()
        with pytest.raises(PaymentsUnknown):
            open_intent(_run(Broken()), payment_id=f"{row.id}")


def test_a_payment_that_another_request_is_opening_is_left_to_it(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope():
        row = _asked_for()
        provider = Broken((commerce.intent(row, "requires_payment_method"),), code="idempotency_key_in_use")
        with pytest.raises(PaymentsUnknown):
            payment.open_at_provider(provider, payment.opening(sessions.session(), row.id), "http://shop.test")  # type: ignore[arg-type]


@pytest.mark.parametrize(("status", "settled"), [("canceled", True), ("requires_payment_method", False)])
def test_a_payment_that_was_cancelled_under_a_500_is_void(session: Session, status: str, settled: bool) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        row = _asked_for()
        with unit_of_work(CLOCKWORK) as work:
            payment.opened(work, row.id, commerce.intent(row, "requires_payment_method"))
        run = _run(Broken((replace(commerce.intent(row, status), received_minor=0),)))
        if settled:
            void(run, payment_id=f"{row.id}")
        else:
            with pytest.raises(PaymentsUnknown):
                void(run, payment_id=f"{row.id}")
        scope.refresh(row)
        assert (row.voided_at is not None) is settled


@pytest.mark.parametrize("refuses", [False, True])
@pytest.mark.parametrize("attempt", ["1", "2"])
def test_a_refund_that_was_made_without_an_answer_is_found_and_made_once(
    session: Session, attempt: str, refuses: bool
) -> None:
    """Under a 500, or when the second asking is refused because of the first. One of another attempt is no answer to
    this one."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        with unit_of_work(CLOCKWORK) as work:
            told = commerce.story(work)
            placed = commerce.paid(work, told)
            found = order.decline(work, placed, actor=told.seller.actor, code="not_available")
        made = RefundResult(
            "re_1",
            "succeeded",
            found.payment.intent_id or "",
            found.amount_minor,
            found.currency,
            f"{found.id}",
            metadata={refund.ATTEMPT: attempt},
        )
        run = _run(Broken(refunds=(made,), refuses=refuses))
        if attempt == "1" or refuses:
            submit(run, refund_id=f"{found.id}")
        else:
            with pytest.raises(PaymentsUnknown):
                submit(run, refund_id=f"{found.id}")
        scope.refresh(found)
        otherwise = RefundState.failed if refuses else RefundState.submitted
        assert found.state is (RefundState.succeeded if attempt == "1" else otherwise)


def test_a_refund_that_was_refused_and_made_after_all_is_not_sent_again(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        with unit_of_work(CLOCKWORK) as work:
            told = commerce.story(work)
            found = order.decline(work, commerce.paid(work, told), actor=told.seller.actor, code="not_available")
        submit(_run(Broken(refuses=True)), refund_id=f"{found.id}")
        scope.refresh(found)
        assert found.state is RefundState.failed
        about = {"currency": found.currency, "reference": f"{found.id}", "metadata": {refund.ATTEMPT: "1"}}
        made = RefundResult("re_9", "succeeded", found.payment.intent_id or "", found.amount_minor, **about)
        with unit_of_work(CLOCKWORK) as work:
            refund.follow(work, work.get_one(type(found), found.id), made)
        scope.refresh(found)
        assert (found.state, found.provider_refund_id) == (RefundState.succeeded, "re_9")


def _contested() -> tuple[Chargeback, Dispute]:
    with unit_of_work(CLOCKWORK) as work:
        row, paid = opened(work, commerce.accepted(work, commerce.story(work)))
        finance = people.operator(work, "Finance clerk")
        chargeback.send_evidence(work, row, actor=finance, text="Ordered, accepted and paid on the same day.")
    return row, word(paid)


def _letter(run: Run, row: Chargeback) -> None:
    submit_evidence(run, chargeback_id=f"{row.id}", papers=[], proved=False)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_letter_that_arrived_under_a_500_is_sent(session: Session, refuses: bool) -> None:
    """Whether the first try is asked about, or the second is refused because the bank has the letter of the first."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        row, said = _contested()
        _letter(_run(Broken(disputes=(replace(said, status="under_review"),), refuses=refuses)), row)
        scope.refresh(row)
        assert (row.evidence_sent_at is not None, row.state) == (True, ChargebackState.under_review)


@pytest.mark.parametrize("refuses", [False, True])
def test_a_case_that_its_bank_decided_meanwhile_needs_no_letter(session: Session, refuses: bool) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        row, said = _contested()
        _letter(_run(Broken(disputes=(replace(said, status="won", withdrawn=False),), refuses=refuses)), row)
        scope.refresh(row)
        assert (row.evidence_sent_at, row.state) == (None, ChargebackState.won)


def test_a_letter_that_did_not_arrive_is_sent_again_under_another_key(session: Session) -> None:
    """Under the first one a provider repeats its own failure for a day; a bank takes one letter whatever the key."""
    del session  # opens the application
    with sessions.session_scope() as scope:
        row, said = _contested()
        provider = Broken(disputes=(said,))
        for number in (1, 2):
            with pytest.raises(PaymentsUnknown):
                _letter(_run(provider, number), row)
        assert len(set(provider.keys)) == len(provider.keys) == 2
        scope.refresh(row)
        assert row.evidence_sent_at is None


def test_a_letter_that_is_refused_while_the_bank_waits_is_for_people(session: Session) -> None:
    del session  # opens the application
    with sessions.session_scope():
        row, said = _contested()
        with pytest.raises(Invalid):
            _letter(_run(Broken(disputes=(said,), refuses=True)), row)


@pytest.mark.parametrize(("status", "settled"), [("lost", True), ("needs_response", False)])
def test_a_case_that_was_conceded_under_a_500_is_lost(session: Session, status: str, settled: bool) -> None:
    del session  # opens the application
    with sessions.session_scope() as scope:
        with unit_of_work(CLOCKWORK) as work:
            row, paid = opened(work, commerce.accepted(work, commerce.story(work)))
            chargeback.concede(work, row, actor=people.operator(work, "Finance clerk"), reason="The visit never was.")
        run = _run(Broken(disputes=(replace(word(paid), status=status),)))
        if settled:
            concede(run, chargeback_id=f"{row.id}")
        else:
            with pytest.raises(PaymentsUnknown):
                concede(run, chargeback_id=f"{row.id}")
        scope.refresh(row)
        assert (row.state is ChargebackState.lost) is settled
