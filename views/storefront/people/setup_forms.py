"""The forms of the seller's checklist, one per section."""

from __future__ import annotations

from wtforms import BooleanField, DateField, RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import Length, Optional

from app.services.people.trader import COUNTRIES, HOME
from models.people.legal_form import LegalForm
from views.storefront.keyed import Keyed

_LONG = Length(max=120, message="Use at most 120 characters")


def plain(label: str, hint: str = "", **kw: str) -> StringField:
    """A line of at most 120 characters; `kw` become attributes of its input."""
    return StringField(label, [_LONG], description=hint, render_kw=kw)


class Identity(Keyed):
    """Who answers for the business."""

    responsible_name = plain("Full name of the person responsible", "As in their passport", autocomplete="name")


class Company(Keyed):
    """What the law sees in it."""

    legal_form = RadioField(
        "What is the business?", choices=[SelectChoice(one.name, one.value) for one in LegalForm], validate_choice=False
    )
    legal_name = plain("Registered name", "A sole trader enters their own name and the name they trade under")
    company_number = plain("Company number", "From Companies House, like 12345678, SC123456 or NI123456. Sole traders "
                            "and partnerships leave it empty")  # fmt: skip
    register = plain("Register, if it is not Companies House", "Name and place, like “Handelsregister Berlin”")


class Vat(Keyed):
    """Whether VAT is charged."""

    registered = RadioField(
        "Is the business registered for VAT?",
        choices=[SelectChoice("no", "No, it charges no VAT"), SelectChoice("yes", "Yes")],
        validate_choice=False,
    )
    vat_number = StringField(
        "VAT number", [Length(max=20, message="Use at most 20 characters")], description="Like GB 123 4567 89"
    )
    vat_from = DateField(
        "From which day?",
        [Optional()],
        description="Orders made from that day on follow it; older orders do not change. Empty means today",
    )


class Address(Keyed):
    """Where post reaches it."""

    street = plain("Building and street", autocomplete="address-line1")
    street_more = plain("Second line", autocomplete="address-line2")
    town = plain("Town or city", autocomplete="address-level2")
    postcode = StringField("Postcode", [Length(max=12)], render_kw={"autocomplete": "postal-code"})
    country = SelectField(
        "Country", choices=[SelectChoice(*one) for one in COUNTRIES.items()], default=HOME, validate_choice=False
    )


class Contact(Keyed):
    """How customers reach it."""

    phone = StringField("Telephone", [Length(max=40)], render_kw={"autocomplete": "tel", "inputmode": "tel"})
    email = StringField("E-mail", [Length(max=320)], render_kw={"autocomplete": "email", "inputmode": "email"})


class Lawful(Keyed):
    """The certificate of art. 30(1)(e)."""

    lawful_only = BooleanField("I certify that this business offers only services that the law allows here")
