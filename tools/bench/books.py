"""The page of client money over HTTP with a hundred thousand orders in the ledger, against adding up every posting.

The orders are made in a database of their own beside the product's, which needs the embedded server's superuser.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path

import httpx
import psycopg

from app.commands.seed import PASSWORD
from app.parts import Parts
from tools.bench.beside import database
from tools.bench.paired import Cost, Pair, cost, spread
from tools.bench.served import gunicorn
from tools.demo.visitor import Visitor

ORDERS = 100_000
TARGET_MS = 150.0
_MANY = 5
_LOOKS = 30
_NAME = "bench_books"
_PAGE = "/console/client-money/"
_SUMS = """SELECT split_part(a.code, ':', 1), p.currency, sum(p.amount)
             FROM posting p JOIN account a ON a.id = p.account_id GROUP BY 1, 2"""
_KEPT = ExitStack()
atexit.register(_KEPT.close)


def pair(parts: Parts) -> Pair:
    """Five looks per sample; `also` tells the page now, as of a month ago, and the whole list as a file."""
    url = _KEPT.enter_context(database(parts, _NAME, Path(__file__).with_name("books.sql"), orders=ORDERS))
    address = _KEPT.enter_context(gunicorn("app.factory:create_app()", url))
    clerk = _clerk(address)
    bare = psycopg.connect(url["DATABASE_URL"], autocommit=True)

    def looks(path: str, number: int) -> list[float]:
        taken = []
        for _ in range(number):
            began = time.perf_counter()
            answer = clerk.get(path)
            taken.append(time.perf_counter() - began)
            if answer.status_code != httpx.codes.OK or "enough" not in answer.text:
                raise RuntimeError(f"{path} answers {answer.status_code}")
        return taken

    def also() -> dict[str, object]:
        month_ago = f"{_PAGE}?as_of={date.today() - timedelta(days=30)}"  # noqa: DTZ011
        began = time.perf_counter()
        rows = clerk.get(f"{_PAGE}export/").text.count("\n")
        export = {"rows": rows, "seconds": round(time.perf_counter() - began, 1)}
        found = {"now": spread(looks(_PAGE, _LOOKS)), "a_month_ago": spread(looks(month_ago, _LOOKS))}
        held = found["now"]["p95_ms"] <= TARGET_MS
        return {"orders": ORDERS, **found, "export": export, "target": f"p95 <= {TARGET_MS:g} ms", "met": held}

    def ours() -> float:
        looks(_PAGE, _MANY)
        return 0.0

    def alone() -> float:
        for _ in range(_MANY):
            bare.execute(_SUMS).fetchall()
        return float(_MANY)

    return Pair(
        "client-money",
        f"GET {_PAGE} at {ORDERS:,} orders, against one statement that adds up every posting",
        _arm(ours),
        _arm(alone),
        also,
    )


def _arm(work: Callable[[], float]) -> Callable[[], Cost]:
    return lambda: cost(_MANY, work, everywhere=True)


def _clerk(address: str) -> httpx.Client:
    one = Visitor(address, "clerk")
    one.go("/console/login/")
    one.send({"username": "fern@fixnado.test", "password": PASSWORD})
    return one.client
