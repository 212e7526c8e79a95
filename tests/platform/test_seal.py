"""Whoever alters what was sealed is found, with the row named; and honest use, restore and races find nothing."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.orm import Session

from app import session as sessions
from app.embedded import OWNER, Postgres
from app.services.platform import seal
from app.unit_of_work import unit_of_work
from models.people.organisation import Organisation, OrganisationKind
from models.platform.merkle import verify_inclusion
from tests.databases import Database
from tests.factories.books import CLOCKWORK, captures, close_all, faults, tampering

CHAINS = ("ledger", "audit")
EDIT = {
    "ledger": "update posting set amount = amount + 1 where entry_id = %s and line = 1",
    "audit": "update audit_event set reason = 'nothing to see' where id = %s",
}
TABLE = {"ledger": "journal_entry", "audit": "audit_event"}
HASH = {
    "ledger": "select entry_hash(e) from journal_entry e where id = %s",
    "audit": "select audit_hash(e) from audit_event e where id = %s",
}


def organisations(count: int) -> list[int]:
    """Writes audited rows, one flush each; answers the ids of their audit events."""
    import sqlalchemy as sa

    from models.platform.audit_event import AuditEvent

    with unit_of_work(CLOCKWORK) as session:
        last = session.scalar(sa.select(sa.func.coalesce(sa.func.max(AuditEvent.id), 0))) or 0
        for number in range(count):
            session.add(Organisation(kind=OrganisationKind.provider, name=f"O{number}", slug=f"o{number}-{last}"))
            session.flush()
        return list(session.scalars(sa.select(AuditEvent.id).where(AuditEvent.id > last).order_by(AuditEvent.id)))


def rows(chain: str, count: int = 3) -> list[int]:
    """So many sealed rows of a chain, in a block of their own."""
    close_all()
    ids = captures(count) if chain == "ledger" else organisations(count)
    close_all()
    assert faults(chain) == []
    return ids


def head(chain: str) -> seal.Head:
    with unit_of_work(CLOCKWORK) as session:
        found = seal.head(session, chain)
    assert found is not None
    return found


@pytest.fixture(params=CHAINS)
def chain(request: pytest.FixtureRequest, scope: Session) -> str:
    return str(request.param)


def test_a_row_waits_until_the_sealer_gives_it_its_place(scope: Session) -> None:
    close_all()
    captures(1)
    with unit_of_work(CLOCKWORK) as session:
        assert seal.oldest_unsealed(session) > 0
        assert seal.close_block(session, "ledger") is not None
        assert seal.close_block(session, "ledger") is None
        assert seal.oldest_unsealed(session) == 0


def test_an_edited_row_is_named(chain: str, bound: Database) -> None:
    ids = rows(chain)
    with tampering(bound) as superuser:
        superuser.execute(EDIT[chain], [ids[1]])
    assert [(fault.row_id, fault.problem) for fault in faults(chain)] == [(ids[1], "row differs from its seal")]


def test_a_deleted_row_is_named(chain: str, bound: Database) -> None:
    ids = rows(chain)
    with tampering(bound) as superuser:
        superuser.execute(f"delete from {TABLE[chain]} where id = %s".encode(), [ids[1]])
    assert [(fault.row_id, fault.problem) for fault in faults(chain)] == [(ids[1], "row is gone")]


def test_a_row_deleted_with_its_seal_leaves_a_hole_in_its_block(chain: str, bound: Database) -> None:
    ids, height = rows(chain), head(chain).height
    with tampering(bound) as superuser:
        superuser.execute(f"delete from {TABLE[chain]} where id = %s".encode(), [ids[1]])
        superuser.execute("delete from seal where chain = %s and row_id = %s", [chain, ids[1]])
    assert {(fault.height, fault.row_id, fault.problem) for fault in faults(chain)} == {
        (height, ids[1], "place in the chain without a seal or a block"),
        (height, None, "rows are missing from the block"),
    }


def test_swapped_account_codes_are_named_with_every_entry_that_used_them(scope: Session, bound: Database) -> None:
    ids = rows("ledger", 2)
    with tampering(bound) as superuser:
        for old, new in (("revenue:service_fee", "aside"), ("tax:vat_output", "revenue:service_fee")):
            superuser.execute("update account set code = %s where code = %s", [new, old])
        superuser.execute("update account set code = 'tax:vat_output' where code = 'aside'")
    assert {fault.row_id for fault in faults("ledger")} >= set(ids)


def test_an_edit_that_is_sealed_again_breaks_its_block(chain: str, bound: Database) -> None:
    ids, height = rows(chain), head(chain).height
    with tampering(bound) as superuser:
        superuser.execute(EDIT[chain], [ids[1]])
        forged = superuser.execute(HASH[chain].encode(), [ids[1]]).fetchone()
        superuser.execute("update seal set hash = %s where chain = %s and row_id = %s", [forged[0], chain, ids[1]])
    found = faults(chain)
    assert [(fault.height, fault.problem) for fault in found] == [(height, "block differs from its rows (Merkle root)")]


def rewrite_root(superuser: psycopg.Connection, chain: str, height: int) -> None:
    superuser.execute(
        """update seal_block b set merkle_root = (select merkle_root(array_agg(s.hash order by l.pos))
             from seal_leaf l join seal s using (chain, row_id) where l.chain = b.chain and l.height = b.height)
            where chain = %s and height = %s""",
        [chain, height],
    )


def test_a_rewritten_root_breaks_the_link(chain: str, bound: Database) -> None:
    ids, height = rows(chain), head(chain).height
    rows(chain)
    with tampering(bound) as superuser:
        superuser.execute(EDIT[chain], [ids[1]])
        forged = superuser.execute(HASH[chain].encode(), [ids[1]]).fetchone()
        superuser.execute("update seal set hash = %s where chain = %s and row_id = %s", [forged[0], chain, ids[1]])
        rewrite_root(superuser, chain, height)
    assert [(fault.height, fault.problem) for fault in faults(chain)] == [
        (height, "block is not linked to the one before it (block hash)")
    ]


def test_a_chain_rewritten_whole_is_found_against_a_published_head(chain: str, bound: Database) -> None:
    ids = rows(chain)
    known = head(chain)
    with tampering(bound) as superuser:
        superuser.execute(EDIT[chain], [ids[1]])
        forged = superuser.execute(HASH[chain].encode(), [ids[1]]).fetchone()
        superuser.execute("update seal set hash = %s where chain = %s and row_id = %s", [forged[0], chain, ids[1]])
        rewrite_root(superuser, chain, known.height)
        superuser.execute(
            "update seal_block b set block_hash = seal_block_hash(b) where chain = %s and height = %s",
            [chain, known.height],
        )
    assert faults(chain) == [], "inside the database everything fits again"
    with unit_of_work(CLOCKWORK) as session:
        found = seal.verify(session, chain, known=known)
        assert found == seal.lost_heads(session, [known])
    assert [(fault.height, fault.problem) for fault in found] == [
        (known.height, "block differs from the published head")
    ]


def test_a_tail_cut_off_is_found_against_a_published_head(chain: str, bound: Database) -> None:
    ids = rows(chain)
    known = head(chain)
    with tampering(bound) as superuser:
        for table in ("seal_leaf", "seal"):
            superuser.execute(f"delete from {table} where chain = %s and row_id = any(%s)".encode(), [chain, ids])
        superuser.execute("delete from seal_block where chain = %s and height = %s", [chain, known.height])
        superuser.execute(f"delete from {TABLE[chain]} where id = any(%s)".encode(), [ids])
    assert faults(chain) == [], "inside the database everything fits again"
    with unit_of_work(CLOCKWORK) as session:
        found = seal.verify(session, chain, known=known)
        assert [fault.height for fault in seal.lost_heads(session, [known])] == [known.height]
    assert [(fault.height, fault.problem) for fault in found] == [(known.height, "block is missing")]


def test_a_block_cut_out_of_the_middle_is_named(chain: str, bound: Database) -> None:
    rows(chain)
    height = head(chain).height
    rows(chain)
    with tampering(bound) as superuser:
        superuser.execute("delete from seal_block where chain = %s and height = %s", [chain, height])
    assert (height, "block is missing") in {(fault.height, fault.problem) for fault in faults(chain)}


@pytest.mark.parametrize("table", ["seal", "seal_block", "seal_leaf", "seal_chain", "audit_event", "journal_entry"])
def test_not_even_the_owner_alters_what_was_sealed(table: str, scope: Session, bound: Database) -> None:
    rows("ledger", 1)
    rows("audit", 1)
    column = {"audit_event": "reason", "journal_entry": "event"}.get(table, "chain")
    attempts = (f"update {table} set {column} = 'x'", f"delete from {table}", f"truncate {table} cascade")
    for attempt in attempts:
        with psycopg.connect(bound.owner_url) as owner, pytest.raises(psycopg.errors.CheckViolation) as refused:
            owner.execute(attempt.encode())
        assert refused.value.diag.constraint_name == "append_only"


@pytest.mark.parametrize("table", ["seal", "unsealed", "seal_block", "seal_leaf", "audit_event", "audit_personal"])
def test_the_application_reads_seals_and_writes_none(table: str, bound: Database) -> None:
    for attempt in (f"insert into {table} default values", f"delete from {table}", f"truncate {table}"):
        with psycopg.connect(bound.url) as application, pytest.raises(psycopg.errors.InsufficientPrivilege):
            application.execute(attempt.encode())


def test_a_callers_search_path_does_not_reach_into_the_owners_functions(scope: Session, bound: Database) -> None:
    ids = rows("ledger", 1)
    with psycopg.connect(bound.superuser_url) as superuser:
        superuser.execute("create schema decoy; grant usage on schema decoy to public")
        superuser.execute("create view decoy.sealed_ledger as select 1::bigint as row_id, '\\x00'::bytea as hash")
    try:
        with psycopg.connect(bound.url) as application:
            application.execute("set search_path = decoy, public")
            assert application.execute("select * from seal_verify('ledger')").fetchall() == []
    finally:
        with psycopg.connect(bound.superuser_url) as superuser:
            superuser.execute("drop schema decoy cascade")
    assert ids


def test_anyone_can_check_the_proof_of_a_row(scope: Session) -> None:
    ids = rows("ledger", 5)
    captures(1)
    for row_id in ids:
        proof = seal.inclusion_proof(scope, "ledger", row_id)
        assert proof is not None
        assert seal.block_hash(proof) == proof.block_hash
        assert verify_inclusion(
            proof.entry_hash, position=proof.position, size=proof.size, path=proof.path, root=proof.merkle_root
        )
    assert seal.inclusion_proof(scope, "ledger", max(ids) + 1) is None, "it waits for its seal"


def test_two_sealers_and_many_writers_make_one_unbroken_chain(scope: Session) -> None:
    def write(_number: int) -> None:
        with sessions.session_scope():
            captures(5)

    def close(_number: int) -> None:
        with sessions.session_scope():
            close_all()

    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(write if number % 2 else close, number) for number in range(16)]
        for each in done:
            each.result()
    close_all()
    assert faults("ledger") == []


def test_a_dump_restored_into_another_cluster_still_verifies(
    committed: Database, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    sessions.configure(committed.url.replace("postgresql://", "postgresql+psycopg://"))
    with sessions.session_scope():
        rows("ledger", 4)
        rows("audit", 4)
        captures(1)  # one still waits
    sessions.engine().dispose()
    other = Postgres(tmp_path_factory.mktemp("other"), durable=False)
    other.start()
    try:
        other.create_roles()
        other.create_database("restored")
        dump = tmp_path / "dump"
        for argv in (
            [other.bin / "pg_dump", "-Fc", "-f", dump, committed.superuser_url],
            [other.bin / "pg_restore", "-d", other.url("postgres", "restored"), dump],
        ):
            done = subprocess.run(argv, capture_output=True, text=True, env={**os.environ, "PGTZ": "Asia/Kolkata"})
            assert done.returncode == 0, done.stderr
        with psycopg.connect(other.url(OWNER, "restored")) as restored:
            restored.execute("set timezone = 'Asia/Kolkata'")
            for chain in CHAINS:
                assert restored.execute("select * from seal_verify(%s)", [chain]).fetchall() == []
            assert restored.execute("select seal_close_block('ledger')").fetchone() != (None,)
            assert restored.execute("select * from seal_verify('ledger')").fetchall() == []
    finally:
        other.stop()
        other.erase()
