"""Cancelling an order: first a page that says what it comes to, to the penny, then the button that does it."""

from __future__ import annotations

from http import HTTPStatus

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.commerce import cancellation
from app.services.commerce import order as orders_service
from app.services.commerce.cancellation import Terms
from app.services.platform.idempotency_key import once
from app.services.platform.machine import choices
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import ActorKind
from models.commerce.order import Order
from models.commerce.refund import RefundCause
from models.errors import Conflict, GuardFailed, Invalid
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.commerce.forms import Cancel
from views.storefront.guard import customer, provider

TO_ORDER = {ActorKind.buyer: "storefront.order", ActorKind.seller: "storefront.pro_order"}


@storefront.get("/orders/<reference>/cancel")
@customer
def order_cancel(reference: str) -> ResponseReturnValue:
    """What comes back to the customer who cancels now. Raises NotFound for every order that is not their own."""
    return _page(reference, ActorKind.buyer, Cancel(formdata=None))


@storefront.post("/orders/<reference>/cancel")
@customer
def order_cancel_act(reference: str) -> ResponseReturnValue:
    """Cancels on the terms that were shown; when they are others by now, shows those."""
    return _act(reference, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/cancel")
@provider
def pro_order_cancel(reference: str) -> ResponseReturnValue:
    """What the provider's cancelling comes to: everything goes back."""
    return _page(reference, ActorKind.seller, Cancel(formdata=None))


@storefront.post("/pro/orders/<reference>/cancel")
@provider
def pro_order_cancel_act(reference: str) -> ResponseReturnValue:
    """Cancels, with a reason that the customer reads."""
    return _act(reference, ActorKind.seller)


def refusal(work: Session, order: Order, side: ActorKind) -> str | None:
    """Why this party cannot cancel now, "" when it can, None when cancelling is no move of this state at all."""
    found = next((one for one in choices(work, order, side) if one.move.event == "cancel"), None)
    if found is None or found.refusal:
        return found.refusal if found else None
    try:
        cancellation.terms(work, order, side)
    except GuardFailed as refused:
        return str(refused)
    return ""


def _act(reference: str, side: ActorKind) -> ResponseReturnValue:
    form, actor = Cancel(), party.actor(side)
    if not form.validate_on_submit():
        return _page(reference, side, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(actor) as work:
            found = party.order_of(work, reference, side)

            def command() -> dict[str, str]:
                reason, agreed = form.reason.data or "", form.agreed.data
                orders_service.cancel(work, found, actor=actor, reason=reason, agreed_minor=agreed)
                return {"state": found.state.name}

            asked = {"order": str(found.id), "event": "cancel", **form.contents()}
            once(work, "order.act", form.key.data or "", asked, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, side, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(reference, side, form, refused.status, str(refused))
    return redirect(url_for(TO_ORDER[side], reference=reference), HTTPStatus.SEE_OTHER)


def _page(
    reference: str, side: ActorKind, form: Cancel, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    no = refusal(session(), order, side)
    terms: Terms | None = None
    if no == "":
        terms = cancellation.terms(session(), order, side)
        form.agreed.data, form.agreed.raw_data = terms.back_minor, None  # what was sent is not shown again
    elif status == HTTPStatus.OK:
        status = HTTPStatus.CONFLICT
    page = render_template(
        "storefront/commerce/cancel.html",
        order=order,
        seller_side=side is ActorKind.seller,
        terms=terms,
        refusal=no or "This order cannot be cancelled any more.",
        withdrawal=terms is not None and terms.cause is RefundCause.withdrawal,
        form=form,
        problem=problem,
        back=url_for(TO_ORDER[side], reference=reference),
        report_at=_report_at(order, side),
    )
    return page, status


def _report_at(order: Order, side: ActorKind) -> str:
    """Where a problem is reported instead; empty when that is not possible now."""
    open_now = any(one.move.event == "open_dispute" and not one.refusal for one in choices(session(), order, side))
    at = "storefront.problem_new" if side is ActorKind.buyer else "storefront.pro_problem_new"
    return url_for(at, reference=order.reference) if open_now else ""
