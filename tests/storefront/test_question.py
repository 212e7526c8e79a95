"""Questions as people meet them: asked from a listing, answered at the desk, read by everybody without a name."""

from __future__ import annotations

import html
import re

import pytest

from app.services.catalogue import listing as listings
from app.services.catalogue import question, question_report
from models.catalogue.listing import Listing
from models.catalogue.question import Question, QuestionState
from tests.factories import people
from tests.factories import question as made
from tests.storefront.test_statements import asked, statements  # noqa: F401  a fixture

TEXT = "Do you also test the shed? <b>It has a board</b>"


def hidden(work, told):
    row = made.published(work, told)
    question_report.hide(work, row, actor=people.operator(work), reason="It names a private person.")
    return row


@pytest.fixture
def at(told) -> str:
    return f"/l/{told.listing.slug}/question"


def test_from_the_listing_to_the_page_of_everybody(buyer, seller, visitor, told, at, session):
    listing = f"/l/{told.listing.slug}"
    assert "question is shown here yet" in visitor.page(listing)
    answer = buyer.send(at, {"text": TEXT, "may_be_shown": "y"}, seen_on=listing)
    assert (answer.status_code, answer.location) == (303, "/account/questions")
    assert "waits for an answer" in buyer.page("/account/questions")
    row = session.query(Question).one()
    desk = f"/pro/questions/{row.id}"
    assert desk in seller.page("/pro/questions")
    assert "Priya Nair asks" in seller.page(desk)
    assert seller.send(desk, {"text": "Yes, on the same visit."}, seen_on=desk).location == desk
    assert "the shed" not in visitor.page(listing)
    seller.send(f"{desk}/publish", seen_on=desk)
    page = visitor.page(listing)
    assert "Yes, on the same visit." in page
    assert "&lt;b&gt;It has a board" in page
    assert "Priya" not in page
    assert "Change my answer" not in seller.page(desk)
    seller.send(f"{desk}/take-down", seen_on=desk)
    assert "the shed" not in visitor.page(listing)
    assert "Yes, on the same visit." in buyer.page("/account/questions")


def test_an_answer_is_changed_until_it_is_read(buyer, seller, told, arrange, session):
    row = arrange(made.answered, told)
    desk = f"/pro/questions/{row.id}"
    seller.send(desk, {"text": "No, that is another visit."}, seen_on=desk)
    typed = seller.page(desk)
    assert "No, that is another visit." in typed
    prefetched = buyer.client.get("/account/questions", headers={"Sec-Purpose": "prefetch"})
    assert prefetched.status_code == 200
    assert "Change my answer" in seller.page(desk)
    assert "No, that is another visit." in buyer.page("/account/questions")
    assert "Change my answer" not in seller.page(desk)
    late = seller.send(desk, {"text": "Yes after all.", "key": "late"})
    assert late.status_code == 409
    assert "has been read" in late.text
    session.expire_all()
    assert session.get(Question, row.id).answer == "No, that is another visit."


def test_an_answer_on_another_page_is_not_read_with_this_one(buyer, told, arrange, session, monkeypatch):
    monkeypatch.setattr("views.storefront.paging.PAGE", 1)
    older, newer = (arrange(made.answered, told).id for _ in range(2))
    page = buyer.page("/account/questions")
    session.expire_all()
    assert session.get(Question, newer).read_at is not None
    assert session.get(Question, older).read_at is None
    buyer.page(re.search(r'rel="next" href="([^"]+)"', page)[1])
    session.expire_all()
    assert session.get(Question, older).read_at is not None


def test_an_answer_that_a_moderator_hid_is_not_read_by_looking(buyer, told, arrange, session):
    row = arrange(hidden, told)
    assert made.ANSWER not in buyer.page("/account/questions")
    session.expire_all()
    assert session.get(Question, row.id).read_at is None


def test_what_a_moderator_hid_is_in_no_list_of_the_provider(seller, buyer, told, arrange):
    row = arrange(hidden, told)
    page = seller.page("/pro/questions")
    assert f"/pro/questions/{row.id}" in page
    assert "A question that a moderator hid" in page
    for at in ("/pro/questions", f"/pro/questions/{row.id}"):
        assert made.TEXT not in seller.page(at), at
        assert made.ANSWER not in seller.page(at), at
    assert made.TEXT in buyer.page("/account/questions")


def test_all_that_waits_for_a_provider_is_on_some_page_oldest_first(seller, told, arrange, monkeypatch):
    monkeypatch.setattr("views.storefront.catalogue.pro_question.PAGE", 1)
    rows = [arrange(made.asked, told).id for _ in range(3)]
    seen, at = [], "/pro/questions"
    while at:
        page = seller.page(at)
        seen += re.findall(r'href="/pro/questions/([0-9a-f-]{36})"', page)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        at = html.unescape(more[1]) if more else ""
    assert seen == [str(key) for key in rows]
    assert str(rows[0]) in seller.page("/pro/questions?after=nonsense")


def test_what_cannot_be_taken_comes_back_with_what_was_typed(buyer, seller, at, told, arrange):
    answer = buyer.send(at, {"text": "Short", "may_be_shown": "y"}, seen_on=at)
    assert answer.status_code == 422
    for words in ("Error: Ask a question", "Write 10 to 1000 characters.", ">\nShort</textarea>", "checked"):
        assert words in answer.text.replace("\r", ""), words
    row = arrange(made.asked, told)
    desk = f"/pro/questions/{row.id}"
    assert "Write at most 2000 characters." in seller.send(desk, {"text": " "}, seen_on=desk).text


def test_the_same_form_twice_asks_once(buyer, at, session):
    data = {"text": TEXT, "key": "one"}
    assert [buyer.client.post(at, data=data).status_code for _ in range(2)] == [303, 303]
    assert session.query(Question).count() == 1
    other = buyer.client.post(at, data={**data, "text": "Something else entirely"})
    assert other.status_code == 422
    assert "Something else entirely" in other.text
    assert session.query(Question).count() == 1


def test_the_fourth_that_waits_is_refused_and_kept(buyer, at, told, arrange):
    for _ in range(3):
        arrange(made.asked, told)
    answer = buyer.send(at, {"text": TEXT}, seen_on=at)
    assert answer.status_code == 409
    assert "3 questions of yours" in answer.text
    assert "It has a board" in answer.text


def test_who_had_the_page_open_reads_that_it_went(buyer, at, told, arrange):
    def pause(work):
        listings.pause(work, work.get_one(Listing, told.listing.id), actor=told.seller.actor)

    arrange(pause)
    answer = buyer.client.post(at, data={"text": TEXT, "key": "one"})
    assert answer.status_code == 409
    assert question.NOT_ON_SALE in answer.text
    assert "It has a board" in answer.text
    assert buyer.get(at).status_code == 409
    assert buyer.get("/l/never-was-one/question").status_code == 404


def test_nobody_asks_themselves_and_who_is_not_known_signs_in(seller, visitor, at, told):
    page = seller.page(at)
    assert "This is your own listing." in page
    assert "Send my question" not in page
    assert "Questions to you" in seller.page(f"/l/{told.listing.slug}")
    assert at in visitor.page(f"/l/{told.listing.slug}")
    assert visitor.get(at).location.startswith("/sign-in?next=")
    refused = seller.client.post(at, data={"text": TEXT, "key": "one"})
    assert refused.status_code == 403


def test_a_report_stands_until_staff_have_looked(buyer, rival, told, arrange, session):
    row = arrange(made.published, told)
    at = f"/questions/{row.id}/report"
    assert at in buyer.page(f"/l/{told.listing.slug}")
    assert buyer.send(at, {"text": "bad"}, seen_on=at).status_code == 422
    answer = buyer.send(at, {"text": "It is an advertisement."}, seen_on=at)
    assert (answer.status_code, answer.location) == (303, f"/l/{told.listing.slug}")
    assert buyer.send(at, {"text": "It is an advertisement."}, seen_on=at).status_code == 409
    session.expire_all()
    assert session.get(Question, row.id).state is QuestionState.reported
    assert made.ANSWER in rival.page(f"/l/{told.listing.slug}")


def test_another_s_question_is_not_there(stranger, rival, told, arrange):
    row = arrange(made.answered, told)
    assert stranger.get(f"/questions/{row.id}/report").status_code == 404
    assert made.TEXT not in stranger.page("/account/questions")
    assert rival.get(f"/pro/questions/{row.id}").status_code == 404
    assert made.TEXT not in rival.page("/pro/questions")


def test_the_lists_cost_the_same_however_long(buyer, seller, told, arrange, statements):  # noqa: F811
    arrange(made.answered, told)
    arrange(made.asked, told)
    one = [asked(buyer, "/account/questions", statements), asked(seller, "/pro/questions", statements)]
    for _ in range(3):
        arrange(made.answered, told)
    arrange(made.asked, told)
    buyer.page("/account/questions")
    assert one == [asked(buyer, "/account/questions", statements), asked(seller, "/pro/questions", statements)]
