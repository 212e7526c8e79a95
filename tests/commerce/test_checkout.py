"""From a listing to a payment: what is checked, what is kept, and how it ends without an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import listing as listings
from app.services.catalogue import offer
from app.services.commerce import cancellation, capture, checkout, quote
from app.services.commerce import payment as payments
from app.services.platform import clock, timer
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.errors import Conflict, GuardFailed, IllegalMove, Invalid, NotAllowed
from models.platform.outbox_message import OutboxMessage
from models.platform.timer import TimerRow, TimerState
from tests.factories import commerce, people


def submit(session: Session, story: commerce.Story, row: Checkout, /, **changes: Any) -> Payment:
    found = quote.of_listing(session, story.listing, at=clock.now())
    arguments: dict[str, Any] = {
        "actor": story.buyer.actor,
        "window_key": offer.windows(story.listing, now=clock.now())[0].key,
        "site": commerce.SITE,
        "told": checkout.Told(commerce.CANCELLATION, commerce.EXPRESS),
        "fingerprint": found.fingerprint,
        "provider": "simulator",
    }
    return checkout.submit(session, row, **(arguments | changes))


def test_the_buyer_pays_the_price_that_was_shown(work: Session) -> None:
    told = commerce.story(work)
    row = commerce.draft(work, told)
    assert (row.gross_minor, row.fee_net_minor, row.fee_vat_minor, row.total_minor) == (288_00, 4_17, 83, 293_00)
    assert submit(work, told, row).amount_minor == 293_00


def test_nobody_buys_their_own_work_in_their_own_name_either(work: Session) -> None:
    """A person who sells for a firm has a personal account too."""
    told = commerce.story(work)
    themselves = replace(told.buyer.actor, user_id=told.seller.actor.user_id)
    for actor in (told.seller.actor, themselves):
        with pytest.raises(NotAllowed, match="your own"):
            checkout.start(work, told.listing, actor=actor)


def test_a_price_that_moved_is_asked_about_again(work: Session) -> None:
    told = commerce.story(work)
    row = commerce.draft(work, told)
    shown = row.quote_fingerprint
    work.execute(sa.update(Listing).where(Listing.id == told.listing.id).values(price_minor=250_00))
    work.refresh(told.listing)
    with pytest.raises(checkout.PriceChanged):
        submit(work, told, row, fingerprint=shown)
    assert checkout.refresh_price(work, row) is True
    assert row.total_minor == 305_00
    assert submit(work, told, row).amount_minor == 305_00


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"site": replace(commerce.SITE, address=" ")}, "site_address"),
        ({"site": replace(commerce.SITE, postcode="nowhere")}, "site_postcode"),
        ({"site": replace(commerce.SITE, postcode="EH1 1YZ")}, "site_postcode"),
        ({"window_key": "2020-01-01T08:00Z"}, "window"),
        ({"told": checkout.Told(commerce.CANCELLATION, "")}, "express_start"),
        ({"told": checkout.Told("", commerce.EXPRESS)}, "cancellation"),
    ],
)
def test_what_is_missing_is_said_field_by_field(work: Session, changes: dict[str, Any], field: str) -> None:
    told = commerce.story(work)
    row = commerce.draft(work, told)
    with pytest.raises(Invalid) as refused:
        submit(work, told, row, **changes)
    assert set(refused.value.fields) == {field}
    assert row.state is CheckoutState.draft


def test_a_visit_after_the_cancellation_period_needs_no_wish_to_begin_early(work: Session) -> None:
    told = commerce.story(work)
    told.listing.service.notice_days = 3
    ends = cancellation.period_ends(clock.now(), told.listing.service.zone)
    later = [w for w in offer.windows(told.listing, now=clock.now()) if w.starts_at >= ends]
    assert later
    row = commerce.draft(work, told)
    submit(work, told, row, window_key=later[0].key, told=checkout.Told(commerce.CANCELLATION, ""))
    assert row.express_start_at is None


def test_a_visit_on_the_last_day_of_the_cancellation_period_needs_the_wish(work: Session) -> None:
    told = commerce.story(work)
    told.listing.service.notice_days = 3
    last = cancellation.period_ends(clock.now(), told.listing.service.zone).date() - timedelta(days=1)
    window = [w for w in offer.windows(told.listing, now=clock.now()) if w.day <= last][-1]
    with pytest.raises(Invalid) as refused:
        submit(
            work, told, commerce.draft(work, told), window_key=window.key, told=checkout.Told(commerce.CANCELLATION, "")
        )
    assert set(refused.value.fields) == {"express_start"}


@pytest.mark.parametrize(
    ("made", "ends"),
    [
        ("2026-11-24T07:22:56+00:00", "2026-12-09T00:00:00+00:00"),
        ("2026-06-01T23:30:00+00:00", "2026-06-16T23:00:00+00:00"),  # already the second of June in London
        ("2026-03-20T12:00:00+00:00", "2026-04-03T23:00:00+00:00"),  # the clocks go forward in between
    ],
)
def test_the_period_ends_with_the_fourteenth_local_day_after_the_contract(made: str, ends: str) -> None:
    found = cancellation.period_ends(datetime.fromisoformat(made), "Europe/London")
    assert found == datetime.fromisoformat(ends)


def test_a_business_has_no_right_to_cancel_to_be_told_of_or_to_give_up(work: Session) -> None:
    told = replace(commerce.story(work), buyer=people.business(work))
    row = commerce.draft(work, told)
    submit(work, told, row, told=checkout.Told("", ""))
    assert row.state is CheckoutState.awaiting_payment
    assert (row.cancellation_shown_at, row.express_start_at) == (None, None)


def test_nobody_buys_from_themselves(work: Session) -> None:
    told = commerce.story(work)
    with pytest.raises(NotAllowed):
        checkout.start(work, told.listing, actor=told.seller.actor)


@pytest.mark.parametrize("stop", [listings.pause, listings.revise])
def test_what_left_the_shop_meanwhile_is_not_sold(work: Session, stop: Callable[..., object]) -> None:
    told = commerce.story(work)
    row = commerce.draft(work, told)
    stop(work, told.listing, actor=told.seller.actor)
    with pytest.raises(Conflict):
        submit(work, told, row)


def test_another_buyers_checkout_is_not_submitted(work: Session) -> None:
    told, stranger = commerce.story(work), commerce.story(work)
    row = commerce.draft(work, told)
    with pytest.raises(NotAllowed):
        submit(work, told, row, actor=stranger.buyer.actor)


def test_a_checkout_is_submitted_once(work: Session) -> None:
    told = commerce.story(work)
    row = commerce.draft(work, told)
    submit(work, told, row)
    with pytest.raises(IllegalMove):
        submit(work, told, row)


def test_a_payment_that_never_comes_expires_and_is_voided(work: Session) -> None:
    told = commerce.story(work)
    paying = commerce.submitted(work, told)
    with clock.moved(timedelta(minutes=15, seconds=1)):
        fire(work, paying.checkout)
    assert paying.checkout.state is CheckoutState.expired
    assert work.scalar(sa.select(OutboxMessage.id).where(OutboxMessage.job == "commerce.payment.void"))


def test_money_that_comes_after_the_end_goes_back_whole(work: Session) -> None:
    told = commerce.story(work)
    paying = commerce.submitted(work, told)
    with clock.moved(timedelta(minutes=16)):
        fire(work, paying.checkout)
        capture.follow(work, paying, commerce.intent(paying))
    assert paying.checkout.state is CheckoutState.refunded_late
    assert work.scalar(sa.select(sa.func.count()).select_from(Order)) == 0
    assert work.scalar(sa.text("select amount_minor from refund where cause = 'late_capture'")) == 293_00


def test_a_payment_that_is_opened_after_the_end_is_voided_too(work: Session) -> None:
    """The void ran before the provider's number was known and found nothing to close."""
    told = commerce.story(work)
    paying = commerce.submitted(work, told)
    checkout.cancel(work, paying.checkout, actor=told.buyer.actor)
    payments.opened(work, paying.id, commerce.intent(paying, "requires_payment_method"))
    voids = sa.select(sa.func.count()).where(OutboxMessage.job == "commerce.payment.void")
    assert work.scalar(voids) == 2


def test_a_form_of_an_older_price_is_not_taken_for_sums_it_did_not_show(work: Session) -> None:
    """Another tab brought the checkout to a price that has gone again: the form fits the listing, not the sums."""
    told = commerce.story(work)
    row = commerce.draft(work, told)
    row.quote_fingerprint = b"of another price".ljust(32)
    with pytest.raises(checkout.PriceChanged):
        submit(work, told, row)


def test_the_fifth_decline_ends_it(work: Session) -> None:
    told = commerce.story(work)
    paying = commerce.submitted(work, told)
    for _ in range(5):
        assert capture.declined(work, paying, "card_declined") is True
    assert paying.checkout.state is CheckoutState.abandoned
    assert capture.declined(work, paying, "card_declined") is False


def test_a_decline_does_not_give_the_payment_more_time(work: Session) -> None:
    told = commerce.story(work)
    paying = commerce.submitted(work, told)
    due = sa.select(TimerRow.due_at).where(
        TimerRow.subject_id == paying.checkout_id, TimerRow.state == TimerState.waiting
    )
    before = work.scalars(due).one()
    with clock.moved(timedelta(minutes=10)):
        capture.declined(work, paying, "card_declined")
    assert work.scalars(due).one() == before


def test_another_sum_than_asked_for_is_for_people_to_look_at(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    with pytest.raises(Conflict, match="took 29200 GBP"):
        capture.follow(work, paying, commerce.intent(paying, received_minor=292_00))
    work.rollback()


def test_the_providers_word_twice_changes_nothing_more(work: Session) -> None:
    paying = commerce.submitted(work, commerce.story(work))
    assert capture.follow(work, paying, commerce.intent(paying)) is True
    assert capture.follow(work, paying, commerce.intent(paying)) is False
    assert work.scalar(sa.select(sa.func.count()).select_from(Order)) == 1


def test_the_machine_itself_refuses_a_capture_of_another_sum(work: Session) -> None:
    from app.services.platform import machine

    paying = commerce.submitted(work, commerce.story(work))
    with pytest.raises(GuardFailed):
        machine.apply(work, paying.checkout, "payment_captured", actor=capture.PSP)


def fire(session: Session, row: Checkout) -> None:
    due = sa.select(TimerRow.id).where(TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting)
    for timer_id in session.scalars(due.where(TimerRow.due_at <= clock.now())).all():
        timer.fire(session, timer_id)
    session.refresh(row)
