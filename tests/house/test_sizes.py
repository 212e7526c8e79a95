"""Files and functions stay small enough to be read at once: the numbers of calm trees."""

from __future__ import annotations

import ast
from statistics import median, quantiles

import pytest

from tests.house.tree import Source, sample, sources

LONGEST_FILE, LONGEST_FUNCTION = 400, 60
WRITTEN_ONCE = "migrations/"
"""A migration is one step, written once and never grown."""


def _everything() -> tuple[Source, ...]:
    return (*sources(), *sources("tests", "tools"), *sources("config.py"))


def _code_lines(source: Source) -> int:
    return sum(1 for line in source.text.splitlines() if line.strip() and not line.strip().startswith("#"))


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body, without its docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def _too_long(source: Source) -> list[str]:
    lines = len(source.text.splitlines())
    long = [f"{source.name}: {lines} lines, split it by verb or by noun"] if lines > LONGEST_FILE else []
    return long + [
        f"{source.at(node)} {node.name}: {_length(node)} lines"
        for node in source.functions()
        if _length(node) > LONGEST_FUNCTION
    ]


def test_no_file_and_no_function_is_too_long() -> None:
    found = [line for source in _everything() for line in _too_long(source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ["x = 1\n" * 401, "def f():\n" + "    x = 1\n" * 61])
def test_too_long_is_seen(text: str) -> None:
    assert _too_long(sample(text))


def test_the_tree_as_a_whole_stays_calm() -> None:
    files = sorted(lines for source in sources() if (lines := _code_lines(source)) > 1)
    functions = sorted(_length(node) for source in sources() for node in source.functions())
    told = f"files {median(files)} and {_p90(files)}, functions {median(functions)} and {_p90(functions)} (median, p90)"
    assert median(files) <= 66, told  # a page with its form and its verbs is one file; see p90 for what keeps it small
    assert _p90(files) <= 160, told
    assert median(functions) <= 8, told
    assert _p90(functions) <= 30, told


def _p90(values: list[int]) -> float:
    return quantiles(values, n=10)[8]
