"""Starting to sell: what it takes, said before anything is asked, and the organisation that wishes to."""

from __future__ import annotations

from http import HTTPStatus

import sqlalchemy as sa
from flask import redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from sqlalchemy.orm import Session
from wtforms import RadioField, SelectChoice, StringField
from wtforms.validators import Length, Optional

from app.services.people import organisation as organisations
from app.services.people import seller
from app.services.platform.idempotency_key import once
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Conflict, Invalid
from models.people.membership import Membership, MembershipRole
from models.people.organisation import Organisation, OrganisationKind
from models.people.seller import Seller
from views.storefront.blueprint import storefront
from views.storefront.guard import customer, public
from views.storefront.keyed import Keyed
from views.storefront.people.person import current_person

NEW = "new"


class Begin(Keyed):
    """Which business: one they own, or a new one."""

    which = RadioField("Which business will sell?", default=NEW, validate_choice=False)
    name = StringField(
        "Name of the business", [Optional(), Length(max=120, message="Use at most 120 characters")],
        description="As customers know it. The registered name comes next",
        render_kw={"autocomplete": "organization"},
    )  # fmt: skip


@storefront.get("/sell")
@public
def sell() -> ResponseReturnValue:
    """What it takes, for everybody; the form for who is signed in as a customer."""
    return _page(Begin(formdata=None))


@storefront.post("/sell")
@customer
def sell_begin() -> ResponseReturnValue:
    """Makes the organisation a seller that has applied, and goes on to the checklist."""
    form = Begin()
    if not form.validate_on_submit():
        return _page(form), HTTPStatus.UNPROCESSABLE_ENTITY
    actor = current_person().buyer()
    try:
        with unit_of_work(actor) as work:

            def command() -> dict[str, str]:
                chosen = _chosen(work, form, actor.user_id or 0)
                return {"seller": str(seller.begin(work, chosen).id)}

            once(work, "seller.begin", form.key.data or "", {"user": actor.user_id, **form.contents()}, command)
    except Invalid as wrong:
        form.take(wrong)
        return _page(form), wrong.status
    except Conflict as refused:
        form.again(refused)
        form.form_errors.append(str(refused))
        return _page(form), refused.status
    return redirect(url_for("storefront.pro_setup"), HTTPStatus.SEE_OTHER)


def _chosen(work: Session, form: Begin, user_id: int) -> Organisation:
    if (form.which.data or NEW) == NEW:
        owner = work.get_one(User, user_id)
        return organisations.create(work, owner=owner, name=form.name.data or "", kind=OrganisationKind.provider)
    found = next((one for one in _own(work, user_id) if str(one.id) == form.which.data), None)
    if found is None:
        raise Invalid("Choose one of yours.", {"which": "Choose one of your businesses, or a new one."})
    return found


def _own(work: Session, user_id: int) -> list[Organisation]:
    """Businesses the person owns that do not sell yet."""
    query = (
        sa.select(Organisation)
        .join(Membership, Membership.organisation_id == Organisation.id)
        .outerjoin(Seller, Seller.organisation_id == Organisation.id)
        .where(
            Membership.user_id == user_id,
            Membership.role == MembershipRole.owner,
            ~Organisation.personal,
            Seller.id.is_(None),
        )
    )
    return list(work.scalars(query.order_by(Organisation.name)))


def _page(form: Begin) -> str:
    person = current_person()
    own = _own(session(), person.user_id) if person.user_id else []
    form.which.choices = [*(SelectChoice(str(one.id), one.name) for one in own), SelectChoice(NEW, "A new business")]
    return render_template("storefront/people/sell.html", form=form, own=own)
