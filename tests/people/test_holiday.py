"""A holiday takes visits off offer and nothing else, and ends by itself."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.services.catalogue import offer
from app.services.commerce import checkout, order, quote, quote_request
from app.services.people import absence, holiday
from app.services.people.vat_status import today
from app.services.platform import clock
from models.commerce.order import OrderState
from models.commerce.quote_request import QuoteRequest
from models.errors import Conflict, Invalid, NotFound
from models.people.seller import Seller
from models.platform.audit_event import AuditEvent
from tests.factories import commerce, people
from tests.factories import quote as quotes


@pytest.fixture
def row(session, told):
    return session.get_one(Seller, told.seller.seller.id)


@pytest.fixture
def away(session, row, told):
    """Away for so many days, counted from today."""

    def go(first: int, back: int, note: str = "") -> None:
        day = today()
        days = {"from_day": day + timedelta(first), "until_day": day + timedelta(back)}
        holiday.set_away(session, row, actor=told.seller.actor, note=note, **days)
        session.commit()

    return go


def offered(session, told) -> list[date]:
    return [one.day for one in offer.on_offer(session, told.listing, now=clock.now())]


def test_no_visit_of_those_days_is_on_offer_and_later_ones_are(session, told, away):
    before = offered(session, told)
    away(2, 20)
    first, back = today() + timedelta(2), today() + timedelta(20)
    after = offered(session, told)
    assert not [day for day in after if first <= day < back]
    assert [day for day in after if day < first] == [day for day in before if day < first]
    assert [day for day in after if day >= back]


def test_the_first_day_back_is_on_offer(session, told, away):
    third = sorted(set(offered(session, told)))[2]
    away(0, (third - today()).days)
    assert offered(session, told)[0] == third


def test_a_holiday_that_is_far_off_changes_nothing_yet(session, told, away):
    before = offered(session, told)
    away(60, 70)
    assert offered(session, told) == before


def test_no_offered_visit_ends_after_money_can_be_held(session, told, away):
    away(0, 90)
    assert offered(session, told) == []


def test_it_ends_by_itself(session, told, away, row):
    away(0, 5)
    assert absence.of(row).begun
    with clock.moved(timedelta(days=5)):
        assert absence.of(row) is None
        assert absence.of_organisation(session, row.organisation_id) is None


@pytest.mark.parametrize(
    ("first", "back", "field", "said"),
    [
        (-1, 5, "from_day", "today or a later day"),
        (366, 370, "from_day", "in the coming year"),
        (3, 3, "until_day", "after the first day away"),
        (5, 3, "until_day", "after the first day away"),
        (0, 91, "until_day", "at most 90 days"),
    ],
)
def test_days_that_do_not_fit_are_said_at_their_field(away, first, back, field, said):
    with pytest.raises(Invalid) as wrong:
        away(first, back)
    assert said in wrong.value.fields[field]


def test_ninety_days_from_today_are_taken_and_a_note_has_its_limit(away, row):
    away(0, 90, "Call Bryn")
    assert absence.of(row).days == 90
    with pytest.raises(Invalid, match="cannot be taken"):
        away(0, 3, "x" * 301)


def test_a_holiday_that_runs_can_be_made_longer(session, told, away, row):
    away(0, 5)
    begun = today()
    with clock.moved(timedelta(days=3)):
        holiday.set_away(session, row, actor=told.seller.actor, from_day=begun, until_day=begun + timedelta(9), note="")
        assert absence.of(row).days == 9


def test_it_can_be_ended_early_and_only_once(session, told, away, row):
    away(0, 30, "Gone")
    with clock.moved(timedelta(days=2)):
        holiday.end(session, row, actor=told.seller.actor)
        assert (row.away_until, row.away_note) == (today(), "")
        with pytest.raises(Conflict):
            holiday.end(session, row, actor=told.seller.actor)


def test_one_that_has_not_begun_is_taken_back_whole(session, told, away, row):
    away(4, 8)
    holiday.end(session, row, actor=told.seller.actor)
    assert (row.away_from, row.away_until) == (None, None)


def test_nobody_sends_another_business_away(session, arrange, row):
    rival = arrange(people.provider, "Severn Sparks").actor
    with pytest.raises(NotFound):
        holiday.set_away(session, row, actor=rival, from_day=today(), until_day=today() + timedelta(2), note="")
    with pytest.raises(NotFound):
        holiday.end(session, row, actor=rival)


def test_it_is_on_the_trail_with_its_words_aside(session, away):
    away(0, 5, "Call Bryn on 0117 496 0121")
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.verb == "holiday.set")).one()
    assert "Bryn" not in str(event.after)
    assert event.after["away_from"] == today().isoformat()


def test_a_checkout_from_before_is_refused_in_plain_words(session, arrange, told, away):
    row = arrange(commerce.draft, told)
    wanted = offer.on_offer(session, told.listing, now=clock.now())[0]
    away(0, 10)
    price = quote.of_listing(session, told.listing, at=clock.now())
    with pytest.raises(Invalid) as wrong:
        checkout.submit(
            session,
            session.merge(row),
            actor=told.buyer.actor,
            window_key=wanted.key,
            site=commerce.SITE,
            told=checkout.Told(commerce.CANCELLATION, commerce.EXPRESS),
            fingerprint=price.fingerprint,
            provider="simulator",
        )
    assert "Avon Electrical Testing is away until" in wrong.value.fields["window"]


def test_what_was_ordered_before_goes_on(session, arrange, told, away):
    made = arrange(commerce.paid, told)
    away(0, 30)
    within = holiday.visits_within(
        session, told.seller.organisation.id, from_day=today(), until_day=today() + timedelta(30)
    )
    assert [one.reference for one in within] == [made.reference]
    order.accept(session, session.merge(made), actor=told.seller.actor)
    assert session.merge(made).state is OrderState.accepted


def test_only_visits_of_those_days_are_within(session, arrange, told):
    made = arrange(commerce.paid, told)
    day = made.visit_start.astimezone(holiday.UK).date()

    def within(first: date, back: date) -> int:
        return len(holiday.visits_within(session, told.seller.organisation.id, from_day=first, until_day=back))

    assert within(day, day + timedelta(1)) == 1
    assert within(day - timedelta(5), day) == within(day + timedelta(1), day + timedelta(5)) == 0


def test_a_visit_of_several_days_is_within_when_any_of_them_is(session, arrange, told):
    made = session.merge(arrange(commerce.paid, told))
    day = made.visit_start.astimezone(holiday.UK).date()
    made.visit_end += timedelta(days=2)
    session.flush()

    def within(first: int, back: int) -> int:
        days = {"from_day": day + timedelta(first), "until_day": day + timedelta(back)}
        return len(holiday.visits_within(session, told.seller.organisation.id, **days))

    assert [within(1, 2), within(2, 5), within(-3, 1)] == [1, 1, 1]
    assert [within(3, 5), within(-3, 0)] == [0, 0]


def test_a_holiday_covers_what_begins_before_it_and_ends_in_it():
    day = date(2026, 6, 10)
    gone = absence.Away(day, day + timedelta(3), "", begun=False, soon=False)

    def at(days: int, hour: int = 8) -> datetime:
        return datetime(2026, 6, 10, hour, tzinfo=absence.UK) + timedelta(days)

    assert gone.covers(at(-1), at(0, 12))
    assert gone.covers(at(2), at(6))
    assert gone.covers(at(-2), at(6))
    assert not gone.covers(at(-1), at(0, 0)), "midnight belongs to the day before"
    assert not gone.covers(at(-1))
    assert not gone.covers(at(3), at(4))


def test_quotes_of_those_days_are_within_until_they_are_ordered(session, arrange, told):
    row = arrange(quotes.offered, told)
    day = row.offer.visit_start.astimezone(holiday.UK).date()
    org = told.seller.organisation.id

    def within(first: int = 0, back: int = 1) -> list[object]:
        days = {"from_day": day + timedelta(first), "until_day": day + timedelta(back)}
        return [one.id for one in holiday.quotes_within(session, org, **days)]

    assert within() == [row.id]
    assert within(1, 4) == within(-4, 0) == []
    quote_request.refuse(session, session.get_one(QuoteRequest, row.id), actor=told.buyer.actor)
    assert within() == []
