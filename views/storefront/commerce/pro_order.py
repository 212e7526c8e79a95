"""The provider's orders: what waits for an answer, what is agreed, what is done, and the moves of one."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.commerce import order as orders_service
from app.services.commerce.order_message import unread
from app.services.platform import stored_file
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.commerce.order import OrderState as S
from models.errors import Conflict, Invalid
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.commerce import order_message, party, review
from views.storefront.commerce.forms import Act, Decline, Deliver
from views.storefront.commerce.order_list import words_of
from views.storefront.commerce.order_story import tell
from views.storefront.commerce.quote_request import quote_of_order
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.paging import page_of
from views.storefront.people.person import current_person

LANES: dict[str, tuple[str, frozenset[S]]] = {
    "answer": ("To answer", frozenset({S.pending_acceptance})),
    "agreed": ("Agreed", frozenset({S.accepted})),
    "work": ("In work", frozenset({S.in_progress})),
    "waiting": ("Waiting for their yes", frozenset({S.delivered, S.disputed})),
    "over": ("Over", frozenset({S.completed, S.cancelled, S.declined, S.expired})),
}


@storefront.get("/pro/orders")
@provider
def pro_orders() -> ResponseReturnValue:
    """The first lane that has something, unless one is asked for."""
    mine = Order.seller_organisation_id == current_person().seller().organisation_id
    by_state = session.execute(sa.select(Order.state, sa.func.count()).where(mine).group_by(Order.state)).all()
    counts = {lane: sum(n for state, n in by_state if state in states) for lane, (_, states) in LANES.items()}
    lane = request.args.get("show", "")
    if lane not in LANES:
        lane = next((name for name, count in counts.items() if count), "answer")
    query = sa.select(Order).where(mine, Order.state.in_(LANES[lane][1]))
    page = page_of(session(), query.options(*party.SHOWN_IN_LISTS), Order.id, request.args.get("before"))
    lanes = [(name, label, counts[name]) for name, (label, _) in LANES.items()]
    words = words_of(session(), page.rows, ActorKind.seller)
    news = unread(session(), [row.id for row in page.rows], ActorKind.seller)
    return render_template(
        "storefront/commerce/pro_orders.html", page=page, lanes=lanes, lane=lane, words=words, news=news
    )


@storefront.get("/pro/orders/<reference>")
@provider
def pro_order(reference: str) -> ResponseReturnValue:
    """Raises NotFound for every order that is not the provider's own."""
    order_message.opened(reference, ActorKind.seller)
    return _page(reference)


@storefront.post("/pro/orders/<reference>/<any(accept, start):event>")
@provider
def pro_order_act(reference: str, event: str) -> ResponseReturnValue:
    """Take it on, or begin."""
    verb = {"accept": orders_service.accept, "start": orders_service.start}[event]
    return _move(reference, event, Act(), lambda work, order, actor: verb(work, order, actor=actor))


@storefront.post("/pro/orders/<reference>/decline")
@provider
def pro_order_decline(reference: str) -> ResponseReturnValue:
    """Not this one: the customer gets everything back and reads why."""
    form = Decline()

    def decline(work: Session, order: Order, actor: Actor) -> None:
        orders_service.decline(work, order, actor=actor, code=form.code.data, reason=form.reason.data or "")

    return _move(reference, "decline", form, decline)


@storefront.post("/pro/orders/<reference>/deliver")
@provider
def pro_order_deliver(reference: str) -> ResponseReturnValue:
    """It is done, and here is how it looks. The file is stored before the transaction begins."""
    form = Deliver()
    party.order_of(session(), reference, ActorKind.seller)
    try:
        kept = files.keep(form.file.data) if form.validate_on_submit() else None
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, form), wrong.status

    shown = kept[0].sha256.hex() if kept else ""

    def deliver(work: Session, order: Order, actor: Actor) -> None:
        assert kept is not None  # noqa: S101  `_move` calls this only for a valid form
        content, media_type, name = kept
        file = stored_file.record(work, content, media_type=media_type, purpose="evidence", original_name=name)
        proof = orders_service.Proof(file, form.note.data or "")
        orders_service.deliver(work, order, actor=actor, proofs=[proof])

    return _move(reference, "deliver", form, deliver, file=shown)


@storefront.get("/pro/orders/<reference>/documents/<kind>.pdf")
@provider
def pro_order_document(reference: str, kind: str) -> ResponseReturnValue:
    """The contract or the receipt."""
    return party.document(reference, kind, ActorKind.seller)


@storefront.get("/pro/orders/<reference>/evidence/<uuid:evidence_id>")
@provider
def pro_order_evidence(reference: str, evidence_id: UUID) -> ResponseReturnValue:
    """What was shown."""
    return party.evidence(reference, evidence_id, ActorKind.seller)


def _move(reference: str, event: str, form: Keyed, verb: Any, **asked: str) -> ResponseReturnValue:
    """Validates, does it once per key, and comes back to the page; a refusal is told on it."""
    actor = current_person().seller()
    if not form.validate_on_submit():
        return _page(reference, form), HTTPStatus.UNPROCESSABLE_ENTITY
    try:
        with unit_of_work(actor) as work:
            order = party.order_of(work, reference, ActorKind.seller)

            def command() -> dict[str, str]:
                verb(work, order, actor)
                return {"state": order.state.name}

            request_made = {"order": str(order.id), "event": event, **form.contents(), **asked}
            once(work, "order.act", form.key.data, request_made, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, form), wrong.status
    except Conflict as refusal:
        form.again(refusal)
        return _page(reference, form, problem=str(refusal)), refusal.status
    return redirect(url_for("storefront.pro_order", reference=reference), HTTPStatus.SEE_OTHER)


def _page(reference: str, form: Keyed | None = None, problem: str = "") -> str:
    order = party.order_of(session(), reference, ActorKind.seller)
    forms = {
        "act": form if isinstance(form, Act) else Act(formdata=None),
        "decline": form if isinstance(form, Decline) else Decline(formdata=None),
        "deliver": form if isinstance(form, Deliver) else Deliver(formdata=None),
    }
    story = tell(session(), order, ActorKind.seller)
    return render_template(
        "storefront/commerce/pro_order.html",
        story=story,
        forms=forms,
        form=form or forms["act"],
        problem=problem,
        quote_at=quote_of_order(session(), order.checkout_id, ActorKind.seller),
        **review.on_order_page(order, ActorKind.seller),
        **order_message.on_order_page(order, ActorKind.seller),
    )
