"""Who acts for whom: invitations, members, the last owner, and the choice in the menu."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from app.extensions import limiter
from app.services.people import account_standing, invitation, membership, organisation
from app.services.people.account_link import LinkOver
from app.services.platform import clock
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.errors import Conflict, NotFound, Refused
from models.people.invitation import Invitation
from models.people.membership import Membership, MembershipRole
from models.platform.mail_message import MailMessage
from models.types import uuid7
from tests.factories import people
from tests.storefront.account_story import secret_in

M = Membership


@pytest.fixture
def firm(arrange):
    return arrange(people.business, name="Hartcliffe Lettings")


@pytest.fixture
def owner(firm, signed_in):
    return signed_in(firm)


def at(firm) -> str:
    return f"/account/organisations/{firm.organisation.slug}"


def invited(browser, firm, session, email: str, role: str = "member") -> str:
    answer = browser.send(f"{at(firm)}/invite", {"email": email, "role": role}, seen_on=at(firm))
    assert answer.status_code == 303, answer.text
    session.rollback()
    mail = session.scalars(sa.select(MailMessage).order_by(MailMessage.id.desc())).first()
    assert (mail.template, mail.to_address) == ("invitation", email)
    return secret_in(mail)


def roles(session, firm) -> dict[int, str]:
    session.expire_all()
    rows = session.execute(sa.select(M.user_id, M.role).where(M.organisation_id == firm.organisation.id))
    return {user_id: role.name for user_id, role in rows}


def membership_of(session, firm, user_id: int):
    mine = (M.user_id == user_id, M.organisation_id == firm.organisation.id)
    return session.scalars(sa.select(M.id).where(*mine)).one()


def joined(owner, firm, session, told, browser, role: str = "member") -> None:
    secret = invited(owner, firm, session, told.buyer.user.email, role)
    answer = browser.send("/account/invitation", seen_on=f"/invitation?link={secret}")
    assert answer.location == "/account/organisations"


def test_a_business_is_made_by_whoever_will_own_it(buyer, told, session):
    typed = {"name": "Nair & Daughters", "kind": "customer"}
    assert buyer.send("/account/organisations", typed, seen_on="/account/organisations").status_code == 303
    row = session.scalars(sa.select(M).where(M.user_id == told.buyer.user.id).order_by(M.id.desc())).first()
    assert (row.role, row.organisation.personal) == (MembershipRole.owner, False)


def test_somebody_is_invited_accepts_and_belongs_to_it(owner, firm, buyer, told, session):
    joined(owner, firm, session, told, buyer)
    assert roles(session, firm)[told.buyer.user.id] == "member"
    assert "Hartcliffe Lettings" in buyer.page("/account/organisations")


def test_an_invitation_is_for_one_address(owner, firm, buyer, stranger, told, session):
    secret = invited(owner, firm, session, told.buyer.user.email)
    assert "Accept the invitation" not in stranger.page(f"/invitation?link={secret}")
    assert stranger.send("/account/invitation", {"link": secret}).status_code == 403
    assert len(roles(session, firm)) == 1


def test_looking_at_an_invitation_accepts_nothing(owner, firm, visitor, told, session):
    secret = invited(owner, firm, session, told.buyer.user.email)
    assert visitor.get(f"/invitation?link={secret}").status_code == 200
    assert len(roles(session, firm)) == 1


def test_an_invitation_works_once(owner, firm, buyer, told, session):
    joined(owner, firm, session, told, buyer)
    secret = secret_in(session.scalars(sa.select(MailMessage).where(MailMessage.template == "invitation")).one())
    assert buyer.send("/account/invitation", {"link": secret}).status_code == 410
    assert buyer.get(f"/invitation?link={secret}").status_code == 410
    assert buyer.get("/invitation?link=forged").status_code == 410


def test_an_invitation_is_over_after_seven_days(owner, firm, buyer, told, session):
    secret = invited(owner, firm, session, told.buyer.user.email)
    session.scalars(sa.select(Invitation)).one().expires_at -= timedelta(days=7)
    session.commit()
    assert buyer.send("/account/invitation", {"link": secret}).status_code == 410


def test_an_invitation_that_was_taken_back_is_over(owner, firm, buyer, told, session):
    secret = invited(owner, firm, session, told.buyer.user.email)
    row = session.scalars(sa.select(Invitation.id)).one()
    assert owner.send(f"{at(firm)}/invitations/{row}/revoke", seen_on=at(firm)).status_code == 303
    assert buyer.send("/account/invitation", {"link": secret}).status_code == 410


def test_sent_again_the_old_link_is_over_and_not_twice_in_ten_minutes(owner, firm, buyer, told, session):
    secret = invited(owner, firm, session, told.buyer.user.email)
    row = session.scalars(sa.select(Invitation)).one()
    path = f"{at(firm)}/invitations/{row.id}/resend"
    assert owner.send(path).status_code == 409
    row.expires_at -= timedelta(minutes=11)
    session.commit()
    assert owner.send(path).status_code == 303
    assert buyer.get(f"/invitation?link={secret}").status_code == 410


def test_nobody_is_invited_twice(owner, firm, told, session):
    invited(owner, firm, session, told.buyer.user.email)
    answer = owner.send(f"{at(firm)}/invite", {"email": told.buyer.user.email, "role": "member"})
    assert answer.status_code == 409
    assert "invited already" in answer.text


def test_two_who_accept_one_invitation_at_once_make_one_member(owner, firm, told, session, app):
    secret = invited(owner, firm, session, told.buyer.user.email)
    barrier, said = threading.Barrier(2), []

    def accept() -> None:
        with session_scope(), app.app_context():
            barrier.wait()
            try:
                with unit_of_work(Actor.system("race")) as work:
                    invitation.accept(work, secret, user=work.get_one(User, told.buyer.user.id))
                said.append("in")
            except Refused as refused:
                said.append(type(refused).__name__)

    racers = [threading.Thread(target=accept) for _ in range(2)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(said) == ["LinkOver", "in"]
    assert len(roles(session, firm)) == 2


def test_the_last_owner_stays(owner, firm, buyer, told, session, arrange):
    joined(owner, firm, session, told, buyer)
    me = session.scalars(
        sa.select(M.id).where(M.user_id == firm.user.id, M.organisation_id == firm.organisation.id)
    ).one()
    for path in (f"{at(firm)}/leave", f"{at(firm)}/members/{me}/member", f"{at(firm)}/members/{me}/remove"):
        answer = owner.send(path)
        assert answer.status_code == 409, path
        assert "needs an owner" in answer.text
    assert roles(session, firm)[firm.user.id] == "owner"


def test_two_owners_who_leave_at_once_leave_one_behind(owner, firm, buyer, told, session, app):
    joined(owner, firm, session, told, buyer, "owner")
    barrier, said = threading.Barrier(2), []

    def leave(user_id: int) -> None:
        with session_scope(), app.app_context():
            barrier.wait()
            try:
                with unit_of_work(Actor.system("race")) as work:
                    membership.leave(work, firm.organisation.id, user_id=user_id)
                said.append("left")
            except Conflict:
                said.append("stays")

    racers = [threading.Thread(target=leave, args=(one,)) for one in (firm.user.id, told.buyer.user.id)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(said) == ["left", "stays"]
    assert list(roles(session, firm).values()) == ["owner"]


def test_a_member_invites_and_removes_nobody(owner, firm, buyer, told, session):
    joined(owner, firm, session, told, buyer)
    them = session.scalars(
        sa.select(M.id).where(M.user_id == firm.user.id, M.organisation_id == firm.organisation.id)
    ).one()
    page = buyer.page(at(firm))
    assert "Invite somebody" not in page
    assert firm.user.email not in page
    assert buyer.send(f"{at(firm)}/invite", {"email": "x@y.test", "role": "owner"}).status_code == 403
    assert buyer.send(f"{at(firm)}/members/{them}/remove").status_code == 403


def test_for_a_stranger_the_organisation_does_not_exist(stranger, firm, session):
    me = session.scalars(sa.select(M.id).where(M.organisation_id == firm.organisation.id)).one()
    assert stranger.get(at(firm)).status_code == 404
    for path in ("/invite", "/leave", f"/members/{me}/remove", f"/members/{me}/owner"):
        assert stranger.send(at(firm) + path, {"email": "x@y.test", "role": "member"}).status_code == 404


def test_an_owner_of_one_organisation_touches_no_member_of_another(arrange, firm, told, session):
    other = arrange(people.business, name="Other Lettings")
    theirs = session.scalars(sa.select(M.id).where(M.organisation_id == other.organisation.id)).one()
    with pytest.raises(NotFound):
        arrange(membership.remove, firm.organisation.id, member_id=theirs, user_id=firm.user.id)


def test_a_personal_account_takes_nobody_in(buyer, told):
    assert buyer.get(f"/account/organisations/{told.buyer.organisation.slug}").status_code == 404


def test_who_was_removed_acts_for_it_no_more_at_once(owner, firm, buyer, told, session):
    joined(owner, firm, session, told, buyer)
    choose(buyer, firm.organisation)
    assert "for Hartcliffe Lettings" in buyer.page("/")
    them = membership_of(session, firm, told.buyer.user.id)
    assert owner.send(f"{at(firm)}/members/{them}/remove", seen_on=at(firm)).status_code == 303
    assert "Hartcliffe" not in buyer.page("/")
    assert buyer.get(at(firm)).status_code == 404


def choose(browser, party):
    answer = browser.send("/account/acting", {"organisation": str(party.id), "next": "/orders"})
    assert answer.location == "/orders", answer.text
    return answer


def test_one_chooses_for_whom_one_acts_and_each_browser_remembers_its_own(owner, firm, buyer, told, session, signed_in):
    joined(owner, firm, session, told, buyer)
    other = signed_in(told.buyer)
    choose(buyer, told.buyer.organisation)
    choose(other, firm.organisation)
    assert "for Priya Nair" in buyer.page("/services")
    assert "for Hartcliffe Lettings" in other.page("/services")


def test_an_order_belongs_to_whom_one_acts_for(owner, firm, buyer, told, session):
    joined(owner, firm, session, told, buyer)
    choose(buyer, firm.organisation)
    begun = buyer.send(f"/l/{told.listing.slug}/order", seen_on=f"/l/{told.listing.slug}")
    assert "Buying for <strong>Hartcliffe Lettings" in buyer.page(begun.location)
    choose(buyer, told.buyer.organisation)
    assert buyer.get(begun.location).status_code == 404


def test_acting_for_oneself_the_provider_desk_is_not_there(seller, told, session, arrange):
    own = arrange(
        lambda work: (
            organisation.create(
                work,
                owner=work.get_one(User, told.seller.user.id),
                name="Elin buys",
                kind=people.OrganisationKind.customer,
            ).id
        )
    )
    assert seller.get("/pro/orders").status_code == 200
    assert seller.send("/account/acting", {"organisation": str(own)}).status_code == 303
    assert seller.get("/pro/orders").status_code == 404


def test_nobody_chooses_an_organisation_that_is_not_theirs(stranger, firm):
    assert stranger.send("/account/acting", {"organisation": str(firm.organisation.id)}).status_code == 404


def test_an_address_is_invited_twice_a_day_at_most_however_often_it_is_taken_back(session, firm):
    def invite():
        return invitation.invite(
            session, firm.organisation.id, email="b@else.test", role=MembershipRole.member, user_id=firm.user.id
        )

    for _ in range(2):
        sent = invite()
        invitation.revoke(session, firm.organisation.id, invitation_id=sent.id, user_id=firm.user.id)
    with pytest.raises(Conflict, match="tomorrow"):
        invite()


# ---- whose invitations count, and how many mails they make ----


def invite(session, firm, email="b@else.test"):
    return invitation.invite(
        session, firm.organisation.id, email=email, role=MembershipRole.owner, user_id=firm.user.id
    )


def mailed(session, address: str) -> int:
    return session.scalar(sa.select(sa.func.count()).where(MailMessage.to_address == address))


def test_an_address_has_five_mails_a_day_from_all_organisations_sent_again_or_not(session):
    firms = [people.business(session, name=f"Firm {number}") for number in range(3)]
    sent = [invite(session, firm) for firm in firms]

    def again(number):
        with clock.moved(timedelta(minutes=11 * (number + 1))):
            firm, row = firms[number % 3], sent[number % 3]
            invitation.resend(session, firm.organisation.id, invitation_id=row.id, user_id=firm.user.id)

    again(0)
    again(1)
    for number in (2, 3):
        with pytest.raises(Conflict, match="tomorrow"):
            again(number)
    with pytest.raises(Conflict, match="tomorrow"):
        invite(session, people.business(session, name="Firm 4"))
    assert mailed(session, "b@else.test") == 5


def test_sending_again_is_limited_like_every_form_that_mails(owner, firm, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    path = f"{at(firm)}/invitations/{uuid7()}/resend"
    codes = [owner.send(path).status_code for _ in range(11)]
    assert (codes[0], codes[-1]) == (404, 429)


@pytest.fixture
def pair(session):
    """A firm with two owners; the second invited somebody."""
    firm, other = people.business(session), people.customer(session, name="Bea Holt")
    member = organisation.add_member(session, firm.organisation, other.user, role=MembershipRole.owner)
    row = invitation.invite(
        session, firm.organisation.id, email="b@else.test", role=MembershipRole.owner, user_id=other.user.id
    )
    return firm, other, member, row


@pytest.mark.parametrize("how", ["removed", "left", "member"])
def test_who_decides_nothing_any_more_lets_nobody_in(session, pair, how):
    firm, other, member, row = pair
    mine = invite(session, firm, "c@else.test")
    if how == "removed":
        membership.remove(session, firm.organisation.id, member_id=member.id, user_id=firm.user.id)
    elif how == "left":
        membership.leave(session, firm.organisation.id, user_id=other.user.id)
    else:
        membership.change_role(
            session, firm.organisation.id, member_id=member.id, role=MembershipRole.member, user_id=firm.user.id
        )
    assert row.revoked_at is not None
    assert list(invitation.list_open(session, firm.organisation.id)) == [mine]


def test_an_invitation_of_somebody_suspended_opens_nothing(session, pair):
    firm, other, _, row = pair
    secret = secret_in(session.scalars(sa.select(MailMessage).where(MailMessage.to_address == "b@else.test")).one())
    new = people.customer(session, email="b@else.test")
    account_standing.suspend(session, other.user, reason="Three payments were taken back.")
    assert list(invitation.list_open(session, firm.organisation.id)) == []
    with pytest.raises(LinkOver):
        invitation.accept(session, secret, user=new.user)
    account_standing.reactivate(session, other.user, reason="It was a mistake.")
    invitation.accept(session, secret, user=new.user)
    assert row.accepted_at is not None


@pytest.mark.parametrize(
    ("typed", "said"), [("a" * 117 + "@else.test.uk", "at most 128"), ("İ" * 60 + "@else.test", "at most 128")]
)
def test_nobody_is_invited_at_an_address_that_cannot_sign_in(owner, firm, typed, said):
    answer = owner.send(f"{at(firm)}/invite", {"email": typed, "role": "member"}, seen_on=at(firm))
    assert answer.status_code == 422
    assert said in answer.text


def test_a_business_has_a_name_that_is_not_blank(buyer):
    answer = buyer.send("/account/organisations", {"name": "   ", "kind": "customer"}, seen_on="/account/organisations")
    assert answer.status_code == 422
    assert "Enter a name" in answer.text
