"""Rows about stored bytes: one per key and name, whoever records it and how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.clients.storage import StoredContent, content_key
from app.services.platform.stored_file import record
from models.errors import Conflict
from models.platform.stored_file import StoredFile
from tests.databases import Database

PAPER = StoredContent(key=content_key(b"paper", ".pdf"), sha256=sha256(b"paper").digest(), size=5)


def test_recording_twice_gives_the_same_row(session: Session) -> None:
    first = record(session, PAPER, media_type="application/pdf", purpose="contract", original_name="contract.pdf")
    second = record(session, PAPER, media_type="application/pdf", purpose="contract", original_name="contract.pdf")
    assert first.id == second.id
    assert (second.sha256, second.size, second.original_name) == (PAPER.sha256, 5, "contract.pdf")


def test_equal_bytes_never_bring_the_name_that_somebody_else_gave_them(session: Session) -> None:
    first = record(session, PAPER, media_type="application/pdf", purpose="evidence", original_name="Mrs-Reed-flat.pdf")
    second = record(session, PAPER, media_type="application/pdf", purpose="evidence", original_name="scan.pdf")
    nameless = record(session, PAPER, media_type="application/pdf", purpose="evidence")
    assert [row.original_name for row in (first, second, nameless)] == ["Mrs-Reed-flat.pdf", "scan.pdf", None]
    assert {row.key for row in (first, second, nameless)} == {PAPER.key}


def test_other_bytes_under_a_recorded_key_are_a_conflict(session: Session) -> None:
    record(session, PAPER, media_type="application/pdf", purpose="contract")
    other = StoredContent(key=PAPER.key, sha256=sha256(b"other").digest(), size=5)
    with pytest.raises(Conflict):
        record(session, other, media_type="application/pdf", purpose="contract")


@pytest.mark.parametrize("content", [StoredContent("k", b"short", 5), StoredContent("k", PAPER.sha256, 0)])
def test_the_database_refuses_half_a_hash_and_an_empty_file(session: Session, content: StoredContent) -> None:
    with pytest.raises(IntegrityError):
        record(session, content, media_type="application/pdf", purpose="contract")


def test_two_workers_with_the_same_document_end_with_one_row(committed: Database) -> None:
    engine = sa.create_engine(committed.url)

    def work(_number: int) -> UUID:
        with Session(engine) as own, own.begin():
            return record(own, PAPER, media_type="application/pdf", purpose="contract").id

    with ThreadPoolExecutor(4) as pool:
        ids = set(pool.map(work, range(8)))
    with Session(engine) as own:
        assert ids == set(own.scalars(sa.select(StoredFile.id)))
    assert len(ids) == 1
    engine.dispose()
