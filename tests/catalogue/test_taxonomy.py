from __future__ import annotations

import hashlib
import json

import psycopg
import pytest
import rfc8785
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from sqlalchemy.orm import Session

from app.commands.taxonomy import command
from app.services.catalogue import blueprint, taxonomy, taxonomy_row
from app.services.catalogue.taxonomy_row import TABLES, TaxonomyRow
from models.actor import Actor, ActorKind
from models.catalogue.taxonomy_node import TaxonomyNode
from models.catalogue.taxonomy_release import TaxonomyRelease
from models.errors import NotAllowed
from models.platform.merkle import leaf_hash, node_hash
from tests.databases import Database
from tests.factories.catalogue import live, painting, provider

SYSTEM = Actor.system("test")


def run(app: Flask, *words: str):
    return CliRunner().invoke(command, list(words))


def alter(database: Database, statement: str) -> None:
    """Past the application: as the superuser, with triggers off."""
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        assert connection.execute(statement).rowcount == 1


def some_node(slug: str) -> str:
    return f"(select id from taxonomy_node where slug = '{slug}')"


def test_what_was_applied_verifies(app: Flask, session: Session):
    found = taxonomy.verify(session)
    assert found.drift == ()
    assert found.release == 1
    assert run(app, "verify").exit_code == 0
    assert run(app, "plan").exit_code == 0


def test_the_roots_are_recomputed_from_the_columns_as_rfc_6962_says(session: Session):
    """With a recursive tree written from the RFC, over canonical JSON made here from the driver's own values."""

    def tree(entries: list[bytes]) -> bytes:
        if len(entries) == 1:
            return leaf_hash(entries[0])
        half = 1 << (len(entries) - 1).bit_length() - 1
        return node_hash(tree(entries[:half]), tree(entries[half:]))

    rows = taxonomy_row.read(session)
    order = [model.__tablename__ for model in TABLES]
    domains = sorted({row.domain_id for row in rows})
    roots = []
    for domain in domains:
        mine = sorted((order.index(row.table), row.key, row) for row in rows if row.domain_id == domain)
        roots.append(tree([rfc8785.dumps(row.content) for _, _, row in mine]))
    release = session.scalars(sa.select(TaxonomyRelease)).one()
    assert release.root == tree(roots)
    assert release.domain_roots == {str(d): r.hex() for d, r in zip(domains, roots, strict=True)}


def test_a_checksum_covers_every_column_of_its_table(session: Session):
    for row in taxonomy_row.read(session):
        assert set(row.content) == {column.key for column in row.model.__table__.columns}
        assert row.checksum == hashlib.sha256(rfc8785.dumps(row.content)).digest()


def columns() -> list[tuple[str, str]]:
    every = [(model.__tablename__, c.key) for model in TABLES for c in model.__table__.columns if not c.primary_key]
    return [pair for pair in every if pair != ("taxonomy_node", "slug")]  # the database refuses: see below


ALTERED = {
    "domain_id": "(select id from taxonomy_domain where slug = 'rentals')",
    "parent_id": some_node("carpentry"),
    "slug": "'other'",
    "lineage": "'services/eicr'",
    "label": "'Other'",
    "summary": "'Other'",
    "question": "'Other?'",
    "position": "99",
    "synonyms": "'{other}'",
    "search_words": "'{other}'",
    "regulatory_notes": "'[]'",
    "certifications": "'{other}'",
    "severity": "0.01",
    "tax_category": "'zero'",
    "moderation_lane": "0",
    "retired": "true",
    "key": "'other'",
    "type": "'decimal'",
    "unit": "'other'",
    "minimum": "2",
    "maximum": "3",
    "step": "7",
    "options": """'[{"value": "other", "label": "Other"}]'""",
    "filterable": "not filterable",
    "searchable": "not searchable",
    "required": "not required",
    "default_value": "'5'",
    "allowed": "'{other}'",
}
VICTIMS = {
    "taxonomy_domain": ("slug = 'services'", "services"),
    "taxonomy_node": ("slug = 'eicr'", "services/electrical/eicr"),
    "taxonomy_facet": ("key = 'circuits'", "circuits"),
    "taxonomy_node_facet": (
        f"node_id = {some_node('eicr')} and facet_id = (select id from taxonomy_facet where key = 'circuits')",
        "services/electrical/eicr circuits",
    ),
}


@pytest.mark.parametrize(("table", "column"), columns())
def test_one_changed_column_is_named_with_its_row(app: Flask, database: Database, table: str, column: str):
    where, name = VICTIMS[table]
    if (table, column) == ("taxonomy_facet", "options"):
        where, name = "key = 'charger_power'", "charger_power"
    if (table, column) == ("taxonomy_facet", "type"):
        where, name = "key = 'points'", "points"
    alter(database, f"update {table} set {column} = {ALTERED[column]} where {where}")
    done = run(app, "verify", "--json")
    report = json.loads(done.output)
    assert done.exit_code == 1
    assert report["taxonomy"] == "broken"
    assert [(d["table"], d["name"], d["field"]) for d in report["drift"]] == [(table, name, column)]


def test_a_slug_cannot_leave_its_path(database: Database):
    with pytest.raises(psycopg.errors.CheckViolation):
        alter(database, "update taxonomy_node set slug = 'other' where slug = 'eicr'")


def test_a_row_that_was_never_published_is_named(app: Flask, database: Database):
    alter(
        database,
        "insert into taxonomy_domain (id, slug, label, position) values (gen_random_uuid(), 'extra', 'Extra', 9)",
    )
    done = run(app, "verify")
    assert done.exit_code == 1
    assert "taxonomy_domain extra was never published" in done.output


def test_a_row_that_is_gone_is_named(app: Flask, database: Database):
    alter(database, f"delete from taxonomy_node_facet where {VICTIMS['taxonomy_node_facet'][0]}")
    assert "circuits was published and is gone" in run(app, "verify").output


@pytest.mark.parametrize(
    ("statement", "field"),
    [
        ("update taxonomy_release set root = decode(repeat('00', 32), 'hex')", "root"),
        ("update taxonomy_release set domain_roots = '{}'", "domain_roots"),
        (
            f"update taxonomy_release_row set checksum = sha256('') where row_key = {some_node('eicr')}::text",
            "checksum",
        ),
        (
            f"update taxonomy_release_row set content = content - 'label' where row_key = {some_node('eicr')}::text",
            "label",
        ),
    ],
)
def test_an_altered_record_of_the_release_is_found_too(app: Flask, database: Database, statement: str, field: str):
    alter(database, statement)
    done = run(app, "verify", "--json")
    assert done.exit_code == 1
    assert field in {d["field"] for d in json.loads(done.output)["drift"]}


def test_verify_without_a_release_could_not_run(app: Flask, database: Database):
    with psycopg.connect(database.superuser_url, autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("delete from taxonomy_release_row; delete from taxonomy_release")
    done = run(app, "verify")
    assert done.exit_code == 2
    assert "never published" in done.output


@pytest.mark.parametrize(("table", "column"), [("taxonomy_release", "note"), ("taxonomy_release_row", "table_name")])
def test_a_release_is_only_added_to_even_by_its_owner(database: Database, table: str, column: str):
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.CheckViolation)
    for url in (database.url, database.owner_url):
        for statement in (f"delete from {table}", f"update {table} set {column} = 'other'"):
            with psycopg.connect(url) as connection, pytest.raises(refused):
                connection.execute(statement)


def test_the_application_cannot_delete_from_the_taxonomy(database: Database):
    for model in TABLES:
        with psycopg.connect(database.url) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"delete from {model.__tablename__}")


def test_applying_twice_changes_nothing(session: Session):
    assert taxonomy.apply(session, actor=SYSTEM) == []
    session.commit()
    assert session.scalar(sa.select(sa.func.count()).select_from(TaxonomyRelease)) == 1


def changed(rows: list[TaxonomyRow], slug: str, **values: object) -> list[TaxonomyRow]:
    return [
        TaxonomyRow(row.model, row.domain_id, row.values | values) if row.values.get("slug") == slug else row
        for row in rows
    ]


def test_a_change_is_planned_applied_and_published(session: Session):
    wanted = changed(blueprint.load(), "eicr", synonyms=["five-year test"])
    (planned,) = taxonomy.plan(session, wanted)
    assert (planned.verb, planned.name, list(planned.fields)) == ("change", "services/electrical/eicr", ["synonyms"])
    taxonomy.apply(session, wanted, actor=SYSTEM, note="five-year test")
    session.commit()
    found = taxonomy.verify(session)
    assert (found.release, found.drift) == (2, ())


def test_what_the_blueprint_drops_is_retired_with_its_listings_in_place(session: Session):
    listing = live(session, provider(session), painting())
    node = listing.primary_node
    wanted = [row for row in blueprint.load() if str(node.id) not in row.key]
    verbs = {change.verb for change in taxonomy.apply(session, wanted, actor=SYSTEM)}
    session.commit()
    assert verbs == {"retire"}
    assert session.get(TaxonomyNode, node.id).retired
    assert listing.primary_node is node
    assert taxonomy.verify(session).drift == ()
    assert taxonomy.apply(session, wanted, actor=SYSTEM) == []


def test_drift_is_repaired_by_applying_without_a_new_release(app: Flask, database: Database, session: Session):
    alter(database, "update taxonomy_node set label = 'Other' where slug = 'eicr'")
    assert run(app, "plan").exit_code == 1
    assert run(app, "apply").exit_code == 0
    assert run(app, "verify").exit_code == 0
    assert taxonomy.latest(session).number == 1


def test_new_synonyms_reach_the_listings_they_concern(session: Session):
    listing = live(session, provider(session))
    assert "five-year test" not in listing.search_words
    taxonomy.apply(session, changed(blueprint.load(), "eicr", synonyms=["five-year test"]), actor=SYSTEM)
    session.commit()
    session.refresh(listing)
    assert "five-year test" in listing.search_words


def test_only_staff_publish(session: Session):
    with pytest.raises(NotAllowed):
        taxonomy.apply(session, actor=Actor(ActorKind.seller, user_id=1))
