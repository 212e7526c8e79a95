"""Signing in as a customer or provider: one answer for every failure, and back to where one came from."""

from __future__ import annotations

import pytest

from app.extensions import limiter
from tests.factories import people


def test_signing_in_leads_back_to_the_page_that_asked_for_it(visitor, told):
    asked = visitor.get("/orders?before=1")
    assert (asked.status_code, asked.location) == (303, "/sign-in?next=/orders?before%3D1")
    typed = {"email": told.buyer.user.email, "password": people.PASSWORD, "next": "/orders?before=1"}
    assert visitor.send("/sign-in", typed).location == "/orders?before=1"
    assert "Priya" in visitor.page("/orders")


@pytest.mark.parametrize("email", ["", "nobody@nowhere.test"])
def test_a_wrong_password_and_an_unknown_name_read_the_same(visitor, told, email):
    typed = {"email": email or told.buyer.user.email, "password": "not the password"}
    answer = visitor.send("/sign-in", typed)
    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert "not the password" not in answer.text
    assert f'value="{typed["email"]}"' in answer.text


def test_guessing_is_stopped_after_ten_tries(visitor, told, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    typed = {"email": told.buyer.user.email, "password": "a guess that is wrong"}
    answers = [visitor.send("/sign-in", typed).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_coming_back_often_is_not_guessing(app, told, monkeypatch):
    monkeypatch.setattr(limiter, "enabled", True)
    typed = {"email": told.buyer.user.email, "password": people.PASSWORD}
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}  # the limit by address is another test's
    answers = [app.test_client().post("/sign-in", data=typed, environ_overrides=elsewhere) for _ in range(12)]
    assert [one.status_code for one in answers] == [303] * 12


def test_an_account_that_is_switched_off_is_signed_out_everywhere(buyer, told, session):
    assert buyer.get("/orders").status_code == 200
    session.merge(told.buyer.user).active = False
    session.commit()
    assert buyer.get("/orders").location == "/sign-in?next=/orders"


def test_an_account_that_was_switched_off_cannot_sign_in(visitor, told, session):
    session.merge(told.buyer.user).active = False
    session.commit()
    assert visitor.send("/sign-in", {"email": told.buyer.user.email, "password": people.PASSWORD}).status_code == 422


def test_signing_in_never_leads_to_another_site(visitor, told):
    typed = {"email": told.buyer.user.email, "password": people.PASSWORD, "next": "https://evil.test/"}
    assert visitor.send("/sign-in", typed).location == "/"


def test_signing_out_forgets_the_person(buyer):
    assert buyer.get("/orders").status_code == 200
    buyer.send("/sign-out")
    assert buyer.get("/orders").status_code == 303


def test_two_people_in_two_browsers_stay_two_people(buyer, seller):
    assert "Provider desk" not in buyer.page("/orders")
    assert "Provider desk" in seller.page("/orders")
    assert "Priya" in buyer.page("/orders")


def test_the_provider_desk_does_not_exist_for_customers(buyer, visitor):
    assert buyer.get("/pro/orders").status_code == 404
    assert visitor.get("/pro/orders").status_code == 303


def test_staff_buy_nothing_here(arrange, signed_in):
    staff = arrange(people.staff)
    browser = signed_in(people.Party(staff, None, None))
    assert browser.get("/orders").status_code == 404
