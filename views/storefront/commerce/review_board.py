"""Reviews as everybody meets them: a seller's page of them, the provider's desk, and the form that reports one."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectChoice, TextAreaField
from wtforms.validators import Length

from app.services.commerce import review as reviews
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.commerce.order import Order, OrderState
from models.commerce.review import Review
from models.errors import Conflict, Invalid, NotFound
from models.people.organisation import Organisation
from models.people.seller import Seller
from views.storefront.blueprint import storefront
from views.storefront.commerce import party
from views.storefront.guard import customer, provider, public
from views.storefront.keyed import Keyed
from views.storefront.paging import page_of
from views.storefront.people.person import Person, current_person
from views.storefront.review_block import block_of, shown_about, told


class Report(Keyed):
    """Why it should not stand."""

    code = RadioField(
        "What is wrong with it?",
        choices=[SelectChoice(*reason) for reason in reviews.REPORT_REASONS.items()],
        validate_choice=False,
    )
    text = TextAreaField("Anything we should know", [Length(max=reviews.MOST_REPLY)], render_kw={"rows": "4"})


@storefront.get("/pro/reviews")
@provider
def pro_reviews() -> ResponseReturnValue:
    """The provider's desk of reviews: figures, what customers wrote, and orders that still can be reviewed."""
    seller = session.get_one(Organisation, current_person().seller().organisation_id)
    page = page_of(session(), shown_about(organisation_id=seller.id), Review.id, request.args.get("before"))
    return render_template(
        "storefront/commerce/pro_reviews.html",
        reviews=block_of(session(), seller),
        page=page,
        rows=[(told(row), row.order.reference) for row in page.rows],
        to_write=_to_write(session(), seller.id),
    )


@storefront.get("/reviews/<slug>")
@public
def seller_reviews(slug: str) -> ResponseReturnValue:
    """Every published review of a seller. Raises NotFound for an organisation that does not sell."""
    found = session.scalars(
        sa.select(Organisation).join(Seller, Seller.organisation_id == Organisation.id).where(Organisation.slug == slug)
    ).first()
    if found is None:
        raise NotFound
    page = page_of(session(), shown_about(organisation_id=found.id), Review.id, request.args.get("before"))
    return render_template(
        "storefront/commerce/reviews.html",
        reviews=block_of(session(), found),
        page=page,
        rows=[told(row) for row in page.rows],
    )


@storefront.get("/reviews/<uuid:review_id>/report")
@customer
def review_report(review_id: UUID) -> ResponseReturnValue:
    """The form to report a review. Raises NotFound for one that nobody may read."""
    return _report_page(review_id, Report(formdata=None))


@storefront.post("/reviews/<uuid:review_id>/report")
@customer
def review_report_send(review_id: UUID) -> ResponseReturnValue:
    """Sends it to the moderators, once."""
    form, row = Report(), _shown(session(), review_id)
    slug = row.subject_organisation.slug if row.author == "buyer" else ""
    if not form.validate_on_submit():
        return _report_page(review_id, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    actor = current_person().buyer()
    try:
        with unit_of_work(actor) as work:
            found = _shown(work, review_id)
            said = {"code": form.code.data or "", "text": form.text.data or ""}

            def command() -> dict[str, str]:
                reviews.report(work, found, actor=actor, **said)
                return {"state": found.state.name}

            once(work, "review.report", form.key.data or "", {"review": str(review_id), **said}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _report_page(review_id, form, wrong.status)
    except Conflict as refused:
        form.again(refused)
        return _report_page(review_id, form, refused.status, str(refused))
    flash("Thank you. A person here reads it and decides.")
    at = url_for("storefront.seller_reviews", slug=slug) if slug else url_for("storefront.orders")
    return redirect(at, HTTPStatus.SEE_OTHER)


def _report_page(review_id: UUID, form: Report, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    row = told(_shown(session(), review_id))
    return render_template("storefront/commerce/review_report.html", row=row, form=form, problem=problem), status


def _shown(work: Session, review_id: UUID) -> Review:
    return readable_by(work, current_person(), review_id)


def readable_by(work: Session, person: Person, review_id: UUID) -> Review:
    """A review of a seller that everybody reads, or one about the person's own organisation. Raises NotFound."""
    row = work.get(Review, review_id)
    own = {one.id for one in (person.buying, person.selling) if one}
    if row is None or not row.shown or not (row.author == "buyer" or row.subject_organisation_id in own):
        raise NotFound
    return row


def _to_write(work: Session, seller_id: UUID) -> list[Order]:
    """Completed orders whose customer the provider can still review, soonest end first."""
    written = sa.exists().where(Review.order_id == Order.id, Review.author == "seller")
    query = sa.select(Order).where(Order.seller_organisation_id == seller_id, Order.state == OrderState.completed)
    rows = work.scalars(query.where(~written).options(*party.SHOWN_IN_LISTS).order_by(Order.closed_at).limit(50))
    return [row for row in rows if not reviews.refusal(row)]
