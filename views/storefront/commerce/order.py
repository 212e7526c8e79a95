"""The customer's orders: the list, the page of one, its moves and its files."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.commerce import order as orders_service
from app.services.commerce.order_message import unread
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.errors import Conflict, Invalid
from views.storefront.blueprint import storefront
from views.storefront.commerce import order_message, party, review
from views.storefront.commerce.forms import Act
from views.storefront.commerce.order_list import words_of
from views.storefront.commerce.order_story import tell
from views.storefront.commerce.quote_request import quote_of_order
from views.storefront.guard import customer
from views.storefront.paging import page_of
from views.storefront.people.person import current_person


@storefront.get("/orders")
@customer
def orders() -> ResponseReturnValue:
    """Newest first, twenty at a time."""
    mine = sa.select(Order).where(Order.buyer_organisation_id == current_person().buyer().organisation_id)
    page = page_of(session(), mine.options(*party.SHOWN_IN_LISTS), Order.id, request.args.get("before"))
    words = words_of(session(), page.rows, ActorKind.buyer)
    news = unread(session(), [row.id for row in page.rows], ActorKind.buyer)
    return render_template("storefront/commerce/orders.html", page=page, words=words, news=news)


@storefront.get("/orders/<reference>")
@customer
def order(reference: str) -> ResponseReturnValue:
    """Raises NotFound for every order that is not the person's own."""
    order_message.opened(reference, ActorKind.buyer)
    return _page(reference, Act(formdata=None))


@storefront.post("/orders/<reference>/<any(accept_delivery, request_changes):event>")
@customer
def order_act(reference: str, event: str) -> ResponseReturnValue:
    """One move; the same form again answers as the first time did."""
    form, actor = Act(), current_person().buyer()
    if not form.validate_on_submit():
        return _page(reference, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with unit_of_work(actor) as work:
            found = party.order_of(work, reference, ActorKind.buyer)
            asked = {"order": str(found.id), "event": event, **form.contents()}
            once(work, "order.act", form.key.data, asked, lambda: _do(work, found, event, actor, form))
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, form), wrong.status
    except Conflict as refusal:
        form.again(refusal)
        return _page(reference, form, str(refusal)), refusal.status
    return redirect(url_for("storefront.order", reference=reference), HTTPStatus.SEE_OTHER)


@storefront.get("/orders/<reference>/documents/<kind>.pdf")
@customer
def order_document(reference: str, kind: str) -> ResponseReturnValue:
    """The contract or the receipt."""
    return party.document(reference, kind, ActorKind.buyer)


@storefront.get("/orders/<reference>/evidence/<uuid:evidence_id>")
@customer
def order_evidence(reference: str, evidence_id: UUID) -> ResponseReturnValue:
    """What the provider showed."""
    return party.evidence(reference, evidence_id, ActorKind.buyer)


def _do(work: Session, found: Order, event: str, actor: Actor, form: Act) -> dict[str, str]:
    if event == "accept_delivery":
        orders_service.accept_delivery(work, found, actor=actor)
    else:
        orders_service.request_changes(work, found, actor=actor, reason=form.reason.data or "")
    return {"state": found.state.name}


def _page(reference: str, form: Act, problem: str = "") -> str:
    found = party.order_of(session(), reference, ActorKind.buyer)
    story = tell(session(), found, ActorKind.buyer)
    return render_template(
        "storefront/commerce/order.html",
        story=story,
        form=form,
        acts=story.acts,
        problem=problem,
        quote_at=quote_of_order(session(), found.checkout_id, ActorKind.buyer),
        **review.on_order_page(found, ActorKind.buyer),
        **order_message.on_order_page(found, ActorKind.buyer),
    )
