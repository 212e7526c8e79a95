"""The taxonomy as it is written down: one YAML file per domain, read into the rows that the tables should hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from jsonschema import Draft202012Validator

from app.services.catalogue.facet import FacetRule
from app.services.catalogue.taxonomy_row import TaxonomyRow
from models.catalogue import identifiers
from models.catalogue.taxonomy_domain import TaxonomyDomain
from models.catalogue.taxonomy_facet import FacetType, TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_node_facet import TaxonomyNodeFacet

FOLDER = Path(__file__).resolve().parents[3] / "migrations" / "seeds" / "taxonomy"
INHERITED = ("severity", "tax_category", "moderation_lane")
LISTS = ("synonyms", "search_words", "regulatory_notes", "certifications")


class BlueprintError(ValueError):
    """The files do not describe a taxonomy; the text names file and place."""


def load(folder: Path = FOLDER) -> list[TaxonomyRow]:
    """Every row of every domain, parents before children. Raises BlueprintError."""
    schema = json.loads((folder / "blueprint.schema.json").read_text(encoding="utf-8"))
    check, rows = Draft202012Validator(schema), []
    for file in sorted(folder.glob("*.yaml")):
        text = yaml.safe_load(file.read_text(encoding="utf-8"))
        for error in check.iter_errors(text):
            raise BlueprintError(f"{file.name} {error.json_path}: {error.message}")
        try:
            rows += _Domain(text).rows()
        except (ValueError, KeyError) as error:
            raise BlueprintError(f"{file.name}: {error}") from error
    if not rows:
        raise BlueprintError(f"no taxonomy in {folder.name}")
    return rows


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(str(number))


@dataclass
class _Domain:
    """Walks one file. `rules` holds the facets as they stand on the way down, to check that links only narrow."""

    text: dict[str, Any]
    facets: dict[str, TaxonomyFacet] = field(default_factory=dict)

    def rows(self) -> list[TaxonomyRow]:
        self.slug = self.text["domain"]
        self.id = identifiers.domain_id(self.slug)
        own = {"id": self.id, "slug": self.slug, "retired": False}
        domain = TaxonomyRow(TaxonomyDomain, self.id, own | {k: self.text[k] for k in ("label", "position")})
        facets = [self._facet(place, entry) for place, entry in enumerate(self.text["facets"], 1)]
        if len(self.facets) < len(facets):
            raise ValueError("two facets have the same key")
        nodes = [row for place, entry in enumerate(self.text["nodes"], 1) for row in self._node(place, entry)]
        keys = [row.key for row in nodes]
        if len(set(keys)) < len(keys):
            raise ValueError("two nodes beside each other have the same slug")
        return [domain, *facets, *nodes]

    def _facet(self, place: int, entry: dict[str, Any]) -> TaxonomyRow:
        values = {
            "id": identifiers.facet_id(self.slug, entry["key"]),
            "domain_id": self.id,
            "key": entry["key"],
            "label": entry["label"],
            "question": entry.get("question", ""),
            "position": place,
            "type": FacetType[entry["type"]],
            "unit": entry.get("unit", ""),
            "options": [{"value": value, "label": label} for value, label in entry.get("options", {}).items()],
            **{name: _decimal(entry.get(name)) for name in ("minimum", "maximum", "step")},
            **{name: entry.get(name, False) for name in ("filterable", "searchable")},
            "retired": False,
        }
        self.facets[entry["key"]] = TaxonomyFacet(**values)
        return TaxonomyRow(TaxonomyFacet, self.id, values)

    def _node(
        self,
        place: int,
        entry: dict[str, Any],
        parent: dict[str, Any] | None = None,
        rules: dict[str, FacetRule] | None = None,
    ) -> Iterator[TaxonomyRow]:
        lineage = f"{parent['lineage'] if parent else self.slug}/{entry['slug']}"
        taken = {name: entry.get(name, parent and parent[name]) for name in INHERITED}
        if None in taken.values():
            raise ValueError(f"{lineage} needs {', '.join(INHERITED)}")
        values = {
            "id": identifiers.node_id(self.slug, lineage),
            "domain_id": self.id,
            "parent_id": parent and parent["id"],
            "lineage": lineage,
            "position": place,
            "summary": entry.get("summary", ""),
            **{name: entry[name] for name in ("slug", "label")},
            **{name: entry.get(name, []) for name in LISTS},
            **taken,
            "severity": _decimal(taken["severity"]),
            "retired": False,
        }
        yield TaxonomyRow(TaxonomyNode, self.id, values)
        inner = dict(rules or {})
        for key, link in entry.get("facets", {}).items():
            yield self._link(values["id"], lineage, inner, key, link)
        for position, child in enumerate(entry.get("children", []), 1):
            yield from self._node(position, child, values, inner)

    def _link(
        self, node_id: UUID, lineage: str, rules: dict[str, FacetRule], key: str, entry: dict[str, Any]
    ) -> TaxonomyRow:
        """One link; leaves the narrowed rule in `rules`. Its default has to be a value the form would take."""
        if key not in self.facets:
            raise ValueError(f"{lineage}: no facet {key}")
        facet = self.facets[key]
        values = {
            "node_id": node_id,
            "facet_id": facet.id,
            "required": entry.get("required", False),
            "default_value": entry.get("default"),
            "minimum": _decimal(entry.get("minimum")),
            "maximum": _decimal(entry.get("maximum")),
            "allowed": entry.get("allowed", []),
            "retired": False,
        }
        try:
            rules[key] = rules.get(key, FacetRule.widest(facet)).narrowed(TaxonomyNodeFacet(**values))
            rules[key].parse(rules[key].default)
        except ValueError as error:
            raise ValueError(f"{lineage}, {key}: {error}") from error
        return TaxonomyRow(TaxonomyNodeFacet, self.id, values)
