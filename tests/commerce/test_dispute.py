"""Problems: reported, answered, talked about, decided; the hold is frozen until then and divided to the penny."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.services.commerce import account, dispute, escrow, order
from app.services.platform import clock, timer
from jobs.base import load_all
from models.actor import Actor, ActorKind
from models.commerce.dispute import Dispute, DisputeState
from models.commerce.dispute_statement import StatementKind
from models.commerce.escrow import EscrowState
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund, RefundCause
from models.errors import Conflict, GuardFailed, IllegalMove, Invalid, NotAllowed
from models.platform.timer import TimerRow, TimerState
from tests.factories import books, commerce, people

CROOKED = "Two of the new sockets are crooked."
DAY = timedelta(days=1)


@pytest.fixture
def told(work: Session) -> commerce.Story:
    return commerce.story(work)


@pytest.fixture
def made(work: Session, told: commerce.Story) -> Order:
    return commerce.delivered(work, told)


@pytest.fixture
def staff(work: Session) -> Actor:
    return people.operator(work, "Operations")


def reported(session: Session, made: Order, actor: Actor) -> Dispute:
    return dispute.open_dispute(session, made, actor=actor, code="poor_work", text=CROOKED)


def fire_due(session: Session, *rows: object) -> None:
    keys = [row.id for row in rows]  # type: ignore[attr-defined]
    due = sa.select(TimerRow.id).where(TimerRow.subject_id.in_(keys), TimerRow.state == TimerState.waiting)
    for timer_id in session.scalars(due.where(TimerRow.due_at <= clock.now()).order_by(TimerRow.due_at)).all():
        timer.fire(session, timer_id)
    for row in rows:
        session.refresh(row)


def back(session: Session, made: Order) -> list[tuple[int, RefundCause]]:
    rows = session.scalars(sa.select(Refund).where(Refund.order_id == made.id).order_by(Refund.id))
    return [(row.amount_minor, row.cause) for row in rows]


def test_a_report_freezes_the_hold_and_stops_the_fourteen_days(
    work: Session, told: commerce.Story, made: Order
) -> None:
    row = reported(work, made, told.buyer.actor)
    assert (made.state, escrow.of_order(work, made).state) == (OrderState.disputed, EscrowState.frozen)
    assert [(one.party, one.kind, one.text) for one in row.statements] == [("buyer", StatementKind.report, CROOKED)]
    with clock.moved(14 * DAY + timedelta(minutes=1)):
        fire_due(work, made)
    assert made.state is OrderState.disputed
    with pytest.raises(IllegalMove):
        order.accept_delivery(work, made, actor=told.buyer.actor)


def test_what_happened_must_be_said(work: Session, told: commerce.Story, made: Order) -> None:
    with pytest.raises(Invalid) as refused:
        dispute.open_dispute(work, made, actor=told.buyer.actor, code="mood", text="Bad")
    assert set(refused.value.fields) == {"code", "text"}


def test_fourteen_days_after_delivery_it_is_too_late(work: Session, told: commerce.Story, made: Order) -> None:
    with clock.moved(14 * DAY + timedelta(minutes=1)), pytest.raises(GuardFailed):
        reported(work, made, told.buyer.actor)


def test_before_the_visit_there_is_nothing_to_report(work: Session, told: commerce.Story) -> None:
    early = commerce.accepted(work, told)
    with pytest.raises(GuardFailed, match="visit"):
        dispute.open_dispute(work, early, actor=told.buyer.actor, code="nobody_came", text="Nobody came all day.")
    with clock.moved(early.visit_start - clock.now() + DAY):
        row = dispute.open_dispute(work, early, actor=told.buyer.actor, code="nobody_came", text="Nobody came all day.")
        dispute.withdraw(work, row, actor=told.buyer.actor)
    assert early.state is OrderState.accepted


def test_a_withdrawn_problem_lets_the_order_go_on_with_new_fourteen_days(
    work: Session, told: commerce.Story, made: Order
) -> None:
    row = reported(work, made, told.buyer.actor)
    with pytest.raises(GuardFailed, match="Only who reported"):
        dispute.withdraw(work, row, actor=told.seller.actor)
    with clock.moved(5 * DAY):
        dispute.withdraw(work, row, actor=told.buyer.actor, reason="They came back and set them straight")
    assert (row.state, made.state) == (DisputeState.withdrawn, OrderState.delivered)
    assert escrow.of_order(work, made).state is EscrowState.held
    with clock.moved(15 * DAY):
        fire_due(work, made)
        assert made.state is OrderState.delivered
    with clock.moved(19 * DAY + timedelta(minutes=1)):
        fire_due(work, made)
    assert made.state is OrderState.completed
    assert books.broken(work) == []


def test_both_agree_to_a_proposal_and_the_hold_is_divided(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row = reported(work, made, told.buyer.actor)
    with pytest.raises(GuardFailed, match="You reported"):
        dispute.respond(work, row, actor=told.buyer.actor, text="I have more to say.")
    dispute.respond(work, row, actor=told.seller.actor, text="They are within the tolerance.")
    dispute.propose(work, row, actor=staff, buyer_minor=72_00, text="A quarter back for the two sockets.")
    dispute.agree(work, row, actor=told.buyer.actor, version=1)
    with pytest.raises(GuardFailed, match="agreed already"):
        dispute.agree(work, row, actor=told.buyer.actor, version=1)
    assert made.state is OrderState.disputed
    dispute.agree(work, row, actor=told.seller.actor, version=1)
    assert (row.state, made.state) == (DisputeState.decided_split, OrderState.completed)
    assert back(work, made) == [(72_00, RefundCause.dispute_decided)]
    pending = account.seller_pending(made.seller_organisation_id)
    assert account.balance(work, pending, "GBP") == -190_08
    assert account.balance(work, account.COMMISSION, "GBP") == -21_60
    assert books.broken(work) == []


def test_nobody_agrees_to_a_proposal_that_was_replaced(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row = reported(work, made, told.buyer.actor)
    dispute.take_up(work, row, actor=staff)
    dispute.propose(work, row, actor=staff, buyer_minor=72_00, text="A quarter back for the two sockets.")
    dispute.agree(work, row, actor=told.buyer.actor, version=1)
    dispute.reject(work, row, actor=told.seller.actor, text="Ten percent would be fair.")
    dispute.propose(work, row, actor=staff, buyer_minor=28_80, text="Ten percent, as the provider offers.")
    with pytest.raises(Conflict, match="newer proposal"):
        dispute.agree(work, row, actor=told.buyer.actor, version=1)
    dispute.agree(work, row, actor=told.seller.actor, version=2)
    assert made.state is OrderState.disputed


@pytest.mark.parametrize(
    ("buyer", "fee", "state", "ends", "returned"),
    [
        (288_00, True, DisputeState.decided_refund, OrderState.cancelled, [293_00]),
        (288_00, False, DisputeState.decided_refund, OrderState.cancelled, [288_00]),
        (0, False, DisputeState.decided_release, OrderState.completed, []),
        (100_01, False, DisputeState.decided_split, OrderState.completed, [100_01]),
    ],
)
def test_staff_decide_with_reasons(
    work: Session,
    told: commerce.Story,
    made: Order,
    staff: Actor,
    *,
    buyer: int,
    fee: bool,
    state: DisputeState,
    ends: OrderState,
    returned: list[int],
) -> None:
    row = reported(work, made, told.buyer.actor)
    dispute.take_up(work, row, actor=staff)
    with pytest.raises(Invalid):
        dispute.decide(work, row, actor=staff, buyer_minor=buyer, fee=fee, reasons="So.")
    dispute.decide(work, row, actor=staff, buyer_minor=buyer, fee=fee, reasons="The photos of both sides show it.")
    assert (row.state, made.state, row.reasons) == (state, ends, "The photos of both sides show it.")
    assert [amount for amount, _ in back(work, made)] == returned
    assert escrow.of_order(work, made).state is EscrowState.settled
    assert books.broken(work) == []


def test_more_than_is_held_cannot_be_decided(work: Session, told: commerce.Story, made: Order, staff: Actor) -> None:
    row = reported(work, made, told.buyer.actor)
    dispute.take_up(work, row, actor=staff)
    for wrong in (-1, 288_01):
        with pytest.raises(Invalid):
            dispute.decide(work, row, actor=staff, buyer_minor=wrong, reasons="The photos of both sides show it.")
    with pytest.raises(Invalid):
        dispute.decide(work, row, actor=staff, buyer_minor=0, fee=True, reasons="The photos of both sides show it.")


def test_above_the_limit_one_proposes_and_another_decides(work: Session, told: commerce.Story, staff: Actor) -> None:
    dear = commerce.Price("Rewiring", 900_00, 180_00, 108_00, 21_60)
    made = commerce.delivered(work, told, commerce.paid_for(work, told, (dear,)))
    row = reported(work, made, told.buyer.actor)
    dispute.take_up(work, row, actor=staff)
    second = people.operator(work, "Operations")
    why = "The photos of both sides show it."
    with pytest.raises(GuardFailed, match="two people"):
        dispute.decide(work, row, actor=staff, buyer_minor=500_00, reasons=why)
    dispute.propose(work, row, actor=staff, buyer_minor=500_00, text="Not quite half for what is missing.")
    with pytest.raises(GuardFailed, match="Another person"):
        dispute.decide(work, row, actor=staff, buyer_minor=500_00, reasons=why)
    with pytest.raises(GuardFailed, match="these figures"):
        dispute.decide(work, row, actor=second, buyer_minor=500_01, reasons=why)
    update = sa.text("update dispute set decided_by_user_id = proposed_by_user_id where id = :id")
    with pytest.raises(IntegrityError, match="decided_by_another"), work.begin_nested():
        work.execute(update, {"id": row.id})
    dispute.decide(work, row, actor=second, buyer_minor=500_00, reasons=why)
    assert made.state is OrderState.completed
    assert books.broken(work) == []


def test_a_question_goes_to_one_party_and_silence_is_noted(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row = reported(work, made, told.buyer.actor)
    with clock.moved(3 * DAY + timedelta(minutes=1)):
        fire_due(work, row)
    assert row.state is DisputeState.under_review
    dispute.request_info(work, row, actor=staff, party=ActorKind.seller, question="When were you on site?")
    with pytest.raises(GuardFailed, match="other side"):
        dispute.provide(work, row, actor=told.buyer.actor, text="They came at nine.")
    with clock.moved(6 * DAY):
        fire_due(work, row)
    assert row.state is DisputeState.under_review
    assert row.statements[-1].text == "No answer to the question within five days."
    dispute.add(work, row, actor=told.buyer.actor, text="Here is another photo of it.")
    assert [one.party for one in row.statements] == ["buyer", "system", "operator", "system", "buyer"]


def test_after_thirty_days_the_rule_proposes_and_people_decide(
    work: Session, told: commerce.Story, made: Order, staff: Actor
) -> None:
    row = reported(work, made, told.buyer.actor)
    dispute.take_up(work, row, actor=staff)
    load_all()  # the rule is the clockwork's: no page imports it
    with clock.moved(30 * DAY + timedelta(minutes=1)):
        fire_due(work, row)
    assert (row.state, row.proposed_minor, row.proposed_by_user_id) == (DisputeState.proposed, 288_00, None)
    assert made.state is OrderState.disputed


def test_sixty_days_without_a_decision_refund_everything(work: Session, told: commerce.Story, made: Order) -> None:
    row = reported(work, made, told.buyer.actor)
    with clock.moved(60 * DAY + timedelta(minutes=1)):
        fire_due(work, made)
    work.refresh(row)
    assert (made.state, row.state) == (OrderState.cancelled, DisputeState.closed_by_order)
    assert back(work, made) == [(293_00, RefundCause.hold_limit)]
    assert books.broken(work) == []


def test_work_in_progress_for_75_days_becomes_a_problem_by_itself(
    work: Session, told: commerce.Story, staff: Actor
) -> None:
    made = commerce.accepted(work, told)
    order.start(work, made, actor=told.seller.actor)
    with clock.moved(75 * DAY + timedelta(minutes=1)):
        fire_due(work, made)
        row = dispute.of_order(work, made)
        assert row is not None
        assert (made.state, row.opened_by, row.state) == (OrderState.disputed, "system", DisputeState.open)
        dispute.take_up(work, row, actor=staff)
        dispute.decide(work, row, actor=staff, buyer_minor=288_00, fee=True, reasons="Nothing was ever delivered.")
    assert books.broken(work) == []


def test_work_delivered_too_late_for_the_hold_is_decided_by_staff_and_not_by_the_clock(
    work: Session, told: commerce.Story
) -> None:
    with clock.moved(timedelta()):
        made = commerce.accepted(work, told)
        order.start(work, made, actor=told.seller.actor)
    hold = escrow.of_order(work, made)
    with clock.moved(74 * DAY):
        order.deliver(work, made, actor=told.seller.actor, proofs=[commerce.photo(work)])
    with clock.moved(85 * DAY + timedelta(minutes=1)):
        fire_due(work, hold)
        work.refresh(made)
        assert (hold.state, made.state) == (EscrowState.frozen, OrderState.delivered)  # day 88 is soon enough
        order.accept_delivery(work, made, actor=told.buyer.actor)
    late = commerce.accepted(work, told)
    order.start(work, late, actor=told.seller.actor)
    hold = escrow.of_order(work, late)
    with clock.moved(75 * DAY - timedelta(minutes=1)):
        order.deliver(work, late, actor=told.seller.actor, proofs=[commerce.photo(work)])
        order.request_changes(work, late, actor=told.buyer.actor, reason="One is still crooked")
        order.deliver(work, late, actor=told.seller.actor, proofs=[commerce.photo(work)])
    with clock.moved(76 * DAY):
        late.delivered_at = clock.now()
        late.state_entered_at = clock.now()
    with clock.moved(85 * DAY + timedelta(minutes=1)):
        fire_due(work, hold)
        work.refresh(late)
    assert (hold.state, late.state) == (EscrowState.frozen, OrderState.disputed)
    with clock.moved(89 * DAY + timedelta(minutes=1)):
        fire_due(work, hold)
        work.refresh(late)
    row = dispute.of_order(work, late)
    assert row is not None
    assert (late.state, row.state) == (OrderState.cancelled, DisputeState.closed_by_order)
    assert books.broken(work) == []


def test_strangers_say_nothing(work: Session, told: commerce.Story, made: Order) -> None:
    row, stranger = reported(work, made, told.buyer.actor), commerce.story(work)
    with pytest.raises(NotAllowed):
        dispute.add(work, row, actor=stranger.buyer.actor, text="I know them, they are bad.")
    other = commerce.delivered(work, told)
    with pytest.raises(NotAllowed):
        reported(work, other, stranger.buyer.actor)


def test_staff_open_one_for_somebody_who_called(work: Session, made: Order, staff: Actor) -> None:
    row = dispute.open_dispute(work, made, actor=staff, code="damage", text="The customer called: a cracked tile.")
    dispute.withdraw(work, row, actor=staff, reason="Settled between them")
    assert made.state is OrderState.delivered
