"""The invariants hold through an order's life, however it ends, and each bites when a row is altered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from app.services.commerce import order
from app.services.platform import invariant
from app.unit_of_work import unit_of_work
from models.commerce.order import Order
from tests.databases import Database
from tests.factories import commerce
from tests.factories.books import CLOCKWORK, close_all, tampering


def declined(session: Session, told: commerce.Story) -> Order:
    made = commerce.paid(session, told)
    order.decline(session, made, actor=told.seller.actor, code="not_available", reason="Fully booked")
    return made


def made_by(way: Callable[[Session, commerce.Story], Order]) -> Order:
    with unit_of_work(CLOCKWORK) as session:
        made = way(session, commerce.story(session))
    close_all()
    return made


def broken(session: Session) -> dict[str, tuple[str, ...]]:
    session.rollback()
    findings = invariant.check_all(session)
    session.rollback()
    return {finding.invariant.number: finding.rows for finding in findings if not finding.holds}


@pytest.mark.parametrize("way", [commerce.paid, commerce.delivered, commerce.completed, declined])
def test_all_hold_at_every_stage(way: Callable[[Session, commerce.Story], Order], session: Session) -> None:
    made_by(way)
    assert broken(session) == {}


def test_i4_and_i5_name_an_order_whose_hold_is_not_what_is_left(session: Session, database: Database) -> None:
    made = made_by(commerce.completed)
    with tampering(database) as superuser:
        superuser.execute("update escrow set released_minor = released_minor - 100, state = 'held'")
    found = broken(session)
    assert {number: len(rows) for number, rows in found.items()} == {"I4": 1, "I8": 1}
    assert found["I8"] == (f"order {made.reference}: released 28800 by line, 28700",)
    rows = found["I4"]
    assert rows[0].startswith(f"order {made.reference}: captured 29300 less fee 500, refunded 0, released 28700")
    with tampering(database) as superuser:
        superuser.execute(
            "update posting p set amount = 28700 from account a"
            " where a.id = p.account_id and a.code = %s and amount > 0",
            [f"escrow:{made.id}"],
        )
    assert broken(session)["I5"] == (f"order {made.reference} is completed and holds 100",)


def test_i6_names_a_payment_refunded_beyond_what_was_paid(session: Session, database: Database) -> None:
    made = made_by(declined)
    with tampering(database) as superuser:
        superuser.execute("update refund set amount_minor = amount_minor + 1")
    rows = broken(session)["I6"]
    assert rows[0].endswith(": 29301 of 29300 refunded")
    assert rows[1] == f"order {made.reference}: 28801 of 28800 refunded"
