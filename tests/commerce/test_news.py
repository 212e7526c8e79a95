"""Each move of an order tells whom it concerns, once, whenever its job runs, and keeps no money from moving."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.services.commerce import dispute, news, order
from app.services.platform import mail, signed_link
from models.commerce.order import Order
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.outbox_message import OutboxMessage
from reports.mail.letter import Sender
from reports.mail.moments import deadline
from tests.factories import commerce, people


@pytest.fixture(autouse=True)
def _letterhead():
    mail.write_as(Sender("Fixnado Ltd", ("1 Quay",), "help@fixnado.test", "http://localhost", "Europe/London"))
    signed_link.sign_with("x" * 40)


@pytest.fixture
def told(work):
    return commerce.story(work)


def run_news(work) -> None:
    """Every message for news, as its job does it."""
    from uuid import UUID

    asked = work.scalars(sa.select(OutboxMessage).where(OutboxMessage.job == "commerce.news.tell"))
    for one in asked.all():
        news.tell(work, **{**one.payload, "subject_id": UUID(one.payload["subject_id"])})


def lines(work, party) -> list[str]:
    mine = sa.select(Notification.event).where(Notification.user_id == party.user.id).order_by(Notification.id)
    return list(work.scalars(mine))


def test_the_life_of_an_order_is_told_to_each_side(work, told):
    made = commerce.completed(work, told)
    run_news(work)
    assert lines(work, told.seller) == ["order.placed", "order.completed"]
    assert lines(work, told.buyer) == ["order.accepted", "order.started", "order.delivered", "order.completed"]
    count = work.scalar(sa.select(sa.func.count()).select_from(MailMessage))
    run_news(work)  # a job may run twice, and late
    assert work.scalar(sa.select(sa.func.count()).select_from(MailMessage)) == count == 6
    look = work.scalars(sa.select(MailMessage).where(MailMessage.subject.like("%Please look at it"))).one()
    by = deadline(work.get_one(Order, made.id).delivered_at + timedelta(days=14), "Europe/London")
    assert by in look.text
    assert f"http://localhost/orders/{made.reference}" in look.text


def test_a_decline_tells_the_buyer_why_and_that_the_money_comes_back(work, told):
    made = commerce.paid(work, told)
    order.decline(work, made, actor=told.seller.actor, code="safety", reason="The van broke down.")
    run_news(work)
    (mail_,) = work.scalars(sa.select(MailMessage).where(MailMessage.user_id == told.buyer.user.id))
    assert "The van broke down." in mail_.text
    assert "£" in mail_.text


def test_a_cancellation_is_told_to_the_other_side(work, told):
    order.cancel(work, commerce.paid(work, told), actor=told.buyer.actor)
    run_news(work)
    assert lines(work, told.seller) == ["order.placed", "order.cancelled"]
    assert lines(work, told.buyer) == []


def test_a_problem_is_told_to_the_other_side_and_its_end_to_both(work, told):
    made = commerce.delivered(work, told)
    row = dispute.open_dispute(work, made, actor=told.buyer.actor, code="poor_work", text="The sockets are crooked.")
    dispute.respond(work, row, actor=told.seller.actor, text="They are straight.")
    dispute.withdraw(work, row, actor=told.buyer.actor)
    run_news(work)
    assert lines(work, told.seller)[-2:] == ["problem.reported", "problem.withdrawn"]
    assert lines(work, told.buyer)[-1] == "problem.answered"
    reported = work.scalars(sa.select(Notification).where(Notification.event == "problem.reported")).one()
    assert "The sockets are crooked." in reported.text
    assert reported.link == f"/pro/orders/{made.reference}/problem"


def test_words_that_fail_do_not_keep_the_order_from_moving(work, told, monkeypatch):
    """The move asks only for the news; the words are made by a job afterwards."""
    monkeypatch.setattr(news, "tell", lambda *_, **__: 1 / 0)
    made = commerce.accepted(work, told)
    assert made.state.name == "accepted"


def test_a_stranger_is_told_nothing(work, told):
    stranger = people.customer(work)
    commerce.completed(work, told)
    run_news(work)
    assert lines(work, stranger) == []
