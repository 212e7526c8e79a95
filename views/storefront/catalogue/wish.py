"""What the address of a search asks for, and the same address with something changed: all of a search is in its URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from app.services.catalogue.search import Question, Sort
from models.catalogue.postcode_area import AREAS, PostcodeArea, area_of
from models.errors import Invalid

FACET = "f-"
LONGEST_QUERY = 80
_BEGINNING = re.compile(r"([A-Z]{1,2})([0-9][0-9A-Z]?)?")
_POUNDS = re.compile(r"(\d{1,6})(?:\.(\d{1,2}))?")


@dataclass(frozen=True, slots=True)
class Asked:
    """`errors` says, by field, what was not understood; the results then ignore it. Prices are as they were typed."""

    text: str
    where: str
    area: PostcodeArea | None
    least: str
    most: str
    sort: Sort
    exact: bool
    errors: dict[str, str]
    facets: dict[str, list[str]]
    after: str

    def query(
        self, changed: Mapping[str, str] | None = None, *, without: tuple[str, str] | None = None
    ) -> dict[str, Any]:
        """The address's arguments again, with some changed and one facet value left out; empty ones disappear. What
        is another question is read in its usual spelling again, from its first page on."""
        changed = changed or {}
        exact = "1" if self.exact and "q" not in changed else ""
        sort = "" if self.sort is Sort.recommended else self.sort.name
        plain = {"q": self.text, "where": self.where, "from": self.least, "to": self.most, "sort": sort, "exact": exact}
        found: dict[str, Any] = {name: value for name, value in {**plain, **changed}.items() if value}
        for key, values in self.facets.items():
            if kept := [value for value in values if (key, value) != without]:
                found[FACET + key] = kept
        return found

    def question(self, node: str) -> Question:
        """For the search itself."""
        return Question(
            node=node,
            text=self.text,
            area=self.area.code if self.area else "",
            facets=self.facets,
            least_minor=pence(self.least),
            most_minor=pence(self.most),
            sort=self.sort,
            exact=self.exact,
        )

    @property
    def price(self) -> str:
        """`from £50`, `up to £200`, `£50 to £200`, or nothing."""
        if self.least and self.most:
            return f"£{self.least} to £{self.most}"
        return f"from £{self.least}" if self.least else f"up to £{self.most}" if self.most else ""


def asked() -> Asked:
    """Reads the address; what is too long is cut."""
    where = request.args.get("where", "").strip()[:12]
    area, error = _place(where)
    errors = {"where": error} if error else {}
    least, most = _pounds("from", errors), _pounds("to", errors)
    if least and most and (pence(least) or 0) > (pence(most) or 0):
        least, most = most, least
    facets = {
        name.removeprefix(FACET): [value for value in values if value][:20]
        for name, values in request.args.lists()
        if name.startswith(FACET) and any(values)
    }
    text = " ".join(request.args.get("q", "").split())[:LONGEST_QUERY]
    sort = Sort.__members__.get(request.args.get("sort", ""), Sort.recommended)
    exact, after = request.args.get("exact") == "1", request.args.get("after", "")[:200]
    return Asked(text, where, area, least, most, sort, exact, errors, facets, after)


def pence(pounds: str) -> int | None:
    """Minor units of a sum that `_pounds` let through; None for nothing."""
    found = _POUNDS.fullmatch(pounds)
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else None


def _pounds(name: str, errors: dict[str, str]) -> str:
    typed = request.args.get(name, "").strip()[:12]
    plain = typed.removeprefix("£").replace(",", "")
    if typed and not _POUNDS.fullmatch(plain):
        errors[name] = "Type a sum in pounds, like 150"
        return ""
    return plain


def _place(where: str) -> tuple[PostcodeArea | None, str]:
    """A full postcode, or the beginning of one: BS3, BS."""
    if not where:
        return None, ""
    letters = _BEGINNING.fullmatch(where.upper())
    if letters and (found := AREAS.get(letters[1])):
        return found, ""
    try:
        return area_of(where), ""
    except Invalid:
        return None, "Enter a postcode, like BS3 1JA, or its beginning, like BS3"
