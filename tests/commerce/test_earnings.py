"""Earnings: rows by order whose sums are the ledger's accounts, to the penny, whatever happened to the orders."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from app.services.commerce import account, dispute, earnings, order, refund_request
from models.commerce.refund import RefundCause
from tests.factories import commerce, people


@pytest.fixture
def told(work: Session) -> commerce.Story:
    return commerce.story(work)


def books(session: Session, told: commerce.Story, found: earnings.Earnings) -> dict[str, int]:
    seller = told.seller.organisation.id
    holds = [account.escrow(row.order.id) for row in found.rows]
    return {
        "held": -sum(account.balances(session, holds, "GBP").values()),
        "pending": -account.balance(session, account.seller_pending(seller), "GBP"),
        "payable": -account.balance(session, account.seller_payable(seller), "GBP"),
        "owed": account.balance(session, account.seller_receivable(seller), "GBP"),
    }


def test_every_figure_is_the_sum_of_its_rows_and_the_balance_of_its_accounts(
    work: Session, told: commerce.Story
) -> None:
    waiting = commerce.paid(work, told)
    done = commerce.completed(work, told)
    split = commerce.delivered(work, told, commerce.paid_for(work, told))
    row = dispute.open_dispute(work, split, actor=told.buyer.actor, code="poor_work", text="Two sockets are crooked.")
    dispute.respond(work, row, actor=told.seller.actor, text="They are within the tolerance.")
    dispute.propose(work, row, actor=people.operator(work, "Operations"), buyer_minor=100_01, text="A part of it back.")
    dispute.agree(work, row, actor=told.buyer.actor, version=1)
    dispute.agree(work, row, actor=told.seller.actor, version=1)
    gone = commerce.paid(work, told)
    order.cancel(work, gone, actor=told.buyer.actor)
    asker, clerk = people.operator(work, "Support agent"), people.operator(work, "Finance clerk")
    asked = refund_request.request(
        work, done, lines={done.lines[0].id: 33_33}, cause=RefundCause.goodwill, reason="For the delay.", actor=asker
    )
    refund_request.approve(work, asked, actor=clerk)
    found = earnings.of_seller(work, told.seller.organisation.id)
    assert {kind: found.total(kind) for kind in earnings.KINDS} == books(work, told, found)
    assert [one.order for one in found.only("held")] == [waiting]
    assert {one.order.id for one in found.only("pending")} == {done.id, split.id}
    assert found.total("held") == waiting.gross_minor


def test_another_sellers_orders_are_not_among_them(work: Session, told: commerce.Story) -> None:
    commerce.completed(work, told)
    other = commerce.story(work)
    commerce.completed(work, other)
    found = earnings.of_seller(work, told.seller.organisation.id)
    assert len(found.rows) == 1
    assert earnings.of_seller(work, people.customer(work, name="Owen Reed").organisation.id).rows == []
