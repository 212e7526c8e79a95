from __future__ import annotations

import psycopg
import pytest

from models.catalogue.postcode_area import AREAS
from tests.databases import Database


def test_there_are_124_areas_of_one_or_two_letters():
    assert len(AREAS) == 124
    assert all(code.isalpha() and code.isupper() and len(code) <= 2 for code in AREAS)
    assert len({area.name for area in AREAS.values()}) == 124


def test_the_crown_dependencies_are_known_and_not_served():
    assert {code for code, area in AREAS.items() if not area.served} == {"GY", "IM", "JE"}


def test_the_database_knows_the_same_areas(database: Database):
    question = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'ck_listing_area_area_exists'"
    with psycopg.connect(database.url) as connection:
        (rule,) = connection.execute(question).fetchone() or ("",)
    assert {part for part in rule.split("'") if part in AREAS} == set(AREAS)
    assert rule.count("::character varying") == pytest.approx(len(AREAS), abs=1)
