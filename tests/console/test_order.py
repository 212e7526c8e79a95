"""The one page of an order: parties, life, hold, postings, payments, documents, history."""

from __future__ import annotations

from app.services.commerce import document
from models.commerce.document import Document, DocumentKind
from tests.factories import commerce
from tests.factories.staff import account, signed_in


def page_of(app, session, order, role="Auditor", status=200):
    answer = signed_in(app, account(session, role)).get(f"/console/orders/show/{order.id}")
    assert answer.status_code == status
    return answer.text


def test_a_completed_order_shows_both_parties_what_was_paid_and_where_it_went(app, session):
    told = commerce.story(session)
    order = commerce.completed(session, told)
    session.commit()
    page = page_of(app, session, order)
    for words in (
        order.reference,
        order.buyer_organisation.name,
        order.seller_organisation.name,
        order.site_postcode,
        "Protected payment hold",
        "Nothing is held any more.",
        "order.captured",
        "escrow.released",
        "hold: release rest",
        "accept delivery",
        "Payment provider",
    ):
        assert words in page, words
    assert "escrow" not in page.partition("Postings")[0].lower().replace(f"escrow:{order.id}", "")


def test_an_open_order_shows_what_others_may_do_and_when_it_happens_by_itself(app, session):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    page = page_of(app, session, order)
    assert "What others may do from here" in page
    assert "seller active; before the clock runs out" in page
    assert "by itself" in page
    assert "is held" not in page.partition("Protected payment hold")[0]


def test_staff_have_no_button_that_moves_an_order(app, session):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    assert client.post(f"/console/orders/move/cancel/{order.id}").status_code == 404


def test_a_document_is_downloaded_whole_and_only_from_its_own_order(app, session):
    told = commerce.story(session)
    order, other = commerce.accepted(session, told), commerce.paid(session, told)
    content = app.extensions["parts"].storage.put_content(b"%PDF-1.7 paper", ".pdf")
    document.record(session, order, DocumentKind.contract, content)
    session.commit()
    paper = session.query(Document).one()
    client = signed_in(app, account(session, "Support agent"))
    answer = client.get(f"/console/orders/file/{order.id}/{paper.id}")
    assert answer.status_code == 200
    assert answer.data == b"%PDF-1.7 paper"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    assert answer.headers["Cache-Control"] == "private, no-store"
    for wrong in (f"{other.id}/{paper.id}", f"{order.id}/nonsense", f"nonsense/{paper.id}"):
        assert client.get(f"/console/orders/file/{wrong}").status_code == 404


def test_a_moderator_and_a_customer_do_not_see_orders(app, session):
    order = commerce.paid(session, commerce.story(session))
    session.commit()
    page_of(app, session, order, "Moderator", 403)
    assert signed_in(app, account(session)).get(f"/console/orders/show/{order.id}").status_code == 404
