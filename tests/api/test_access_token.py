"""A password for a token; the token ends with its time, with the password, with the account, or when it is revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.security import generate_password_hash

from app.services.people import access_token, person
from models.people.access_token import AccessToken
from models.platform.audit_event import SECRET, AuditEvent
from models.platform.mail_message import MailMessage
from models.types import utc_now
from tests.api.conftest import Program
from tests.factories import people
from tests.factories.staff import PASSWORD, account, signed_in, with_password


def sign_in(nobody, email, password=people.PASSWORD, **more):
    return nobody.post("/tokens", {"email": email, "password": password, **more}, key="")


def tokens(session):
    session.expire_all()
    return list(session.scalars(sa.select(AccessToken)))


def test_a_password_gives_a_token_that_opens_what_its_holder_may(nobody, told):
    answer = sign_in(nobody, told.buyer.user.email, label="bookkeeping")
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    mine = Program(nobody.app, nobody.app.test_client(), answer.json["access_token"])
    me = mine.read("/me")
    assert (me["buying"]["name"], me["selling"], me["staff"]) == (told.buyer.organisation.name, None, False)


def test_staff_sign_in_at_the_same_door(nobody, session):
    user = with_password(session, "Finance clerk")
    mine = Program(nobody.app, nobody.app.test_client(), sign_in(nobody, user.email, PASSWORD).json["access_token"])
    assert mine.read("/me")["staff"] is True
    assert mine.get("/orders").status_code == 200


@pytest.mark.parametrize("wrong", ["nobody@customer.test", ""])
def test_one_answer_for_every_failure(nobody, told, wrong):
    answers = [sign_in(nobody, told.buyer.user.email, "guess"), sign_in(nobody, wrong or told.seller.user.email, "no")]
    assert {one.status_code for one in answers} == {401}
    assert len({one.json["detail"] for one in answers}) == 1
    assert answers[0].headers["WWW-Authenticate"].startswith("Bearer")


def test_wrong_fields_are_named(nobody):
    answer = nobody.post("/tokens", {"email": "a@b.test", "passwort": "x"}, key="")
    assert answer.status_code == 422
    assert {one["pointer"] for one in answer.json["errors"]} == {"#/password", "#/passwort"}


def test_an_account_is_not_guessed_at_for_ever(nobody, told):
    for _ in range(10):
        assert sign_in(nobody, told.buyer.user.email, "guess").status_code == 401
    answer = sign_in(nobody, told.buyer.user.email)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert sign_in(nobody, told.seller.user.email).status_code == 201


def test_what_is_kept_is_a_hash_and_the_trail_has_not_even_that(nobody, told, session):
    secret = sign_in(nobody, told.buyer.user.email).json["access_token"]
    (row,) = tokens(session)
    assert secret.encode() not in row.token_hash
    (event,) = session.scalars(sa.select(AuditEvent).where(AuditEvent.entity == "access_token"))
    assert event.after["token_hash"] == event.after["stamp"] == SECRET
    assert (event.verb, event.actor_user_id) == ("access_token.issue", told.buyer.user.id)


def test_an_expired_token_opens_nothing_and_says_so(buyer, session):
    assert buyer.get("/orders").status_code == 200
    (row,) = tokens(session)
    now = utc_now()
    row.created_at, row.expires_at = now - access_token.LIVES_FOR, now - timedelta(seconds=1)
    session.commit()
    answer = buyer.get("/orders")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_a_revoked_token_opens_nothing(buyer):
    assert buyer.delete("/tokens/current").status_code == 204
    assert buyer.get("/orders").status_code == 401
    assert buyer.delete("/tokens/current").status_code == 401


@pytest.mark.parametrize("change", [{"password": "another hash"}, {"active": False}])
def test_a_token_ends_with_the_password_and_with_the_account(program, session, change):
    user = account(session)
    mine = program(user)
    assert mine.get("/me").status_code == 200
    for name, value in change.items():
        setattr(user, name, value)
    session.commit()
    assert mine.get("/me").status_code == 401


@pytest.mark.parametrize("token", ["", "fxn_nonsense", "a b", "\u00e9"])
def test_a_token_that_is_none_is_refused_even_where_everybody_may_look(nobody, token):
    answer = nobody.client.get("/api/v1/listings", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    assert nobody.client.get("/api/v1/listings", headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_a_session_cookie_opens_nothing_here(app, told, session):
    """So no other site can make a signed-in browser act: there is nothing for a form token to guard."""
    browser = signed_in(app, told.buyer.user)
    assert browser.get("/orders").status_code == 200
    assert browser.get("/api/v1/orders").status_code == 401
    assert browser.post("/api/v1/checkouts", json={"listing": told.listing.slug}).status_code == 401


def test_no_form_token_is_asked_for(buyer, nobody, told, app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    assert sign_in(nobody, told.seller.user.email).status_code == 201
    assert buyer.post("/checkouts", {"listing": told.listing.slug}).status_code == 201


def test_tokens_are_forgotten_a_month_after_their_end(arrange, told, session):
    now = utc_now()
    issue = {"user_id": told.buyer.user.id, "stamp": "x", "label": ""}
    arrange(access_token.issue, **issue, now=now - timedelta(days=31))
    arrange(access_token.issue, **issue, now=now - timedelta(days=29))
    assert arrange(access_token.prune, now=now) == 1
    assert len(tokens(session)) == 1


# ---- a new program ----


def from_elsewhere(nobody, email, *, address="127.0.0.1", agent="ledger/1.0", label="bookkeeping"):
    body = {"email": email, "password": people.PASSWORD, "label": label}
    more = {"headers": {"User-Agent": agent}, "environ_overrides": {"REMOTE_ADDR": address}}
    assert nobody.client.post("/api/v1/tokens", json=body, **more).status_code == 201


def mails(session):
    session.rollback()
    return list(session.scalars(sa.select(MailMessage).order_by(MailMessage.id)))


def test_a_token_for_a_program_that_was_never_seen_is_told_by_mail(nobody, told, session):
    email = told.buyer.user.email
    from_elsewhere(nobody, email, address="203.0.113.9")
    (mail,) = mails(session)
    (row,) = tokens(session)
    assert (mail.template, mail.to_address, mail.user_id) == ("account_new_token", email, told.buyer.user.id)
    assert mail.key.endswith(f":{row.id}")
    for read in (mail.text, mail.html):
        assert "bookkeeping" in read
        assert "203.0.113.9" in read
        assert "http://localhost/account/security" in read
    assert mail.unsubscribe_url == ""


def test_a_known_program_is_not_told_of_each_time(nobody, told, session):
    for agent in ("ledger/1.0", "ledger/1.0", "ledger/1.2.3"):
        from_elsewhere(nobody, told.buyer.user.email, agent=agent)
    assert len(tokens(session)) == 3
    assert len(mails(session)) == 1


@pytest.mark.parametrize("change", [{"address": "203.0.113.9"}, {"agent": "thief/1.0"}, {"label": "other"}])
def test_another_network_or_another_program_is_told_of(nobody, told, session, change):
    from_elsewhere(nobody, told.buyer.user.email)
    from_elsewhere(nobody, told.buyer.user.email, **change)
    assert len(mails(session)) == 2


def test_a_connection_that_changes_its_own_half_of_the_address_is_the_same_network(nobody, told, session):
    for address in ("2001:db8:1:2::9", "2001:db8:1:2:aaaa:bbbb:cccc:dddd"):
        from_elsewhere(nobody, told.buyer.user.email, address=address)
    assert len(mails(session)) == 1
    from_elsewhere(nobody, told.buyer.user.email, address="2001:db8:1:3::9")
    assert len(mails(session)) == 2


def test_what_one_person_s_program_is_known_for_says_nothing_of_another_s(nobody, told, session):
    for party in (told.buyer, told.seller):
        from_elsewhere(nobody, party.user.email)
    assert {one.to_address for one in mails(session)} == {told.buyer.user.email, told.seller.user.email}


def test_a_program_is_new_again_after_ninety_days_and_after_a_new_password(nobody, told, session, monkeypatch):
    from_elsewhere(nobody, told.buyer.user.email)
    monkeypatch.setattr(access_token, "KNOWN_FOR", timedelta(0))
    from_elsewhere(nobody, told.buyer.user.email)
    assert len(mails(session)) == 2
    monkeypatch.undo()
    user = session.merge(told.buyer.user)
    user.password = generate_password_hash(people.PASSWORD, method=person.HASH_METHOD)
    session.commit()
    from_elsewhere(nobody, told.buyer.user.email)
    assert len(mails(session)) == 3


def test_a_wrong_password_tells_nobody_and_a_program_is_given_no_cookie(nobody, told, session):
    sign_in(nobody, told.buyer.user.email, "guess")
    assert mails(session) == []
    assert "Set-Cookie" not in sign_in(nobody, told.buyer.user.email).headers


def test_the_name_of_a_program_is_no_link_in_our_mail(nobody, told, session):
    from_elsewhere(nobody, told.buyer.user.email, label="safe: https://evil.test/x")
    (mail,) = mails(session)
    assert "safe https evil test x" in mail.text
    assert "evil.test" not in mail.text + mail.html
