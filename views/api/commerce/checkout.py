"""From a listing to the payment page: a draft at today's price, submitted with everything the law wants told."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from app.clients.payments import PaymentsError
from app.services.catalogue import offer
from app.services.commerce import checkout as checkouts
from app.services.commerce import payment
from app.services.platform import clock
from app.session import session
from app.unit_of_work import unit_of_work
from models.catalogue.listing import Listing
from models.commerce.checkout import Checkout, CheckoutState
from models.commerce.order import Order
from models.commerce.payment import Payment
from models.errors import Invalid, NotAllowed, Unavailable
from views.api.catalogue.listing import on_sale
from views.api.catalogue.listing_shape import window_shape
from views.api.commerce.checkout_forms import Begin, CheckoutShape, Submit, Submitted
from views.api.commerce.checkout_ladder import ladder_shape
from views.api.commerce.line import line_shape
from views.api.operation import Deed, does, reads
from views.api.shapes import money
from views.storefront import legal
from views.storefront.commerce.party import checkout_of
from views.storefront.people.person import current_person

CANCELLATION, EXPRESS = "cancellation-information", "express-start-consent"


@does("/checkouts", takes=Begin, gives=CheckoutShape, status=HTTPStatus.CREATED)
def start_checkout(asked: dict[str, Any]) -> Deed:
    """Begin to order a listing, at today's price."""
    actor = _buyer().buyer()

    def run(work: Session) -> dict[str, Any]:
        return _shape(work, checkouts.start(work, on_sale(work, asked["listing"]), actor=actor))

    return Deed(actor, run)


@reads("/checkouts/<uuid:checkout_id>", gives=CheckoutShape)
def checkout(checkout_id: UUID) -> dict[str, Any]:
    """A checkout of one's own, with the price it has now and the visits on offer."""
    _buyer()
    return _shape(session(), checkout_of(session(), checkout_id))


@does("/checkouts/<uuid:checkout_id>/submit", takes=Submit, gives=Submitted)
def submit_checkout(asked: dict[str, Any], checkout_id: UUID) -> Deed:
    """Order with an obligation to pay. When the price changed (409 price_changed), the checkout has the new one."""
    actor = _buyer().buyer()
    checkout_of(session(), checkout_id)
    site = checkouts.Site(asked["site_address"], asked["site_postcode"], asked["access_notes"])
    told = _told(asked)

    def run(work: Session) -> dict[str, Any]:
        found = checkout_of(work, checkout_id)
        checkouts.submit(
            work,
            found,
            actor=actor,
            window_key=asked["window"],
            site=site,
            told=told,
            fingerprint=bytes.fromhex(asked["fingerprint"]),
            provider=current_app.extensions["parts"].config.payments_provider,
        )
        _require_shown(found, asked["ladder"])
        return {"id": found.id, "state": found.state.name, "total": money(found.total_minor, found.currency)}

    with unit_of_work(actor) as work:
        checkouts.refresh_price(work, checkout_of(work, checkout_id))
    return Deed(actor, run, after=_with_pay_url)


@does("/checkouts/<uuid:checkout_id>/cancel", gives=Submitted)
def cancel_checkout(_asked: dict[str, Any], checkout_id: UUID) -> Deed:
    """Turn back from paying."""
    actor = _buyer().buyer()

    def run(work: Session) -> dict[str, Any]:
        found = checkout_of(work, checkout_id)
        checkouts.cancel(work, found, actor=actor)
        return {"id": found.id, "state": found.state.name, "total": money(found.total_minor, found.currency)}

    return Deed(actor, run)


def _told(asked: dict[str, Any]) -> checkouts.Told:
    """What is recorded is what was shown. Raises Invalid for a text that is not the one in force."""
    now = {"cancellation": legal.name_now(CANCELLATION), "express_start": legal.name_now(EXPRESS)}
    old = {name: f"Show {text_now}, then order." for name, text_now in now.items() if asked[name] not in {"", text_now}}
    if old:
        raise Invalid("Our texts have a new version.", old)
    return checkouts.Told(asked["cancellation"], asked["express_start"])


def _require_shown(found: Checkout, ladder_id: UUID) -> None:
    """The order gets the ladder that was shown, or is not made: asked of what was fixed, so that no change falls
    between. Raises Invalid."""
    if found.cancellation_policy_id != ladder_id:
        raise Invalid("What comes back after a cancellation has changed.", {"ladder": "Show it again, then order."})


def _buyer() -> Any:
    person = current_person()
    if person.buying is None:
        raise NotAllowed("Only customers order.")
    return person


def _with_pay_url(told: dict[str, Any]) -> dict[str, Any]:
    """Opens the payment at the provider, outside of any transaction, or finds it open. Raises Unavailable: the same
    request with the same key tries again, and the clockwork does so by itself."""
    found = checkout_of(session(), UUID(told["id"]))
    if found.state is not CheckoutState.awaiting_payment:
        return {**told, "pay_url": None}
    row = session.scalars(sa.select(Payment).where(Payment.checkout_id == found.id)).one()
    asked = payment.opening(session(), row.id)
    session.rollback()
    parts = current_app.extensions["parts"]
    intent_id = asked.intent_id
    if intent_id is None:
        try:
            intent = payment.open_at_provider(parts.payments, asked, parts.config.base_url)
        except PaymentsError as trouble:
            raise Unavailable(
                "Ordered; the payment provider does not answer. Ask again with the same key."
            ) from trouble
        with unit_of_work(current_person().buyer()) as work:
            intent_id = payment.opened(work, asked.payment_id, intent).intent_id or intent.id
    return {**told, "pay_url": parts.payments.pay_url(intent_id)}


def _shape(work: Session, found: Checkout) -> dict[str, Any]:
    row = work.get_one(Listing, found.lines[0].listing_id)
    draft = found.state is CheckoutState.draft
    consumer = found.buyer_organisation.personal
    return {
        "id": found.id,
        "state": found.state.name,
        "listing": row.slug,
        "lines": [line_shape(line, found.currency) for line in found.lines],
        "fee": money(found.fee_net_minor + found.fee_vat_minor, found.currency),
        "total": money(found.total_minor, found.currency),
        "fingerprint": found.quote_fingerprint.hex(),
        "windows": [window_shape(one) for one in offer.on_offer(work, row, now=clock.now())] if draft else [],
        "texts": {
            "cancellation": legal.name_now(CANCELLATION) if consumer else None,
            "express_start": legal.name_now(EXPRESS) if consumer else None,
        },
        "ladder": ladder_shape(found, row),
        "order": work.scalar(sa.select(Order.reference).where(Order.checkout_id == found.id)),
    }
