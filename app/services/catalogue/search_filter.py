"""What a filter asks of a listing, as SQL: on sale, words, place in the tree, postcode area, facets."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa

from models.catalogue.listing import Listing, ListingKind, ListingState
from models.catalogue.listing_facet import ListingFacet
from models.catalogue.listing_node import ListingNode
from models.catalogue.service_visit import ListingArea
from models.catalogue.taxonomy_facet import NUMBERS, FacetType, TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.people.seller import Seller, SellerState

Predicate = sa.ColumnElement[bool]
DOMAINS = {"services": ListingKind.service}
_FINEST = Decimal("1E-9")


def on_sale() -> tuple[Predicate, ...]:
    """What every public path filters by: the listing is live and its seller is active now."""
    active = sa.select(Seller.id).where(
        Seller.organisation_id == Listing.organisation_id, Seller.state == SellerState.active
    )
    return Listing.state == ListingState.live, active.exists()


def query(text: str) -> sa.ColumnElement[Any]:
    """What was typed, as PostgreSQL understands people: words, "a phrase", or, -without."""
    return sa.func.websearch_to_tsquery(sa.text("'english'::regconfig"), text)


def says(text: str) -> Predicate:
    """Title, its category's names and synonyms, options, provider or description have these words."""
    return Listing.search.bool_op("@@")(query(text))


def below(node: str) -> Predicate:
    """Filed at this lineage or beneath it; a path of our own letters, so % and _ mean nothing more."""
    if node in DOMAINS:  # every listing of this kind is filed below it
        return Listing.kind == DOMAINS[node]
    here = sa.or_(TaxonomyNode.lineage == node, TaxonomyNode.lineage.startswith(f"{node}/", autoescape=True))
    filed = sa.select(ListingNode.listing_id).join(TaxonomyNode, TaxonomyNode.id == ListingNode.node_id)
    return Listing.id.in_(filed.where(here))


def comes_to(area: str) -> Predicate:
    """Covers this postcode area. IN, like the facets: one look into the area's index for all listings."""
    return Listing.id.in_(sa.select(ListingArea.listing_id).where(ListingArea.area == area.upper()))


def has(facet: TaxonomyFacet, values: list[str]) -> Predicate:
    """IN rather than EXISTS: in the counts it is then one hash for all listings, not a look-up for each."""
    having = sa.select(ListingFacet.listing_id).where(ListingFacet.facet_id == facet.id, _is(facet, values))
    return Listing.id.in_(having)


def _is(facet: TaxonomyFacet, values: list[str]) -> Predicate:
    if facet.type is FacetType.boolean:
        return ListingFacet.boolean_value.in_([value.lower() in {"true", "yes"} for value in values])
    if facet.type in NUMBERS:
        try:
            asked = [Decimal(value) for value in values]
            if not all(value.is_finite() for value in asked):
                return sa.false()
            return _at_least(min(asked), facet.minimum or Decimal(0), facet.maximum or Decimal(0))
        except InvalidOperation:  # no number, or one with more digits than anything has
            return sa.false()
    return ListingFacet.text_value.in_(values)


def _at_least(least: Decimal, low: Decimal, high: Decimal) -> Predicate:
    if least > high:
        return sa.false()
    known = low if least <= low else least.quantize(_FINEST, ROUND_CEILING)  # a number too fine for PostgreSQL
    return ListingFacet.number_value >= known
