"""Reviews in the shop: written and answered by the two sides of an order, read by everybody, reported by anybody."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import Length

from app.services.commerce import review as reviews
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import Actor, ActorKind
from models.commerce.order import Order
from models.errors import Conflict, Invalid, NotFound
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.commerce.review_story import of_order
from views.storefront.guard import customer, provider
from views.storefront.keyed import Keyed
from views.storefront.review_block import STARS

ORDER_AT = {ActorKind.buyer: "storefront.order", ActorKind.seller: "storefront.pro_order"}
AT = {ActorKind.buyer: "storefront.order_review", ActorKind.seller: "storefront.pro_order_review"}


class Write(Keyed):
    """Stars and words."""

    stars = RadioField(
        "How was it?",
        choices=[SelectChoice(str(n), f"{'★' * n}{'☆' * (5 - n)} {word}") for n, word in STARS.items()],
        validate_choice=False,
    )
    text = TextAreaField("In your words", [Length(max=reviews.MOST)], render_kw={"rows": "5"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in (self.stars, self.text):
            field.id = f"review-{field.id}"  # the order's own forms stand on the same page


class Answer(Keyed):
    """The one reply."""

    text = TextAreaField("Your reply", [Length(max=reviews.MOST_REPLY)], render_kw={"rows": "4"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text.id = "reply-text"


@storefront.get("/orders/<reference>/review")
@customer
def order_review(reference: str) -> ResponseReturnValue:
    """The customer's page of the reviews of one order."""
    return _page(reference, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/review")
@provider
def pro_order_review(reference: str) -> ResponseReturnValue:
    """The provider's."""
    return _page(reference, ActorKind.seller)


@storefront.post("/orders/<reference>/review")
@customer
def order_review_write(reference: str) -> ResponseReturnValue:
    """Writes the customer's review, or changes it while it waits."""
    return _write(reference, ActorKind.buyer)


@storefront.post("/pro/orders/<reference>/review")
@provider
def pro_order_review_write(reference: str) -> ResponseReturnValue:
    """The same for the provider."""
    return _write(reference, ActorKind.seller)


@storefront.post("/orders/<reference>/review/reply")
@customer
def order_review_reply(reference: str) -> ResponseReturnValue:
    """Answers what the provider wrote, once."""
    return _reply(reference, ActorKind.buyer)


@storefront.post("/pro/orders/<reference>/review/reply")
@provider
def pro_order_review_reply(reference: str) -> ResponseReturnValue:
    """Answers what the customer wrote, once."""
    return _reply(reference, ActorKind.seller)


def _write(reference: str, side: ActorKind) -> ResponseReturnValue:
    form = Write()

    def command(work: Session, order: Order, actor: Actor) -> None:
        stars, text = int(form.stars.data) if str(form.stars.data).isdigit() else 0, form.text.data or ""
        mine = reviews.of_order(work, order).get(side.value)
        if mine is None:
            reviews.write(work, order, actor=actor, stars=stars, text=text)
        else:
            reviews.revise(work, mine, actor=actor, stars=stars, text=text)

    return _do(reference, side, form, "review.write", command)


def _reply(reference: str, side: ActorKind) -> ResponseReturnValue:
    form = Answer()

    def command(work: Session, order: Order, actor: Actor) -> None:
        theirs = reviews.of_order(work, order).get("seller" if side is ActorKind.buyer else "buyer")
        if theirs is None or not theirs.shown:
            raise NotFound
        reviews.reply(work, theirs, actor=actor, text=form.text.data or "")

    return _do(reference, side, form, "review.reply", command)


def _do(reference: str, side: ActorKind, form: Keyed, scope: str, command: object) -> ResponseReturnValue:
    actor = party.actor(side)
    party.order_of(session(), reference, side)
    if not form.validate_on_submit():
        return _page(reference, side, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(actor) as work:
            order = party.order_of(work, reference, side)

            def done() -> dict[str, str]:
                command(work, order, actor)  # type: ignore[operator]
                return {"order": order.reference}

            once(work, scope, form.key.data or "", {"order": str(order.id), **form.contents()}, done)
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, side, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(reference, side, form, refused.status, str(refused))
    return redirect(url_for(AT[side], reference=reference), HTTPStatus.SEE_OTHER)


def _page(
    reference: str, side: ActorKind, form: Keyed | None = None, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    seen = of_order(session(), order, side)
    write = form if isinstance(form, Write) else filled(seen.mine)
    answer = form if isinstance(form, Answer) else Answer(formdata=None)
    page = render_template(
        "storefront/commerce/review.html",
        order=order,
        seen=seen,
        seller_side=side is ActorKind.seller,
        order_at=url_for(ORDER_AT[side], reference=order.reference),
        write=write,
        answer=answer,
        form=form or write,
        problem=problem,
    )
    return page, status


def filled(mine: object) -> Write:
    """The form, with what was written before."""
    if mine is None:
        return Write(formdata=None)
    return Write(formdata=None, data={"stars": str(mine.stars), "text": mine.text})  # type: ignore[attr-defined]


def on_order_page(order: Order, side: ActorKind) -> dict[str, object]:
    """What the panel on the order's own page needs."""
    seen = of_order(session(), order, side)
    return {"reviews": seen, "review_form": filled(seen.mine)}
