"""Each move that staff make of a listing is told to its provider, with its reasons and the way to contest it, once."""

from __future__ import annotations

import html

import pytest
import sqlalchemy as sa

from app.services.moderation import decision, listing_news
from app.services.platform import machine, mail, signed_link
from app.services.platform.notification_event import BOTH, EVENTS
from jobs.base import REGISTRY, load_all
from models.actor import ActorKind
from models.catalogue.listing import LISTING
from models.moderation.policy import POLICIES
from models.people.membership import Membership, MembershipRole
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.outbox_message import OutboxMessage
from reports.mail.letter import Sender
from tests.factories import people
from tests.factories.catalogue import live, moderator, provider, submitted

JOB = "moderation.listing_news.tell"
BY_STAFF = [one for one in LISTING.moves if one.who != {ActorKind.seller}]
"""Whatever somebody else than the provider does to its listing."""
WHY = "The flat in the third picture is not the one that is described, and <b>the price</b> leaves out the certificate."


@pytest.fixture(autouse=True)
def _letterhead():
    mail.write_as(Sender("Fixnado Ltd", ("1 Quay",), "help@fixnado.test", "http://localhost", "Europe/London"))
    signed_link.sign_with("x" * 40)


def asked(session):
    return session.scalars(sa.select(OutboxMessage).where(OutboxMessage.job == JOB).order_by(OutboxMessage.id)).all()


def news(session) -> list[MailMessage]:
    """Every message for news, as its job does it; answers the mails, the newest last."""
    for one in asked(session):
        listing_news.tell(session, **one.payload)
    return list(session.scalars(sa.select(MailMessage).order_by(MailMessage.id)))


def decide(session, listing, actor, **changes):
    given = {"approve": False, "policy": "listing.unsafe", "reason": WHY, "expected_version": listing.version}
    return decision.decide(session, listing, actor=actor, **(given | changes))


def suspend(session, listing):
    return decision.suspend(
        session,
        listing,
        actor=moderator(session),
        policy="listing.price",
        reason=WHY,
        expected_version=listing.version,
    )


def plain(mail_message) -> tuple[str, str]:
    """What is read of the text and of the HTML."""
    return mail_message.text, html.unescape(mail_message.html)


@pytest.mark.parametrize("move", BY_STAFF, ids=lambda one: f"{one.source.name}-{one.event}")
def test_every_move_of_a_listing_by_staff_is_told_to_its_provider(session, move):
    event = EVENTS[listing_news.NEWS[move.event]]
    assert (event.may_be_switched_off, event.channels) == (False, BOTH)
    listing, actor = submitted(session, provider(session)), moderator(session)
    listing.state, listing.published_at = move.source, listing.state_entered_at
    session.flush()
    moved = machine.apply(session, listing, move.event, actor=actor)
    (message,) = asked(session)
    assert message.payload == {"event": move.event, "moved": moved.id}


def test_what_is_asked_for_has_a_job():
    load_all()
    assert JOB in REGISTRY
    assert len(BY_STAFF) >= 5


def test_a_provider_reads_a_rejection_whole_with_the_way_to_contest_it(session):
    seller = provider(session)
    listing = submitted(session, seller)
    decide(session, listing, moderator(session))
    (sent,) = news(session)
    rule = POLICIES["listing.unsafe"]
    assert sent.subject == f"{listing.title} is not published"
    for read in plain(sent):
        assert WHY in read
        assert f"The law it rests on: {rule.title}. {rule.rule}" in read
        assert "It holds in the United Kingdom." in read
        assert "nothing automated took part" in read
        assert "You can change the listing and submit it again." in read
        assert "answer the mail about it within six months, free of charge" in read
        assert f"http://localhost/pro/listings/{listing.slug}" in read
    assert "<b>the price</b>" not in sent.html
    assert sent.unsubscribe_url == ""
    shown = session.scalars(sa.select(Notification)).one()
    assert (shown.shown, shown.event, shown.link) == (True, "listing.rejected", f"/pro/listings/{listing.slug}")
    assert (shown.user_id, WHY in shown.text) == (seller.user_id, True)


def test_a_suspended_provider_is_promised_nothing_that_it_cannot_do(session):
    listing = live(session, provider(session))
    suspend(session, listing)
    sent = news(session)[-1]
    assert sent.subject == f"{listing.title} is suspended"
    for read in plain(sent):
        assert WHY in read
        assert f"The rule of ours it rests on: {POLICIES['listing.price'].title}" in read
        assert "out of the shop until we reinstate it" in read
        assert "submit it again" not in read
        assert "within six months" in read


def test_what_comes_into_the_shop_and_back_into_it_is_told_with_what_the_moderator_wrote(session):
    listing = live(session, provider(session))
    suspend(session, listing)
    found = "The certificate was shown, and it is the right one."
    decision.reinstate(session, listing, actor=moderator(session), reason=found, expected_version=listing.version)
    first, _, last = news(session)
    assert first.subject == f"{listing.title} is in the shop"
    assert "Scope, price and area are clear to a customer." in first.text
    assert last.subject == f"{listing.title} is back in the shop"
    assert found in last.text


def test_a_decision_is_told_once_to_each_of_the_provider_and_to_nobody_else(session):
    seller = provider(session)
    other, stranger = people.customer(session), provider(session)
    session.add(Membership(user_id=other.user.id, organisation_id=seller.organisation_id, role=MembershipRole.member))
    decide(session, submitted(session, seller), moderator(session))
    for _ in range(2):  # a job may run twice, and late
        assert len(news(session)) == 2
    told = sorted(session.scalars(sa.select(Notification.user_id)))
    assert told == sorted([seller.user_id, other.user.id])
    assert stranger.user_id not in told


def test_each_of_two_rejections_is_told(session):
    from app.services.catalogue import listing as verbs

    seller = provider(session)
    listing = submitted(session, seller)
    decide(session, listing, moderator(session))
    verbs.resubmit(session, listing, actor=seller)
    verbs.submit(session, listing, actor=seller)
    decide(session, listing, moderator(session))
    assert len(news(session)) == 2


def test_a_refused_decision_asks_for_no_news(session):
    listing = submitted(session, provider(session))
    with pytest.raises(decision.Conflict):
        decide(session, listing, moderator(session), expected_version=listing.version + 1)
    assert asked(session) == []
