"""What is saved is saved once, keeps its price of then, and is told of when it costs less."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.services.catalogue import favourite
from app.services.catalogue import listing as listings
from app.services.platform import notification_preference
from app.services.platform.notification_event import Channel, optional_groups
from models.catalogue.favourite import Favourite
from models.errors import Conflict, NotFound
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.notification_preference import Digest
from models.platform.outbox_message import OutboxMessage
from tests.factories import catalogue, people

JOB = "catalogue.favourite.tell_cheaper"


@pytest.fixture
def me(told) -> int:
    return told.buyer.user.id


@pytest.fixture
def saved(arrange, told, me):
    arrange(favourite.save_listing, told.listing.slug, user_id=me)
    return told.listing


@pytest.fixture
def priced(arrange, told):
    """Takes the listing out, writes another net price, and has it approved again."""

    def change(price_minor: int) -> None:
        def all_of_it(work):
            row = listings.find_own(work, told.listing.slug, actor=told.seller.actor)
            listings.revise(work, row, actor=told.seller.actor)
            listings.edit(work, row, catalogue.terms(price_minor=price_minor), actor=told.seller.actor)
            listings.submit(work, row, actor=told.seller.actor)
            catalogue.approve(work, row, catalogue.moderator(work))

        arrange(all_of_it)

    return change


def mine(session) -> list[Favourite]:
    session.rollback()
    return list(session.scalars(sa.select(Favourite).order_by(Favourite.id)))


def news(session) -> list[str]:
    session.rollback()
    return list(session.scalars(sa.select(Notification.line).order_by(Notification.id)))


def asked_for(session) -> int:
    session.rollback()
    return session.scalar(sa.select(sa.func.count()).where(OutboxMessage.job == JOB)) or 0


def test_a_listing_is_saved_once_with_the_all_in_price_of_that_day(arrange, session, saved, me, priced):
    priced(20_000)
    arrange(favourite.save_listing, saved.slug, user_id=me)
    (row,) = mine(session)
    assert (row.name, row.price_minor, row.currency) == (saved.title, 29_300, "GBP")


def test_what_is_not_offered_cannot_be_saved(arrange, told, me):
    draft = arrange(catalogue.draft, told.seller.actor)
    for verb, slug in (
        (favourite.save_listing, draft.slug),
        (favourite.save_listing, "nothing\0"),
        (favourite.save_seller, "nobody"),
    ):
        with pytest.raises(NotFound):
            arrange(verb, slug, user_id=me)


def test_a_seller_is_saved_and_dropped(arrange, session, told, me):
    slug = told.seller.organisation.slug
    for _ in range(2):
        arrange(favourite.save_seller, slug, user_id=me)
    assert favourite.has_seller(session, me, told.seller.organisation.id)
    arrange(favourite.drop_seller, slug, user_id=me)
    assert not mine(session)


def test_each_person_has_a_list_of_their_own(arrange, session, saved, me):
    other = arrange(people.customer, name="Tom Hale").user.id
    (row,) = mine(session)
    with pytest.raises(NotFound):
        arrange(favourite.take_off, row.id, user_id=other)
    arrange(favourite.drop_listing, saved.slug, user_id=other)
    assert favourite.saved_among(session, me, [saved.id]) == {saved.id}
    assert favourite.saved_among(session, other, [saved.id]) == set()


def test_what_was_taken_off_comes_back_with_its_price_of_then(arrange, session, saved, me, priced):
    (row,) = mine(session)
    since = row.created_at
    taken = arrange(favourite.take_off, row.id, user_id=me)
    assert not mine(session)
    priced(20_000)
    arrange(favourite.put_back, taken, user_id=me)
    (back,) = mine(session)
    assert (back.price_minor, back.created_at) == (29_300, since)


def test_a_list_is_not_endless(arrange, session, told, me, monkeypatch):
    monkeypatch.setattr(favourite, "MOST", 1)
    arrange(favourite.save_seller, told.seller.organisation.slug, user_id=me)
    with pytest.raises(Conflict, match="Take some off"):
        arrange(favourite.save_listing, told.listing.slug, user_id=me)


def test_a_change_is_looked_at_only_when_somebody_saved_it(session, arrange, told, me, priced):
    priced(20_000)
    assert asked_for(session) == 0
    arrange(favourite.save_listing, told.listing.slug, user_id=me)
    priced(19_000)
    assert asked_for(session) == 1


def test_a_lower_price_is_told_once_for_each_price(arrange, session, saved, priced):
    priced(20_000)
    for _ in range(2):
        arrange(favourite.tell_cheaper, saved.id)
    assert news(session) == [f"{saved.title} costs less: £245.00 all-in"]
    priced(19_000)
    arrange(favourite.tell_cheaper)
    assert len(news(session)) == 2
    priced(20_000)
    assert arrange(favourite.tell_cheaper) == 0
    assert len(news(session)) == 2


def test_the_same_or_a_higher_price_is_no_news(arrange, session, saved, priced):
    assert arrange(favourite.tell_cheaper) == 0
    priced(25_000)
    assert arrange(favourite.tell_cheaper, saved.id) == 0
    assert news(session) == []


def test_what_left_the_shop_is_no_news(arrange, session, told, saved, priced):
    priced(20_000)

    def pause(work):
        listings.pause(work, listings.find_own(work, saved.slug, actor=told.seller.actor), actor=told.seller.actor)

    arrange(pause)
    assert arrange(favourite.tell_cheaper) == 0


def test_by_mail_a_lower_price_waits_for_the_summary(arrange, session, saved, me, priced):
    """Without one it is told on the site alone."""
    priced(20_000)
    arrange(favourite.tell_cheaper)
    everything = {(group, channel) for group in optional_groups() for channel in Channel}
    arrange(
        notification_preference.change_preferences,
        me,
        on=everything,
        quiet_from=None,
        quiet_to=None,
        zone="Europe/London",
        digest=Digest.daily,
    )
    priced(19_000)
    arrange(favourite.tell_cheaper)
    session.rollback()
    kept = session.execute(sa.select(Notification.digest, Notification.mailed_at).order_by(Notification.id)).all()
    assert [tuple(one) for one in kept] == [(False, None), (True, None)]
    assert session.scalar(sa.select(sa.func.count()).select_from(MailMessage).where(MailMessage.user_id == me)) == 0


def test_who_does_not_want_it_is_not_told(arrange, session, saved, me, priced):
    arrange(notification_preference.switch_off, me, [("favourites", channel) for channel in Channel])
    priced(20_000)
    arrange(favourite.tell_cheaper)
    assert news(session) == []
