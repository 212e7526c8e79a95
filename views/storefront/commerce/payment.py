"""Paying: to the provider's page and back. The page waits for the provider's word; coming back proves nothing."""

from __future__ import annotations

import time
from datetime import datetime
from http import HTTPStatus
from uuid import UUID

import sqlalchemy as sa
import structlog
from flask import current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from app.clients.payments import Intent, PaymentsError, PaymentsUnknown
from app.parts import Parts
from app.services.catalogue import search
from app.services.commerce import checkout as checkouts
from app.services.commerce import payment, quote_request
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.errors import Conflict
from models.platform.timer import TimerRow, TimerState
from views.storefront.blueprint import storefront
from views.storefront.commerce.party import checkout_of
from views.storefront.guard import customer
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

log = structlog.get_logger(__name__)
IN_USE = "idempotency_key_in_use"
LOOKS, PAUSE = 10, 0.3
"""While another request opens the same payment: so often looked again, after so many seconds."""


def to_payment(checkout_id: UUID) -> ResponseReturnValue:
    """Opens the payment at the provider, outside any transaction, and sends the browser to its page.

    When the provider does not answer, the waiting page says so; the clockwork keeps trying to open it.
    """
    session.rollback()
    session.expire_all()  # this request may have read the draft while another one submitted it
    found = checkout_of(session(), checkout_id)
    waiting = url_for("storefront.payment_return", checkout_id=checkout_id)
    if found.state is not CheckoutState.awaiting_payment:
        return redirect(waiting, HTTPStatus.SEE_OTHER)
    asked = payment.opening(session(), _payment(found).id)
    session.rollback()
    parts = current_app.extensions["parts"]
    try:
        intent_id = asked.intent_id
        if intent_id is None:
            intent = _opened(parts, asked)
            with unit_of_work(current_person().buyer()) as work:
                intent_id = payment.opened(work, asked.payment_id, intent).intent_id
        return redirect(parts.payments.pay_url(intent_id), HTTPStatus.SEE_OTHER)
    except PaymentsError as trouble:
        log.warning("payment page not opened", error=str(trouble), code=trouble.code, payment=str(asked.payment_id))
        answer = _page(checkout_of(session(), checkout_id), unreachable=True)
        return answer, HTTPStatus.SERVICE_UNAVAILABLE


def _opened(parts: Parts, asked: payment.Opening) -> Intent:
    """Two clicks, or a click and the clockwork, may ask at once: the provider answers one of them and lets the other
    ask again. The key is the same, so it is one payment. Raises PaymentsError."""
    for _ in range(LOOKS):
        try:
            return payment.open_at_provider(parts.payments, asked, parts.config.base_url)
        except PaymentsUnknown as trouble:
            if trouble.code != IN_USE:
                raise
            time.sleep(PAUSE)
    return payment.open_at_provider(parts.payments, asked, parts.config.base_url)


@storefront.get("/checkout/<uuid:checkout_id>/return")
@customer
def payment_return(checkout_id: UUID) -> ResponseReturnValue:
    """Where the provider sends the browser back: waits, and goes on to the order as soon as the money is confirmed."""
    found = checkout_of(session(), checkout_id)
    if found.state is CheckoutState.draft:
        return redirect(url_for("storefront.checkout", checkout_id=checkout_id), HTTPStatus.SEE_OTHER)
    reference = session.scalar(sa.select(Order.reference).where(Order.checkout_id == checkout_id))
    if reference is not None:
        return redirect(url_for("storefront.order", reference=reference), HTTPStatus.SEE_OTHER)
    return _page(found)


@storefront.post("/checkout/<uuid:checkout_id>/pay")
@customer
def pay(checkout_id: UUID) -> ResponseReturnValue:
    """Another try, as long as the checkout waits."""
    return to_payment(checkout_id)


@storefront.post("/checkout/<uuid:checkout_id>/cancel")
@customer
def cancel_checkout(checkout_id: UUID) -> ResponseReturnValue:
    """Turns back. If the money was confirmed in the same moment, the order's page says what can still be done."""
    actor, form = current_person().buyer(), Keyed()
    try:
        with unit_of_work(actor) as work:
            found = checkout_of(work, checkout_id)

            def command() -> dict[str, str]:
                checkouts.cancel(work, found, actor=actor)
                return {"state": found.state.name}

            once(work, "checkout.cancel", form.key.data or "", {"checkout": str(checkout_id)}, command)
    except Conflict:
        log.info("checkout was over before it was cancelled", checkout=str(checkout_id))
    return redirect(url_for("storefront.payment_return", checkout_id=checkout_id), HTTPStatus.SEE_OTHER)


def _page(found: Checkout, *, unreachable: bool = False) -> str:
    """`outcome` is what the browser says of the provider's page: good for choosing words, and believed for nothing."""
    row = _payment(found) if found.state is CheckoutState.awaiting_payment else None
    outcome = request.args.get("redirect_status", "")
    listing = session.get_one(Listing, found.lines[0].listing_id)
    return render_template(
        "storefront/commerce/payment.html",
        checkout=found,
        declined=bool(row and row.last_decline) and not outcome,
        turned_back=outcome == "canceled",
        until=_until(found),
        came_back=request.method == "GET" and request.endpoint == "storefront.payment_return",
        unreachable=unreachable,
        form=Keyed(formdata=None),
        again_at=_again_at(found, listing),
    )


def _again_at(found: Checkout, listing: Listing) -> str:
    """Where it can be ordered anew: at its quote, at its listing, or nowhere."""
    if quote_id := quote_request.of_checkout(session(), found.id):
        return url_for("storefront.quote", quote_id=quote_id)
    return url_for("storefront.listing", slug=listing.slug) if search.by_slug(session(), listing.slug) else ""


def _payment(found: Checkout) -> Payment:
    """Of a checkout that was submitted; one that was given up as a draft has none."""
    return session.scalars(sa.select(Payment).where(Payment.checkout_id == found.id)).one()


def _until(found: Checkout) -> datetime | None:
    """When the checkout ends by itself."""
    query = sa.select(TimerRow.due_at).where(TimerRow.subject_id == found.id, TimerRow.state == TimerState.waiting)
    return session.scalar(query.limit(1))
