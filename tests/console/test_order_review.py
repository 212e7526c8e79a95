"""The console's reviews: reported ones wait, staff hide or dismiss with a reason, nobody edits."""

from __future__ import annotations

import pytest

from app.services.commerce import review
from models.commerce.review import Review, ReviewState
from tests.factories import commerce
from tests.factories.staff import account, form, signed_in

SAID = "They left early and the door did not close."


@pytest.fixture
def reported(session) -> Review:
    told = commerce.story(session)
    made = commerce.completed(session, told)
    row = review.write(session, made, actor=told.buyer.actor, stars=2, text=SAID)
    review.write(session, made, actor=told.seller.actor, stars=4, text="Friendly, and the road was easy to find.")
    review.report(session, row, actor=told.seller.actor, code="elsewhere", text="We were never there.")
    session.commit()
    return row


def fresh(session, row) -> Review:
    session.expire_all()
    return session.get(Review, row.id)


def test_the_page_shows_words_and_reports_and_no_field_to_change_them(app, session, reported):
    desk = signed_in(app, account(session, "Moderator"))
    page = desk.get(f"/console/order-reviews/show/{reported.id}").text
    for words in (SAID, "It is not about this order", "We were never there.", "Avon Electrical Testing"):
        assert words in page, words
    assert 'name="text"' not in page
    assert str(reported.order.reference) in desk.get("/console/order-reviews/list/?state=reported").text


def test_a_moderator_hides_it_with_a_reason_and_shows_it_again(app, session, reported):
    desk = signed_in(app, account(session, "Moderator"))
    at = f"/console/order-reviews/move/{{}}/{reported.id}"
    assert desk.post(at.format("hide"), data=form(reason="")).status_code == 422
    assert desk.post(at.format("hide"), data=form(reason="It is about another order.")).status_code == 303
    row = fresh(session, reported)
    assert (row.state, row.text, row.reports[0].outcome) == (ReviewState.hidden, SAID, "hidden")
    assert desk.post(at.format("restore"), data=form(reason="The order was this one.")).status_code == 303
    assert fresh(session, reported).state is ReviewState.published


def test_a_support_agent_reads_and_does_not_decide(app, session, reported):
    desk = signed_in(app, account(session, "Support agent"))
    page = desk.get(f"/console/order-reviews/show/{reported.id}").text
    assert SAID in page
    answer = desk.post(f"/console/order-reviews/move/dismiss/{reported.id}", data=form(reason="It is fine."))
    assert answer.status_code == 403
    assert fresh(session, reported).state is ReviewState.reported
