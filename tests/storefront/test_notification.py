"""The bell, the list, what one is told, and the link below a mail."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.services.platform import notification, notification_preference, unsubscribe
from app.services.platform.notification_event import Channel
from models.platform.notification import Notification
from models.platform.notification_preference import Digest, NotificationPreference
from tests.storefront.test_statements import asked, statements

__all__ = ["statements"]
WORDS = {"order": "FX-1", "seller": "Avon", "when": "Tuesday", "title": "Report"}


@pytest.fixture
def tell(arrange, told):
    def run(count=1, to=None, start=0):
        def all_of_it(work):
            for number in range(start, start + count):
                words = {**WORDS, "order": f"FX-{number}"}
                key, link = f"k{number}", f"/orders/FX-{number}"
                notification.tell(work, "order.accepted", to=to or told.buyer.user.id, words=words, link=link, key=key)

        arrange(all_of_it)

    return run


def test_nobody_signed_in_is_sent_to_the_door(visitor):
    for path in ("/notifications", "/account/notifications"):
        assert visitor.get(path).status_code in {302, 303, 401}


def test_no_news_says_so(buyer):
    assert "No news" in buyer.page("/notifications")


def test_the_bell_counts_and_reading_quiets_it(buyer, tell):
    tell(3)
    page = buyer.page("/notifications")
    assert "3<span" in page
    assert page.index("FX-2: Avon") < page.index("FX-0: Avon")
    tell(1, start=3)  # came after the page was drawn
    answer = buyer.send("/notifications/read", {"until": _first(page)})
    assert answer.status_code == 303
    assert "1<span" in buyer.page("/notifications")


def _first(page):
    return page.split('name="until" value="')[1].split('"')[0]


def test_opening_one_reads_it_and_leads_to_what_it_is_about(buyer, tell, session):
    tell(2)
    newest = session.scalars(sa.select(Notification).order_by(Notification.id.desc())).first()
    answer = buyer.send(f"/notifications/{newest.id}/open")
    assert (answer.status_code, answer.location) == (303, "/orders/FX-1")
    session.expire_all()
    assert newest.read_at is not None


def test_another_persons_news_is_not_there(stranger, tell, session):
    tell(1)
    one = session.scalars(sa.select(Notification)).one()
    assert stranger.send(f"/notifications/{one.id}/open").status_code == 404
    assert "FX-0" not in stranger.page("/notifications")
    session.expire_all()
    assert one.read_at is None


def test_pages_follow_each_other_without_a_gap(buyer, tell):
    tell(notification.PAGE + 2)
    first = buyer.page("/notifications")
    assert first.count('<article class="line line-news">') == notification.PAGE
    second = first.split('rel="next" href="')[1].split('"')[0]
    rest = buyer.page(second)
    assert rest.count('<article class="line line-news">') == 2
    assert 'rel="next"' not in rest
    assert "No news" not in buyer.page("/notifications?before=nonsense")


def test_the_page_costs_the_same_however_much_news(buyer, tell, statements):
    tell(1)
    one = asked(buyer, "/notifications", statements)
    tell(12, start=1)
    assert asked(buyer, "/notifications", statements) == one


def test_what_one_is_told_is_chosen_and_kept(buyer, told, session):
    typed = {
        "group_progress": ["in_app"],
        "digest": "daily",
        "quiet_from": "22:00",
        "quiet_to": "07:00",
        "zone": "Europe/Dublin",
    }
    assert buyer.send("/account/notifications", typed, seen_on="/account/notifications").status_code == 303
    row = session.get(NotificationPreference, told.buyer.user.id)
    assert "progress:mail" in row.switched_off
    assert "progress:in_app" not in row.switched_off
    assert (row.digest, f"{row.quiet_from:%H:%M}", row.zone) == (Digest.daily, "22:00", "Europe/Dublin")
    page = buyer.page("/account/notifications")
    assert 'value="22:00' in page
    assert 'selected value="Europe/Dublin"' in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"quiet_from": "22:00"}, "Give both times"),
        ({"quiet_from": "25:99", "quiet_to": "07:00"}, "valid time"),
        ({"zone": "Mars/Olympus"}, "Not a valid choice"),
        ({"digest": "hourly"}, "Not a valid choice"),
        ({"group_progress": ["pigeon"]}, "not a valid choice"),
    ],
)
def test_what_cannot_be_taken_comes_back_as_it_was_typed(buyer, told, session, typed, said):
    form = {"digest": "weekly", "zone": "Europe/London", **typed}
    answer = buyer.send("/account/notifications", form, seen_on="/account/notifications")
    assert answer.status_code == 422
    assert said.lower() in answer.text.lower()
    if "digest" not in typed:
        assert 'checked id="digest-2"' in answer.text
    assert session.get(NotificationPreference, told.buyer.user.id) is None


def link(told, group="progress"):
    return "/" + unsubscribe.address(told.buyer.user.id, group).partition("://")[2].partition("/")[2]


def test_looking_at_the_link_changes_nothing_and_its_button_ends_the_mails(visitor, told, session):
    assert "End these mails?" in visitor.page(link(told))
    assert session.get(NotificationPreference, told.buyer.user.id) is None
    for _ in range(2):
        assert "These mails end" in visitor.send(link(told)).text
    session.expire_all()
    assert session.get(NotificationPreference, told.buyer.user.id).switched_off == ["progress:mail"]


def test_a_mail_program_ends_them_with_one_post_and_no_session(app, told, session, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    answer = app.test_client().post(link(told), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert session.get(NotificationPreference, told.buyer.user.id).switched_off == ["progress:mail"]


def test_a_link_that_is_not_ours_is_not_there(visitor, told, session):
    forged = link(told)[:-3] + "abc"
    assert visitor.get(forged).status_code == 404
    assert visitor.send(forged).status_code == 404
    assert session.get(NotificationPreference, told.buyer.user.id) is None


def test_ending_mails_leaves_other_choices_and_other_people_alone(visitor, told, arrange, session):
    def choose(work):
        notification_preference.switch_off(work, told.buyer.user.id, [("progress", Channel.in_app)])

    arrange(choose)
    visitor.send(link(told))
    kept = session.get(NotificationPreference, told.buyer.user.id)
    assert kept.switched_off == ["progress:in_app", "progress:mail"]
    assert session.get(NotificationPreference, told.seller.user.id) is None
