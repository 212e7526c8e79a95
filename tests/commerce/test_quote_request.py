"""Quotes: asked for, offered, changed, turned away, run out; what is accepted is ordered at the offer's price."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app import session as sessions
from app.services.catalogue import listing as listings
from app.services.commerce import capture, checkout, quote, quote_request
from app.services.commerce.quote_request import OfferChanged
from app.services.commerce.quote_terms import Item
from app.services.people import organisation, vat_status
from app.services.platform import clock, timer
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.quote_request import QuoteRequest, QuoteState
from models.errors import Conflict, IllegalMove, Invalid, NotAllowed
from models.people.membership import MembershipRole
from models.platform.notification import Notification
from models.platform.timer import TimerRow, TimerState
from tests.commerce.test_races import CLOCKWORK, _meanwhile
from tests.factories import commerce, people
from tests.factories import quote as made

S = QuoteState


@pytest.fixture
def told(work) -> commerce.Story:
    return commerce.story(work)


def news(work, user_id: int) -> list[str]:
    mine = sa.select(Notification.event).where(Notification.user_id == user_id, Notification.event.like("quote.%"))
    return list(work.scalars(mine.order_by(Notification.id)))


def due(work, row) -> TimerRow:
    return work.scalars(
        sa.select(TimerRow).where(TimerRow.subject_id == row.id, TimerRow.state == TimerState.waiting)
    ).one()


def submit(work, told, row: Checkout, **changes):
    typed = {
        "window_key": "",
        "site": checkout.Site("", "", "Ring twice"),
        "told": checkout.Told(commerce.CANCELLATION, commerce.EXPRESS),
        "fingerprint": row.quote_fingerprint,
        "provider": "simulator",
    }
    return checkout.submit(work, row, actor=told.buyer.actor, **(typed | changes))


def test_a_job_is_described_and_its_provider_told(work, told):
    row = made.requested(work, told)
    assert (row.state, row.site_postcode) == (S.requested, "BS3 1NG")
    assert due(work, row).due_at == row.state_entered_at + timedelta(days=7)
    assert news(work, told.seller.user.id) == ["quote.requested"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("text", {"text": "Too short"}),
        ("text", {"text": "x" * 4001}),
        ("site_address", {"address": " "}),
        ("site_postcode", {"postcode": "nowhere"}),
        ("site_postcode", {"postcode": "EH1 1AA"}),
        ("wished_from", {"wished_from": clock.now().date() - timedelta(days=2)}),
        ("wished_from", {"wished_from": clock.now().date() + timedelta(days=90)}),
        ("wished", {"wished": "x" * 121}),
    ],
)
def test_what_a_job_needs(work, told, field, changes):
    with pytest.raises(Invalid) as wrong:
        made.requested(work, told, **changes)
    assert list(wrong.value.fields) == [field]


def test_nobody_asks_their_own_organisation_nor_what_is_not_on_sale(work, told):
    mate = people.customer(work)
    organisation.add_member(work, told.seller.organisation, mate.user, role=MembershipRole.member)
    for actor in (told.seller.actor.acting_as(ActorKind.buyer), mate.actor):
        with pytest.raises(NotAllowed, match="your own"):
            quote_request.ask(work, told.listing, actor=actor, job=made.job())
    with pytest.raises(NotAllowed, match="Sign in"):
        quote_request.ask(work, told.listing, actor=Actor.system("x"), job=made.job())
    listings.pause(work, told.listing, actor=told.seller.actor)
    with pytest.raises(Conflict, match="not on sale"):
        made.requested(work, told)


def test_three_are_open_about_one_listing_and_ten_asked_for_in_a_day(work, told):
    for _ in range(3):
        made.requested(work, told)
    with pytest.raises(Conflict, match="3 quotes"):
        made.requested(work, told)
    for row in work.scalars(sa.select(QuoteRequest)).all():
        quote_request.withdraw(work, row, actor=told.buyer.actor)
    for _ in range(7):
        quote_request.withdraw(work, made.requested(work, told), actor=told.buyer.actor)
    with pytest.raises(Conflict, match="10 quotes"):
        made.requested(work, told)
    with clock.moved(timedelta(days=1, hours=1)):
        made.requested(work, told)


def test_an_offer_has_lines_a_visit_and_an_end(work, told):
    row = made.offered(work, told)
    assert row.state is S.offered
    assert [(line.title, line.net_minor) for line in row.offer.lines] == [(i.title, i.net_minor) for i in made.ITEMS]
    assert due(work, row).due_at == row.valid_until == row.offer.valid_until
    assert news(work, told.buyer.user.id) == ["quote.offered"]


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("lines", {"items": ()}),
        ("lines", {"items": (Item("A line", 100),) * 9}),
        ("lines", {"items": (Item(" ", 100),)}),
        ("lines", {"items": (Item("A line", 0),)}),
        ("lines", {"items": (Item("A line", 6_000_000),) * 2}),
        ("visit", {"visit": None}),
        ("days", {"days": 0}),
        ("days", {"days": 31}),
        ("days", {"days": 25}),
        ("note", {"note": "x" * 2001}),
    ],
)
def test_what_an_offer_needs(work, told, field, changes):
    row = made.requested(work, told)
    with pytest.raises(Invalid) as wrong:
        quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing, **changes))
    assert list(wrong.value.fields) == [field]
    assert row.state is S.requested


@pytest.mark.parametrize("days", [-1, 69, 71, 80])
def test_a_visit_is_ahead_and_within_what_money_can_be_held_for(work, told, days):
    row, visit = made.requested(work, told), made.visit(told.listing, days)

    def offer():
        return quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing, visit=visit))

    if days == 69:
        assert offer().number == 1
        return
    with pytest.raises(Invalid) as wrong:
        offer()
    assert "visit" in wrong.value.fields


def test_hours_that_do_not_go_forward_or_that_the_clocks_skip_make_no_visit(told):
    assert made.visit(told.listing, 20, time(12), time(8)) is None
    assert made.visit(told.listing, 20, time(8), time(8)) is None


def test_a_changed_offer_is_a_new_one_and_the_old_one_is_no_longer_accepted(work, told):
    row = made.offered(work, told)
    dearer = made.terms(told.listing, items=(Item("Report for two boards", 400_00),), days=3)
    quote_request.offer(work, row, actor=told.seller.actor, terms=dearer, after=1)
    assert [one.number for one in row.offers] == [1, 2]
    assert due(work, row).due_at == row.valid_until == row.offer.valid_until
    assert news(work, told.buyer.user.id) == ["quote.offered"] * 2
    with pytest.raises(OfferChanged):
        quote_request.accept(work, row, actor=told.buyer.actor, number=1)
    with pytest.raises(OfferChanged):
        quote_request.offer(work, row, actor=told.seller.actor, terms=dearer, after=1)
    assert row.state is S.offered
    assert quote_request.accept(work, row, actor=told.buyer.actor, number=2).lines[0].net_minor == 400_00


def test_what_is_accepted_is_a_checkout_at_the_offer_s_price(work, told):
    row, begun = made.accepted(work, told)
    assert row.state is S.accepted
    assert [(one.title, one.net_minor, one.vat_minor) for one in begun.lines] == [
        ("Report for two boards", 310_00, 62_00),
        ("New main switch", 85_50, 17_10),
    ]
    assert (begun.gross_minor, begun.total_minor) == (474_60, 479_60)
    assert quote_request.accept(work, row, actor=told.buyer.actor, number=1) is begun
    assert news(work, told.seller.user.id) == ["quote.requested", "quote.accepted"]
    with pytest.raises(IllegalMove):
        quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing), after=1)
    assert not checkout.refresh_price(work, begun)


def test_the_order_has_visit_place_and_lines_of_the_quote(work, told):
    row, begun = made.accepted(work, told)
    payment = submit(work, told, begun)
    capture.follow(work, payment, commerce.intent(payment))
    order = commerce.order_of(work, payment)
    assert (order.visit_start, order.visit_end) == (row.offer.visit_start, row.offer.visit_end)
    assert (order.site_postcode, order.access_notes) == ("BS3 1NG", "Ring twice")
    assert [line.title for line in order.lines] == [item.title for item in made.ITEMS]
    assert order.total_minor == begun.total_minor == payment.amount_minor
    assert quote_request.of_checkout(work, order.checkout_id) == row.id
    assert quote_request.accept(work, row, actor=told.buyer.actor, number=1) is begun


def test_a_listing_that_changed_its_price_does_not_change_the_quote(work, told):
    _, begun = made.accepted(work, told)
    listings.revise(work, told.listing, actor=told.seller.actor)
    told.listing.price_minor = 999_00
    work.flush()
    assert not checkout.refresh_price(work, begun)
    assert submit(work, told, begun).amount_minor == 479_60


def test_vat_is_that_of_the_day_and_a_change_is_shown_before_anybody_pays(work, told):
    _, begun = made.accepted(work, told)
    seen = begun.quote_fingerprint
    vat_status.declare(work, told.seller.seller, actor=told.seller.actor, registered=False)
    with pytest.raises(checkout.PriceChanged):
        submit(work, told, begun)
    assert checkout.refresh_price(work, begun)
    assert (begun.gross_minor, begun.total_minor) == (395_50, 400_50)
    assert begun.quote_fingerprint != seen
    submit(work, told, begun)


def test_an_offer_ends_and_with_it_what_can_be_ordered_from_it(work, told):
    row, begun = made.accepted(work, told)
    with clock.moved(timedelta(days=7, minutes=1)):
        with pytest.raises(Conflict, match="no longer valid"):
            submit(work, told, begun)
        checkout.lapse(work, begun, actor=CLOCKWORK)
        assert row.state is S.offered
        with pytest.raises(Conflict, match="no longer valid"):
            quote_request.accept(work, row, actor=told.buyer.actor, number=1)
        timer.fire(work, due(work, row).id)
    assert row.state is S.expired
    for user in (told.buyer.user, told.seller.user):
        assert news(work, user.id)[-1] == "quote.expired"


def test_a_checkout_that_ends_unpaid_leaves_the_offer_open(work, told):
    row, begun = made.accepted(work, told)
    submit(work, told, begun)
    checkout.cancel(work, begun, actor=told.buyer.actor)
    assert row.state is S.offered
    again = quote_request.accept(work, row, actor=told.buyer.actor, number=1)
    assert again.id != begun.id
    assert again.total_minor == begun.total_minor
    assert begun.state is CheckoutState.abandoned
    submit(work, told, again)
    checkout.lapse(work, again, actor=CLOCKWORK)
    assert row.state is S.offered


def test_a_request_nobody_answers_runs_out(work, told):
    row = made.requested(work, told)
    with clock.moved(timedelta(days=7, minutes=1)):
        timer.fire(work, due(work, row).id)
    assert row.state is S.expired
    with pytest.raises(IllegalMove):
        quote_request.offer(work, row, actor=told.seller.actor, terms=made.terms(told.listing))


def test_each_side_turns_away_in_its_own_way(work, told):
    first, second, third = made.requested(work, told), made.offered(work, told), made.offered(work, told)
    with pytest.raises(Invalid):
        quote_request.decline(work, first, actor=told.seller.actor, code="nothing")
    with pytest.raises(Invalid):
        quote_request.decline(work, first, actor=told.seller.actor, code="other")
    with pytest.raises(IllegalMove):
        quote_request.refuse(work, first, actor=told.buyer.actor)
    with pytest.raises(IllegalMove):
        quote_request.withdraw(work, second, actor=told.buyer.actor)
    moved = quote_request.decline(work, first, actor=told.seller.actor, code="too_far", reason="Past the bridge.")
    quote_request.refuse(work, second, actor=told.buyer.actor)
    quote_request.decline(work, third, actor=told.seller.actor, code="too_busy")
    assert moved.reason == "Too far away: Past the bridge."
    assert [one.state for one in (first, second, third)] == [S.declined, S.refused, S.declined]
    with pytest.raises(IllegalMove):
        quote_request.accept(work, third, actor=told.buyer.actor, number=1)


def test_only_the_two_sides_act_each_in_its_part(work, told):
    row, other = made.offered(work, told), people.provider(work, "Severn Sparks")
    for actor in (told.buyer.actor, other.actor):
        with pytest.raises(NotAllowed):
            quote_request.offer(work, row, actor=actor, terms=made.terms(told.listing), after=1)
        with pytest.raises(NotAllowed):
            quote_request.decline(work, row, actor=actor, code="too_far")
    for actor in (told.seller.actor, other.actor, people.customer(work).actor):
        for act in (quote_request.withdraw, quote_request.refuse):
            with pytest.raises(NotAllowed):
                act(work, row, actor=actor)
        with pytest.raises(NotAllowed):
            quote_request.accept(work, row, actor=actor, number=1)


def test_a_job_and_its_offers_are_never_altered(work, told):
    made.offered(work, told)
    for statement in (
        "update quote_request set text = 'Something else entirely, and more of it'",
        "delete from quote_request",
        "update quote_offer set note = ''",
        "update quote_offer_line set net_minor = 1",
    ):
        with pytest.raises(DatabaseError), work.begin_nested():
            work.execute(sa.text(statement))


def _quote(session: Session) -> tuple[commerce.Story, object]:
    del session
    with sessions.session_scope(), unit_of_work(CLOCKWORK) as work:
        told = commerce.story(work)
        return told, made.offered(work, told).id


def test_accepted_while_the_provider_changes_it_it_is_not_accepted(session: Session) -> None:
    told, key = _quote(session)
    dearer = made.terms(told.listing, items=(Item("Report for two boards", 400_00),))
    with pytest.raises(OfferChanged):
        _meanwhile(
            lambda one: quote_request.offer(
                one, one.get_one(QuoteRequest, key), actor=told.seller.actor, terms=dearer, after=1
            ),
            lambda two: quote_request.accept(two, two.get_one(QuoteRequest, key), actor=told.buyer.actor, number=1),
        )
    assert session.get_one(QuoteRequest, key).state is S.offered
    assert session.scalar(sa.select(sa.func.count()).select_from(Checkout)) == 0


def test_changed_while_the_customer_accepts_it_it_stays_as_it_was(session: Session) -> None:
    told, key = _quote(session)
    dearer = made.terms(told.listing, items=(Item("Report for two boards", 400_00),))
    with pytest.raises(IllegalMove):
        _meanwhile(
            lambda one: quote_request.accept(one, one.get_one(QuoteRequest, key), actor=told.buyer.actor, number=1),
            lambda two: quote_request.offer(
                two, two.get_one(QuoteRequest, key), actor=told.seller.actor, terms=dearer, after=1
            ),
        )
    assert [one.number for one in session.get_one(QuoteRequest, key).offers] == [1]


def test_accepted_twice_at_once_it_is_one_checkout(session: Session) -> None:
    told, key = _quote(session)

    def accept(one: Session) -> None:
        quote_request.accept(one, one.get_one(QuoteRequest, key), actor=told.buyer.actor, number=1)

    _meanwhile(accept, accept)
    assert session.scalar(sa.select(sa.func.count()).select_from(Checkout)) == 1


def test_an_offer_that_runs_out_while_it_is_accepted_is_one_or_the_other(session: Session) -> None:
    told, key = _quote(session)
    with pytest.raises(IllegalMove):
        _meanwhile(
            lambda one: quote_request.accept(one, one.get_one(QuoteRequest, key), actor=told.buyer.actor, number=1),
            lambda two: quote_request.lapse(two, two.get_one(QuoteRequest, key), actor=CLOCKWORK),
        )
    assert session.get_one(QuoteRequest, key).state is S.accepted


def test_the_price_shown_is_the_price_of_the_checkout(work, told):
    row = made.offered(work, told)
    found = quote.of_offer(work, told.listing, row.offer, at=clock.now())
    assert found.fingerprint == quote_request.accept(work, row, actor=told.buyer.actor, number=1).quote_fingerprint
