"""The exported ledger, checked by somebody who has neither our database nor our code, and altered in every way."""

from __future__ import annotations

import json
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app.commands import ledger
from app.parts import Parts
from app.services.commerce import ledger_export
from app.services.platform import seal, seal_head
from config import Config
from models.types import utc_now
from reports.commerce import fixnado_verify as checker
from tests.databases import Database
from tests.factories.books import captures, close_all, tampering

KEY = seal_head.signer("4f" * 32)
Line = dict[str, Any]
Check = Callable[..., tuple[int, str]]


@pytest.fixture
def parts(bound: Database, tmp_path: Path) -> Parts:
    return Parts(replace(Config.from_environment(), storage_url=(tmp_path / "storage").as_uri()))


@pytest.fixture
def run(scope: Session, parts: Parts) -> Callable[..., Any]:
    application = Flask("commands")
    application.extensions["parts"] = parts
    return application.test_cli_runner().invoke


@pytest.fixture
def exported(run: Callable[..., Any], tmp_path: Path) -> Path:
    """Three blocks: 3, 1 and 2 entries."""
    for count in (3, 1, 2):
        captures(count)
        close_all()
    file = tmp_path / "ledger.jsonl"
    answer = run(ledger.command, ["export", "--out", str(file)])
    assert answer.exit_code == 0, answer.output
    return file


@pytest.fixture
def head(exported: Path, parts: Parts, scope: Session) -> str:
    """The published end of that ledger, as somebody kept it."""
    end = seal.head(scope, "ledger")
    assert end is not None
    return str(Path(parts.config.storage_url[7:]) / seal_head.publish(parts.storage, end, KEY, at=utc_now()))


@pytest.fixture
def check(exported: Path, tmp_path: Path) -> Check:
    """Checks the exported file, or one with other lines, with nothing but Python."""

    def run(lines: list[Line] | None = None, *arguments: str) -> tuple[int, str]:
        path = exported
        if lines is not None:
            path = tmp_path / "altered.jsonl"
            path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")
        command = [sys.executable, "-I", "-S", checker.__file__, "ledger", str(path), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env={})
        assert "Traceback" not in done.stderr, done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


def lines_of(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def entries(lines: list[Line]) -> list[Line]:
    return [line for line in lines if "entry" in line]


def blocks(lines: list[Line]) -> list[Line]:
    return [line["block"] for line in lines if "block" in line]


def reseal(lines: list[Line]) -> list[Line]:
    """What a forger with the whole file does: every seal, root and link fits again."""
    chain, before, block, hashes = lines[0]["chain"], "", None, []

    def close() -> str:
        if block is None:
            return ""
        block.update(size=len(hashes), previous_block_hash=before, merkle_root=checker.merkle_root(hashes).hex())
        block["block_hash"] = checker.block_hash(chain, block).hex()
        return str(block["block_hash"])

    for line in lines[1:]:
        if "block" in line:
            before = close()
            block, hashes = line["block"], []
        else:
            line["hash"] = checker.entry_hash(line["entry"]).hex()
            line["position"] = len(hashes)
            hashes.append(bytes.fromhex(line["hash"]))
    tip = close()
    return [{**lines[0], "block_hash": tip, "entries": len(entries(lines)), "height": len(blocks(lines))}, *lines[1:]]


def test_an_export_holds_and_is_part_of_the_published_head(check: Check, head: str) -> None:
    code, words = check(None, "--head", head, "--key", seal_head.public_key(KEY))
    assert code == 0, words
    assert "6 entries in 3 blocks" in words
    assert "It is part of this ledger." in words


def test_the_same_head_gives_the_same_bytes_and_what_is_not_sealed_is_not_in_it(
    exported: Path, run: Callable[..., Any], tmp_path: Path
) -> None:
    captures(1)  # waits for its seal
    again = tmp_path / "again.jsonl"
    assert run(ledger.command, ["export", "--out", str(again)]).exit_code == 0
    assert again.read_bytes() == exported.read_bytes()
    assert not list(tmp_path.glob("*.unfinished"))


def test_an_export_has_whole_numbers_and_what_is_hashed_and_nobodys_name(exported: Path) -> None:
    def numbers(value: Any) -> list[Any]:
        if isinstance(value, dict):
            return [one for part in value.values() for one in numbers(part)]
        return [one for part in value for one in numbers(part)] if isinstance(value, list) else [value]

    lines = lines_of(exported)
    assert not [one for line in lines for one in numbers(line) if isinstance(one, float | bool)]
    entry = entries(lines)[0]["entry"]
    assert set(entry) == set(checker.ENTRY)
    sides = sorted(line[3:] for line in entry["lines"])
    assert sides == [["GBP", -28800], ["GBP", -417], ["GBP", -83], ["GBP", 29300]]
    assert UUID(entry["subject"].removeprefix("order:"))


def test_an_empty_ledger_is_exported_and_holds(run: Callable[..., Any], tmp_path: Path) -> None:
    file = tmp_path / "empty.jsonl"
    assert run(ledger.command, ["export", "--out", str(file)]).exit_code == 0
    command = [sys.executable, "-I", "-S", checker.__file__, "ledger", str(file)]
    assert subprocess.run(command, capture_output=True, text=True).stdout.startswith("0 entries in 0 blocks")


def amount_and_balance(entry: Line) -> None:
    entry["lines"][0][4] += 100
    entry["lines"][1][4] -= 100


@pytest.mark.parametrize(
    "alter",
    [
        amount_and_balance,
        lambda entry: entry.update(subject="order:nobody"),
        lambda entry: entry.update(event="escrow.released"),
        lambda entry: entry.update(occurred_at=entry["occurred_at"] - 1),
        lambda entry: entry.update(reverses=1),
        lambda entry: entry["lines"][1].__setitem__(1, "seller:somebody:pending"),
        lambda entry: entry["lines"][1].__setitem__(2, "equity"),
        lambda entry: entry["lines"].reverse(),
        lambda entry: entry["lines"][0].__setitem__(4, 29300.0),
    ],
)
def test_an_altered_entry_is_named(check: Check, exported: Path, alter: Callable[[Line], None]) -> None:
    lines = lines_of(exported)
    victim = entries(lines)[4]
    alter(victim["entry"])
    code, words = check(lines)
    assert code == 1
    assert f"Entry {victim['id']} (block 3, place 1) differs from its seal" in words


def test_an_entry_that_does_not_balance_is_named_even_when_it_was_sealed_so(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    victim = entries(lines)[1]
    victim["entry"]["lines"][0][4] += 1
    code, words = check(reseal(lines))
    assert code == 1
    assert (
        f"Entry {victim['id']} (block 1, place 2) does not balance: its lines in GBP add up to 1 and not to 0" in words
    )


def test_an_entry_with_one_line_or_none_is_named(check: Check, exported: Path) -> None:
    for kept in ([[1, "expense:psp_fees", "expense", "GBP", 0]], [], None, [[1, "x", "y", "GBP", True]]):
        lines = lines_of(exported)
        entries(lines)[1]["entry"]["lines"] = kept
        assert check(reseal(lines))[0] == 1, kept


def test_an_altered_entry_with_a_new_seal_breaks_its_block(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    victim = entries(lines)[0]
    amount_and_balance(victim["entry"])
    victim["hash"] = checker.entry_hash(victim["entry"]).hex()
    code, words = check(lines)
    assert (code, words.splitlines()[0]) == (1, "BROKEN: The entries of block 1 do not give its Merkle root.")


def test_a_block_with_a_new_root_and_hash_breaks_the_link(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    block = blocks(lines)[0]
    block["sealed_at"] += 1
    assert "The hash of block 1 is not that of what it holds" in check(lines)[1]
    block["block_hash"] = checker.block_hash("ledger", block).hex()
    code, words = check(lines)
    assert (code, words.splitlines()[0]) == (1, "BROKEN: Block 2 is not linked to the block before it.")


def test_a_ledger_sealed_anew_holds_in_itself_and_breaks_against_a_head_that_somebody_kept(
    check: Check, exported: Path, head: str
) -> None:
    lines = lines_of(exported)
    amount_and_balance(entries(lines)[0]["entry"])
    forged = reseal(lines)
    assert check(forged)[0] == 0, "from inside it cannot be seen"
    code, words = check(forged, "--head", head)
    assert (code, "Block 3 is not the one of the published head: the chain was rewritten" in words) == (1, True)


def test_an_entry_taken_out_is_noticed(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    victim = entries(lines)[1]
    code, words = check([line for line in lines if line is not victim])
    assert code == 1
    assert "Block 1 was sealed with 3 entries; here are 2." in words


def test_two_entries_that_changed_places_are_noticed(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    first, second = (lines.index(entry) for entry in entries(lines)[:2])
    lines[first], lines[second] = lines[second], lines[first]
    assert "stands where place 1 must be" in check(lines)[1]
    lines[first]["position"], lines[second]["position"] = 0, 1
    assert "The entries of block 1 do not give its Merkle root" in check(lines)[1]


def test_an_entry_shown_twice_or_under_another_number_is_noticed(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    first, last = entries(lines)[0], entries(lines)[-1]
    last.update(id=first["id"])
    words = check(lines)[1]
    assert "is there twice" in words
    assert "says that it is another entry" in words


def test_an_end_that_was_cut_off_shows_against_a_kept_head(check: Check, exported: Path, head: str) -> None:
    lines = lines_of(exported)
    at = lines.index({"block": blocks(lines)[-1]})
    code, words = check(lines[:at])
    assert (code, "The file announces" in words) == (1, True)
    honest_looking = reseal(lines[:at])
    assert check(honest_looking)[0] == 0, "from inside it cannot be seen"
    code, words = check(honest_looking, "--head", head)
    assert code == 1
    assert "The published head is block 3; everything after block 2 is missing." in words


def test_a_block_cut_out_of_the_middle_is_noticed(check: Check, exported: Path) -> None:
    lines = lines_of(exported)
    second = lines.index({"block": blocks(lines)[1]})
    third = lines.index({"block": blocks(lines)[2]})
    code, words = check(lines[:second] + lines[third:])
    assert (code, "Block 2 is missing" in words) == (1, True)


def test_a_spoilt_line_is_named_and_the_rest_is_still_checked(check: Check, exported: Path, tmp_path: Path) -> None:
    text = exported.read_bytes().split(b"\n")
    text[2] = text[2][:40] + b"\xff" + text[2][40:-9]
    exported.write_bytes(b"\n".join(text))
    code, words = check()
    assert code == 1
    assert "Line 3: This is not JSON." in words


def test_what_was_altered_in_the_database_shows_in_the_export(
    check: Check, exported: Path, run: Callable[..., Any], bound: Database
) -> None:
    altered, gone = (entry["id"] for entry in entries(lines_of(exported))[:2])
    with tampering(bound) as superuser:
        superuser.execute("update posting set amount = amount + 1 where entry_id = %s and line = 1", [altered])
        superuser.execute("delete from posting where entry_id = %s", [gone])
        superuser.execute("delete from journal_entry where id = %s", [gone])
    assert run(ledger.command, ["export", "--out", str(exported)]).exit_code == 0
    code, words = check()
    assert code == 1
    assert f"Entry {altered} (block 1, place 1) differs from its seal" in words
    assert f"Entry {gone} (block 1, place 2) is gone; only its seal is left" in words


def test_an_export_that_cannot_be_written_is_exit_2_and_leaves_nothing(run: Callable[..., Any], tmp_path: Path) -> None:
    answer = run(ledger.command, ["export", "--out", str(tmp_path / "nowhere" / "ledger.jsonl")])
    assert answer.exit_code == 2
    assert "could not be exported" in answer.output
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_ten_times_as_long_takes_no_more_memory(
    scope: Session, bound: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ledger_export.STREAMED, "yield_per", 50)

    def peak_of(more: int) -> int:
        with psycopg.connect(bound.url) as application:
            application.execute(
                """select ledger_post('psp.fee', 'fee:' || gen_random_uuid(), 'payment:none', now(), $json$[
                     {"account": "expense:fee", "currency": "GBP", "amount": 1, "kind": "expense", "guarded": false},
                     {"account": "psp:test", "currency": "GBP", "amount": -1, "kind": "asset", "guarded": false}]$json$)
                   from generate_series(1, %s)""",
                [more],
            )
        close_all()
        tracemalloc.start()
        lines = sum(1 for _ in ledger_export.lines(scope))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        scope.rollback()
        assert lines > more
        return peak

    short = peak_of(300)
    assert peak_of(2700) < 2 * short
