"""The one page of an order: parties, life, hold, postings, payments, documents, history."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa

from app.services.commerce import document
from app.services.commerce import order as verbs
from app.services.platform import clock
from models.commerce.document import Document, DocumentKind
from models.commerce.escrow import Escrow
from models.commerce.order import Order, OrderState
from models.commerce.refund import Refund
from tests.factories import commerce
from tests.factories.staff import account, form, signed_in


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


def test_no_single_press_moves_an_order(app, session):
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


def worked_out(client, order, **typed):
    data = form(step="look", **typed)
    page = client.post(f"/console/orders/cancel/{order.id}", data=data).text
    seen = re.search(r'name="seen" value="([^"]+)"', page)
    return page, {**data, "step": "do", "seen": seen[1] if seen else ""}


def test_operations_cancel_for_both_parties_by_terms_they_have_read(app, session):
    order = commerce.accepted(session, commerce.story(session))
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    assert f"/console/orders/cancel/{order.id}" in client.get(f"/console/orders/show/{order.id}").text
    page, data = worked_out(client, order, reason="The provider has had an accident.")
    for words in (
        "everything goes back to the customer",
        "£293.00",
        "Protected payment hold",
        "Nothing stays in the hold",
    ):
        assert words in page, words
    answers = [client.post(f"/console/orders/cancel/{order.id}", data=data) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    session.expire_all()
    assert session.get(Order, order.id).state is OrderState.cancelled
    assert session.scalars(sa.select(Refund)).one().amount_minor == 29_300


def test_a_begun_order_is_cancelled_by_the_share_that_was_done(app, session):
    told = commerce.story(session)
    order = commerce.accepted(session, told)
    verbs.start(session, order, actor=told.seller.actor)
    session.commit()
    client = signed_in(app, account(session, "Operations"))
    page, _ = worked_out(client, order, reason="They stopped at noon.", delivered="")
    assert "Enter a share from 0 to 100" in page
    page, _ = worked_out(client, order, reason="They stopped at noon.", delivered="250")
    assert "Enter a share from 0 to 100" in page
    assert "They stopped at noon." in page
    page, data = worked_out(client, order, reason="They stopped at noon.", delivered="25")
    assert "£216.00" in page
    assert client.post(f"/console/orders/cancel/{order.id}", data=data).status_code == 303
    session.expire_all()
    assert session.scalars(sa.select(Refund)).one().amount_minor == 21_600


def test_support_may_not_cancel_and_has_no_button_for_it(app, session):
    order = commerce.accepted(session, commerce.story(session))
    session.commit()
    client = signed_in(app, account(session, "Support agent"))
    assert "/console/orders/cancel/" not in client.get(f"/console/orders/show/{order.id}").text
    assert client.get(f"/console/orders/cancel/{order.id}").status_code == 403


def test_old_holds_are_found(app, session):
    order, young = (commerce.paid(session, commerce.story(session)) for _ in range(2))
    hold = session.scalars(sa.select(Escrow).where(Escrow.order_id == order.id)).one()
    hold.captured_at = clock.now() - timedelta(days=86)
    session.commit()
    page = signed_in(app, account(session, "Operations")).get("/console/orders/list/?hold=ends").text
    assert order.reference in page
    assert young.reference not in page
