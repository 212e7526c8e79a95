"""Messages on both sides' order pages: read when the page is opened, written in a form with files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from wtforms import TextAreaField
from wtforms.validators import Length

from app.services.commerce import order_message as messages
from app.services.people import absence
from app.services.people.absence import Away
from app.services.platform import stored_file
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.actor import ActorKind
from models.commerce.order import Order
from models.commerce.order_message import OrderMessage
from models.commerce.order_message_file import OrderMessageFile
from models.errors import Conflict, Invalid, NotFound
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.commerce.dispute_act import WithFiles
from views.storefront.guard import customer, provider

AT = {ActorKind.buyer: "storefront.order_messages", ActorKind.seller: "storefront.pro_order_messages"}
ORDER_AT = {ActorKind.buyer: "storefront.order", ActorKind.seller: "storefront.pro_order"}


class Say(WithFiles):
    """Words, files, or both."""

    text = TextAreaField("Your message", [Length(max=messages.MOST)], render_kw={"rows": "4"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for field in (self.text, self.file):
            field.id = f"message-{field.id}"  # the order's own forms stand on the same page


@dataclass(frozen=True, slots=True)
class Thread:
    """The conversation as one side reads it. `closes_at` is None while the order runs."""

    rows: list[OrderMessage]
    side: str
    other: str
    closes_at: datetime | None
    refusal: str
    at: str
    file_at: str
    away: Away | None = None
    """Why an answer may take longer, for the customer."""


@storefront.get("/orders/<reference>/messages")
@customer
def order_messages(reference: str) -> ResponseReturnValue:
    """The customer's page of the conversation."""
    return _page(reference, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/messages")
@provider
def pro_order_messages(reference: str) -> ResponseReturnValue:
    """The provider's."""
    return _page(reference, ActorKind.seller)


@storefront.post("/orders/<reference>/messages")
@customer
def order_message_send(reference: str) -> ResponseReturnValue:
    """Sends the customer's message."""
    return _send(reference, ActorKind.buyer)


@storefront.post("/pro/orders/<reference>/messages")
@provider
def pro_order_message_send(reference: str) -> ResponseReturnValue:
    """Sends the provider's message."""
    return _send(reference, ActorKind.seller)


@storefront.get("/orders/<reference>/messages/files/<uuid:attachment_id>")
@customer
def order_message_file(reference: str, attachment_id: UUID) -> ResponseReturnValue:
    """A file that came with a message."""
    return _file(reference, attachment_id, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/messages/files/<uuid:attachment_id>")
@provider
def pro_order_message_file(reference: str, attachment_id: UUID) -> ResponseReturnValue:
    """The same for the provider."""
    return _file(reference, attachment_id, ActorKind.seller)


def opened(reference: str, side: ActorKind) -> None:
    """Somebody of this side has the conversation before them. A browser that only fetches ahead has not read it."""
    order = party.order_of(session(), reference, side)
    if "prefetch" in request.headers.get("Sec-Purpose", "") or not messages.unread(session(), [order.id], side):
        return
    actor = party.actor(side)
    with unit_of_work(actor) as work:
        messages.read(work, party.order_of(work, reference, side), actor=actor)


def thread_of(order: Order, side: ActorKind) -> Thread:
    """What the panel of an order page needs."""
    own = side is ActorKind.buyer
    return Thread(
        rows=messages.of_order(session(), order),
        side=side.value,
        other=(order.seller_organisation if own else order.buyer_organisation).name,
        closes_at=messages.closes_at(order),
        refusal=messages.refusal(order),
        at=url_for(AT[side], reference=order.reference),
        file_at="storefront.order_message_file" if own else "storefront.pro_order_message_file",
        away=absence.of_organisation(session(), order.seller_organisation_id) if own else None,
    )


def on_order_page(order: Order, side: ActorKind) -> dict[str, object]:
    """What the panel on the order's own page needs."""
    return {"thread": thread_of(order, side), "message_form": Say(formdata=None)}


def _send(reference: str, side: ActorKind) -> ResponseReturnValue:
    form, actor = Say(), party.actor(side)
    party.order_of(session(), reference, side)
    if not form.validate_on_submit():
        return _page(reference, side, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        kept = form.kept()
        with unit_of_work(actor) as work:
            order = party.order_of(work, reference, side)

            def command() -> dict[str, str]:
                shown = [
                    stored_file.record(work, content, media_type=media, purpose="message", original_name=name)
                    for content, media, name in kept
                ]
                row = messages.send(work, order, actor=actor, text=form.text.data or "", files=shown)
                return {"message": str(row.id)}

            digests = [content.sha256.hex() for content, _, _ in kept]
            asked = {"order": str(order.id), **form.contents(), "files": digests}
            once(work, "order.message", form.key.data or "", asked, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, side, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(reference, side, form, refused.status, str(refused))
    return redirect(url_for(ORDER_AT[side], reference=reference) + "#messages", HTTPStatus.SEE_OTHER)


def _page(
    reference: str, side: ActorKind, form: Say | None = None, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    opened(reference, side)
    order = party.order_of(session(), reference, side)
    page = render_template(
        "storefront/commerce/messages.html",
        order=order,
        thread=thread_of(order, side),
        seller_side=side is ActorKind.seller,
        order_at=url_for(ORDER_AT[side], reference=order.reference),
        form=form or Say(formdata=None),
        problem=problem,
    )
    return page, status


def _file(reference: str, attachment_id: UUID, side: ActorKind) -> ResponseReturnValue:
    """Raises NotFound, also for a file of another order's message."""
    order = party.order_of(session(), reference, side)
    found = session.get(OrderMessageFile, attachment_id)
    if found is None or session.get_one(OrderMessage, found.message_id).order_id != order.id:
        raise NotFound
    return files.send(found.stored_file, found.stored_file.original_name or f"{order.reference}-message")
