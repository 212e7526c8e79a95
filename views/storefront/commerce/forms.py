"""The forms of an order's moves, each with its key."""

from __future__ import annotations

from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, ValidationError
from wtforms.widgets import HiddenInput

from app.services.commerce.order import DECLINE_REASONS
from models.catalogue.postcode_area import area_of
from models.errors import Invalid
from views.storefront.keyed import Keyed

LONGEST_NOTE = 1000


class Act(Keyed):
    """A move that needs nothing but the wish, or a sentence."""

    reason = TextAreaField("What should be done?", [Length(max=LONGEST_NOTE)])


class Decline(Keyed):
    """Why, from the published list, and a sentence for the customer."""

    code = RadioField(
        "Why can you not take it on?", choices=[SelectChoice(*reason) for reason in DECLINE_REASONS.items()]
    )
    reason = TextAreaField("A sentence for the customer", [Length(max=LONGEST_NOTE)])


class Cancel(Keyed):
    """Why, and what the page said would go back (minor units): when that changed, the page is shown again."""

    reason = TextAreaField("Why?", [Length(max=LONGEST_NOTE)], render_kw={"rows": "3"})
    agreed = IntegerField(widget=HiddenInput())


class Deliver(Keyed):
    """One file and what it shows."""

    file = FileField("Photo or report", [FileRequired("Add a photo or a document that shows the work")])
    note = TextAreaField(
        "What does it show?", [InputRequired("Say in a sentence what was done"), Length(max=LONGEST_NOTE)]
    )


class CheckoutForm(Keyed):
    """Where, when, how to get in, and what the customer wishes for."""

    window = RadioField("When should they come?", [InputRequired("Choose a visit")], choices=[])
    site_address = TextAreaField(
        "Address of the work",
        [InputRequired("Enter the address where the work is"), Length(max=500)],
        render_kw={"autocomplete": "street-address", "rows": "3"},
    )
    site_postcode = StringField(
        "Postcode",
        [InputRequired("Enter a full postcode, like BS3 1JA"), Length(max=12)],
        render_kw={"autocomplete": "postal-code", "autocapitalize": "characters"},
    )
    access_notes = TextAreaField("How do they get in?", [Length(max=LONGEST_NOTE)], render_kw={"rows": "3"})
    express_start = BooleanField("Please start before my 14 days to cancel are over")
    express_start_text = HiddenField(validators=[Length(max=120)])
    cancellation = HiddenField(validators=[Length(max=120)])
    ladder = HiddenField(validators=[Length(max=40)])
    fingerprint = HiddenField(validators=[InputRequired(), Length(max=64)])

    def validate_site_postcode(self, field: StringField) -> None:
        """Raises ValidationError with the example people know."""
        try:
            area_of(field.data or "")
        except Invalid as wrong:
            raise ValidationError("Enter a full postcode, like BS3 1JA") from wrong
