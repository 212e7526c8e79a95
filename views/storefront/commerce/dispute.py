"""Problems of an order: reported by a party, talked about by both, on one page with everything that was said."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from app.services.platform.machine import choices
from app.session import session
from models.actor import ActorKind
from models.commerce.dispute import Dispute
from models.commerce.dispute_file import DisputeFile
from models.commerce.dispute_statement import DisputeStatement
from models.errors import Conflict, Invalid, NotFound
from views.storefront import files
from views.storefront.blueprint import storefront
from views.storefront.commerce import dispute_act, party
from views.storefront.commerce.dispute_act import Reply, Report
from views.storefront.commerce.dispute_story import tell
from views.storefront.commerce.order_story import tell as tell_order
from views.storefront.guard import customer, provider

AT = {ActorKind.buyer: "storefront.problem", ActorKind.seller: "storefront.pro_problem"}
EVENTS = "respond, add, provide, agree, reject, withdraw"


@storefront.get("/orders/<reference>/problem")
@customer
def problem(reference: str) -> ResponseReturnValue:
    """The customer's page of a problem. Raises NotFound for every order that is not their own."""
    return _page(reference, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/problem")
@provider
def pro_problem(reference: str) -> ResponseReturnValue:
    """The provider's page of a problem."""
    return _page(reference, ActorKind.seller)


@storefront.get("/orders/<reference>/problem/new")
@customer
def problem_new(reference: str) -> ResponseReturnValue:
    """What is wrong, and what shows it."""
    return _form(reference, ActorKind.buyer, Report.for_side(ActorKind.buyer, blank=True))


@storefront.get("/pro/orders/<reference>/problem/new")
@provider
def pro_problem_new(reference: str) -> ResponseReturnValue:
    """The same for the provider, with their own kinds of trouble."""
    return _form(reference, ActorKind.seller, Report.for_side(ActorKind.seller, blank=True))


@storefront.post("/orders/<reference>/problem/new")
@customer
def problem_report(reference: str) -> ResponseReturnValue:
    """Reports it: the money is frozen until it is settled."""
    return _report(reference, ActorKind.buyer)


@storefront.post("/pro/orders/<reference>/problem/new")
@provider
def pro_problem_report(reference: str) -> ResponseReturnValue:
    """Reports it for the provider."""
    return _report(reference, ActorKind.seller)


@storefront.post(f"/orders/<reference>/problem/<any({EVENTS}):event>")
@customer
def problem_act(reference: str, event: str) -> ResponseReturnValue:
    """One move of the customer's."""
    return _act(reference, event, ActorKind.buyer)


@storefront.post(f"/pro/orders/<reference>/problem/<any({EVENTS}):event>")
@provider
def pro_problem_act(reference: str, event: str) -> ResponseReturnValue:
    """One move of the provider's."""
    return _act(reference, event, ActorKind.seller)


@storefront.get("/orders/<reference>/problem/files/<uuid:file_id>")
@customer
def problem_file(reference: str, file_id: UUID) -> ResponseReturnValue:
    """A photo or document of the problem."""
    return _file(reference, file_id, ActorKind.buyer)


@storefront.get("/pro/orders/<reference>/problem/files/<uuid:file_id>")
@provider
def pro_problem_file(reference: str, file_id: UUID) -> ResponseReturnValue:
    """The same for the provider."""
    return _file(reference, file_id, ActorKind.seller)


def _report(reference: str, side: ActorKind) -> ResponseReturnValue:
    form = Report.for_side(side)
    party.order_of(session(), reference, side)
    if not form.validate_on_submit():
        return _form(reference, side, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        dispute_act.report(reference, side, form)
    except Invalid as wrong:
        form.take(wrong)
        return _form(reference, side, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _form(reference, side, form, refused.status, str(refused))
    return redirect(url_for(AT[side], reference=reference), HTTPStatus.SEE_OTHER)


def _act(reference: str, event: str, side: ActorKind) -> ResponseReturnValue:
    form = Reply(event)
    party.order_of(session(), reference, side)
    if not form.validate_on_submit():
        return _page(reference, side, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        dispute_act.reply(reference, side, form)
    except Invalid as wrong:
        form.take(wrong)
        return _page(reference, side, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _page(reference, side, form, refused.status, str(refused))
    return redirect(url_for(AT[side], reference=reference), HTTPStatus.SEE_OTHER)


def _form(
    reference: str, side: ActorKind, form: Report, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    found = next((one for one in choices(session(), order, side) if one.move.event == "open_dispute"), None)
    refusal = found.refusal if found else "No problem can be reported for this order now."
    if refusal and status == HTTPStatus.OK:
        status = HTTPStatus.CONFLICT
    page = render_template(
        "storefront/commerce/problem_new.html",
        order=order,
        story=tell_order(session(), order, side),
        seller_side=side is ActorKind.seller,
        form=form,
        refusal=refusal,
        problem=problem,
    )
    return page, status


def _page(
    reference: str, side: ActorKind, form: Reply | None = None, status: int = HTTPStatus.OK, problem: str = ""
) -> ResponseReturnValue:
    order = party.order_of(session(), reference, side)
    row = dispute_act.newest(session(), order)
    page = render_template(
        "storefront/commerce/problem.html",
        order=order,
        seller_side=side is ActorKind.seller,
        told=tell(session(), order, row, side),
        story=tell_order(session(), order, side),
        form=form or Reply(formdata=None),
        forms={one: form if form and form.event == one else Reply(one, formdata=None) for one in dispute_act.VERBS},
        problem=problem,
    )
    return page, status


def _file(reference: str, file_id: UUID, side: ActorKind) -> ResponseReturnValue:
    """Raises NotFound, also for a file of another order's problem."""
    order = party.order_of(session(), reference, side)
    found = session.get(DisputeFile, file_id)
    if found is None or _order_of(found) != order.id:
        raise NotFound
    return files.send(found.stored_file, found.stored_file.original_name or f"{order.reference}-problem")


def _order_of(file: DisputeFile) -> UUID:
    statement = session.get_one(DisputeStatement, file.statement_id)
    return session.get_one(Dispute, statement.dispute_id).order_id
