"""Cancelling: the page says what it comes to, to the penny, and the button does exactly that."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.services.commerce import order as verbs
from app.services.platform import clock
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund
from tests.factories import commerce


@pytest.fixture
def paid(told, arrange) -> Order:
    return arrange(commerce.paid, told)


@pytest.fixture
def accepted(told, arrange) -> Order:
    return arrange(commerce.accepted, told)


@pytest.fixture
def trade(arrange):
    """The same story with a business as its customer."""
    return arrange(commerce.story, trader=True)


def state(session) -> OrderState:
    session.expire_all()
    return session.scalars(sa.select(Order)).one().state


def visit_in(session, order: Order, **span: float) -> None:
    """Moves the visit of an order to so long from now."""
    begins = clock.now() + timedelta(**span)
    session.execute(
        sa.text("update sales_order set visit_start = :begins, visit_end = :ends where id = :id"),
        {"begins": begins, "ends": begins + timedelta(hours=4), "id": order.id},
    )
    session.commit()


def begin(session, order: Order, told, **passed: float) -> None:
    """The work is under way, and so much of the visit has passed."""
    order = session.get_one(Order, order.id)
    verbs.start(session, order, actor=told.seller.actor)
    session.commit()
    visit_in(session, order, **{name: -value for name, value in passed.items()})
    session.execute(sa.text("update sales_order set started_at = visit_start"))
    session.commit()


def test_before_the_answer_everything_comes_back_and_the_button_says_so(buyer, paid, session):
    at = f"/orders/{paid.reference}/cancel"
    assert f'href="{at}"' in buyer.page(f"/orders/{paid.reference}")
    page = buyer.page(at)
    assert "everything goes back, the order fee included" in page
    assert "Cancel and get £293.00 back" in page
    assert buyer.send(at, {}, seen_on=at).status_code == 303
    assert state(session) is OrderState.cancelled
    page = buyer.page(f"/orders/{paid.reference}")
    assert "£293.00" in page
    assert "No contract was made." in page


def test_within_the_fourteen_days_a_consumer_gets_everything_back_whatever_the_ladder(buyer, accepted, session):
    visit_in(session, accepted, hours=2)
    page = buyer.page(f"/orders/{accepted.reference}/cancel")
    assert "within your 14 days" in page
    assert "by law it is back within 14 days" in page
    assert "Cancel and get £293.00 back" in page


@pytest.mark.parametrize(
    ("left", "back", "theirs"), [({"hours": 49}, "£288.00", "£0.00"), ({"hours": 30}, "£144.00", "£144.00")]
)
def test_a_business_gets_what_the_ladder_says_and_the_fee_is_kept(
    arrange, signed_in, trade, session, left, back, theirs
):
    made = arrange(commerce.accepted, trade)
    visit_in(session, made, **left)
    page = signed_in(trade.buyer).page(f"/orders/{made.reference}/cancel")
    assert f"Cancel and get {back} back" in page
    assert "Order fee, kept: £5.00" in page
    assert ("gets</th><td>£144.00" in page) is (theirs != "£0.00")
    assert "14 days" not in page


def test_a_cancellation_that_brings_nothing_says_so_on_its_button(arrange, signed_in, trade, session):
    made = arrange(commerce.accepted, trade)
    visit_in(session, made, hours=3)
    browser, at = signed_in(trade.buyer), f"/orders/{made.reference}/cancel"
    assert "Cancel, and get nothing back" in browser.page(at)
    assert browser.send(at, {}, seen_on=at).status_code == 303
    assert session.scalar(sa.select(sa.func.count()).select_from(Refund)) == 0
    assert "nothing comes back" in browser.page(f"/orders/{made.reference}")


def test_terms_that_changed_since_the_page_was_shown_are_shown_again_with_the_new_sum(
    arrange, signed_in, trade, session
):
    made = arrange(commerce.accepted, trade)
    browser, at = signed_in(trade.buyer), f"/orders/{made.reference}/cancel"
    visit_in(session, made, hours=49)
    seen = {"agreed": "28800", "key": "a key"}
    visit_in(session, made, hours=47)
    answer = browser.send(at, seen)
    assert answer.status_code == 409
    assert "has changed since the page was opened" in answer.text
    assert "Cancel and get £144.00 back" in answer.text
    assert re.search(r'name="agreed"[^>]*value="14400"|value="14400"[^>]*name="agreed"', answer.text)
    assert state(session) is OrderState.accepted


def test_during_the_visit_the_part_that_has_passed_is_paid(buyer, told, accepted, session):
    begin(session, accepted, told, hours=1)
    page = buyer.page(f"/orders/{accepted.reference}/cancel")
    assert "the part of the visit that has passed" in page
    assert re.search(r"Cancel and get £2(15\.9\d|16\.00) back", page)


def test_a_provider_cancels_with_a_reason_that_the_customer_reads(buyer, seller, accepted, session):
    at = f"/pro/orders/{accepted.reference}/cancel"
    page = seller.page(at)
    assert "Cancel and send £293.00 back" in page
    answer = seller.send(at, {"reason": " "}, seen_on=at)
    assert answer.status_code == 422
    assert "Say why, for the customer." in answer.text
    assert seller.send(at, {"reason": "The van broke down."}, seen_on=at).status_code == 303
    told = buyer.page(f"/orders/{accepted.reference}")
    assert "The van broke down." in told
    assert "Cancelled by the provider" in told


def test_what_was_typed_stays_when_the_terms_change(seller, told, accepted, session):
    at = f"/pro/orders/{accepted.reference}/cancel"
    answer = seller.send(at, {"reason": "The van broke down.", "agreed": "1", "key": "k"})
    assert answer.status_code == 409
    assert "The van broke down." in answer.text


def test_when_it_cannot_be_cancelled_the_page_says_why_and_the_order_has_no_button(arrange, signed_in, trade, session):
    made = arrange(commerce.accepted, trade)
    visit_in(session, made, hours=-1)
    browser = signed_in(trade.buyer)
    answer = browser.get(f"/orders/{made.reference}/cancel")
    assert answer.status_code == 409
    assert "If nobody came" in answer.text
    assert f'href="/orders/{made.reference}/problem/new"' in answer.text
    page = browser.page(f"/orders/{made.reference}")
    assert f'href="/orders/{made.reference}/cancel"' not in page
    assert f'href="/orders/{made.reference}/problem/new"' in page


def test_a_form_sent_twice_cancels_once(buyer, paid, session):
    from tests.storefront.conftest import hidden_fields

    at = f"/orders/{paid.reference}/cancel"
    hidden = hidden_fields(buyer.page(at), at)
    assert [buyer.send(at, hidden).status_code for _ in range(2)] == [303, 303]
    assert session.scalar(sa.select(sa.func.count()).select_from(Refund)) == 1


@pytest.mark.parametrize("at", ["/orders/{}/cancel", "/pro/orders/{}/cancel"])
def test_nobody_else_cancels(stranger, rival, accepted, session, at):
    path = at.format(accepted.reference)
    for browser in (stranger, rival):
        assert browser.get(path).status_code == 404
        assert browser.send(path, {"reason": "Mine now"}).status_code == 404
    assert state(session) is OrderState.accepted


def test_the_order_page_shows_a_business_the_ladder_with_its_dates_and_which_step_holds(
    arrange, signed_in, trade, session
):
    made = arrange(commerce.accepted, trade)
    visit_in(session, made, days=5)
    page = signed_in(trade.buyer).page(f"/orders/{made.reference}")
    assert "If you cancel: standard" in page
    assert re.search(r"Until <time[^>]*>\w+ \d+ \w+, \d\d:\d\d</time> <span[^>]*>\(now\)</span></th><td>£288.00", page)
    assert "£144.00" in page
    assert "The order fee of £5.00 is kept then." in page
    assert "a business" in page
    assert "Your right to cancel</a> ·" not in page


def test_a_visit_within_the_fourteen_days_shows_a_consumer_no_ladder(buyer, accepted, session):
    visit_in(session, accepted, days=5)
    page = buyer.page(f"/orders/{accepted.reference}")
    assert "can cancel without giving a reason" in page
    assert "The visit begins within the 14 days" in page
    assert "£144.00" not in page


def test_a_later_visit_shows_a_consumer_what_counts_after_the_fourteen_days(buyer, accepted, session):
    visit_in(session, accepted, days=30)
    page = buyer.page(f"/orders/{accepted.reference}")
    assert "After those 14 days:" in page
    assert "£144.00" in page
    assert "(now)" not in page


@pytest.mark.parametrize("factory", [commerce.paid, commerce.accepted])
def test_a_provider_is_told_when_nobody_asked_them_to_begin_before_the_fourteen_days_are_over(
    seller, told, arrange, session, factory
):
    made = arrange(factory, told)
    assert "which is after the visit" not in seller.page(f"/pro/orders/{made.reference}")
    session.execute(sa.text("update checkout set express_start_at = null, express_start_text = ''"))
    visit_in(session, made, days=10)
    page = seller.page(f"/pro/orders/{made.reference}")
    assert re.search(
        r"did not ask for the work to begin earlier, so it may begin on <time[^>]*>\w+day \d+ \w+ \d+", page
    )
    visit_in(session, made, days=20)
    assert "which is after the visit" not in seller.page(f"/pro/orders/{made.reference}")
