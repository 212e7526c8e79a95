"""The organisations one acts for: make one, choose one, and say who else belongs to it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.security.sqla.models import User
from flask_login import current_user
from wtforms import EmailField, RadioField, SelectChoice, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from app.services.people import invitation, membership, organisation, sign_in
from app.session import session
from app.unit_of_work import unit_of_work
from models.errors import Conflict, Invalid, NotFound
from models.people.membership import MembershipRole
from models.people.organisation import Organisation, OrganisationKind
from security import sessions
from views import tries
from views.storefront.blueprint import storefront
from views.storefront.guard import person, safe_next
from views.storefront.people.account_forms import LIKE_AN_ADDRESS, Plain, an_address, stripped
from views.storefront.people.person import Party, current_person

ROLES = [
    SelectChoice("member", "Member: the daily work, buying, selling and messages"),
    SelectChoice("owner", "Owner: everything, also who belongs to it"),
]


class NewOrganisation(Plain):
    """A business."""

    name = StringField("Name of the business", [DataRequired("Enter a name"), Length(max=120)], filters=[stripped])
    kind = RadioField(
        "What it mostly does here",
        [InputRequired("Choose one")],
        choices=[SelectChoice("customer", "Buys"), SelectChoice("provider", "Sells, after checks")],
        default="customer",
    )


class Invite(Plain):
    """Somebody else."""

    email = EmailField(
        "E-mail address",
        [InputRequired("Enter an e-mail address"), an_address, LIKE_AN_ADDRESS],
    )
    role = RadioField("As", [InputRequired("Choose one")], choices=ROLES, default="member")


@storefront.get("/account/organisations")
@person
def account_organisations() -> ResponseReturnValue:
    """All of them, and a form for another."""
    return _list(NewOrganisation(formdata=None))


@storefront.post("/account/organisations")
@person
@tries.asking
def account_new_organisation() -> ResponseReturnValue:
    """A business with oneself as its owner. Whoever did not confirm their address does no business yet."""
    form, me = NewOrganisation(), current_user.id
    if not current_person().confirmed:
        return redirect(url_for("storefront.account_unconfirmed"), HTTPStatus.SEE_OTHER)
    if current_user.roles:
        form.take(Invalid("Staff belong to no organisation."))
        return _list(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    if not form.validate_on_submit():
        return _list(form, HTTPStatus.UNPROCESSABLE_ENTITY)
    with unit_of_work(current_person().themselves()) as work:
        row = organisation.create(
            work, owner=work.get_one(User, me), name=form.name.data or "", kind=OrganisationKind[form.kind.data]
        )
        party_slug = row.slug
    flash(f"{form.name.data} is here. Invite whoever else acts for it.", "success")
    return redirect(url_for("storefront.account_organisation", party_slug=party_slug), HTTPStatus.SEE_OTHER)


@storefront.post("/account/acting")
@person
def account_act_for() -> ResponseReturnValue:
    """From now on this browser acts for the chosen one. Raises NotFound for one that is not theirs."""
    wanted, here = request.form.get("organisation", ""), sessions.current()
    chosen = next((one for one in current_person().parties if str(one.id) == wanted), None)
    if here is None or (wanted and chosen is None):
        raise NotFound
    with unit_of_work(current_person().themselves()) as work:
        sign_in.act_for(work, sign_in_id=here.id, organisation_id=chosen.id if chosen else None)
    if chosen is not None:
        flash(f"You act for {chosen.name} now.", "success")
    return redirect(safe_next(request.form.get("next", ""), url_for("storefront.home")), HTTPStatus.SEE_OTHER)


@storefront.get("/account/organisations/<party_slug>")
@person
def account_organisation(party_slug: str) -> ResponseReturnValue:
    """Who belongs to it. Raises NotFound for whoever does not."""
    return _page(_party(party_slug), Invite(formdata=None))


@storefront.post("/account/organisations/<party_slug>/invite")
@person
@tries.asking
def account_invite(party_slug: str) -> ResponseReturnValue:
    """By mail, for seven days."""
    party, form, me = _party(party_slug), Invite(), current_user.id
    if not form.validate_on_submit():
        return _page(party, form, HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with unit_of_work(current_person().themselves()) as work:
            role = MembershipRole[form.role.data]
            invitation.invite(work, party.id, email=form.email.data or "", role=role, user_id=me)
    except Conflict as refused:
        form.form_errors.append(str(refused))
        return _page(party, form, refused.status)
    flash(f"An invitation is on its way to {form.email.data}.", "success")
    return _back(party_slug)


@storefront.post("/account/organisations/<party_slug>/invitations/<uuid:invitation_id>/<any(resend, revoke):event>")
@person
@tries.asking
def account_invitation(party_slug: str, invitation_id: UUID, event: str) -> ResponseReturnValue:
    """Sends it again, or takes it back."""
    party, me = _party(party_slug), current_user.id
    verb = {"resend": invitation.resend, "revoke": invitation.revoke}[event]
    return _do(party, lambda work: verb(work, party.id, invitation_id=invitation_id, user_id=me), "Done.")


@storefront.post("/account/organisations/<party_slug>/members/<uuid:member_id>/<any(owner, member, remove):event>")
@person
def account_member(party_slug: str, member_id: UUID, event: str) -> ResponseReturnValue:
    """Another role, or none."""
    party, me = _party(party_slug), current_user.id
    if event == "remove":
        return _do(party, lambda work: membership.remove(work, party.id, member_id=member_id, user_id=me), "Removed.")
    role = MembershipRole[event]
    return _do(
        party,
        lambda work: membership.change_role(work, party.id, member_id=member_id, role=role, user_id=me),
        "The role is changed.",
    )


@storefront.post("/account/organisations/<party_slug>/leave")
@person
def account_leave(party_slug: str) -> ResponseReturnValue:
    """By oneself; the last owner stays."""
    party, me = _party(party_slug), current_user.id
    try:
        with unit_of_work(current_person().themselves()) as work:
            membership.leave(work, party.id, user_id=me)
    except Conflict as refused:
        return _page(party, Invite(formdata=None), refused.status, str(refused))
    flash(f"You do not act for {party.name} any more.", "success")
    return redirect(url_for("storefront.account_organisations"), HTTPStatus.SEE_OTHER)


def _party(party_slug: str) -> Party:
    """One of one's own that is no personal one. Raises NotFound."""
    found = next((one for one in current_person().parties if one.slug == party_slug and not one.personal), None)
    if found is None:
        raise NotFound
    return found


def _do(party: Party, call: object, said: str) -> ResponseReturnValue:
    try:
        with unit_of_work(current_person().themselves()) as work:
            call(work)  # type: ignore[operator]
    except Conflict as refused:
        return _page(party, Invite(formdata=None), refused.status, str(refused))
    flash(said, "success")
    return _back(party.slug)


def _back(party_slug: str) -> ResponseReturnValue:
    return redirect(url_for("storefront.account_organisation", party_slug=party_slug), HTTPStatus.SEE_OTHER)


def _list(form: NewOrganisation, status: int = HTTPStatus.OK) -> ResponseReturnValue:
    return render_template("storefront/people/account_organisations.html", form=form), status


def _page(party: Party, form: Invite, status: int = HTTPStatus.OK, problem: str = "") -> ResponseReturnValue:
    page = render_template(
        "storefront/people/account_organisation.html",
        party=party,
        row=session.get_one(Organisation, party.id),
        members=membership.list_members(session(), party.id),
        invitations=invitation.list_open(session(), party.id) if party.owner else (),
        form=form,
        problem=problem,
    )
    return page, status
