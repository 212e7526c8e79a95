"""Refunds that staff ask for: by line and amount, before and after release, by two people, to the penny."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.services.commerce import account, allocation, escrow, ledger, refund, refund_request
from app.services.platform import clock, timer
from models.actor import Actor
from models.commerce.order import Order
from models.commerce.refund import Refund, RefundCause, RefundState
from models.errors import GuardFailed, IllegalMove, Invalid
from models.platform.timer import TimerRow, TimerState
from tests.factories import books, commerce, people

WHY = "Two sheets were broken"


@pytest.fixture
def clerk(work: Session) -> Actor:
    return people.operator(work, "Support agent")


@pytest.fixture
def approver(work: Session) -> Actor:
    return people.operator(work, "Finance clerk")


def ask(session: Session, made: Order, clerk: Actor, lines: dict[UUID, int], **changes: object) -> Refund:
    facts = {"cause": RefundCause.not_as_described, "reason": WHY} | changes
    return refund_request.request(session, made, lines=lines, actor=clerk, **facts)  # type: ignore[arg-type]


def balance(session: Session, ref: account.AccountRef) -> int:
    return account.balance(session, ref, "GBP")


def entry(session: Session, made: Order, event: str) -> dict[str, int]:
    (found,) = (lines for one, lines in ledger.entries(session, f"order:{made.id}") if one.event == event)
    return {line.code: line.amount for line in found}


def test_two_of_seven_sheets_go_back_and_the_rest_is_released_as_in_the_worked_example(
    work: Session, clerk: Actor, approver: Actor
) -> None:
    told = commerce.story(work)
    made = commerce.paid_for(work, told)
    plywood = made.lines[2]
    row = ask(work, made, clerk, {plywood.id: 9_98})
    refund_request.approve(work, row, actor=approver)
    assert entry(work, made, "refund.requested") == {
        f"escrow:{made.id}": 9_98,
        f"refund:{row.id}:in_transit": -9_98,
    }
    part = allocation.standings(work, made)[plywood.id]
    assert (part.taken, part.held) == (9_98, 24_95)
    commerce.completed(work, told, made)
    hire = (91_80, 13_50, 2_70)
    assert entry(work, made, "escrow.released") == {
        f"escrow:{made.id}": 420_95,
        f"seller:{made.seller_organisation_id}:pending": -(275_40 + hire[0]),
        "revenue:commission": -(31_29 + hire[1]),
        "tax:vat_output": -(6_26 + hire[2]),
    }


def test_nothing_is_posted_before_another_person_approves(work: Session, clerk: Actor, approver: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    row = ask(work, made, clerk, {made.lines[0].id: 50_00})
    assert (row.state, escrow.remaining(work, made)) == (RefundState.requested, 430_93)
    with pytest.raises(GuardFailed, match="Another person"):
        refund_request.approve(work, row, actor=clerk)
    refund_request.approve(work, row, actor=approver)
    assert (row.state, escrow.remaining(work, made)) == (RefundState.approved, 380_93)
    assert balance(work, account.refund_in_transit(row.id)) == -50_00


def test_the_database_refuses_one_person_for_both(work: Session, clerk: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    row = ask(work, made, clerk, {made.lines[0].id: 50_00})
    update = sa.text("update refund set approved_by_user_id = requested_by_user_id where id = :id")
    with pytest.raises(IntegrityError, match="approved_by_another"), work.begin_nested():
        work.execute(update, {"id": row.id})


def test_a_line_gives_back_no_more_than_it_cost_however_often_it_is_asked(work: Session, clerk: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    plywood = made.lines[2].id
    with pytest.raises(Invalid) as refused:
        ask(work, made, clerk, {plywood: 34_94})
    assert "£34.93" in refused.value.fields[f"line_{plywood}"]
    ask(work, made, clerk, {plywood: 20_00})
    with pytest.raises(Invalid) as refused:
        ask(work, made, clerk, {plywood: 14_94})
    assert "£14.93" in refused.value.fields[f"line_{plywood}"]


def test_a_rejected_request_makes_room_again_and_leaves_nothing(work: Session, clerk: Actor, approver: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    row = ask(work, made, clerk, {made.lines[2].id: 34_93})
    with pytest.raises(Invalid):
        refund_request.reject(work, row, actor=approver, reason=" ")
    refund_request.reject(work, row, actor=approver, reason="The photos show whole sheets")
    assert row.state is RefundState.rejected
    assert balance(work, account.refund_in_transit(row.id)) == 0
    ask(work, made, clerk, {made.lines[2].id: 34_93})
    with pytest.raises(IllegalMove):
        refund_request.approve(work, row, actor=approver)


def test_an_amount_is_spread_over_the_lines(work: Session, clerk: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    lines = refund_request.by_amount(work, made, 43_09)
    assert [lines[line.id] for line in made.lines] == [28_80, 10_80, 3_49]
    assert ask(work, made, clerk, lines).amount_minor == 43_09
    with pytest.raises(Invalid, match="cannot be refunded"):
        refund_request.by_amount(work, made, 430_94)


def test_all_that_is_held_is_a_cancellation_and_no_refund(work: Session, clerk: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    with pytest.raises(Invalid, match="Cancel the order"):
        ask(work, made, clerk, {line.id: line.gross_minor for line in made.lines})


def test_after_release_the_seller_gives_back_theirs_and_we_ours(work: Session, clerk: Actor, approver: Actor) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    row = ask(work, made, clerk, {made.lines[0].id: 72_00})
    refund_request.approve(work, row, actor=approver)
    assert entry(work, made, "refund.clawed_back") == {
        f"seller:{made.seller_organisation_id}:pending": 63_36,
        "revenue:commission": 7_20,
        "tax:vat_output": 1_44,
        f"refund:{row.id}:in_transit": -72_00,
    }


def test_what_the_seller_no_longer_has_with_us_they_owe(work: Session, clerk: Actor, approver: Actor) -> None:
    """The payout that emptied their account is posted by hand: payouts come later, the rule holds already."""
    told = commerce.story(work)
    made = commerce.completed(work, told)
    seller = made.seller_organisation_id
    ledger.post(
        work,
        "payout.created",
        key="payout",
        subject=f"order:{made.id}",
        lines=[
            ledger.Line(account.seller_pending(seller), 200_00, "GBP"),
            ledger.Line(account.psp("simulator"), -200_00, "GBP"),
        ],
        at=clock.now(),
    )
    row = ask(work, made, clerk, {made.lines[0].id: 288_00}, fee=True)
    refund_request.approve(work, row, actor=approver)
    assert entry(work, made, "refund.clawed_back") == {
        f"seller:{seller}:pending": 53_44,
        f"seller:{seller}:receivable": 200_00,
        "revenue:commission": 28_80,
        "revenue:service_fee": 4_17,
        "tax:vat_output": 5_76 + 83,
        f"refund:{row.id}:in_transit": -293_00,
    }
    assert [balance(work, ref) for ref in (account.COMMISSION, account.SERVICE_FEE, account.VAT_OUTPUT)] == [0, 0, 0]
    assert books.broken(work) == []


def test_three_thirds_after_release_reverse_the_commission_exactly(
    work: Session, clerk: Actor, approver: Actor
) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told, commerce.paid_for(work, told))
    plywood = made.lines[2].id
    for part in (11_64, 11_64, 11_65):
        refund_request.approve(work, ask(work, made, clerk, {plywood: part}), actor=approver)
    assert balance(work, account.COMMISSION) == -(28_80 + 13_50)
    assert allocation.standings(work, made)[plywood].refundable == 0


def test_the_order_fee_alone_can_go_back_once(work: Session, clerk: Actor, approver: Actor) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    row = ask(work, made, clerk, {}, fee=True, cause=RefundCause.goodwill)
    refund_request.approve(work, row, actor=approver)
    assert entry(work, made, "refund.requested") == {
        "revenue:service_fee": 4_17,
        "tax:vat_output": 83,
        f"refund:{row.id}:in_transit": -5_00,
    }
    with pytest.raises(Invalid):
        ask(work, made, clerk, {}, fee=True)


def test_the_preview_is_what_is_posted_and_writes_nothing(work: Session, clerk: Actor, approver: Actor) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    lines = {made.lines[0].id: 100_01}
    before = work.scalar(sa.text("select count(*) from journal_entry"))
    shown = refund_request.preview(work, made, lines=lines, fee=True)
    assert work.scalar(sa.text("select count(*) from journal_entry")) == before
    row = ask(work, made, clerk, lines, fee=True)
    refund_request.approve(work, row, actor=approver)
    posted = entry(work, made, "refund.clawed_back")
    told_lines = {one.account.code.replace(str(made.id), str(row.id)): one.amount for one in shown.lines}
    assert (told_lines, shown.total_minor) == (posted, 105_01)
    assert shown.seller_minor == posted[f"seller:{made.seller_organisation_id}:pending"]


def test_a_reason_and_a_cause_are_needed(work: Session, clerk: Actor) -> None:
    made = commerce.paid_for(work, commerce.story(work))
    with pytest.raises(Invalid) as refused:
        ask(work, made, clerk, {made.lines[0].id: 1}, cause=RefundCause.declined, reason="")
    assert set(refused.value.fields) == {"cause", "reason"}
    with pytest.raises(Invalid) as refused:
        ask(work, made, clerk, {made.lines[0].id: 0})
    assert set(refused.value.fields) == {"amount"}


def test_fourteen_days_without_a_second_person_end_a_request(work: Session, clerk: Actor) -> None:
    """The clock never takes that person's place: what a customer has a right to is approved by policy at once."""
    made = commerce.delivered(work, commerce.story(work))
    row = ask(work, made, clerk, {made.lines[0].id: 10_00})
    held = escrow.remaining(work, made)
    with clock.moved(timedelta(days=14, minutes=1)):
        _fire(work, row)
    assert (row.state, row.approved_by_user_id) == (RefundState.rejected, None)
    assert escrow.remaining(work, made) == held


@pytest.mark.parametrize("missing", ["requested_by_user_id", "approved_by_user_id"])
def test_the_database_wants_both_people(work: Session, clerk: Actor, approver: Actor, missing: str) -> None:
    made = commerce.delivered(work, commerce.story(work))
    row = ask(work, made, clerk, {made.lines[0].id: 10_00})
    refund_request.approve(work, row, actor=approver)
    with pytest.raises(IntegrityError, match="asked_and_approved_by_people"), work.begin_nested():
        work.execute(sa.text(f"update refund set {missing} = null where id = :id"), {"id": row.id})


def test_a_refund_that_failed_is_sent_by_bank_by_two_people(work: Session, clerk: Actor, approver: Actor) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    row = ask(work, made, clerk, {made.lines[0].id: 10_00})
    refund_request.approve(work, row, actor=approver)
    with pytest.raises(GuardFailed):
        refund.record_transfer(work, row, actor=clerk, reference="FPS 1")
    refund.begin_submission(work, row.id)
    refund.refused(work, row.id, "card closed")
    with pytest.raises(GuardFailed, match="Nobody has entered"):
        refund.confirm_transfer(work, row, actor=approver)
    refund.record_transfer(work, row, actor=clerk, reference="FPS 20261124-7")
    with pytest.raises(GuardFailed, match="Another person"):
        refund.confirm_transfer(work, row, actor=clerk)
    refund.confirm_transfer(work, row, actor=approver)
    assert (row.state, balance(work, account.refund_in_transit(row.id))) == (RefundState.settled_manually, 0)
    assert balance(work, account.CLIENT_MONEY) == -10_00


def test_a_sellers_books_are_locked_while_one_takes_from_them_and_not_while_one_looks(
    work: Session, clerk: Actor, approver: Actor
) -> None:
    told = commerce.story(work)
    made = commerce.completed(work, told)
    locks = sa.text("select count(*) from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()")
    row = ask(work, made, clerk, {made.lines[0].id: 1_00})
    assert work.scalar(locks) == 0
    refund_request.approve(work, row, actor=approver)
    assert work.scalar(locks) == 1


def _fire(session: Session, row: Refund) -> None:
    query = sa.select(TimerRow.id).where(TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting)
    for timer_id in session.scalars(query.where(TimerRow.due_at <= clock.now())).all():
        timer.fire(session, timer_id)
    session.refresh(row)
