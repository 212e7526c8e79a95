"""The source tree as the house tests read it: every file once, parsed once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("app", "views", "models", "security", "reports", "jobs")
AREAS = frozenset({"people", "catalogue", "moderation", "commerce", "platform"})
"""Rooms that are in use; a new one is added here with its first noun."""


@dataclass(frozen=True)
class Source:
    """One Python file. `name` is its path from the top of the tree."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return _parsed(self.text)

    @property
    def module(self) -> str:
        return self.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Each call with its name as written: `session.commit`, `sa.update`, `send`."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), node

    def at(self, node: ast.AST) -> str:
        return f"{self.name}:{getattr(node, 'lineno', 1)}"


@cache
def _parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def sources(*folders: str) -> tuple[Source, ...]:
    """Every Python file below the folders (or a file by its name), in order."""
    found = []
    for folder in folders or PACKAGES:
        place = ROOT / folder
        files = [place] if place.is_file() else sorted(place.rglob("*.py"))
        found += [Source(str(p.relative_to(ROOT)), p.read_text(encoding="utf-8")) for p in files]
    return tuple(found)


def sample(text: str, name: str = "app/services/people/sample.py") -> Source:
    """A file that does not exist, for showing that a rule bites."""
    return Source(name, text)
