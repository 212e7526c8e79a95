"""The provider's page of a holiday, and what customers read meanwhile."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.services.catalogue import favourite, offer
from app.services.people import holiday
from app.services.people.vat_status import today
from app.services.platform import clock
from models.commerce.checkout import Checkout, CheckoutState
from models.people.seller import Seller
from tests.factories import commerce
from tests.factories import quote as made

AT = "/pro/holiday"
ROOT = Path(__file__).parents[2]


def typed(first: int = 0, back: int = 20, note: str = "Back with a tan") -> dict[str, str]:
    day = today()
    return {
        "from_day": (day + timedelta(first)).isoformat(),
        "until_day": (day + timedelta(back)).isoformat(),
        "note": note,
    }


@pytest.fixture
def gone(seller):
    assert seller.send(AT, typed(), seen_on=AT).status_code == 303


def seen_in(answer) -> str:
    return re.search(r'name="seen" value="([^"]*)"', answer.text)[1]


def seller_row(session) -> Seller:
    session.rollback()
    return session.scalars(sa.select(Seller)).one()


def test_a_provider_goes_away_and_comes_back_early(seller, session, told):
    assert "Orders that wait for your answer keep their clock" in seller.page(AT)
    seller.send(AT, typed(), seen_on=AT)
    page = seller.page(AT)
    assert "You are away until" in page
    assert "Back with a tan" in page
    seller.send(f"{AT}/end", {}, seen_on=AT)
    assert seller_row(session).away_until is None
    assert "You are away until" not in seller.page(AT)
    assert "nothing to end" in seller.page(seller.send(f"{AT}/end").location)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (typed(-2), "Choose today or a later day."),
        (typed(5, 3), "Choose a day after the first day away."),
        (typed(0, 91), "Be away for at most 90 days."),
        ({**typed(), "from_day": ""}, "Choose the first day you are away"),
        ({**typed(), "until_day": "soon"}, "Not a valid date value"),
        (typed(note="x" * 301), "Use at most 300 characters"),
    ],
)
def test_days_that_do_not_fit_come_back_with_everything_typed(seller, session, told, changes, said):
    answer = seller.send(AT, changes, seen_on=AT)
    assert answer.status_code == 422
    assert said in answer.text
    assert changes["note"] in answer.text
    assert seller_row(session).away_from is None


def test_orders_on_those_days_are_named_before_it_is_done(seller, session, told, arrange):
    first = arrange(commerce.paid, told)
    asked = seller.send(AT, typed(), seen_on=AT)
    assert asked.status_code == 200
    assert f'href="/pro/orders/{first.reference}"' in asked.text
    assert "Being away cancels nothing" in asked.text
    assert "Answer it by" in asked.text
    assert seller_row(session).away_from is None
    second = arrange(commerce.paid, told)
    again = seller.send(AT, {**typed(), "key": "k2", "seen": seen_in(asked)})
    assert again.status_code == 200, "one came meanwhile: that one is shown too"
    assert second.reference in again.text
    seen = seen_in(again)
    assert len(seen) == 64, "however many orders there are"
    assert seller.send(AT, {**typed(), "key": "k2", "seen": seen}).status_code == 303
    assert seller_row(session).away_from == today()


def test_customers_read_it_on_listing_card_seller_and_favourites(visitor, buyer, told, gone, arrange):
    arrange(favourite.save_listing, told.listing.slug, user_id=told.buyer.user.id)
    until = today() + timedelta(20)
    for path in (f"/l/{told.listing.slug}", f"/sellers/{told.seller.organisation.slug}"):
        page = visitor.page(path)
        assert re.search(rf'Away until <time datetime="{until.isoformat()}">', page), path
        assert "Back with a tan" in page
    assert f"Away until {until:%A} {until.day} {until:%B}" in visitor.page("/services")
    next_visit = re.search(r'Next visit <time datetime="([^"]+)"', buyer.page("/account/favourites"))[1]
    assert next_visit >= until.isoformat()


def test_a_holiday_to_come_is_told_when_its_visits_would_be_on_offer(seller, visitor, told):
    seller.send(AT, typed(10, 12), seen_on=AT)
    assert "Away from" in visitor.page(f"/l/{told.listing.slug}")
    assert "Away until" not in visitor.page("/services")
    seller.send(AT, typed(60, 70), seen_on=AT)
    assert "Away from" not in visitor.page(f"/l/{told.listing.slug}")


def test_a_checkout_from_before_says_why_and_keeps_what_was_typed(buyer, seller, told, session):
    at = f"/l/{told.listing.slug}"
    begun = buyer.send(f"{at}/order", {}, seen_on=at).location
    visit = offer.windows(told.listing, now=clock.now())[0].key
    page = buyer.page(begun)
    hidden = dict(re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"', page))
    seller.send(AT, typed(), seen_on=AT)
    site = {"site_address": "14 Stackpool Road", "site_postcode": "BS3 1NG", "access_notes": "Ring twice"}
    answer = buyer.send(begun, {**hidden, **site, "window": visit, "express_start": "y"}, seen_on=begun)
    assert answer.status_code == 422
    assert "Avon Electrical Testing is away until" in answer.text
    assert "Ring twice" in answer.text
    assert f'value="{visit}"' not in answer.text
    session.rollback()
    assert session.scalars(sa.select(Checkout)).one().state is CheckoutState.draft


def test_a_customer_who_writes_meanwhile_reads_the_note(buyer, seller, told, arrange):
    made = arrange(commerce.accepted, told)
    at = f"/orders/{made.reference}/messages"
    assert "may answer later" not in buyer.page(at)
    arrange(lambda work: holiday.set_away(
        work, work.get_one(Seller, told.seller.seller.id), actor=told.seller.actor,
        from_day=today(), until_day=today() + timedelta(9), note="Bryn answers on 0117 496 0121",
    ))  # fmt: skip
    for path in (at, f"/orders/{made.reference}"):
        page = buyer.page(path)
        assert "Bryn answers on 0117 496 0121" in page
        assert "may answer later than usual" in page
    assert "may answer later" not in seller.page(f"/pro{at}")


def test_nobody_else_s_holiday_is_touched(buyer, rival, told, gone, session):
    def first_days() -> set[object]:
        session.rollback()
        session.expire_all()
        return {row.away_from for row in session.scalars(sa.select(Seller))}

    assert first_days() == {today(), None}
    assert buyer.send(AT, typed(3, 4)).status_code == 404
    assert rival.send(f"{AT}/end").status_code == 303
    assert first_days() == {today(), None}


def test_every_page_offers_visits_without_holidays():
    """`offer.windows` and `offer.window` know of none: pages and programs ask `on_offer`, `outside` or `chosen`."""
    raw = re.compile(r"offer\.windows?\(")
    asked = {
        str(path.relative_to(ROOT))
        for folder in ("views", "app/services", "jobs")
        for path in (ROOT / folder).rglob("*.py")
        if raw.search(path.read_text(encoding="utf-8"))
    }
    assert asked == {"views/storefront/commerce/checkout.py"}, "what a holiday took out is refused there with a reason"


def test_quotes_of_those_days_are_named_on_the_page(seller, told, arrange):
    row = arrange(made.offered, told)
    assert seller.send(AT, typed(15, 30), seen_on=AT).status_code == 303
    page = seller.page(AT)
    assert f'href="/pro/quotes/{row.id}"' in page
    assert "cannot be accepted while you are away" in page
