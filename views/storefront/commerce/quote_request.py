"""A customer's quotes: a job described from a listing, the offer with its all-in price, accepted or turned away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from app.services.commerce import quote_request as quotes
from app.services.platform import stored_file
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import ActorKind
from models.catalogue.listing import Listing
from models.commerce.quote_request import ANSWER_WITHIN
from models.errors import Conflict, Invalid, Refused
from views.storefront.blueprint import storefront
from views.storefront.catalogue.once_on_sale import once_on_sale, still_on_sale
from views.storefront.commerce.quote_job_form import AcceptForm, JobForm
from views.storefront.commerce.quote_story import of_side, tell
from views.storefront.commerce.quote_words import BADGES
from views.storefront.guard import customer
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

VERBS: dict[str, Callable[..., object]] = {
    "withdraw": quotes.withdraw,
    "refuse": quotes.refuse,
    "give_back": quotes.give_back,
}


@storefront.get("/l/<slug>/quote")
@customer
def quote_new(slug: str) -> ResponseReturnValue:
    """The form. Raises NotFound for a listing that never was in the shop."""
    return _new_page(once_on_sale(session(), slug), JobForm(formdata=None))


@storefront.post("/l/<slug>/quote")
@customer
def quote_ask(slug: str) -> ResponseReturnValue:
    """Asks once for the key of the form."""
    form, actor = JobForm(), current_person().buyer()
    listing = once_on_sale(session(), slug)
    if not form.validate_on_submit():
        return _new_page(listing, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        kept = form.kept()
        with unit_of_work(actor) as work:
            found = work.get_one(Listing, listing.id)

            def command() -> dict[str, str]:
                shown = [
                    stored_file.record(work, content, media_type=media, purpose="quote", original_name=name)
                    for content, media, name in kept
                ]
                return {"quote": str(quotes.ask(work, found, actor=actor, job=replace(form.job(), files=shown)).id)}

            digests = [content.sha256.hex() for content, _, _ in kept]
            asked = {"listing": str(listing.id), **form.contents(), "files": digests}
            made = once(work, "quote.ask", form.key.data or "", asked, command)
    except Invalid as wrong:
        form.take(wrong)
        return _new_page(once_on_sale(session(), slug), form, wrong.status)
    except Refused as refused:
        form.again(refused)
        return _new_page(once_on_sale(session(), slug), form, refused.status, str(refused))
    flash("Your request is sent. You are told when there is an offer.")
    return redirect(url_for("storefront.quote", quote_id=made["quote"]), HTTPStatus.SEE_OTHER)


@storefront.get("/quotes/<uuid:quote_id>")
@customer
def quote(quote_id: UUID) -> ResponseReturnValue:
    """Raises NotFound for every quote that is not the person's own."""
    return _page(quote_id)


@storefront.post("/quotes/<uuid:quote_id>/accept")
@customer
def quote_accept(quote_id: UUID) -> ResponseReturnValue:
    """Makes the checkout of the offer that was seen, and goes there; accepted again it is the same one."""
    form, actor = AcceptForm(), current_person().buyer()
    of_side(session(), quote_id, ActorKind.buyer)
    if not form.validate_on_submit():
        return _page(quote_id, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(actor) as work:
            row = of_side(work, quote_id, ActorKind.buyer)
            number = form.number.data or 0

            def command() -> dict[str, str]:
                return {"checkout": str(quotes.accept(work, row, actor=actor, number=number).id)}

            made = once(work, "quote.accept", form.key.data or "", {"quote": str(quote_id), "number": number}, command)
    except Conflict as refused:
        return _page(quote_id, refused.status, str(refused))
    return redirect(url_for("storefront.checkout", checkout_id=made["checkout"]), HTTPStatus.SEE_OTHER)


@storefront.post("/quotes/<uuid:quote_id>/<any(withdraw, refuse, give_back):event>")
@customer
def quote_turn_away(quote_id: UUID, event: str) -> ResponseReturnValue:
    """Takes the request back, refuses the offer, or gives back what was accepted and is not paid."""
    form, actor = Keyed(), current_person().buyer()
    verb = VERBS[event]
    of_side(session(), quote_id, ActorKind.buyer)
    try:
        with unit_of_work(actor) as work:
            row = of_side(work, quote_id, ActorKind.buyer)

            def command() -> dict[str, str]:
                verb(work, row, actor=actor)
                return {"state": row.state.name}

            once(work, f"quote.{event}", form.key.data or "", {"quote": str(quote_id)}, command)
    except Conflict as refused:
        return _page(quote_id, refused.status, str(refused))
    return redirect(url_for("storefront.quote", quote_id=quote_id), HTTPStatus.SEE_OTHER)


def _new_page(listing: Listing, form: JobForm, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    there = still_on_sale(session(), listing)
    why = quotes.refusal(session(), listing, actor=current_person().buyer())
    body = render_template(
        "storefront/commerce/quote_new.html",
        listing=there,
        refusal=why if there else quotes.NOT_ON_SALE,
        problem="" if problem == quotes.NOT_ON_SALE else problem,
        form=form,
    )
    return body, status if there or status != HTTPStatus.OK else HTTPStatus.CONFLICT


def _page(quote_id: UUID, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    story = tell(session(), of_side(session(), quote_id, ActorKind.buyer), ActorKind.buyer)
    number = story.offer.number if story.offer else 0
    body = render_template(
        "storefront/commerce/quote.html",
        story=story,
        badges=BADGES,
        answer_within=ANSWER_WITHIN,
        accept=AcceptForm(formdata=None, data={"number": number}),
        keyed=Keyed(formdata=None),
        problem=problem,
    )
    return body, status


def quote_of_order(work: Session, checkout_id: UUID, side: ActorKind) -> str:
    """The address of the quote that an order came from, empty when there was none."""
    found = quotes.of_checkout(work, checkout_id)
    at = "storefront.quote" if side is ActorKind.buyer else "storefront.pro_quote"
    return url_for(at, quote_id=found) if found else ""
