from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.services.catalogue import blueprint
from app.services.catalogue.blueprint import BlueprintError
from models.catalogue.taxonomy_node import TaxonomyNode

SERVICES = yaml.safe_load((blueprint.FOLDER / "services.yaml").read_text(encoding="utf-8"))
FORBIDDEN = re.compile(r"\b(course|learner|instructor|escrow)s?\b", re.IGNORECASE)


def load_with(folder: Path, text: dict[str, Any]) -> None:
    shutil.copy(blueprint.FOLDER / "blueprint.schema.json", folder)
    (folder / "services.yaml").write_text(yaml.safe_dump(text), encoding="utf-8")
    blueprint.load(folder)


def changed(**changes: Any) -> dict[str, Any]:
    copy: dict[str, Any] = yaml.safe_load(yaml.safe_dump(SERVICES))
    node = copy["nodes"][0]["children"][0]
    node.update(changes)
    return copy


def test_three_domains_with_enough_to_launch():
    nodes = [row.values for row in blueprint.load() if row.model is TaxonomyNode]
    parents = {node["parent_id"] for node in nodes}
    leaves = [node for node in nodes if node["id"] not in parents]
    assert {node["lineage"].split("/")[0] for node in nodes} == {"services", "rentals", "materials"}
    assert len([leaf for leaf in leaves if leaf["lineage"].startswith("services/")]) >= 12
    for leaf in leaves:
        assert leaf["synonyms"], leaf["lineage"]
        assert leaf["summary"], leaf["lineage"]


def test_every_regulatory_note_names_its_source_and_asks_for_counsel():
    notes = [n for row in blueprint.load() if row.model is TaxonomyNode for n in row.values["regulatory_notes"]]
    assert len(notes) >= 10
    assert all(note["source"] and note["advice"] == "Check with counsel." for note in notes)


def test_no_forbidden_word_stands_in_the_blueprint():
    for file in blueprint.FOLDER.glob("*.yaml"):
        assert not FORBIDDEN.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"facets": {"circuits": {"maximum": 200}}}, "wider than those it inherits"),
        ({"facets": {"property_type": {"allowed": ["castle"]}}}, "castle is not among the inherited options"),
        ({"facets": {"circuits": {"maximum": 10, "default": 11}}}, "Choose from 1 to 10"),
        ({"facets": {"wings": {}}}, "no facet wings"),
        ({"severity": 2}, "maximum"),
        ({"colour": "red"}, "colour"),
        ({"slug": "Not A Slug"}, "does not match"),
        ({"slug": "fault-finding"}, "same slug"),
        ({"children": [{"slug": "a", "label": "Aa", "facets": {"circuits": {"minimum": 0}}}]}, "wider"),
    ],
)
def test_a_blueprint_that_cannot_be_right_is_refused(tmp_path: Path, change: dict[str, Any], sentence: str):
    with pytest.raises(BlueprintError, match=re.escape(sentence)):
        load_with(tmp_path, changed(**change))


def test_a_top_node_has_to_say_its_tax_category(tmp_path: Path):
    text = changed()
    del text["nodes"][0]["tax_category"]
    with pytest.raises(BlueprintError, match="tax_category"):
        load_with(tmp_path, text)


def test_an_empty_folder_is_no_taxonomy(tmp_path: Path):
    shutil.copy(blueprint.FOLDER / "blueprint.schema.json", tmp_path)
    with pytest.raises(BlueprintError, match="no taxonomy"):
        blueprint.load(tmp_path)
