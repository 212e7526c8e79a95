"""What a node asks of its listings: the facets it has or inherits, and whether a value fits them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models.catalogue.taxonomy_facet import CHOICES, NUMBERS, FacetType, Option, TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_node_facet import TaxonomyNodeFacet
from models.errors import Invalid

Value = str | Decimal | bool
YES, NO = frozenset({"true", "yes", "on", "1"}), frozenset({"false", "no", "off", "0"})
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class FacetRule:
    """A facet as it holds at one node, after every link from the root down has narrowed it."""

    facet: TaxonomyFacet
    required: bool
    default: Any
    minimum: Decimal | None
    maximum: Decimal | None
    options: tuple[Option, ...]

    @classmethod
    def widest(cls, facet: TaxonomyFacet) -> FacetRule:
        """As the domain defines it, asked for by nobody yet."""
        return cls(facet, False, None, facet.minimum, facet.maximum, tuple(facet.options))

    def narrowed(self, link: TaxonomyNodeFacet) -> FacetRule:
        """With a node's link on top. Raises ValueError when the link would allow more than before."""
        if _outside(link.minimum, self) or _outside(link.maximum, self):
            raise ValueError(f"{self.facet.key}: the bounds are wider than those it inherits")
        if unknown := set(link.allowed) - {option["value"] for option in self.options}:
            raise ValueError(f"{self.facet.key}: {', '.join(sorted(unknown))} is not among the inherited options")
        return replace(
            self,
            required=self.required or link.required,
            default=self.default if link.default_value is None else link.default_value,
            minimum=self.minimum if link.minimum is None else link.minimum,
            maximum=self.maximum if link.maximum is None else link.maximum,
            options=tuple(o for o in self.options if not link.allowed or o["value"] in link.allowed),
        )

    def parse(self, raw: object) -> list[Value]:
        """The typed values of what was typed; empty when nothing was. Raises ValueError with a sentence."""
        if raw is None or raw in ("", [], ()):
            return []
        kind = self.facet.type
        if kind in NUMBERS:
            return [self._number(raw)]
        if kind in CHOICES:
            return self._choice(raw)
        return [_truth(raw)] if kind is FacetType.boolean else [_text(raw)]

    def _number(self, raw: object) -> Decimal:
        try:
            number = Decimal(str(raw).strip())
        except InvalidOperation:
            raise ValueError("Type a number.") from None
        if isinstance(raw, bool) or not number.is_finite():
            raise ValueError("Type a number.")
        if self.facet.type is FacetType.integer and number != number.to_integral_value():
            raise ValueError("Type a whole number.")
        if _outside(number, self):
            raise ValueError(f"Choose from {_plain(self.minimum)} to {_plain(self.maximum)}.")
        if self.facet.step and (number - (self.facet.minimum or 0)) % self.facet.step:
            raise ValueError(f"Choose a number in steps of {_plain(self.facet.step)}.")
        return number

    def _choice(self, raw: object) -> list[Value]:
        asked = {str(value) for value in raw} if isinstance(raw, list | tuple | set | frozenset) else {str(raw)}
        known: list[Value] = [option["value"] for option in self.options if option["value"] in asked]
        if len(known) < len(asked) or (self.facet.type is FacetType.enum and len(known) > 1):
            raise ValueError("Choose from the list.")
        return known


def _outside(number: Decimal | None, rule: FacetRule) -> bool:
    if number is None:
        return False
    low, high = rule.minimum, rule.maximum
    return (low is not None and number < low) or (high is not None and number > high)


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _truth(raw: object) -> bool:
    word = str(raw).strip().lower()
    if word not in YES | NO:
        raise ValueError("Answer yes or no.")
    return word in YES


def _text(raw: object) -> str:
    text = " ".join(str(raw).split())
    if not 0 < len(text) <= LONGEST_TEXT:
        raise ValueError(f"Type at most {LONGEST_TEXT} characters.")
    return text


def merged(links: Iterable[tuple[TaxonomyFacet, TaxonomyNodeFacet]]) -> list[FacetRule]:
    """The rules after `links`, which come root first; in the order of the domain's facets."""
    rules: dict[str, FacetRule] = {}
    for facet, link in links:
        rules[facet.key] = rules.get(facet.key, FacetRule.widest(facet)).narrowed(link)
    return sorted(rules.values(), key=lambda rule: rule.facet.position)


def effective(session: Session, node: TaxonomyNode) -> list[FacetRule]:
    """What `node` asks for: its own links over those it inherits. One statement."""
    question = (
        sa.select(TaxonomyFacet, TaxonomyNodeFacet)
        .join(TaxonomyNodeFacet, TaxonomyNodeFacet.facet_id == TaxonomyFacet.id)
        .join(TaxonomyNode, TaxonomyNode.id == TaxonomyNodeFacet.node_id)
        .where(TaxonomyNode.lineage.in_(node.lineages()), ~TaxonomyNodeFacet.retired, ~TaxonomyFacet.retired)
        .order_by(sa.func.length(TaxonomyNode.lineage))
    )
    return merged((facet, link) for facet, link in session.execute(question))


def validated(rules: Iterable[FacetRule], values: Mapping[str, object]) -> dict[TaxonomyFacet, list[Value]]:
    """The typed values by facet, nothing for those left empty.

    Raises Invalid with one entry `facet.<key>` per value that does not fit; a missing required one is not an error
    here (a draft may be unfinished), see `missing`.
    """
    known = {rule.facet.key: rule for rule in rules}
    wrong = {f"facet.{key}": "This category does not have it." for key in values if key not in known}
    found = {}
    for key, raw in values.items():
        if rule := known.get(key):
            try:
                typed = rule.parse(raw)
            except ValueError as sentence:
                wrong[f"facet.{key}"] = str(sentence)
            else:
                found.update({rule.facet: typed} if typed else {})
    if wrong:
        raise Invalid("Some details do not fit this category.", wrong)
    return found


def missing(rules: Iterable[FacetRule], present: Iterable[TaxonomyFacet]) -> dict[str, str]:
    """The required facets without a value: field name to sentence."""
    keys = {facet.key for facet in present}
    needed = (rule.facet for rule in rules if rule.required)
    return {f"facet.{facet.key}": f"{facet.label} is needed." for facet in needed if facet.key not in keys}
