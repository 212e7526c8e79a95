"""What tests of accounts do again and again: sign up, read the mail, follow the link."""

from __future__ import annotations

import re
from datetime import timedelta

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User

from models.people.account_link import AccountLink
from models.platform.mail_message import MailMessage

NEW = "nine quiet herons"
SIGN_UP = {"first_name": "Ines", "last_name": "Pinto", "email": "Ines@Pinto.test", "password": NEW}


def secret_in(mail: MailMessage) -> str:
    return re.search(r"link=([\w-]+)", mail.text)[1]


def signed_up(visitor, answered) -> str:
    assert visitor.send("/sign-up", SIGN_UP, seen_on="/sign-up").status_code == 200
    (mail,) = answered()
    assert (mail.template, mail.to_address) == ("account_confirm", "ines@pinto.test")
    return secret_in(mail)


def older(session, by: timedelta) -> None:
    for link in session.scalars(sa.select(AccountLink)).all():
        link.created_at, link.expires_at = link.created_at - by, link.expires_at - by
    session.commit()


def user_of(session, email: str) -> User:
    session.rollback()
    return session.scalars(sa.select(User).where(User.email == email)).one()


def sign_in(browser, email: str, password: str):
    return browser.send("/sign-in", {"email": email, "password": password})


def reset(visitor, answered, email: str) -> str:
    assert visitor.send("/password", {"email": email}, seen_on="/password").status_code == 200
    (mail,) = answered()
    assert mail.template == "account_password"
    return secret_in(mail)
