"""Money is integers of minor units: no float comes near it, in the code and in the tables (invariant I25)."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

import models
from models.base import Base
from tests.house.tree import Source, sample, sources

for _found in pkgutil.walk_packages(models.__path__, "models."):
    importlib.import_module(_found.name)

MONEY = (
    "app/services/commerce",
    "models/commerce",
    "reports/commerce",
    "jobs/commerce",
    "app/simulators/payments/money.py",
)
MONEY_NAMES = ("_minor", "_bps", "amount", "price", "balance", "fee", "total")
OURS = [table for table in Base.metadata.sorted_tables if not table.name.startswith("ab_")]


def _floats(source: Source) -> Iterator[str]:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            yield f"{source.at(node)} {node.value}"
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _is_path(node):
            yield f"{source.at(node)} {ast.unparse(node)}: divide with // and say how it rounds"
        elif isinstance(node, ast.Name) and node.id == "float":
            yield f"{source.at(node)} float"


def _is_path(node: ast.BinOp) -> bool:
    """`folder / "name"` is a path, not a quotient."""
    return isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)


def test_no_float_is_near_money() -> None:
    found = [line for source in sources(*MONEY) for line in _floats(source)]
    assert not found, "integers of minor units, rates in basis points:\n" + "\n".join(found)


@pytest.mark.parametrize("text", ["price = 1.2", "half = total / 2", "def f(price: float) -> int: ...", "float('1')"])
def test_a_float_is_seen(text: str) -> None:
    assert list(_floats(sample(text)))


def test_whole_division_and_paths_are_no_floats() -> None:
    assert not list(_floats(sample("half = total // 2\nplace = folder / 'receipt.html'")))


def _inexact(table: sa.Table) -> list[str]:
    return [f"{table.name}.{c.name}" for c in table.columns if isinstance(c.type, sa.Float | sa.Double)]


def test_no_column_holds_an_inexact_number() -> None:
    found = [name for table in OURS for name in _inexact(table)]
    assert not found, f"whole numbers, or Numeric for measures that are no money: {found}"


def test_an_inexact_column_is_seen() -> None:
    assert _inexact(sa.Table("t", sa.MetaData(), sa.Column("price", sa.Float))) == ["t.price"]


def test_every_sum_is_a_bigint_and_stands_beside_its_currency() -> None:
    for table in OURS:
        sums = [c for c in table.columns if c.name.endswith("_minor") or c.name in {"amount", "balance"}]
        assert all(isinstance(c.type, sa.BigInteger) for c in sums), f"{table.name}: {[c.name for c in sums]}"


def test_a_column_that_sounds_like_money_is_whole() -> None:
    for table in OURS:
        for column in table.columns:
            if column.name.endswith(MONEY_NAMES) and not isinstance(column.type, sa.Boolean):
                assert isinstance(column.type, sa.BigInteger | sa.Integer), f"{table.name}.{column.name}: {column.type}"
