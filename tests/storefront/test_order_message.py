"""Messages on the order pages of both sides, with files, and for nobody else."""

from __future__ import annotations

from io import BytesIO

import pytest
import sqlalchemy as sa

from models.commerce.order import Order
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from tests.factories import commerce, pictures

JPEG = pictures.jpeg(80, 60)


@pytest.fixture
def made(told, arrange) -> Order:
    return arrange(commerce.accepted, told)


@pytest.fixture
def mine(made) -> str:
    return f"/orders/{made.reference}"


@pytest.fixture
def theirs(made) -> str:
    return f"/pro/orders/{made.reference}"


@pytest.fixture
def sent(buyer, mine) -> str:
    typed = {"text": "The gate is <green>.", "file": (BytesIO(JPEG), "gate.jpg")}
    answer = buyer.send(f"{mine}/messages", typed, seen_on=mine)
    assert (answer.status_code, answer.location) == (303, f"{mine}#messages")
    return mine


def test_a_message_travels_both_ways_and_is_marked_read(buyer, seller, sent, theirs):
    assert "1 new message" in seller.page("/pro/orders?show=agreed")
    assert "· read" not in buyer.page(sent)
    page = seller.page(theirs)
    assert "The gate is &lt;green&gt;." in page
    assert "gate.jpg" in page
    assert "new message" not in seller.page("/pro/orders?show=agreed")
    assert "· read" in buyer.page(sent)
    seller.send(f"{theirs}/messages", {"text": "Thank you, we will find it."}, seen_on=theirs)
    assert "1 new message" in buyer.page("/orders")
    assert "we will find it" in buyer.page(sent)


def test_both_open_the_file_and_nobody_else_does(buyer, seller, stranger, rival, sent, theirs, session):
    file = session.scalars(sa.select(OrderMessageFile)).one()
    for browser, at in ((buyer, sent), (seller, theirs)):
        assert browser.get(f"{at}/messages/files/{file.id}").data == JPEG
    for browser in (stranger, rival):
        for at in (sent, theirs):
            assert browser.get(f"{at}/messages/files/{file.id}").status_code == 404
            assert browser.get(f"{at}/messages").status_code == 404
            assert browser.send(f"{at}/messages", {"text": "Hello", "key": "k"}).status_code == 404


def test_a_file_of_another_order_is_not_found(buyer, arrange, told, sent, session):
    file = session.scalars(sa.select(OrderMessageFile)).one()
    other = arrange(commerce.accepted, told)
    assert buyer.get(f"/orders/{other.reference}/messages/files/{file.id}").status_code == 404


def test_an_empty_message_comes_back_with_the_reason(buyer, mine, session):
    answer = buyer.send(f"{mine}/messages", {"text": ""}, seen_on=mine)
    assert answer.status_code == 422
    assert "Error:" in answer.text
    assert session.query(OrderMessage).count() == 0


def test_the_same_form_twice_is_one_message(buyer, mine, session):
    for _ in range(2):
        buyer.send(f"{mine}/messages", {"text": "Once", "key": "the-same-key"})
    assert session.query(OrderMessage).count() == 1


def test_fetching_ahead_is_not_reading(seller, sent, theirs, session):
    seller.client.get(theirs, headers={"Sec-Purpose": "prefetch"})
    session.expire_all()
    assert session.query(OrderMessage).one().read_at is None
