"""What stands in the way of a quote, and the way out of each: staff's no, a holiday, another place, no payment."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.services.catalogue import listing as listings
from app.services.catalogue import offer as visits
from app.services.commerce import capture, checkout, quote_request
from app.services.moderation.decision import decide, suspend
from app.services.people import holiday, vat_status
from app.services.platform import clock, timer
from models.commerce.checkout import CheckoutState
from models.errors import Conflict, IllegalMove, Invalid, NotAllowed
from models.moderation.policy import APPROVING
from tests.commerce.test_quote_request import S, due, news, submit
from tests.factories import commerce, people
from tests.factories import quote as made


@pytest.fixture
def told(work) -> commerce.Story:
    return commerce.story(work)


def test_what_staff_took_out_of_the_shop_is_not_ordered_from_a_quote(work, told):
    row = made.offered(work, told)
    listings.pause(work, told.listing, actor=told.seller.actor)
    begun = quote_request.accept(work, row, actor=told.buyer.actor, number=1)  # the offer outlives a pause
    _suspended(work, told)
    with pytest.raises(Conflict, match="not on sale"):
        submit(work, told, begun)


def _suspended(work, told) -> None:
    work.refresh(told.listing)
    suspend(
        work,
        told.listing,
        actor=people.operator(work),
        policy="listing.unsafe",
        reason="It is dangerous to do this so.",
        expected_version=told.listing.version,
    )


def test_a_provider_who_retires_what_staff_took_down_sells_it_through_no_quote(work, told):
    row, begun = made.accepted(work, told)
    open_ = made.offered(work, told)
    asked = made.requested(work, told)
    _suspended(work, told)
    listings.retire(work, told.listing, actor=told.seller.actor)
    with pytest.raises(Conflict, match="not on sale"):
        submit(work, told, begun)
    with pytest.raises(Conflict, match="not on sale"):
        quote_request.accept(work, open_, actor=told.buyer.actor, number=1)
    for one, after in ((open_, 1), (asked, 0)):
        with pytest.raises(Conflict, match="not on sale"):
            quote_request.offer(work, one, actor=told.seller.actor, terms=made.terms(told.listing), after=after)
    assert row.state is S.accepted


def test_a_provider_who_takes_a_rejected_listing_up_again_sells_it_through_no_quote(work, told):
    row = made.offered(work, told)
    listings.revise(work, told.listing, actor=told.seller.actor)
    listings.submit(work, told.listing, actor=told.seller.actor)
    work.refresh(told.listing)
    judged = {"actor": people.operator(work), "reason": "The words promise what nobody may promise."}
    decide(
        work,
        told.listing,
        approve=False,
        policy="listing.unsafe",
        expected_version=told.listing.version,
        **judged,
    )
    listings.resubmit(work, told.listing, actor=told.seller.actor)
    with pytest.raises(Conflict, match="not on sale"):
        quote_request.accept(work, row, actor=told.buyer.actor, number=1)
    listings.submit(work, told.listing, actor=told.seller.actor)
    work.refresh(told.listing)
    decide(work, told.listing, approve=True, policy=APPROVING, expected_version=told.listing.version, **judged)
    assert quote_request.accept(work, row, actor=told.buyer.actor, number=1).total_minor == 479_60


def _away(work, told, first: int, back: int) -> None:
    day = vat_status.today()
    days = {"from_day": day + timedelta(first), "until_day": day + timedelta(back)}
    holiday.set_away(work, told.seller.seller, actor=told.seller.actor, note="", **days)


def test_nobody_offers_a_visit_of_their_holiday(work, told):
    row = made.requested(work, told)
    _away(work, told, 15, 25)
    with pytest.raises(Invalid) as wrong:
        quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing))
    assert "You are away until" in wrong.value.fields["visit"]
    first = made.visit(told.listing, 14)
    several = visits.from_moments(first.starts_at, first.ends_at + timedelta(days=1), first.zone)
    with pytest.raises(Invalid):
        quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing, visit=several))
    quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing, visit=first))


def test_an_offer_of_a_holiday_s_day_is_not_accepted_and_waits_for_another(work, told):
    row = made.offered(work, told)
    _away(work, told, 15, 25)
    with pytest.raises(Conflict, match="is away until"):
        quote_request.accept(work, row, actor=told.buyer.actor, number=1)
    later = made.terms(told.listing, visit=made.visit(told.listing, 25))
    quote_request.offer(work, row, actor=told.seller.actor, terms=later, after=1)
    quote_request.accept(work, row, actor=told.buyer.actor, number=2)


def test_a_visit_that_was_accepted_before_the_holiday_is_ordered(work, told):
    row, begun = made.accepted(work, told)
    _away(work, told, 15, 25)
    assert submit(work, told, begun).amount_minor == begun.total_minor
    assert begun.visit_start == row.offer.visit_start


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("window", {"window_key": "2026-01-01T08:00Z"}),
        ("site_address", {"site": checkout.Site("Elsewhere 1", "BS3 1NG", "")}),
        ("site_postcode", {"site": checkout.Site("", "BS3 1NH", "")}),
    ],
)
def test_another_visit_or_place_than_the_quote_s_is_refused_and_not_replaced(work, told, field, changes):
    _, begun = made.accepted(work, told)
    with pytest.raises(Invalid) as wrong:
        submit(work, told, begun, **changes)
    assert list(wrong.value.fields) == [field]


def test_the_quote_s_own_visit_and_place_can_be_named(work, told):
    row, begun = made.accepted(work, told)
    agreed = row.offer.visit_start.strftime("%Y-%m-%dT%H:%MZ")
    assert submit(work, told, begun, window_key=agreed, site=checkout.Site(row.site_address, "bs31ng", ""))


def test_a_draft_of_a_quote_ends_with_its_offer_and_no_later_than_in_a_week(work, told):
    row, begun = made.accepted(work, told, days=2)
    assert due(work, begun).due_at == row.offer.valid_until
    with clock.moved(timedelta(days=2, minutes=1)):
        timer.fire(work, due(work, begun).id)
        assert (begun.state, row.state) == (CheckoutState.abandoned, S.offered)
        timer.fire(work, due(work, row).id)
    assert row.state is S.expired
    assert news(work, told.seller.user.id).count("quote.expired") == 1
    _, longer = made.accepted(work, told, days=19)
    assert due(work, longer).due_at == longer.state_entered_at + timedelta(days=7)


def test_what_was_accepted_and_not_paid_is_given_back_and_its_provider_told(work, told):
    row, begun = made.accepted(work, told)
    with pytest.raises(NotAllowed):
        quote_request.give_back(work, row, actor=told.seller.actor)
    quote_request.give_back(work, row, actor=told.buyer.actor)
    assert (begun.state, row.state) == (CheckoutState.abandoned, S.offered)
    assert news(work, told.seller.user.id)[-1] == "quote.reopened"
    with pytest.raises(Conflict):
        quote_request.give_back(work, row, actor=told.buyer.actor)
    again = quote_request.accept(work, row, actor=told.buyer.actor, number=1)
    submit(work, told, again)
    quote_request.give_back(work, row, actor=told.buyer.actor)
    assert (again.state, row.state) == (CheckoutState.abandoned, S.offered)
    quote_request.refuse(work, row, actor=told.buyer.actor)


def test_what_is_paid_is_not_given_back(work, told):
    row, begun = made.accepted(work, told)
    payment = submit(work, told, begun)
    capture.follow(work, payment, commerce.intent(payment))
    with pytest.raises(IllegalMove):
        quote_request.give_back(work, row, actor=told.buyer.actor)
    assert begun.state is CheckoutState.paid
