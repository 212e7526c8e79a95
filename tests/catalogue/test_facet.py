from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.services.catalogue import facet
from app.services.catalogue.facet import FacetRule
from models.catalogue.identifiers import node_id
from models.catalogue.taxonomy_facet import FacetType, TaxonomyFacet
from models.catalogue.taxonomy_node import TaxonomyNode
from models.errors import Invalid


def node(session: Session, lineage: str) -> TaxonomyNode:
    found = session.get(TaxonomyNode, node_id(lineage.partition("/")[0], lineage))
    assert found is not None
    return found


def rules(session: Session, lineage: str) -> dict[str, FacetRule]:
    return {rule.facet.key: rule for rule in facet.effective(session, node(session, lineage))}


def number(kind: FacetType = FacetType.decimal, **bounds: str) -> FacetRule:
    values = {name: Decimal(value) for name, value in bounds.items()}
    return FacetRule.widest(TaxonomyFacet(key="n", label="N", type=kind, unit="m", options=[], **values))


def test_a_node_inherits_what_its_parents_ask_and_may_narrow_it(session: Session):
    found = rules(session, "services/plumbing-and-heating/gas/boiler-service")
    assert found["property_type"].required
    assert {option["value"] for option in found["fuel"].options} == {"natural_gas", "lpg"}
    assert found["guarantee_months"].maximum == 120
    assert found["boiler_type"].default == ["combi"]
    assert "circuits" not in found


def test_a_child_cannot_undo_that_something_is_required(session: Session):
    assert rules(session, "materials/insulation/mineral-wool")["reaction_to_fire"].required
    assert rules(session, "materials/boards-and-plaster/plasterboard")["thickness"].maximum == 25


def test_inheritance_costs_one_statement(session: Session):
    deep = node(session, "services/plumbing-and-heating/gas/landlord-gas-check")
    seen: list[str] = []
    engine = session.get_bind()
    sa.event.listen(engine, "before_cursor_execute", listener := lambda *a: seen.append(a[2]))
    facet.effective(session, deep)
    sa.event.remove(engine, "before_cursor_execute", listener)
    assert len(seen) == 1


def test_values_are_typed_as_the_facet_says(session: Session):
    asked = {"circuits": "12", "written_report": "yes", "property_type": ["house", "flat"], "same_day": False}
    found = facet.validated(rules(session, "services/electrical/eicr").values(), asked)
    assert {f.key: values for f, values in found.items()} == {
        "circuits": [Decimal(12)],
        "written_report": [True],
        "property_type": ["flat", "house"],
        "same_day": [False],
    }


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"circuits": "25"}, "facet.circuits"),
        ({"circuits": "0"}, "facet.circuits"),
        ({"circuits": "1.5"}, "facet.circuits"),
        ({"circuits": "many"}, "facet.circuits"),
        ({"circuits": "NaN"}, "facet.circuits"),
        ({"circuits": True}, "facet.circuits"),
        ({"property_type": ["castle"]}, "facet.property_type"),
        ({"written_report": "perhaps"}, "facet.written_report"),
        ({"boiler_type": ["combi"]}, "facet.boiler_type"),
    ],
)
def test_a_value_that_does_not_fit_is_named(session: Session, values: dict[str, Any], field: str):
    with pytest.raises(Invalid) as refused:
        facet.validated(rules(session, "services/electrical/eicr").values(), values)
    assert list(refused.value.fields) == [field]


def test_what_is_left_empty_is_missing_only_when_it_is_required(session: Session):
    found = rules(session, "services/electrical/eicr")
    values = facet.validated(found.values(), {"circuits": "", "same_day": None, "property_type": ["flat"]})
    assert set(facet.missing(found.values(), values)) == {"facet.circuits", "facet.written_report"}


@given(st.decimals(min_value=-1000, max_value=1000, places=2))
def test_a_number_is_taken_exactly_when_it_lies_on_a_step_within_the_bounds(value: Decimal):
    rule = number(minimum="0.5", maximum="200", step="0.5")
    fits = Decimal("0.5") <= value <= 200 and value % Decimal("0.5") == 0
    try:
        assert rule.parse(str(value)) == [value]
        assert fits
    except ValueError:
        assert not fits
