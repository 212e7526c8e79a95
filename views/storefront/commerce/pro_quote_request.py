"""A provider's quotes: jobs to name a price for, the offer, changed until it is accepted, or a no with its reason."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.commerce import quote_request as quotes
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.quote_request import ANSWER_WITHIN, QuoteRequest
from models.errors import Conflict, Invalid
from views.storefront.blueprint import storefront
from views.storefront.commerce.quote_job_form import DeclineForm
from views.storefront.commerce.quote_offer_form import OfferForm
from views.storefront.commerce.quote_story import of_side, tell
from views.storefront.commerce.quote_words import BADGES
from views.storefront.guard import provider
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

Verb = Callable[[Session, QuoteRequest, Actor], object]


@storefront.get("/pro/quotes/<uuid:quote_id>")
@provider
def pro_quote(quote_id: UUID) -> ResponseReturnValue:
    """Raises NotFound for every quote that is not to the provider."""
    return _page(quote_id)


@storefront.post("/pro/quotes/<uuid:quote_id>/offer")
@provider
def pro_quote_offer(quote_id: UUID) -> ResponseReturnValue:
    """Makes the offer, or another in its place."""
    form = OfferForm()

    def offer(work: Session, row: QuoteRequest, actor: Actor) -> None:
        quotes.offer(work, row, actor=actor, terms=form.terms(row.listing), after=form.after.data or 0)

    return _do(quote_id, form, "quote.offer", offer, "Your offer is sent. The customer is told.")


@storefront.post("/pro/quotes/<uuid:quote_id>/decline")
@provider
def pro_quote_decline(quote_id: UUID) -> ResponseReturnValue:
    """No offer, or none any more; the customer reads why."""
    form = DeclineForm()

    def decline(work: Session, row: QuoteRequest, actor: Actor) -> None:
        quotes.decline(work, row, actor=actor, code=form.code.data or "", reason=form.reason.data or "")

    return _do(quote_id, form, "quote.decline", decline, "The customer is told that you make no offer.")


def _do(quote_id: UUID, form: Keyed, scope: str, verb: Verb, done: str) -> ResponseReturnValue:
    actor = current_person().seller()
    of_side(session(), quote_id, ActorKind.seller)
    if not form.validate_on_submit():
        return _page(quote_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(actor) as work:
            row = of_side(work, quote_id, ActorKind.seller)

            def command() -> dict[str, str]:
                verb(work, row, actor)
                return {"state": row.state.name}

            once(work, scope, form.key.data or "", {"quote": str(quote_id), **form.contents()}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(quote_id, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(quote_id, form, refused.status, str(refused))
    flash(done)
    return redirect(url_for("storefront.pro_quote", quote_id=quote_id), HTTPStatus.SEE_OTHER)


def _page(
    quote_id: UUID, form: Keyed | None = None, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    row = of_side(session(), quote_id, ActorKind.seller)
    offering = form if isinstance(form, OfferForm) else OfferForm.of(row.offer)
    if isinstance(form, OfferForm) and problem:
        offering.after.data = row.offer.number if row.offer else 0  # the next press is about what is shown now
    body = render_template(
        "storefront/commerce/pro_quote.html",
        story=tell(session(), row, ActorKind.seller),
        badges=BADGES,
        offering=offering,
        declining=form if isinstance(form, DeclineForm) else DeclineForm(formdata=None),
        form=form or offering,
        problem=problem,
        answer_by=row.created_at + ANSWER_WITHIN,
    )
    return body, status
