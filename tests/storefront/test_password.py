"""A password that was forgotten, and one that is changed: the link works once, and every session ends."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

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
