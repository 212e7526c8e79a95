"""Every part of the shop in every state, on one page, so that nobody draws it twice. Development only."""

from __future__ import annotations

from dataclasses import replace

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField

from models.errors import NotFound
from views.assets import asset
from views.storefront.blueprint import storefront
from views.storefront.catalogue.card import Card
from views.storefront.catalogue.photo import Picture
from views.storefront.guard import public


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
    return render_template("storefront/kit.html", form=form, cards=shown, pictures=[specimen] * 3)
