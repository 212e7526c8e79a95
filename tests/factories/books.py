"""Entries to post, and a hand that alters rows the way only a superuser can: with every trigger off."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.orm import Session

from app.services.commerce import ledger, postings
from app.services.platform import invariant, seal
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.types import utc_now, uuid7
from tests.databases import Database

CLOCKWORK = Actor.system("test")


def capture(order_id: UUID, *, gross: int = 28800, fee_net: int = 417, fee_vat: int = 83) -> int:
    """Posts and commits the capture of the worked example; answers the entry's id."""
    with unit_of_work(CLOCKWORK) as session:
        return ledger.post(
            session,
            "order.captured",
            key=f"order.captured:{order_id}",
            subject=f"order:{order_id}",
            lines=postings.order_captured("simulator", order_id, "GBP", gross=gross, fee_net=fee_net, fee_vat=fee_vat),
            at=utc_now(),
        )


def captures(count: int) -> list[int]:
    """Several, each of an order of its own."""
    return [capture(uuid7()) for _ in range(count)]


def close_all() -> None:
    """What the sealer does in a second."""
    from jobs.sealer import seal_waiting

    seal_waiting()


def faults(chain: str = "ledger") -> list[seal.Fault]:
    """What the application finds when it verifies."""
    with unit_of_work(CLOCKWORK) as session:
        return seal.verify(session, chain)


@contextmanager
def tampering(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """A superuser's connection on which no trigger fires; committed at the end."""
    with psycopg.connect(database.superuser_url) as connection:
        connection.execute("set session_replication_role = replica")
        yield connection


def broken(session: Session) -> list[str]:
    """The invariants that do not hold inside an open transaction; seals come with the commit, so I19 is not asked."""
    asked = (one for one in invariant.INVARIANTS if one.number != "I19")
    return [f"{one.number}: {row}" for one in asked for row in invariant.check(session, one).rows]
