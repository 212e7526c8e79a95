"""What can be asked of the catalogue: the questions of the shop's search page."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from app.services.catalogue.search import Question, Sort
from models.errors import Invalid
from views.api.shapes import LARGEST_MINOR, MOST_A_PAGE, Takes
from views.storefront.catalogue.tree import DOMAIN

_SUM = validate.Range(0, LARGEST_MINOR)
_MOST_FACETS = 20


class ListingQuery(Takes):
    """`area` is a postcode area (BS), `category` a lineage (services/electrical) or its beginning. `least_minor` and
    `most_minor` are all-in prices in pence. `facets` are pairs of key and value, `property_type:flat,circuits:10`:
    of one key any value, of a number that one or more. `exact` looks for the words as they were typed."""

    q = fields.String(load_default="", validate=validate.Length(max=80))
    category = fields.String(load_default=DOMAIN, validate=validate.Length(max=200))
    area = fields.String(load_default="", validate=validate.Length(max=4))
    least_minor = fields.Integer(load_default=None, validate=_SUM)
    most_minor = fields.Integer(load_default=None, validate=_SUM)
    facets = fields.String(load_default="", validate=validate.Length(max=1000))
    sort = fields.String(load_default=Sort.recommended.name, validate=validate.OneOf([one.name for one in Sort]))
    exact = fields.Boolean(load_default=False)
    after = fields.String(load_default="", validate=validate.Length(max=200))
    limit = fields.Integer(load_default=20, validate=validate.Range(1, MOST_A_PAGE))


def question(asked: dict[str, Any]) -> Question:
    """For the search itself. Raises Invalid for facets that cannot be read; one that does not exist is passed over."""
    return Question(
        node=asked["category"],
        text=" ".join(asked["q"].split()),
        area=asked["area"].upper(),
        facets=_facets(asked["facets"]),
        least_minor=asked["least_minor"],
        most_minor=asked["most_minor"],
        sort=Sort[asked["sort"]],
        exact=asked["exact"],
    )


def _facets(given: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for pair in filter(None, given.split(",")):
        key, colon, value = pair.strip().partition(":")
        if not (key and colon and value) or len(found) > _MOST_FACETS:
            raise Invalid(
                "Some of that cannot be taken.", {"facets": "Send pairs like property_type:flat,circuits:10."}
            )
        found.setdefault(key, []).append(value)
    return found
