"""Imports only go down the stairs, every module stands on a stair, and the names at the top of the tree are ours."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, Source, sample, sources

MAY_READ_CONFIG = {"app.factory", "app.parts", "app.cli", "config"}
"""Besides app.commands, app.supervise and the simulator's own settings: everybody else is handed what they need."""
OURS = (*PACKAGES, "config", "tests", "migrations")


def _settings() -> dict[str, object]:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found: dict[str, object] = tomllib.loads(text)["tool"]["importlinter"]
    return found


def _contract(ident: str) -> dict[str, list[str]]:
    contracts: list[dict[str, list[str]]] = _settings()["contracts"]  # type: ignore[assignment]
    return next(one for one in contracts if one["id"] == ident)


def _imports(source: Source) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_the_import_contracts_hold() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=_environment())
    assert done.returncode == 0, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    import os

    return {**os.environ, "PYTHONPATH": str(ROOT)}


def test_an_import_up_the_stairs_is_seen(tmp_path: Path) -> None:
    """The same contracts over a copy in which a noun imports a verb."""
    import shutil

    for name in PACKAGES:
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("static", "assets", "__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    with (tmp_path / "models" / "errors.py").open("a", encoding="utf-8") as file:
        file.write("\nimport app.services.platform.clock\n")
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache", "--contract", "stairs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "models is not allowed to import app.services" in done.stdout


def test_every_module_of_app_stands_on_a_stair() -> None:
    """import-linter does not look at a module that no layer names: name it in pyproject.toml, contract `stairs`."""
    named = {part.strip() for layer in _contract("stairs")["layers"] for part in layer.replace("|", ":").split(":")}
    there = {
        f"app.{path.stem}"
        for path in (ROOT / "app").iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert there - {"app.__init__"} <= named, f"name these in a layer: {sorted(there - named)}"


def test_every_package_of_ours_is_a_root_of_the_contracts() -> None:
    there = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    assert there == set(PACKAGES) == set(_settings()["root_packages"])  # type: ignore[call-overload]


def test_app_itself_imports_nothing() -> None:
    """`import views` would import app, and app the factory, and the factory views: a circle."""
    (source,) = sources("app/__init__.py")
    assert [type(node) for node in source.tree.body] == [ast.Expr], "leave only the docstring in app/__init__.py"


def _readers_of_config(files: tuple[Source, ...]) -> set[str]:
    return {source.module for source in files if "config" in _imports(source)}


def test_settings_are_read_where_things_are_put_together_and_nowhere_else() -> None:
    readers = {m for m in _readers_of_config(sources()) if not m.startswith(("app.commands", "app.supervise"))}
    assert readers <= MAY_READ_CONFIG, f"hand these what they need instead: {sorted(readers - MAY_READ_CONFIG)}"


def test_a_reader_of_the_settings_is_seen() -> None:
    assert _readers_of_config((sample("from config import Config"),)) == {"app.services.people.sample"}


@pytest.mark.parametrize("name", [*PACKAGES, "config", "tests"])
def test_a_top_level_name_is_this_repository(name: str) -> None:
    """The names are ordinary words; another package of that name on the path would be imported in our place."""
    found = importlib.import_module(name).__file__
    assert found is not None
    assert Path(found).is_relative_to(ROOT)
    assert ".venv" not in found


def _taken(records: dict[str, list[str]]) -> dict[str, list[str]]:
    """Our names that an installed package brings as a top-level module."""
    tops = {name: sorted({path.split("/")[0].removesuffix(".py") for path in paths}) for name, paths in records.items()}
    return {name: both for name, found in tops.items() if (both := sorted(set(found) & set(OURS)))}


def test_no_installed_package_brings_one_of_our_names() -> None:
    records = {
        str(one.metadata["Name"]): [str(path) for path in one.files or []] for one in importlib.metadata.distributions()
    }
    assert len(records) > 50, "the installed packages could not be read"
    assert not _taken(records), "an installed package would hide ours, or ours its: pin another version or rename"


def test_a_package_that_brings_one_of_our_names_is_seen() -> None:
    assert _taken({"careless": ["careless/__init__.py", "tests/__init__.py"]}) == {"careless": ["tests"]}
