"""What staff and the clock decide about a seller is told to its owners, with the reasons, in-app and by mail, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.services.people import organisation, seller, trader_cover, trader_document, trader_notice
from app.services.platform import clock, notification_preference
from app.services.platform.notification_event import EVENTS
from models.people.membership import MembershipRole
from models.people.seller import SELLER
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.notification_preference import Digest
from tests.factories import people, trader

LONG = "The photos show another firm's work. " * 30
WISHES = {"quiet_from": None, "quiet_to": None, "zone": "Europe/London", "digest": Digest.off}


def events(session):
    return list(session.scalars(sa.select(Notification.event).order_by(Notification.id)))


def mails(session):
    return session.scalars(sa.select(MailMessage).order_by(MailMessage.id)).all()


@pytest.fixture
def applicant(session):
    return people.provider(session, active=False)


@pytest.fixture
def active(session):
    return people.provider(session)


@pytest.fixture
def staff(session):
    return people.operator(session, "Operations")


def test_an_approval_is_told_and_may_be_switched_off(session, applicant, staff):
    trader.checked(session, applicant.seller, actor=staff)
    notification_preference.change_preferences(session, applicant.user.id, on=(), **WISHES)
    seller.approve(session, applicant.seller, actor=staff)
    assert events(session) == []


def test_reasons_are_told_whole_whatever_somebody_switched_off(session, active, staff):
    notification_preference.change_preferences(session, active.user.id, on=(), **WISHES)
    seller.decide(session, active.seller, "restrict", actor=staff, reason=f"First.\n\n{LONG}")
    assert events(session) == ["trader.restricted"]
    (mail,) = mails(session)
    assert f"First.\n\n{LONG.strip()}" in session.scalars(sa.select(Notification.text)).one()
    assert LONG.strip()[-60:] in " ".join(mail.text.split())
    assert "within six months" in " ".join(mail.text.split())


@pytest.mark.parametrize(("event", "code"), [("ask_for_more", "trader.more_needed"), ("reject", "trader.refused")])
def test_what_is_decided_about_an_application_is_told(session, applicant, staff, event, code):
    seller.decide(session, applicant.seller, event, actor=staff, reason="The certificate is unreadable.")
    assert events(session) == [code]
    (mail,) = mails(session)
    assert "The certificate is unreadable." in mail.text


def test_notice_is_given_with_its_day_and_taken_back(session, active, staff):
    ends = clock.now() + timedelta(days=31)
    seller.notice_terminate(session, active.seller, actor=staff, reason="We leave Bristol.", effective_at=ends)
    seller.decide(session, active.seller, "appeal_upheld", actor=staff, reason="We stay.")
    assert events(session) == ["trader.notice", "trader.notice_withdrawn"]
    assert mails(session)[0].subject.startswith("Our contract with Avon Electrical Testing ends on ")


def test_a_member_who_does_not_own_the_business_is_not_told(session, active, staff):
    mate = people.customer(session).user
    organisation.add_member(session, active.organisation, mate, role=MembershipRole.member)
    seller.decide(session, active.seller, "restrict", actor=staff, reason="Complaints.")
    assert list(session.scalars(sa.select(Notification.user_id))) == [active.user.id]


def test_out_of_the_shop_and_back_twice_in_a_day_is_told_four_times(session, active, staff):
    for event in ("restrict", "lift") * 2:
        seller.decide(session, active.seller, event, actor=staff, reason="Because.")
    assert events(session) == ["trader.restricted", "trader.back"] * 2
    assert len(mails(session)) == 4


def test_a_document_that_is_not_taken_is_told_once(session, active, staff):
    paper = trader.policy(session, active.seller, actor=active.actor, days=300)
    trader_document.refuse(session, paper, actor=staff, reason="It is cut off.")
    trader_notice.refused(session, paper, "It is cut off.")
    assert events(session) == ["trader.document_refused"]
    assert len(mails(session)) == 1
    assert trader_cover.covered(session, active.seller, paper.kind, clock.now().date())


def test_every_move_that_others_make_is_told(session):
    made_by_others = {move.event for move in SELLER.moves if "seller" not in {kind.value for kind in move.who}}
    assert made_by_others == set(trader_notice.DECIDED)
    assert {code for code, _ in trader_notice.DECIDED.values()} <= set(EVENTS)
    may_wait = {code for code, event in EVENTS.items() if code.startswith("trader.") and event.may_be_switched_off}
    assert may_wait == {"trader.approved", "trader.back"}
