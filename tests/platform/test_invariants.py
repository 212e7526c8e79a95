"""Each invariant names the row that breaks it, and a healthy database breaks none."""

from __future__ import annotations

import ast
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.services.platform import invariant
from app.services.platform.invariant import INVARIANTS, Invariant
from models.base import Base
from models.types import uuid7
from tests.databases import Database
from tests.factories.books import capture, close_all, tampering

ROOT = Path(__file__).resolve().parents[2]
BY_NUMBER = {each.number: each for each in INVARIANTS}
MOVE = """insert into transition (machine, subject_id, event, from_state, to_state, actor_kind, actor_name, request_id,
            reason, detail, at)
          values (%s, gen_random_uuid(), %s, 'held', 'settled', 'system', '', '', '', '{}', now())"""
POST = "select ledger_post(%s, %s, 'x', now(), %s)"
TAKE_OUT = """[{"account": "escrow:%s", "currency": "GBP", "amount": 5},
               {"account": "psp:simulator:clearing", "currency": "GBP", "amount": -5}]"""
WEBHOOK = """insert into webhook_inbox (id, provider, event_id, event_type, object_id, original, body, body_sha256,
               created_at, state, state_entered_at)
             values (gen_random_uuid(), 'simulator', 'evt_1', 't', 'o', false, '', '\\x00', now(), 'applied', now())"""


def broken(scope: Session, number: str) -> tuple[str, ...]:
    scope.rollback()
    return invariant.check(scope, BY_NUMBER[number]).rows


@pytest.mark.parametrize("one", INVARIANTS, ids=lambda one: one.number)
def test_it_holds_after_honest_postings(one: Invariant, scope: Session) -> None:
    capture(uuid7())
    close_all()
    assert invariant.check(scope, one).holds


def test_i1_names_an_entry_that_is_off(scope: Session, bound: Database) -> None:
    entry = capture(uuid7())
    with tampering(bound) as superuser:
        superuser.execute("update posting set amount = amount + 3 where entry_id = %s and line = 1", [entry])
    assert broken(scope, "I1") == (f"entry {entry} is off by 3 GBP",)


def test_i2_names_an_account_whose_cached_balance_lies(scope: Session, bound: Database) -> None:
    order = uuid7()
    capture(order)
    with tampering(bound) as superuser:
        superuser.execute("update account_balance set balance = -1 where balance = -28800")
    assert broken(scope, "I2") == (f"escrow:{order} GBP is -1, postings -28800",)


def test_i3_names_an_account_on_the_wrong_side(scope: Session, bound: Database) -> None:
    order = uuid7()
    capture(order)
    with tampering(bound) as superuser:
        superuser.execute(
            "update posting set amount = 7 where account_id = (select id from account where code = %s)",
            [f"escrow:{order}"],
        )
    assert broken(scope, "I3") == (f"escrow:{order} GBP stands at 7",)


def test_i9_names_an_entry_without_a_move_and_a_move_without_an_entry(scope: Session, bound: Database) -> None:
    order = uuid7()
    capture(order)
    with psycopg.connect(bound.url) as application:
        application.execute(POST, ["escrow.released", f"bare:{order}", TAKE_OUT % order])
        application.execute(MOVE, ["escrow", "release_rest"])
        application.execute(MOVE, ["refund", "psp_succeeded"])
        application.execute(MOVE, ["escrow", "freeze"])
    rows = broken(scope, "I9")
    assert len(rows) == 3
    assert f"takes from escrow:{order} without its move" in rows[0]
    assert [row.split(" ", 2)[2] for row in rows[1:]] == [
        "(escrow release_rest) has no entry",
        "(refund psp_succeeded) has no entry",
    ]


def test_i17_names_an_event_applied_twice(scope: Session, bound: Database) -> None:
    with tampering(bound) as superuser:
        superuser.execute("alter table webhook_inbox rename to real_inbox")
        superuser.execute("create view webhook_inbox as select * from real_inbox union all select * from real_inbox")
        superuser.execute("grant select on webhook_inbox to fixnado_application")
        superuser.execute(WEBHOOK.replace("webhook_inbox", "real_inbox"))
    try:
        assert broken(scope, "I17") == ("event evt_1 of simulator was applied 2 times",)
    finally:
        scope.rollback()
        with tampering(bound) as superuser:
            superuser.execute("drop view webhook_inbox; alter table real_inbox rename to webhook_inbox")


def test_i19_names_what_the_chains_find(scope: Session, bound: Database) -> None:
    entry = capture(uuid7())
    close_all()
    with tampering(bound) as superuser:
        superuser.execute("update journal_entry set event = 'gift' where id = %s", [entry])
    (row,) = broken(scope, "I19")
    assert row.startswith("ledger block ")
    assert row.endswith(f"row {entry} row differs from its seal")


def test_i25_names_a_column_that_could_hold_half_a_penny(scope: Session, bound: Database) -> None:
    with psycopg.connect(bound.owner_url) as owner:
        owner.execute("create table slip (fee_net double precision, price numeric, latitude double precision)")
    try:
        assert sorted(broken(scope, "I25")) == ["slip.fee_net is double precision", "slip.price is numeric"]
    finally:
        scope.rollback()
        with psycopg.connect(bound.owner_url) as owner:
            owner.execute("drop table slip")


def test_no_model_keeps_money_in_anything_but_whole_numbers() -> None:
    for table in Base.metadata.tables.values():
        for column in table.columns:
            if column.name.endswith("_minor") or column.name in {"amount", "balance"}:
                assert isinstance(column.type, sa.BigInteger), f"{table.name}.{column.name}: use Mapped[Minor]"


MONEY_CODE = sorted((ROOT / "app" / "services" / "commerce").glob("*.py")) + sorted(
    (ROOT / "models/commerce").glob("*.py")
)


@pytest.mark.parametrize("path", MONEY_CODE, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_money_code_divides_or_makes_floats(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Constant):
            assert not isinstance(node.value, float), f"{where}: money is whole minor units"
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and not _a_path(node):
            raise AssertionError(f"{where}: dividing makes a float; use money.half_up")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"float", "round"}, f"{where}: money is whole minor units; use money.half_up"


def _a_path(node: ast.BinOp) -> bool:
    return isinstance(node.right, ast.Constant) and isinstance(node.right.value, str)
