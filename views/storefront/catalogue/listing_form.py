"""The form of a service listing. The facets of the chosen category ask the questions of its lower half."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import time
from decimal import Decimal
from typing import Any
from uuid import UUID

from flask import current_app
from wtforms import (
    Field,
    RadioField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
    TimeField,
)
from wtforms.validators import InputRequired, Length, Optional

from app.services.catalogue.facet import FacetRule
from app.services.catalogue.terms import DESCRIPTION, TITLE, Hours, ServiceTerms
from models.catalogue.listing import Listing
from models.catalogue.taxonomy_facet import CHOICES, NUMBERS, FacetType
from models.commerce.cancellation_policy import STANDARD
from models.errors import Invalid
from views.storefront import ladder
from views.storefront.fields import Pounds, Ticks, Whole
from views.storefront.keyed import Keyed

WEEK = ((1, "Mon"), (2, "Tue"), (3, "Wed"), (4, "Thu"), (5, "Fri"), (6, "Sat"), (7, "Sun"))
WINDOWS = 3
"""Blocks of "from, to, on these days" that a form offers; a listing that needs more gets more."""


class ListingForm(Keyed):
    """What every service says. Facets (`facet_<key>`) and visiting windows (`w<n>_…`) are added per listing."""

    title = StringField(
        "Title",
        [InputRequired("Enter a title"), Length(*TITLE, message=f"Use {TITLE[0]} to {TITLE[1]} characters")],
        description="What is done, in words customers search for",
    )
    description = TextAreaField(
        "What the customer gets",
        [Length(max=DESCRIPTION[1], message=f"Use at most {DESCRIPTION[1]} characters")],
        render_kw={"rows": "8"},
        description="What is included and what is not, and what has to be ready on the day",
    )
    price = Pounds(
        "Price of the whole visit, without VAT",
        [InputRequired("Enter a price, like 240.00")],
        render_kw={"inputmode": "decimal"},
    )
    duration = Whole("Time on site", [InputRequired("Enter the time in minutes")], render_kw={"inputmode": "numeric"})
    crew_size = Whole(
        "People", [InputRequired("Enter how many people come")], default=1, render_kw={"inputmode": "numeric"}
    )
    notice_days = Whole(
        "Notice",
        [InputRequired("Enter how many days ahead you need to know")],
        default=1,
        render_kw={"inputmode": "numeric"},
    )
    areas = StringField(
        "Where you work", [Length(max=400)], description="Postcode areas, separated by commas: BS, BA, GL"
    )
    cancellation_policy = RadioField(
        "What does a customer get back who cancels?",
        choices=ladder.choices,
        default=STANDARD,
        validate_choice=False,
        description="It is shown on the listing, before payment and in the contract. The right of consumers to cancel "
        "within 14 days stands above it",
    )

    def facet_fields(self) -> list[Field]:
        """In the order of the taxonomy."""
        return [field for field in self if field.name.startswith("facet_")]

    def windows(self) -> list[tuple[Field, Field, Field]]:
        """From, to and days of each block."""
        count = sum(1 for field in self if re.fullmatch(r"w\d+_starts", field.name))
        return [(self[f"w{n}_starts"], self[f"w{n}_ends"], self[f"w{n}_days"]) for n in range(1, count + 1)]

    def terms(self, node_id: UUID) -> ServiceTerms:
        """What was typed, for the verb to judge."""
        return ServiceTerms(
            title=self.title.data or "",
            node_id=node_id,
            price_minor=self.price.data or 0,
            description=self.description.data or "",
            duration_minutes=self.duration.data or 0,
            crew_size=self.crew_size.data or 0,
            notice_days=self.notice_days.data or 0,
            zone=current_app.config["BUSINESS_TIME_ZONE"],
            areas=tuple(part.upper() for part in re.split(r"[\s,;]+", self.areas.data or "") if part),
            hours=self._hours(),
            facets={field.name.removeprefix("facet_"): field.data for field in self.facet_fields()},
            cancellation_policy=self.cancellation_policy.data or "",
        )

    def _hours(self) -> tuple[Hours, ...]:
        return tuple(
            Hours(int(day), starts.data, ends.data)
            for starts, ends, days in self.windows()
            if starts.data and ends.data
            for day in days.data
        )

    def take(self, error: Invalid) -> None:
        """The verb calls a facet `facet.<key>`; the hours are shown at the first block."""
        renamed = {name.replace("facet.", "facet_"): text for name, text in error.fields.items()}
        if "hours" in renamed:
            renamed["w1_starts"] = renamed.pop("hours")
        super().take(Invalid(str(error), renamed))


def form_for(rules: Sequence[FacetRule], blocks: int) -> type[ListingForm]:
    """A form class with one field per facet and one block per visiting window."""
    fields: dict[str, Any] = {f"facet_{rule.facet.key}": _field(rule) for rule in rules}
    for number in range(1, blocks + 1):
        fields[f"w{number}_starts"] = TimeField("From", [Optional()])
        fields[f"w{number}_ends"] = TimeField("To", [Optional()])
        fields[f"w{number}_days"] = Ticks(
            "On", choices=[SelectChoice(str(day), name) for day, name in WEEK], validate_choice=True
        )
    return type("ServiceListingForm", (ListingForm,), fields)


def filled(listing: Listing, rules: Sequence[FacetRule]) -> ListingForm:
    """The form with what the listing says now."""
    blocks = _blocks(listing)
    service = listing.service
    data: dict[str, Any] = {
        "title": listing.title,
        "description": listing.description,
        "price": listing.price_minor,
        "areas": ", ".join(covered.area for covered in listing.areas),
        "cancellation_policy": listing.cancellation_policy,
    }
    if service is not None:
        data |= {
            "duration": service.duration_minutes,
            "crew_size": service.crew_size,
            "notice_days": service.notice_days,
        }
    for number, ((starts, ends), days) in enumerate(blocks.items(), 1):
        data |= {f"w{number}_starts": starts, f"w{number}_ends": ends, f"w{number}_days": [str(day) for day in days]}
    return form_for(rules, blocks_for(listing))(formdata=None, data=data | _facet_data(listing, rules))


def empty(rules: Sequence[FacetRule]) -> ListingForm:
    """A new listing's form, with the defaults of the category."""
    defaults = {f"facet_{rule.facet.key}": _shown(rule, rule.default) for rule in rules if rule.default is not None}
    return form_for(rules, WINDOWS)(formdata=None, data=defaults)


def blocks_for(listing: Listing) -> int:
    """How many window blocks its form needs: one to spare."""
    return max(WINDOWS, len(_blocks(listing)) + 1)


def _blocks(listing: Listing) -> dict[tuple[time, time], list[int]]:
    found: dict[tuple[time, time], list[int]] = defaultdict(list)
    for hours in listing.visit_hours:
        found[hours.starts, hours.ends].append(hours.weekday)
    return found


def _facet_data(listing: Listing, rules: Sequence[FacetRule]) -> dict[str, Any]:
    values: dict[str, list[Any]] = defaultdict(list)
    for value in listing.facets:
        values[value.facet.key].append(value.value)
    return {f"facet_{rule.facet.key}": _shown(rule, values[rule.facet.key]) for rule in rules}


def _shown(rule: FacetRule, value: Any) -> Any:
    """A stored or default value as its field takes it."""
    if rule.facet.type is FacetType.multi_select:
        return [str(one) for one in (value if isinstance(value, list) else [value])]
    one = value[0] if isinstance(value, list) and value else value
    if one is None or one == []:
        return ""
    if isinstance(one, bool):
        return "true" if one else "false"
    return f"{one.normalize():f}" if isinstance(one, Decimal) else str(one)


def _field(rule: FacetRule) -> Any:
    facet = rule.facet
    label, hint = facet.question or facet.label, _bounds(rule)
    options = [SelectChoice(option["value"], option["label"]) for option in rule.options]
    if facet.type is FacetType.multi_select:
        return Ticks(label, choices=options)
    if facet.type is FacetType.boolean:
        return RadioField(label, [Optional()], choices=[SelectChoice("true", "Yes"), SelectChoice("false", "No")])
    if facet.type in CHOICES:
        return SelectField(label, [Optional()], choices=[SelectChoice("", "Choose"), *options])
    mode = {"inputmode": "decimal"} if facet.type in NUMBERS else {}
    return StringField(label, [Length(max=200)], description=hint, render_kw={**mode, "data-unit": facet.unit})


def _bounds(rule: FacetRule) -> str:
    if rule.minimum is None or rule.maximum is None:
        return ""
    return f"From {rule.minimum.normalize():f} to {rule.maximum.normalize():f} {rule.facet.unit}".rstrip()
