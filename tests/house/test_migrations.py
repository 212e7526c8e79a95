"""The history of the schema: one line, numbered, complete in both directions, and careful with locks."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from app.embedded import OWNER
from tests.databases import ROOT, Database

VERSIONS = sorted((ROOT / "migrations" / "versions").glob("*.py"))


def migrate(database: Database, *words: str) -> str:
    """`alembic …` as the owner; the output when it worked."""
    env = {**os.environ, "MIGRATION_DATABASE_URL": database.owner_url}
    command = [sys.executable, "-m", "alembic", "-c", "migrations/alembic.ini", *words]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)} failed:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def schema_of(database: Database) -> list[tuple[str, ...]]:
    """Every column, constraint, index, trigger, function and grant, as text."""
    question = """
        select 'column', table_name || '.' || column_name,
               concat_ws(' ', data_type, is_nullable, column_default, character_maximum_length)
          from information_schema.columns where table_schema = 'public'
        union all
        select 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
          from pg_constraint where connamespace = 'public'::regnamespace and conrelid <> 0
        union all select 'index', indexname, indexdef from pg_indexes where schemaname = 'public'
        union all
        select 'trigger', tgrelid::regclass || '.' || tgname, pg_get_triggerdef(oid)
          from pg_trigger where not tgisinternal
        union all
        select 'function', proname, pg_get_functiondef(oid) from pg_proc
         where pronamespace = 'public'::regnamespace and prokind = 'f'
           and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
        union all
        select 'grant', relname, coalesce(relacl::text, '') from pg_class
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'S', 'v')
        order by 1, 2, 3
    """
    with psycopg.connect(database.superuser_url) as connection:
        return connection.execute(question).fetchall()


@pytest.fixture
def empty() -> Iterator[Database]:
    """A database in which nothing was migrated."""
    name = f"empty_{os.getpid()}"
    with psycopg.connect(os.environ["TEST_POSTGRES"].format(user="postgres", database="postgres")) as admin:
        admin.autocommit = True
        admin.execute(f'create database "{name}" owner {OWNER}'.encode())
    database = Database(name)
    yield database
    database.drop()


@pytest.mark.parametrize("path", VERSIONS, ids=lambda path: path.stem)
def test_a_migration_imports_nothing_of_ours(path: Path) -> None:
    """Models change later; a migration must go on doing what it did."""
    ours = {"app", "models", "security", "views", "jobs", "reports", "config"}
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").partition(".")[0])
    assert not imported & ours, f"{path.name} imports {imported & ours}: write the names out instead"


def test_migrations_are_numbered_without_gaps_and_follow_each_other() -> None:
    found = []
    for path in VERSIONS:
        names = {
            target.id: ast.literal_eval(node.value)
            for node in ast.parse(path.read_text()).body
            if isinstance(node, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and target.id in {"revision", "down_revision"}
        }
        assert path.name.startswith(f"{names['revision']}_"), f"{path.name} says it is revision {names['revision']}"
        found.append((names["revision"], names["down_revision"]))
    numbers = [f"{n:04d}" for n in range(1, len(VERSIONS) + 1)]
    assert found == list(zip(numbers, [None, *numbers], strict=False)), "take the next number: make db-new"


def test_the_head_is_pinned() -> None:
    """Two branches that each add a migration then collide in this file, not in a database."""
    head = (ROOT / "migrations" / "HEAD").read_text().strip()
    assert head == VERSIONS[-1].name[:4], "write the newest number into migrations/HEAD"


def test_up_down_up_ends_where_it_began(empty: Database) -> None:
    migrate(empty, "upgrade", "head")
    first = schema_of(empty)
    migrate(empty, "downgrade", "base")
    left = [row for row in schema_of(empty) if "alembic_version" not in row[1]]
    assert left == [], "a downgrade leaves something behind"
    migrate(empty, "upgrade", "head")
    assert schema_of(empty) == first


def test_models_and_migrations_say_the_same(committed: Database) -> None:
    migrate(committed, "check")


def test_a_migration_gives_up_soon_when_a_table_is_locked(committed: Database) -> None:
    """Five seconds for a lock, a minute for a statement: a deployment must not queue everybody behind it."""
    code = """
import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

config = Config("migrations/alembic.ini")
script = ScriptDirectory.from_config(config)

def look(revision, context):
    for name in ("lock_timeout", "statement_timeout", "timezone"):
        print(name, context.connection.execute(sa.text(f"show {name}")).scalar())
    return []

with EnvironmentContext(config, script, fn=look):
    script.run_env()
"""
    env = {**os.environ, "MIGRATION_DATABASE_URL": committed.owner_url}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.stdout.splitlines() == ["lock_timeout 5s", "statement_timeout 1min", "timezone UTC"], done.stderr


def test_the_owner_migrates_and_the_application_may_not(committed: Database) -> None:
    with psycopg.connect(committed.superuser_url) as admin:
        owners = admin.execute(
            "select distinct tableowner from pg_tables where schemaname = 'public' order by 1"
        ).fetchall()
    assert owners == [(OWNER,)]
