"""The job of a quote as a customer describes it, and the small forms of both sides."""

from __future__ import annotations

from wtforms import DateField, IntegerField, RadioField, SelectChoice, StringField, TextAreaField
from wtforms.validators import Length, Optional
from wtforms.widgets import HiddenInput

from app.services.commerce import quote_job
from app.services.commerce.quote_request import DECLINE_REASONS
from views.storefront.commerce.dispute_act import WithFiles
from views.storefront.keyed import Keyed


class JobForm(WithFiles):
    """What is wanted, where, and when it would suit."""

    text = TextAreaField("What is the job?", [Length(max=quote_job.MOST)], render_kw={"rows": "7"})
    site_address = TextAreaField(
        "Address of the work",
        [Length(max=quote_job.MOST_ADDRESS)],
        render_kw={"autocomplete": "street-address", "rows": "2"},
    )
    site_postcode = StringField(
        "Postcode", [Length(max=12)], render_kw={"autocomplete": "postal-code", "autocapitalize": "characters"}
    )
    wished_from = DateField("First day that suits", [Optional()])
    wished = StringField("Days and times that suit", [Length(max=quote_job.MOST_WISHES)])

    def job(self) -> quote_job.Job:
        """As the service takes it, without files."""
        return quote_job.Job(
            text=self.text.data or "",
            address=self.site_address.data or "",
            postcode=self.site_postcode.data or "",
            wished_from=self.wished_from.data,
            wished=self.wished.data or "",
        )


class AcceptForm(Keyed):
    """Which offer was before the customer."""

    number = IntegerField(widget=HiddenInput())


class DeclineForm(Keyed):
    """Why there is no offer."""

    code = RadioField(
        "Why can you make no offer?",
        choices=[SelectChoice(*reason) for reason in DECLINE_REASONS.items()],
        validate_choice=False,
    )
    reason = TextAreaField("A sentence for the customer", [Length(max=1000)], render_kw={"rows": "3"})
