"""The pages of results at twenty thousand listings, against a bare Flask page of 24 rows and against django-oscar."""

from __future__ import annotations

import atexit
import http.client
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.parts import Parts
from app.services.catalogue import category_count
from tools.bench import oscar
from tools.bench.beside import database
from tools.bench.paired import Cost, Pair, cost, spread
from tools.bench.served import gunicorn

LISTINGS = 20_000
TARGET_MS = 60.0
_CLIENTS, _MANY, _LOOKS = 2, 24, 120
BROWSING = ("/services", "/services/electrical", "/services?sort=price", "/services/decorating")
SEARCHES = (
    "/services?q=electrical+safety+report",
    "/services?q=boilr",
    "/services?q=wallpapr+landlord",
    "/services?q=painting&where=BS3",
    "/services?q=insured&from=100&to=300",
    "/services?q=quick+electrical&sort=price",
    "/services?q=report&f-written_report=true",
    "/services?q=certified&where=BA1&sort=newest",
)
_KEPT = ExitStack()
atexit.register(_KEPT.close)


def browsing(parts: Parts) -> Pair:
    """Pages without words, against the bare page; `also` tells how long single looks take."""
    return _pair("shelf", parts, BROWSING, "pages of a category", _bare)


def searching(parts: Parts) -> Pair:
    """Searches: mistyped, with filters, in every order."""
    return _pair("search", parts, SEARCHES, "searches, some mistyped or filtered", _bare)


def beside_oscar(parts: Parts) -> Pair:
    """The same pages against django-oscar's catalogue of as many products. Raises oscar.MissingError."""
    return _pair("oscar", parts, BROWSING[:1], "the first page of the catalogue", _oscar)


@cache
def _env(parts: Parts) -> dict[str, str]:
    script = Path(__file__).with_name("shelf.sql")
    env = _KEPT.enter_context(database(parts, "bench_shelf", script, listings=LISTINGS))
    engine = sa.create_engine(env["DATABASE_URL"])
    with Session(engine) as work:
        category_count.refresh(work)  # the clock does it every five minutes, and none runs here
        work.commit()
    engine.dispose()
    return env


@cache
def _ours(parts: Parts) -> str:
    return _KEPT.enter_context(gunicorn("app.factory:create_app()", _env(parts)))


@cache
def _bare(parts: Parts) -> str:
    return _KEPT.enter_context(gunicorn("tools.bench.bare_shelf:create_app()", _env(parts))) + "/"


@cache
def _oscar(parts: Parts) -> str:
    env = _KEPT.enter_context(database(parts, "bench_oscar"))
    return _KEPT.enter_context(oscar.served(env["MIGRATION_DATABASE_URL"], LISTINGS)) + "/catalogue/"


def _pair(name: str, parts: Parts, paths: Sequence[str], what: str, other: Callable[[Parts], str]) -> Pair:
    ours, bare = [_ours(parts) + path for path in paths], [other(parts)]

    def also() -> dict[str, object]:
        each = {path.removeprefix("/services") or "/": spread(look([_ours(parts) + path] * 12, 1)) for path in paths}
        found = {"looks": spread(look(ours * (_LOOKS // len(ours)), 1)), "bare_looks": spread(look(bare * _LOOKS, 1))}
        held = found["looks"]["p95_ms"] <= TARGET_MS
        slow = {path: times["p95_ms"] for path, times in each.items()}
        return {"listings": LISTINGS, **found, "each_p95_ms": slow, "target": f"p95 <= {TARGET_MS:g} ms", "met": held}

    def arm(addresses: Sequence[str]) -> Cost:
        asked = [addresses[n % len(addresses)] for n in range(_MANY)]
        return cost(_MANY, lambda: 0.0 * len(look(asked, _CLIENTS)), everywhere=True)

    against = "django-oscar's" if other is _oscar else "a bare Flask page of 24 rows"
    return Pair(name, f"{what} at {LISTINGS:,} listings, against {against}", lambda: arm(ours), lambda: arm(bare), also)


def look(addresses: Sequence[str], clients: int) -> list[float]:
    """Seconds of each GET, by so many clients at once. Raises RuntimeError for any answer but 200."""
    taken = [0.0] * len(addresses)
    wrong: list[str] = []

    def client(number: int) -> None:
        host = urlsplit(addresses[number]).netloc
        connection = http.client.HTTPConnection(host, timeout=30)
        for place in range(number, len(addresses), clients):
            parts = urlsplit(addresses[place])
            began = time.perf_counter()
            connection.request("GET", f"{parts.path}?{parts.query}")
            answer = connection.getresponse()
            answer.read()
            taken[place] = time.perf_counter() - began
            if answer.status != http.HTTPStatus.OK:
                wrong.append(f"{addresses[place]} {answer.status}")
        connection.close()

    threads = [threading.Thread(target=client, args=(number,)) for number in range(min(clients, len(addresses)))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if wrong:
        raise RuntimeError(f"{len(wrong)} of {len(addresses)} were not answered: {wrong[:3]}")
    return taken
