"""A problem as both parties see it: reported with a photo, answered, proposed, agreed; and as nobody else does."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.services.commerce import dispute as verbs
from app.services.commerce import order as orders
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.commerce.dispute import Dispute, DisputeState
from models.commerce.dispute_file import DisputeFile
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund
from tests.factories import commerce, people, pictures
from tests.storefront.conftest import hidden_fields

JPEG = pictures.jpeg(80, 60)
SAID = "Two sockets hang crooked, and one does not work."


@pytest.fixture
def delivered(told, arrange) -> Order:
    return arrange(commerce.delivered, told)


@pytest.fixture
def mine(delivered) -> str:
    return f"/orders/{delivered.reference}/problem"


@pytest.fixture
def theirs(delivered) -> str:
    return f"/pro/orders/{delivered.reference}/problem"


@pytest.fixture
def reported(buyer, mine) -> str:
    """The customer reported it with a photo; answers the address of the page."""
    typed = {"code": "poor_work", "text": SAID, "file": (BytesIO(JPEG), "../sockets <1>.jpg")}
    answer = buyer.send(f"{mine}/new", typed, seen_on=f"{mine}/new")
    assert (answer.status_code, answer.location) == (303, mine)
    return mine


def decided(told, session, verb, **arguments):
    """Staff do something with the problem, in a unit of work of their own."""
    with unit_of_work(Actor.system("test")) as work:
        staff = people.operator(work, "Operations")
        row = work.scalars(sa.select(Dispute)).one()
        verb(work, row, actor=staff, **arguments)
    session.expire_all()


def row(session) -> Dispute:
    session.expire_all()
    return session.scalars(sa.select(Dispute)).one()


def test_the_form_says_what_is_held_and_what_happens(buyer, mine):
    page = buyer.page(f"{mine}/new")
    assert "£288.00 stays where it is until this is settled" in page
    assert "Report it, and freeze £288.00" in page
    assert "Nobody came" in page
    assert "The site could not be reached" not in page


def test_reporting_freezes_the_money_and_both_read_the_same(buyer, seller, reported, theirs, delivered, session):
    page = buyer.page(reported)
    assert "has been asked for their side" in page
    assert SAID in page
    assert re.search(r"They answer by <time[^>]*>", page)
    other = seller.page(theirs)
    assert "reported a problem. Tell your side" in other
    assert SAID in other
    assert "sockets_1.jpg" in other
    order = buyer.page(f"/orders/{delivered.reference}")
    assert "We are looking into it" in order
    assert f'href="{reported}"' in order
    assert row(session).order.state is OrderState.disputed


def test_both_parties_open_the_photo_as_it_was_sent_and_nobody_else_does(
    buyer, seller, stranger, rival, visitor, reported, theirs, session
):
    file = session.scalars(sa.select(DisputeFile)).one()
    for browser, at in ((buyer, reported), (seller, theirs)):
        answer = browser.get(f"{at}/files/{file.id}")
        assert answer.data == JPEG
        assert answer.headers["Content-Disposition"] == "attachment; filename=sockets_1.jpg"
    for browser in (stranger, rival):
        assert browser.get(f"{reported}/files/{file.id}").status_code == 404
        assert browser.get(f"{theirs}/files/{file.id}").status_code == 404
    assert visitor.get(f"{reported}/files/{file.id}").status_code == 303


def test_a_file_of_another_orders_problem_is_not_found(arrange, buyer, told, reported, session):
    file = session.scalars(sa.select(DisputeFile)).one()
    other = arrange(commerce.delivered, told)
    assert buyer.get(f"/orders/{other.reference}/problem/files/{file.id}").status_code == 404


@pytest.mark.parametrize("tail", ["", "/new"])
def test_nobody_else_sees_a_problem(stranger, rival, visitor, reported, theirs, tail):
    for at in (reported, theirs):
        assert stranger.get(at + tail).status_code == 404
        assert rival.get(at + tail).status_code == 404
        assert visitor.get(at + tail).status_code == 303


@pytest.mark.parametrize("event", ["respond", "add", "provide", "agree", "reject", "withdraw"])
def test_a_stranger_moves_nothing(stranger, rival, reported, theirs, session, event):
    for browser in (stranger, rival):
        for at in (reported, theirs):
            assert browser.send(f"{at}/{event}", {"text": "It is all fine, really."}).status_code == 404
    assert row(session).state is DisputeState.open


def test_what_was_typed_stays_when_something_is_missing(buyer, mine):
    answer = buyer.send(f"{mine}/new", {"text": SAID}, seen_on=f"{mine}/new")
    assert answer.status_code == 422
    assert "Choose what is wrong." in answer.text
    assert SAID in answer.text
    assert "Choose them again: the browser does not keep them." in answer.text


def test_a_file_that_is_no_photo_is_refused_and_nothing_is_frozen(buyer, mine, session):
    typed = {"code": "damage", "text": SAID, "file": (BytesIO(b"<html>"), "page.html")}
    answer = buyer.send(f"{mine}/new", typed, seen_on=f"{mine}/new")
    assert answer.status_code == 422
    assert "Choose a PDF, a JPEG or a PNG file." in answer.text
    assert session.scalar(sa.select(sa.func.count()).select_from(Dispute)) == 0


def test_a_report_sent_twice_is_one_problem(buyer, mine, session):
    hidden = hidden_fields(buyer.page(f"{mine}/new"), f"{mine}/new")
    answers = [
        buyer.send(f"{mine}/new", {**hidden, "code": "damage", "text": SAID, "file": (BytesIO(JPEG), "a.jpg")})
        for _ in range(2)
    ]
    assert [one.status_code for one in answers] == [303, 303]
    assert session.scalar(sa.select(sa.func.count()).select_from(DisputeFile)) == 1


def test_too_early_the_page_says_why_and_the_order_shows_no_button(buyer, told, arrange):
    made = arrange(commerce.accepted, told)
    assert f"/orders/{made.reference}/problem/new" not in buyer.page(f"/orders/{made.reference}")
    answer = buyer.get(f"/orders/{made.reference}/problem/new")
    assert answer.status_code == 409
    assert "The visit has not begun. You can cancel the order instead." in answer.text


def test_an_order_without_a_problem_has_no_page_of_one(buyer, mine):
    assert buyer.get(mine).status_code == 404


def test_the_provider_answers_with_a_document_and_we_look_at_it(buyer, seller, reported, theirs, session):
    typed = {
        "text": "We tested every socket; the report shows it.",
        "file": (BytesIO(b"%PDF-1.7 report\n%%EOF"), "report.pdf"),
    }
    assert seller.send(f"{theirs}/respond", typed, seen_on=theirs).status_code == 303
    page = buyer.page(reported)
    assert "We are looking into it" in page
    assert "We tested every socket" in page
    assert "report.pdf" in page


def test_the_opener_has_no_answer_form_and_is_told_so_when_they_try(buyer, reported):
    assert f"{reported}/respond" not in buyer.page(reported)
    answer = buyer.send(f"{reported}/respond", {"text": "I answer myself here.", "key": "k"})
    assert answer.status_code == 409
    assert "the other side is to answer" in answer.text


def test_either_party_adds_something_and_what_was_too_short_stays(buyer, reported):
    short = buyer.send(f"{reported}/add", {"text": "Hm"}, seen_on=reported)
    assert short.status_code == 422
    assert ">Hm</textarea>" in short.text.replace("\r\n", "")
    assert (
        buyer.send(f"{reported}/add", {"text": "It sparks when I switch it on."}, seen_on=reported).status_code == 303
    )
    assert "It sparks when I switch it on." in buyer.page(reported)


def test_a_question_is_answered_by_whoever_was_asked(buyer, seller, told, reported, theirs, session):
    decided(told, session, verbs.take_up)
    decided(told, session, verbs.request_info, party=told.buyer.actor.kind, question="Which sockets exactly?")
    page = buyer.page(reported)
    assert "We need something from you" in page
    assert "Which sockets exactly?" in page
    assert f"{theirs}/provide" not in seller.page(theirs)
    assert buyer.send(f"{reported}/provide", {"text": "The two beside the door."}, seen_on=reported).status_code == 303
    assert "The two beside the door." in seller.page(theirs)


def proposal(told, session) -> None:
    decided(told, session, verbs.take_up)
    decided(told, session, verbs.propose, buyer_minor=7_200, text="A quarter back, as one socket needs work.")


def test_a_proposal_shows_each_side_its_exact_sum(buyer, seller, told, reported, theirs, session):
    proposal(told, session)
    page = buyer.page(reported)
    assert "Agree: £72.00 back to you" in page
    assert "£216.00" in page
    assert "The order fee of £5.00 is kept" in page
    other = seller.page(theirs)
    assert "Agree: £190.08 for you" in other
    assert "Which is, after commission" in other


def test_both_agree_and_the_money_is_divided(buyer, seller, told, reported, theirs, delivered, session):
    proposal(told, session)
    assert buyer.send(f"{reported}/agree", {}, seen_on=reported).status_code == 303
    waiting = buyer.page(reported)
    assert "You agreed to the proposal" in waiting
    assert seller.send(f"{theirs}/agree", {}, seen_on=theirs).status_code == 303
    assert row(session).order.state is OrderState.completed
    page = buyer.page(reported)
    assert "It is settled: the money is divided" in page
    assert "£72.00 goes back to Priya Nair" in page
    order = buyer.page(f"/orders/{delivered.reference}")
    assert "It is settled" in order
    assert "£72.00" in order
    pro = seller.page(f"/pro/orders/{delivered.reference}")
    assert "£190.08 is yours, after commission" in pro
    assert "Your part of what went back" in pro


def test_an_older_proposal_cannot_be_agreed_to(buyer, seller, told, reported, theirs, session):
    proposal(told, session)
    old = hidden_fields(buyer.page(reported), f"{reported}/agree")
    assert old["version"] == "1"
    assert seller.send(f"{theirs}/reject", {"text": "That is too much for us."}, seen_on=theirs).status_code == 303
    decided(told, session, verbs.propose, buyer_minor=3_600, text="An eighth back, then.")
    answer = buyer.send(f"{reported}/agree", old)
    assert answer.status_code == 409
    assert "There is a newer proposal" in answer.text
    assert "Agree: £36.00 back to you" in answer.text


def test_a_decision_is_read_with_its_reasons_and_what_it_does(
    buyer, seller, told, reported, theirs, delivered, session
):
    decided(told, session, verbs.take_up)
    reasons = "The photos show that the work was not done with care."
    decided(told, session, verbs.decide, buyer_minor=28_800, reasons=reasons, fee=True)
    for browser, at in ((buyer, reported), (seller, theirs)):
        page = browser.page(at)
        assert "It is settled: everything goes back" in page
        assert reasons in page
        assert "The order fee goes back as well" in page
    assert session.scalars(sa.select(Refund)).one().amount_minor == 29_300
    assert reasons in buyer.page(f"/orders/{delivered.reference}")


def test_the_opener_takes_it_back_and_the_order_goes_on(buyer, seller, reported, theirs, session):
    assert f"{theirs}/withdraw" not in seller.page(theirs)
    assert buyer.send(f"{reported}/withdraw", {"text": ""}, seen_on=reported).status_code == 303
    assert "The problem was taken back" in buyer.page(reported)
    assert row(session).order.state is OrderState.delivered
    assert buyer.get(f"{reported}/new").status_code == 200


def test_the_provider_reports_that_the_site_could_not_be_reached(seller, told, arrange, session):
    def start(work):
        made = commerce.accepted(work, told)
        orders.start(work, made, actor=told.seller.actor)
        return made

    at = f"/pro/orders/{arrange(start).reference}/problem"
    typed = {"code": "no_access", "text": "Nobody opened, and the key safe was empty."}
    assert seller.send(f"{at}/new", typed, seen_on=f"{at}/new").status_code == 303
    assert "has been asked for their side" in seller.page(at)
