"""The form of a provider's offer: eight lines, a visit, an end."""

from __future__ import annotations

from datetime import date
from typing import Any

from wtforms import DateField, IntegerField, StringField, TextAreaField, TimeField
from wtforms.validators import InputRequired, Length, Optional
from wtforms.widgets import HiddenInput

from app.services.catalogue import offer as visits
from app.services.commerce import quote_terms
from app.services.commerce.quote_terms import MOST_LINES, Item, Terms
from models.catalogue.listing import Listing
from models.commerce.quote_offer import QuoteOffer
from models.errors import Invalid
from views.storefront.fields import Pounds
from views.storefront.keyed import Keyed

NUMBERS = range(1, MOST_LINES + 1)
NOT_A_DAY, NOT_AN_HOUR = "Enter a day, like 14/12/2026", "Enter a time, like 08:30"


class _Offer(Keyed):
    """Visit, end and note; the numbered lines are added below."""

    visit_day = DateField("Day of the visit", [InputRequired(NOT_A_DAY)])
    visit_from = TimeField("From", [InputRequired(NOT_AN_HOUR)])
    visit_until = TimeField("Until", [InputRequired(NOT_AN_HOUR)])
    visit_last_day = DateField("Last day", [Optional()])
    days = IntegerField("Valid for how many days?", [Optional()], default=quote_terms.USUAL_DAYS)
    note = TextAreaField("Anything they should know", [Length(max=quote_terms.MOST_NOTE)], render_kw={"rows": "4"})
    after = IntegerField(widget=HiddenInput(), default=0)

    def lines(self) -> list[tuple[StringField, Pounds]]:
        """The fields of each line."""
        return [(self[f"title_{n}"], self[f"price_{n}"]) for n in NUMBERS]

    def terms(self, listing: Listing) -> Terms:
        """As the service takes it. A line without words and without a price is none."""
        typed = [(title.data or "", price.data) for title, price in self.lines()]
        items = tuple(Item(title, price or 0) for title, price in typed if title.strip() or price is not None)
        first: date = self.visit_day.data
        last: date = self.visit_last_day.data or first
        window = visits.between(listing, (first, self.visit_from.data), (last, self.visit_until.data))
        return Terms(items, window, days=self.days.data or 0, note=self.note.data or "")

    def take(self, error: Invalid) -> None:
        """Errors of the whole stand at the first field of their part."""
        places = {"lines": "title_1", "visit": "visit_day"}
        fields = {places.get(name, name): text for name, text in error.fields.items()}
        super().take(Invalid(str(error), fields))

    @classmethod
    def of(cls, last: QuoteOffer | None) -> _Offer:
        """Blank, or with the offer that is to be changed."""
        if last is None:
            return cls(formdata=None)
        starts = visits.from_moments(last.visit_start, last.visit_end, last.visit_zone)
        ends = visits.from_moments(last.visit_end, last.visit_end, last.visit_zone).day
        said: dict[str, Any] = {
            "visit_day": starts.day,
            "visit_from": starts.local_starts,
            "visit_until": starts.local_ends,
            "visit_last_day": None if ends == starts.day else ends,
            "note": last.note,
            "after": last.number,
        }
        for line in last.lines:
            said |= {f"title_{line.position}": line.title, f"price_{line.position}": line.net_minor}
        return cls(formdata=None, data=said)


LINES: dict[str, Any] = {}
for _n in NUMBERS:
    LINES[f"title_{_n}"] = StringField(f"What, line {_n}", [Length(max=quote_terms.TITLE[-1])])
    LINES[f"price_{_n}"] = Pounds(f"Price without VAT, line {_n}")
OfferForm: type[_Offer] = type("OfferForm", (_Offer,), LINES)
