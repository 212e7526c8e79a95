"""Both sides write their review in the same moment: one waits for the other, and both are published together."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.commerce import review, review_figure
from app.unit_of_work import unit_of_work
from models.commerce.order import Order
from models.commerce.review import Review, ReviewState
from models.errors import Conflict
from tests.commerce.test_races import CLOCKWORK, _meanwhile
from tests.factories import commerce

GOOD = "On time, tidy, and the report was clear."


def test_two_who_write_at_once_meet_and_both_are_published(session: Session) -> None:
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        key = commerce.completed(work, told).id
        seller = told.seller.organisation.id
    _meanwhile(
        lambda one: review.write(one, one.get_one(Order, key), actor=told.buyer.actor, stars=5, text=GOOD),
        lambda two: review.write(two, two.get_one(Order, key), actor=told.seller.actor, stars=4, text=GOOD),
    )
    rows = session.scalars(sa.select(Review).where(Review.order_id == key)).all()
    assert [row.state for row in rows] == [ReviewState.published, ReviewState.published]
    assert review.summary(session, organisation_id=seller).count == 1
    assert review_figure.summary(session, "buyer", told.buyer.organisation.id).count == 1


def test_the_same_side_twice_at_once_is_one_review(session: Session) -> None:
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        key = commerce.completed(work, told).id

    def write(one: Session) -> None:
        review.write(one, one.get_one(Order, key), actor=told.buyer.actor, stars=5, text=GOOD)

    with pytest.raises(Conflict, match="already"):
        _meanwhile(write, write)
    assert session.scalar(sa.select(sa.func.count()).where(Review.order_id == key)) == 1
