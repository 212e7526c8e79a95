"""The sealer keeps up, publishes heads outside of the database, and the commands hold the chains against them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import session as sessions
from app.clients.storage import Storage
from app.commands import audit, invariants, ledger
from app.parts import Parts
from app.services.platform import heartbeat, seal, seal_head
from config import Config
from jobs.sealer import PUBLISH, Sealer
from models.errors import Unavailable
from models.types import utc_now, uuid7
from tests.databases import Database
from tests.factories.books import capture, captures, close_all, tampering
from tests.processes import Processes

KEY = "4f" * 32


@pytest.fixture
def parts(bound: Database, tmp_path: Path) -> Parts:
    config = replace(Config.from_environment(), storage_url=tmp_path.as_uri(), seal_signing_key=KEY)
    return Parts(config)


@pytest.fixture
def run(scope: Session, parts: Parts) -> Callable[..., Any]:
    """Runs a command as `flask …` would, on an application that has nothing but its parts."""
    application = Flask("commands")
    application.extensions["parts"] = parts
    return application.test_cli_runner().invoke


def files(parts: Parts, chain: str = "ledger") -> list[dict[str, Any]]:
    return [json.loads(parts.storage.get(key)) for key in parts.storage.keys(f"seals/{chain}")]


def test_a_turn_seals_everything_and_says_that_it_lives(scope: Session, parts: Parts) -> None:
    captures(3)
    assert Sealer(parts).turn(0.0) >= 1
    assert seal.oldest_unsealed(scope) == 0
    assert "sealer" in heartbeat.ages(scope)


def test_heads_are_published_each_minute_when_they_moved(scope: Session, parts: Parts) -> None:
    sealer = Sealer(parts)
    capture(uuid7())
    sealer.turn(0.0)
    capture(uuid7())
    sealer.turn(1.0)
    assert len(files(parts)) == 1, "not every second"
    sealer.turn(PUBLISH)
    sealer.turn(2 * PUBLISH)
    assert len(files(parts)) == 2, "and not when nothing moved"
    head = seal.head(scope, "ledger")
    assert head is not None
    assert files(parts)[-1]["head"]["block_hash"] == head.block_hash.hex()


def days(parts: Parts, chain: str = "ledger") -> list[str]:
    return parts.storage.keys(f"heads/{chain}")


def at(monkeypatch: pytest.MonkeyPatch, day: str) -> None:
    """The sealer's clock shows this day."""
    monkeypatch.setattr("jobs.sealer.utc_now", lambda: datetime.fromisoformat(f"{day}T08:00:00+00:00"))


def test_each_day_has_its_head_also_when_nothing_moved(
    scope: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealer = Sealer(parts)
    at(monkeypatch, "2026-12-01")
    sealer.turn(0.0)
    assert days(parts) == [], "nothing is sealed yet"
    capture(uuid7())
    sealer.turn(PUBLISH)
    at(monkeypatch, "2026-12-02")
    sealer.turn(2 * PUBLISH)
    Sealer(parts).turn(0.0)  # a restart finds the day done
    assert days(parts) == ["heads/ledger/2026-12-01.json", "heads/ledger/2026-12-02.json"]
    first, second = seal_head.days(parts.storage, "ledger", most=9)[::-1]
    assert first.head == second.head
    assert (first.document["head"]["day"], str(second.day)) == ("2026-12-01", "2026-12-02")
    assert seal_head.published(parts.storage, "ledger", seal_head.signer(KEY))[1] == [], "both bear our signature"


def test_the_head_of_a_day_is_never_replaced(scope: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, "2026-12-01")
    capture(uuid7())
    Sealer(parts).turn(0.0)
    before = parts.storage.get(days(parts)[0])
    capture(uuid7())
    Sealer(parts).turn(0.0)
    head = seal.head(scope, "ledger")
    assert head is not None
    seal_head.publish_day(parts.storage, head, seal_head.signer(KEY), at=datetime(2026, 12, 1, 23, tzinfo=UTC))
    assert len(files(parts)) == 2
    assert parts.storage.get(days(parts)[0]) == before


def test_two_sealers_that_date_a_day_at_once_agree_on_one_head(
    scope: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, "2026-12-01")
    capture(uuid7())
    Sealer(parts).turn(0.0)
    monkeypatch.setattr(Storage, "exists", lambda *_: False)  # the other one looked before it was there
    sealer = Sealer(parts)
    monkeypatch.setattr("jobs.sealer.utc_now", lambda: datetime(2026, 12, 1, 9, tzinfo=UTC))
    sealer.turn(0.0)
    assert len(days(parts)) == 1
    assert str(sealer.dated["ledger"]) == "2026-12-01"


def test_storage_away_never_stops_the_sealing(scope: Session, parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: object) -> None:
        raise Unavailable("away")

    sealer = Sealer(parts)
    capture(uuid7())
    with monkeypatch.context() as patched:
        patched.setattr(Storage, "put", away)
        sealer.turn(0.0)
    assert seal.oldest_unsealed(scope) == 0
    assert files(parts) == []
    sealer.turn(PUBLISH)
    assert len(files(parts)) == 1


def test_without_a_key_heads_are_published_unsigned(scope: Session, parts: Parts) -> None:
    capture(uuid7())
    Sealer(Parts(replace(parts.config, seal_signing_key=""))).turn(0.0)
    assert "signature" not in files(parts)[0]
    heads, faults = seal_head.published(parts.storage, "ledger")
    assert (len(heads), faults) == (2, []), "of the minute and of the day"
    assert seal_head.published(parts.storage, "ledger", seal_head.signer(KEY))[1], "who signs accepts no unsigned head"


def test_a_forged_head_does_not_bear_our_signature(scope: Session, parts: Parts) -> None:
    capture(uuid7())
    close_all()
    head = seal.head(scope, "ledger")
    assert head is not None
    forger = seal_head.signer("55" * 32)
    seal_head.publish(parts.storage, head, forger, at=utc_now())
    (fault,) = seal_head.published(parts.storage, "ledger", seal_head.signer(KEY))[1]
    assert "does not bear our signature" in str(fault)


@pytest.mark.parametrize(
    "spoilt",
    [
        b"half a {",
        b"[]",
        b'{"head": {}}',
        b'{"head": null}',
        b'{"head": {"chain": "audit", "height": 1, "block_hash": ""}}',
        b'{"head": {"chain": "ledger", "height": 1, "block_hash": "xyz"}}',
    ],
)
def test_a_published_head_that_cannot_be_read_is_a_finding_and_the_others_are_still_compared(
    spoilt: bytes, run: Callable[..., Any], parts: Parts, scope: Session
) -> None:
    capture(uuid7())
    Sealer(parts).turn(0.0)
    parts.storage.put("heads/ledger/2020-01-01.json", spoilt)
    answer = run(ledger.command, ["verify"])
    assert answer.exit_code == 1
    assert answer.output == "ledger: published head heads/ledger/2020-01-01.json cannot be read\n"
    assert len(seal_head.published(parts.storage, "ledger")[0]) == 2
    assert len(seal_head.days(parts.storage, "ledger", most=9)) >= 1, "and no page breaks"


@pytest.mark.parametrize("signature", ["xyz", 5, None, ["00"]])
def test_nonsense_in_place_of_a_signature_is_none(signature: Any, scope: Session, parts: Parts) -> None:
    capture(uuid7())
    Sealer(parts).turn(0.0)
    (name,) = parts.storage.keys("seals/ledger")
    spoilt = {**json.loads(parts.storage.get(name)), "signature": signature}
    parts.storage.put("seals/ledger/again.json", json.dumps(spoilt).encode())
    (fault,) = seal_head.published(parts.storage, "ledger", seal_head.signer(KEY))[1]
    assert "does not bear our signature" in str(fault)


def test_the_commands_say_ok_and_exit_0(run: Callable[..., Any], parts: Parts, scope: Session) -> None:
    capture(uuid7())
    Sealer(parts).turn(0.0)
    for command, arguments, words in (
        (ledger.command, ["verify"], "ledger: ok"),
        (audit.command, ["verify"], "audit: ok"),
        (invariants.command, ["check"], "ok     I1"),
    ):
        answer = run(command, arguments)
        assert answer.exit_code == 0, answer.output
        assert words in answer.output


def test_a_broken_ledger_is_exit_1_and_the_row_is_named(run: Callable[..., Any], parts: Parts, bound: Database) -> None:
    entry = capture(uuid7())
    close_all()
    with tampering(bound) as superuser:
        superuser.execute("update journal_entry set subject = 'nobody' where id = %s", [entry])
    for command, arguments in ((ledger.command, ["verify"]), (invariants.command, ["check"])):
        answer = run(command, arguments)
        assert answer.exit_code == 1
        assert f"row {entry}" in answer.output


def test_a_rewritten_chain_is_exit_1_against_the_heads_in_storage_or_a_head_one_kept(
    run: Callable[..., Any], parts: Parts, bound: Database, scope: Session
) -> None:
    capture(uuid7())
    Sealer(parts).turn(0.0)
    head = seal.head(scope, "ledger")
    assert head is not None
    scope.rollback()
    kept = ["verify", "--known", f"{head.height}:{head.block_hash.hex()}"]
    assert run(ledger.command, kept).exit_code == 0
    with tampering(bound) as superuser:
        superuser.execute("update seal_block set sealed_at = sealed_at - interval '1 day' where chain = 'ledger'")
        superuser.execute("update seal_block b set block_hash = seal_block_hash(b) where chain = 'ledger'")
    for key in (*parts.storage.keys("seals/ledger"), *days(parts)):
        answer = run(ledger.command, ["verify"])
        assert answer.exit_code == 1
        assert "differs from the published head" in answer.output
        parts.storage.delete(key)
    assert run(ledger.command, ["verify"]).exit_code == 0, "with the published heads gone nobody could tell"
    assert run(ledger.command, kept).exit_code == 1


def test_what_can_not_be_checked_is_exit_2(run: Callable[..., Any], bound: Database) -> None:
    sessions.session.remove()
    sessions.configure("postgresql+psycopg://nobody@/nowhere?host=/nonexistent")
    for command, arguments in (
        (ledger.command, ["verify"]),
        (audit.command, ["verify"]),
        (invariants.command, ["check"]),
        (ledger.command, ["verify", "--known", "twelve"]),
    ):
        assert run(command, arguments).exit_code == 2


@pytest.fixture
def private(committed: Database) -> Iterator[Database]:
    """This process's sessions on the database that the started processes use."""
    sessions.configure(committed.url, **Config.from_environment().engine_options())
    with sessions.session_scope():
        yield committed
    sessions.engine().dispose()


def test_the_process_seals_within_seconds_and_dies_when_told(
    private: Database, processes: Processes, eventually: Callable[..., Any]
) -> None:
    sealer = processes.sealer()
    ids = captures(3)

    def sealed() -> bool:
        with sessions.session_scope() as session:
            return all(seal.inclusion_proof(session, "ledger", row_id) for row_id in ids)

    eventually(sealed, seconds=20)
    sealer.terminate()
    assert sealer.wait(5) != 0
