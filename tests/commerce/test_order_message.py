"""Messages of an order: between its two parties, read marks, a limit, and an end."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from app.services.commerce import order_message
from app.services.platform import clock
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.errors import Conflict, GuardFailed, Invalid, NotAllowed
from models.platform.notification import Notification
from tests.factories import commerce, people

DAY = timedelta(days=1)


@pytest.fixture
def told(work: Session) -> commerce.Story:
    return commerce.story(work)


@pytest.fixture
def made(work: Session, told: commerce.Story) -> Order:
    return commerce.paid(work, told)


def test_both_sides_write_and_each_sees_what_is_new(work: Session, told: commerce.Story, made: Order) -> None:
    order_message.send(work, made, actor=told.buyer.actor, text=" Is there parking? ")
    order_message.send(work, made, actor=told.buyer.actor, text="And how long is it?")
    assert order_message.unread(work, [made.id], ActorKind.seller) == {made.id: 2}
    assert order_message.unread(work, [made.id], ActorKind.buyer) == {}
    assert order_message.read(work, made, actor=told.buyer.actor) == 0
    assert order_message.read(work, made, actor=told.seller.actor) == 2
    order_message.send(work, made, actor=told.seller.actor, text="", files=[commerce.photo(work).stored_file])
    assert [(one.party, one.text, len(one.files)) for one in order_message.of_order(work, made)] == [
        ("buyer", "Is there parking?", 0),
        ("buyer", "And how long is it?", 0),
        ("seller", "", 1),
    ]
    assert order_message.unread(work, [made.id], ActorKind.buyer) == {made.id: 1}


def test_nobody_else_writes(work: Session, told: commerce.Story, made: Order) -> None:
    rival = people.provider(work, "Severn Sparks")
    for other in (people.customer(work, name="Owen Reed").actor, rival.actor, people.operator(work, "Operations")):
        with pytest.raises(NotAllowed):
            order_message.send(work, made, actor=other, text="Hello.")
        with pytest.raises(NotAllowed):
            order_message.read(work, made, actor=other)
    swapped = Actor(ActorKind.seller, told.buyer.user.id, told.buyer.organisation.id)
    with pytest.raises(NotAllowed):
        order_message.send(work, made, actor=swapped, text="Hello.")


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_a_message_says_something_and_ends(work: Session, told: commerce.Story, made: Order, text: str) -> None:
    with pytest.raises(Invalid):
        order_message.send(work, made, actor=told.buyer.actor, text=text)


def test_twenty_in_ten_minutes_are_enough(work: Session, told: commerce.Story, made: Order) -> None:
    for number in range(20):
        order_message.send(work, made, actor=told.buyer.actor, text=f"Number {number}")
    with pytest.raises(Conflict, match="Wait a little"):
        order_message.send(work, made, actor=told.buyer.actor, text="One more")
    order_message.send(work, made, actor=told.seller.actor, text="The other side has its own count")
    with clock.moved(timedelta(minutes=11)):
        order_message.send(work, made, actor=told.buyer.actor, text="One more")


def test_ninety_days_after_the_end_nobody_writes(work: Session, told: commerce.Story) -> None:
    running, over = commerce.accepted(work, told), commerce.completed(work, told)
    assert order_message.closes_at(running) is None
    with clock.moved(89 * DAY):
        order_message.send(work, over, actor=told.seller.actor, text="The spare key is with you?")
    with clock.moved(90 * DAY + timedelta(minutes=1)):
        with pytest.raises(GuardFailed, match="90 days"):
            order_message.send(work, over, actor=told.seller.actor, text="Hello?")
        order_message.send(work, running, actor=told.buyer.actor, text="Still running")


def test_the_database_lets_nobody_change_what_was_written(work: Session, told: commerce.Story, made: Order) -> None:
    order_message.send(work, made, actor=told.buyer.actor, text="Is there parking?")
    for statement in ("update order_message set text = 'No'", "delete from order_message"):
        with pytest.raises(ProgrammingError, match="permission denied"), work.begin_nested():
            work.execute(sa.text(statement))


def test_the_other_side_is_told_once_until_it_has_read(work: Session, told: commerce.Story, made: Order) -> None:
    def news() -> int:
        mine = sa.select(sa.func.count()).where(
            Notification.user_id == told.seller.user.id, Notification.event == "message.new"
        )
        return work.scalar(mine) or 0

    for number in range(3):
        order_message.send(work, made, actor=told.buyer.actor, text=f"Number {number}")
    assert news() == 1
    order_message.read(work, made, actor=told.seller.actor)
    order_message.send(work, made, actor=told.buyer.actor, text="And another thing")
    assert news() == 2
