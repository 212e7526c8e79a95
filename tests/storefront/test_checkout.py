"""From the listing to the payment page: what is kept, what is recorded, and what happens when the provider is away."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from app.clients.payments import Intent, PaymentsUnavailable
from app.services.catalogue import offer
from app.services.platform import clock
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order
from models.commerce.payment import Payment
from tests.factories import commerce

SITE = {"site_address": "14 Stackpool Road\nBristol", "site_postcode": "BS3 1NG", "access_notes": "Ring twice"}


@dataclass
class FakeProvider:
    """Opens one intent per key, as the real one does; `away` makes it unreachable."""

    opened: dict
    away: bool = False

    def open_intent(self, *, amount_minor, currency, reference, key, **_rest) -> Intent:
        if self.away:
            raise PaymentsUnavailable("no answer")
        made = Intent(f"pi_{reference}", "requires_payment_method", amount_minor, currency, 0, reference)
        return self.opened.setdefault(key, made)

    def pay_url(self, intent_id: str) -> str:
        return f"http://pay.test/pay/{intent_id}"


@pytest.fixture
def provider(app, monkeypatch) -> FakeProvider:
    fake = FakeProvider({})
    monkeypatch.setitem(app.extensions["parts"].__dict__, "payments", fake)
    return fake


@pytest.fixture
def window(told) -> str:
    return offer.windows(told.listing, now=clock.now())[0].key


@pytest.fixture
def begun(buyer, told) -> str:
    """The address of a checkout that the buyer has just begun."""
    at = f"/l/{told.listing.slug}"
    answer = buyer.send(f"{at}/order", {}, seen_on=at)
    assert answer.status_code == 303
    return answer.location


def order(buyer, begun, window, **typed):
    return buyer.send(begun, {**SITE, "window": window, "express_start": "y", **typed}, seen_on=begun)


def row(session) -> Checkout:
    session.expire_all()
    return session.scalars(sa.select(Checkout)).one()


def test_a_visitor_signs_in_first_and_finds_the_visit_still_chosen(visitor, told, window):
    answer = visitor.send(f"/l/{told.listing.slug}/order", {"window": window})
    assert answer.status_code == 303
    assert answer.location == f"/sign-in?next=/l/{told.listing.slug}?window%3D{window}"
    assert re.search(f'value="{window}" checked', visitor.page(f"/l/{told.listing.slug}?window={window}"))


def test_the_button_says_that_ordering_obliges_to_pay_and_how_much(buyer, begun):
    page = buyer.page(begun)
    assert re.search(r"<button[^>]*>.*Order with obligation to pay.*£293\.00.*</button>", page, re.DOTALL)
    assert not re.search(r'name="express_start"[^>]*checked', page)
    assert "Your right to cancel, version 1.0.0" in page
    assert "14 days" in page


def test_ordering_goes_to_the_providers_page(buyer, begun, window, provider, session):
    answer = order(buyer, begun, window)
    assert answer.status_code == 303
    made = row(session)
    assert answer.location == f"http://pay.test/pay/pi_{session.scalars(sa.select(Payment.id)).one()}"
    assert made.state is CheckoutState.awaiting_payment
    assert (made.site_address, made.site_postcode) == ("14 Stackpool Road\nBristol", "BS3 1NG")


def test_what_was_shown_and_wished_for_is_recorded_with_its_version(buyer, begun, window, provider, session):
    order(buyer, begun, window)
    made = row(session)
    assert made.cancellation_text == "cancellation-information@1.0.0"
    assert made.express_start_text == "express-start-consent@1.0.0"
    assert made.express_start_at == made.cancellation_shown_at is not None


def test_a_visit_inside_the_14_days_needs_the_wish_to_begin(buyer, begun, window, provider, session):
    answer = buyer.send(begun, {**SITE, "window": window}, seen_on=begun)
    assert answer.status_code == 422
    assert "Say whether the work may start before the 14 days" in answer.text
    assert row(session).state is CheckoutState.draft


def test_what_was_typed_stays_when_something_is_missing(buyer, begun, window):
    answer = order(buyer, begun, window, site_postcode="nonsense")
    assert answer.status_code == 422
    assert "<title>Error: " in answer.text
    assert '<a href="#site_postcode">Enter a full postcode, like BS3 1JA</a>' in answer.text
    assert "14 Stackpool Road" in answer.text
    assert re.search(f'value="{window}" checked', answer.text)
    assert re.search(r'name="express_start"[^>]*checked|checked[^>]*name="express_start"', answer.text)


def test_an_address_outside_the_area_is_refused_at_its_field(buyer, begun, window):
    answer = order(buyer, begun, window, site_postcode="CF10 1AA")
    assert answer.status_code == 422
    assert "This provider does not work there" in answer.text


def test_a_visit_that_was_never_offered_is_refused(buyer, begun):
    assert order(buyer, begun, "2020-01-01T08:00Z").status_code == 422


def test_a_price_that_moved_is_shown_before_anybody_pays(buyer, begun, window, provider, told, session):
    seen = buyer.page(begun)
    session.execute(sa.text("update listing set price_minor = 25000 where id = :id"), {"id": told.listing.id})
    session.commit()
    hidden = dict(re.findall(r'name="(fingerprint|key|cancellation|express_start_text)"[^>]*value="([^"]*)"', seen))
    answer = buyer.send(begun, {**SITE, **hidden, "window": window, "express_start": "y"})
    assert answer.status_code == 409
    assert "The price has changed" in answer.text
    assert "£305.00" in answer.text
    assert row(session).state is CheckoutState.draft
    assert order(buyer, begun, window).status_code == 303
    assert row(session).total_minor == 30500


def test_a_form_sent_twice_makes_one_payment(buyer, begun, window, provider, session):
    page = buyer.page(begun)
    from tests.storefront.conftest import hidden_fields

    typed = {**hidden_fields(page, begun.partition("?")[0]), **SITE, "window": window, "express_start": "y"}
    first, second = buyer.send(begun, typed), buyer.send(begun, typed)
    assert first.location == second.location
    assert len(provider.opened) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Payment)) == 1


def test_a_provider_that_is_away_is_said_and_the_order_is_kept(buyer, begun, window, provider, session):
    provider.away = True
    answer = order(buyer, begun, window)
    assert answer.status_code == 503
    assert "The payment page does not answer" in answer.text
    assert row(session).state is CheckoutState.awaiting_payment
    provider.away = False
    again = f"{begun.partition('?')[0]}/pay"
    assert buyer.send(again, {}).location.startswith("http://pay.test/pay/pi_")


def test_coming_back_waits_for_the_bank_and_proves_nothing(buyer, begun, window, provider, session):
    order(buyer, begun, window)
    page = buyer.page(f"{begun}/return?redirect_status=succeeded")
    assert "Waiting for your bank" in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert session.scalar(sa.select(sa.func.count()).select_from(Order)) == 0


def test_a_declined_card_is_said_and_another_may_be_tried(buyer, begun, window, provider, session):
    order(buyer, begun, window)
    session.execute(sa.text("update payment set last_decline = 'insufficient_funds'"))
    session.commit()
    page = buyer.page(f"{begun}/return")
    assert "Your bank said no" in page
    assert "Nothing was taken" in page
    assert "http-equiv" not in page


def test_a_paid_checkout_leads_to_its_order(buyer, told, arrange):
    made = arrange(commerce.paid, told)
    answer = buyer.get(f"/checkout/{made.checkout_id}")
    assert answer.location == f"/checkout/{made.checkout_id}/return"
    assert buyer.get(answer.location).location == f"/orders/{made.reference}"


def test_turning_back_orders_nothing(buyer, begun, window, provider, session):
    order(buyer, begun, window)
    answer = buyer.send(f"{begun}/cancel", {})
    assert "This order was not placed" in buyer.page(answer.location)
    assert row(session).state is CheckoutState.abandoned


@pytest.mark.parametrize("tail", ["", "/return"])
def test_a_strangers_checkout_does_not_exist(stranger, told, arrange, tail):
    made = arrange(commerce.submitted, told)
    assert stranger.get(f"/checkout/{made.checkout_id}{tail}").status_code == 404


@pytest.mark.parametrize("verb", ["", "/pay", "/cancel"])
def test_a_stranger_cannot_move_a_checkout(stranger, told, arrange, verb, session):
    made = arrange(commerce.submitted, told)
    assert stranger.send(f"/checkout/{made.checkout_id}{verb}", SITE).status_code == 404
    assert row(session).state is CheckoutState.awaiting_payment


def test_nobody_orders_from_themselves(seller, told):
    assert "This is your own listing" in seller.page(f"/l/{told.listing.slug}")


def test_the_cancellation_policy_is_read_before_paying_and_goes_into_the_order(buyer, begun, window, provider, session):
    page = buyer.page(begun)
    assert "If you cancel after the 14 days: standard" in page
    assert "Until 48 hours before the visit" in page
    order(buyer, begun, window)
    assert row(session).cancellation_policy.code == "standard"


def test_a_visit_within_the_fourteen_days_is_said_to_come_back_whole(buyer, begun, window):
    page = buyer.page(f"{begun.partition('?')[0]}?window={window}")
    assert "lies within the 14 days: until it begins, everything comes back" in page


def test_a_policy_that_changed_meanwhile_is_shown_before_anybody_pays(buyer, begun, window, provider, told, session):
    from tests.storefront.conftest import hidden_fields

    hidden = hidden_fields(buyer.page(begun), begun.partition("?")[0])
    session.execute(
        sa.text("update listing set cancellation_policy = 'strict' where id = :id"), {"id": told.listing.id}
    )
    session.commit()
    answer = buyer.send(begun, {**hidden, **SITE, "window": window, "express_start": "y"})
    assert answer.status_code == 422
    assert "What comes back if you cancel has changed" in answer.text
    assert "Everything back until 7 days before the visit" in answer.text
    assert row(session).state is CheckoutState.draft
    assert order(buyer, begun, window).status_code == 303


def test_a_business_reads_of_its_terms_and_dates_and_of_no_right_to_cancel(arrange, signed_in):
    trade = arrange(commerce.story, trader=True)
    browser, at = signed_in(trade.buyer), f"/l/{trade.listing.slug}"
    begun = browser.send(f"{at}/order", {}, seen_on=at).location
    visit = offer.windows(trade.listing, now=clock.now())[-1].key
    page = browser.page(f"{begun}?window={visit}")
    assert "You order as a business, Hartcliffe Lettings" in page
    assert "Of £288.00, you get back" in page
    assert re.search(r"Until <time[^>]*>\w+ \d+ \w+, \d\d:\d\d</time>", page)
    assert 'express_start"' not in page
