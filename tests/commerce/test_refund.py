"""Money on its way back: one key per attempt, the provider's word applied once, late failure owed again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.clients.payments import RefundResult
from app.services.commerce import account, order, refund
from app.services.platform import clock
from models.commerce.refund import Refund, RefundState
from models.errors import GuardFailed
from models.platform.outbox_message import OutboxMessage
from tests.factories import commerce, people


def declined(session: Session) -> Refund:
    told = commerce.story(session)
    return order.decline(session, commerce.paid(session, told), actor=told.seller.actor, code="price")


def word(row: Refund, status: str, **changes: str) -> RefundResult:
    facts = {"failure_reason": ""} | changes
    return RefundResult(
        id=f"re_{row.id.hex}_{row.attempts}",
        status=status,
        intent_id=row.payment.intent_id or "",
        amount_minor=row.amount_minor,
        currency=row.currency,
        reference=str(row.id),
        metadata={refund.ATTEMPT: f"{row.attempts}"},
        **facts,
    )


def in_transit(session: Session, row: Refund) -> int:
    return -account.balance(session, account.refund_in_transit(row.id), "GBP")


def test_success_empties_the_account_in_transit(work: Session) -> None:
    row = declined(work)
    asked = refund.begin_submission(work, row.id)
    assert asked is not None
    assert (row.state, in_transit(work, row)) == (RefundState.submitted, 293_00)
    assert refund.follow(work, row, word(row, "succeeded")) is True
    assert (row.state, in_transit(work, row)) == (RefundState.succeeded, 0)


def test_the_same_word_twice_posts_once(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    refund.follow(work, row, word(row, "succeeded"))
    assert refund.follow(work, row, word(row, "succeeded")) is False
    assert in_transit(work, row) == 0


def test_asking_again_after_a_crash_keeps_the_key(work: Session) -> None:
    row = declined(work)
    first, again = refund.begin_submission(work, row.id), refund.begin_submission(work, row.id)
    assert first == again
    assert row.attempts == 1


def test_nothing_is_asked_once_the_provider_has_answered(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    refund.follow(work, row, word(row, "pending"))
    assert refund.begin_submission(work, row.id) is None


def test_failure_after_success_is_owed_again(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    refund.follow(work, row, word(row, "succeeded"))
    refund.follow(work, row, word(row, "failed", failure_reason="account closed"))
    assert (row.state, in_transit(work, row)) == (RefundState.failed, 293_00)


def test_a_retry_is_a_new_attempt_with_a_new_key_three_times_at_most(work: Session) -> None:
    row = declined(work)
    staff = people.operator(work, "Finance clerk")
    keys = set()
    for _ in range(3):
        asked = refund.begin_submission(work, row.id)
        assert asked is not None
        keys.add(asked.key)
        refund.follow(work, row, word(row, "failed", failure_reason="declined"))
        if len(keys) < 3:
            refund.retry(work, row, actor=staff)
    assert len(keys) == 3
    with pytest.raises(GuardFailed, match="another way"):
        refund.retry(work, row, actor=staff)


def test_a_lost_answer_is_found_by_asking_not_by_paying_twice(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    with clock.moved(timedelta(hours=25)):
        refund.no_answer(work, row, actor=refund.SYSTEM)
        assert refund.to_sweep(work) == []
    with clock.moved(timedelta(hours=26)):
        assert [one[0] for one in refund.to_sweep(work)] == [row.id]
    refund.heard(work, row.id, [word(row, "succeeded")])
    assert (row.state, in_transit(work, row)) == (RefundState.succeeded, 0)


def test_a_refund_the_provider_never_saw_is_asked_for_anew(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    refund.no_answer(work, row, actor=refund.SYSTEM)
    refund.heard(work, row.id, [])
    assert row.state is RefundState.approved
    keys = sa.select(sa.func.count()).where(OutboxMessage.job == "commerce.refund.submit")
    assert work.scalar(keys) == 2


def test_a_late_word_about_the_last_attempt_says_nothing_of_the_next(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    old = word(row, "failed", failure_reason="declined")
    refund.follow(work, row, old)
    refund.retry(work, row, actor=people.operator(work, "Finance clerk"))
    assert refund.follow(work, row, old) is False
    assert refund.begin_submission(work, row.id) is not None
    assert refund.follow(work, row, old) is False
    refund.heard(work, row.id, [word(row, "succeeded"), old])
    assert (row.state, in_transit(work, row)) == (RefundState.succeeded, 0)


def test_a_failed_attempt_is_not_the_answer_about_one_that_got_lost(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    old = word(row, "failed", failure_reason="declined")
    refund.follow(work, row, old)
    refund.retry(work, row, actor=people.operator(work, "Finance clerk"))
    refund.begin_submission(work, row.id)
    refund.no_answer(work, row, actor=refund.SYSTEM)
    refund.heard(work, row.id, [old])
    assert row.state is RefundState.approved


def test_what_was_given_up_for_lost_and_turns_up_is_not_sent_twice(work: Session) -> None:
    row = declined(work)
    refund.begin_submission(work, row.id)
    refund.no_answer(work, row, actor=refund.SYSTEM)
    refund.heard(work, row.id, [])
    refund.follow(work, row, word(row, "succeeded"))
    assert (row.state, in_transit(work, row)) == (RefundState.succeeded, 0)
    assert refund.begin_submission(work, row.id) is None


def test_nobody_approves_their_own_refund(work: Session) -> None:
    row = declined(work)
    one = people.staff(work, "Finance clerk")
    row.requested_by_user_id = row.approved_by_user_id = one.id
    with pytest.raises(IntegrityError, match="approved_by_another"):
        work.flush()
    work.rollback()
