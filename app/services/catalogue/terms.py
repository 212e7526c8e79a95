"""What a provider types about a service: one plain object for form, API and import, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time
from itertools import pairwise
from typing import Any
from uuid import UUID
from zoneinfo import available_timezones

from models.catalogue.postcode_area import AREAS
from models.commerce.cancellation_policy import STANDARD
from models.errors import Invalid

TITLE = (8, 120)
DESCRIPTION = (80, 5000)
MINUTES = range(15, 14_401)
CREW = range(1, 51)
NOTICE = range(91)
ISO_WEEK = range(1, 8)
LARGEST_PRICE = 10_000_000
"""Minor units: 100,000 pounds. More than that is a project with a quote, not a listing."""


@dataclass(frozen=True, slots=True, order=True)
class Hours:
    """One arrival window of the week: ISO weekday (1 is Monday), wall-clock times in the listing's zone."""

    weekday: int
    starts: time
    ends: time


@dataclass(frozen=True, slots=True)
class ServiceTerms:
    """`price_minor` is net of VAT, in minor units of `currency`. `facets` maps a facet's key to what was typed.

    `cancellation_policy` is the code of a dated ladder; whether it is on offer is asked of its table."""

    title: str
    node_id: UUID
    price_minor: int
    description: str = ""
    currency: str = "GBP"
    duration_minutes: int = 60
    crew_size: int = 1
    notice_days: int = 1
    zone: str = "Europe/London"
    areas: tuple[str, ...] = ()
    hours: tuple[Hours, ...] = ()
    facets: Mapping[str, Any] = field(default_factory=dict)
    cancellation_policy: str = STANDARD

    def check(self) -> None:
        """Raises Invalid with every field that no draft may hold; what is merely unfinished is left to `submit`."""
        if wrong := self._wrong():
            raise Invalid("Some of this cannot be taken as it is.", wrong)

    def _wrong(self) -> dict[str, str]:
        rules = {
            "title": (_fits(self.title, *TITLE), f"Use {TITLE[0]} to {TITLE[1]} characters."),
            "description": (
                len(self.description) <= DESCRIPTION[1] and "\0" not in self.description,
                f"Use at most {DESCRIPTION[1]} characters.",
            ),
            "price": (0 < self.price_minor <= LARGEST_PRICE, "Give a price from 0.01 to 100,000.00."),
            "currency": (self.currency == "GBP", "Prices are in pounds sterling."),
            "duration": (self.duration_minutes in MINUTES, "A visit takes from 15 minutes to 10 days."),
            "crew_size": (self.crew_size in CREW, "Choose 1 to 50 people."),
            "notice_days": (self.notice_days in NOTICE, "Choose 0 to 90 days."),
            "zone": (self.zone in available_timezones(), "This is not a time zone."),
            "areas": (all(a in AREAS and AREAS[a].served for a in self.areas), "Choose UK postcode areas."),
            "hours": (_apart(self.hours), "Each window ends after it starts, and none overlaps another."),
        }
        return {name: sentence for name, (holds, sentence) in rules.items() if not holds}


def _fits(text: str, least: int, most: int) -> bool:
    return least <= len(text.strip()) and len(text) <= most and text.isprintable()


def _apart(hours: tuple[Hours, ...]) -> bool:
    placed = sorted(hours)
    sound = all(window.weekday in ISO_WEEK and window.starts < window.ends for window in placed)
    apart = all(a.weekday != b.weekday or a.ends <= b.starts for a, b in pairwise(placed))
    return sound and apart
