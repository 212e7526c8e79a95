"""A password that was forgotten, and one that is changed: the link works once, and every session ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from app.services.people import account_desk, account_email, account_link
from models.errors import Conflict
from models.people.account_link import AccountLinkPurpose
from models.people.organisation import Organisation
from models.platform.mail_message import MailMessage
from tests.factories import people
from tests.storefront.account_story import NEW, older, reset, sign_in, signed_up
from tests.storefront.conftest import Browser


def test_a_forgotten_password_is_chosen_again_once_and_ends_every_session(visitor, buyer, told, answered, session):
    secret = reset(visitor, answered, told.buyer.user.email)
    answer = visitor.send("/password/new", {"password": NEW}, seen_on=f"/password/new?link={secret}")
    assert answer.location == "/sign-in"
    assert buyer.get("/orders").status_code == 303
    assert visitor.send("/password/new", {"link": secret, "password": "another nine herons"}).status_code == 410
    assert sign_in(visitor, told.buyer.user.email, people.PASSWORD).status_code == 422
    assert sign_in(visitor, told.buyer.user.email, NEW).status_code == 303
    assert session.scalars(sa.select(MailMessage.template).order_by(MailMessage.id)).all()[1] == (
        "account_password_changed"
    )


def test_a_link_for_a_password_is_over_after_an_hour(visitor, told, answered, session):
    secret = reset(visitor, answered, told.buyer.user.email)
    older(session, timedelta(hours=1))
    assert visitor.get(f"/password/new?link={secret}").status_code == 410


def test_asking_often_fills_nobodys_inbox(visitor, told, answered):
    for _ in range(3):
        visitor.send("/password", {"email": told.buyer.user.email})
    assert len(answered()) == 1


def test_nobody_gets_a_mail_who_has_no_account_or_a_suspended_one(visitor, told, answered, session):
    visitor.send("/password", {"email": "nobody@nowhere.test"})
    session.merge(told.buyer.user).active = False
    session.commit()
    visitor.send("/password", {"email": told.buyer.user.email})
    assert answered() == []


def test_the_console_is_not_opened_by_a_mailbox(visitor, arrange, answered, session):
    staff = arrange(people.staff)
    visitor.send("/password", {"email": staff.email})
    (mail,) = answered()
    assert mail.template == "account_staff"
    assert "link=" not in mail.text


def test_a_reset_takes_the_account_from_whoever_signed_up_with_somebody_elses_address(app, visitor, answered, session):
    signed_up(visitor, answered)
    squatter = Browser(app.test_client())
    assert sign_in(squatter, "ines@pinto.test", NEW).status_code == 303
    secret = reset(visitor, answered, "ines@pinto.test")
    visitor.send("/password/new", {"password": "eleven loud gulls"}, seen_on=f"/password/new?link={secret}")
    assert squatter.get("/account").status_code == 303
    assert sign_in(squatter, "ines@pinto.test", NEW).status_code == 422


def test_ones_own_password_is_changed_with_the_present_one(buyer, told, signed_in, session):
    other = signed_in(told.buyer)
    wrong = buyer.send("/account/password", {"current": "not the one", "password": NEW})
    assert wrong.status_code == 422
    assert "not your present password" in wrong.text
    answer = buyer.send("/account/password", {"current": people.PASSWORD, "password": NEW})
    assert answer.location == "/account"
    assert buyer.get("/orders").status_code == 200
    assert other.get("/orders").status_code == 303


def test_ones_name_is_changed_everywhere(buyer, told, session):
    buyer.send("/account/name", {"first_name": "Priyanka", "last_name": "Nair-Holt"}, seen_on="/account")
    assert "Priyanka" in buyer.page("/account")
    session.expire_all()
    assert session.get_one(Organisation, told.buyer.organisation.id).name == "Priyanka Nair-Holt"


def test_a_stranger_who_asks_five_times_a_day_does_not_use_up_the_owners_way_back(visitor, told, answered, session):
    """Beyond five, a link goes out when none works any more, and only then: the inbox is not filled either."""
    email = told.buyer.user.email
    for _ in range(5):
        reset(visitor, answered, email)
        older(session, timedelta(minutes=5))
    visitor.send("/password", {"email": email})
    assert answered() == [], "the last of the five still works"
    older(session, timedelta(hours=1))
    secret = reset(visitor, answered, email)
    older(session, timedelta(minutes=5))
    visitor.send("/password", {"email": email})
    assert answered() == []
    assert visitor.send("/password/new", {"link": secret, "password": NEW}).status_code == 303


def test_the_console_has_five_mails_a_day_and_no_more(visitor, arrange, answered, session):
    """They hold no link, so that none is missing."""
    staff = arrange(people.staff)
    for _ in range(6):
        visitor.send("/password", {"email": staff.email})
        answered()
        older(session, timedelta(minutes=5))
    assert session.scalar(sa.select(sa.func.count()).where(MailMessage.template == "account_staff")) == 5


def test_staff_help_however_often_strangers_asked(told, arrange, session):
    user = told.buyer.user
    for _ in range(5):
        arrange(account_link.issue, user_id=user.id, purpose=AccountLinkPurpose.password, email=user.email)
    support = arrange(people.operator, "Support agent")

    def help_them(work):
        theirs = work.get_one(User, user.id)
        offered = account_desk.refusals(work, theirs, actor=support)["send_password_link"]
        account_desk.send_password_link(work, theirs, actor=support, reason="They called.")
        return offered

    with pytest.raises(Conflict, match="last two minutes"):
        arrange(help_them)
    older(session, timedelta(minutes=5))
    assert arrange(help_them) == ""


def test_a_name_that_fills_both_fields_is_taken_and_cut_for_the_organisation(buyer, told, session):
    sent = {"first_name": "P" * 64, "last_name": "N" * 64}
    assert buyer.send("/account/name", sent, seen_on="/account").status_code == 303
    session.expire_all()
    assert session.get_one(Organisation, told.buyer.organisation.id).name == f"{'P' * 64} {'N' * 55}"


def test_a_name_is_more_than_blanks(buyer):
    answer = buyer.send("/account/name", {"first_name": "   ", "last_name": " Nair "}, seen_on="/account")
    assert answer.status_code == 422
    assert "Enter your first name" in answer.text


@pytest.mark.parametrize("email", ["a" * 117 + "@else.test.uk", "\u0130" * 60 + "@else.test"])
def test_no_form_takes_an_address_that_nobody_can_sign_in_with(visitor, buyer, email):
    answers = [
        visitor.send("/password", {"email": email}, seen_on="/password"),
        buyer.send("/account/email", {"email": email, "current": people.PASSWORD}, seen_on="/account"),
    ]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all("at most 128 characters" in answer.text for answer in answers)


def test_a_link_to_an_address_that_is_too_long_is_over(arrange, told):
    """Such links were mailed before the forms said no."""
    address, me = "a" * 150 + "@else.test", told.buyer.user.id
    _, secret = arrange(account_link.issue, user_id=me, purpose=AccountLinkPurpose.email, email=address)
    with pytest.raises(account_link.LinkOver):
        arrange(account_email.take, secret)
