"""What people type about their own account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import EmailField, Field, Form, HiddenField, PasswordField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Regexp, ValidationError

from app.services.people.person import address
from models.errors import Invalid
from security.passwords import LONGEST, objection
from views.storefront.keyed import Keyed

HINT = "At least 12 characters. Four unrelated words are easy to keep."


def stripped(typed: str | None) -> str | None:
    """Without the blanks around it: a name of blanks only is none."""
    return typed.strip() if typed else typed


def an_address(_form: Form, field: Field) -> None:
    """That there is room for it as it is kept, which is in lower case and can be longer than as it was typed."""
    try:
        address(field.data or "")
    except Invalid as wrong:
        raise ValidationError(wrong.fields["email"]) from None


LIKE_AN_ADDRESS = Regexp(
    r"^\s*[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+\s*$", message="Enter an address like name@example.com"
)


def _email() -> EmailField:
    return EmailField(
        "E-mail address",
        [InputRequired("Enter your e-mail address"), an_address, LIKE_AN_ADDRESS],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


def _name(label: str, told: str, auto: str) -> StringField:
    checks = [DataRequired(told), Length(max=64)]
    return StringField(label, checks, filters=[stripped], render_kw={"autocomplete": auto})


def _new_password() -> PasswordField:
    return PasswordField(
        "New password",
        [InputRequired("Enter a password")],
        description=HINT,
        render_kw={"autocomplete": "new-password"},
    )


def _present_password() -> PasswordField:
    return PasswordField(
        "Your present password",
        [InputRequired("Enter your present password"), Length(max=LONGEST)],
        render_kw={"autocomplete": "current-password"},
    )


class Plain(Keyed):
    """A form without a key: what it does is the same when it is done twice."""

    key = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super(Keyed, self).__init__(*args, **kwargs)

    def accept_password(self, field: PasswordField, about: Sequence[str]) -> bool:
        """Whether the password may be used; else the reason is on the field."""
        reason = objection(field.data or "", about)
        if reason:
            self.take(Invalid(reason, {field.short_name: reason}))
        return not reason


class SignUp(Plain):
    """A new account."""

    first_name = _name("First name", "Enter your first name", "given-name")
    last_name = _name("Last name", "Enter your last name", "family-name")
    email = _email()
    password = _new_password()


class Address(Plain):
    """Whose password was forgotten."""

    email = _email()


class Confirm(Plain):
    """The link, and the password of whoever is not signed in here."""

    link = HiddenField()
    password = PasswordField(
        "Your password",
        [Length(max=LONGEST)],
        description="The one you chose when you signed up",
        render_kw={"autocomplete": "current-password"},
    )


class TakeAddress(Confirm):
    """The same for another address of an account that is there."""

    password = PasswordField(
        "Your password",
        [Length(max=LONGEST)],
        description="Of the account that is to have this address",
        render_kw={"autocomplete": "current-password"},
    )


class NewPassword(Plain):
    """With a link from a mail."""

    link = HiddenField()
    password = _new_password()


class Name(Plain):
    """How one is called."""

    first_name = _name("First name", "Enter your first name", "given-name")
    last_name = _name("Last name", "Enter your last name", "family-name")


class NewAddress(Plain):
    """Another address, and the password that shows whose hands these are."""

    email = _email()
    current = _present_password()


class OwnPassword(Plain):
    """Another password for the present one."""

    current = _present_password()
    password = _new_password()


class Deletion(Plain):
    """The end of an account."""

    current = _present_password()
