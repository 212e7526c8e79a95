"""An order as its two parties see it, and as nobody else does."""

from __future__ import annotations

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from app.services.commerce import order as verbs
from models.commerce.evidence import Evidence
from models.commerce.order import Order, OrderState
from models.platform.transition import Transition
from tests.factories import commerce, pictures

PNG = pictures.png()


@pytest.fixture
def paid(told, arrange) -> Order:
    return arrange(commerce.paid, told)


@pytest.fixture
def begun(told, arrange) -> Order:
    def start(work):
        made = commerce.accepted(work, told)
        verbs.start(work, made, actor=told.seller.actor)
        return made

    return arrange(start)


@pytest.fixture
def delivered(told, arrange) -> Order:
    return arrange(commerce.delivered, told)


def state(session) -> OrderState:
    session.expire_all()
    return session.scalars(sa.select(Order)).one().state


def money(page: str) -> dict[str, str]:
    return dict(re.findall(r'aria-hidden="true"></span> ([^<]+)</th><td>([^<]+)</td>', page))


def test_the_customer_reads_what_comes_next_and_until_when(buyer, paid):
    page = buyer.page(f"/orders/{paid.reference}")
    assert "Avon Electrical Testing has been asked" in page
    assert re.search(r"They answer by <time[^>]*>\w+day \d+ \w+ \d{4}, \d\d:\d\d</time>", page)
    assert money(page) == {"Held": "£288.00", "Order fee": "£5.00"}


def test_the_provider_reads_what_they_will_get(seller, paid):
    page = seller.page(f"/pro/orders/{paid.reference}")
    assert "New order: can you take it on?" in page
    for sum_ in ("£288.00", "\N{MINUS SIGN}£28.80", "\N{MINUS SIGN}£5.76", "£253.44"):
        assert sum_ in page


def test_both_lists_show_the_order(buyer, seller, paid):
    assert paid.reference in buyer.page("/orders")
    assert paid.reference in seller.page("/pro/orders")
    assert paid.reference not in seller.page("/pro/orders?show=over")


def test_the_whole_story_over_the_pages(buyer, seller, paid, session):
    pro, mine = f"/pro/orders/{paid.reference}", f"/orders/{paid.reference}"
    assert seller.send(f"{pro}/accept", {}, seen_on=pro).status_code == 303
    assert seller.send(f"{pro}/start", {}, seen_on=pro).status_code == 303
    shown = {"file": (BytesIO(PNG), "../../board <1>.png"), "note": "The board after the test"}
    assert seller.send(f"{pro}/deliver", shown, seen_on=pro).status_code == 303
    page = buyer.page(mine)
    assert "The work is done. Is it right?" in page
    assert "The board after the test" in page
    assert buyer.send(f"{mine}/accept_delivery", {}, seen_on=mine).status_code == 303
    done = buyer.page(mine)
    assert "Done, and paid" in done
    assert money(done) == {"Released to the provider": "£288.00", "Order fee": "£5.00"}
    assert state(session) is OrderState.completed


def test_evidence_is_downloaded_under_a_harmless_name_as_it_was_sent(buyer, seller, begun, session):
    pro = f"/pro/orders/{begun.reference}"
    shown = {"file": (BytesIO(PNG), "../../board <1>.png"), "note": "The board"}
    seller.send(f"{pro}/deliver", shown, seen_on=pro)
    evidence = session.scalars(sa.select(Evidence)).one()
    for browser, at in ((buyer, "/orders"), (seller, "/pro/orders")):
        answer = browser.get(f"{at}/{begun.reference}/evidence/{evidence.id}")
        assert answer.data == PNG
        assert answer.headers["Content-Disposition"] == "attachment; filename=board_1.png"
        assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("name", "content"),
    [("page.html", b"<html><script>alert(1)</script>"), ("drawing.svg", b"<svg xmlns='x'/>"), ("empty.png", b"")],
)
def test_only_pictures_and_documents_are_taken(seller, begun, session, name, content):
    pro = f"/pro/orders/{begun.reference}"
    answer = seller.send(f"{pro}/deliver", {"file": (BytesIO(content), name), "note": "x"}, seen_on=pro)
    assert answer.status_code == 422
    assert state(session) is OrderState.in_progress


def test_a_delivery_without_anything_to_show_is_refused_at_the_field(seller, begun):
    pro = f"/pro/orders/{begun.reference}"
    answer = seller.send(f"{pro}/deliver", {"note": "Done"}, seen_on=pro)
    assert answer.status_code == 422
    assert '<a href="#file">Add a photo or a document that shows the work</a>' in answer.text


def test_declining_needs_a_reason_and_gives_everything_back(buyer, seller, paid, session):
    pro = f"/pro/orders/{paid.reference}"
    assert seller.send(f"{pro}/decline", {}, seen_on=pro).status_code == 422
    typed = {"code": "not_available", "reason": "We are away that week."}
    assert seller.send(f"{pro}/decline", typed, seen_on=pro).status_code == 303
    page = buyer.page(f"/orders/{paid.reference}")
    assert "cannot take this on" in page
    assert "Not available at that time: We are away that week." in page
    assert money(page) == {"Back to the customer": "£293.00"}
    assert state(session) is OrderState.declined


def test_changes_are_asked_for_with_a_sentence(buyer, delivered, session):
    mine = f"/orders/{delivered.reference}"
    assert buyer.send(f"{mine}/request_changes", {"reason": " "}, seen_on=mine).status_code == 422
    assert buyer.send(f"{mine}/request_changes", {"reason": "Circuit 4 is missing."}, seen_on=mine).status_code == 303
    assert "Circuit 4 is missing." in buyer.page(mine)
    assert state(session) is OrderState.in_progress


def test_a_button_pressed_twice_moves_once(seller, paid, session):
    from tests.storefront.conftest import hidden_fields

    pro = f"/pro/orders/{paid.reference}"
    hidden = hidden_fields(seller.page(pro), f"{pro}/accept")
    answers = [seller.send(f"{pro}/accept", hidden) for _ in range(2)]
    assert [(one.status_code, one.location) for one in answers] == [(303, pro)] * 2
    moves = session.scalars(sa.select(Transition.event).where(Transition.subject_id == paid.id)).all()
    assert moves == ["accept"]


def test_a_move_that_came_too_late_is_a_409_told_on_the_page(seller, paid):
    pro = f"/pro/orders/{paid.reference}"
    seller.send(f"{pro}/accept", {}, seen_on=pro)
    answer = seller.send(f"{pro}/accept", {"key": "another key"})
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text


@pytest.mark.parametrize("at", ["/orders/{}", "/orders/{}/documents/contract.pdf", "/pro/orders/{}"])
def test_nobody_else_sees_an_order(stranger, rival, visitor, delivered, at):
    path = at.format(delivered.reference)
    assert stranger.get(path).status_code == 404
    assert rival.get(path).status_code == 404
    assert visitor.get(path).status_code == 303


def test_a_party_has_only_its_own_side(buyer, seller, paid):
    assert buyer.get(f"/pro/orders/{paid.reference}").status_code == 404
    assert seller.get(f"/orders/{paid.reference}").status_code == 404


@pytest.mark.parametrize("verb", ["accept_delivery", "request_changes", "cancel"])
def test_a_stranger_cannot_move_an_order(stranger, delivered, verb, session):
    assert stranger.send(f"/orders/{delivered.reference}/{verb}", {"reason": "x"}).status_code == 404
    assert state(session) is OrderState.delivered


@pytest.mark.parametrize("verb", ["accept", "start", "decline", "deliver"])
def test_a_rival_cannot_move_an_order(rival, paid, verb, session):
    typed = {"code": "price", "note": "x", "file": (BytesIO(PNG), "x.png")}
    assert rival.send(f"/pro/orders/{paid.reference}/{verb}", typed).status_code == 404
    assert state(session) is OrderState.pending_acceptance


def test_evidence_of_another_order_does_not_open_through_ones_own(buyer, told, arrange, session):
    one, other = arrange(commerce.delivered, told), arrange(commerce.paid, told)
    evidence = session.scalars(sa.select(Evidence).where(Evidence.order_id == one.id)).one()
    assert buyer.get(f"/orders/{other.reference}/evidence/{evidence.id}").status_code == 404


def test_bytes_that_are_not_those_recorded_are_never_handed_out(app, buyer, delivered, session, monkeypatch):
    evidence = session.scalars(sa.select(Evidence)).one()
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    storage = app.extensions["parts"].storage
    storage.put(evidence.stored_file.key, b"something else")
    assert buyer.get(f"/orders/{delivered.reference}/evidence/{evidence.id}").status_code == 500
