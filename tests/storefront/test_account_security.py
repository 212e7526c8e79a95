"""A cookie is only a key: whatever ends its row ends every copy of it."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa
from werkzeug.security import generate_password_hash

from app.services.people import browser, sign_in
from models.people.access_token import AccessToken
from models.people.sign_in import SignIn, SignInEnd
from models.platform.audit_event import AuditEvent
from tests.factories import people
from tests.storefront.conftest import Browser

ON = "/account/security"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"


def copied(app, browser) -> Browser:
    """Another browser with the same cookies, as a thief has them."""
    thief = app.test_client()
    for cookie in browser.client._cookies.values():
        thief.set_cookie(cookie.key, cookie.value, domain=cookie.domain, path=cookie.path)
    return Browser(thief)


def only(session) -> SignIn:
    session.expire_all()
    return session.scalars(sa.select(SignIn).order_by(SignIn.id.desc())).first()


def test_a_copied_cookie_is_worth_nothing_after_signing_out(app, buyer):
    thief = copied(app, buyer)
    assert thief.get("/orders").status_code == 200
    buyer.send("/sign-out")
    assert thief.get("/orders").status_code == 303


def test_the_cookie_holds_no_person_without_its_row(app, buyer, session):
    row = only(session)
    row.ended_at, row.ended_by = sa.func.now(), SignInEnd.staff
    session.commit()
    assert buyer.get("/orders").status_code == 303


def test_a_session_is_kept_by_its_hash_and_its_secret_by_nobody(buyer, told, session):
    with buyer.client.session_transaction() as kept:
        secret = kept["sign_in"]
    row = only(session)
    assert row.token_hash == sign_in.digest(secret)
    event = session.scalars(sa.select(AuditEvent).where(AuditEvent.entity == "sign_in")).one()
    assert secret not in str(event.after)
    assert event.after["address"] != row.address


def test_a_new_password_ends_every_session(buyer, told, session):
    session.merge(told.buyer.user).password = generate_password_hash("another long password", method="scrypt:1024:8:1")
    session.commit()
    assert buyer.get("/orders").status_code == 303


def test_signing_in_again_makes_another_session_and_another_secret(told, signed_in, session):
    signed_in(told.buyer), signed_in(told.buyer)
    hashes = session.scalars(sa.select(SignIn.token_hash).where(SignIn.user_id == told.buyer.user.id)).all()
    assert len(set(hashes)) == 2


def test_a_secret_with_another_persons_number_opens_nothing(buyer, told):
    with buyer.client.session_transaction() as kept:
        kept["_user_id"] = str(told.seller.user.id)
    assert buyer.get("/orders").status_code == 303


def test_the_page_says_which_one_is_this_browser(buyer, told, signed_in):
    signed_in(told.buyer)
    page = buyer.page(ON)
    assert page.count("<article") == 2
    assert page.count("this browser") == 1
    assert page.count("Sign out everywhere else") == 1


def test_one_browser_ends_another(buyer, told, signed_in, session):
    other = signed_in(told.buyer)
    address = re.search(r'action="(/account/security/sessions/[0-9a-f-]+/end)"', buyer.page(ON))[1]
    assert buyer.send(address, seen_on=ON).location == ON
    assert other.get("/orders").status_code == 303
    assert buyer.get("/orders").status_code == 200
    assert session.scalars(sa.select(SignIn.ended_by).where(SignIn.ended_by.is_not(None))).all() == [SignInEnd.revoked]


def test_all_others_end_at_once(buyer, told, signed_in):
    others = [signed_in(told.buyer) for _ in range(3)]
    assert buyer.send("/account/security/sessions/end", seen_on=ON).location == ON
    assert {one.get("/orders").status_code for one in others} == {303}
    assert buyer.get("/orders").status_code == 200


def test_somebody_elses_session_does_not_exist(stranger, buyer, told, session):
    theirs = session.scalars(sa.select(SignIn.id).where(SignIn.user_id == told.buyer.user.id)).one()
    assert stranger.send(f"/account/security/sessions/{theirs}/end").status_code == 404
    assert buyer.get("/orders").status_code == 200


def test_a_token_is_listed_and_ended_by_its_person_only(buyer, stranger, told, app, session):
    asked = {"email": told.buyer.user.email, "password": people.PASSWORD, "label": "Book-keeping"}
    secret = app.test_client().post("/api/v1/tokens", json=asked).json["access_token"]
    token = session.scalars(sa.select(AccessToken.id)).one()
    assert "Book-keeping" in buyer.page(ON)
    assert stranger.send(f"/account/security/tokens/{token}/revoke").status_code == 404
    assert buyer.send(f"/account/security/tokens/{token}/revoke", seen_on=ON).location == ON
    assert "Book-keeping" not in buyer.page(ON)
    asked = app.test_client().get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
    assert asked.status_code == 401


def test_a_session_that_was_not_used_for_eight_hours_is_over(buyer, session):
    row = only(session)
    row.seen_at -= sign_in.LIVES_FOR + sign_in.COARSE + timedelta(seconds=1)
    session.commit()
    assert buyer.get("/orders").status_code == 303


def test_use_is_noted_now_and_then_and_not_with_every_request(buyer, session):
    first = only(session).seen_at
    buyer.page("/orders")
    assert only(session).seen_at == first
    only(session).seen_at = first - timedelta(minutes=6)
    session.commit()
    buyer.page("/orders")
    assert only(session).seen_at > first


def test_sessions_are_forgotten_after_ninety_days_without_use(buyer, arrange, session):
    row = only(session)
    now = row.seen_at + timedelta(days=90, seconds=1)
    assert arrange(sign_in.prune, now=now - timedelta(seconds=2)) == 0
    assert arrange(sign_in.prune, now=now) == 1
    assert only(session) is None


def test_a_browser_is_told_by_what_its_person_calls_it():
    assert browser.summary(WINDOWS) == "Firefox on Windows"
    assert browser.summary("curl/8.5") == "Another program"


def test_the_browsers_name_is_not_taken_from_a_forged_cookie(app, buyer, session):
    client = app.test_client()
    client.set_cookie("device", "chosen.by-somebody")
    client.post("/sign-in", data={"email": "nobody@nowhere.test", "password": "x"})
    assert client.get_cookie("device").value == "chosen.by-somebody"
