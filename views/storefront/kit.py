"""Every part of the shop in every state, on one page, so that nobody draws it twice. Development only."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, FileField, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from app.services.commerce.review_figure import Summary
from app.services.people.absence import Away
from models.commerce.review import ReviewState
from models.errors import NotFound
from views.assets import asset
from views.storefront.blueprint import storefront
from views.storefront.catalogue.card import Card
from views.storefront.catalogue.photo import Picture
from views.storefront.guard import public
from views.storefront.ladder import Ladder, Line
from views.storefront.review_block import Block, Said

AT = datetime(2026, 12, 3, 9, 30, tzinfo=UTC)
SELLER = "Sample Electrical"


class Specimen(FlaskForm):
    """One field of each kind; `postcode_wrong` carries an error."""

    postcode = StringField("Postcode", description="Where the work is")
    postcode_wrong = StringField("Postcode")
    order = SelectField(
        "Order by", choices=[SelectChoice("match", "Best match"), SelectChoice("price", "Price, lowest first")]
    )
    notes = TextAreaField("Anything they should know?")
    means = RadioField(
        "How you pay", choices=[SelectChoice("card", "Card"), SelectChoice("bank", "Pay by bank")], default="card"
    )
    agree = BooleanField("Please start within my 14 days")
    policy = RadioField(
        "If a customer cancels",
        choices=[SelectChoice("one", "Sample policy"), SelectChoice("two", "Another")],
        default="one",
    )


class Message(FlaskForm):
    """What a conversation is written with."""

    text = TextAreaField("Your message")
    file = FileField("Files")


@storefront.get("/kit")
@public
def parts() -> ResponseReturnValue:
    """Raises NotFound outside development."""
    if current_app.config.get("ENVIRONMENT") != "development":
        raise NotFound
    form = Specimen(formdata=None)
    form.postcode_wrong.errors = ["Enter a full postcode, like BS3 1JA"]
    specimen = Picture(
        asset("img/s-board.svg"), "", asset("img/s-board.svg"), 480, 360, "A fuse board with its cover off"
    )
    plain = Card("Electrical safety report", "#card", "EICR", "Avon Electrical", "Bristol", "s-board.svg", None, 29_300,
                 "GBP", "VAT and the £5.00 order fee", "specimen")  # fmt: skip
    shown = (plain, replace(plain, title="The same with a photo", photo=specimen, slug="other", saved=True))
    return render_template(
        "storefront/kit.html",
        form=form,
        message=Message(formdata=None),
        cards=shown,
        pictures=[specimen] * 3,
        **_sample(),
    )


def _sample() -> dict[str, Any]:
    """What the larger parts are filled with. Nothing of it is anybody's."""
    away = Away(date(2026, 12, 21), date(2027, 1, 4), "A sample note of a holiday.", begun=True, soon=True)
    lines = [SimpleNamespace(title="Sample service", gross_minor=28_800, vat_minor=4_800)]
    return {
        "away": away,
        "story": _story(),
        "order": SimpleNamespace(
            lines=lines, currency="GBP", fee_net_minor=417, fee_vat_minor=83, total_minor=29_300
        ),
        "thread": _thread(away),
        "reviews": _reviews(),
        "ladder": Ladder(
            "Sample policy",
            "A sample sentence about the policy.",
            [
                Line("Until 48 hours before the visit", "Everything", over=True),
                Line("Until 24 hours before the visit", "Half", holds=True),
                Line("After that, until the visit begins", "Nothing"),
            ],
        ),
        "policies": [SimpleNamespace(name=name, summary="In a sentence.") for name in ("Sample policy", "Another")],
        "trader": SimpleNamespace(
            name=SELLER, legal_name=f"{SELLER} Ltd", legal_form="Private limited company", company_number="00000000",
            register="Sample register", vat_number="GB000000000", address="1 Sample Street\nSampleton",
            email="sample@provider.test", phone="0000 000000", certified_at=AT, approved_at=AT,
        ),
    }  # fmt: skip


def _story() -> SimpleNamespace:
    """An order whose money went every way there is."""
    money = SimpleNamespace(total=29_300, currency="GBP", held=14_000, released=8_000, back=4_000, bank=2_800, fee=500)
    rail = [
        SimpleNamespace(at=AT, text="A sample of what comes next", note="", coming=True, bad=False),
        SimpleNamespace(at=AT, text="A sample of what went wrong", note="With a note.", coming=False, bad=True),
        SimpleNamespace(at=AT, text="A sample of what is done", note="", coming=False, bad=False),
    ]
    refund = SimpleNamespace(
        amount="£40.00", tone="ok", mark="check", state="Paid back", why="A sample reason", text="What to expect."
    )
    return SimpleNamespace(
        money=money,
        level="held",
        rail=rail,
        refunds=[refund],
        bank=("A sample of a bank that asks", "What that means, in a sentence."),
        by_itself=SimpleNamespace(at=AT, text="A sample of what the clock does"),
    )


def _thread(away: Away) -> SimpleNamespace:
    paper = SimpleNamespace(id=UUID(int=1), stored_file=SimpleNamespace(original_name="sample.pdf", size=12_345))
    rows = [
        SimpleNamespace(party="buyer", created_at=AT, read_at=AT, text="A sample question?", files=[]),
        SimpleNamespace(party="seller", created_at=AT, read_at=None, text="A sample answer.", files=[paper]),
    ]
    return SimpleNamespace(
        rows=rows, side="buyer", other=SELLER, closes_at=None, refusal="", at="#messages",
        file_at="storefront.order_message_file", away=away,
    )  # fmt: skip


def _reviews() -> Block:
    one = Said(
        UUID(int=1), 4, "A sample review, with a reply.", "Sam P.", SELLER, "Sample service", AT, AT,
        ReviewState.published, "A sample reply.", AT,
    )  # fmt: skip
    return Block(Summary((1, 0, 2, 3, 6)), [one], SELLER, "sample")
