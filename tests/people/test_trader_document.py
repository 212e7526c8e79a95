"""Insurance runs out by the clock: the seller is told before, hidden on the day after, and back when it is checked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.catalogue import search
from app.services.people import seller as sellers
from app.services.people import trader_cover, trader_document
from app.services.platform import clock, timer
from models.errors import GuardFailed, NotAllowed
from models.people.seller import Seller, SellerState
from models.people.trader_document import DocumentKind, DocumentState
from models.platform.mail_message import MailMessage
from models.platform.timer import TimerRow, TimerState
from tests.factories import catalogue, people, trader


@pytest.fixture
def told(session: Session) -> people.SellingParty:
    """An active seller whose policy ends in forty days, with a live listing."""
    made = people.provider(session, days=40)
    catalogue.live(session, made.actor)
    return made


def pass_days(session: Session, days: int) -> None:
    """Every timer that is due up to then fires at its own moment."""
    until = clock.now() + timedelta(days=days)
    while True:
        waiting = sa.select(TimerRow).where(
            TimerRow.machine == "trader_document", TimerRow.state == TimerState.waiting, TimerRow.due_at <= until
        )
        found = session.scalars(waiting.order_by(TimerRow.due_at, TimerRow.id).limit(1)).first()
        if found is None:
            return
        ahead = max(found.due_at - clock.now(), timedelta()) + timedelta(seconds=1)
        with clock.moved(ahead):
            timer.fire(session, found.id)
        session.flush()


def subjects(session: Session) -> list[str]:
    return list(session.scalars(sa.select(MailMessage.subject).order_by(MailMessage.id)))


def on_sale(session: Session) -> int:
    return search.find(session).total


def test_the_seller_is_told_thirty_fourteen_and_three_days_before(session: Session, told) -> None:
    pass_days(session, 39)
    endings = [one for one in subjects(session) if "runs out" in one]
    assert endings == [f"Public liability insurance of {told.seller} runs out in {days} days" for days in (30, 14, 3)]
    assert (told.seller.state, on_sale(session)) == (SellerState.active, 1)


def test_on_the_day_after_nothing_is_sold_and_a_checked_policy_brings_it_back(session: Session, told) -> None:
    pass_days(session, 42)
    assert (told.seller.state, on_sale(session)) == (SellerState.restricted, 0)
    assert trader_cover.by_itself(session, told.seller)
    with clock.moved(timedelta(days=42)):
        fresh = trader.policy(session, told.seller, actor=told.actor, days=300)
        assert told.seller.state is SellerState.restricted
        trader_document.check(session, fresh, actor=people.operator(session, "Operations"))
        assert (told.seller.state, on_sale(session)) == (SellerState.active, 1)
    assert f"Nothing of {told.seller} is sold at the moment" in subjects(session)
    assert f"{told.seller} sells again" in subjects(session)


def test_a_policy_checked_ahead_means_no_gap_and_no_reminder(session: Session, told) -> None:
    with clock.moved(timedelta(days=5)):
        ahead = trader.policy(session, told.seller, actor=told.actor, begins=30, days=400)
        trader_document.check(session, ahead, actor=people.operator(session, "Operations"))
    pass_days(session, 60)
    assert told.seller.state is SellerState.active
    assert not [one for one in subjects(session) if "runs out" in one or "Nothing of" in one]


def test_a_renewal_that_begins_later_brings_it_back_on_its_day(session: Session, told) -> None:
    late = trader.policy(session, told.seller, actor=told.actor, begins=50, days=400)
    trader_document.check(session, late, actor=people.operator(session, "Operations"))
    pass_days(session, 42)
    assert told.seller.state is SellerState.restricted
    for days, state in ((45, SellerState.restricted), (51, SellerState.active)):
        with clock.moved(timedelta(days=days)):
            for row in trader_cover.unsettled(session):
                trader_cover.settle(session, row)
        assert told.seller.state is state


def test_what_a_person_restricted_a_document_does_not_lift(session: Session, told) -> None:
    staff = people.operator(session, "Operations")
    sellers.decide(session, told.seller, "restrict", actor=staff, reason="Complaints.")
    fresh = trader.policy(session, told.seller, actor=told.actor, days=300)
    trader_document.check(session, fresh, actor=staff)
    assert told.seller.state is SellerState.restricted


def test_indemnity_that_runs_out_hides_nothing(session: Session, told) -> None:
    one = trader.policy(
        session, told.seller, actor=told.actor, days=5, kind=DocumentKind.professional_indemnity
    )  # fmt: skip
    trader_document.check(session, one, actor=people.operator(session, "Operations"))
    pass_days(session, 7)
    assert (one.state, told.seller.state) == (DocumentState.expired, SellerState.active)


def test_a_document_that_has_run_out_is_not_checked(session: Session, told) -> None:
    fresh = trader.policy(session, told.seller, actor=told.actor, days=3)
    with clock.moved(timedelta(days=4)), pytest.raises(GuardFailed, match="has run out"):
        trader_document.check(session, fresh, actor=people.operator(session, "Operations"))


def test_another_organisation_hands_nothing_in(session: Session, told) -> None:
    other = people.provider(session, name="Severn Sparks")
    with pytest.raises(NotAllowed):
        trader.policy(session, told.seller, actor=other.actor)
    assert session.get_one(Seller, told.seller.id).to_check_since is None
