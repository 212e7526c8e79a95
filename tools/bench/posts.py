"""Posting a capture of four lines through the service and its unit of work, against the bare SQL function."""

from __future__ import annotations

import json
from collections.abc import Callable
from uuid import uuid4

import psycopg

from app.parts import Parts
from app.services.commerce import account, ledger
from app.session import session_scope
from app.unit_of_work import unit_of_work
from models.actor import Actor
from models.types import utc_now
from tools.bench.paired import Cost, Pair, cost, statements

_MANY = 100
_SQL = "SELECT ledger_post(%s, %s, %s, %s, %s::jsonb, NULL, NULL)"


def _lines() -> list[ledger.Line]:
    """The figures of a captured order; the hold is a new guarded account each time, as in life."""
    return [
        ledger.Line(account.psp("bench"), 29300, "GBP"),
        ledger.Line(account.escrow(uuid4()), -28800, "GBP"),
        ledger.Line(account.SERVICE_FEE, -417, "GBP"),
        ledger.Line(account.VAT_OUTPUT, -83, "GBP"),
    ]


def pair(parts: Parts) -> Pair:
    """A hundred entries per sample, one transaction each."""
    bare = psycopg.connect(parts.config.database_url)

    def ours() -> float:
        with statements() as seen, session_scope():
            for _ in range(_MANY):
                with unit_of_work(Actor.system("bench")) as session:
                    key = f"bench:{uuid4()}"
                    ledger.post(session, "order.captured", key=key, subject=key, lines=_lines(), at=utc_now())
        return len(seen)

    def alone() -> float:
        for _ in range(_MANY):
            key = f"bench:{uuid4()}"
            bare.execute(_SQL, ("order.captured", key, key, utc_now(), json.dumps([*map(_plain, _lines())])))
            bare.commit()
        return _MANY

    return Pair(
        "posts",
        "ledger entry of four lines through ledger.post in a unit of work, against SELECT ledger_post()",
        lambda: _measured(ours),
        lambda: _measured(alone),
    )


def _measured(work: Callable[[], float]) -> Cost:
    return cost(_MANY, work, everywhere=True)


def _plain(line: ledger.Line) -> dict[str, object]:
    place = line.account
    return {
        "account": place.code,
        "currency": line.currency,
        "amount": line.amount,
        "kind": place.kind.name,
        "guarded": place.guarded,
    }
