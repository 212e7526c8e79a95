"""News reaches people once, by the channels they chose, not in their quiet hours, and gathered if they like."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app.services.platform import clock, notification, notification_preference, unsubscribe
from app.services.platform.notification_event import EVENTS, GROUPS, Channel, optional_groups
from app.services.platform.notification_hours import digest_slot, next_open
from models.errors import Invalid, NotFound
from models.platform.mail_message import MailMessage
from models.platform.notification import Notification
from models.platform.notification_preference import Digest
from models.platform.outbox_message import OutboxMessage
from tests.factories import people

EVERYTHING = frozenset((group, channel) for group in optional_groups() for channel in Channel)
ACCEPTED = {"order": "FX-1", "seller": "Avon", "when": "Tuesday", "title": "Report"}
SENT = {"order": "FX-1", "amount": (24_000, "GBP")}
LONDON = ZoneInfo("Europe/London")


@pytest.fixture
def ann(arrange):
    return arrange(people.customer)


def prefer(work, user_id, **changes):
    wanted = {
        "on": EVERYTHING,
        "quiet_from": None,
        "quiet_to": None,
        "zone": "Europe/London",
        "digest": Digest.off,
        **changes,
    }
    return notification_preference.change_preferences(work, user_id, **wanted)


def tell(work, to, event="order.accepted", key="k", words=None):
    words = words or (SENT if event.startswith("refund") else ACCEPTED)
    notification.tell(work, event, to=to, words=words, link="/orders/FX-1", key=key)


def mails(session):
    session.expire_all()
    return session.scalars(sa.select(MailMessage).order_by(MailMessage.id)).all()


def test_told_twice_is_told_once_on_the_site_and_by_mail(arrange, session, ann):
    for _ in range(2):
        arrange(tell, ann.user.id)
    assert session.scalar(sa.select(sa.func.count()).select_from(Notification)) == 1
    (mail,) = mails(session)
    assert mail.subject == "FX-1: Avon accepted your order"
    assert "http://localhost/orders/FX-1" in mail.text
    assert "/unsubscribe/" in mail.unsubscribe_url


def test_an_organisation_is_all_its_members_who_may_sign_in(arrange, session, ann):
    from models.people.membership import Membership, MembershipRole

    other = arrange(people.customer, name="Bea Orr")
    gone = arrange(people.customer, name="Cay Orr")

    def join(work):
        for party in (other, gone):
            work.add(Membership(user_id=party.user.id, organisation_id=ann.organisation.id, role=MembershipRole.member))
        work.get_one(type(gone.user), gone.user.id).active = False

    arrange(join)
    arrange(tell, ann.organisation.id)
    told = set(session.scalars(sa.select(Notification.user_id)))
    assert told == {ann.user.id, other.user.id}


def test_what_was_switched_off_is_not_told_there(arrange, session, ann):
    arrange(prefer, ann.user.id, on=EVERYTHING - {("progress", Channel.mail)})
    arrange(tell, ann.user.id)
    assert mails(session) == []
    assert notification.unread_count(session, ann.user.id) == 1
    arrange(prefer, ann.user.id, on=EVERYTHING - {("progress", Channel.in_app)})
    arrange(tell, ann.user.id, key="second")
    assert len(mails(session)) == 1
    assert notification.unread_count(session, ann.user.id) == 1


def test_money_is_told_at_once_whatever_somebody_prefers(arrange, session, ann):
    arrange(prefer, ann.user.id, on=frozenset(), digest=Digest.weekly, quiet_from=time(0), quiet_to=time(23, 59))
    arrange(tell, ann.user.id, "refund.sent")
    (mail,) = mails(session)
    assert "£240.00" in mail.subject
    assert mail.unsubscribe_url == ""
    due = session.scalars(sa.select(OutboxMessage.not_before).where(OutboxMessage.key == f"mail:{mail.id}")).one()
    assert due <= clock.real()


def test_quiet_hours_hold_a_mail_back_until_they_end(arrange, session, ann):
    now = clock.now().astimezone(LONDON)
    begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=2)).time()
    arrange(prefer, ann.user.id, quiet_from=begin.replace(second=0), quiet_to=end.replace(second=0, microsecond=0))
    arrange(tell, ann.user.id)
    (mail,) = mails(session)
    due = session.scalars(sa.select(OutboxMessage.not_before).where(OutboxMessage.key == f"mail:{mail.id}")).one()
    assert timedelta(hours=1, minutes=58) < due - clock.real() <= timedelta(hours=2)


@pytest.mark.parametrize(
    ("now", "start", "end", "zone", "expected"),
    [
        # an ordinary night, before and after midnight, and outside of it
        ("2026-01-10T23:00Z", time(22), time(7), "Europe/London", "2026-01-11T07:00Z"),
        ("2026-01-10T03:00Z", time(22), time(7), "Europe/London", "2026-01-10T07:00Z"),
        ("2026-01-10T12:00Z", time(22), time(7), "Europe/London", None),
        ("2026-01-10T07:00Z", time(22), time(7), "Europe/London", None),
        # the clocks go forward at 01:00 UTC on 29 March: seven o'clock comes an hour sooner
        ("2026-03-28T23:00Z", time(22), time(7), "Europe/London", "2026-03-29T06:00Z"),
        # an end in the hour that is skipped is the moment after the gap
        ("2026-03-29T00:30Z", time(22), time(1, 30), "Europe/London", "2026-03-29T01:30Z"),
        # the clocks go back at 01:00 UTC on 25 October: seven o'clock comes an hour later
        ("2026-10-24T23:00Z", time(22), time(7), "Europe/London", "2026-10-25T07:00Z"),
        # an end in the hour that comes twice is its first coming
        ("2026-10-24T23:30Z", time(22), time(1, 30), "Europe/London", "2026-10-25T00:30Z"),
        # another zone
        ("2026-07-01T20:30Z", time(22), time(7), "Europe/Athens", "2026-07-02T04:00Z"),
        ("2026-07-01T14:00Z", time(12), time(13), "America/New_York", None),
    ],
)
def test_quiet_hours_follow_the_clock_on_the_wall_over_its_changes(now, start, end, zone, expected):
    found = next_open(datetime.fromisoformat(now), start, end, zone)
    assert found == (datetime.fromisoformat(expected) if expected else None)


def test_a_digest_is_due_at_eight_on_the_wall_in_winter_and_summer():
    def slot(text, *, weekly):
        return digest_slot(datetime.fromisoformat(text), "Europe/London", weekly=weekly).astimezone(UTC)

    assert slot("2026-03-28T09:00Z", weekly=False) == datetime(2026, 3, 28, 8, tzinfo=UTC)
    assert slot("2026-03-29T07:00Z", weekly=False) == datetime(2026, 3, 29, 7, tzinfo=UTC)
    assert slot("2026-03-29T06:59Z", weekly=False) == datetime(2026, 3, 28, 8, tzinfo=UTC)
    assert slot("2026-03-31T12:00Z", weekly=True) == datetime(2026, 3, 30, 7, tzinfo=UTC)
    assert slot("2026-03-29T12:00Z", weekly=True) == datetime(2026, 3, 23, 8, tzinfo=UTC)


def test_a_digest_gathers_and_is_sent_once_per_slot(arrange, session, ann):
    arrange(prefer, ann.user.id, digest=Digest.daily)
    for number in range(3):
        arrange(tell, ann.user.id, key=f"k{number}")
    assert mails(session) == []
    assert notification.due_digests(session) == [ann.user.id]
    assert [arrange(notification.send_digest, ann.user.id) for _ in range(2)] == [True, False]
    (mail,) = mails(session)
    assert mail.subject == "3 things since we last wrote"
    assert mail.text.count("FX-1: Avon accepted your order") == 3
    arrange(tell, ann.user.id, key="later")
    assert notification.due_digests(session) == []
    with clock.moved(timedelta(days=1)):
        assert arrange(notification.send_digest, ann.user.id)
    assert mails(session)[-1].subject == "1 thing since we last wrote"


def test_what_was_gathered_goes_out_when_the_digest_is_switched_off(arrange, session, ann):
    arrange(prefer, ann.user.id, digest=Digest.weekly)
    arrange(notification.send_digest, ann.user.id)
    arrange(tell, ann.user.id)
    arrange(prefer, ann.user.id, digest=Digest.off)
    assert notification.due_digests(session) == [ann.user.id]
    assert arrange(notification.send_digest, ann.user.id)


def test_wrong_preferences_are_refused_at_their_field(arrange, ann):
    for changes, field in (
        ({"quiet_from": time(22)}, "quiet_to"),
        ({"quiet_to": time(22)}, "quiet_from"),
        ({"quiet_from": time(22), "quiet_to": time(22)}, "quiet_to"),
        ({"zone": "Mars/Olympus"}, "zone"),
    ):
        with pytest.raises(Invalid) as refused:
            arrange(prefer, ann.user.id, **changes)
        assert set(refused.value.fields) == {field}


def test_words_make_no_paragraph_and_no_link_of_their_own(arrange, session, ann):
    evil = "Log in\n\nYour account: https://evil.test/x"
    arrange(tell, ann.user.id, words={**ACCEPTED, "seller": evil})
    (mail,) = mails(session)
    assert 'href="https://evil' not in mail.html
    assert "\n\nYour account" not in mail.text


def test_a_link_that_leaves_this_site_is_a_mistake_of_ours(arrange, ann):
    for link in ("https://evil.test/", "//evil.test/"):
        with pytest.raises(ValueError, match="no path"):
            arrange(notification.tell, "order.accepted", to=ann.user.id, words=ACCEPTED, link=link, key="k")


def test_an_unsubscribe_link_holds_for_its_person_and_group_and_not_for_ever(app, arrange, session, ann, monkeypatch):
    token = unsubscribe.address(ann.user.id, "progress").rpartition("/")[2]
    assert unsubscribe.read(token) == unsubscribe.Wish(ann.user.id, "progress")
    for forged in (token[:-2] + ("AA" if token[-2:] != "AA" else "BB"), "x", token.swapcase(), f"a.{token}"):
        with pytest.raises(NotFound):
            unsubscribe.read(forged)
    monkeypatch.setattr(unsubscribe, "VALID_SECONDS", -1)
    with pytest.raises(NotFound):
        unsubscribe.read(token)


def test_every_event_has_words_and_a_way_to_say_them():
    assert all(event.line and event.text for event in EVENTS.values())
    said = " ".join(f"{event.title} {event.line} {event.text}" for event in EVENTS.values())
    assert "!" not in said
    assert "escrow" not in said.lower()


def test_every_group_has_something_to_tell():
    assert set(GROUPS) == {event.group for event in EVENTS.values()}
